"""The training texts as a search compares them, kept beside the examples: without it each search
would fold every text anew.

Folding a million texts takes ten seconds, looking through them folded a quarter of one. They lie in
blocks of some 64 KiB, lines of one text each, in the order of the file. A search needs no block:
what no sound block holds is read from the examples, so files of earlier versions, and blocks that
are damaged or were folded by other rules, cost time and no hit."""

import sqlite3
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence

from tui_al.core.data.caseless import FOLDING, fold

SCHEMA = """
CREATE TABLE folded_texts (
    first INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    rules TEXT NOT NULL,
    texts BLOB NOT NULL,
    checksum INTEGER NOT NULL
);
"""

#: By what a text was folded: our rules, and Python's tables of characters.
RULES = f"{FOLDING} {unicodedata.unidata_version}"

_BLOCK = 65_536  # bytes from which on a block is full


def write_folded(db: sqlite3.Connection, first: int, texts: Iterable[str]) -> None:
    """Keep these texts, which stand at `first` and the following positions; within the caller's
    transaction."""
    lines: list[bytes] = []
    size = 0
    for text in texts:
        lines.append(_line(text))
        size += len(lines[-1])
        if size >= _BLOCK:
            _write(db, first, lines)
            first, lines, size = first + len(lines), [], 0
    if lines:
        _write(db, first, lines)


def _write(db: sqlite3.Connection, first: int, lines: Sequence[bytes]) -> None:
    texts = b"\n".join(lines)
    db.execute(
        "INSERT INTO folded_texts VALUES (?, ?, ?, ?, ?)",
        (first, len(lines), RULES, texts, _checksum(first, len(lines), texts)),
    )


def _checksum(first: int, count: int, texts: bytes) -> int:
    return zlib.crc32(texts, zlib.crc32(f"{first} {count}".encode()))


def _line(text: str) -> bytes:
    """No word of a search holds a line's end or a tab, as words are parted there, before they are
    folded and after."""
    return fold(text).replace("\n", "\t").encode("utf-8", "surrogatepass")


def is_there(db: sqlite3.Connection) -> bool:
    """Whether the file has a place for folded texts: those of earlier versions have none."""
    known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'folded_texts'").fetchone()
    return known is not None


def candidates(db: sqlite3.Connection, words: Sequence[str]) -> Iterator[range]:
    """Positions, in order, at which texts with all of these folded words can be; at all others is
    none.

    Either a single position, whose text as it is kept here has them all, or a range that no block
    tells anything of, the last without an end (up to the largest number that SQLite counts to).
    """
    wanted = [word.encode("utf-8", "surrogatepass") for word in words]
    after = 0  # the first position that nothing is told of yet
    for first, count, texts in _sound_blocks(db):
        if first < after:
            continue
        if first > after:
            yield range(after, first)
        after = first + count
        yield from (range(place, place + 1) for place in _places(texts, first, wanted))
    yield range(after, 2**63 - 1)


def _sound_blocks(db: sqlite3.Connection) -> Iterator[tuple[int, int, bytes]]:
    if not is_there(db):
        return
    rows = db.execute(
        "SELECT first, count, texts, checksum FROM folded_texts WHERE rules = ? ORDER BY first",
        (RULES,),
    )
    for first, count, texts, checksum in rows:
        if isinstance(texts, bytes) and _checksum(first, count, texts) == checksum:
            yield first, count, texts


def _places(texts: bytes, first: int, wanted: Sequence[bytes]) -> Iterator[int]:
    """Positions of the lines of a block that have all words."""
    if not all(word in texts for word in wanted):
        return
    rarest = min(wanted, key=texts.count) if len(wanted) > 1 else wanted[0]
    line, counted = first, 0
    found = texts.find(rarest)
    while found >= 0:
        line += texts.count(b"\n", counted, found)
        start = texts.rfind(b"\n", 0, found) + 1
        end = texts.find(b"\n", found)
        end = len(texts) if end < 0 else end
        if all(texts.find(word, start, end) >= 0 for word in wanted):
            yield line
        counted = end
        found = texts.find(rarest, end)
