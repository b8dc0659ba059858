"""The frozen copy of a session's data: SQLite, so that a screen can fetch single examples of a
large pool."""

import contextlib
import json
import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from tui_al.core.data.caseless import fold_words, holds
from tui_al.core.data.examples import Answer, Dataset, Example, Task
from tui_al.core.session.damage import BadRow
from tui_al.errors import SessionError
from tui_al.store import example_sums, folded_texts
from tui_al.store.database import Database
from tui_al.store.row_checks import MISSING, ROW_ERRORS

_SCHEMA = """
CREATE TABLE dataset (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE examples (
    split TEXT NOT NULL,
    position INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    answer TEXT,
    tokens TEXT,
    origin TEXT NOT NULL,
    PRIMARY KEY (split, position)
) WITHOUT ROWID;
CREATE INDEX answered ON examples (split) WHERE answer IS NOT NULL;
CREATE INDEX unanswered ON examples (split) WHERE answer IS NULL;
"""


_COLUMNS = "split, position, id, text, answer, tokens, origin"


def write_examples(path: Path, dataset: Dataset) -> None:
    """Write the data to a new file."""
    facts: dict[str, Any] = {
        "name": dataset.name,
        "task": dataset.task.value,
        "labels": list(dataset.labels),
        "notes": list(dataset.notes),
        "warnings": list(dataset.warnings),
    }
    with contextlib.closing(Database(path, new=True, wal=False)) as db:
        db.executescript(_SCHEMA + folded_texts.SCHEMA + example_sums.SCHEMA)
        db.execute("BEGIN")
        stored = {key: json.dumps(value) for key, value in facts.items()}
        db.executemany("INSERT INTO dataset VALUES (?, ?)", stored.items())
        example_sums.write_facts_sum(db, stored)
        for split, examples in (("train", dataset.train), ("test", dataset.test)):
            _insert(db, split, 0, examples, with_sums=True)
        folded_texts.write_folded(db, 0, (example.text for example in dataset.train))
        db.execute("COMMIT")


def append_examples(path: Path, examples: Sequence[Example]) -> None:
    """Add training examples behind those that are there, all or none; their ids must be new."""
    with contextlib.closing(Database(path, wal=False)) as db:
        db.execute("BEGIN IMMEDIATE")
        size = _train_size(db)
        _insert(db, "train", size, examples, with_sums=example_sums.is_there(db))
        if folded_texts.is_there(db):  # else the file is of an earlier version
            folded_texts.write_folded(db, size, (example.text for example in examples))
        db.execute("COMMIT")


def _insert(
    db: sqlite3.Connection, split: str, first: int, examples: Sequence[Example], *, with_sums: bool
) -> None:
    """Put examples in, the first one at this position."""
    sums = array("I")
    rows = (_row(split, first + place, example) for place, example in enumerate(examples))
    db.executemany(
        "INSERT INTO examples VALUES (?, ?, ?, ?, ?, ?, ?)",
        example_sums.summed(rows, sums) if with_sums else rows,
    )
    if with_sums:
        example_sums.write_sums(db, split, first, sums)


def _train_size(db: sqlite3.Connection) -> int:
    """Training examples: their positions have no gap."""
    last = db.execute(
        "SELECT position FROM examples WHERE split = 'train' ORDER BY position DESC LIMIT 1"
    ).fetchone()
    return int(last[0]) + 1 if last else 0


def _row(split: str, position: int, example: Example) -> tuple[object, ...]:
    return (
        split,
        position,
        example.id,
        example.text,
        None if example.answer is None else json.dumps(example.answer, ensure_ascii=False),
        json.dumps(example.tokens, ensure_ascii=False) if example.tokens else None,
        example.origin.encode(errors="backslashreplace").decode(),  # file names may be no UTF-8
    )


def read_examples(path: Path, left_out: list[BadRow] | None = None) -> Dataset:
    """The data of `write_examples`.

    Args:
        path: the file.
        left_out: takes the examples that cannot be used; without, one of them is an error.

    Raises:
        SessionError: examples or the facts about the data set are damaged.
        sqlite3.Error, ValueError, TypeError, KeyError: so is the file.
    """
    bad: list[BadRow] = []
    with contextlib.closing(Database(path, wal=False)) as db:
        facts = _facts(db, path)
        sums = example_sums.Sums(db)
        splits: dict[str, list[Example]] = {"train": [], "test": []}
        for split, there in splits.items():
            known = sums.all_of(split)
            expected = 0
            for row in _rows(db, split):
                position = row[1]
                if position != expected:
                    bad += (_missing(split, gap) for gap in range(expected, position))
                expected = position + 1
                example = example_of(row, known.get(position))
                if example is None:
                    bad.append(BadRow("examples", position, f"of {split} is damaged"))
                else:
                    there.append(example)
            bad += (_missing(split, gap) for gap in range(expected, max(known, default=-1) + 1))
    if bad and left_out is None:
        raise damaged_examples(path, bad)
    if left_out is not None:
        left_out += bad
    return Dataset(
        name=facts["name"],
        task=Task(facts["task"]),
        labels=tuple(facts["labels"]),
        train=tuple(splits["train"]),
        test=tuple(splits["test"]),
        notes=tuple(facts["notes"]),
        warnings=tuple(facts["warnings"]),
    )


def _missing(split: str, position: int) -> BadRow:
    return BadRow("examples", position, f"of {split} {MISSING}")


def damaged_examples(path: Path, bad: Sequence[BadRow]) -> SessionError:
    """The error for data that cannot be used whole."""
    name, more = path.parent.name, f", and {len(bad) - 1:,} more" if len(bad) > 1 else ""
    return SessionError(
        f"The data of session {name} is damaged ({bad[0]}{more}).",
        f"`tui-al check {name}` shows all; `tui-al check {name} --repair NEW` writes what is "
        "sound into a new session.",
    )


