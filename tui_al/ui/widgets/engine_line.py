"""What the engine does while a person labels, and how good the successor is, in a row."""

from textual.content import Content

from tui_al.core.state import RunState
from tui_al.ui.bench import Overview
from tui_al.ui.eta import duration, phase_remaining
from tui_al.ui.widgets.glyphs import bar, is_ascii
from tui_al.ui.widgets.lines import Lines, spread_out


class EngineLine(Lines):
    """The phase under way with its bar, or what the engine waits for; at the right the quality."""

    DEFAULT_CSS = "EngineLine { height: auto; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(id="engine")
        self._overview: Overview | None = None

    def show(self, overview: Overview) -> None:
        """Show this state of affairs."""
        self._overview = overview
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """One row."""
        if self._overview is None:
            return [Content("")]
        return [spread_out(gauge(self._overview, width // 2, is_ascii(self)), Content(""), width)]


def gauge(overview: Overview, width: int, ascii_only: bool) -> Content:
    """The engine in `width` columns."""
    run = overview.run
    if not overview.live:
        return Content.assemble(("○ no engine at work", "$text-warning"), ": t starts it")
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
