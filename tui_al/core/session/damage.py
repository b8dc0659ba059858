"""Rows of a session that cannot be used, and how that is told wherever the session is shown."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is left out. `why` goes on after "row 7 of events", as in "is missing"."""

    table: str  #: events, decisions or examples
    seq: int  #: its number; of examples the position
    why: str
    newer: bool = False  #: it is sound, but of a kind that only a newer version knows

    def __str__(self) -> str:
        return f"row {self.seq:,} of {self.table} {self.why}"


def damaged(rows: Sequence[BadRow]) -> tuple[BadRow, ...]:
    """Those that are lost, and not only unknown to this version."""
    return tuple(row for row in rows if not row.newer)


def damage_lines(rows: Sequence[BadRow], total: int, name: str) -> tuple[str, ...]:
    """What people are told of the rows that are left out; nothing where there are none.

    Args:
        rows: those that are left out.
        total: how many rows there are, with these.
        name: the session's.
    """
    lost = len(damaged(rows))
    unknown = len(rows) - lost
    lines = []
    if lost:
        lines.append(
            f"{lost:,} {_rows(lost)} of {total:,} of session {name} {_are(lost)} damaged and left "
            f"out: tui-al check {name}"
        )
    if unknown:
        lines.append(
            f"{unknown:,} {_rows(unknown)} of {total:,} of session {name} {_are(unknown)} of a "
            "kind that only a newer tui-al knows, "
            f"and left out: tui-al check {name}"
        )
    return tuple(lines)


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
