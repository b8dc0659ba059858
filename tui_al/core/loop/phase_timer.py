"""Times a round's phases and tells of them: started, progress, finished."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tui_al.core.loop.protocols import Learner
from tui_al.core.progress import ProgressCallback, TrainingProgress
from tui_al.core.session import events as ev

Emit = Callable[[ev.Event], None]


class RoundTimer:
    """Times a round's phases and tells of them; `seconds` by phase and `peak_bytes` are the round's
    so far."""

    def __init__(
        self,
        seed: int,
        round_: int,
        emit: Emit,
        clock: Callable[[], float],
    ) -> None:
        self.seed = seed
        self.round = round_
        self.emit = emit
        self.seconds: dict[str, float] = {}
        self.clock = clock
        self.peak_bytes = 0

    @contextmanager
    def phase(self, phase: ev.Phase, total: int, learner: Learner) -> Iterator[ProgressCallback]:
        """Announce a phase, hand out its progress sink, and close it with seconds and peak
        memory."""
        self.emit(ev.PhaseStarted(self.seed, self.round, phase.value, total))
        learner.peak_bytes()
        began = self.clock()

        def progress(tick: TrainingProgress) -> None:
            rate = tick.done / max(self.clock() - began, 1e-9)
            self.emit(
                ev.Progress(
                    self.seed, self.round, phase.value, tick.done, tick.total, rate,
                    tick.epoch, tick.epochs, tick.step, tick.steps, tick.loss,
                )
            )  # fmt: skip

        yield progress
        seconds = self.clock() - began
        peak = learner.peak_bytes()
        self.seconds = {**self.seconds, phase.value: seconds}
        self.peak_bytes = max(self.peak_bytes, peak)
        self.emit(ev.PhaseFinished(self.seed, self.round, phase.value, seconds, peak))


def part_of(progress: ProgressCallback, before: int, total: int) -> ProgressCallback:
    """For a pass that is part of a phase with `total` texts, of which `before` are done."""
    return lambda tick: progress(replace(tick, done=before + tick.done, total=total))
