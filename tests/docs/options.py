"""Writes the options in `tui_al/docs/settings.md` from the commands themselves: `python -m tests.docs.options [--check]`."""

import sys
from collections.abc import Iterator

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from tests.docs.sections import PAGES, replaced, run, write
from tui_al.cli.app import app

BEGIN, END = (
    "<!-- options: written by python -m tests.docs.options -->",
    "<!-- end of options -->",
)


def commands() -> dict[str, TyperCommand]:
    """All commands by name, as the command line has them."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return {name: one for name, one in group.commands.items() if isinstance(one, TyperCommand)}


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
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    said = (option.help or "").strip()
    default = option.default
    if default not in (None, False, True, (), []) and "[default:" not in said:
        said = f"{said} Default: `{default}`.".strip()
    return f"- {names}: {said}" if said else f"- {names}"


def renew(*, check: bool) -> bool:
    """Write the page, or with `check` only look; whether it was up to date."""
    return write(PAGES / "settings.md", lambda page: replaced(page, BEGIN, END, lists()), check=check)  # fmt: skip


if __name__ == "__main__":
    sys.exit(run(renew))
