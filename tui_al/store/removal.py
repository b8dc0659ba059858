"""Deleting a session or a sweep for good, and what is lost with it."""

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tui_al.core.annotation.label_state import LabelState, Status
from tui_al.core.session.state import SessionState
from tui_al.errors import SessionError, TuiAlError
from tui_al.store.atomic_dirs import temp_dir
from tui_al.store.database import gone
from tui_al.store.decisions import DecisionLog
from tui_al.store.engine_lock import is_live
from tui_al.store.exported import exported_up_to
from tui_al.store.home_history import note
from tui_al.store.session import Session
from tui_al.store.shared_homes import home_of
from tui_al.store.sharing import check_owner
from tui_al.store.sweeps import RECORD, is_sweep, is_worked_on

#: An answer counts for so many seconds at most: who takes longer was away.
_LONGEST_ANSWER = 300.0


@dataclass(frozen=True, slots=True)
class Loss:
    """What goes with a session or a sweep. `trouble` says why nothing but the size is known."""

    bytes: int  #: on the disk
    labelled: int = 0  #: texts that people have labelled
    unexported: int = (
        0  #: those of them whose label is in no file that an export wrote and that is still there
    )
    conflicts: int = 0  #: texts with several labels, which nobody has settled
    labelling_seconds: float = 0.0  #: that people took to answer
    engine_seconds: float = 0.0  #: that finished rounds took
    rounds: int = 0  #: finished ones, over all seeds
    models: int = 0  #: kept ones
    sessions: int = 1  #: a sweep has several
    trouble: str = ""

    @property
    def is_dear(self) -> bool:
        """Whether labels by hand would be lost that are nowhere else, or may be."""
        return bool(self.unexported or self.conflicts or self.trouble)


def loss_of(directory: Path) -> Loss:
    """What would be lost with the session or sweep in `directory`; SessionError if it is gone
    already."""
    if not is_sweep(directory) and not (directory / "session.db").exists():
        raise gone(directory)
    if not is_sweep(directory):
        return _loss_of_session(directory)
    arms = [_loss_of_session(log.parent) for log in directory.glob("sessions/*/session.db")]
    return Loss(
        _bytes_under(directory),
        labelled=sum(one.labelled for one in arms),
        unexported=sum(one.unexported for one in arms),
        conflicts=sum(one.conflicts for one in arms),
        labelling_seconds=sum(one.labelling_seconds for one in arms),
        engine_seconds=sum(one.engine_seconds for one in arms),
        rounds=sum(one.rounds for one in arms),
        models=sum(one.models for one in arms),
        sessions=len(arms),
    )


def _loss_of_session(directory: Path) -> Loss:
    size = _bytes_under(directory)
    try:
        with Session(directory) as session:
            state = session.state()
            before = exported_up_to(session)
        by_hand = _by_hand(directory, state, before)
    except (sqlite3.Error, OSError, ValueError, TypeError, KeyError, TuiAlError) as error:
        text = error.message if isinstance(error, TuiAlError) else str(error)
        return Loss(size, trouble=text)
    points = [point for run in state.runs.values() for point in run.points]
    return Loss(
        size,
        *by_hand,
        engine_seconds=sum(sum(point.seconds.values()) for point in points),
        rounds=len(points),
        models=sum(not path.name.startswith(".") for path in directory.glob("models/*/*/")),
    )


def _by_hand(directory: Path, state: SessionState, before: int) -> tuple[int, int, int, float]:
    """Texts with a label by hand, those labelled since the decision `before`, those in conflict,
    and how long answering took."""
    if state.config is None or state.config.loop.oracle != "person":
        return 0, 0, 0, 0.0
    label_state = LabelState(state.labels)
    with DecisionLog(directory) as log:
        records = log.read()
    label_state.apply(records)
    since = sum(
        label_status.last is not None and label_status.last.seq > before
        for _, label_status in label_state.label_statuses()
        if label_status.status is Status.LABELLED
    )
    taken = (getattr(record.decision, "seconds", 0.0) for record in records)
    seconds = sum(min(one, _LONGEST_ANSWER) for one in taken)
    labelled, conflicts = (label_state.count(one) for one in (Status.LABELLED, Status.CONFLICT))
    return labelled, since, conflicts, seconds


def _bytes_under(directory: Path) -> int:
    """What the files there take, those that cannot be read left out."""
    total = 0
    for path in directory.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.lstat().st_size
    return total


def remove_session(directory: Path) -> None:
    """Delete the session with everything in it: it is gone at once, or still whole.

    Raises:
        SessionError: an engine is at work on it, `directory` holds no session, it is another
        account's, or the file system refuses.
        MachineError: it is deleted, and the home's history
        could not be written.
    """
    if is_live(directory):
        raise SessionError(
            f"An engine is at work on session {directory.name}.", "Stop it first, then delete it."
        )
    if not (directory / "session.db").is_file():
        raise SessionError(f"{directory} is not a session.", "Nothing was deleted.")
    _remove(directory, "Session")


def remove_sweep(directory: Path) -> None:
    """Delete the sweep with all its sessions: it is gone at once, or still whole.

    Raises:
        SessionError: something works on it, `directory` holds no sweep, it is another account's, or
        the file system refuses.
        MachineError: it is deleted, and the home's history could not be
        written.
    """
    if not is_sweep(directory):
        raise SessionError(
            f"{directory} is not a sweep.", f"It holds no {RECORD}. Nothing was deleted."
        )
    if is_worked_on(directory):
        raise SessionError(
            f"Sweep {directory.name} is being worked on.", "Stop it first, then delete it."
        )
    _remove(directory, "Sweep")


def _remove(directory: Path, what: str) -> None:
    check_owner(directory, "delete it")
    try:
        with temp_dir(directory.parent, directory.name) as place:
            leaving = place / directory.name
            directory.rename(leaving)
            shutil.rmtree(leaving)
    except OSError as error:
        raise SessionError(
            f"{what} {directory.name} cannot be deleted: {error}.",
            "Check who owns the files, and whether the disk is writable.",
        ) from error
    note(home_of(directory), "deleted", what.lower(), directory.name)
