"""What the engine does while a person labels, and how good the successor is, in a row."""

from textual.content import Content

from tui_al.core.state import RunState
from tui_al.ui.bench import Overview
from tui_al.ui.eta import duration, phase_remaining
from tui_al.ui.keys import key_name
from tui_al.ui.safe import safe
from tui_al.ui.widgets.glyphs import bar, is_ascii
from tui_al.ui.widgets.lines import Lines, spread_out


class EngineLine(Lines):
    """The phase under way with its bar, or what the engine waits for; at the right the quality."""

    DEFAULT_CSS = "EngineLine { height: auto; padding: 0 1; }"

    def __init__(self, id: str = "engine") -> None:  # noqa: A002
        super().__init__(id=id)
        self._overview: Overview | None = None

    def show(self, overview: Overview) -> None:
        """Show this state of affairs."""
        self._overview = overview
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """One row."""
        if self._overview is None:
            return [Content("")]
        return [spread_out(self.gauge(width // 2), Content(self._overview.quality), width)]

    def gauge(self, width: int) -> Content:
        """The engine in `width` columns."""
        assert self._overview is not None
        return gauge(self._overview, width, key_name(self, "label.train"), is_ascii(self))


class EngineColumn(EngineLine):
    """The same in a column of its own, where there is room to say more."""

    def __init__(self) -> None:
        super().__init__("engine-column")

    def lines(self, width: int) -> list[Content]:
        """Engine, quality, who else is here, and how much is decided otherwise than by a label."""
        overview = self._overview
        if overview is None:
            return [Content("")]
        lines = [self.gauge(width)]
        if overview.quality:
            lines.append(Content(overview.quality))
        if overview.others:
            lines.append(safe("with " + ", ".join(overview.others), "$foreground-muted"))
        aside = overview.closed - overview.saved
        if aside:
            apart = f"{aside} unclear or ambiguous" if not overview.conflicts else f"{aside} without one answer, {overview.conflicts} of them conflicts"  # fmt: skip
            lines.append(Content.styled(apart, "$foreground-muted"))
        return lines


def gauge(overview: Overview, width: int, train_key: str, ascii_only: bool) -> Content:
    """The engine in `width` columns."""
    run = overview.run
    if not overview.live:
        return Content.assemble(
            ("○ no engine at work", "$text-warning"), f": {train_key} starts it"
        )
    if overview.state.paused:
        return Content.styled("◐ engine paused", "$text-warning")
    if overview.state.engine is None or overview.state.ended or overview.ranking is None:
        return Content.styled("○ the engine starts", "$text-warning")
    if run is None or not busy(run):
        left = max(0, overview.batch - overview.in_batch)
        waits = f"● engine waits for {left} more" if left else "● engine about to train"
        return Content.styled(waits, "$foreground-muted")
    named = Content.assemble(("● ", "$text-success"), run.phase, " ")
    progress = run.progress
    share = progress.done / progress.total if progress and progress.total else 0.0
    seconds = phase_remaining(run)
    ending = f" {share:4.0%}" + ("" if seconds is None else f" {duration(seconds)}")
    room = max(4, min(20, width - named.cell_length - len(ending)))
    filled, rest = bar(share, room, ascii_only)
    return Content.assemble(named, (filled, "$primary"), (rest, "$foreground-muted"), ending)


def busy(run: RunState) -> bool:
    """Whether a phase is under way."""
    return bool(run.phase) and run.phase not in run.seconds and run.last_round < run.round
