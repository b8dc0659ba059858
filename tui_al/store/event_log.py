"""The events of a session in its database: appended with a checksum each, read back with those that
cannot be used told apart."""

import json
import math
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_al.core.session import events as ev
from tui_al.core.session.damage import BadRow
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.errors import SessionError, TuiAlError
from tui_al.store.migrations import number_of
from tui_al.store.row_checks import (
    MISSING,
    ROW_ERRORS,
    RawRow,
    acknowledge,
    acknowledged,
    add_columns,
    checksum,
    next_number,
    read_rows,
)
from tui_al.store.stored_created import COPY, packed, unpacked

#: The number of the row that says what the session is.
FIRST = 1

EVENT_VALUES = ("time", "kind", "seed", "body")


@dataclass(frozen=True, slots=True)
class EventRows:
    """Events in order, and the rows that are left out."""

    recorded: list[ev.Recorded]
    bad: tuple[BadRow, ...] = ()


def append_events(
    db: sqlite3.Connection,
    directory: Path,
    events: Sequence[ev.Event],
    times: Sequence[float] | None = None,
) -> list[ev.Recorded]:
    """Add events, all or none, and return them numbered; they are on disk when this returns. They
    happened now, or at `times`."""
    stamps = times or [time.time()] * len(events)
    recorded: list[ev.Recorded] = []
    with db:
        db.execute("BEGIN IMMEDIATE")
        number_of(db, directory)  # refuses what a newer program has migrated meanwhile
        add_columns(db, "events")
        known = acknowledged(directory, "events")
        seq = next_number(db, "events", known)
        last = db.execute(
            "SELECT seq FROM events WHERE kind != ? ORDER BY seq DESC LIMIT 1", (ev.Progress.kind,)
        ).fetchone()
        (there,) = db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
        previous = max(last[0] if last else 0, known if known > there else 0)
        for now, event in zip(stamps, events, strict=True):
            plain = ev.to_plain(event)
            values = (now, event.kind, plain.get("seed"), json.dumps(plain))
            db.execute(
                "INSERT INTO events (seq, time, kind, seed, body, checksum, previous) VALUES (?, "
                "?, ?, ?, ?, ?, ?)",
                (seq, *values, checksum((seq, *values, previous)), previous),
            )
            recorded.append(ev.Recorded(seq, now, event))
            if isinstance(event, ev.SessionCreated) and seq == FIRST:
                _keep_copy(db, recorded[-1])
            if isinstance(event, ev.RoundResult | ev.RunFinished):
                db.execute(
                    "DELETE FROM events WHERE kind = ? AND seed = ?",
                    (ev.Progress.kind, plain.get("seed")),
                )
            if not isinstance(event, ev.Progress):
                previous = seq
            seq += 1
    if lasting := [one.seq for one in recorded if not isinstance(one.event, ev.Progress)]:
        acknowledge(directory, "events", lasting[-1])
    return recorded


def read_events(db: sqlite3.Connection, directory: Path, after: int = 0) -> EventRows:
    """Events with a number above `after`.

    Raises:
        SessionError: the first row, which says what the session is, cannot be used.
    """
    known = acknowledged(directory, "events")
    found = read_rows(db, "events", EVENT_VALUES, after, known, passing=ev.Progress.kind)
    recorded, bad = [], list(found.missing)
    for row in found.rows():
        event = event_of(row)
        if isinstance(event, BadRow):
            bad.append(event)
        else:
            recorded.append(event)
    if after == 0 and not (recorded and isinstance(recorded[0].event, ev.SessionCreated)):
        copy = kept_copy(db)
        if copy is None:
            raise unnamed(directory, bad)
        recorded.insert(0, copy)
    return EventRows(recorded, tuple(sorted(bad, key=lambda one: one.seq)))


