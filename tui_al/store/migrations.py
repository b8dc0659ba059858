"""The schema number of a session's log, and the steps that bring an older log to today's number.

The number stands in `session.db`, in the table `meta`. It counts up whenever what an older program
reads or writes there would be wrong afterwards: a table, a column, the name of a stored setting.
New kinds of events and new settings with a default need no new number, since readers pass over what
they do not know.

    same     the log is opened
    older    it is brought to today's number first: in place, in one transaction, with the
             engine's lock held; by a reader who may not write, in a copy in memory
    newer    the log is refused

To change the schema: raise `SCHEMA_VERSION`, add the step from the number before to `STEPS`, and
store a session of that number with `python -m tests.store.stored_sessions`, which the tests open
from then on. `examples.db` has no number: it is written once."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_al import __version__
from tui_al.errors import SessionError
from tui_al.store.environment import damaged
from tui_al.store.row_checks import checksum, columns_of, fault_of, selected
from tui_al.store.stored_created import COPY, packed, unpacked

#: The number of the sessions that this program writes. The first release has 1.
SCHEMA_VERSION = 1

_KEY = "schema_version"


@dataclass(frozen=True, slots=True)
class Step:
    """From one number to the next. `change` is called within a transaction and leaves damaged rows
    as they are."""

    name: str  #: what it changes, in a few words
    change: Callable[[sqlite3.Connection], None]


#: By the number that a step begins with.
STEPS: Mapping[int, Step] = {}


def write_number(db: sqlite3.Connection) -> None:
    """Note in a new log which number it has."""
    db.execute("INSERT INTO meta VALUES (?, ?)", (_KEY, str(SCHEMA_VERSION)))


def stored_number(db: sqlite3.Connection) -> int | None:
    """The schema number of a log; None where it is damaged: missing, or no whole number from 1
    on."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    text = str(row[0]) if row else ""
    return (
        int(text)
        if text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text)
        else None
    )


def number_of(db: sqlite3.Connection, directory: Path) -> int:
    """The schema number of the log of the session in `directory`. Raises SessionError for a damaged
    one, or one of a newer program.

    To be asked again before something is added: a newer program may have migrated a log that has
    been open for long."""
    number = stored_number(db)
    if number is None:
        raise damaged(directory / "session.db", "its schema number is damaged or missing")
    if number > SCHEMA_VERSION:
        raise SessionError(
            f"Session {directory.name} has the schema number {number}, of a newer tui-al; this "
            f"one ({__version__}) reads numbers up to "
            f"{SCHEMA_VERSION}.",
            "Upgrade this one, with `pip install --upgrade tui-al`, then do it again. The session "
            "was not changed.",
        )
    return number


def is_older(db: sqlite3.Connection, directory: Path) -> bool:
    """Whether a log is to be migrated. Raises as `number_of`."""
    return number_of(db, directory) < SCHEMA_VERSION


def at_work(db: sqlite3.Connection, directory: Path) -> SessionError:
    """The error for an older log that cannot be migrated now, since an engine of the older program
    writes to it."""
    return SessionError(
        f"An engine of an older tui-al is at work on session {directory.name}: its schema number "
        f"is {number_of(db, directory)}, this "
        f"program's is {SCHEMA_VERSION}.",
        "Wait for it to finish, or stop it with the program that started it; then open the "
        "session again.",
    )


def migrate(db: sqlite3.Connection, directory: Path) -> list[str]:
    """Bring a log to today's number, all or nothing, and tell what was done. Raises as `number_of`,
    and what SQLite says."""
    done = []
    db.execute("BEGIN IMMEDIATE")
    try:
        number = number_of(db, directory)  # another process may have been quicker
        while number < SCHEMA_VERSION:
            step = STEPS[number]
            step.change(db)
            number += 1
            done.append(f"{number}: {step.name}")
        db.execute("UPDATE meta SET value = ? WHERE key = ?", (str(number), _KEY))
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    return done


def change_bodies(
    db: sqlite3.Connection,
    table: str,
    values: tuple[str, ...],
    change: Callable[[str, dict[str, Any]], dict[str, Any]],
) -> None:
    """Rewrite the JSON bodies of a log's rows, with their checksums; for steps.

    Args:
        db: a transaction is open.
        table: events or decisions.
        values: its columns in the order of the checksum, `body` the last.
        change: from a row's kind and body to the new body.
    """
    if not columns_of(db, table):
        return  # nobody has labelled yet
    kind = values.index("kind")
    for stored in _sound_rows(db, table, values):
        seq, *cells, previous, said = stored
        plain = json.loads(cells[-1])
        new = change(cells[kind], dict(plain))
        if new != plain:
            cells[-1] = json.dumps(new, ensure_ascii=table == "events")
            whole = (seq, *cells, previous)
            db.execute(f"UPDATE {table} SET body = ? WHERE seq = ?", (cells[-1], seq))
            if said is not None:
                db.execute(f"UPDATE {table} SET checksum = ? WHERE seq = ?", (checksum(whole), seq))
    row = db.execute("SELECT value FROM meta WHERE key = ?", (COPY,)).fetchone()
    if table == "events" and row and (copy := unpacked(str(row[0]))):
        text = packed({**copy, "event": change("session_created", dict(copy["event"]))})
        db.execute("UPDATE meta SET value = ? WHERE key = ?", (text, COPY))


def _sound_rows(
    db: sqlite3.Connection, table: str, values: tuple[str, ...]
) -> Iterator[tuple[Any, ...]]:
    """Rows that agree with their checksums and hold JSON objects; one by one, as a damaged text
    cannot even be fetched."""
    chosen = selected(db, table, values)
    for (seq,) in db.execute(f"SELECT seq FROM {table} ORDER BY seq").fetchall():
        try:
            stored = db.execute(f"SELECT {chosen} FROM {table} WHERE seq = ?", (seq,)).fetchone()
            if not fault_of(stored) and isinstance(json.loads(stored[-3]), dict):
                yield stored
        except (sqlite3.OperationalError, ValueError, TypeError, RecursionError):
            continue
