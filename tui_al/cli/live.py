"""The live display of `simulate` on a terminal: where the run is, what the machine does now, and
the curve so far."""

import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import TracebackType
from typing import Literal, Self

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from tui_al.cli.console import Page, clock, duration
from tui_al.cli.plain_display import scores_of
from tui_al.core.data.terminal_text import shorten
from tui_al.core.session import events as ev
from tui_al.core.session.events import Phase
from tui_al.core.session.state import RunState, SessionState, position
from tui_al.report.axes import short_number
from tui_al.report.settings import facts, short_learner, strategy

#: Seconds between two redraws; more of them cost a slow connection and show nothing.
REDRAW = 0.25

_BAR = 24
_BLOCKS = "▁▂▃▄▅▆▇█"
_ACQUISITION = (Phase.TRAIN_ACQUISITION.value, Phase.SCORE_POOL.value)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing of a round: done with what it took, under way, or ahead."""

    name: str
    status: Literal["done", "now", "ahead"]
    detail: str = ""


class LiveDisplay:
    """Redraws in place at most four times a second, and leaves the terminal as it was."""

    def __init__(
        self, console: Console, name: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.page = Page(console)
        self.name = name
        self._now = now
        self._began = now()
        self._drawn = float("-inf")
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Also when interrupted: the cursor comes back."""
        self._live.stop()

    def start(self, state: SessionState) -> None:
        """What will run, above the moving part; then the moving part."""
        for what, how in facts(state):
            self._fact(what, how)
        for note in state.notes:
            self.page.say(f"note: {note}", "dim")
        for warning in state.cautions:
            self.page.say(f"warning: {warning}", "yellow")
        self._began = self._now()
        self._live.start()
        self._draw(state)

    def update(self, state: SessionState, new_events: Sequence[ev.Recorded]) -> None:
        """Show the state; warnings and failures stay above as lines."""
        for record in new_events:
            if isinstance(record.event, ev.WarningRaised):
                self.page.say(f"warning: {record.event.message}", "yellow")
            elif isinstance(record.event, ev.RunFailed):
                failed = record.event
                self.page.say(f"seed {failed.seed} failed: {failed.error} {failed.hint}", "red")
        if self._now() - self._drawn >= REDRAW:
            self._draw(state)

    def finish(self, state: SessionState) -> None:
        """The moving part goes; the curve and the table stay."""
        self._live.stop()
        self.page.results(self.name, state)

    def _fact(self, what: str, how: str) -> None:
        """Broken at spaces, with what it is about in a column of its own."""
        rest = textwrap.wrap(self.page.clean(how), max(20, self.page.console.width - 14)) or [""]
        for place, part in enumerate(rest):
            line = self.page.text(f"{what if place == 0 else '':>12}  ", "dim")
            self.page.print(line.append_text(self.page.text(part)))

    def _draw(self, state: SessionState) -> None:
        self._drawn = self._now()
        self._live.update(Group(*self.lines(state)), refresh=True)

    def lines(self, state: SessionState) -> list[Text]:
        """What is on the screen now, top to bottom, each as wide as the console at most."""
        width, height = self.page.console.width, self.page.console.height
        run = working_on(state)
        lines = [self._header(state, run, width)]
        if run is not None:
            lines += [self._step(step) for step in steps(state, run)]
            lines += [self._training(run), self._latest(run)]
        plot_height = min(16, height - len(lines) - 2)
        lines += self.page.plot(self.name, state, min(width, 110), plot_height)
        for line in lines:
            line.truncate(width, overflow="crop")
        return lines

    def _header(self, state: SessionState, run: RunState | None, width: int) -> Text:
        elapsed = clock(self._now() - self._began)
        if state.config is None or run is None:
            return self.page.text(f"{self.name} · {elapsed}", "bold")
        config = state.config
        at = position(state)
        assert at is not None
        right = self.page.clean(
            f"round {at.round}/{at.rounds} · seed {at.seed_number}/{at.seeds} · {elapsed}"
        )
        left = self.page.clean(
            f"{config.data.source} · {strategy(config).split(' ')[0]} · "
            f"{short_learner(config.acquisition)} → {short_learner(config.successor)}"
        )
        room = width - cell_len(right) - 2
        left = shorten(left, max(0, room), "…" if self.page.unicode else "...")
        gap = " " * max(2, width - cell_len(left) - cell_len(right))
        return Text.assemble((left, "bold"), gap, right, no_wrap=True)

    def _step(self, step: Step) -> Text:
        sign, plain_sign, style = {
            "done": ("✓", "[x]", "green"),
            "now": ("▶", "[>]", "bold cyan"),
            "ahead": ("·", "[ ]", "dim"),
        }[step.status]
        if not self.page.unicode:
            sign = plain_sign
        named = self.page.text(f"{sign} {step.name:<18} ", style)
        return named.append_text(
            self.page.text(step.detail, "dim" if step.status == "ahead" else "")
        )

    def _training(self, run: RunState) -> Text:
        """Bar, share, pace, time left."""
        progress = run.progress
        if progress is None or not progress.total:
            return self.page.text("")
        share = min(1.0, progress.done / progress.total)
        full = round(share * _BAR)
        filled, empty = ("━", "─") if self.page.unicode else ("#", "-")
        text = self.page.text(f"  {filled * full}", "cyan")
        text.append_text(self.page.text(empty * (_BAR - full), "dim"))
        parts = [f"{share * 100:3.0f} %"]
        if progress.rate > 0:
            parts.append(f"{progress.rate:,.0f} samples/s")
            parts.append(f"{clock((progress.total - progress.done) / progress.rate)} left")
        if progress.loss is not None:
            parts.append(f"loss {progress.loss:.2f}")
        text.append_text(self.page.text(f"  {'  '.join(parts)} "))
        return (
            text.append_text(self.page.text(sparkline(run.losses, 12), "cyan"))
            if self.page.unicode
            else text
        )

    def _latest(self, run: RunState) -> Text:
        if not run.points:
            return self.page.text("  no round is finished yet", "dim")
        point = run.points[-1]
        scores = [f"{name} {short_number(value, 3)}" for name, value in scores_of(point)]
        return self.page.text(
            "  ".join([f"  after round {point.round}:", f"{point.labels:,} labels", *scores])
        )


