"""A consistent copy of a session, also of one that people and an engine are at work on.

A plain copy of the files is none: SQLite's database and its write-ahead log belong to one moment.
Here SQLite makes the copies; the log comes first, so that the examples it speaks of are all there,
and the models are copied anew until they are those that it names."""

import contextlib
import os
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from tui_al.core.session.events import ModelSaved
from tui_al.errors import SessionError
from tui_al.store.atomic_dirs import temp_dir
from tui_al.store.database import connect, readable
from tui_al.store.event_log import read_events
from tui_al.store.plain_copies import copy_files, sync_directory
from tui_al.store.row_checks import acknowledge, acknowledged

#: How often the files are copied anew when an engine replaces a model meanwhile, and the seconds in
#: between.
_ATTEMPTS, _PAUSE = 20, 0.25


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a copy holds."""

    events: int
    decisions: int
    examples: int
    models: int
    passed_over: tuple[str, ...] = ()  #: links and the like, relative to the session


def back_up(session: Path, target: Path) -> BackedUp:
    """Copy the session in the directory `session` to the new directory `target`, which appears
    whole or not at all.

    Raises:
        SessionError: the target is there already or cannot be written, or the session is damaged: a
        copy would be too.
    """
    if os.path.lexists(target):
        raise SessionError(
            f"{target} is there already.", "Name a directory that is not; nothing was written."
        )
    if not target.parent.is_dir():
        raise SessionError(
            f"{target.parent} is not a directory.", "Make it first; nothing was written."
        )
    try:
        with temp_dir(target.parent, target.name) as place:
            making = place / target.name
            copied = _copied(session, making, place)
            sync_directory(making)
            making.rename(target)
            sync_directory(target.parent)
    except OSError as error:
        raise SessionError(
            f"{target} cannot be written: {error.strerror or error}.",
            "Give a directory on a disk that is writable and has room; what was begun is removed.",
        ) from error
    return copied


def _copied(session: Path, making: Path, place: Path) -> BackedUp:
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE)
            shutil.rmtree(making)
        making.mkdir(mode=0o700)
        _copy_log(session, making)
        try:
            passed_over = copy_files(session, making)
        except FileNotFoundError:  # the engine replaced a model
            continue
        if _models(session) == (named := _models(making)):
            examples = copy_database(session / "examples.db", making / "examples.db")
            return _counted(making, examples, len(named), tuple(passed_over))
    raise SessionError(
        f"The models of session {session.name} are replaced again and again while it is copied.",
        f"Pause its engine, then try again; what was begun in {place.parent} is removed.",
    )


def _copy_log(session: Path, making: Path) -> None:
    known = {table: acknowledged(session, table) for table in ("events", "decisions")}
    copy_database(session / "session.db", making / "session.db").close()
    for table, seq in known.items():
        if seq:  # so that the copy tells of rows that are lost
            acknowledge(making, table, seq)


def copy_database(source: Path, target: Path) -> sqlite3.Connection:
    """Copy a database as it is at one moment to a new file, and give a connection to the copy.
    SessionError if it is damaged."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with readable(source), contextlib.closing(connect(source)) as original:
        copy = sqlite3.connect(target, isolation_level=None)
        original.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file; opening it makes a log again
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        copy.close()
        name = source.parent.name
        raise SessionError(
            f"Session {name} is damaged, {source.name}: {found}.",
            f"`tui-al check {name}` says what is left of it; `--repair NEW` writes that into a "
            "new session.",
        )
    return copy


def _models(directory: Path) -> dict[tuple[int, str], ModelSaved]:
    """The newest model of each run and role that the log names."""
    path = directory / "session.db"
    with readable(path), contextlib.closing(connect(path)) as db:
        recorded = read_events(db, directory).recorded
    saved = [one.event for one in recorded if isinstance(one.event, ModelSaved)]
    return {(one.seed, one.role): one for one in saved}


def _counted(
    making: Path, examples: sqlite3.Connection, models: int, passed_over: tuple[str, ...]
) -> BackedUp:
    def count(db: sqlite3.Connection, table: str) -> int:
        there = db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) if there else 0

    with contextlib.closing(examples):
        texts = count(examples, "examples")
    with contextlib.closing(connect(making / "session.db")) as db:
        return BackedUp(count(db, "events"), count(db, "decisions"), texts, models, passed_over)
