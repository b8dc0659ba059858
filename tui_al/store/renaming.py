"""Another name for a session: it stays as it is, and says what it was called."""

import os
from pathlib import Path

from tui_al.core.session import events as ev
from tui_al.errors import SessionError
from tui_al.store.accounts import this_account
from tui_al.store.engine_lock import is_live
from tui_al.store.environment import session_file
from tui_al.store.home import checked_name
from tui_al.store.home_history import note
from tui_al.store.session import Session
from tui_al.store.shared_homes import home_of
from tui_al.store.sharing import check_owner
from tui_al.store.sweeps import is_sweep, sweep_of


def rename_session(directory: Path, name: str) -> Path:
    """Call the session in `directory` by another name; where it lies then.

    Raises:
        ConfigError: the name cannot be one.
        SessionError: it is another account's or part of a sweep, an engine is at work on it, or the
        name is taken.
        MachineError: the file system refuses.
    """
    target = directory.with_name(checked_name("session", name))
    if is_sweep(directory) or sweep_of(directory):
        raise SessionError(
            f"{directory.name} is a sweep, or an arm of one.",
            "Its command finds it by its name, so that stays.",
        )
    check_owner(directory, "rename it")
    if is_live(directory):
        raise SessionError(
            f"An engine is at work on session {directory.name}.", "Stop it first, then rename it."
        )
    if os.path.lexists(target):
        raise SessionError(f"Session {name} exists already, in {target}.", "Choose another name.")
    with session_file(directory / "session.db"):
        directory.rename(target)
    with Session(target) as session:
        detail = f"from {directory.name}"
        session.append(ev.ActionTaken(this_account(), "renamed", detail))
    note(home_of(directory), "renamed", "session", directory.name, f"to {name}")
    return target