def _facts(db: sqlite3.Connection, path: Path) -> dict[str, Any]:
    stored = dict(db.execute("SELECT key, value FROM dataset"))
    if not example_sums.facts_agree(db, stored):
        why = "of dataset, the facts about the data, does not agree with its checksum"
        raise damaged_examples(path, [BadRow("dataset", 0, why)])
    return {key: json.loads(value) for key, value in stored.items()}


def _rows(db: sqlite3.Connection, split: str) -> Iterator[example_sums.Row]:
    """All rows of a split in order, texts that are no UTF-8 with marks in them, which no checksum
    agrees with."""
    query = f"SELECT {_COLUMNS} FROM examples WHERE split = ? AND position > ? ORDER BY position"
    last = -1
    try:
        for row in db.execute(query, (split, last)):
            yield row
            last = row[1]
    except sqlite3.OperationalError as error:
        if "decode" not in str(error).lower():
            raise
        db.text_factory = any_text
        yield from db.execute(query, (split, last))


def any_text(raw: bytes) -> str:
    """Text as it is stored; what is not UTF-8 as halves of surrogate pairs, which no checksum
    agrees with."""
    return raw.decode("utf-8", "surrogateescape")


def example_of(row: example_sums.Row, stored: int | None) -> Example | None:
    """The example of a row; None where it does not agree with its checksum, or without one holds
    what cannot be."""
    if stored is not None and stored != example_sums.sum_of(row):
        return None
    _, _, identity, text, answer, tokens, origin = row
    try:
        found = Example(
            id=identity,
            text=text,
            answer=None if answer is None else _answer(json.loads(answer)),
            tokens=tuple(json.loads(tokens)) if tokens else (),
            origin=origin,
        )
        if stored is None:
            text.encode()  # half a character is of a text that is not UTF-8
    except ROW_ERRORS:
        return None
    return found if stored is not None or _is_of_texts(found) else None


def _is_of_texts(example: Example) -> bool:
    words = example.answer if isinstance(example.answer, tuple) else ()
    return all(
        isinstance(one, str) for one in (example.id, example.origin, *words, *example.tokens)
    )


def _answer(plain: str | Sequence[str]) -> Answer:
    return plain if isinstance(plain, str) else tuple(plain)


class ExampleReader:
    """Single training examples of a large pool, by id or by words."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = Database(path, wal=False, any_thread=True)
        self._db.text_factory = any_text  # one bad text is no reason to stop at it
        self._sums = example_sums.Sums(self._db)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def facts(self) -> tuple[str, Task, tuple[str, ...]]:
        """Name of the data set, task, and the labels it came with."""
        facts = _facts(self._db, self._path)
        return facts["name"], Task(facts["task"]), tuple(facts["labels"])

    def askable(self) -> int:
        """How many training examples there are to label: those without an answer; where all have
        one, all."""
        size = _train_size(self._db)
        # The plus keeps SQLite from the primary key, by which it would read every text instead of
        # an index.
        some = "FROM examples WHERE +split = 'train' AND answer"
        if not self._db.execute(f"SELECT 1 {some} IS NULL LIMIT 1").fetchone():
            return size
        (answered,) = self._db.execute(f"SELECT count(*) {some} IS NOT NULL").fetchone()
        return size - int(answered)

    def get(self, identity: str) -> Example | None:
        """The example, without its gold answer, which an annotator must not see; None where it is
        not there, or damaged."""
        found = next(self._sound("id = ?", identity), None)
        return None if found is None else replace(found, answer=None)

    @cached_property
    def all_asked(self) -> bool:
        """Whether people are asked about every training example."""
        return self.askable() == _train_size(self._db)

    def given(self, identity: str) -> Answer | None:
        """What the data says of an example that nobody is asked about; None for all others, whose
        answers stay hidden."""
        if self.all_asked:
            return None
        found = next(self._sound("id = ?", identity), None)
        return None if found is None else found.answer

    def all_given(self) -> Iterator[tuple[str, Answer]]:
        """What the data says of all examples that nobody is asked about, by id, in the order of the
        file."""
        if not self.all_asked:
            for example in self._sound("answer IS NOT NULL"):
                if example.answer is not None:
                    yield example.id, example.answer

    def rows(self, identities: Sequence[str]) -> dict[str, int]:
        """Positions in the training split; ids that are not there are left out."""
        found = {}
        for identity in identities:
            row = self._db.execute(
                "SELECT position FROM examples WHERE id = ? AND split = 'train'", (identity,)
            ).fetchone()
            if row is not None:
                found[identity] = int(row[0])
        return found

    def at(self, positions: Sequence[int]) -> list[Example]:
        """Examples by their position in the training split, without gold answers."""
        found = [self._sound("position = ?", int(position)) for position in positions]
        return [replace(example, answer=None) for some in found for example in some]

    def search(self, words: str, limit: int) -> list[Example]:
        """Examples whose text holds every one of the words, see `core.data.caseless`, in the order
        of the file."""
        wanted = fold_words(words)
        if not wanted:
            return []
        found = (
            replace(example, answer=None)
            for place in folded_texts.candidates(self._db, wanted)
            for example in self._sound("position >= ? AND position < ?", place.start, place.stop)
            if holds(example.text, wanted)
        )
        return list(islice(found, limit))

    def _sound(self, where: str, *values: object) -> Iterator[Example]:
        """The training examples of a condition in the order of the file, without those that are
        damaged."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM examples WHERE {where} AND split = 'train' ORDER BY position",
            values,
        )
        for row in rows:
            example = example_of(row, self._sums.stored("train", row[1]))
            if example is not None:
                yield example
