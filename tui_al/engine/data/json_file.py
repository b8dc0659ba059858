"""JSON and JSON lines: objects as rows, nested fields under names with dots."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import tables as sizes
from tui_al.engine.data.annotated_records import RecordConverter, recognise
from tui_al.engine.data.content import begins_as_json, refuse_no_json
from tui_al.engine.data.json_shapes import records_of_json, with_text
from tui_al.engine.data.json_values import JsonText
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.tables import LoadReport, Table, check_columns, place_of
from tui_al.errors import DataError
from tui_al.store.formats.reading import ItemError, Reason
from tui_al.store.tally import Tally

_HEAD = 200  # records that are looked at
_LONGEST_LINE = 1 << 20  # characters; of a file without line breaks no more is read ahead
_DEEPEST = 5  # levels of nested fields
_LINES = 'Every line is one object, as {"text": ..., "label": ...}.'
_EACH_LINE = "read as JSON lines, an object on each"
_ONE_VALUE = "read as one JSON value, not an object a line"
_LEAVES_OUT = "--skip-mismatched leaves such lines out."

#: A record's number, counted from 1 or that of its line, what it holds, and about how many
#: characters it takes.
Numbered = tuple[int, Mapping[str, Any]]


def stream_json(lines: Lines, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
    """The objects of a JSON file, in whichever of the usual ways they are put together; see
    `records_of_json`."""
    refuse_no_json(lines.name, _filled(lines))
    if is_json_lines(lines):
        load_report.notes.append(f"{lines.name}: {_EACH_LINE}")
        return _of_lines(lines, config, load_report)
    return _of_json(lines, config, load_report)


def stream_json_lines(lines: Lines, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
    """One object a line; blank lines are skipped. A file that is one JSON value is read as such."""
    refuse_no_json(lines.name, _filled(lines))
    if is_one_json(lines):
        load_report.notes.append(f"{lines.name}: {_ONE_VALUE}")
        return _of_json(lines, config, load_report)
    return _of_lines(lines, config, load_report)


def json_whatever_its_name(
    lines: Lines, config: DataConfig, load_report: LoadReport
) -> Iterator[Table] | None:
    """The rows of a file that is called as texts or tables are, but holds JSON, told; None for one
    that holds none."""
    if is_json_lines(lines):
        load_report.notes.append(f"{lines.name}: {_EACH_LINE}")
        return _of_lines(lines, config, load_report)
    head = _filled(lines)
    if is_one_json(lines) or (
        len(head) == 1 and begins_as_json(head[0]) and isinstance(_parsed(head[0]), dict)
    ):
        load_report.notes.append(f"{lines.name}: {_ONE_VALUE}")
        return _of_json(lines, config, load_report)
    return None


def _of_json(lines: Lines, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
    records = records_of_json(JsonText(lines), load_report, config.subset)
    return _tables(lines.name, enumerate(records, start=1), "row", config, load_report)


def _of_lines(lines: Lines, config: DataConfig, load_report: LoadReport) -> Iterator[Table]:
    records = _objects_of_lines(lines, load_report, leave_out=config.misfits == "leave out")
    return _tables(lines.name, records, "line", config, load_report)


def is_json_lines(lines: Lines) -> bool:
    """Whether the first two lines are an object each; they stay to be read."""
    filled = _filled(lines)[:2]
    return len(filled) == 2 and all(isinstance(_parsed(line), dict) for line in filled)


def is_one_json(lines: Lines) -> bool:
    """Whether the file begins as one JSON value with rows in it: an array, or an object that goes
    on over its lines. It stays to be read."""
    if not begins_as_json(lines.beginning()):
        return False
    first, second, *_ = *_filled(lines)[:2], "", ""
    value = _parsed(first)
    if lines.beginning().lstrip("\ufeff \t\r\n").startswith("["):
        return value is None or not second
    broken = second.lstrip().startswith("{") and not first.rstrip().endswith(("{", "["))
    return value is None and not broken


def _filled(lines: Lines) -> list[str]:
    return [line for line in lines.peek(_HEAD, _LONGEST_LINE) if line.strip("\0 \t\r\n")]


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def items_of_any(
    lines: Lines, load_report: LoadReport, key: str | None = None, *, in_lines: bool
) -> Iterator[tuple[object, str]]:
    """The objects of a JSON file, or of JSON lines, whichever of the two it holds; told where its
    name says the other.

    Args:
        lines: the file.
        load_report: takes what was guessed and what was not read.
        key: of several arrays of objects the one to read.
        in_lines: whether its name says JSON lines.
    """
    refuse_no_json(lines.name, _filled(lines))
    if in_lines and is_one_json(lines):
        load_report.notes.append(f"{lines.name}: {_ONE_VALUE}")
        return items_of_json(lines, load_report, key)
    if not in_lines and is_json_lines(lines):
        load_report.notes.append(f"{lines.name}: {_EACH_LINE}")
        return items_of_lines(lines)
    return items_of_lines(lines) if in_lines else items_of_json(lines, load_report, key)


def items_of_lines(lines: Lines) -> Iterator[tuple[object, str]]:
    """The value of every line that is not blank, with its place; an ItemError for one that is no
    JSON."""
    for line in lines:
        if not line.strip("\0 \t\r\n"):
            continue
        place = place_of(lines.name, lines.number, "line")
        try:
            yield json.loads(line), place
        except (ValueError, RecursionError) as error:
            yield (
                ItemError(
                    f"{place}: not valid JSON: {error}.",
                    "Every line of a JSON lines file is one complete object.",
                    Reason.BROKEN,
                ),
                place,
            )


def items_of_json(
    lines: Lines, load_report: LoadReport, key: str | None = None
) -> Iterator[tuple[object, str]]:
    """The objects of a JSON file, as `stream_json` has them, each with its place; of several arrays
    those of `key`."""
    records = records_of_json(JsonText(lines), load_report, key)
    for number, record in enumerate(records, start=1):
        yield record, place_of(lines.name, number, "row")


def _objects_of_lines(
    lines: Lines, load_report: LoadReport, *, leave_out: bool
) -> Iterator[Numbered]:
    """The objects; a line that holds none is a DataError, or left out and told once all are
    read."""
    left_out = Tally()
    for item, place in items_of_lines(lines):
        record = with_text(item)
        if isinstance(record, dict):
            yield lines.number, record
            continue
        broken = item if isinstance(item, ItemError) else None
        if leave_out:
            left_out.add(broken.reason if broken else Reason.NO_OBJECT, place)
            continue
        message = broken.message if broken else f"{place}: {short(record)} is not an object."
        raise DataError(message, f"{broken.hint if broken else _LINES} {_LEAVES_OUT}")
    load_report.warnings.extend(f"{lines.name}: left out: {line}" for line in left_out.told())


def _tables(
    name: str, records: Iterator[Numbered], unit: str, config: DataConfig, load_report: LoadReport
) -> Iterator[Table]:
    head = list(islice(records, _HEAD))
    converter = recognise([record for _, record in head], name, config, load_report)
    records = chain(head, records)
    settled = None
    if converter is not None:
        records, settled = _converted(name, records, unit, converter), converter.settled
    for block in _blocks(records):
        yield table_of(name, block, unit, settled)
    if converter is not None:
        converter.finish()


def _converted(
    name: str, records: Iterator[Numbered], unit: str, converter: RecordConverter
) -> Iterator[Numbered]:
    for number, record in records:
        row = converter.convert(record, place_of(name, number, unit))
        if row is not None:
            yield number, row


def _blocks(records: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    block: list[Numbered] = []
    size = 0
    for number, record in records:
        block.append((number, record))
        size += sum(len(value) for value in record.values() if isinstance(value, str))
        if len(block) >= sizes.ROWS or size >= sizes.CHARACTERS:
            yield block
            block, size = [], 0
    if block:
        yield block


def table_of(
    name: str, records: Sequence[Numbered], unit: str, settled: Task | None = None
) -> Table:
    """Records as rows of a table that has every field of any of them; a field that a record lacks
    is None."""
    rows = [dict(fields_of(record)) if settled is None else record for _, record in records]
    keys = dict.fromkeys(key for row in rows for key in row)
    check_columns(name, len(keys))
    columns: dict[str, Sequence[object]] = {key: [row.get(key) for row in rows] for key in keys}
    numbers = [number for number, _ in records]
    uneven = settled is None
    if unit == "line":
        return Table(name, columns, numbers, "line", settled, uneven=uneven)
    return Table(name, columns, numbers, "row", settled, uneven=uneven)


def fields_of(
    record: Mapping[str, Any], before: str = "", depth: int = 1
) -> Iterable[tuple[str, Any]]:
    """The fields of an object and of those in it: `{"data": {"text": 1}}` has the field
    `data.text`."""
    for key, value in record.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            yield from fields_of(value, f"{before}{key}.", depth + 1)
        else:
            yield f"{before}{key}", value


def short(value: object) -> str:
    """The value as JSON, cut."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
