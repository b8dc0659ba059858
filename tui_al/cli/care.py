"""`tui-al backup` and `tui-al check`: what was copied, and what is wrong."""

from pathlib import Path

import typer
from rich.console import Console

from tui_al.cli.console import Page
from tui_al.errors import SessionError
from tui_al.store.audit import note_action
from tui_al.store.backup import back_up
from tui_al.store.home import home_directory
from tui_al.store.session import Session
from tui_al.store.sweeps import find, is_sweep


def session_named(name: str, home: Path | None) -> Path:
    """The directory of the session of this name or path; SessionError for a sweep, which has
    several."""
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
        Page(Console(stderr=True, soft_wrap=True)).say(
            f"left out, no plain file: {passed}", "yellow"
        )
    with Session(target) as copy:
        damage = copy.state().damage
    page = Page(Console(soft_wrap=True))
    amounts = _amounts(done.events, done.decisions, done.examples, done.models)
    if told := note_action(directory, "copied", f"{target}: {amounts}"):
        Page(Console(stderr=True, soft_wrap=True)).say(told, "yellow")
    page.say(f"{target}: {amounts}")
    for line in damage:
        page.say(line)


def check_session(name: str, new: str | None, home: Path | None) -> None:
    """Tell all that is wrong with a session, and write what is sound into a new one where that is
    asked for."""
    from tui_al.store.checking import check
    from tui_al.store.repairing import repair

    directory = _place_of(name, home)
    page = Page(Console(soft_wrap=True))
    found = check(directory)
    for line in found.faults:
        page.say(line)
    for line in found.notes:
        page.say(f"note: {line}")
    sound = found.salvaged
    holds = _amounts(len(sound.events), len(sound.decisions), len(sound.train) + len(sound.test))
    if not found.faults:
        page.say(f"{directory.name} is sound: {holds}")
    else:
        page.say(f"{directory.name} is damaged: {len(found.faults):,} found; sound are {holds}")
    if new is not None:
        done = repair(directory, home_directory(home), new)
        for line in done.lost:
            page.say(f"lost: {line}")
        page.say(f"{new}: {_amounts(done.events, done.decisions, done.examples, done.models)}")
    elif found.faults:
        page.say(f"tui-al check {name} --repair NEW writes what is sound into a new session")
        raise typer.Exit(SessionError.exit_code)


def _amounts(events: int, decisions: int, examples: int, models: int | None = None) -> str:
    """How much there is of each, in a line."""
    counted = f"events: {events:,}, decisions: {decisions:,}, examples: {examples:,}"
    return counted if models is None else f"{counted}, models: {models:,}"


def _place_of(name: str, home: Path | None) -> Path:
    """As `session_named`; also of a session whose log is empty or missing, which is not a session
    for anybody else."""
    for place in (home_directory(home) / "sessions" / name, Path(name).expanduser().absolute()):
        if place.is_dir() and (place / "examples.db").exists():
            return place
    return session_named(name, home)
