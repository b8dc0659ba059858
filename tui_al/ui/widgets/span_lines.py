"""A text with its entities as rows of at most so many columns: where each token goes, and what a
row consists of.

Nothing but arithmetic on tokens, so that it can be tested without a screen. Rows break at blanks,
between the characters of scripts written without spaces, and inside a token only where it is wider
than a row. Line breaks of the text are kept."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from tui_al.core.annotation.span_editing import Editing, Mark
from tui_al.core.data.terminal_text import printable

#: Stands where a token has no picture of its own, and carries marks that have nothing to sit on.
CARRIER = "\u25cc"

_WIDEST_GAP = 8  # columns: deeper indentation would push a text out of a narrow row
_BLANK_WIDTHS = {"\u200b": 0, "\ufeff": 0, "\u3000": 2}
_AS_NEWLINE = dict.fromkeys(map(ord, "\x0b\x0c\x85\u2028\u2029"), "\n")


class Row(NamedTuple):
    """Tokens of one row: the first, the one after the last. `part` counts the rows of a token wider
    than a row; else 0."""

    first: int
    after: int
    part: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters that look alike: of a token ("token"), of the blanks before it ("blank"), or
    brackets and type ("sign")."""

    text: str
    role: str
    token: int
    mark: Mark | None


class Layout:
    """The rows of a text at a width; told of changed entities, it breaks only what they touch
    anew."""

    def __init__(self, state: Editing, width: int) -> None:
        self.width = max(1, width)
        self.state = state
        self._shown = [shown_token(state.text[start:end]) for start, end in state.offsets]
        self._widths = [cell_len(text) for text in self._shown]
        self._gaps = list(_gaps(state))
        self._may_break = _may_break(self._shown, self._gaps)
        self._marks = _by_token(state.marks)
        self.rows: list[Row] = list(self._rows_from(0))

    def change(self, state: Editing) -> bool:
        """Take another state of the same text; whether rows may have changed."""
        before, self.state = self.state, state
        if state.marks == before.marks:
            return False
        self._marks = _by_token(state.marks)
        differing = set(state.marks) ^ set(before.marks)
        first = min(mark.first for mark in differing)
        after = max(mark.after for mark in differing)
        keep = self.row_of(first)
        for _ in range(
            2
        ):  # a shorter word may move up a row, and let the row above that end elsewhere
            keep = self.row_of(self.rows[max(0, keep - 1)].first)
        old_starts = {
            row.first: place
            for place, row in enumerate(self.rows)
            if row.part == 0 and row.first >= after and row.first < row.after
        }
        fresh: list[Row] = []
        rest: list[Row] = []
        for row in self._rows_from(self.rows[keep].first):
            if row.part == 0 and row.first < row.after and row.first in old_starts:
                rest = self.rows[old_starts[row.first] :]
                break
            fresh.append(row)
        self.rows = [*self.rows[:keep], *fresh, *rest]
        return True

    def row_of(self, token: int) -> int:
        """Number of the row where the token begins."""
        place = bisect_right(self.rows, token, key=lambda row: row.after)
        return min(place, max(0, len(self.rows) - 1))

    def rows_of(self, token: int) -> tuple[int, int]:
        """Numbers of the first and the last row of a token; one wider than a row has several."""
        first = last = self.row_of(token)
        while last + 1 < len(self.rows) and self.rows[last + 1].part:
            last += 1
        return first, last

    def column_of(self, token: int) -> int:
        """First column of a token in its row."""
        column = 0
        for piece in self.pieces(self.row_of(token)):
            if piece.token == token and piece.role == "token":
                break
            column += cell_len(piece.text)
        return column

    def token_at(self, number: int, column: int) -> int | None:
        """The token of a row that is nearest to a column; None for a row without tokens."""
        row = self.rows[number]
        if row.first >= row.after:
            return None
        end = 0
        for piece in self.pieces(number):
            end += cell_len(piece.text)
            if end > column:
                return piece.token
        return row.after - 1

    def pieces(self, number: int) -> list[Piece]:
        """What a row consists of, from left to right."""
        row = self.rows[number]
        whole = self._whole(row)
        return _part(whole, self.width, row.part) if self._is_cut(row) else whole

    def _whole(self, row: Row) -> list[Piece]:
        found: list[Piece] = []
        for token in range(row.first, row.after):
            gap = self._gaps[token].blanks if token > row.first else self._lead(token)
            if gap:
                mark = self._marks.get(token)
                inside = mark if mark and token > mark.first else None
                found.append(Piece(gap, "blank", token, inside))
            found += self._unit(token)
        return found

    def _lead(self, token: int) -> str:
        """The blanks before the first token of a row: only where the text itself begins a line."""
        gap = self._gaps[token]
        return gap.blanks if gap.breaks or not token else ""

    def _unit(self, token: int) -> list[Piece]:
        """The token with the bracket before it and the bracket and the type behind it."""
        mark = self._marks.get(token)
        pieces = []
        if mark is not None and token == mark.first:
            pieces.append(Piece("[", "sign", token, mark))
        pieces.append(Piece(self._shown[token], "token", token, mark))
        if mark is not None and token == mark.after - 1:
            pieces.append(Piece(closing(mark), "sign", token, mark))
        return pieces

    def _rows_from(self, token: int) -> Iterator[Row]:
        """Rows from the one that begins with this token."""
        while token < len(self._shown):
            row = Row(token, self._end_of_row(token))
            yield row
            if self._is_cut(row):
                text = "".join(piece.text for piece in self._whole(row))
                for part in range(1, len(chop_cells(text, self.width))):
                    yield Row(*row[:2], part)
            token = row.after
            if token < len(self._shown):
                for _ in range(self._gaps[token].breaks - 1):
                    yield Row(token, token)

    def _end_of_row(self, first: int) -> int:
        """The token after the last one that fits in a row that begins with `first`; at least one is
        in it."""
        used, may_end = len(self._lead(first)) + self._unit_width(first), first
        if used > self.width:
            return first + 1
        for token in range(first + 1, len(self._shown)):
            breaks, blanks = self._gaps[token]
            if breaks:
                return token
            if self._may_break[token]:
                may_end = token
            used += len(blanks) + self._widths[token]
            if token in self._marks:
                used += self._unit_width(token) - self._widths[token]
            if used > self.width:
                return may_end if may_end > first else token
        return len(self._shown)

    def _is_cut(self, row: Row) -> bool:
        """Whether it is one token wider than a row."""
        if row.after != row.first + 1:
            return False
        return len(self._lead(row.first)) + self._unit_width(row.first) > self.width

    def _unit_width(self, token: int) -> int:
        mark = self._marks.get(token)
        width = self._widths[token]
        if mark is not None:
            width += token == mark.first
            if token == mark.after - 1:
                width += cell_len(closing(mark))
        return width