def working_on(state: SessionState) -> RunState | None:
    """The run at work, or else the last that has begun, or the first."""
    at = position(state)
    return at.run if at else None


def steps(state: SessionState, run: RunState) -> list[Step]:
    """The round at work, thing by thing, in the order of the loop; those that the strategy does not
    need are left out."""
    round_ = _round(run)
    closed = run.last_round == round_
    seconds = run.points[-1].seconds if closed else run.seconds
    random = state.config is not None and state.config.loop.strategy == "random"
    one = state.config is not None and state.config.shared_model
    asked = next((query for query in run.queries if query.round == round_), None)
    found = []
    for phase in Phase:
        name = phase.value
        skipped = round_ == 0 or random
        if name == Phase.TRAIN_SUCCESSOR.value:
            query = "take the seed set" if round_ == 0 else "query"
            done = f"{len(asked.ids):,} texts" if asked else ""
            found.append(Step(query, "done" if asked else "ahead", done))
        if name in seconds:
            found.append(Step(name, "done", duration(seconds[name])))
        elif name == run.phase and run.status == "running" and not closed:
            found.append(Step(name, "now", _pace(run.progress)))
        elif one and name == Phase.TRAIN_ACQUISITION.value:  # the last point's model asks
            continue
        elif name not in _ACQUISITION or not skipped:
            found.append(Step(name, "ahead"))
    return found


def sparkline(values: Sequence[float], width: int) -> str:
    """The values as `width` bars at most, from their least to their greatest; means where there are
    more."""
    if not values:
        return ""
    count = min(width, len(values))
    edges = [i * len(values) // count for i in range(count + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    finite = [mean for mean in means if abs(mean) < float("inf")]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    top = len(_BLOCKS) - 1
    return "".join(
        _BLOCKS[round((m - low) / (high - low) * top) if high > low else 0] for m in finite
    )


def _pace(progress: ev.Progress | None) -> str:
    if progress is None:
        return "starting"
    parts = []
    if progress.epochs:
        parts.append(f"epoch {progress.epoch}/{progress.epochs}")
    if progress.steps:
        parts.append(f"step {progress.step:,}/{progress.steps:,}")
    return " · ".join(parts) or f"{progress.done:,} of {progress.total:,}"


def _round(run: RunState) -> int:
    return max(run.round, 0)
