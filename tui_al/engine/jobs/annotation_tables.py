"""Annotations as Parquet files and as data sets saved by `datasets`: rows as in
`tui_al.store.formats.rows`, with types.

Labels of a saved data set are `ClassLabel`s that name all labels of the session, so training code
finds them in its features."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyarrow import ArrowException

from tui_al.core.annotation.records import Annotation, Header
from tui_al.core.data.examples import Task, iob2_tags
from tui_al.core.session.timestamps import to_iso
from tui_al.engine.data.arrow_file import (
    arrow_batches,
    class_names_of,
    parquet_batches,
    saved_splits,
    with_class_names,
)
from tui_al.engine.data.tables import ROWS
from tui_al.errors import DataError
from tui_al.store.atomic_dirs import temp_dir
from tui_al.store.atomic_files import replacing
from tui_al.store.environment import unwritable
from tui_al.store.formats.format import ALL_PARTS, Format, Part
from tui_al.store.formats.reading import (
    DEFAULTS,
    ItemError,
    Read,
    Reading,
    ReadOptions,
    Reason,
    read_items,
)
from tui_al.store.formats.rows import DETAILS, columns, parser, to_row

_KEY = b"tui_al"


def write_parquet(path: Path, header: Header, annotations: Sequence[Annotation]) -> None:
    """One row group after the other; the session's labels with their descriptions are JSON in the
    file's metadata."""
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
    try:
        with replacing(path) as stream:
            pq.write_table(table, stream)
    except OSError as error:
        raise unwritable(path, error, DataError) from error


def read_parquet(path: Path, task: Task, options: ReadOptions = DEFAULTS) -> Read:
    """Parquet, or Arrow by its suffix. Only `text` must be there, or `tokens`; see
    `rows.parser`."""
    batches = arrow_batches if path.suffix.lower() in (".arrow", ".feather") else parquet_batches
    rows = rows_of_batches(batches(path, path.name, ROWS), path.name)
    return read_items(rows, parser, Reading(task, options, path.name))


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
    bars = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        with temp_dir(path.parent, path.name) as place:
            found.save_to_disk(place / path.name)
            (place / path.name).rename(path)
    except OSError as error:
        raise unwritable(path, error, DataError) from error
    finally:
        if bars:
            datasets.enable_progress_bars()


def read_dataset(path: Path, task: Task, options: ReadOptions = DEFAULTS) -> Read:
    """A directory of `save_to_disk`, all its splits; class numbers become names."""
    return read_items(dataset_items(path), parser, Reading(task, options, path.name))


def dataset_items(path: Path) -> Iterator[tuple[object, str]]:
    """The rows of such a directory with their places. DataError if it is none."""
    splits = saved_splits(path)
    if splits is None:
        raise DataError(
            f"{path} is not a data set saved by `datasets`.",
            "Name the directory that save_to_disk wrote, a folder of brat's, or a single file: "
            "folders of other kinds are not imported.",
        )
    files = [file for found in splits.values() for file in found]
    batches = (batch for file in files for batch in arrow_batches(file, file.name, ROWS))
    return rows_of_batches(batches, path.name)


def _typed(annotation: Annotation, task: Task) -> dict[str, Any]:
    """The row with its time as such."""
    row = to_row(annotation, task)
    return row | {"time": datetime.fromisoformat(row["time"]) if row["time"] else None}


def rows_of_batches(batches: Iterator[Any], name: str) -> Iterator[tuple[object, str]]:
    """The rows of record batches with their places: class numbers as names, times as text.

    An ItemError stands for a row with a value that is not a class of its column, or beyond what
    Python can hold."""
    number = 0
    for batch in batches:
        classes = class_names_of(batch.schema)
        for place in range(batch.num_rows):
            number += 1
            origin = f"{name} row {number}"
            try:
                row = {
                    field.name: _plain(batch.column(index)[place].as_py())
                    for index, field in enumerate(batch.schema)
                }
                yield {key: with_class_names(name, key, row[key], classes) for key in row}, origin
            except (ValueError, OverflowError, KeyError, ArrowException) as error:
                yield _out_of_range(origin, str(error)), origin
            except DataError as error:
                yield (
                    ItemError(f"{origin}: {error.message}", error.hint, Reason.WRONG_FIELD),
                    origin,
                )


def _out_of_range(origin: str, why: str) -> ItemError:
    return ItemError(
        f"{origin}: a value is out of range: {why:.200}.",
        "Write the file again, with times from 1970 on.",
        Reason.WRONG_FIELD,
    )


def _plain(value: Any) -> Any:
    """A cell with times as text; one without a zone counts as UTC."""
    if isinstance(value, datetime):
        return to_iso((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())
    return value


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