def closing(mark: Mark) -> str:
    """What ends an entity: type and bracket; a question mark where the annotator has not accepted
    it."""
    return f" {printable(mark.kind)}{'?' if mark.proposed else ''}]"


@lru_cache(maxsize=8192)
def shown_token(token: str) -> str:
    """A token as it is drawn: printable, and at least one column wide."""
    shown = printable(token)
    if not shown or unicodedata.category(shown[0]) in ("Mn", "Me", "Cf") or not cell_len(shown):
        return CARRIER + shown
    return shown


class Gap(NamedTuple):
    """What is before a token: line breaks, and the blanks after the last of them as they are
    drawn."""

    breaks: int
    blanks: str


def _gaps(state: Editing) -> Iterator[Gap]:
    end = 0
    for start, after in state.offsets:
        yield _gap(state.text[end:start])
        end = after


@lru_cache(maxsize=1024)
def _gap(between: str) -> Gap:
    lines = between.replace("\r\n", "\n").replace("\r", "\n").translate(_AS_NEWLINE).split("\n")
    columns = sum(_BLANK_WIDTHS.get(character, 1) for character in lines[-1])
    return Gap(len(lines) - 1, " " * min(columns, _WIDEST_GAP))


def _may_break(shown: Sequence[str], gaps: Sequence[Gap]) -> list[bool]:
    """Whether a row may end before each token: at a blank, or between characters of which one is
    wide, but before no sign."""
    found, before = [], ""
    for text, gap in zip(shown, gaps, strict=True):
        wide = before != "" and (_is_wide(before) or _is_wide(text[0]))
        found.append(bool(gap.blanks) or (wide and not _closes(text[0])))
        before = text[-1]
    return found


@lru_cache(maxsize=4096)
def _closes(character: str) -> bool:
    return unicodedata.category(character) in ("Pe", "Pf", "Po")


@lru_cache(maxsize=4096)
def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _by_token(marks: Sequence[Mark]) -> dict[int, Mark]:
    return {token: mark for mark in marks for token in range(mark.first, mark.after)}


def _part(pieces: Sequence[Piece], width: int, part: int) -> list[Piece]:
    """One row of pieces that are wider than a row together."""
    text = "".join(piece.text for piece in pieces)
    rows = chop_cells(text, width)
    start = sum(len(row) for row in rows[:part])
    end = start + len(rows[part])
    found, place = [], 0
    for piece in pieces:
        cut = piece.text[max(0, start - place) : max(0, end - place)]
        place += len(piece.text)
        if cut:
            found.append(Piece(cut, piece.role, piece.token, piece.mark))
    return found
