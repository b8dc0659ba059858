"""How long training takes here: the paper's Table 1 for any data and models, and how much of the
machine it uses.

Every way to train gets the same texts in the same order and its own default settings; the ways take
turns, so that a machine that slows down slows all of them. What a frozen trunk gives is computed
before the clock starts, as it is once for all rounds and seeds; its time is told beside. Where
steps are limited, a training is cut to its first ones and its time multiplied up."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Dataset
from tui_al.core.limits import computing_threads
from tui_al.core.progress import silent
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.hub.sources import find
from tui_al.engine.models.device import name_of, prepare
from tui_al.engine.models.feature_cache import FeatureStore
from tui_al.engine.models.learner import TransformerLearner

#: Side of the square matrices whose product is the machine's measured peak.
_SIDE = {"cpu": 1024, "mps": 2048, "cuda": 8192}

#: Steps whose multiplications are counted, and texts that are scored for the rate of scoring.
_COUNTED_STEPS = 3
_SCORED = 256

#: Told what is being measured, and how much of all has been.
MeasurementCallback = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Measured:
    """Training seconds for a number of labels, one figure a repeat."""

    labels: int
    steps: int  #: of the whole training
    steps_run: int  #: fewer, where steps are limited
    seconds: tuple[float, ...]  #: of the whole training, multiplied up where steps are limited


@dataclass(frozen=True, slots=True)
class Setup:
    """One way to train a model: what was measured of it."""

    learner: LearnerConfig
    layers: int  #: frozen
    subtokens: float  #: of a text, mean
    trainings: tuple[Measured, ...]  #: by number of labels
    once: float  #: seconds for the trunk's output for the whole training split
    scoring: float  #: texts a second
    peak_share: float  #: multiplications done over those that matrix products of the same time do


@dataclass(frozen=True, slots=True)
class Timing:
    """All of it, with what the machine does at best."""

    device: str
    threads: int
    peak: dict[str, float]  #: floating-point operations a second, by precision
    words: float  #: of a text, mean
    ways: tuple[Setup, ...]


def measure(
    dataset: Dataset,
    settings: Sequence[LearnerConfig],
    shares: Sequence[float],
    device: torch.device,
    repeats: int,
    max_steps: int | None,
    seed: int,
    tell: MeasurementCallback,
) -> Timing:
    """Time every way to train at these shares of the training split (0 to 1), `repeats` times in
    turns."""
    prepare(device)
    torch.set_num_threads(computing_threads())
    total = len(dataset.train)
    labels = [max(1, round(share * total)) for share in shares]
    rows = np.random.default_rng(seed).permutation(total)[: max(labels)]
    part = replace(dataset, train=tuple(dataset.train[row] for row in rows))
    ways = len(settings)
    clocks = []
    feature_store = FeatureStore()
    for number, config in enumerate(settings):
        tell(f"loading {config.model} {config.tuning}", number, ways * (repeats + 1))
        clocks.append(_SetupTimer(config, part, total, device, feature_store, max_steps))
    found = [[[0.0] * repeats for _ in labels] for _ in clocks]
    for repeat in range(repeats):
        for way, clock in enumerate(clocks):
            tell(clock.name, ways + repeat * ways + way, ways * (repeats + 1))
            for size, count in enumerate(labels):
                found[way][size][repeat] = clock.train(count, seed + repeat)
    peak: dict[str, float] = {c.learner.config.precision: 0.0 for c in clocks}
    for precision in peak:
        peak[precision] = matrix_rate(device, precision)
    return Timing(
        device=name_of(device),
        threads=torch.get_num_threads(),
        peak=peak,
        words=float(np.mean([len(e.tokens) or len(e.text.split()) for e in part.train])),
        ways=tuple(
            clock.way(labels, found[way], peak[clock.learner.config.precision])
            for way, clock in enumerate(clocks)
        ),
    )


class _SetupTimer:
    """Times one way to train."""

    def __init__(
        self,
        config: LearnerConfig,
        dataset: Dataset,
        total: int,
        device: torch.device,
        feature_store: FeatureStore,
        max_steps: int | None,
    ) -> None:
        self.learner = TransformerLearner(
            config, find(config.model, config.revision), dataset, device, feature_store
        )
        self.config = config
        self.max_steps = max_steps
        self.name = f"{config.model} {config.tuning}"
        self.answers: list[Any] = [e.answer for e in dataset.train]
        kept = np.arange(len(dataset.train))
        self.once = self._timed(lambda: self.learner.keep("train", kept, silent))
        self.once *= total / len(kept)
        self.scored = kept[:_SCORED]
        self._fit(self.scored[: config.batch_size], 1, 0)  # warm-up
        self.operations = self._operations()
        seconds = self._timed(lambda: self.learner.predict("train", self.scored, silent))
        self.scoring = len(self.scored) / seconds

    def train(self, labels: int, seed: int) -> float:
        """Seconds of a training with the first `labels` texts."""
        texts, epochs = self._cut(labels)
        steps = self._steps(texts, epochs)
        seconds = self._timed(lambda: self._fit(np.arange(texts), epochs, seed))
        return seconds * self._steps(labels, self.config.epochs) / steps

    def way(self, labels: list[int], seconds: list[list[float]], peak: float) -> Setup:
        """What was measured, with the share of `peak` operations a second that the largest training
        reached."""
        trainings = tuple(
            Measured(
                n, self._steps(n, self.config.epochs), self._steps(*self._cut(n)), tuple(times)
            )
            for n, times in zip(labels, seconds, strict=True)
        )
        whole = trainings[-1]
        rate = self.operations * whole.steps / float(np.median(whole.seconds))
        return Setup(
            learner=self.config,
            layers=int(self.learner.config.trunk_layers),
            subtokens=float(self.learner.tokens("train").lengths().mean()),
            trainings=trainings,
            once=self.once,
            scoring=self.scoring,
            peak_share=rate / peak,
        )

    def _cut(self, labels: int) -> tuple[int, int]:
        """Texts and epochs of at most `max_steps` steps."""
        if self.max_steps is None:
            return labels, self.config.epochs
        texts = min(labels, self.max_steps * self.learner.config.batch_size)
        return texts, max(1, min(self.config.epochs, self.max_steps // self._steps(texts, 1)))

    def _steps(self, texts: int, epochs: int) -> int:
        return -(-texts // self.learner.config.batch_size) * epochs

    def _fit(self, rows: IntArray, epochs: int, seed: int) -> None:
        learner = self.learner
        learner.config = replace(learner.config, epochs=epochs)
        learner.fit(rows, [self.answers[row] for row in rows], seed, silent)

    def _operations(self) -> float:
        """Floating-point operations of matrix products in a training step, padding included, as
        PyTorch counts them."""
        rows = self.scored[: _COUNTED_STEPS * self.learner.config.batch_size]
        with FlopCounterMode(display=False) as counter:
            self._fit(rows, 1, 0)
        return float(counter.get_total_flops()) / self._steps(len(rows), 1)

    def _timed(self, work: Callable[[], object]) -> float:
        _wait(self.learner.device)
        began = time.perf_counter()
        work()
        _wait(self.learner.device)
        return time.perf_counter() - began


def matrix_rate(device: torch.device, precision: str) -> float:
    """Floating-point operations a second of a square matrix product: the best of several, so the
    machine's measured peak."""
    side = _SIDE[device.type]
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    # Random numbers: a chip that multiplies ones draws less power, and clocks higher.
    left = torch.randn((side, side), dtype=dtype, device=device)
    best = 0.0
    for _ in range(6):
        _wait(device)
        began = time.perf_counter()
        left @ left
        _wait(device)
        best = max(best, 2 * side**3 / (time.perf_counter() - began))
    return best


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
