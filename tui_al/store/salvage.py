"""What can be read of a damaged session: row by row, around pages that SQLite cannot read. The
session itself is not changed."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.data.examples import Example
from tui_al.core.session import events as ev
from tui_al.core.session.damage import BadRow
from tui_al.errors import SessionError, TuiAlError
from tui_al.store import example_sums
from tui_al.store.database import Database
from tui_al.store.decision_rows import DECISION_VALUES, decision_of
from tui_al.store.event_log import EVENT_VALUES, event_of, kept_copy
from tui_al.store.examples import any_text, example_of
from tui_al.store.migrations import is_older, migrate, stored_number
from tui_al.store.row_checks import MISSING, RawRow, RawRows, acknowledged, look_through, selected
from tui_al.store.strangers import check_file, check_schema

T = TypeVar("T")

#: Rows to look for where the file no longer says how many there are.
_LIKELY = 2**22

#: Queries that may fail before the rest of a table is given up.
_FAILURES = 5_000

UNREADABLE = "lies on a page that cannot be read"


@dataclass(slots=True)
class Salvaged:
    """What is left of a session. `trouble` says what is wrong with the files as a whole."""

    events: list[ev.Recorded] = field(default_factory=list)
    decisions: list[DecisionRecord] = field(default_factory=list)
    train: list[Example] = field(default_factory=list)
    test: list[Example] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    raw: dict[tuple[str, int], RawRow] = field(default_factory=dict)  #: of bad rows, what is there
    trouble: list[str] = field(default_factory=list)
    unverified: int = 0  #: rows without a checksum


def salvage(directory: Path) -> Salvaged:
    """Read all that can be read of the session in `directory`."""
    found = Salvaged()
    with _reading(directory / "session.db", found) as db:
        if db is not None:
            _log_rows(db, directory, found)
    with _reading(directory / "examples.db", found) as db:
        if db is not None:
            _example_rows(db, found)
    found.bad.sort(key=lambda one: (one.table, one.seq))
    return found


@contextlib.contextmanager
def _reading(path: Path, found: Salvaged) -> Iterator[sqlite3.Connection | None]:
    """A connection that does not write, and what SQLite itself finds wrong; None for a file that is
    no database."""
    db = None
    try:
        if not path.stat().st_size:
            found.trouble.append(f"{path.name} is empty")
        else:
            db = _connected(path)
            db.text_factory = any_text
            said = [str(row[0]) for row in db.execute("PRAGMA integrity_check(20)")]
            found.trouble += [f"{path.name}: {line}" for line in said if line != "ok"]
    except FileNotFoundError:
        found.trouble.append(f"{path.name} is missing")
    except (sqlite3.Error, TuiAlError, OSError) as error:
        text = error.message if isinstance(error, TuiAlError) else str(error)
        found.trouble.append(f"{path.name}: {text}")
    try:
        yield db
    finally:
        if db is not None:
            db.close()


def _connected(path: Path) -> sqlite3.Connection:
    """Without a checkpoint when it is closed; where a log cannot be read in place, of a copy.
    Raises as `check_file`, `check_schema`."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            check_file(path.with_name(path.name + suffix))
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except sqlite3.OperationalError:
        db.close()
        return Database(path, wal=False)
    try:
        check_schema(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _log_rows(db: sqlite3.Connection, directory: Path, found: Salvaged) -> None:
    db = _of_today(db, directory, found)
    for row in _rows(db, directory, "events", EVENT_VALUES, ev.Progress.kind, found):
        event = event_of(row)
        _keep(event, row, "events", found, found.events)
    with contextlib.suppress(sqlite3.Error, ValueError, KeyError, TypeError):
        first = found.events[0].event if found.events else None
        if not isinstance(first, ev.SessionCreated) and (copy := kept_copy(db)):
            found.events.insert(0, copy)
    for row in _rows(db, directory, "decisions", DECISION_VALUES, None, found):
        _keep(decision_of(row), row, "decisions", found, found.decisions)


def _of_today(db: sqlite3.Connection, directory: Path, found: Salvaged) -> sqlite3.Connection:
    """The log at today's schema number, an older one in a copy in memory. Raises SessionError for a
    newer one."""
    try:
        if stored_number(db) is None:
            found.trouble.append("session.db: its schema number is damaged or missing")
        elif is_older(db, directory):
            copy = sqlite3.connect(":memory:", isolation_level=None)
            copy.text_factory = any_text
            db.backup(copy)
            migrate(copy, directory)
            return copy
    except sqlite3.Error as error:
        found.trouble.append(f"session.db: {error}")
    return db


def _keep(made: T | BadRow, row: RawRow, table: str, found: Salvaged, kept: list[T]) -> None:
    found.unverified += not row.verified and not row.why
    if isinstance(made, BadRow):
        found.bad.append(made)
        found.raw[table, row.seq] = row
    else:
        kept.append(made)


def _rows(
    db: sqlite3.Connection,
    directory: Path,
    table: str,
    values: Sequence[str],
    passing: str | None,
    found: Salvaged,
) -> list[RawRow]:
    """The rows of a log in order; what is missing, or lies on bad pages, goes to `found`."""
    known = acknowledged(directory, table)
    try:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            if known:
                found.bad.append(BadRow(table, known, MISSING))
            return []
        chosen = selected(db, table, values)
    except sqlite3.Error as error:
        found.trouble.append(f"{table}: {error}")
        return []
    query = f"SELECT {chosen} FROM {table} WHERE seq BETWEEN ? AND ? ORDER BY seq"
    last = max(known, _most(db, table))
    stored, lost = _around(db, query, 1, last)
    found.bad += [BadRow(table, seq, UNREADABLE) for seq in lost]
    read = RawRows(stored)
    before = look_through(read, table, values, passing=passing, lost=lost)
    found.bad += read.missing
    if known > before and not any(seq > before for seq in lost):
        found.bad.append(BadRow(table, known, MISSING))
    return list(read.rows())


def _most(db: sqlite3.Connection, table: str) -> int:
    """The highest number that there may be."""
    for query in (
        f"SELECT max(seq) FROM {table}",
        f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'",
    ):
        with contextlib.suppress(sqlite3.Error):
            row = db.execute(query).fetchone()
            if row and isinstance(row[0], int) and row[0] < _LIKELY * 1000:
                return int(row[0])
    return _LIKELY


def _around(
    db: sqlite3.Connection, query: str, first: int, last: int, *before: object
) -> tuple[list[tuple[object, ...]], list[int]]:
    """The rows between two numbers, and the numbers that cannot be read; halves a range that fails
    until single rows are left."""
    rows: list[tuple[object, ...]] = []
    lost: list[int] = []
    ranges, failures = [(first, last)], 0
    while ranges:
        low, high = ranges.pop()
        if low > high:
            continue
        try:
            rows += db.execute(query, (*before, low, high)).fetchall()
        except sqlite3.Error:
            failures += 1
            if low == high or failures > _FAILURES:
                lost.append(low)
            else:
                middle = (low + high) // 2
                ranges += [(middle + 1, high), (low, middle)]  # the lower half is next
    return rows, lost


def _example_rows(db: sqlite3.Connection, found: Salvaged) -> None:
    columns = "split, position, id, text, answer, tokens, origin"
    query = (
        f"SELECT {columns} FROM examples WHERE split = ? AND position BETWEEN ? AND ? ORDER "
        "BY position"
    )
    for split, kept in (("train", found.train), ("test", found.test)):
        try:
            known = example_sums.Sums(db).all_of(split)
        except sqlite3.Error as error:
            found.trouble.append(f"checksums of {split}: {error}")
            known = {}
        last = max(known, default=-1)
        with contextlib.suppress(sqlite3.Error):
            row = db.execute(
                "SELECT max(position) FROM examples WHERE split = ?", (split,)
            ).fetchone()
            last = max(last, row[0] if isinstance(row[0], int) else -1)
        stored, lost = _around(db, query, 0, last, split)
        found.bad += [BadRow("examples", at, f"of {split} {UNREADABLE}") for at in lost]
        expected = {*range(last + 1)} - {*lost}
        for one in stored:
            position = int(str(one[1]))
            expected.discard(position)
            example = example_of(one, known.get(position))
            found.unverified += position not in known
            if example is None:
                found.bad.append(BadRow("examples", position, f"of {split} is damaged"))
            else:
                kept.append(example)
        found.bad += [BadRow("examples", at, f"of {split} {MISSING}") for at in sorted(expected)]


def created_of(found: Salvaged, directory: Path) -> ev.SessionCreated:
    """What the session is. SessionError where nothing says it any more."""
    first = found.events[0].event if found.events else None
    if isinstance(first, ev.SessionCreated):
        return first
    raise SessionError(
        f"Nothing in {directory} says what session {directory.name} is: its log has lost the "
        "first event, and the copy of it.",
        "It cannot be repaired. A backup, if there is one, is all that helps.",
    )
