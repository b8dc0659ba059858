"""The commands for sessions that several accounts work on, and for who did what."""

from typing import Annotated

import typer

from tui_al.cli.completion import sessions_and_sweeps
from tui_al.cli.help import Commands
from tui_al.cli.options import Home

commands = Commands()

Session = Annotated[
    str,
    typer.Argument(
        help="Name or path, of a sweep too.",
        metavar="SESSION",
        autocompletion=sessions_and_sweeps,
    ),
]


@commands.command()
def share(
    session: Session,
    group: Annotated[
        str,
        typer.Argument(help="A group that you are in, by name or number.", metavar="GROUP"),
    ],
    home: Home = None,
) -> None:
    """Open a session to a group, also while it is at work: tui-al share desk lab

    Who is in the group can do in it what you can; only you can delete, rename, share it, or take it
    back."""
    from tui_al.cli.sharing import share_session

    share_session(session, group, home)


@commands.command()
def unshare(session: Session, home: Home = None) -> None:
    """Close a session to all but its owner again, once nobody else has it open: tui-al unshare
    desk"""
    from tui_al.cli.sharing import unshare_session

    unshare_session(session, home)


@commands.command()
def history(
    session: Annotated[
        str | None,
        typer.Argument(
            help="Name or path. [default: the home, for what was deleted, renamed and shared]",
            metavar="SESSION",
        ),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Every decision, not how many a day.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, for everything that was done.")
    ] = False,
    home: Home = None,
) -> None:
    """Who did what with a session, and when: tui-al history desk"""
    from tui_al.cli.sharing import tell_history

    tell_history(session, home, each=each, as_json=as_json)
