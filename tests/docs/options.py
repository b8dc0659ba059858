"""Writes settings and options in `tui_al/docs/settings.md` from their declarations: `python -m
tests.docs.options [--check]`."""

import sys
from collections.abc import Iterator
from dataclasses import MISSING

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from tests.docs.sections import PAGES, replaced, run, write
from tui_al.cli.app import app
from tui_al.cli.help import help_of, names_of
from tui_al.core.settings.options import KINDS, options_of
from tui_al.core.settings.schema import GROUPS, ROLES, Entry, allowed, entries
from tui_al.core.settings.values import shown

REFERENCE = (
    "<!-- settings: written by python -m tests.docs.options -->",
    "<!-- end of settings -->",
)
BEGIN, END = (
    "<!-- options: written by python -m tests.docs.options -->",
    "<!-- end of options -->",
)


def commands() -> dict[str, TyperCommand]:
    """All commands by name, as the command line has them."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    context = typer.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: one for name, one in found.items() if isinstance(one, TyperCommand)}


def reference() -> str:
    """Every setting of an experiment: what it is for, what it may be, and how it is given where."""
    told = [(e.setting.group, _setting(e)) for kind in KINDS for e in entries(kind).values()]
    groups = [(g, "\n".join(line for group, line in told if group == g)) for g in GROUPS]
    return "\n\n".join(f"### {group}\n\n{lines}" for group, lines in groups)


def _setting(entry: Entry) -> str:
    setting = entry.setting
    flags = [flag for flag in (setting.flag, *setting.roles.values()) if flag]
    off = [f"--no-{setting.flag[2:]}"] if setting.switch else []
    before = [*setting.old, *filter(None, [setting.old_value])]
    default = shown(entry.default, entry) if entry.default is not MISSING else ""
    said = [
        setting.help,
        allowed(entry).replace("It is a text.", ""),
        "In sweep files true or false will do." if setting.switch and bool not in entry.kinds else "",  # noqa: E501
        f"Default: {setting.unset or default}." if setting.unset or default else "",
        *(f"Default of the {role}: "
            f"`{value}`." for role, value in setting.defaults.items() if role in ROLES),
        *(f"Of `tui-al {c}`: "
            f"{shown(v, entry)}." for c,
            v in setting.defaults.items() if c not in ROLES and v is not None),
        f"Example: `{setting.example}`." if setting.example else "",
        f"Options: {', '.join(f'`{flag}`' for flag in flags + off)}." if flags else "",
        f"Was called {', '.join(f'`{flag}`' for flag in before)}." if before else "",
        f"In the form: {setting.title}." if setting.title else "",
    ]  # fmt: skip
    section = f"{entry.section}." if entry.section else ""
    return f"- **{section}{entry.name}**: {' '.join(filter(None, said))}"


def lists() -> str:
    """A heading for each command; for each option its name, what it is for, and its default."""
    return "\n\n".join(
        block for name, command in commands().items() for block in _command(name, command)
    )


def _command(name: str, command: TyperCommand) -> Iterator[str]:
    arguments = [
        p.metavar or str(p.name).upper() for p in command.params if isinstance(p, TyperArgument)
    ]
    yield f"### `{' '.join(['tui-al', name, *arguments])}`"
    yield (command.help or "").split("\n\n")[0].replace("\n", " ")
    settings = {one.flag for one in options_of(name) if not one.hidden}
    options = [p for p in command.params if isinstance(p, TyperOption) and not p.hidden]
    own = [option for option in options if option.opts[0] not in settings]
    if own:
        yield "\n".join(_option(option) for option in own)
    if settings:
        flags = ", ".join(f"`{option.opts[0]}`" for option in options if option not in own)
        yield f"Settings, as above: {flags}."


def _option(option: TyperOption) -> str:
    names, _, off = names_of(option).partition(" / ")
    name, _, value = names.partition(" ")
    shown = " ".join(filter(None, (f"`{name}`", value)))
    said = help_of(option)
    return f"- {shown}{f', `{off}`' if off else ''}{f': {said}' if said else ''}"


def renew(*, check: bool) -> bool:
    """Write the page, or with `check` only look; whether it was up to date."""

    def renewed(page: str) -> str:
        return replaced(replaced(page, *REFERENCE, reference()), BEGIN, END, lists())

    return write(PAGES / "settings.md", renewed, check=check)


if __name__ == "__main__":
    sys.exit(run(renew))
