"""The table of rounds: what each reached, against another session, and what it cost."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content

from tui_al.core.data.terminal_text import shorten_middle
from tui_al.core.session.events import Phase
from tui_al.core.session.state import SessionState
from tui_al.report.curves import (
    MeanStd,
    RoundRow,
    budget_unit,
    headline_metric,
    metric_name,
    round_rows,
    run_curve,
)
from tui_al.report.gauges import gauge_rows, short
from tui_al.ui.escape import safe
from tui_al.ui.widgets.lines_view import LinesView

#: By phase: header of its seconds, and rank among the columns.
_COSTS = {
    Phase.TRAIN_ACQUISITION.value: ("acquisition", 2),
    Phase.SCORE_POOL.value: ("scoring", 4),
    Phase.TRAIN_SUCCESSOR.value: ("successor", 3),
    Phase.EVALUATE.value: ("evaluation", 8),
}

#: Colours of differences, by their sign.
_SIGNS = {"+": "$text-success", "-": "$text-error"}


def differences(state: SessionState, other: SessionState) -> dict[int, MeanStd]:
    """By round: `state` minus `other`, seed by seed, where both have a point at the same number of
    labels."""
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
    spreads = {round_: MeanStd.of(values) for round_, values in by_round.items()}
    return {round_: spread for round_, spread in spreads.items() if spread}


class Column(NamedTuple):
    """A column; of those that do not fit, the one with the highest `rank` goes first."""

    rank: int
    header: str
    cells: list[str]
    leads: bool = False  #: what one looks for first
    signed: bool = False  #: differences: their colours repeat their signs


class RoundsTable(LinesView):
    """One row a round, the newest first, means over the seeds that reached it."""

    def __init__(self) -> None:
        super().__init__("rounds", follow=False)
        self._all: list[Column] = []
        self._fitted: list[Column] = []

    def show(self, state: SessionState, other: tuple[str, SessionState] | None = None) -> None:
        """Show the rounds of `state`, compared with `other`."""
        self._all = columns(state, other)
        self._fill()

    @property
    def wanted_height(self) -> int:
        """Rows of the screen that all of it takes: header, rounds and, where it has one, frame."""
        rounds = len(self._all[0].cells) if self._all else 0
        return 1 + max(1, rounds) + self.gutter.height

    def on_resize(self) -> None:
        """Other columns may fit now."""
        self._fill()

    def _fill(self) -> None:
        fitted = fitting(self._all, self.scrollable_content_region.width)
        if fitted != self._fitted:
            self._fitted = fitted
            widths = [_width(column) for column in fitted]
            headers = [column.header for column in fitted]
            self.heading = _row(headers, widths, ["$foreground-muted"] * len(fitted))
            rows = list(zip(*(column.cells for column in fitted), strict=True))
            self.replace([_row(cells, widths, _styles(fitted, cells)) for cells in rows[::-1]])


def columns(state: SessionState, other: tuple[str, SessionState] | None) -> list[Column]:
    """All there is to say of the rounds, in reading order."""
    rows = round_rows(state)
    against = differences(state, other[1]) if other else {}
    found = [
        Column(0, "round", [str(row.round) for row in rows]),
        Column(0, "labels", [f"{row.labels:,.0f}" for row in rows]),
    ]
    if budget_unit(state) == "words":
        found.append(Column(0, "words", [f"{row.tokens:,.0f}" for row in rows]))
    headline = metric_name(headline_metric(state))
    found.append(Column(0, headline, [_figure(row) for row in rows], leads=True))
    if other and against:
        differ = [_spread(against.get(row.round), sign="+") for row in rows]
        header = f"Δ {shorten_middle(other[0], 16)}"
        found.append(Column(1, header, differ, signed=True))
    macro = [short(row.macro_f1, 3) for row in rows]
    found.append(Column(7, "macro-F1", macro))
    for name, (header, rank) in _COSTS.items():
        if any(row.seconds.get(name) for row in rows):
            found.append(Column(rank, header, [_seconds(row.seconds.get(name)) for row in rows]))
    gauges = {row.round: row for row in gauge_rows(state)}
    if gauges:
        shown = [gauges.get(row.round) for row in rows]
        wasserstein = [
            _with_floor(g.wasserstein, g.floor_wasserstein, 4) if g else "–" for g in shown
        ]
        kl = [_with_floor(g.kl, g.floor_kl, 3) if g else "–" for g in shown]
        found += [Column(2, "WD (floor)", wasserstein), Column(5, "KL (floor)", kl)]
    found.append(Column(5, "asked", [f"{row.queried:,.0f}" for row in rows]))
    if len(state.runs) > 1:
        found.append(Column(6, "seeds", [f"{row.runs}/{len(state.runs)}" for row in rows]))
    return found


def fitting(all_of_them: Sequence[Column], width: int) -> list[Column]:
    """Those that fit in `width` columns, one cell of padding at each side."""
    kept = list(all_of_them)
    while len(kept) > 3 and sum(_width(column) + 2 for column in kept) > width:
        kept.remove(max(kept, key=lambda column: column.rank))
    return kept


def _styles(columns: Sequence[Column], cells: Sequence[str]) -> list[str]:
    """Of a row's cells."""
    return [
        _SIGNS.get(cell[:1], "") if column.signed else "bold" if column.leads else ""
        for column, cell in zip(columns, cells, strict=True)
    ]


def _width(column: Column) -> int:
    return max(cell_len(text) for text in (column.header, *column.cells))


def _figure(row: RoundRow) -> str:
    """With its interval where it is an estimate on the random share."""
    return row.estimate.in_words() if row.estimate else _spread(row.headline)


def _spread(spread: MeanStd | None, *, sign: str = "") -> str:
    """ ".741 ±.012"; "+.031" of one run."""
    if spread is None:
        return "–"
    mean = f"{spread.mean:{sign}.3f}".replace("0.", ".", 1)
    return f"{mean} ±{short(spread.sd, 3)}" if spread.n > 1 else mean


def _with_floor(found: MeanStd, floor: MeanStd | None, digits: int) -> str:
    """ ".0123 (.0040)"; "(–)" where the floor is not known."""
    return f"{short(found.mean, digits)} ({short(floor.mean if floor else None, digits)})"


def _seconds(value: float | None) -> str:
    return f"{value:,.1f} s" if value else "–"


def _row(cells: Sequence[str], widths: Sequence[int], styles: Sequence[str]) -> Content:
    """The cells flush right in their columns, one blank at each side."""
    parts: list[Content | str] = []
    for cell, width, style in zip(cells, widths, styles, strict=True):
        parts += [" " * (width - cell_len(cell) + 1), safe(cell, style), " "]
    return Content.assemble(*parts)
