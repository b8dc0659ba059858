"""What every reader gives: tables of bounded size, and where each row stood."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal, Protocol

from tui_al.core.data.examples import Task
from tui_al.errors import DataError

#: Rows of a table at most, and characters after which a table of long rows is full as well.
ROWS, CHARACTERS = 1_000, 4_000_000

#: Rows that everything is guessed from: kinds of columns, texts, labels.
SAMPLE = 5_000


#: Columns of a table, or fields of all its objects: each takes a cell of every row.
_MOST_COLUMNS = 10_000


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What is told to the person: decisions (`notes`) and oddities of the data (`warnings`), in the
    order they came up."""

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class TagReading(Protocol):
    """What knows how a file spells its tags."""

    def read(self, tags: Sequence[str], origin: str) -> tuple[str, ...]:
        """As many tags as `core.data.tags` takes them; DataError, with the origin, for one that is
        none."""

    def finish(self) -> None:
        """Tell what was odd in them, once all are read."""


@dataclass(frozen=True, slots=True)
class Table:
    """Some rows of one file. Cells are strings, numbers, booleans, None, or lists of them.

    Columns of a settled table are not guessed. For tagging they are `tokens`, `tags` where anything
    is tagged, and `text` where the source has one that the tokens lie in; for classification
    `text`, and `label` where anything is labelled."""

    name: str  #: the file's name, for messages
    columns: dict[str, Sequence[object]]
    numbers: Sequence[int]  #: of each row: 1-based line or row number
    unit: Literal["line", "row"] = "row"
    settled: Task | None = None
    uneven: bool = False  #: rows need not have all fields: a later table may have others
    guessed: bool = False  #: settled by what the values look like
    places: Sequence[str] | None = None  #: of each row, where the name and a number do not tell
    tag_reader: TagReading | None = None  #: of `tags` that are spelled otherwise than IOB2

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def tagged(self) -> bool:
        """Whether it holds tokens, settled."""
        return self.settled is Task.TAGGING

    def origin(self, row: int) -> str:
        """`train.csv:17` for text formats, `train.parquet row 17` for the others."""
        if self.places is not None:
            return self.places[row]
        return place_of(self.name, self.numbers[row], self.unit)


def place_of(name: str, number: int, unit: str) -> str:
    """`train.csv:17` for lines, `train.parquet row 17` for rows."""
    return f"{name}:{number}" if unit == "line" else f"{name} row {number}"


def sampled(tables: Iterator[Table]) -> tuple[Table | None, Iterator[Table]]:
    """The first rows as one table, None if there are none, and all the tables, those among them."""
    ahead: list[Table] = []
    rows = 0
    for table in tables:
        ahead.append(table)
        rows += len(table)
        if rows >= SAMPLE:
            break
    sample = joined(ahead)
    waiting = deque(ahead)
    ahead.clear()
    return sample, chain((waiting.popleft() for _ in range(len(waiting))), tables)


def joined(tables: Sequence[Table]) -> Table | None:
    """Tables of one file as one, None if there are none; a column that one of them lacks is empty
    there."""
    if len(tables) < 2:
        return tables[0] if tables else None
    names = dict.fromkeys(name for table in tables for name in table.columns)
    check_columns(tables[0].name, len(names))
    columns: dict[str, Sequence[object]] = {
        name: [cell for table in tables for cell in column_of(table, name)] for name in names
    }
    numbers = [number for table in tables for number in table.numbers]
    places = [p for table in tables for p in table.places or ()] or None
    first = tables[0]
    return replace(first, columns=columns, numbers=numbers, places=places)


def check_columns(name: str, count: int) -> None:
    """DataError where a file has far more columns, or different fields, than a table of texts."""
    if count > _MOST_COLUMNS:
        raise DataError(
            f"{name} has {count:,} columns; at most {_MOST_COLUMNS:,} are read.",
            "Are rows and columns, or keys and values, in each other's place?",
        )


def column_of(table: Table, name: str | None) -> Sequence[object]:
    """A column's cells; None for every row if the table lacks it, as a part of a file with uneven
    rows may."""
    cells = None if name is None else table.columns.get(name)
    return [None] * len(table) if cells is None else cells


def amount(count: int, singular: str, plural: str | None = None) -> str:
    """`1 row`, `12,000 rows`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def some(items: Iterable[str], most: int = 5) -> str:
    """The first few items and how many more there are: `a, b and 12 more`."""
    items = list(items)
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[:most])} and {len(items) - most:,} more"
