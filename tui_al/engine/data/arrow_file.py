"""Parquet and Arrow files, and folders written by `save_to_disk`; class names come from the
schema's metadata.

The libraries that wrote them are not needed to read them: `datasets` leaves plain Arrow streams, a
`state.json` that lists them, and its feature types as JSON in the schema.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tui_al.core.settings.experiment import DataConfig
from tui_al.core.small_files import read_small
from tui_al.engine.data.allowance import Allowance, within_memory
from tui_al.engine.data.content import ARROW_MARK, refuse_misnamed
from tui_al.engine.data.tables import LoadReport, Table
from tui_al.errors import DataError

_SAVE_AGAIN = "Save the data set again with save_to_disk."
_SAID = 200  # characters of an error of the library
_STATE, _SPLITS = "state.json", "dataset_dict.json"
_FEATURES_KEY = b"huggingface"
_NO_CLASS = -1  # how `datasets` writes a missing class label


def stream_parquet(
    path: Path, name: str, _config: DataConfig, _findings: LoadReport, rows: int
) -> Iterator[Table]:
    """A Parquet file in tables of at most so many rows; columns of types that hold neither texts
    nor labels are left out."""
    yield from _tables(name, parquet_batches(path, name, rows))


def stream_arrow(
    path: Path, name: str, _config: DataConfig, _findings: LoadReport, rows: int
) -> Iterator[Table]:
    """An Arrow IPC file or stream (`.arrow`, `.feather`) in tables of at most so many rows."""
    yield from _tables(name, arrow_batches(path, name, rows))


def parquet_batches(path: Path, name: str, rows: int) -> Iterator[Any]:
    """The record batches of a Parquet file, of at most so many rows, each validated. DataError if
    it is damaged, or holds far more than its size allows."""
    refuse_misnamed(path, name, ".parquet")
    # Another thread that gets no memory ends the process, so there is none.
    with _damage_told(name, "Parquet"), pq.ParquetFile(path, pre_buffer=False) as file:
        allowance = Allowance(path, name, table=True)
        allowance.check(0, file.metadata.num_rows)
        batches = file.iter_batches(batch_size=rows, use_threads=False)
        yield from _plain_batches(batches, name, rows, allowance)


def arrow_batches(path: Path, name: str, rows: int) -> Iterator[Any]:
    """The record batches of an Arrow IPC file or stream, of at most so many rows, each validated.
    DataError if it is damaged, or holds far more than its size allows.

    The file is read, not mapped: where a mapped one is shorter than it says, or cut while it is
    read, the system ends the process. Arrow checks a batch only when asked, and follows offsets
    beyond its memory where nobody asks."""
    refuse_misnamed(path, name, ".arrow")
    options = pa.ipc.IpcReadOptions(use_threads=False)
    with _damage_told(name, "Arrow"), pa.OSFile(str(path)) as source:
        allowance = Allowance(path, name, table=True)
        is_file = source.read(len(ARROW_MARK)) == ARROW_MARK
        source.seek(0)
        if is_file:
            reader = pa.ipc.open_file(source, options=options)
            batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
        else:
            batches = iter(pa.ipc.open_stream(source, options=options))
        yield from _plain_batches(batches, name, rows, allowance)


def _plain_batches(
    batches: Iterator[Any], name: str, rows: int, allowance: Allowance
) -> Iterator[Any]:
    """The batches, validated, in pieces of at most so many rows, in which each row has its own
    values: Arrow holds a value once to which a million rows refer, by a dictionary, a view or a
    run, or not at all. Of all of them no more is made than the allowance has."""
    for batch in within_memory(batches, name, allowance):
        batch.validate(full=True)
        _check_names(batch.schema)
        allowance.take(0, batch.num_rows)
        starts = range(0, batch.num_rows, rows)
        pieces = (_plain_batch(batch.slice(start, rows)) for start in starts)
        for piece in within_memory(pieces, name, allowance):
            allowance.take(piece.nbytes, 0)
            yield piece


def _plain_batch(batch: Any) -> Any:
    """A batch in which no two rows share a value, without the columns of which that is not to be
    had; they hold neither texts nor labels."""
    given = zip(batch.schema.names, batch.columns, strict=True)
    columns = {name: _plain_column(column) for name, column in given if not _shares(column.type)}
    schema = pa.schema({name: column.type for name, column in columns.items()})
    schema = schema.with_metadata(batch.schema.metadata)
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=schema)


def _shares(kind: Any) -> bool:
    """Whether rows of this type may share values in a way that no cast undoes."""
    types = pa.types
    checks = (
        types.is_run_end_encoded,
        types.is_list_view,
        types.is_large_list_view,
        types.is_union,
    )
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return any(check(kind) for check in checks) or any(map(_shares, inner))


def _plain_column(column: Any) -> Any:
    kind, types = column.type, pa.types
    if types.is_dictionary(kind) and types.is_nested(kind.value_type):
        return _plain_column(column.dictionary_decode())
    plain = _plain_type(kind)
    return column if plain == kind else column.cast(plain)


def _plain_type(kind: Any) -> Any:
    """The type of values as each row has its own; numbers in place of nulls, which take bytes."""
    types = pa.types
    if types.is_dictionary(kind):
        value = _plain_type(kind.value_type)
        return pa.large_string() if types.is_string(value) else value
    if types.is_string_view(kind):
        return pa.large_string()
    if types.is_null(kind):
        return pa.int64()
    if types.is_fixed_size_list(kind):
        return pa.list_(_plain_type(kind.value_type), kind.list_size)
    if types.is_map(kind):
        return pa.map_(_plain_type(kind.key_type), _plain_type(kind.item_type))
    if types.is_list(kind) or types.is_large_list(kind):
        value = _plain_type(kind.value_type)
        return kind if types.is_list(kind) and value == kind.value_type else pa.large_list(value)
    if types.is_struct(kind):
        return pa.struct([(field.name, _plain_type(field.type)) for field in kind])
    return kind


def _check_names(fields: Any) -> None:
    """UnicodeDecodeError for a column, or a part of one, whose name is not UTF-8."""
    for field in fields:
        str(field.name)
        kind = field.type
        _check_names([kind.field(place) for place in range(kind.num_fields)])


@contextmanager
def _damage_told(name: str, kind: str) -> Iterator[None]:
    """Errors of the library, and of names of columns that are no UTF-8, as a DataError."""
    try:
        yield
    except MemoryError:  # of the library too, though it calls them its own
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError) as error:
        raise DataError(
            f"{name} is not a readable {kind} file: {_said(error)}.", "Copy or write it again."
        ) from error


def _said(error: Exception) -> str:
    """What an error says, on one line, without what is damaged itself."""
    return " ".join(str(error).split()).rstrip(".")[:_SAID] or type(error).__name__


def _tables(name: str, batches: Iterator[Any]) -> Iterator[Table]:
    first = 1
    for batch in batches:
        if batch.num_rows:
            yield _table(name, batch, first)
            first += batch.num_rows


def saved_splits(folder: Path) -> dict[str, list[Path]] | None:
    """The Arrow files of a folder written by `save_to_disk`, by split; None for any other folder.

    Raises:
        DataError: a list of its splits or files cannot be read, or names anything but what lies in
        that folder.
    """
    if (folder / _SPLITS).is_file():
        splits = _listed(folder / _SPLITS, _json(folder / _SPLITS).get("splits", []))
        return {split: _saved_files(folder / split) for split in splits}
    if (folder / _STATE).is_file():
        return {"train": _saved_files(folder)}
    return None


def _saved_files(folder: Path) -> list[Path]:
    state = folder / _STATE
    if not state.is_file():
        raise DataError(f"{state} is missing.", "Save the data set again.")
    entries = _json(state).get("_data_files", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DataError(f"{state}: its data files are no list of objects.", _SAVE_AGAIN)
    return [folder / name for name in _listed(state, [entry.get("filename") for entry in entries])]


def _listed(path: Path, names: object) -> list[str]:
    """Names of files or folders, each a plain one, so that nothing elsewhere is read. DataError for
    any other."""
    if not isinstance(names, list):
        raise DataError(f"{path}: {names!r:.60} is not a list of names.", _SAVE_AGAIN)
    for name in names:
        plain = isinstance(name, str) and name not in ("", ".", "..")
        if not plain or any(sign in name for sign in "/\\\0"):
            raise DataError(f"{path}: {name!r:.60} is not a name of a file beside it.", _SAVE_AGAIN)
    return names


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_small(path))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}.", _SAVE_AGAIN) from error
    if not isinstance(content, dict):
        raise DataError(f"{path} is not a JSON object.", _SAVE_AGAIN)
    return content


def _table(name: str, batch: Any, first: int) -> Table:
    classes = class_names_of(batch.schema)
    columns: dict[str, Sequence[object]] = {}
    for index, field in enumerate(batch.schema):
        if not _is_plain(field.type) and not _holds_entities(field.type):
            continue
        values = batch.column(index).to_pylist()
        if classes:
            values = [with_class_names(name, field.name, value, classes) for value in values]
        columns[field.name] = values
    return Table(name, columns, range(first, first + batch.num_rows))


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


def class_names_of(schema: Any) -> dict[str, list[str]]:
    """Column to class names, for ClassLabel and lists of it, from `datasets`' own feature
    description in the metadata."""
    try:
        features = json.loads((schema.metadata or {})[_FEATURES_KEY])["info"]["features"]
        described = {column: _inner(feature) for column, feature in features.items()}
        described |= {
            f"{column}.{key}": _inner(part)
            for column, feature in list(described.items())
            if "_type" not in feature
            for key, part in feature.items()
        }
        return {
            column: [str(label) for label in feature["names"]]
            for column, feature in described.items()
            if feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _inner(feature: Any) -> dict[str, Any]:
    """The element's description of a list: versions of `datasets` write `[f]`, Sequence, List or
    LargeList."""
    if isinstance(feature, list) and len(feature) == 1:
        return _inner(feature[0])
    if isinstance(feature, dict) and feature.get("_type") in ("Sequence", "List", "LargeList"):
        return _inner(feature.get("feature"))
    return feature if isinstance(feature, dict) else {}


def with_class_names(
    name: str, column: str, value: Any, classes: Mapping[str, Sequence[str]]
) -> object:
    """A cell with names in place of class numbers, in lists and objects too. DataError for a number
    without a name."""
    if isinstance(value, list):
        return [with_class_names(name, column, item, classes) for item in value]
    if isinstance(value, dict):
        return {k: with_class_names(name, f"{column}.{k}", v, classes) for k, v in value.items()}
    if column not in classes:
        return value
    names = classes[column]
    if value is None or value == _NO_CLASS:
        return None
    if isinstance(value, int):
        if not 0 <= value < len(names):
            raise DataError(
                f"{name}: {column} has the class number {value}, but only {len(names)} class "
                "names.",
                "The file's metadata and its rows do not belong together; write it again.",
            )
        return names[value]
    return str(value)
