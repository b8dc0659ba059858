"""The commands that keep sessions safe: a copy of one at work, and what is wrong with one."""

from pathlib import Path
from typing import Annotated

import typer

from tui_al.cli.help import Commands
from tui_al.cli.options import Home, OneSession

commands = Commands()


@commands.command()
def backup(
    session: OneSession,
    directory: Annotated[
        Path, typer.Argument(help="The copy; it must not be there yet.", metavar="DIR")
    ],
    home: Home = None,
) -> None:
    """Copy a session, also while people and an engine work on it: tui-al backup desk /mnt/usb/desk

    A copy made by other means while it is at work can be torn. The copy opens anywhere by its path.
    Of a sweep, name the sessions in its directory one by one.
    """
    from tui_al.cli.care import back_up_session

    back_up_session(session, directory, home)


@commands.command()
def check(
    session: OneSession,
    repair: Annotated[
        str | None,
        typer.Option(
            help="Write what is sound into a new session of this name; the old one is not changed.",
            metavar="NEW",
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Look through a session's rows, texts, models: tui-al check desk; where it is damaged: tui-al
    check desk --repair desk-2

    The exit code is 0 where it is sound, and 5 where it is damaged.
    """
    from tui_al.cli.care import check_session

    check_session(session, repair, home)
