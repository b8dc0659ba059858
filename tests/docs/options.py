"""Writes the options in `tui_al/docs/settings.md` from the commands themselves: `python -m tests.docs.options [--check]`."""

import sys
from collections.abc import Iterator

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from tests.docs.sections import PAGES, replaced, run, write
from tui_al.cli.app import app
from tui_al.cli.help import help_of, names_of

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


def lists() -> str:
    """A heading for each command; for each option its name, what it is for, and its default."""
    return "\n\n".join(block for name, command in commands().items() for block in _command(name, command))  # fmt: skip


def _command(name: str, command: TyperCommand) -> Iterator[str]:
    arguments = [p.metavar or str(p.name).upper() for p in command.params if isinstance(p, TyperArgument)]  # fmt: skip
    yield f"### `{' '.join(['tui-al', name, *arguments])}`"
    yield (command.help or "").split("\n\n")[0].replace("\n", " ")
    options = [p for p in command.params if isinstance(p, TyperOption) and not p.hidden]
    if options:
        yield "\n".join(_option(option) for option in options)


def _option(option: TyperOption) -> str:
    names, _, off = names_of(option).partition(" / ")
    shown = f"`{names}`, `{off}`" if off else f"`{names}`"
    said = help_of(option)
    return f"- {shown}: {said}" if said else f"- {shown}"


def renew(*, check: bool) -> bool:
    """Write the page, or with `check` only look; whether it was up to date."""
    return write(PAGES / "settings.md", lambda page: replaced(page, BEGIN, END, lists()), check=check)  # fmt: skip


if __name__ == "__main__":
    sys.exit(run(renew))
