"""A checksum for each row of a session's data, in a table of its own: older programs neither read
nor miss it.

A row of `sums` holds those of consecutive examples, four bytes each; the facts about the data set
have one for all of them."""

import sqlite3
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

SCHEMA = """
CREATE TABLE sums (
    split TEXT NOT NULL,
    first INTEGER NOT NULL,
    sums BLOB NOT NULL,
    PRIMARY KEY (split, first)
) WITHOUT ROWID;
"""

#: Examples whose checksums lie together.
_BLOCK = 1000

#: Under which split the checksum of the facts lies.
_FACTS = "dataset"

#: Split, position, id, text, answer, tokens, origin.
Row = tuple[Any, ...]


def sum_of(row: Row) -> int:
    """CRC-32 over all values of a row."""
    split, position, identity, text, answer, tokens, origin = row
    shown = f"{split}\x1f{position}\x1f{identity}\x1f{text}\x1f{answer}\x1f{tokens}\x1f{origin}"
    return zlib.crc32(shown.encode("utf-8", "surrogatepass"))


def summed(rows: Iterable[Row], found: "array[int]") -> Iterator[Row]:
    """The rows as they are; their checksums go to `found`."""
    for row in rows:
        found.append(sum_of(row))
        yield row


def write_sums(db: sqlite3.Connection, split: str, first: int, found: "array[int]") -> None:
    """Keep checksums of consecutive examples, the first of them at this position."""
    blocks = range(0, len(found), _BLOCK)
    db.executemany(
        "INSERT INTO sums VALUES (?, ?, ?)",
        ((split, first + at, _packed(found[at : at + _BLOCK])) for at in blocks),
    )


def write_facts_sum(db: sqlite3.Connection, facts: Mapping[str, str]) -> None:
    """Keep the checksum of the facts, as they are stored."""
    db.execute("INSERT INTO sums VALUES (?, 0, ?)", (_FACTS, _packed(array("I", [_of(facts)]))))


def facts_agree(db: sqlite3.Connection, facts: Mapping[str, str]) -> bool:
    """Whether the facts are those that were stored, as far as that is known."""
    known = Sums(db)
    stored = known.stored(_FACTS, 0)
    return stored is None or stored == _of(facts)


def is_there(db: sqlite3.Connection) -> bool:
    """Whether the file has checksums; an earlier version made those without."""
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'sums' LIMIT 1").fetchone())


class Sums:
    """The checksums of a file; of an older one, none."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._there = is_there(db)

    def stored(self, split: str, position: int) -> int | None:
        """The checksum of an example; None where there is none."""
        if not self._there:
            return None
        row = self._db.execute(
            "SELECT substr(sums, 4 * (? - first) + 1, 4) FROM sums WHERE split = ? AND first <= ?"
            " ORDER BY first DESC LIMIT 1",
            (position, split, position),
        ).fetchone()
        return int.from_bytes(row[0], "big") if row and len(row[0]) == 4 else None

    def all_of(self, split: str) -> dict[int, int]:
        """The checksums of a split by position."""
        found: dict[int, int] = {}
        if self._there:
            query = "SELECT first, sums FROM sums WHERE split = ? ORDER BY first"
            for first, stored in self._db.execute(query, (split,)):
                block = _unpacked(stored)
                found.update(zip(range(first, first + len(block)), block, strict=True))
        return found


def _of(facts: Mapping[str, str]) -> int:
    text = "\x1f".join(f"{key}\x1e{facts[key]}" for key in sorted(facts))
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _packed(found: "array[int]") -> bytes:
    return _big_endian(found).tobytes()


def _unpacked(stored: bytes) -> "array[int]":
    found = array("I")
    found.frombytes(stored[: len(stored) // 4 * 4])
    return _big_endian(found)


def _big_endian(found: "array[int]") -> "array[int]":
    """To that order, or from it."""
    if sys.byteorder == "little":
        found = found[:]
        found.byteswap()
    return found
