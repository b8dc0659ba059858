"""Cells that hold several labels: lists, lists written as text, labels apart by a separator. They
are refused."""

import ast
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tui_al.engine.data.tables import LoadReport, Table
from tui_al.errors import DataError

HINT = (
    "A row has one text and one label: data with several labels a text (multi-label) is not "
    "supported yet. "
    "--label-column names a column with one label."
)

_SEPARATORS = ("|", ";", ",", "#")  # the last of doccano's tables
_LIST = re.compile(r"\s*\[.*\]\s*", re.DOTALL)


def one_label_each(table: Table, column: str, *, asked: bool, load_report: LoadReport) -> bool:
    """Whether the cells are lists of one label, which then stands for the list; False for plain
    labels.

    Args:
        table: a sample of the rows.
        column: of the labels.
        asked: the person named it. Then labels with a separator in them are taken as they are, with
        a warning. findings: take what was found.

    Raises:
        DataError: a cell holds several labels.
    """
    _refuse_objects(table, column)
    cells = [
        (i, cell) for i, cell in enumerate(table.columns.get(column, ())) if cell not in (None, "")
    ]
    lists = [(i, labels_of(cell)) for i, cell in cells]
    if cells and all(labels is not None for _, labels in lists):
        for i, labels in lists:
            if labels is not None and len(labels) > 1:
                raise several(table.origin(i), column, labels)
        load_report.notes.append(
            f"{table.name}: each cell of {column!r} is a list of one label, which is taken"
        )
        return True
    if found := _separator([cell for _, cell in cells if isinstance(cell, str)]):
        separator, example = found
        told = f"the column {column!r} holds labels apart by {separator!r}, as {example!r}"
        if not asked:
            raise DataError(
                f"{table.name}: {told}.",
                f"{HINT} Named there, this one is taken with each combination as a class.",
            )
        load_report.warnings.append(f"{told}: each combination counts as a class of its own")
    return False


def _refuse_objects(table: Table, column: str) -> None:
    """DataError for a row whose label is an object where others have a text, as Label Studio writes
    several choices beside single ones: its fields are columns of their own, and the label would be
    none."""
    cells = table.columns.get(column, ())
    for name, inside in table.columns.items():
        if not name.startswith(f"{column}."):
            continue
        for i, cell in enumerate(inside):
            if cells[i] is None and cell is not None:
                found = labels_of(cell)
                raise several(table.origin(i), name, [cell] if found is None else found)


def several(origin: str, column: str | None, labels: Sequence[object]) -> DataError:
    """The error for a row of several labels."""
    shown = json.dumps(labels, ensure_ascii=False, default=str)
    return DataError(f"{origin}: the column {column!r} holds a list: {shown[:60]}.", HINT)


def labels_of(cell: object) -> list[Any] | None:
    """The elements of a list, or of one that is written as text, as Python and JSON write it; None
    for any other cell."""
    if isinstance(cell, list):
        return cell
    if not isinstance(cell, str) or not _LIST.fullmatch(cell):
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, list):
            return value
    return None


def _separator(cells: Sequence[str]) -> tuple[str, str] | None:
    """What separates labels in a cell, with an example: the parts of most such cells are labels in
    other cells too."""
    values = Counter(cell.strip() for cell in cells)
    for separator in _SEPARATORS:
        combined = {v: [p.strip() for p in v.split(separator)] for v in values if separator in v}
        if not combined or not all(all(parts) for parts in combined.values()):
            continue
        known = Counter(part for parts in combined.values() for part in set(parts))
        known.update(value for value in values if separator not in value)
        shared = [v for v, parts in combined.items() if all(known[part] > 1 for part in parts)]
        if 2 * len(shared) > len(combined):
            return separator, shared[0]
    return None
