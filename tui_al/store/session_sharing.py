"""Sharing a session or sweep with a group, and taking it back: rights, the way there, and what is
noted of it."""

from pathlib import Path

from tui_al.core.session import events as ev
from tui_al.errors import ConfigError, SessionError
from tui_al.store.accounts import account_name, group_name, this_account
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.engine_lock import is_live
from tui_al.store.environment import session_file
from tui_al.store.home_history import note
from tui_al.store.session import Session
from tui_al.store.shared_homes import check_can_be_shared, close_way, home_of, open_way
from tui_al.store.sharing import check_owner, group_of, is_shared, share, take_back
from tui_al.store.sweeps import is_sweep, sweep_of


def share_with_group(directory: Path, group: int, option: str) -> list[str]:
    """Open a session or a sweep to a group, also while an engine is at work on it; what to tell of
    its home.

    Raises:
        SessionError: it is another account's, or one of a sweep's.
        ConfigError: the group could not reach it; nothing is changed then. `option` is what the
        group was given by.
        MachineError: the file system refuses.
    """
    _check_whole(directory)
    check_owner(directory, "share it")
    notes = check_can_be_shared(directory, group, option)
    if group_of(directory) == group and not notes:
        notes = [f"{directory.name} is shared with group {group_name(group)} already."]
    with session_file(directory / "session.db"):
        share(directory, group)
        open_way(directory, group)
    _note(directory, "shared", f"with group {group_name(group)}")
    return notes


def take_back_from_group(directory: Path) -> list[str]:
    """Make a session or sweep its account's alone again; what to tell of it.

    Raises:
        SessionError: it is another account's, one of a sweep's, not shared, or others are at work
        in it.
        MachineError: the file system refuses.
    """
    _check_whole(directory)
    check_owner(directory, "take it back")
    if not is_shared(directory):
        raise SessionError(
            f"{directory.name} is not shared.",
            "It is its account's alone already; nothing was changed.",
        )
    for session in _sessions(directory):
        _check_nobody_else(session)
    group = directory.stat().st_gid
    with session_file(directory / "session.db"):
        others = take_back(directory)
        close_way(directory, group)
    _note(directory, "taken back", f"from group {group_name(group)}")
    if not others:
        return []
    return [
        f"{others:,} files in it still belong to others of the group; nobody but you reaches them "
        "any more. "
        f"`tui-al backup {directory.name} DIR` makes a copy that is all yours."
    ]


def _sessions(directory: Path) -> list[Path]:
    if not is_sweep(directory):
        return [directory]
    return [log.parent for log in sorted((directory / "sessions").glob("*/session.db"))]


def _check_whole(directory: Path) -> None:
    if sweep := sweep_of(directory):
        raise ConfigError(
            f"{directory.name} is an arm of sweep {sweep.name}.",
            f"A sweep is shared as a whole: `tui-al share {sweep.name} GROUP`.",
        )


def _check_nobody_else(session: Path) -> None:
    """Raise SessionError where another account has it open: it could go on in what it has open
    already."""
    ours = ("", this_account(), account_name(session.stat().st_uid))
    with Session(session) as opened:
        state = opened.state()
    others = []
    if is_live(session) and state.engine is not None and state.engine.account not in ours:
        others.append(f"an engine of {state.engine.account}")
    if state.config is not None and state.config.loop.oracle == "person":
        with DecisionLog(session) as log:
            present = {Client(*one).account for one in log.present()}
        others += sorted(present.difference(ours))
    if others:
        raise SessionError(
            f"Others are at work in session {session.name}: {', '.join(others)}.",
            "What they have open would stay open to them. Ask them to leave; `tui-al stop "
            f"{session.name}` ends the engine.",
        )


def _note(directory: Path, action: str, detail: str) -> None:
    sweep = is_sweep(directory)
    if not sweep:
        with Session(directory) as session:
            session.append(ev.ActionTaken(this_account(), action, detail))
    note(home_of(directory), action, "sweep" if sweep else "session", directory.name, detail)
