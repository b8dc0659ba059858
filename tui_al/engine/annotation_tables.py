"""Annotations as Parquet files and as data sets saved by `datasets`: rows as in `tui_al.store.formats.rows`, with types.

Labels of a saved data set are `ClassLabel`s that name all labels of the session, so training code finds them in its features.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tui_al.core.annotations import Annotation, Header
from tui_al.core.tasks import Task, iob2_tags
from tui_al.core.times import to_iso
from tui_al.errors import DataError
from tui_al.store.formats.files import unwritable
from tui_al.store.formats.format import ALL_PARTS, Format, Part
from tui_al.store.formats.reading import DEFAULTS, Read, Reading, ReadOptions, read_items
from tui_al.store.formats.rows import DETAILS, columns, parser, to_row

_KEY = b"tui_al"


def write_parquet(path: Path, header: Header, annotations: Sequence[Annotation]) -> None:
    """One row group after the other; the session's labels with their descriptions are JSON in the file's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    entity = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())])
    types = {
        "time": pa.timestamp("us", tz="UTC"),
        "tokens": pa.list_(pa.string()),
        "tags": pa.list_(pa.string()),
        "entities": pa.list_(entity),
    }
    facts = {
        "session": header.session,
        "task": header.task.value,
        "labels": {label.name: label.description for label in header.labels},
    }
    schema = pa.schema(
        [(name, types.get(name, pa.string())) for name in columns(header.task)],
        metadata={_KEY: json.dumps(facts, ensure_ascii=False)},
    )
    table = pa.Table.from_pylist([_typed(a, header.task) for a in annotations], schema)
    making = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        pq.write_table(table, making)
        making.replace(path)
    except OSError as error:
        making.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def read_parquet(path: Path, task: Task, options: ReadOptions = DEFAULTS) -> Read:
    """Only `text` must be there, or `tokens`; see `rows.parser`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path.name} is no readable Parquet file: {error}.", "Copy or write it again."
        ) from error
    items = _items(table.to_pylist(), path.name)
    return read_items(items, parser, Reading(task, options))


def write_dataset(path: Path, header: Header, annotations: Sequence[Annotation]) -> None:
    """A directory that `datasets.load_from_disk` opens."""
    import datasets

    labels = datasets.ClassLabel(names=list(header.names))
    text = datasets.Value("string")
    if header.task is Task.CLASSIFICATION:
        answer: dict[str, Any] = {"label": labels}
    else:
        offset = datasets.Value("int64")
        answer = {
            "tokens": datasets.List(text),
            "tags": datasets.List(datasets.ClassLabel(names=list(iob2_tags(header.names)))),
            "entities": datasets.List({"start": offset, "end": offset, "label": labels}),
        }
    features = datasets.Features(
        {"id": text, "text": text, **answer, **dict.fromkeys(DETAILS, text)}
        | {"time": datasets.Value("timestamp[us, tz=UTC]")}
    )
    rows = [_typed(annotation, header.task) for annotation in annotations]
    found = datasets.Dataset.from_dict(
        {name: [row[name] for row in rows] for name in features}, features
    )
    making = path.with_name(f".{path.name}-{os.getpid()}")
    bars = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        found.save_to_disk(making)
        making.rename(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
        if bars:
            datasets.enable_progress_bars()


def read_dataset(path: Path, task: Task, options: ReadOptions = DEFAULTS) -> Read:
    """A directory of `save_to_disk`, all its splits; class numbers become names."""
    return read_items(dataset_items(path), parser, Reading(task, options))


def dataset_items(path: Path) -> Iterator[tuple[object, str]]:
    """The rows of such a directory with their places. DataError if it is none."""
    import datasets

    try:
        found = datasets.load_from_disk(str(path))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} is no data set saved by `datasets`: {error}.",
            "Name the directory that save_to_disk wrote.",
        ) from error
    splits = found.values() if isinstance(found, datasets.DatasetDict) else [found]
    rows = (_named(dict(row), split.features) for split in splits for row in split)
    return _items(rows, path.name)


def _typed(annotation: Annotation, task: Task) -> dict[str, Any]:
    """The row with its time as such."""
    row = to_row(annotation, task)
    return row | {"time": datetime.fromisoformat(row["time"]) if row["time"] else None}


def _items(rows: Iterable[dict[str, Any]], name: str) -> Iterator[tuple[object, str]]:
    """The rows with their places, times as text."""
    for number, row in enumerate(rows, start=1):
        moments = {
            key: to_iso(cell.timestamp()) for key, cell in row.items() if isinstance(cell, datetime)
        }
        yield row | moments, f"{name} row {number}"


def _named(value: Any, feature: Any) -> Any:
    """Class numbers as names, inside lists and objects too."""
    if value is None:
        return None
    if isinstance(value, dict):
        inner = getattr(feature, "feature", feature)
        return {key: _named(item, inner[key]) for key, item in value.items()}
    if isinstance(value, list):
        inner = getattr(feature, "feature", feature)
        return [_named(item, inner) for item in value]
    return feature.int2str(value) if hasattr(feature, "int2str") else value


TABLE_FORMATS: dict[str, Format] = {
    known.name: known
    for known in (
        Format(
            name="parquet",
            summary="Parquet, one annotation a row",
            tasks=frozenset(Task),
            carries=ALL_PARTS,
            write=write_parquet,
            read=read_parquet,
            parser=parser,
        ),
        Format(
            name="datasets",
            summary="a directory for datasets.load_from_disk, labels as ClassLabel",
            tasks=frozenset(Task),
            carries=ALL_PARTS - {Part.DESCRIPTION},
            write=write_dataset,
            read=read_dataset,
            parser=parser,
        ),
    )
}
