"""What separates the fields of a file: what the person names, what its first line sets, or what the
lines agree on."""

import csv
import re
from collections.abc import Sequence

from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.column_names import LABEL_NAMES, TEXT_NAMES, is_known_name
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.tables import LoadReport
from tui_al.errors import DataError

#: Delimiters that are tried; where several fit alike the first is taken.
_NAMES = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma"}

#: Separates the fields of a file that has one column: a character that no text holds.
NONE = "\x1f"

_HEAD = 200  # lines that are looked at
_MOST_REMARKS = 20  # lines before a header
_NEARLY_ALL = 0.8  # of the records as wide as the first: the delimiter, and an error in the others
_SETTING = re.compile(r'\ufeff?"?sep=(.)"?\s*', re.IGNORECASE)


def delimiter_of(lines: Lines, config: DataConfig, load_report: LoadReport) -> str:
    """The delimiter, NONE for a file of one column. A first line `sep=;`, as Excel writes it, is
    taken out of `lines`."""
    asked = _asked(config)
    first = lines.peek(1)
    if first and (match := _SETTING.fullmatch(first[0])):
        next(lines)
        load_report.notes.append(
            f"{lines.name}: the first line, sep={match[1]}, sets the delimiter"
            if match[1] != "\t"
            else f"{lines.name}: the first line, sep= and a tab, sets the delimiter"
        )
        return asked or match[1]
    if asked is not None:
        return asked
    head = lines.peek(_HEAD)
    if re.search(r"\.(tsv|tab)\b", lines.name, re.IGNORECASE) and any(
        "\t" in line for line in head
    ):
        return "\t"
    return _guessed(lines, head, load_report)


def is_setting(lines: Lines) -> bool:
    """Whether the first line is one that Excel writes to set the delimiter."""
    return any(map(_SETTING.fullmatch, lines.peek(1)))


def line_of_header(lines: Lines, config: DataConfig) -> int | None:
    """Which line from 1 names the columns, where an exporter's remarks stand before it; None where
    none do.

    It names a text and a label as they are usually called. The lines before it are no rows: they
    have fewer fields or more, or leave the last one empty.
    """
    asked = _asked(config)
    head = lines.peek(_MOST_REMARKS + 1)
    if config.header is not None or not head:
        return None
    for number, line in enumerate(head, start=1):
        for delimiter in [asked] if asked else _NAMES:
            if names_text_and_label(cells_of(line, delimiter)):
                width = len(cells_of(line, delimiter))
                before = [one for one in head[: number - 1] if one.strip()]
                return None if not before or _may_hold_rows(before, delimiter, width) else number
    return None


def _may_hold_rows(lines: Sequence[str], delimiter: str, width: int) -> bool:
    try:
        records = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        return True
    return any(len(fields) == width and fields[-1].strip() for fields in records)


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of a header line, without quotes and blanks around."""
    return [cell.strip(' \r\n"\ufeff') for cell in line.split(delimiter)]


def names_text_and_label(cells: Sequence[str]) -> bool:
    """Whether two cells are names that a text and a label usually have, the whole cell."""
    names = [cell.lower() for cell in cells]
    texts = [name for name in names if name in TEXT_NAMES]
    labels = [name for name in names if name in LABEL_NAMES]
    return bool(texts and labels) and len(set(texts + labels)) > 1


def delimiter_of_table(head: Sequence[str]) -> str | None:
    """The delimiter of lines that are a table: their first names a text and a label, and all have
    as many fields; else None."""
    for delimiter in _NAMES:
        if not names_text_and_label(cells_of(head[0], delimiter)):
            continue
        widths = _widths(head, delimiter, complete=False)
        if len(set(widths)) == 1 and widths[0] > 1:
            return delimiter
    return None


def delimiter_in_all(head: Sequence[str]) -> tuple[str, int] | None:
    """A tab, semicolon or bar that every line has equally often, twice or more, and the fields it
    makes; None without one."""
    for delimiter in ("\t", ";", "|"):
        counts = {line.count(delimiter) for line in head}
        if len(counts) == 1 and min(counts) >= 2:
            return _NAMES[delimiter], min(counts) + 1
    return None


def _asked(config: DataConfig) -> str | None:
    if config.delimiter is None:
        return None
    delimiter = "\t" if config.delimiter in ("\\t", "tab") else config.delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise DataError(
            f"--delimiter {config.delimiter!r} cannot separate fields.",
            r'Give one character, as ";" or "\t".',
        ).at("delimiter")
    return delimiter


def _guessed(lines: Lines, head: Sequence[str], load_report: LoadReport) -> str:
    """The one that gives every record the same number of fields; of several, one that is not
    followed by blanks."""
    widths = {delimiter: _widths(head, delimiter, lines.at_end) for delimiter in _NAMES}
    fitting = [d for d, found in widths.items() if found and found[0] > 1 and len(set(found)) == 1]
    if fitting:
        chosen = min(fitting, key=lambda d: _is_punctuation(head, d))
        if chosen != "," or len(fitting) > 1:
            others = [_NAMES[d] for d in fitting if d != chosen]
            why = f"guessed before {' and '.join(others)}" if others else "guessed"
            load_report.notes.append(
                f"{lines.name}: fields are separated by {_NAMES[chosen]} ({why}; --delimiter "
                "overrides)"
            )
        return chosen
    shares = {
        d: found.count(found[0]) / len(found)
        for d, found in widths.items()
        if found and found[0] > 1
    }
    best = max(shares, key=shares.__getitem__, default=None)
    if best is not None and (shares[best] >= _NEARLY_ALL or _names_columns(head, best)):
        if best != ",":
            load_report.notes.append(
                f"{lines.name}: fields are separated by {_NAMES[best]} (guessed; --delimiter "
                "overrides)"
            )
        return best  # the reader names the line that does not fit
    if any(set(found) != {1} for found in widths.values() if found):
        load_report.notes.append(
            f"{lines.name}: read as one column, since no delimiter gives every line as many "
            "fields (--delimiter names one)"
        )
    return NONE


def _widths(head: Sequence[str], delimiter: str, complete: bool) -> list[int]:
    """Fields of each record; the last is left out where lines after it are not known."""
    widths = []
    try:
        for fields in csv.reader(head, delimiter=delimiter, skipinitialspace=True, strict=True):
            if fields:
                widths.append(len(fields))
    except csv.Error:
        if complete or delimiter == "\t":  # else a quote that closes after the last of these lines
            return [line.count(delimiter) + 1 for line in head if line.strip()]
        return widths
    return widths if complete or len(widths) < 2 else widths[:-1]


def _is_punctuation(head: Sequence[str], delimiter: str) -> bool:
    """Whether a blank follows as a rule, as after commas of a sentence."""
    followed = sum(f"{delimiter} " in line for line in head)
    return followed * 2 > sum(delimiter in line for line in head)


def _names_columns(head: Sequence[str], delimiter: str) -> bool:
    first = next((line for line in head if line.strip()), "")
    return any(is_known_name(cell.strip(' \r\n"')) for cell in first.split(delimiter))
