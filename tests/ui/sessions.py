"""Recorded sessions: what an engine would have written, appended by hand, so that screens are
tested without one."""

import fcntl
import os
from dataclasses import dataclass, replace
from pathlib import Path

from tests.helpers.new_session import new_session
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.errors import TuiAlError
from tui_al.host import process
from tui_al.store.session import Session

LABELS = ("billing", "delivery", "returns")


def config(
    *,
    source: str = "sample_data/tickets",
    strategy: str = "lc",
    rounds: int = 6,
    seeds: tuple[int, ...] = (1, 2),
    model: str = "minilm",
    epochs: int = 4,
) -> ExperimentConfig:
    """An experiment of 5 + 5 x rounds labels out of 60."""
    acquisition = replace(default_settings("minilm", "adapter"), model=model, epochs=epochs)
    return ExperimentConfig(
        data=DataConfig(source),
        acquisition=acquisition,
        successor=replace(default_settings("minilm", "full"), epochs=epochs),
        loop=LoopConfig(strategy, Amount.parse("5"), Amount.parse("5"), rounds=rounds),
        seeds=seeds,
    )


def dataset(name: str = "tickets", labels: tuple[str, ...] = LABELS, size: int = 60) -> Dataset:
    """`size` training texts and a third as many for testing, classes in turn."""
    texts = [f"text number {i} about something" for i in range(size + size // 3)]
    examples = [
        Example(identity, text, labels[i % len(labels)], origin=f"train.csv:{i + 2}")
        for i, (identity, text) in enumerate(zip(example_ids(texts), texts, strict=True))
    ]
    return Dataset(
        name, Task.CLASSIFICATION, labels, tuple(examples[:size]), tuple(examples[size:])
    )


@dataclass
class Recording:
    """A session that a test writes on as an engine would."""

    directory: Path
    session: Session
    config: ExperimentConfig
    data: Dataset

    def append(self, *events: ev.Event) -> None:
        self.session.append(*events)

    def start(self, *, device: str = "cpu", resumed: bool = False, pid: int = 1) -> None:
        """An engine takes up the session."""
        self.append(ev.EngineStarted(pid, "box", device, resumed, {}))

    def phase(self, seed: int, round_: int, phase: ev.Phase, *, done: float = 1.0) -> None:
        """A phase, finished, or at a share of its work."""
        total = 240
        training = phase in (ev.Phase.TRAIN_ACQUISITION, ev.Phase.TRAIN_SUCCESSOR)
        self.append(ev.PhaseStarted(seed, round_, phase.value, total))
        ticks = 12
        for tick in range(1, ticks + 1):
            share = tick / ticks
            if share > done:
                break
            self.append(
                ev.Progress(
                    seed, round_, phase.value, int(total * share), total, 117.3,
                    epoch=1 + int(share * 3.99) if training else 0, epochs=4 if training else 0,
                    step=int(60 * share), steps=60, loss=2.5 / (tick + 1) if training else None,
                )
            )  # fmt: skip
        if done >= 1:
            seconds = 2.0 + round_ if training else 0.5
            self.append(ev.PhaseFinished(seed, round_, phase.value, seconds, 400_000_000))

    def query(self, seed: int, round_: int) -> None:
        """Five more examples, asked about and answered."""
        asked = self.data.train[5 * round_ : 5 * round_ + 5]
        ids = tuple(example.id for example in asked)
        name = self.config.loop.strategy if round_ else "seed set"
        self.append(
            ev.QuerySelected(
                seed, round_, name, ids, (0.5,) * 5 if round_ else (), 60 - 5 * round_
            ),
            ev.Labelled(
                seed, round_, ids, tuple(example.answer or "" for example in asked), ("gold",) * 5
            ),
        )

    def gauge(self, seed: int, round_: int, floors: int = 1) -> None:
        """Before the round's query: WD 0.0123, and KL 0.045 of round 1, falling; the floor where
        there is one."""
        wd, kl = (0.004, 0.012) if floors else (None, None)
        self.append(
            ev.MismatchMeasured(
                seed, round_, 5 * round_, 50, "lc", 0.0123, 0.045 / round_, wd, kl, floors
            )
        )

    def point(self, seed: int, round_: int, accuracy: float) -> None:
        """The round's end."""
        counts = {label: 5 * (round_ + 1) // len(self.data.labels) for label in self.data.labels}
        self.append(
            ev.RoundResult(
                seed, round_, 5 * (round_ + 1), 0,
                {"accuracy": accuracy, "macro_f1": accuracy - 0.03}, counts, seconds(round_),
                400_000_000,
            )
        )  # fmt: skip

    def rounds(self, seed: int, last: int, *, first: int = 0, lift: float = 0.0) -> None:
        """Whole rounds of a run, up to `last`."""
        if first == 0:
            self.append(ev.RunStarted(seed))
        for round_ in range(first, last + 1):
            if round_:
                self.phase(seed, round_, ev.Phase.TRAIN_ACQUISITION)
                self.phase(seed, round_, ev.Phase.SCORE_POOL)
            self.query(seed, round_)
            self.phase(seed, round_, ev.Phase.TRAIN_SUCCESSOR)
            self.phase(seed, round_, ev.Phase.EVALUATE)
            self.point(seed, round_, accuracy(seed, round_) + lift)

    def finish(self, *, lift: float = 0.0) -> None:
        """Every run to its end, models saved, and the engine gone in good order."""
        self.start()
        for seed in self.config.seeds:
            self.rounds(seed, self.config.loop.rounds, lift=lift)
            self.append(
                ev.ModelSaved(seed, self.config.loop.rounds, "successor", f"models/seed-{seed}"),
                ev.RunFinished(seed, "rounds"),
            )
        self.append(ev.SessionFinished(), ev.EngineFinished("finished"))


def seconds(round_: int) -> dict[str, float]:
    """What a recorded round took, by phase."""
    return {
        ev.Phase.TRAIN_ACQUISITION.value: 2.0 + round_ if round_ else 0.0,
        ev.Phase.SCORE_POOL.value: 0.5 if round_ else 0.0,
        ev.Phase.TRAIN_SUCCESSOR.value: 2.0 + round_,
        ev.Phase.EVALUATE.value: 0.5,
    }


def accuracy(seed: int, round_: int) -> float:
    """A curve that rises quickly and then slowly, a little different for each seed."""
    return round(0.9 - 0.6 / (1 + 0.8 * round_) + 0.02 * (seed % 3 - 1), 4)


def record(
    home: Path,
    name: str = "tickets-lc",
    *,
    experiment: ExperimentConfig | None = None,
    data: Dataset | None = None,
    warnings: tuple[str, ...] = (),
) -> Recording:
    """A new session in `home` that nothing has happened in yet."""
    experiment, data = experiment or config(), data or dataset()
    session = new_session(home, name, experiment, data, warnings=warnings)
    session._db.execute("PRAGMA synchronous = OFF")  # a test's session need not outlive a power cut
    return Recording(session.directory, session, experiment, data)


class FakeEngine:
    """Stands in for the engine's process: who holds a session's lock, who was started, how one
    died."""

    def __init__(self) -> None:
        self.started: list[Path] = []
        self.end: process.EngineEnd | None = None
        self.refusal: TuiAlError | None = None
        self._locks: list[int] = []

    def live(self, directory: Path) -> None:
        """From now on an engine works on the session."""
        descriptor = os.open(directory / "engine.lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._locks.append(descriptor)

    def die(self, cause: str = "The engine was killed (signal 9).", *log_tail: str) -> None:
        """The lock is free, and nobody said good-bye."""
        self.end = process.EngineEnd(cause, "It probably ran out of memory.", log_tail)
        self.leave()

    def leave(self) -> None:
        """The lock is free."""
        while self._locks:
            os.close(self._locks.pop())

    def start_engine(self, directory: Path) -> int:
        """In place of `process.start_engine`."""
        if self.refusal:
            raise self.refusal
        self.live(directory)
        self.started.append(directory)
        self.end = None
        return 4242

    def engine_end(self, directory: Path) -> process.EngineEnd | None:
        """In place of `process.engine_end`."""
        return self.end
