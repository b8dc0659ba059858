"""The title row of a session: what it is, how far, and how it is."""

from typing import NamedTuple

from textual.content import Content

from tui_al.core.data.terminal_text import shorten_middle
from tui_al.core.session.state import SessionState, position
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.report.settings import short_learner
from tui_al.ui.escape import safe
from tui_al.ui.eta import remaining_seconds, roughly
from tui_al.ui.session_watcher import Update
from tui_al.ui.widgets.lines import Lines, spread_out


class Status(NamedTuple):
    """A mark and a word, and a colour that only repeats them."""

    mark: str
    word: str
    style: str


def status(update: Update, *, starting: bool = False, stopping: bool = False) -> Status:
    """How the session is, as far as this machine can tell."""
    state = update.state
    if update.live and not state.finished:
        if stopping:
            return Status("◐", "stopping", "$text-warning")
        if starting or state.ended or state.engine is None:
            return Status("○", "starting", "$text-warning")
        if state.paused:
            return Status("◐", "paused", "$text-warning")
        return Status("●", "running", "$text-success")
    if state.finished:
        return Status("✓", "finished", "$text-success")
    if starting:
        return Status("○", "starting", "$text-warning")
    if update.end:
        return Status("✗", "engine died", "$text-error")
    if state.status == "failed":
        return Status("✗", "failed", "$text-error")
    if state.ended == "finished" and not state.lacks:
        return Status("✓", "done", "$text-success")
    if state.ended:
        return Status("■", "stopped", "$text-warning")
    return Status("○", "not started" if state.engine is None else "not running", "$text-warning")


def what_it_is(config: ExperimentConfig) -> str:
    """ "tickets · lc · minilm adapter → minilm full"."""
    source = config.data.source.rstrip("/").rsplit("/", 1)[-1]
    models = f"{short_learner(config.acquisition)} → {short_learner(config.successor)}"
    return f"{source} · {config.loop.strategy} · {models}"


def how_far(state: SessionState, *, short: bool = False) -> str:
    """ "round 7/12 · seed 2/5" of the run at work, or of the last that was."""
    at = position(state)
    if at is None or state.config is None:
        return ""
    if state.config.loop.oracle == "person":
        ranked = at.run.ranked  # as the label screen counts: the batch that people are at
        if ranked is None or not ranked.depth:
            return ""
        return f"{'r' if short else 'round'} {ranked.round + 1}"
    parts = [f"{at.round}/{at.rounds}"]
    if at.seeds > 1:
        parts.append(f"{at.seed_number}/{at.seeds}")
    names = ("r ", "s ") if short else ("round ", "seed ")
    return " · ".join(name + part for name, part in zip(names, parts, strict=False))


def how_long(update: Update) -> str:
    """ "13 min left" while an engine works and it can be told; else for how long engines have
    worked, "took 15 min"."""
    state = update.state
    by_people = state.config is not None and state.config.loop.oracle == "person"
    works = update.live and not state.finished
    if works and not state.paused and not by_people:
        left = remaining_seconds(state)
        if left is not None:
            return f"{roughly(left)} left"
    if not update.worked:
        return ""
    return f"{roughly(update.worked)} so far" if works else f"took {roughly(update.worked)}"


class TitleRow(Lines):
    """One row over a session's screens."""

    DEFAULT_CSS = "TitleRow { height: 1; background: $panel; padding: 0 1; }"

    def __init__(self, name: str) -> None:
        super().__init__(id="title")
        self._called = name
        self._update: Update | None = None
        self._status = Status("○", "opening", "")

    def show(self, update: Update, how: Status) -> None:
        """Show this state of affairs."""
        self._update, self._status = update, how
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """Name and experiment at the left; how far and how it is at the right."""
        update = self._update
        how = Content.styled(
            f"{self._status.mark} {self._status.word}", f"bold {self._status.style}"
        )
        left = safe(self._called, "bold")
        if update is None or update.state.config is None:
            return [spread_out(left, how, width)]
        far = "" if update.state.finished else how_far(update.state, short=width < 60)
        right = Content("  ").join(
            [
                *([Content(far)] if far else []),
                how,
                *([Content(how_long(update))] if width >= 60 else []),
            ]
        )
        described = Content.assemble(
            left, "  ", safe(what_it_is(update.state.config), "$foreground-muted")
        )
        fits = described.cell_length + right.cell_length + 2 <= width
        room = max(1, width - right.cell_length - 2)
        if left.cell_length > room:  # names of experiments differ at their ends
            left = described = safe(shorten_middle(left.plain, room), "bold")
        return [spread_out(described if fits or width >= 100 else left, right, width)]
