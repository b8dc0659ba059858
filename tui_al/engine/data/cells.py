"""What the cells of a column are, seen from a sample of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

Kind = Literal["text", "number", "fraction", "list", "empty", "other"]


@dataclass(frozen=True)
class ColumnSample:
    """The cells of a column that are not empty, and what kind they are all of."""

    cells: Sequence[object]
    kind: Kind

    @classmethod
    def of(cls, cells: Sequence[object]) -> Self:
        """Of all cells of a sample, the empty ones among them."""
        filled = [cell for cell in cells if cell is not None and cell != ""]
        return cls(filled, _kind(filled))

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The cells as text, without white space around."""
        return tuple(string(cell).strip() for cell in self.cells)

    @cached_property
    def mean_length(self) -> float:
        """Characters of a cell."""
        return sum(len(str(cell)) for cell in self.cells) / max(1, len(self.cells))


def _kind(cells: Sequence[object]) -> Kind:
    if not cells:
        return "empty"
    if all(isinstance(cell, str) for cell in cells):
        return "text"
    if all(isinstance(cell, list) for cell in cells):
        return "list"
    if all(
        isinstance(cell, int) or (isinstance(cell, float) and cell.is_integer()) for cell in cells
    ):
        return "number"
    return "fraction" if all(isinstance(cell, int | float) for cell in cells) else "other"


def string(cell: object) -> str:
    """A cell as text: None and NaN are "", 3.0 is "3" (a table of whole numbers with gaps), True is "true"."""
    if isinstance(cell, str):
        return cell
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
