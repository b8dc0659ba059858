"""A session beside others: final value, area, and by how much it is better, seed by seed."""

from collections.abc import Sequence

from textual.content import Content

from tui_al.core.data.terminal_text import printable, shorten_apart
from tui_al.core.session.state import SessionState
from tui_al.report.curves import MeanStd, areas, curve, metric_name, paired
from tui_al.report.markdown import plus_minus
from tui_al.ui.escape import safe
from tui_al.ui.widgets.lines import Lines

Named = tuple[str, SessionState]


class Comparison(Lines):
    """One row a session, this one first."""

    def __init__(self) -> None:
        super().__init__("comparison")
        self._sessions: list[Named] = []
        self._metric = ""

    def show(self, sessions: Sequence[Named], metric: str) -> None:
        """Compare the first of these with the others by a metric."""
        self._metric = metric
        self._sessions = list(sessions)
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """Columns that fit; the differences are the last to go."""
        if not self._sessions:
            return [Content("")]
        (_, this), *others = self._sessions
        if not others:
            return [Content.styled("o compares with other sessions", "$foreground-muted")]
        header = (
            "session",
            metric_name(self._metric),
            "area",
            f"Δ {metric_name(self._metric)}",
            "Δ area",
            "seeds",
        )
        rows = [
            _row(name, state, this if i else None, self._metric)
            for i, (name, state) in enumerate(self._sessions)
        ]
        return _aligned([header, *rows], width)


def _row(name: str, state: SessionState, this: SessionState | None, metric: str) -> tuple[str, ...]:
    drawn = curve(name, state, metric)
    final = MeanStd(drawn.mean[-1], drawn.sd[-1], drawn.seeds[-1]) if drawn.mean else None
    area = MeanStd.of(areas(state, metric).values())
    better = paired(state, this, metric) if this else None
    return (
        name,
        plus_minus(final),
        plus_minus(area),
        "" if this is None else plus_minus(better.final if better else None, signed=True),
        "" if this is None else plus_minus(better.area if better else None, signed=True),
        str(len(better.seeds)) if better else "",
    )


def _aligned(rows: Sequence[Sequence[str]], width: int) -> list[Content]:
    sizes = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    columns = list(range(len(sizes)))
    for droppable in (5, 4, 2):
        if sum(sizes[i] + 2 for i in columns[1:]) + 12 > width:
            columns.remove(droppable)
    first = max(8, min(sizes[0], width - sum(sizes[i] + 2 for i in columns[1:])))
    lines = []
    names = shorten_apart([printable(row[0]) for row in rows], first)
    for position, (row, name_) in enumerate(zip(rows, names, strict=True)):
        style = "" if position else "$foreground-muted"
        name = safe(name_, style if position != 1 else "bold").truncate(first, pad=True)
        cells = "".join(f"  {row[i]:>{sizes[i]}}" for i in columns[1:])
        lines.append(Content.assemble(name, (cells, style)))
    return lines