def first_event(db: sqlite3.Connection, directory: Path) -> ev.SessionCreated:
    """What the session is. SessionError as `read_events`."""
    found_rows = read_rows(
        db, "events", EVENT_VALUES, 0, 0, where="seq = (SELECT min(seq) FROM events)"
    )
    first = next(found_rows.rows(), None)
    found = event_of(first) if first else BadRow("events", 1, MISSING)
    if isinstance(found, ev.Recorded) and isinstance(found.event, ev.SessionCreated):
        return found.event
    if copy := kept_copy(db):
        assert isinstance(copy.event, ev.SessionCreated)
        return copy.event
    raise unnamed(directory, [found] if isinstance(found, BadRow) else [])


def last_event(db: sqlite3.Connection, kind: str) -> ev.Recorded | None:
    """The newest event of a kind, without reading the others; None where there is none, or it is
    damaged."""
    newest = "seq = (SELECT max(seq) FROM events WHERE kind = ?)"
    found = read_rows(db, "events", EVENT_VALUES, 0, 0, where=newest, values=(kind,))
    event = next(map(event_of, found.rows()), None)
    return event if isinstance(event, ev.Recorded) else None


def _keep_copy(db: sqlite3.Connection, recorded: ev.Recorded) -> None:
    """The one event that a session is nothing without stands in another table as well."""
    text = packed({"time": recorded.time, "event": ev.to_plain(recorded.event)})
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (COPY, text))


def kept_copy(db: sqlite3.Connection) -> ev.Recorded | None:
    """The first event as it stands in the other table; None where it does not, or not as it was
    written."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (COPY,)).fetchone()
    plain = unpacked(str(row[0])) if row else None
    if plain is None:
        return None
    event = ev.from_plain(plain["event"])
    return (
        ev.Recorded(FIRST, plain["time"], event) if isinstance(event, ev.SessionCreated) else None
    )


def unnamed(directory: Path, bad: Sequence[BadRow]) -> SessionError:
    """The error for a session whose first row is lost."""
    why = str(min(bad, key=lambda one: one.seq)) if bad else "there is none"
    return SessionError(
        f"Session {directory.name} cannot be read: the event that says what it is is damaged "
        f"({why}).",
        f"`tui-al check {directory.name}` says what is left of it; `--repair NEW` writes that "
        "into a new session.",
    )


def event_of(row: RawRow) -> ev.Recorded | BadRow:
    """The event of a row, or why it cannot be used."""
    if row.why:
        return BadRow("events", row.seq, row.why)
    when, kind, seed, body = row.values
    try:
        plain = json.loads(body)
        event = ev.from_plain(plain)
        if why := _strange(when, kind, seed, plain):
            return BadRow("events", row.seq, why)
        if isinstance(event, ev.SessionCreated):
            if row.seq != FIRST:
                return BadRow(
                    "events", row.seq, "says anew what the session is, as only the first row may"
                )
            ExperimentConfig.from_stored(event.config)
    except (*ROW_ERRORS, TuiAlError) as error:
        return BadRow("events", row.seq, f"cannot be read: {error_text(error)}")
    if event is None:
        why = f"is of the kind {kind!r:.40}, which this version does not know"
        return BadRow("events", row.seq, why, newer=row.verified)
    return ev.Recorded(row.seq, float(when), event)


def _strange(when: object, kind: object, seed: object, plain: dict[str, Any]) -> str:
    """What the columns of a row say that cannot be, "" where all is well."""
    if not is_number(when):
        return f"has the time {when!r:.40}, which is none"
    if plain.get("kind") != kind or plain.get("seed") != seed:
        return f"says {kind!r:.40} outside and {plain.get('kind')!r:.40} inside"
    return ""


def is_number(value: object) -> bool:
    """Whether it is a finite number, as a time is stored."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def error_text(error: Exception) -> str:
    """The error in a few words."""
    text = error.message if isinstance(error, TuiAlError) else str(error)
    return f"{text:.120}" if text else type(error).__name__
