"""`tui-al backup`: what was copied, in numbers."""

from pathlib import Path

from rich.console import Console

from tui_al.cli.page import Page
from tui_al.errors import SessionError
from tui_al.store.backup import back_up
from tui_al.store.home import home_directory
from tui_al.store.session import Session
from tui_al.store.sweeps import find, is_sweep


def session_named(name: str, home: Path | None) -> Path:
    """The directory of the session of this name or path; SessionError for a sweep, which has several."""
    directory = find(home_directory(home), name)
    if is_sweep(directory):
        raise SessionError(
            f"{directory.name} is a sweep: its sessions are taken one by one.",
            f"Give their paths: {directory / 'sessions'}/...",
        )
    return directory


def back_up_session(name: str, target: Path, home: Path | None) -> None:
    """Copy the session and say what the copy holds."""
    directory = session_named(name, home)
    target = target.expanduser().absolute()
    done = back_up(directory, target)
    for passed in done.passed_over:
        Page(Console(stderr=True, soft_wrap=True)).say(f"left out, no plain file: {passed}", "yellow")  # fmt: skip
    with Session(target) as copy:
        damage = copy.state().damage
    page = Page(Console(soft_wrap=True))
    page.say(
        f"{target}: events: {done.events:,}, decisions: {done.decisions:,}, examples: {done.examples:,}, models: {done.models:,}"
    )
    for line in damage:
        page.say(line)
