"""The commands for sessions as a whole: which there are, another name, deleting one."""

from typing import Annotated

import typer

from tui_al.cli.completion import sessions_and_sweeps
from tui_al.cli.help import Commands
from tui_al.cli.options import Home, OneSession

commands = Commands()


@commands.command()
def sessions(
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, of sessions and of sweeps.")
    ] = False,
    home: Home = None,
) -> None:
    """What sessions there are, those at work first."""
    from tui_al.cli.sessions import list_as_json, list_sessions

    (list_as_json if as_json else list_sessions)(home)


@commands.command()
def rename(
    session: OneSession,
    name: Annotated[str, typer.Argument(help="Its new name.", metavar="NAME")],
    home: Home = None,
) -> None:
    """Give a session that no engine works on another name: tui-al rename desk desk-2026"""
    from tui_al.cli.sessions import rename

    rename(session, name, home)


@commands.command()
def rm(
    session: Annotated[
        str,
        typer.Argument(
            help="The whole name, or the path; of a sweep too.",
            metavar="SESSION",
            autocompletion=sessions_and_sweeps,
        ),
    ],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask; for scripts, which have nobody to ask.")
    ] = False,
    home: Home = None,
) -> None:
    """Delete a session or a sweep for good, after saying what is lost with it: tui-al rm desk"""
    from tui_al.cli.sessions import remove

    remove(session, home, yes=yes)
