"""Displays that write lines: for people without a terminal (plain), for programs (JSON), and for
those who want the end only."""

import json
import math
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console

from tui_al.cli.console import Page, clock, duration
from tui_al.core.session import events as ev
from tui_al.core.session.state import SessionState
from tui_al.report import curves
from tui_al.report.settings import facts
from tui_al.report.tables import finished_event

#: Seconds between two lines about one phase.
PATIENCE = 30.0

_LINE_PHASES = {"train acquisition": "train", "score pool": "score", "train successor": "successor"}


class QuietDisplay:
    """Nothing but the table at the end, with what failed."""

    def __init__(self, console: Console, name: str) -> None:
        self.page = Page(console)
        self.name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """A line display has nothing to restore."""

    def start(self, state: SessionState) -> None:
        """Before the first event."""

    def update(self, state: SessionState, new_events: Sequence[ev.Recorded]) -> None:
        """`state` is what it is after `new_events`."""

    def finish(self, state: SessionState) -> None:
        """After the last event."""
        self.page.results(self.name, state, plot=False)


class PlainDisplay(QuietDisplay):
    """A line when a phase or a round ends, and now and then while a long one lasts; no control
    codes."""

    def __init__(self, console: Console, name: str) -> None:
        super().__init__(console, name)
        self._spoken = 0.0  #: time of the event that the last line was about

    def start(self, state: SessionState) -> None:
        """What is about to run, what was guessed, and what is odd about it."""
        self.page.say(f"session {self.name}")
        for what, how in facts(state):
            self.page.say(f"  {what}: {how}")
        for note in state.notes:
            self.page.say(f"note: {note}")
        for warning in state.cautions:
            self.page.say(f"warning: {warning}")
        done = [
            f"seed {r.seed} after round {r.last_round}" for r in state.runs.values() if r.points
        ]
        if done:
            self.page.say(f"continuing: {', '.join(done)}")

    def update(self, state: SessionState, new_events: Sequence[ev.Recorded]) -> None:
        """Tell of what ended; of progress only when nothing was said for half a minute."""
        for record in new_events:
            line = self._line(state, record)
            if line:
                self._spoken = record.time
                self.page.say(line)

    def finish(self, state: SessionState) -> None:
        """The curve and the table."""
        self.page.say()
        self.page.results(self.name, state)

    def _line(self, state: SessionState, record: ev.Recorded) -> str:
        match record.event:
            case ev.EngineStarted() as started:
                return f"engine on {started.device}{', resumed' if started.resumed else ''}"
            case ev.PhaseStarted():
                self._spoken = record.time
                return ""
            case ev.Progress() as progress:
                if record.time - self._spoken < PATIENCE:
                    return ""
                return f"{_where(state, progress)}  {progress_text(progress)}"
            case ev.PhaseFinished() as phase:
                return f"{_where(state, phase)}  {phase.phase} done in {duration(phase.seconds)}"
            case ev.RoundResult() as point:
                return f"{_where(state, point)}  {point_text(point)}"
            case ev.RunFailed() as failed:
                return f"seed {failed.seed}  failed: {failed.error} {failed.hint}".rstrip()
            case ev.RunFinished(seed=seed, reason="pool"):
                return f"seed {seed}  finished: nothing is left to ask"
            case ev.WarningRaised() as warned:
                return f"warning: {warned.message}"
            case _:
                return ""


class JsonDisplay(QuietDisplay):
    """Every event as one line of JSON on stdout, progress included; diagnostics for people on
    stderr."""

    def __init__(self, console: Console, diagnostics: Console, name: str) -> None:
        super().__init__(console, name)
        self._diagnostics = Page(diagnostics)

    def start(self, state: SessionState) -> None:
        """Notes and warnings go to stderr."""
        for line in (*state.notes, *(f"warning: {warning}" for warning in state.cautions)):
            self._diagnostics.say(line)

    def update(
        self,
        state: SessionState,  # noqa: ARG002 - the display's interface
        new_events: Sequence[ev.Recorded],
    ) -> None:
        """One line an event: its kind, its number and time in the log, its values."""
        for record in new_events:
            plain = ev.to_plain(record.event)
            kind = plain.pop("kind")
            plain.pop("sample", None)  # hundreds of numbers that only the gauge reads
            self._write({"kind": kind, "seq": record.seq, "time": record.time, **plain})
            if isinstance(record.event, ev.WarningRaised):
                self._diagnostics.say(f"warning: {record.event.message}")
            elif isinstance(record.event, ev.RunFailed):
                failed = record.event
                self._diagnostics.say(f"seed {failed.seed} failed: {failed.error} {failed.hint}")

    def finish(self, state: SessionState) -> None:
        """The last line tells the curves."""
        self._write(finished_event(self.name, state))

    def _write(self, plain: Mapping[str, Any]) -> None:
        """ASCII whatever the encoding, and past Rich, which would wrap it."""
        self.page.console.file.write(json.dumps(_valid(plain), allow_nan=False) + "\n")
        self.page.console.file.flush()


def progress_text(progress: ev.Progress) -> str:
    """ "train successor  41 %  epoch 3 of 8  step 41 of 228  96 samples/s  0:38 left  loss
    0.312"."""
    parts = [progress.phase]
    if progress.total:
        parts.append(f"{100 * progress.done / progress.total:.0f} %")
    if progress.epochs:
        parts.append(f"epoch {progress.epoch} of {progress.epochs}")
    if progress.steps:
        parts.append(f"step {progress.step:,} of {progress.steps:,}")
    if progress.rate > 0:
        parts.append(f"{progress.rate:,.0f} samples/s")
        parts.append(f"{clock((progress.total - progress.done) / progress.rate)} left")
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.3f}")
    return "  ".join(parts)


def point_text(point: ev.RoundResult) -> str:
    """ "240 labels  accuracy 0.731  macro-F1 0.702  train 12.4 s  score 1.1 s  successor 38 s"."""
    scores = [f"{name} {value:.3f}" for name, value in scores_of(point)]
    spent = [
        f"{_LINE_PHASES[phase]} {duration(seconds)}"
        for phase, seconds in curves.in_order(point.seconds).items()
        if phase in _LINE_PHASES
    ]
    return "  ".join([f"{point.labels:,} labels", *scores, *spent])


def scores_of(point: ev.RoundResult) -> list[tuple[str, float]]:
    """The metrics worth a line, by the names that people use."""
    shown = [name for name in ("entity_f1", "accuracy", "macro_f1") if name in point.metrics]
    return [(curves.metric_name(name), point.metrics[name]) for name in shown]


def _where(state: SessionState, event: ev.Progress | ev.PhaseFinished | ev.RoundResult) -> str:
    rounds = f"/{state.config.loop.rounds}" if state.config else ""
    return f"seed {event.seed}  round {event.round}{rounds}"


def _valid(value: Any) -> Any:
    """With null for numbers that JSON does not know."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _valid(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_valid(item) for item in value]
    return value
