"""Sessions made up for pictures: three experiments on the sample tickets, their curves drawn by a
formula, one of them half done."""

import csv
import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.preview import Preview, preview_of
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.store.session import Session

TICKETS = Path(__file__).parents[2] / "sample_data" / "tickets"
ROUNDS, BATCH, SEEDS = 12, 63, (23419, 705525, 4837)

#: When the last of it happened; the pictures are taken a moment later.
NOW = 1_790_000_000.0

#: The process of the engine that is told of.
PID = 4242

_GPU_BYTES = 9_800_000_000


class Clock:
    """The time that goes into the log."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


@contextmanager
def recording_at(clock: Clock) -> Iterator[None]:
    """What is appended meanwhile happened when the clock says."""
    with patch("tui_al.store.event_log.time", SimpleNamespace(time=clock.time, sleep=time.sleep)):
        yield


def tickets() -> Dataset:
    """The sample data, as the engine reads it."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for split in ("train", "test"):
        with (TICKETS / f"{split}.csv").open(encoding="utf-8", newline="") as file:
            rows[split] = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    ids = example_ids(text for split in rows.values() for text, _ in split)
    pairs = [pair for split in rows.values() for pair in split]
    examples = tuple(Example(i, *pair) for i, pair in zip(ids, pairs, strict=True))
    cut = len(rows["train"])
    labels = tuple(sorted({label for _, label in pairs}))
    return Dataset("tickets", Task.CLASSIFICATION, labels, examples[:cut], examples[cut:])


def preview() -> Preview:
    """What the engine would say of the sample data."""
    return preview_of(tickets())


def experiment(strategy: str, tuning: str, seeds: tuple[int, ...] = SEEDS) -> ExperimentConfig:
    """On the sample data, twelve rounds of 5 %."""
    return ExperimentConfig(
        data=DataConfig("tickets"),
        acquisition=default_settings("minilm", tuning),
        successor=default_settings("minilm", "full"),
        loop=LoopConfig(strategy, Amount.parse("5%"), Amount.parse("5%"), rounds=ROUNDS),
        seeds=seeds,
    )


def accuracy(name: str, number: int, round_: int) -> float:
    """A curve that saturates; every seed wobbles in its own way."""
    pace, top = {
        "adapter": (0.34, 0.895),
        "full": (0.4, 0.905),
        "bt": (0.31, 0.89),
        "random": (0.22, 0.9),
    }[name]
    wobble = 0.016 * math.sin(2.1 * round_ + 2.4 * number + 40 * pace) + 0.018 * (number - 1)
    return round(top - 0.62 * math.exp(-pace * (round_ + 0.4)) + wobble / (1 + 0.15 * round_), 4)


