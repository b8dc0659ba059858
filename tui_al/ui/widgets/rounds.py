"""The table of rounds: what each reached, against another session, and what it cost."""

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import DataTable

from tui_al.core.events import Phase
from tui_al.core.state import SessionState
from tui_al.report.curves import (
    Spread,
    budget_unit,
    headline_metric,
    metric_name,
    round_rows,
    run_curve,
)
from tui_al.report.markdown import plus_minus
from tui_al.ui.safe import safe_rich

_COSTS = {
    Phase.TRAIN_ACQUISITION.value: "acquisition",
    Phase.SCORE_POOL.value: "scoring",
    Phase.TRAIN_SUCCESSOR.value: "successor",
    Phase.EVALUATE.value: "evaluation",
}


def differences(state: SessionState, other: SessionState) -> dict[int, Spread]:
    """By round: `state` minus `other`, seed by seed, where both have a point at the same number of labels."""
    metric, unit = headline_metric(state), budget_unit(state)
    if headline_metric(other) != metric or budget_unit(other) != unit:
        return {}
    by_round: dict[int, list[float]] = {}
    for seed, run in state.runs.items():
        if seed not in other.runs:
            continue
        theirs = run_curve(other.runs[seed], metric, unit)
        for point in run.points:
            spent = float(point.tokens if unit == "words" else point.labels)
            if spent in theirs and metric in point.metrics:
                by_round.setdefault(point.round, []).append(point.metrics[metric] - theirs[spent])
    spreads = {round_: Spread.of(values) for round_, values in by_round.items()}
    return {round_: spread for round_, spread in spreads.items() if spread}


class RoundsTable(DataTable[Text]):
    """One row a round, means over the seeds that reached it; the newest is kept in sight."""

    def __init__(self) -> None:
        super().__init__(id="rounds", cursor_type="row", zebra_stripes=False)
        self._header: list[Text] = []
        self._rows: list[list[Text]] = []

    def show(self, state: SessionState, other: tuple[str, SessionState] | None = None) -> None:
        """Show the rounds of `state`, compared with `other`."""
        header, rows = _table(state, other)
        if header == self._header and rows == self._rows:
            return
        at_end = self.cursor_row >= len(self._rows) - 1
        if header == self._header and len(rows) >= len(self._rows):
            self._update_rows(rows)
        else:
            self.clear(columns=True)
            self.add_columns(*header)
            self.add_rows(rows)
        self._header, self._rows = header, rows
        if at_end and rows:
            self.move_cursor(row=len(rows) - 1, animate=False)

    def _update_rows(self, rows: Sequence[Sequence[Text]]) -> None:
        for position, (before, after) in enumerate(zip(self._rows, rows, strict=False)):
            for column, (old, new) in enumerate(zip(before, after, strict=True)):
                if old != new:
                    self.update_cell_at((position, column), new, update_width=True)  # type: ignore[arg-type]
        self.add_rows(rows[len(self._rows) :])


def _table(
    state: SessionState, other: tuple[str, SessionState] | None
) -> tuple[list[Text], list[list[Text]]]:
    rows = round_rows(state)
    against = differences(state, other[1]) if other else {}
    words = budget_unit(state) == "words"
    phases = [name for name in _COSTS if any(row.seconds.get(name) for row in rows)]
    header = [
        "round",
        "labels",
        *["words"] * words,
        metric_name(headline_metric(state)),
        "macro-F1",
    ]
    header += [f"vs {other[0]}"] if other and against else []
    header += [*(_COSTS[name] for name in phases), "asked", "seeds"]
    body = []
    for row in rows:
        cells = [f"{row.round}", f"{row.labels:,.0f}", *[f"{row.tokens:,.0f}"] * words]
        cells += [plus_minus(row.headline), "–" if row.macro_f1 is None else f"{row.macro_f1:.3f}"]
        if other and against:
            cells.append(plus_minus(against.get(row.round), signed=True))
        cells += [_seconds(row.seconds.get(name)) for name in phases]
        cells += [f"{row.queried:,.0f}", f"{row.runs}/{len(state.runs)}"]
        body.append([_cell(text) for text in cells])
    return [_cell(text[:24]) for text in header], body


def _seconds(value: float | None) -> str:
    return f"{value:,.1f} s" if value else "–"


def _cell(text: str) -> Text:
    cell = safe_rich(text)
    cell.justify = "right"
    return cell
