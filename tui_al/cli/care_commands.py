"""The commands that keep sessions safe: a copy of one at work, and what is wrong with one."""

from pathlib import Path
from typing import Annotated

import typer

from tui_al.cli.options import Home

commands = typer.Typer()

Session = Annotated[str, typer.Argument(help="Name or path.", metavar="SESSION")]


@commands.command()
def backup(
    session: Session,
    directory: Annotated[
        Path, typer.Argument(help="The copy; it must not be there yet.", metavar="DIR")
    ],
    home: Home = None,
) -> None:
    """Copy a session, also while people and an engine work on it: tui-al backup desk /mnt/usb/desk

    A copy made by other means while it is at work can be torn. The copy opens anywhere by its path. Of a sweep, name the sessions
    in its directory one by one.
    """
    from tui_al.cli.care import back_up_session

    back_up_session(session, directory, home)
