"""The numbers of a session: final metrics, area, time by phase, memory, models, and what the
experiment was."""

from pathlib import Path

from textual.content import Content

from tui_al.core.session.state import SessionState
from tui_al.report.curves import (
    MeanStd,
    areas,
    budget_unit,
    curve,
    estimates,
    headline_metric,
    mean_seconds,
    metric_name,
    metrics_of,
)
from tui_al.report.gauges import NO_FLOOR, gauge_rows, short
from tui_al.report.markdown import plus_minus
from tui_al.report.settings import facts
from tui_al.ui.escape import safe
from tui_al.ui.eta import duration
from tui_al.ui.widgets.glyphs import bar, is_ascii
from tui_al.ui.widgets.lines import Lines, flow

_LABEL = 19


class Facts(Lines):
    """Each fact with its name before it; long ones take several rows."""

    def __init__(self, directory: Path) -> None:
        super().__init__(id="facts")
        self._directory = directory
        self._state = SessionState()

    def show(self, state: SessionState) -> None:
        """Show these results."""
        self._state = state
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """Numbers, time, models, settings."""
        state = self._state
        if state.config is None:
            return [Content("")]
        if not any(run.points for run in state.runs.values()):
            return [Content("No round is finished yet.")]
        wide = self.screen.has_class("-wide")
        time_lines = _time_bars(state, width, is_ascii(self)) if wide else _time_row(state, width)
        blank = [Content("")] if wide else []
        return [
            *_numbers(state, width, wide=wide), *blank, *time_lines, *blank,
            *_models(state, self._directory, width), *blank,
            *(line for name, value in facts(state) for line in _fact(name, value, width)),
        ]  # fmt: skip


def _numbers(state: SessionState, width: int, *, wide: bool) -> list[Content]:
    spent = curve("", state)
    pairs = []
    estimated = list(estimates(state).values())
    for name in metrics_of(state):
        one = curve("", state, name)
        if estimated and name == headline_metric(state):
            pairs.append((metric_name(name), estimated[-1].in_words(3)))
        elif one.mean:
            pairs.append(
                (metric_name(name), plus_minus(MeanStd(one.mean[-1], one.sd[-1], one.seeds[-1])))
            )
    area = MeanStd.of(areas(state).values())
    pairs.append(("area", plus_minus(area)))
    for row in gauge_rows(state)[-1:]:
        pairs.append(("mismatch WD", _gauge(row.wasserstein, row.floor_wasserstein, 4)))
        pairs.append(("mismatch KL", _gauge(row.kl, row.floor_kl, 3)))
    seeds = spent.seeds[-1] if spent.seeds else 0
    at = f"{seeds} of {len(state.runs)} seeds"
    if spent.labels:
        at = f"{spent.labels[-1]:,.0f} {budget_unit(state)}, {at}"
    if wide:
        return [line for pair in [*pairs, ("at", at)] for line in _fact(*pair, width, bold=True)]
    numbers = [Content.assemble(f"{name} ", (value, "bold")) for name, value in pairs]
    return [*flow(numbers, "   ", width), Content.styled(f"at {at}", "$foreground-muted")]


def _gauge(found: MeanStd, floor: MeanStd | None, digits: int) -> str:
    """ ".0123, floor .0040"; of the last query."""
    told = NO_FLOOR if floor is None else short(floor.mean, digits)
    return f"{short(found.mean, digits)}, floor {told}"


def _time_bars(state: SessionState, width: int, ascii_only: bool) -> list[Content]:
    spent = mean_seconds(state)
    total = sum(spent.values())
    lines = [Content.styled(f"time of a run: {duration(total)}", "bold")]
    for name, seconds in spent.items():
        share = seconds / total if total else 0.0
        ending = f"{duration(seconds):>8} {share:4.0%}"
        filled, rest = bar(share, max(2, width - _LABEL - len(ending) - 1), ascii_only)
        lines.append(
            Content.assemble(
                f"{name:<{_LABEL}}", (filled, "$primary"), (rest, "$foreground-muted"), " ", ending
            )
        )
    return lines


def _time_row(state: SessionState, width: int) -> list[Content]:
    spent = mean_seconds(state)
    total = Content.assemble("time of a run ", (duration(sum(spent.values())), "bold"))
    parts = [Content(f"{name} {duration(seconds)}") for name, seconds in spent.items()]
    return flow([total, *parts], " · ", width)


def _models(state: SessionState, directory: Path, width: int) -> list[Content]:
    saved = [run for run in state.runs.values() if run.model_path]
    if not saved:
        keeps = state.config is not None and state.config.save_models
        return _fact("models", "none saved yet" if keeps else "not kept", width)
    first = directory / (saved[0].model_path or "")
    more = f" and {len(saved) - 1} more beside it" if len(saved) > 1 else ""
    return _fact("models", f"{first}{more}", width)


def _fact(name: str, value: str, width: int, *, bold: bool = False) -> list[Content]:
    """The value beside its name, wrapped there."""
    label = min(_LABEL, max(8, width // 3))
    rows = safe(value, "bold" if bold else "").wrap(max(8, width - label))
    named = [
        Content.styled(f"{name:<{label}}", "$foreground-muted"),
        *[Content(" " * label)] * len(rows),
    ]
    return [Content.assemble(left, row) for left, row in zip(named, rows, strict=False)]
