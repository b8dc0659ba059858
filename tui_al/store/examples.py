"""The frozen copy of a session's data: SQLite, so that a screen can fetch single examples of a large pool."""

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui_al.core.tasks import Answer, Dataset, Example, Task

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
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(_SCHEMA)
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
        db.execute("COMMIT")


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
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
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
