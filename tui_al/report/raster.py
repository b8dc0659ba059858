"""A small picture made of characters: lines, bands and marks on a grid of braille dots (2 x 4 a
cell), or of ASCII cells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

#: Bit of the braille code for the dot in row 0-3 and column 0-1 of a cell (Unicode block 2800).
_DOT_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.int64)
_BRAILLE = 0x2800

_NOBODY = 1 << 20

#: On and off dots along a line, by series; the first line is solid.
DASHES: tuple[tuple[int, ...], ...] = ((1,), (5, 3), (1, 2), (7, 2, 1, 2))
MARKS = "●○■□▲△◆◇▼▽★☆"
ASCII_MARKS = "*o+x#@%&=sva"

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Canvas:
    """Cells of `rows` x `columns`, drawn into in any order: of things in one cell the lowest series
    is in front.

    A mark hides a line, and a line hides a band in every cell that it passes, also between its
    dashes."""

    rows: int
    columns: int
    unicode: bool
    _line: Ints = field(init=False)
    _line_owner: Ints = field(init=False)
    _passed: npt.NDArray[np.bool_] = field(init=False)
    _band: Ints = field(init=False)
    _band_owner: Ints = field(init=False)
    _marks: dict[tuple[int, int], tuple[int, str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        shape = (self.rows, self.columns)
        self._line, self._band = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._passed = np.zeros(shape, dtype=bool)
        self._line_owner = np.full(shape, _NOBODY)
        self._band_owner = np.full(shape, _NOBODY)

    @property
    def dots(self) -> tuple[int, int]:
        """Dots down and across."""
        return (self.rows * 4, self.columns * 2) if self.unicode else (self.rows, self.columns)

    def band(self, owner: int, left: int, tops: Ints, bottoms: Ints) -> None:
        """Fill from top to bottom (both included) in each dot column from `left` on, sparsely so
        that lines stand out."""
        down, across = self.dots
        rows, columns = np.arange(down)[:, None], np.arange(left, left + len(tops))
        inside = (rows >= tops) & (rows <= bottoms)
        if self.unicode:
            inside &= (columns % 2 == 0) & ((rows + columns // 2) % 2 == 0)
        ink = np.zeros((down, across), dtype=bool)
        ink[:, left : left + len(tops)] = inside
        self._add(self._band, self._band_owner, ink, owner)

    def line(self, owner: int, left: int, heights: Ints) -> None:
        """A connected line through one dot a column from `left` on, dashed as its series is."""
        ink = np.zeros(self.dots, dtype=bool)
        on = dash_pattern(owner) if self.unicode else (True,)
        down, across = (4, 2) if self.unicode else (1, 1)
        for travelled, (row, column) in enumerate(_path(left, heights.tolist())):
            self._passed[row // down, column // across] = True
            ink[row, column] = on[travelled % len(on)]
        self._add(self._line, self._line_owner, ink, owner)

    def mark(self, owner: int, row: int, column: int) -> None:
        """The series' mark on the dot (row, column)."""
        cell = (row // 4, column // 2) if self.unicode else (row, column)
        if cell not in self._marks or self._marks[cell][0] > owner:
            self._marks[cell] = (owner, mark_of(owner, unicode=self.unicode))

    def runs(self) -> Iterator[list[tuple[str, str]]]:
        """Row by row: pieces of one style as (text, style)."""
        codes, owners = self._composed()
        for row in range(self.rows):
            text = codes[row].astype("<u4").tobytes().decode("utf-32-le")
            edges = np.flatnonzero(np.diff(owners[row])) + 1
            bounds = [0, *edges.tolist(), self.columns]
            yield [
                (text[start:end], _style(int(owners[row, start])))
                for start, end in pairwise(bounds)
            ]

    def _composed(self) -> tuple[Ints, Ints]:
        """Each cell's character code and owner: lines and marks by their series, bands by -2 -
        series, -1 for nothing."""
        codes = np.full((self.rows, self.columns), ord(" "))
        owners = np.full((self.rows, self.columns), -1)
        lined = self._line > 0
        banded = (self._band > 0) & ~self._passed & ~lined
        codes[banded] = _BRAILLE + self._band[banded] if self.unicode else ord(".")
        owners[banded] = -2 - self._band_owner[banded]
        owners[lined] = self._line_owner[lined]
        if self.unicode:
            codes[lined] = _BRAILLE + self._line[lined]
        else:
            marks = np.array([ord(mark) for mark in ASCII_MARKS])
            codes[lined] = marks[owners[lined] % len(marks)]
        for cell, (owner, mark) in self._marks.items():
            codes[cell], owners[cell] = ord(mark), owner
        return codes, owners

    def _add(self, bits: Ints, owners: Ints, ink: npt.NDArray[np.bool_], owner: int) -> None:
        if self.unicode:
            dots = ink.reshape(self.rows, 4, self.columns, 2)
            added: Ints = (dots * _DOT_BITS[:, None, :]).sum(axis=(1, 3))
        else:
            added = ink.astype(np.int64)
        np.bitwise_or(bits, added, out=bits)
        np.minimum(owners, np.where(added > 0, owner, _NOBODY), out=owners)


def _style(owner: int) -> str:
    if owner == -1:
        return "text"
    return f"series{owner}" if owner >= 0 else f"band{-2 - owner}"


def dash_pattern(owner: int) -> tuple[bool, ...]:
    """Whether each dot of the period is drawn."""
    runs = DASHES[owner % len(DASHES)]
    return tuple(position % 2 == 0 for position, run in enumerate(runs) for _ in range(run))


def mark_of(owner: int, *, unicode: bool) -> str:
    """The mark of a series' points; they differ for the first twelve."""
    marks = MARKS if unicode else ASCII_MARKS
    return marks[owner % len(marks)]


def sample(owner: int, *, unicode: bool) -> str:
    """The line of a series as a legend shows it, five cells wide with its mark in the middle."""
    mark = mark_of(owner, unicode=unicode)
    if not unicode:
        return mark * 3
    on = dash_pattern(owner)
    dots = [on[i % len(on)] for i in range(10)]
    cells = [chr(_BRAILLE + (0x04 * dots[i] | 0x20 * dots[i + 1])) for i in range(0, 10, 2)]
    return "".join((*cells[:2], mark, *cells[3:])).replace(chr(_BRAILLE), " ")


def _path(left: int, heights: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Dots (row, column) along the line: a jump between columns is bridged half in each of the
    two."""
    before = heights[0] if heights else 0
    for offset, height in enumerate(heights):
        column = left + offset
        if abs(height - before) > 1:
            step = 1 if height > before else -1
            middle = (before + height) // 2
            for row in range(before + step, height, step):
                yield row, column - 1 if (row - middle) * step <= 0 else column
        yield height, column
        before = height
