"""A checksum for each row of a session's logs, and what a reader makes of rows that do not agree with theirs.

Two columns that older programs neither read nor write: `checksum` (CRC-32 over all other values of the row) and `previous` (the
number of the row before, so that a row that went missing is missed by the next one). Rows without them were written by an older
program and are taken as they are. The last row has no next one: its number stands in a small file beside the log as well, see
`acknowledge`.
"""

import contextlib
import os
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_al.core.session.damage import BadRow
from tui_al.store.sharing import open_file

#: The columns that older sessions lack.
COLUMNS = ("checksum", "previous")

#: Which log has its line where in the file of the last rows, and how long a line is.
_LAST_ROWS = "session.last"
_LINES = {"events": 0, "decisions": 1}
_LINE = 40

MISSING = "is missing"

#: What a stored value that nobody foresaw can make the readers of a row say.
ROW_ERRORS = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)


@dataclass(slots=True)
class RawRow:
    """A row as it is stored. `why` says why it cannot be used; a `verified` one agrees with its checksum."""

    seq: int
    values: tuple[Any, ...]
    verified: bool = False
    why: str = ""


@dataclass(slots=True)
class RawRows:
    """Rows in order, and those before, between and after them that are not there any more."""

    rows: list[RawRow] = field(default_factory=list)
    missing: list[BadRow] = field(default_factory=list)


def checksum(*values: object) -> int:
    """CRC-32 over the values of a row, in the order of its columns."""
    # What SQLite holds is written alike by str and repr, but for texts, which stay as they are.
    text = "\x1f".join(map(str, values))
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def has_columns(db: sqlite3.Connection, table: str) -> bool:
    """Whether the rows of a table have checksums."""
    return any(row[1] == COLUMNS[0] for row in db.execute(f"PRAGMA table_info({table})"))


def add_columns(db: sqlite3.Connection, table: str) -> None:
    """Give a table of an older session the columns; call it in a transaction that writes."""
    if not has_columns(db, table):
        for column in COLUMNS:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER")


def next_number(db: sqlite3.Connection, table: str, known: int) -> int:
    """The number for the next row, above all that were ever given; `known` is what `acknowledged` says."""
    (last,) = db.execute(f"SELECT coalesce(max(seq), 0) FROM {table}").fetchone()
    given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return max(int(last), known, int(given[0]) if given else 0) + 1


def raw_row(stored: Sequence[Any]) -> RawRow:
    """A row from its number, its values, its checksum and the number before, as they are stored."""
    said, previous = stored[-2:]
    values = tuple(stored[1:-2])
    if values and isinstance(values[0], UnicodeError):
        return RawRow(stored[0], values, why="holds text that is no UTF-8")
    if said is None:
        return RawRow(stored[0], values)
    if said == checksum(*stored[:-2], previous):
        return RawRow(stored[0], values, verified=True)
    return RawRow(stored[0], values, why="does not agree with its checksum")


def read_rows(
    db: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    after: int,
    last_known: int,
    passing: str | None = None,
    where: str = "",
    values: Sequence[str] = (),
) -> RawRows:
    """The rows of a log with a number above `after`, each with what is wrong with it.

    Args:
        db: no transaction is open.
        table: it has `seq` and these columns.
        columns: of which `kind` is one.
        after: the last number that is not wanted.
        last_known: the number that `acknowledged` gave before this call.
        passing: a kind whose rows are deleted in the course of things.
        where: picks some of them; then none is missed.
        values: for its marks.
    """
    db.execute("BEGIN")  # one moment for all that is asked
    try:
        checked = has_columns(db, table)
        extra = COLUMNS if checked else ("NULL", "NULL")
        chosen = ", ".join(("seq", *columns, *extra))
        found = list(_fetched(db, table, chosen, after, where, values))
        before = _last_before(db, table, after, passing)
    finally:
        db.execute("COMMIT")
    kind = columns.index("kind")
    result, last = RawRows(), before
    for stored in found:
        row, seq, previous = raw_row(stored), stored[0], stored[-1]
        if row.verified and not where and isinstance(previous, int) and previous > last:
            result.missing.append(BadRow(table, previous, MISSING))
        if passing is None or row.why or row.values[kind] != passing:
            last = max(last, seq)
        result.rows.append(row)
    if last_known and last_known > max(last, found[-1][0] if found else after):
        result.missing.append(BadRow(table, last_known, MISSING))
    return result


def _last_before(db: sqlite3.Connection, table: str, after: int, passing: str | None) -> int:
    if not after:
        return 0
    (last,) = db.execute(
        f"SELECT coalesce(max(seq), 0) FROM {table} WHERE seq <= ? AND kind IS NOT ?",
        (after, passing),
    ).fetchone()
    return int(last)


def _fetched(
    db: sqlite3.Connection, table: str, chosen: str, after: int, where: str, values: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """All at once; one by one where a text cannot be decoded: that row holds a UnicodeError in place of its values."""
    some = f"{table} WHERE seq > ?" + f" AND {where}" * bool(where) + " ORDER BY seq"
    try:
        yield from db.execute(f"SELECT {chosen} FROM {some}", (after, *values)).fetchall()
    except sqlite3.OperationalError as error:
        if "decode" not in str(error).lower():
            raise
    else:
        return
    for (seq,) in db.execute(f"SELECT seq FROM {some}", (after, *values)).fetchall():
        try:
            yield db.execute(f"SELECT {chosen} FROM {table} WHERE seq = ?", (seq,)).fetchone()
        except sqlite3.OperationalError:
            bad = UnicodeError()
            yield (seq, *[bad] * (chosen.count(",") - 2), None, None)


def acknowledge(directory: Path, table: str, seq: int) -> None:
    """Note the last row of a log that its writer was told of; where that cannot be written, it is only known less well."""
    line = f"{table} {seq}"
    text = f"{line} {zlib.crc32(line.encode()):08x}".ljust(_LINE - 1) + "\n"
    with contextlib.suppress(OSError):
        descriptor = open_file(directory / _LAST_ROWS, os.O_WRONLY | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, text.encode(), _LINES[table] * _LINE)
        finally:
            os.close(descriptor)


def acknowledged(directory: Path, table: str) -> int:
    """The number of the last row that was surely on disk once; 0 where that is not known."""
    with contextlib.suppress(OSError, ValueError):
        descriptor = os.open(directory / _LAST_ROWS, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            text = os.pread(descriptor, _LINE, _LINES[table] * _LINE).decode("ascii")
        finally:
            os.close(descriptor)
        line, _, said = text.strip().rpartition(" ")
        name, _, number = line.partition(" ")
        if name == table and said == f"{zlib.crc32(line.encode()):08x}":
            return int(number)
    return 0