class Story:
    """Writes one session as an engine would; `clock` goes on with it."""

    def __init__(
        self, home: Path, name: str, config: ExperimentConfig, data: Dataset, clock: Clock
    ) -> None:
        self.config, self.data, self.clock = config, data, clock
        created = ev.SessionCreated(
            config.to_dict(), data.task.value, data.labels, len(data.train), len(data.test), (), (),
            {}
        )  # fmt: skip
        self.session = Session.create(home, name, created, data)

    def engine(self, device: str = "cuda:0") -> None:
        """An engine takes it up."""
        self._tell(1.5, ev.EngineStarted(PID, "box", device, False, {}))

    def run(self, number: int, last: int) -> None:
        """A run from its beginning up to round `last`."""
        seed = self.config.seeds[number]
        self._tell(0.2, ev.RunStarted(seed))
        for round_ in range(last + 1):
            self.round(number, round_)
        if last == self.config.loop.rounds:
            saved = ev.ModelSaved(seed, last, "successor", f"models/seed-{seed}")
            self._tell(0.4, saved, ev.RunFinished(seed, "rounds"))

    def round(self, number: int, round_: int) -> None:
        """A whole round, phase by phase."""
        seed, labels = self.config.seeds[number], BATCH * (round_ + 1)
        seconds = self._seconds(round_)
        if round_ and self.config.loop.strategy != "random":
            if not self.config.shared_model:
                self.phase(seed, round_, ev.Phase.TRAIN_ACQUISITION)
            self.phase(seed, round_, ev.Phase.SCORE_POOL)
        self.query(seed, round_)
        self.phase(seed, round_, ev.Phase.TRAIN_SUCCESSOR)
        self.phase(seed, round_, ev.Phase.EVALUATE)
        score = accuracy(self.session.name.removeprefix("tickets-"), number, round_)
        counts = dict(Counter(str(example.answer) for example in self.data.train[:labels]))
        metrics = {"accuracy": score, "macro_f1": round(score - 0.031, 4)}
        self._tell(
            0.1, ev.RoundResult(seed, round_, labels, 0, metrics, counts, seconds, _GPU_BYTES)
        )

    def query(self, seed: int, round_: int) -> None:
        """Asked and answered."""
        asked = self.data.train[BATCH * round_ : BATCH * (round_ + 1)]
        ids = tuple(example.id for example in asked)
        scores = tuple(round(0.8 - 0.005 * place, 3) for place in range(len(ids)))
        pool = len(self.data.train) - BATCH * round_
        answers = tuple(str(example.answer) for example in asked)
        name = self.config.loop.strategy if round_ else "seed set"
        self._tell(
            0.2,
            ev.QuerySelected(seed, round_, name, ids, scores if round_ else (), pool),
            ev.Labelled(seed, round_, ids, answers, ("gold",) * len(ids)),
        )

    def phase(self, seed: int, round_: int, phase: ev.Phase, done: float = 1.0) -> None:
        """A phase, or its beginning up to the share `done`."""
        training = phase in (ev.Phase.TRAIN_ACQUISITION, ev.Phase.TRAIN_SUCCESSOR)
        learner = (
            self.config.acquisition
            if phase == ev.Phase.TRAIN_ACQUISITION
            else self.config.successor
        )
        labels = BATCH * (round_ + (phase != ev.Phase.TRAIN_ACQUISITION))
        total = labels * learner.epochs if training else len(self.data.train) - labels
        steps = math.ceil(total / learner.batch_size)
        seconds = self._seconds(round_)[phase.value]
        told: list[ev.Event] = [ev.PhaseStarted(seed, round_, phase.value, total)]
        ticks = 30
        for tick in range(1, round(ticks * done) + 1):
            share = tick / ticks
            falling = 0.09 + 2.4 * math.exp(-4 * share) * (1 + 0.12 * math.sin(5 * tick))
            told.append(
                ev.Progress(
                    seed, round_, phase.value, int(total * share), total, total / seconds,
                    epoch=min(learner.epochs, 1 + int(share * learner.epochs)) if training else 0,
                    epochs=learner.epochs if training else 0,
                    step=int(steps * share) if training else 0, steps=steps if training else 0,
                    loss=round(falling, 3) if training else None,
                )
            )  # fmt: skip
        if done >= 1:
            told.append(ev.PhaseFinished(seed, round_, phase.value, seconds, _GPU_BYTES))
        self._tell(seconds * done, *told)

    def finish(self) -> None:
        """Every run to its end, and the engine gone in good order."""
        self.engine()
        for number in range(len(self.config.seeds)):
            self.run(number, self.config.loop.rounds)
        self._tell(0.1, ev.SessionFinished(), ev.EngineFinished("finished"))
        self.session.close()

    def stop(self) -> None:
        """Stopped where it is."""
        self._tell(0.1, ev.EngineFinished("stopped"))
        self.session.close()

    def _seconds(self, round_: int) -> dict[str, float]:
        asks = 0.0 if self.config.loop.strategy == "random" else 1.0
        seconds = {
            ev.Phase.TRAIN_ACQUISITION.value: round(asks * (2.1 + 1.9 * round_) * (round_ > 0), 1),
            ev.Phase.SCORE_POOL.value: round(asks * 0.4 * (round_ > 0), 1) + 0.1,
            ev.Phase.TRAIN_SUCCESSOR.value: round(3.4 + 3.2 * round_, 1),
            ev.Phase.EVALUATE.value: 0.3,
        }
        if self.config.shared_model:
            del seconds[ev.Phase.TRAIN_ACQUISITION.value]
        return seconds

    def _tell(self, seconds: float, *events: ev.Event) -> None:
        self.clock.now += seconds
        self.session.append(*events)


def record_all(home: Path) -> None:
    """The sessions of the pictures, the last one half way through its second seed."""
    data = tickets()
    hour = 3600.0
    clock = Clock(NOW - 49 * hour)
    with recording_at(clock):
        Story(home, "tickets-random", experiment("random", "adapter"), data, clock).finish()
        clock.now = NOW - 26 * hour
        Story(home, "tickets-full", experiment("lc", "full"), data, clock).finish()
        clock.now = NOW - 5 * hour
        stopped = Story(home, "tickets-bt", experiment("bt", "adapter", SEEDS[:1]), data, clock)
        stopped.engine()
        stopped.run(0, 4)
        stopped.stop()
        clock.now = NOW - 674
        live = Story(home, "tickets-adapter", experiment("lc", "adapter"), data, clock)
        live.engine()
        live.run(0, ROUNDS)
        live.run(1, 6)
        seed = live.config.seeds[1]
        live.phase(seed, 7, ev.Phase.TRAIN_ACQUISITION)
        live.phase(seed, 7, ev.Phase.SCORE_POOL)
        live.query(seed, 7)
        live.phase(seed, 7, ev.Phase.TRAIN_SUCCESSOR, done=0.6)
        live.session.close()
