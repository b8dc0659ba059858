"""CSV, for classification: a header line and one annotation a line.

Cells are written as they are, so that they come back unchanged. A spreadsheet may take a cell that
begins with one of = + - @ for a formula and run it: open such a file through the spreadsheet's
import of text. `formulas` counts these cells for the warning."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_al.core.annotation.records import Annotation, Header
from tui_al.core.data.examples import Task
from tui_al.store.formats.files import write_text
from tui_al.store.formats.format import ALL_PARTS, Format, Part
from tui_al.store.formats.rows import columns, parser, to_row

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


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


CSV = Format(
    name="csv",
    summary="CSV with a header line; classification only",
    tasks=frozenset({Task.CLASSIFICATION}),
    carries=ALL_PARTS - {Part.DESCRIPTION},
    write=write,
    parser=parser,
    answers=frozenset({Task.TAGGING}),  # of Label Studio's CSV, entities as JSON in a cell
)
