"""Which column holds the labels, and whether it holds one a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from tui_al.engine.data.cells import ColumnSample
from tui_al.engine.data.column_names import ID_NAMES, LABEL_NAMES, named
from tui_al.engine.data.tables import Findings, Table, some

_FEW_CLASSES = 200
_ROWS_PER_CLASS = 2


class Use(Enum):
    """What labels of the data are for: it decides how sure a guess has to be."""

    GOLD = "gold"  #: they answer for people, in a simulation
    GIVEN = "given"  #: people label; what the data holds counts beside
    NONE = "none"  #: none are needed, in a prediction


@dataclass(frozen=True, slots=True)
class Labels:
    """The column, None if every row is unlabelled; `listed` where each cell is a list of one label."""

    column: str | None
    listed: bool = False


def find_labels(
    table: Table,
    columns: Mapping[str, ColumnSample],
    text: str,
    asked: str | None,
    use: Use,
    findings: Findings,
) -> Labels:
    """The label column: the one asked for ("" asks for none), else the one whose name or values say so."""
    if use is Use.NONE or asked == "":
        return Labels(None)
    if asked is not None:
        return Labels(asked)
    by_name = _named(columns, ("text", "number", "empty"))
    odd = _named(columns, ("fraction", "list", "other"))
    candidates = [c for c in by_name if c != text] or _few_values(columns, text) or odd
    if not candidates:
        there = ", ".join(table.columns)
        findings.notes.append(
            f"no label column was found among {there}: every row is unlabelled (--label-column names one)"
        )
        return Labels(None)
    others = candidates[1:]
    why = f"guessed before {some(others)}" if others else "guessed"
    findings.notes.append(f"label column: {candidates[0]} ({why}; --label-column overrides)")
    return Labels(candidates[0])


def _named(columns: Mapping[str, ColumnSample], kinds: Sequence[str]) -> list[str]:
    return named(LABEL_NAMES, [name for name, c in columns.items() if c.kind in kinds])


def _few_values(columns: Mapping[str, ColumnSample], text: str) -> list[str]:
    """Columns whose values repeat as labels do: text before numbers, fewer values first."""
    found = []
    for name, column in columns.items():
        distinct = len(set(column.values)) if column.kind in ("text", "number") else 0
        most = max(2, min(_FEW_CLASSES, len(column.cells) // _ROWS_PER_CLASS))
        if name != text and 2 <= distinct <= most and name.lower() not in ID_NAMES:
            found.append((column.kind != "text", distinct, name))
    return [name for _, _, name in sorted(found)]
