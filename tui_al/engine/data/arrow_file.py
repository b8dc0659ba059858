"""Parquet and Arrow files, and folders written by `save_to_disk`; class names come from the schema's metadata.

The libraries that wrote them are not needed to read them: `datasets` leaves plain Arrow streams, a `state.json` that lists
them, and its feature types as JSON in the schema.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tui_al.core.config import DataConfig
from tui_al.engine.data.tables import Findings, Table
from tui_al.errors import DataError

_FILE_MAGIC = b"ARROW1"
_STATE, _SPLITS = "state.json", "dataset_dict.json"
_FEATURES_KEY = b"huggingface"
_NO_CLASS = -1  # how `datasets` writes a missing class label


def stream_parquet(
    path: Path, name: str, _config: DataConfig, _findings: Findings, rows: int
) -> Iterator[Table]:
    """A Parquet file in tables of at most so many rows; columns of types that hold neither texts nor labels are left out."""
    try:
        with pq.ParquetFile(path) as file:
            batches = file.iter_batches(batch_size=rows)
            yield from _tables(name, (pa.Table.from_batches([batch]) for batch in batches))
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{name} is no readable Parquet file: {error}.", "Copy or write it again."
        ) from error


def stream_arrow(
    path: Path, name: str, _config: DataConfig, _findings: Findings, rows: int
) -> Iterator[Table]:
    """An Arrow IPC file or stream (`.arrow`, `.feather`) in tables of at most so many rows."""
    try:
        with pa.memory_map(str(path)) as source:
            is_file = source.read(len(_FILE_MAGIC)) == _FILE_MAGIC
            source.seek(0)
            if is_file:
                reader = pa.ipc.open_file(source)
                batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
            else:
                batches = iter(pa.ipc.open_stream(source))
            yield from _tables(
                name,
                (
                    pa.Table.from_batches([batch.slice(start, rows)])
                    for batch in batches
                    for start in range(0, batch.num_rows, rows)
                ),
            )
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{name} is no readable Arrow file: {error}.", "Copy or write it again."
        ) from error


def _tables(name: str, parts: Iterator[Any]) -> Iterator[Table]:
    first = 1
    for part in parts:
        if part.num_rows:
            yield _table(name, part, first)
            first += part.num_rows


def saved_splits(folder: Path) -> dict[str, list[Path]] | None:
    """The Arrow files of a folder written by `save_to_disk`, by split; None for any other folder."""
    if (folder / _SPLITS).is_file():
        splits = _json(folder / _SPLITS).get("splits", [])
        return {str(split): _saved_files(folder / str(split)) for split in splits}
    if (folder / _STATE).is_file():
        return {"train": _saved_files(folder)}
    return None


def _saved_files(folder: Path) -> list[Path]:
    if not (folder / _STATE).is_file():
        raise DataError(f"{folder / _STATE} is missing.", "Save the data set again.")
    return [folder / entry["filename"] for entry in _json(folder / _STATE).get("_data_files", [])]


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read: {error}.", "Save the data set again with save_to_disk."
        ) from error
    if not isinstance(content, dict):
        raise DataError(f"{path} is no JSON object.", "Save the data set again with save_to_disk.")
    return content


def _table(name: str, table: Any, first: int = 1) -> Table:
    if not table.num_rows:
        raise DataError(f"{name} holds no rows.", "Name a file with at least one row.")
    classes = _class_names(table.schema.metadata or {})
    columns: dict[str, Sequence[object]] = {}
    for field in table.schema:
        if not _is_plain(field.type) and not _holds_entities(field.type):
            continue
        values = table.column(field.name).to_pylist()
        if _holds_entities(field.type):
            values = [_named_entities(name, value, classes, field.name) for value in values]
        if field.name in classes:
            values = [_named(name, field.name, value, classes[field.name]) for value in values]
        columns[field.name] = values
    return Table(name, columns, range(first, first + table.num_rows))


def _is_plain(kind: Any) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return not types.is_nested(kind.value_type) and _is_plain(kind.value_type)
    return any(
        check(kind)
        for check in (
            types.is_string,
            types.is_large_string,
            types.is_string_view,
            types.is_integer,
            types.is_floating,
            types.is_boolean,
            types.is_null,
        )
    )


def _holds_entities(kind: Any) -> bool:
    """Whether it is a list of objects with two offsets, as entities are kept."""
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return False
    element = kind.value_type
    if not pa.types.is_struct(element) or not all(_is_plain(field.type) for field in element):
        return False
    return {"start", "end"} <= {f.name for f in element if pa.types.is_integer(f.type)}


def _named_entities(
    name: str, value: Any, classes: dict[str, list[str]], column: str
) -> list[dict[str, object]] | None:
    """Entities with the names of their types, where these are class numbers."""
    if value is None:
        return None
    return [
        {
            key: _named(name, f"{column}.{key}", cell, classes[f"{column}.{key}"])
            if f"{column}.{key}" in classes
            else cell
            for key, cell in entity.items()
        }
        for entity in value
    ]


def _class_names(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    """Column to class names, for ClassLabel and lists of it, from `datasets`' own feature description."""
    try:
        features = json.loads(metadata.get(_FEATURES_KEY, b"{}"))["info"]["features"]
        described = {column: _inner(feature) for column, feature in features.items()}
        described |= {
            f"{column}.{key}": _inner(part)
            for column, feature in list(described.items())
            if "_type" not in feature
            for key, part in feature.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {
        column: [str(label) for label in feature["names"]]
        for column, feature in described.items()
        if feature.get("_type") == "ClassLabel" and feature.get("names")
    }


def _inner(feature: Any) -> dict[str, Any]:
    """The element's description of a list: versions of `datasets` write `[f]`, Sequence, List or LargeList."""
    if isinstance(feature, list) and len(feature) == 1:
        return _inner(feature[0])
    if isinstance(feature, dict) and feature.get("_type") in ("Sequence", "List", "LargeList"):
        return _inner(feature.get("feature"))
    return feature if isinstance(feature, dict) else {}


def _named(name: str, column: str, value: Any, classes: Sequence[str]) -> object:
    if isinstance(value, list):
        return [_named(name, column, element, classes) for element in value]
    if value is None or value == _NO_CLASS:
        return None
    if isinstance(value, int):
        if not 0 <= value < len(classes):
            raise DataError(
                f"{name}: {column} has the class number {value}, but only {len(classes)} class names.",
                "The file's metadata and its rows do not belong together; write it again.",
            )
        return classes[value]
    return str(value)
