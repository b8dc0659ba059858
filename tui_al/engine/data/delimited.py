"""CSV and TSV."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from tui_al.core.config import DataConfig
from tui_al.engine.data.columns import is_known_name
from tui_al.engine.data.tables import Findings, Table
from tui_al.errors import DataError

_DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
_LARGEST_FIELD = 2**31 - 1
_LONGEST_COLUMN_NAME = 80  # characters; a longer first cell is data
_PROBE = 65_536  # characters that delimiters are counted in

Quoting = Literal[0, 3]  # csv.QUOTE_MINIMAL, csv.QUOTE_NONE
Record = tuple[int, list[str]]  # line it starts on, fields


def read_delimited(name: str, text: str, config: DataConfig, findings: Findings) -> Table:
    """Records to columns, all strings. The first record names the columns unless it looks like data."""
    delimiter = delimiter_of(name, text, config, findings)
    records = _checked_records(name, text, delimiter, findings)
    names, has_header = header_of(name, records, config, findings)
    body = records[1:] if has_header else records
    if not body:
        raise DataError(f"{name} has a header but no rows.", "Name a file with at least one row.")
    return table_of(name, names, body)


def table_of(name: str, names: Sequence[str], records: Sequence[Record]) -> Table:
    """Records under these column names."""
    columns: dict[str, Sequence[object]] = dict(
        zip(names, zip(*(fields for _, fields in records), strict=True), strict=True)
    )
    return Table(name, columns, [line for line, _ in records], "line")


def delimiter_of(name: str, text: str, config: DataConfig, findings: Findings) -> str:
    """The one that is asked for, or that the first line has; a tab for TSV."""
    if config.delimiter is not None:
        delimiter = "\t" if config.delimiter in ("\\t", "tab") else config.delimiter
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise DataError(
                f"--delimiter: {config.delimiter!r} cannot separate fields.",
                r'Give one character, as ";" or "\t".',
            )
        return delimiter
    if re.search(r"\.tsv(\.gz)?$", name, re.IGNORECASE):
        return "\t"
    first = text[:_PROBE].lstrip("\r\n").split("\n", 1)[0]
    outside_quotes = re.sub(r'"[^"]*"', "", first)
    counts = {character: outside_quotes.count(character) for character in _DELIMITERS}
    delimiter = max(counts, key=counts.__getitem__)
    if counts[","] or not counts[delimiter]:
        return ","
    findings.notes.append(
        f"{name}: fields are separated by {_DELIMITERS[delimiter]} (guessed; --delimiter overrides)"
    )
    return delimiter


def _checked_records(name: str, text: str, delimiter: str, findings: Findings) -> list[Record]:
    """All records, each as wide as the first.

    Quotes in tab-separated files often mean nothing. They are taken as plain characters where that gives more whole
    records, or where reading them as quotes fails.
    """
    if delimiter != "\t" or '"' not in text:
        return _read(name, text, delimiter, csv.QUOTE_MINIMAL)
    try:
        plain = _read(name, text, delimiter, csv.QUOTE_NONE)
    except DataError:
        return _read(name, text, delimiter, csv.QUOTE_MINIMAL)
    try:
        quoted = _read(name, text, delimiter, csv.QUOTE_MINIMAL)
    except DataError:
        quoted = []
    if len(quoted) == len(plain):
        return quoted
    findings.notes.append(f"{name}: double quotes are read as plain characters")
    return plain


def _read(name: str, text: str, delimiter: str, quoting: Quoting) -> list[Record]:
    records = list(records_of(name, io.StringIO(text, newline=""), delimiter, quoting))
    if not records:
        raise DataError(f"{name} is empty.", "Name a file that has at least one row.")
    return records


def records_of(
    name: str, lines: Iterable[str], delimiter: str, quoting: Quoting
) -> Iterator[Record]:
    """Records of lines that keep their ends, as they come; DataError for one that is not as wide as the first."""
    old_limit = csv.field_size_limit(_LARGEST_FIELD)
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)
    line, width = 1, 0
    try:
        for fields in reader:
            width = width or len(fields)
            if fields and len(fields) != width:
                raise DataError(
                    f"{name}:{line}: {len(fields)} fields, but the first line has {width}.",
                    "Put fields that contain the delimiter or a line break in double quotes, or name the delimiter with --delimiter.",
                )
            if fields:
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{name}:{line}: {error}.",
            "Quotes inside a quoted field are doubled, and every opening quote needs a closing one.",
        ) from error
    finally:
        csv.field_size_limit(old_limit)


def header_of(
    name: str, records: Sequence[Record], config: DataConfig, findings: Findings
) -> tuple[list[str], bool]:
    """The columns' names, and whether the first record is what names them; else they are numbered."""
    first = [cell.strip() for cell in records[0][1]]
    named = [cell or f"column {i}" for i, cell in enumerate(first, start=1)]
    asked = (config.text_column, config.label_column)
    known = any(cell and (is_known_name(cell) or cell in asked) for cell in first)
    looks_like_data = any(
        len(cell) > _LONGEST_COLUMN_NAME or "\n" in cell or re.fullmatch(r"-?\d+(\.\d+)?", cell)
        for cell in first
    )
    comes_again = any(
        cell and cell == fields[place].strip()
        for _, fields in records[1:]
        for place, cell in enumerate(first)
    )
    if known or not (looks_like_data or comes_again):
        _refuse_repeats(name, named)
        return named, True
    names = [str(place) for place in range(1, len(first) + 1)]
    findings.notes.append(f"{name}: no header line; the columns are called {', '.join(names)}")
    return names, False


def _refuse_repeats(name: str, names: Sequence[str]) -> None:
    repeated = [column for column, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(
            f"{name}:1: the column {repeated[0]!r} is there {names.count(repeated[0])} times.",
            "Give every column a name of its own.",
        )
