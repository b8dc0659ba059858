"""Excel workbooks: a sheet as a table. A sheet is held whole, as the library reads it so."""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from tui_al.core.close_names import did_you_mean
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.compression import UNPACKING_ERRORS
from tui_al.engine.data.content import refuse_misnamed
from tui_al.engine.data.delimiters import names_text_and_label
from tui_al.engine.data.headers import header_of, lines_above_header, told_above
from tui_al.engine.data.tables import LoadReport, Table, some
from tui_al.engine.data.workbook_sizes import check_sizes
from tui_al.errors import DataError

_HEAD = 200  # rows that the header is guessed from


def stream_workbook(
    path: Path, name: str, config: DataConfig, load_report: LoadReport, rows: int
) -> Iterator[Table]:
    """A sheet of the workbook in tables of at most so many rows; see `_sheet`."""
    refuse_misnamed(path, name, ".xlsx")
    try:
        check_sizes(path, name)
        workbook = CalamineWorkbook.from_path(path)
        found = _sheet(name, workbook, config, load_report)
    except (*UNPACKING_ERRORS, CalamineError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise DataError(
                f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions."
            ) from error
        raise DataError(
            f"{name} is not a readable Excel workbook: {error}.", "Save it again as .xlsx or .csv."
        ) from error
    numbered = [(number, row) for number, row in found if any(cell is not None for cell in row)]
    head = [["" if cell is None else str(cell) for cell in row] for _, row in numbered[:_HEAD]]
    if above := lines_above_header(head, config):
        load_report.warnings.append(told_above(name, head[:above], f"row {numbered[above][0]}"))
        del numbered[:above], head[:above]
    names, has_header = header_of(name, head, config, load_report)
    body = numbered[has_header:]
    if not body:
        raise DataError(f"{name} has a header but no rows.", "Name a file with at least one row.")
    for start in range(0, len(body), rows):
        part = body[start : start + rows]
        cells = zip(*(row for _, row in part), strict=True)
        columns: dict[str, Sequence[object]] = dict(zip(names, cells, strict=True))
        yield Table(name, columns, [number for number, _ in part], "row")


def _sheet(
    name: str, workbook: CalamineWorkbook, config: DataConfig, load_report: LoadReport
) -> list[tuple[int, list[object]]]:
    """Rows of the sheet with their numbers in it, as wide as its widest, blank columns at its end
    cut off.

    It is the one asked for, else the first whose first row names a text and a label, else the first
    that holds anything."""
    sheets = workbook.sheet_names
    if config.subset is not None and config.subset not in sheets:
        raise DataError(
            f"{name} has no sheet {config.subset!r}.",
            f"{did_you_mean(config.subset, sheets)}--subset names one of: {some(sheets, 20)}.",
        ).at("subset")
    filled: dict[str, list[tuple[int, list[object]]]] = {}
    for sheet in [config.subset] if config.subset is not None else sheets:
        if rows := _rows_of(workbook, sheet):
            filled[sheet] = rows
            if names_text_and_label([str(cell or "") for cell in rows[0][1]]):
                return _told(name, sheet, sheets, rows, load_report)
    if not filled:
        raise DataError(f"{name} is empty.", "Name a file that has at least one row.")
    first, rows = next(iter(filled.items()))
    return _told(name, first, sheets, rows, load_report)


def _rows_of(workbook: CalamineWorkbook, sheet: str) -> list[tuple[int, list[object]]]:
    """Rows of a sheet with their numbers, as wide as its widest; none of a sheet without a cell."""
    found = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    rows = [(i, list(map(_plain, row))) for i, row in enumerate(found, start=1)]
    width = max((_width(row) for _, row in rows), default=0)
    return [(i, row[:width] + [None] * (width - len(row))) for i, row in rows] if width else []


def _told(
    name: str,
    sheet: str,
    sheets: Sequence[str],
    rows: list[tuple[int, list[object]]],
    load_report: LoadReport,
) -> list[tuple[int, list[object]]]:
    """The rows, where the sheets that are not read are told."""
    others = [other for other in sheets if other != sheet]
    if others:
        load_report.notes.append(
            f"{name}: the sheet {sheet} is read, not {some(others)} (--subset names another)"
        )
    return rows


def _width(row: Sequence[object]) -> int:
    return max((i for i, cell in enumerate(row, start=1) if cell is not None), default=0)


def _plain(cell: Any) -> object:
    """A cell as JSON would have it: dates as text, whole numbers without a fraction, nothing as
    None."""
    if cell == "":
        return None
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):
        return str(cell)
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell
