"""The frozen copy of a session's data: SQLite, so that a screen can fetch single examples of a large pool."""

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from tui_al.core.caseless import fold_words, holds
from tui_al.core.tasks import Answer, Dataset, Example, Task
from tui_al.store import folded_texts
from tui_al.store.database import Database

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
        db.executescript(_SCHEMA + folded_texts.SCHEMA)
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO dataset VALUES (?, ?)",
            [(key, json.dumps(value)) for key, value in facts.items()],
        )
        for split, examples in (("train", dataset.train), ("test", dataset.test)):
            db.executemany(
                "INSERT INTO examples VALUES (?, ?, ?, ?, ?, ?, ?)",
                (_row(split, position, example) for position, example in enumerate(examples)),
            )
        folded_texts.write_folded(db, 0, (example.text for example in dataset.train))
        db.execute("COMMIT")


def append_examples(path: Path, examples: Sequence[Example]) -> None:
    """Add training examples behind those that are there, all or none; their ids must be new."""
    with contextlib.closing(Database(path, wal=False)) as db:
        db.execute("BEGIN IMMEDIATE")
        size = _train_size(db)
        db.executemany(
            "INSERT INTO examples VALUES (?, ?, ?, ?, ?, ?, ?)",
            [_row("train", size + place, example) for place, example in enumerate(examples)],
        )
        if folded_texts.is_there(db):  # else the file is of an earlier version
            folded_texts.write_folded(db, size, (example.text for example in examples))
        db.execute("COMMIT")


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


def read_examples(path: Path) -> Dataset:
    """The data of `write_examples`; raises what sqlite3 and json raise for a damaged file."""
    with contextlib.closing(Database(path, wal=False)) as db:
        facts = {key: json.loads(value) for key, value in db.execute("SELECT * FROM dataset")}
        splits: dict[str, list[Example]] = {"train": [], "test": []}
        for split, identity, text, answer, tokens, origin in db.execute(
            "SELECT split, id, text, answer, tokens, origin FROM examples ORDER BY split, position"
        ):
            splits[split].append(
                Example(
                    id=identity,
                    text=text,
                    answer=None if answer is None else _answer(json.loads(answer)),
                    tokens=tuple(json.loads(tokens)) if tokens else (),
                    origin=origin,
                )
            )
    return Dataset(
        name=facts["name"],
        task=Task(facts["task"]),
        labels=tuple(facts["labels"]),
        train=tuple(splits["train"]),
        test=tuple(splits["test"]),
        notes=tuple(facts["notes"]),
        warnings=tuple(facts["warnings"]),
    )


def _answer(plain: str | Sequence[str]) -> Answer:
    return plain if isinstance(plain, str) else tuple(plain)


class ExampleReader:
    """Single training examples of a large pool, by id or by words."""

    def __init__(self, path: Path) -> None:
        self._db = Database(path, wal=False, any_thread=True)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def facts(self) -> tuple[str, Task, tuple[str, ...]]:
        """Name of the data set, task, and the labels it came with."""
        facts = {key: json.loads(value) for key, value in self._db.execute("SELECT * FROM dataset")}
        return facts["name"], Task(facts["task"]), tuple(facts["labels"])

    def askable(self) -> int:
        """How many training examples there are to label: those without an answer; where all have one, all."""
        size = _train_size(self._db)
        # The plus keeps SQLite from the primary key, by which it would read every text instead of an index.
        some = "FROM examples WHERE +split = 'train' AND answer"
        if not self._db.execute(f"SELECT 1 {some} IS NULL LIMIT 1").fetchone():
            return size
        (answered,) = self._db.execute(f"SELECT count(*) {some} IS NOT NULL").fetchone()
        return size - int(answered)

    def get(self, identity: str) -> Example | None:
        """The example, without its gold answer, which an annotator must not see."""
        row = self._db.execute(
            "SELECT id, text, tokens, origin FROM examples WHERE id = ? AND split = 'train'",
            (identity,),
        ).fetchone()
        return None if row is None else _unanswered(*row)

    @cached_property
    def all_asked(self) -> bool:
        """Whether people are asked about every training example."""
        return self.askable() == _train_size(self._db)

    def given(self, identity: str) -> Answer | None:
        """What the data says of an example that nobody is asked about; None for all others, whose answers stay hidden."""
        if self.all_asked:
            return None
        row = self._db.execute(
            "SELECT answer FROM examples WHERE id = ? AND split = 'train'", (identity,)
        ).fetchone()
        return None if row is None or row[0] is None else _answer(json.loads(row[0]))

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
        found = []
        for position in positions:
            row = self._db.execute(
                "SELECT id, text, tokens, origin FROM examples WHERE split = 'train' AND position = ?",
                (int(position),),
            ).fetchone()
            if row is not None:
                found.append(_unanswered(*row))
        return found

    def search(self, words: str, limit: int) -> list[Example]:
        """Examples whose text holds every one of the words, see `core.caseless`, in the order of the file."""
        wanted = fold_words(words)
        if not wanted:
            return []
        found = (
            _unanswered(*row)
            for place in folded_texts.candidates(self._db, wanted)
            for row in self._rows_at(place)
            if holds(row[1], wanted)
        )
        return list(islice(found, limit))

    def _rows_at(self, positions: range) -> sqlite3.Cursor:
        return self._db.execute(
            "SELECT id, text, tokens, origin FROM examples"
            " WHERE split = 'train' AND position >= ? AND position < ? ORDER BY position",
            (positions.start, positions.stop),
        )


def _unanswered(identity: str, text: str, tokens: str | None, origin: str) -> Example:
    return Example(identity, text, None, tuple(json.loads(tokens)) if tokens else (), origin)
