"""A checksum for each row of a session's logs, and what a reader makes of rows that do not agree
with theirs.

Two columns that older programs neither read nor write: `checksum` (CRC-32 over all other values of
the row) and `previous` (the number of the row before, so that a row that went missing is missed by
the next one). Rows without them were written by an older program and are taken as they are. The
last row has no next one: its number stands in a small file beside the log as well, see
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
    """A row as it is stored. `why` says why it cannot be used; a `verified` one agrees with its
    checksum."""

    seq: int
    values: tuple[Any, ...]
    verified: bool = False
    why: str = ""


#: A row as it is selected: its number, its values, the number before, its checksum. Without
#: checksums the last two are None.
Stored = tuple[Any, ...]


@dataclass(slots=True)
class RawRows:
    """Rows in order, and those before, between and after them that are not there any more.

    `faults` says of the rows that cannot be used, by number, why that is so.
    """

    stored: list[Stored] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)
    missing: list[BadRow] = field(default_factory=list)

    def rows(self) -> Iterator[RawRow]:
        """Each row with what is wrong with it."""
        for one in self.stored:
            why = self.faults.get(one[0], "")
            yield RawRow(one[0], one[1:-2], one[-1] is not None and not why, why)


def checksum(values: tuple[object, ...]) -> int:
    """CRC-32 over the values of a row, in the order of its columns, without the checksum's own."""
    text = (
        "%s\x1f" * len(values) % values
    )  # of what SQLite holds, str and repr are the same but for texts
    return zlib.crc32(text[:-1].encode("utf-8", "surrogatepass"))


def columns_of(db: sqlite3.Connection, table: str) -> list[str]:
    """Names of a table's columns; none where there is no such table."""
    return [str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")]


def add_columns(
    db: sqlite3.Connection, table: str, columns: Sequence[str] = COLUMNS, kind: str = "INTEGER"
) -> None:
    """Give a table of an older session the columns that it lacks, all of one type; another process
    may do so meanwhile."""
    for column in sorted({*columns} - {*columns_of(db, table)}):
        try:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        except sqlite3.OperationalError:
            if column not in columns_of(db, table):
                raise


def next_number(db: sqlite3.Connection, table: str, known: int) -> int:
    """The number for the next row, above all that were ever given; `known` is what `acknowledged`
    says."""
    (last,) = db.execute(f"SELECT coalesce(max(seq), 0) FROM {table}").fetchone()
    given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return max(int(last), known, int(given[0]) if given else 0) + 1


def fault_of(stored: Stored) -> str:
    """Why a row cannot be used; "" if nothing is wrong with it, or it has no checksum."""
    if isinstance(stored[1], UnicodeError):
        return "holds text that is not UTF-8"
    if stored[-1] is not None and stored[-1] != checksum(stored[:-1]):
        return "does not agree with its checksum"
    return ""


def gap_before(stored: Stored, last: int) -> int:
    """The number of a row that went missing between a sound row and the `last` one before it; 0
    where none did."""
    previous = stored[-2]
    return previous if isinstance(previous, int) and previous > last else 0


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
        found = list(_fetched(db, table, selected(db, table, columns), after, where, values))
        before = _last_before(db, table, after, passing)
    finally:
        db.execute("COMMIT")
    result = RawRows(found)
    last = look_through(result, table, columns, before, passing, gaps=not where)
    if last_known and last_known > max(last, found[-1][0] if found else after):
        result.missing.append(BadRow(table, last_known, MISSING))
    return result


def look_through(
    result: RawRows,
    table: str,
    columns: Sequence[str],
    before: int = 0,
    passing: str | None = None,
    lost: Sequence[int] = (),
    *,
    gaps: bool = True,
) -> int:
    """Find what is wrong with rows, and which are missing between them.

    Args:
        result: has the rows, and gets what is found.
        table: what they are of.
        columns: those of a row's values, of which `kind` is one.
        before: the number of the row before the first.
        passing: a kind whose rows are not missed.
        lost: numbers of rows that are there and cannot be read: what lies beside one is not told as
        missing.
        gaps: False for some of the rows, between which others lie.

    Returns:
        The number of the last row, those that are passing left out; `before` if there is none.
    """
    kind, last = columns.index("kind") + 1, before
    for stored in result.stored:
        seq, said = stored[0], stored[-1]
        if said is not None and said == checksum(stored[:-1]):
            gap = gap_before(stored, last) if gaps else 0
            if gap and not any(last < one < seq for one in lost):
                result.missing.append(BadRow(table, gap, MISSING))
        elif why := fault_of(stored):
            result.faults[seq] = why
        if passing is None or stored[kind] != passing or seq in result.faults:
            last = max(last, seq)
    return last


def selected(db: sqlite3.Connection, table: str, columns: Sequence[str]) -> str:
    """What to select for rows in the form of `Stored`."""
    checked = COLUMNS[0] in columns_of(db, table)
    extra = ("previous", "checksum") if checked else ("NULL", "NULL")
    return ", ".join(("seq", *columns, *extra))


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
    """All at once; one by one where a text cannot be decoded: that row holds a UnicodeError in
    place of its values."""
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
    """Note the last row of a log that its writer was told of; where that cannot be written, it is
    only known less well."""
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
