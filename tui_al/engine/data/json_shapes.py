"""The ways in which JSON files put rows together, each read as a stream of objects where it can
be."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tui_al.engine.data.column_names import is_known_name
from tui_al.engine.data.json_values import JsonText
from tui_al.engine.data.split_names import split_of
from tui_al.engine.data.tables import LoadReport, some
from tui_al.errors import DataError

SHAPE = (
    'A JSON file is an array of objects, [{"text": ..., "label": ...}, ...], one such array in an '
    "object, "
    '{"data": [...]} or {"train": [...], "test": [...]}, or columns, {"text": [...], "label": '
    "[...]}."
)

#: Keys of a Label Studio task for what was said of it.
_SAID = ("annotations", "completions", "predictions")

_WORDS_OF_TEXT = 3  # on average, in an array of texts

Record = Mapping[str, Any]


def records_of_json(
    text: JsonText, load_report: LoadReport, key: str | None = None
) -> Iterator[Record]:
    """The rows of a JSON file, in order.

    Read piece by piece are an array of objects, and arrays of objects inside an object, whatever
    else it holds. Columns (`{"text": [...]}` or pandas' `{"text": {"0": ...}}`) and objects by
    their ids are held whole.

    Args:
        text: the file, at its beginning.
        load_report: take what was not read.
        key: of several arrays of objects the one to read, such as "train"; all of them, one after
        the other, if None and
            all are named as splits are.

    Raises:
        DataError: not JSON, or none of these shapes.
    """
    start = text.next_character()
    if start == "[":
        yield from _objects(text)
    elif start == "{":
        yield from _of_object(text, load_report, key)
    else:
        value = text.value()
        raise DataError(f"{text.name} holds {_kind(value)}, not a list of rows.", SHAPE)
    if text.next_character():
        raise text.error("there is more after its end")


def arrays_of_json(text: JsonText) -> list[str]:
    """The keys of a file's outermost object that hold arrays of objects, in order; the file is read
    to its end."""
    found: list[str] = []
    if text.next_character() != "{":
        return found
    for name in _keys(text):
        if text.begins_array_of_objects():
            found.append(name)
            for _ in _objects(text):
                pass
        else:
            text.value()
    return found


def _of_object(text: JsonText, load_report: LoadReport, key: str | None) -> Iterator[Record]:
    others: dict[str, Any] = {}
    read: list[str] = []
    for name in _keys(text):
        if not text.begins_array_of_objects():
            others[name] = text.value()
        elif key is not None and name != key:
            for _ in _objects(text):
                pass
        else:
            read.append(name)
            if len(read) > 1 and not all(split_of(one) for one in read):
                raise DataError(
                    f"{text.name} holds several arrays of objects: {some(read)}.",
                    f"Name the one that holds the rows, as --subset {read[-1]}, or keep only that "
                    "one.",
                )
            objects = _objects(text)
            first = next(objects)
            if name in _SAID and isinstance(first.get("result"), list):  # of a single task
                read.pop()
                others[name] = [first, *objects]
                continue
            yield first
            yield from objects
    if not read:
        yield from _of_values(text.name, others, load_report)
    elif others:
        load_report.notes.append(
            f"{text.name}: the rows are those of {some(read)}; not read: {some(others)}"
        )


def _keys(text: JsonText) -> Iterator[str]:
    """The keys of an object, each read up to its value, which is to be read before the next."""
    text.take("{")
    if text.next_character() == "}":
        text.take("}")
        return
    while True:
        if text.next_character() != '"':
            raise text.error("a key in double quotes is expected")
        key = text.value()
        text.take(":")
        yield key
        if text.take(",}") == "}":
            return


def _objects(text: JsonText) -> Iterator[Record]:
    """The elements of an array, each an object, or a string: a row with nothing but a text."""
    text.take("[")
    if text.next_character() == "]":
        text.take("]")
        return
    number = 0
    while True:
        number += 1
        value = text.value()
        value = {"text": value} if isinstance(value, str) else with_text(value)
        if not isinstance(value, dict):
            raise DataError(f"{text.name} row {number}: {_cut(value)} is not an object.", SHAPE)
        yield value
        if text.take(",]") == "]":
            return


def _of_values(name: str, content: Mapping[str, Any], load_report: LoadReport) -> Iterator[Record]:
    """Rows of an object that holds no array of objects: columns, objects by their ids, or the
    object itself."""
    values = list(content.values())
    if isinstance(content.get("data"), dict) and any(key in content for key in _SAID):
        return iter([content])  # one task of Label Studio
    pairs = content.get("annotations")
    if isinstance(pairs, list) and any(isinstance(with_text(pair), dict) for pair in pairs):
        return _of_pairs(name, pairs, [key for key in content if key != "annotations"], load_report)
    header, data = content.get("columns"), content.get("data")
    if isinstance(header, list) and isinstance(data, list):  # pandas: orient="split"
        return (dict(zip(map(str, header), row, strict=False)) for row in data)
    lists = {key: value for key, value in content.items() if isinstance(value, list)}
    if values and len(lists) == len(values):
        return _of_labels(name, lists, load_report) or _of_columns(name, lists)
    if values and all(isinstance(value, dict) and value for value in values):
        inner = list(values[0])
        same = all(list(value) == inner for value in values)
        as_columns = any(map(is_known_name, content)) or len(content) < len(inner)
        if same and as_columns and not any(map(is_known_name, inner)):
            columns = {key: list(value.values()) for key, value in content.items()}
            return _of_columns(name, columns)
        if len(values) > 1:
            return iter(values)
    if any(map(is_known_name, content)):
        return iter([content])
    keys = ", ".join(map(repr, content)) or "(none)"
    raise DataError(f"{name} is an object with the keys {keys}.", SHAPE)


def _of_pairs(
    name: str, pairs: Sequence[Any], others: Sequence[str], load_report: LoadReport
) -> Iterator[Record]:
    """Pairs of a text and an object, as spaCy's training data are written, inside an object that
    lists the types too."""
    empty = pairs.count(None)
    load_report.notes.append(f"{name}: the rows are those of annotations; not read: {some(others)}")
    if empty:
        load_report.warnings.append(
            f"{name}: left out: {empty:,} of the annotations, which are null"
        )
    for number, pair in enumerate(pairs, start=1):
        record = with_text(pair)
        if isinstance(record, dict):
            yield record
        elif pair is not None:
            raise DataError(
                f"{name} row {number}: {_cut(pair)} is not a text with an object.", SHAPE
            )


def _of_labels(
    name: str, lists: Mapping[str, Sequence[Any]], load_report: LoadReport
) -> Iterator[Record] | None:
    """Rows of an object that has an array of texts for each label; None for columns.

    Told are such arrays of one length as well, which are read as columns: nobody can tell.
    """
    named = any(is_known_name(key) or split_of(key) for key in lists)
    texts = [cell for cells in lists.values() for cell in cells]
    words = sum(len(cell.split()) for cell in texts if isinstance(cell, str))
    if named or len(lists) < 2 or not all(isinstance(cell, str) for cell in texts) or (
        words < _WORDS_OF_TEXT * len(texts)
    ):  # fmt: skip
        return None
    if len({len(cells) for cells in lists.values()}) == 1:
        load_report.warnings.append(
            f"{name}: {some(lists)} are read as columns; if they are labels, each with its texts, "
            "write rows "
            '{"text": ..., "label": ...}'
        )
        return None
    load_report.warnings.append(
        f"{name}: read as an array of texts for each label: "
        f"{some(f'{key} ({len(cells):,})' for key, cells in lists.items())} (guessed)"
    )
    return ({"text": text, "label": key} for key, cells in lists.items() for text in cells)


def _of_columns(name: str, columns: Mapping[str, Sequence[Any]]) -> Iterator[Record]:
    lengths = {key: len(column) for key, column in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} {length:,}" for key, length in lengths.items())
        raise DataError(f"{name} has columns of different lengths: {told}.", SHAPE)
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def with_text(value: Any) -> Any:
    """A pair of a text and an object, as spaCy's training data are written, as one object; anything
    else as it is."""
    match value:
        case [str(text), dict(rest)]:
            return {**rest, "text": text}
    return value


def _kind(value: object) -> str:
    names = {str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
