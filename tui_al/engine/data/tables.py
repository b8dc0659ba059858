"""What every reader gives back: columns of equal length, and where each row stood."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Findings:
    """What is told to the person: decisions (`notes`) and oddities of the data (`warnings`), in the order they came up."""

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """One file, read. Cells are strings, numbers, booleans, None, or lists of them."""

    name: str  #: the file's name, for messages
    columns: dict[str, Sequence[object]]
    numbers: Sequence[int]  #: of each row: 1-based line or row number
    unit: Literal["line", "row"] = "row"
    tagged: bool = False  #: CoNLL columns: `tokens` and `tags` are settled, not to be guessed

    def __len__(self) -> int:
        return len(self.numbers)

    def origin(self, row: int) -> str:
        """`train.csv:17` for text formats, `train.parquet row 17` for the others."""
        number = self.numbers[row]
        return f"{self.name}:{number}" if self.unit == "line" else f"{self.name} row {number}"


def amount(count: int, singular: str, plural: str | None = None) -> str:
    """`1 row`, `12,000 rows`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def some(items: Sequence[str], most: int = 5) -> str:
    """The first few items and how many more there are: `a, b and 12 more`."""
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[:most])} and {len(items) - most:,} more"
