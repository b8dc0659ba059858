"""CSV, for classification: a header line and one annotation a line.

Cells are written as they are, so that they come back unchanged. A spreadsheet may take a cell that begins with one of = + - @ for
a formula and run it: open such a file through the spreadsheet's import of text. `formulas` counts these cells for the warning.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tui_al.core.annotations import Annotation, Header
from tui_al.core.tasks import Task
from tui_al.errors import DataError
from tui_al.store.formats.files import read_text, write_text
from tui_al.store.formats.format import ALL_PARTS, Format, Part
from tui_al.store.formats.reading import (
    DEFAULTS,
    ItemError,
    Read,
    Reading,
    ReadOptions,
    read_items,
)
from tui_al.store.formats.rows import columns, parser, to_row

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_LARGEST_FIELD = 2**31 - 1
_SNIFFED = 65_536  # characters


def write(path: Path, header: Header, annotations: Sequence[Annotation]) -> None:
    """Fields by commas, quoted where they need it; lines end as RFC 4180 has it."""
    write_text(path, _records(header, annotations))


def _records(header: Header, annotations: Sequence[Annotation]) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    names = columns(header.task)
    for cells in (names, *(to_row(a, header.task).values() for a in annotations)):
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(["" if cell is None else cell for cell in cells])
        yield buffer.getvalue()


def formulas(annotations: Sequence[Annotation]) -> int:
    """Texts, labels, names and notes that a spreadsheet may take for formulas."""
    return sum(
        cell.startswith(_FORMULA_STARTS)
        for a in annotations
        for cell in (a.text, a.answer, a.annotator, a.note, a.reason)
        if isinstance(cell, str)
    )


def read(path: Path, task: Task, options: ReadOptions = DEFAULTS) -> Read:
    """Commas, semicolons or tabs (seen in the header line); texts in `text`, see `rows.parser`."""
    text = read_text(path)
    first = text[:_SNIFFED].split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    old_limit = csv.field_size_limit(_LARGEST_FIELD)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        wanted = options.text_column or "text"
        names = list(reader.fieldnames or ())
        if wanted not in names:
            raise DataError(
                f"{path.name}:1: no column is called {wanted!r}, only {', '.join(names) or 'none'}.",
                "The first line names the columns; --text-column and --label-column say which to read.",
            )
        return read_items(_items(reader, path.name), parser, Reading(task, options))
    finally:
        csv.field_size_limit(old_limit)


def _items(reader: "csv.DictReader[str]", name: str) -> Iterator[tuple[object, str]]:
    """The records; ItemError for one with too few or too many fields. DataError where a quote stays open."""
    wanted, line = len(reader.fieldnames or ()), 2
    try:
        for record in reader:
            place, item = f"{name}:{line}", dict[Any, Any](record)
            line = reader.line_num + 1
            if None not in record and None not in record.values():
                yield item, place
                continue
            yield (
                ItemError(
                    f"{place}: as many fields as the first line has are wanted, {wanted}.",
                    "Put fields that hold the delimiter or a line break in double quotes.",
                    "with too few or too many fields",
                ),
                place,
            )
    except csv.Error as error:
        raise DataError(
            f"{name}:{line}: {error}.", "Every opening quote needs a closing one."
        ) from error


CSV = Format(
    name="csv",
    summary="CSV with a header line; classification only",
    tasks=frozenset({Task.CLASSIFICATION}),
    carries=ALL_PARTS - {Part.DESCRIPTION},
    write=write,
    read=read,
    parser=parser,
    answers=frozenset({Task.TAGGING}),  # of Label Studio's CSV, entities as JSON in a cell
)
