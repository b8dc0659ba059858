"""JSON (an array of objects, or {"data": [...]}) and JSON lines."""

import json
from collections.abc import Mapping, Sequence

from tui_al.engine.data.tables import Table
from tui_al.engine.data.text_file import lines_of
from tui_al.errors import DataError

_SHAPE = 'A JSON file is an array of objects, [{"text": ..., "label": ...}, ...], or {"data": [...]} around one.'


def read_json(name: str, text: str) -> Table:
    """Objects are rows; a key that an object lacks counts as None. Row numbers count objects from 1."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        hint = "One object a line is JSON lines: name the file .jsonl." if _is_lines(text) else ""
        raise DataError(
            f"{name}:{error.lineno}: not valid JSON: {error.msg} (column {error.colno}).",
            hint or "Check the file with a JSON tool.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: not valid JSON: {error}.", _SHAPE) from error
    if isinstance(content, dict):
        if not isinstance(content.get("data"), list):
            raise DataError(
                f"{name} is an object with the keys {', '.join(map(repr, content)) or '(none)'}.",
                _SHAPE,
            )
        content = content["data"]
    if not isinstance(content, list):
        raise DataError(f"{name} holds {type(content).__name__}, not a list of rows.", _SHAPE)
    for number, row in enumerate(content, start=1):
        check_object(name, number, row)
    return table_of_objects(name, content, range(1, len(content) + 1), "row")


def read_json_lines(name: str, text: str, first: int = 1) -> Table:
    """One object a line; blank lines are skipped. `first` is the number of the first line."""
    rows: list[Mapping[str, object]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines_of(text), start=first):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{name}:{number}: not valid JSON: {error}.",
                "Every line of a JSON lines file is one complete object.",
            ) from error
        if not isinstance(row, dict):
            raise DataError(
                f"{name}:{number}: {_short(row)} is no object.",
                'Every line is one object, as {"text": ..., "label": ...}.',
            )
        rows.append(row)
        numbers.append(number)
    return table_of_objects(name, rows, numbers, "line")


def check_object(name: str, number: int, row: object) -> None:
    """DataError if the row is no object."""
    if not isinstance(row, dict):
        raise DataError(f"{name} row {number}: {_short(row)} is no object.", _SHAPE)


def table_of_objects(
    name: str, rows: Sequence[Mapping[str, object]], numbers: Sequence[int], unit: str
) -> Table:
    """Objects as rows of a table that has every key of any of them."""
    if not rows:
        raise DataError(f"{name} holds no rows.", "Name a file with at least one row.")
    keys = dict.fromkeys(key for row in rows for key in row)
    columns: dict[str, Sequence[object]] = {key: [row.get(key) for row in rows] for key in keys}
    return Table(name, columns, numbers, "line" if unit == "line" else "row")


def _is_lines(text: str) -> bool:
    first = text.strip().split("\n", 1)[0]
    try:
        return isinstance(json.loads(first), dict)
    except ValueError:
        return False


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
