"""Whether the first record of a file names its columns: only if it differs from the records below
it in kind."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import count

from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.column_names import is_known_name
from tui_al.engine.data.tables import LoadReport, some
from tui_al.errors import DataError

_MOST_ABOVE = 20  # records above a header
_LONGEST_NAME = 80  # characters; a longer first cell is data
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")  # or a date
_MOST_NUMBERS = 0.9  # of a column's cells: the column is one of numbers
_REPEATS = 3  # rows for each distinct value: the column is one of classes
_WORDS_OF_NAME, _WORDS_OF_TEXT = 4, 4


def header_of(
    name: str, records: Sequence[Sequence[str]], config: DataConfig, load_report: LoadReport
) -> tuple[list[str], bool]:
    """The columns' names, and whether the first record is what names them; else they are numbered
    from 1.

    Args:
        name: the file's, for messages.
        records: the first ones, at least one.
        config: whose `header` decides where it is set.
        load_report: take what was decided without a name that columns usually have.

    Raises:
        DataError: two columns of a header have one name.
    """
    first = [cell.strip() for cell in records[0]]
    below = [[cell.strip() for cell in record] for record in records[1:]]
    has_header, told = _decided(first, below, config)
    if has_header:
        names = [cell or f"column {i}" for i, cell in enumerate(first, start=1)]
        _refuse_repeats(name, names)
        if told:
            load_report.notes.append(
                f"{name}: the first line is taken for a header: {', '.join(names)} (guessed; "
                "--no-header overrides)"
            )
        return names, True
    names = [str(place) for place in range(1, len(first) + 1)]
    called = (
        "the column is called 1"
        if len(names) == 1
        else f"the columns are called {', '.join(names)}"
    )
    how = "" if config.header == "no" else " (guessed; --header overrides)"
    load_report.notes.append(f"{name}: no header line; {called}{how}")
    return names, False


def names_every_column(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a record is surely a header: each cell has a usual name, or stands above values of
    another kind; and none is a value."""
    columns = [[record[i].strip() for record in below] for i in range(len(first))]
    pairs = [(cell.strip(), cells) for cell, cells in zip(first, columns, strict=True)]
    return not any(_is_value(cell, cells) for cell, cells in pairs) and all(
        is_known_name(cell) or _is_title(cell, cells) for cell, cells in pairs
    )


def lines_above_header(records: Sequence[Sequence[str]], config: DataConfig) -> int:
    """How many records, all of the same width, stand above the header with one cell filled at most:
    the title of a report, the day it was made. 0 unless what follows is surely a header."""
    above = 0
    while above < min(len(records), _MOST_ABOVE) and sum(map(bool, _plain(records[above]))) <= 1:
        above += 1
    if not above or above == len(records) or config.header is not None:
        return 0
    first = _plain(records[above])
    filled = [place for place, cell in enumerate(first) if cell]
    below = [[record[place] for place in filled] for record in records[above + 1 :]]
    sure = len(filled) > 1 and names_every_column([first[place] for place in filled], below)
    return above if sure else 0


def told_above(name: str, left_out: Sequence[Sequence[str]], place: str) -> str:
    """The warning for what is left out above a header at this place, a line or row."""
    shown = some([repr(" ".join(filter(None, _plain(one)))[:40]) for one in left_out if any(one)])
    return (
        f"{name}: the header is taken to stand on {place}; left out before it: {shown} "
        f"(--header takes the first {place.split()[0]})"
    )


def _plain(record: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in record]


def _decided(
    first: Sequence[str], below: Sequence[Sequence[str]], config: DataConfig
) -> tuple[bool, bool]:
    """Whether there is a header, and whether that is a guess to be told."""
    if config.header is not None:
        return config.header == "yes", False
    asked = (config.text_column, config.label_column, config.tokens_column, config.tags_column)
    if any(cell and cell in asked for cell in first):
        return True, False
    columns = [[record[i] for record in below] for i in range(len(first))]
    pairs = list(zip(first, columns, strict=True))
    if _is_counted(first) and not all(_are_numbers(cells) for cells in columns):
        return True, True  # as pandas writes columns without names
    if not below:
        return any(map(is_known_name, first)), False
    if any(map(is_known_name, first)):  # the header of each part of a file that was put together
        columns = [[r[i] for r in below if r != first] for i in range(len(first))]
        pairs = list(zip(first, columns, strict=True))
    if any(_is_value(cell, cells) for cell, cells in pairs):
        return False, True
    if any(cell and is_known_name(cell) for cell in first):
        return True, False
    return any(_is_title(cell, cells) for cell, cells in pairs), True


def _is_counted(first: Sequence[str]) -> bool:
    """0, 1, 2 ..., maybe after the empty name of an index column."""
    cells = first[1:] if first[0] in ("", "Unnamed: 0") else first
    return bool(cells) and all(cell == str(i) for i, cell in zip(count(), cells, strict=False))


def _are_numbers(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in filled)
    return bool(filled) and numbers >= _MOST_NUMBERS * len(filled)


def _is_value(cell: str, below: Sequence[str]) -> bool:
    """Whether a first cell can be no name: a number, a long text, or a class that comes again
    below."""
    if not cell:
        return False
    again = cell in below and len(set(below)) < len(below)
    lines = "\n" in cell and any("\n" in one for one in below)  # spreadsheets break names, too
    return len(cell) > _LONGEST_NAME or lines or bool(_NUMBER.fullmatch(cell)) or again


def _is_title(cell: str, below: Sequence[str]) -> bool:
    """Whether a first cell stands above values of another kind: numbers, classes that it is none
    of, longer texts."""
    filled = [value for value in below if value]
    if not cell or not filled:
        return False
    if _are_numbers(filled) or (
        len(filled) >= 2 and not any(any(map(str.isalnum, v)) for v in filled)
    ):
        return True
    values = Counter(filled)
    if len(values) > 1 and len(filled) >= _REPEATS * len(values):
        return cell not in values
    words = sorted(len(value.split()) for value in filled)
    is_text = words[len(words) // 2] >= _WORDS_OF_TEXT
    shortest = min(map(len, filled))
    return (
        is_text and len(filled) > 1 and len(cell.split()) < _WORDS_OF_NAME and len(cell) < shortest
    )


def _refuse_repeats(name: str, names: Sequence[str]) -> None:
    repeated = [column for column, number in Counter(names).items() if number > 1]
    if repeated:
        raise DataError(
            f"{name}:1: the column {repeated[0]!r} is there {names.count(repeated[0])} times.",
            "Give every column a name of its own, or say --no-header if this is not a header.",
        )
