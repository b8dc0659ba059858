"""Runs that keep step, and train their acquisition models in one pass where that is quicker. See `tui_al.engine.models.together`.

A round's training is that of all runs of the cohort whose labels reach so far, whatever became of them since: a session that was
cut off when some had gone on trains them once more, and every run gets the same model to the last bit. Each run is charged an
equal share of the time.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tui_al.core.data.examples import Answer, Dataset, Task
from tui_al.core.loop.protocols import Training
from tui_al.core.loop.simulation import Purpose, derived_seed
from tui_al.core.progress import ProgressCallback, silent
from tui_al.core.query.strategies import strategy
from tui_al.core.session.state import RunState
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.engine.models.benchmark_cache import KeptMeasurements
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.models.together import Weights
from tui_al.errors import EngineError

#: How many times quicker a cohort's training is than one after the other, by model and number of seeds.
KEPT = KeptMeasurements.of_machine("together")

#: What is worth giving up bit-equality with a run alone for.
_WORTH_IT = 1.1

#: A trial: batches of a training, seconds that one should take at least and epochs at most, and how often each way is timed.
_BATCHES, _SECONDS, _EPOCHS, _REPEATS = 2, 0.2, 8, 3


def may_keep_step(config: ExperimentConfig, learner: TransformerLearner) -> bool:
    """Whether the runs of several seeds can take turns round by round: no model goes on from its last training, or asks itself."""
    return (
        config.seeds_together != "off"
        and strategy(config.loop.strategy).scorer is not None
        and config.loop.rounds > 0
        and not config.shared_model
        and config.successor.start == "cold"
        and learner.can_train_together()
    )


def is_worth_it(config: ExperimentConfig, learner: TransformerLearner, seeds: int) -> bool:
    """Whether so many seeds are to be trained together: as the configuration says, or where that is quicker on this machine."""
    if seeds < 2 or config.seeds_together == "on":
        return seeds > 1
    own = learner.config
    length = round(float(learner.tokens("train").lengths().mean()))
    what = f"{own.model} {own.tuning} above {own.trunk_layers} layers, {own.precision}, batches of {own.batch_size} x {length}, {seeds} seeds"
    return KEPT.get(what, learner.device, lambda: gain(learner, seeds)) >= _WORTH_IT


def gain(learner: TransformerLearner, seeds: int, batches: int = _BATCHES) -> float:
    """How many times quicker so many trainings are together than one after the other: the best of each, in turns."""
    texts = learner.dataset.train[: batches * learner.config.batch_size]
    tagging = learner.dataset.task is Task.TAGGING
    label = learner.dataset.labels[0]
    answers: list[Answer] = [("O",) * len(t.tokens) if tagging else label for t in texts]
    jobs = [Training(np.arange(len(texts)), answers, seed) for seed in range(seeds)]

    def alone(some: Sequence[Training]) -> float:
        began = time.perf_counter()
        for job in some:
            learner.fit(job.rows, job.answers, job.seed, silent)
        return time.perf_counter() - began

    def together() -> float:
        began = time.perf_counter()
        learner.fit_together(jobs, silent)
        return time.perf_counter() - began

    whole = learner.config
    try:
        learner.config = replace(whole, epochs=1)
        alone(jobs[:1])  # finds kernels and memory
        epochs = math.ceil(_SECONDS / max(alone(jobs[:1]), 1e-9))
        learner.config = replace(whole, epochs=min(epochs, _EPOCHS))
        together()
        times = [(alone(jobs), together()) for _ in range(_REPEATS)]
    finally:
        learner.config = whole
    return min(one for one, _ in times) / min(other for _, other in times)


class TogetherTrained:
    """A cohort, see `tui_al.core.loop.protocols.Cohort`."""

    def __init__(
        self,
        learner: TransformerLearner,
        dataset: Dataset,
        seeds: Sequence[int],
        runs: Callable[[], Mapping[int, RunState]],
        clock: Callable[[], float],
    ) -> None:
        """`runs` gives the session's as they are."""
        self._learner = learner
        self._row_of = {example.id: row for row, example in enumerate(dataset.train)}
        self._seeds, self._runs, self._clock = seeds, runs, clock
        self._round = -1
        self._trained: dict[int, Weights] = {}  # by seed, of this round
        self._share = 0.0  # of the time that training them took
        self._ahead: dict[int, float] = dict.fromkeys(seeds, 0.0)  # of a run's clock

    def clock(self, seed: int) -> Callable[[], float]:
        """What a run of the cohort times its phases by: as if everybody had trained for an equal share of the time."""
        return lambda: self._clock() + self._ahead[seed]

    def train(self, seed: int, round_: int, progress: ProgressCallback) -> None:
        """See `tui_al.core.loop.protocols.Cohort`. Where the trainings cannot go together each run has its own."""
        began = self._clock()
        if round_ != self._round:
            self._train_all(round_, progress)
            self._round = round_
        if seed in self._trained:
            self._learner.restore(self._trained[seed], seed)
            self._ahead[seed] += self._share - (self._clock() - began)
        else:
            job = self._training(self._runs()[seed], round_)
            self._learner.fit(job.rows, job.answers, job.seed, progress)

    def _train_all(self, round_: int, progress: ProgressCallback) -> None:
        """One that does not converge, or too little memory, leaves all to train alone; so does a number of labels of one's own."""
        self._trained = {}
        there = self._runs()
        runs = [there[seed] for seed in self._seeds if there[seed].last_round >= round_ - 1]
        jobs = [self._training(run, round_) for run in runs]
        if len(jobs) < 2 or len({len(job.rows) for job in jobs}) > 1:
            return
        began = self._clock()
        try:
            weights = self._learner.fit_together(jobs, progress)
        except EngineError:
            return
        self._trained = {run.seed: one for run, one in zip(runs, weights, strict=True)}
        self._share = (self._clock() - began) / len(jobs)

    def _training(self, run: RunState, round_: int) -> Training:
        """What a run trains before this round's query, whether it is there or further."""
        asked = {
            identity for query in run.queries if query.round < round_ for identity in query.ids
        }
        known = {i: answer for i, answer in run.labelled.items() if i in asked}
        return Training(
            np.array([self._row_of[identity] for identity in known], dtype=np.int64),
            list(known.values()),
            derived_seed(run.seed, round_, Purpose.TRAIN_ACQUISITION),
        )
