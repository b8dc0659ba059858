"""The active-learning loop, once: simulated oracle, person and test double differ only in who answers `LabelsWanted`.

Round 0 labels a random seed set. Each later round trains the acquisition model on all labels, scores the pool and asks for the
next batch. Every round ends by training the successor on all labels and measuring it on the test set: one point of the curve.
Where both are the same model with the same settings, one training does both: the model that was measured asks.

The loop is a generator: it yields what it wants labelled and is sent the answers. What happens is told through `emit`, and a run
that was cut off goes on from the state that those events fold into. All randomness is derived from (seed, round, purpose), so a
continued run makes the same choices as one that was never cut off.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from tui_al.core import events as ev
from tui_al.core.config import ExperimentConfig
from tui_al.core.gauge import NAME, Gauge, gauge_of
from tui_al.core.metrics import evaluate
from tui_al.core.predictions import FloatArray, IntArray, Predictions
from tui_al.core.protocols import FirstPoints, Learner, MonteCarlo
from tui_al.core.round_timer import Emit, RoundTimer, part_of
from tui_al.core.state import RunState
from tui_al.core.strategies import select, strategy
from tui_al.core.tags import spans_of
from tui_al.core.tasks import Answer, Dataset, Task
from tui_al.errors import EngineError


class Purpose(IntEnum):
    """What a derived seed is for; the numbers are part of every stored result and never change."""

    SEED_SET = 0
    TRAIN_ACQUISITION = 1
    MONTE_CARLO = 2
    SELECT = 3
    TRAIN_SUCCESSOR = 4
    LABEL_NOISE = 5
    AUDIT = 6
    WORTH = 7


def derived_seed(seed: int, round_: int, purpose: Purpose) -> int:
    """An independent 32-bit seed for one purpose of one round."""
    return int(np.random.SeedSequence([seed, round_, purpose]).generate_state(1)[0])


@dataclass(frozen=True, slots=True)
class LabelsWanted:
    """The examples whose answers the loop waits for, in order of asking; positions in the training split."""

    round: int
    rows: IntArray


@dataclass(frozen=True, slots=True)
class Answered:
    """The oracle's reply: one answer for each row, and who gave it."""

    answers: Sequence[Answer]
    by: Sequence[str]


@dataclass(frozen=True, slots=True)
class Models:
    """The two models of an experiment."""

    acquisition: Learner
    successor: Learner

    @property
    def are_one(self) -> bool:
        """Whether the successor itself asks, see `ExperimentConfig.one_model`."""
        return self.acquisition is self.successor


def run(
    seed: int,
    config: ExperimentConfig,
    dataset: Dataset,
    pool: IntArray,
    models: Models,
    state: RunState,
    emit: Emit,
    clock: Callable[[], float] = time.perf_counter,
    first: FirstPoints | None = None,
    others: Sequence[RunState] = (),
) -> Generator[LabelsWanted, Answered, str]:
    """One seed's run, from where `state` left off. Returns why it ended: "rounds" or "pool".

    Args:
        pool: the training rows that may be asked about.
        state: the run's state in the store; a fresh `RunState` to begin.
        emit: called with every event, in order; may raise EngineStopped to leave at a safe point.
        clock: seconds, for the phases.
        first: where sessions share the points of their seed sets.
        others: the session's other runs, for the noise floor of the mismatch gauge.
    """
    asks = strategy(config.loop.strategy).scorer is not None
    gauge = gauge_of(config.loop.gauge if asks or first else 0, dataset, pool)
    sample = state.points[-1].sample if state.points else ()
    row_of = {dataset.train[row].id: int(row) for row in pool}
    labelled = {row_of[identity]: answer for identity, answer in state.labelled.items()}
    costs = _costs(config, dataset)
    total = int(costs[pool].sum())
    has_learned = (
        False  # whether the one model of a run that has one only is that of the last point
    )
    for round_ in range(state.last_round + 1, config.loop.rounds + 1):
        timer = RoundTimer(seed, round_, emit, clock)
        if round_ == state.last_round + 1:  # what was spent on the round before the run was cut off
            timer.seconds, timer.peak_bytes = dict(state.seconds), state.peak_bytes
        asked = [q for q in state.queries if q.round == round_]
        rows: IntArray
        if asked:  # cut off after the question: ask the same again
            rows = np.array([row_of[identity] for identity in asked[0].ids], dtype=np.int64)
        else:
            known = np.fromiter(labelled, dtype=np.int64, count=len(labelled))
            unlabelled = pool[~np.isin(pool, known)]
            if not len(unlabelled):
                return "pool"
            measured = _Measured(gauge, sample, others) if gauge else None
            if round_ and asks and not has_learned:
                _train_to_ask(seed, round_, config, labelled, models, timer)
            rows = _query(
                seed, round_, config, dataset, unlabelled, labelled, costs, total, models, timer, measured,
            )  # fmt: skip
        missing = np.array([row for row in rows if int(row) not in labelled], dtype=np.int64)
        if len(missing):
            reply = yield LabelsWanted(round_, missing)
            _note_answers(seed, round_, dataset, missing, reply, labelled, emit)
        if round_ == 0 and first is not None:
            point, measured_here = _measure_first(seed, config, dataset, labelled, models, timer, first, gauge)  # fmt: skip
        else:
            kept = gauge if asks else None
            point = _measure(seed, round_, config, dataset, labelled, models, timer, kept)
            timer.emit(point)
            measured_here = True
        has_learned = models.are_one and measured_here
        sample = point.sample
    return "rounds"


def _train_to_ask(
    seed: int,
    round_: int,
    config: ExperimentConfig,
    labelled: dict[int, Answer],
    models: Models,
    timer: RoundTimer,
) -> None:
    """Train the acquisition model; where it is the successor itself, to the very model of the last point."""
    derived = (
        derived_seed(seed, round_ - 1, Purpose.TRAIN_SUCCESSOR)
        if models.are_one
        else derived_seed(seed, round_, Purpose.TRAIN_ACQUISITION)
    )
    fit(models.acquisition, labelled, derived, timer, ev.Phase.TRAIN_ACQUISITION, config.acquisition.epochs)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Measured:
    """What the acquisition model's scores are held against."""

    gauge: Gauge
    successor: Sequence[float]
    others: Sequence[RunState]


def _query(
    seed: int,
    round_: int,
    config: ExperimentConfig,
    dataset: Dataset,
    unlabelled: IntArray,
    labelled: dict[int, Answer],
    costs: IntArray,
    total: int,
    models: Models,
    timer: RoundTimer,
    measured: _Measured | None,
) -> IntArray:
    """Choose the round's rows, with a trained acquisition model; say so, and how differently the successor sees them."""
    chosen = strategy(config.loop.strategy)
    scores: FloatArray = np.zeros(len(unlabelled))
    amount = config.loop.batch
    if round_ == 0:
        amount = config.loop.seed_size
    elif chosen.scorer is not None:
        monte_carlo = None
        if chosen.needs == "monte carlo":
            monte_carlo = MonteCarlo(
                config.loop.mc_passes,
                config.loop.mc_dropout,
                derived_seed(seed, round_, Purpose.MONTE_CARLO),
            )
        scorers = {chosen.name: chosen.scorer}
        if measured and monte_carlo is None:
            scorers[NAME] = measured.gauge.scorer
        with timer.phase(ev.Phase.SCORE_POOL, len(unlabelled), models.acquisition) as progress:
            found = models.acquisition.score(unlabelled, scorers, progress, monte_carlo)
            scores = found[chosen.name]
            if measured:
                reading = _reading(seed, round_, dataset, unlabelled, labelled, models, measured, found)  # fmt: skip
                if reading:
                    timer.emit(reading)
    purpose = Purpose.SEED_SET if round_ == 0 else Purpose.SELECT
    rng = np.random.default_rng([seed, round_, purpose])
    try:
        positions = select(scores, costs[unlabelled], amount.of(total), rng)
    except ValueError as error:
        raise EngineError(
            str(error), "Lower the acquisition model's learning rate, or raise its warm-up."
        ) from error
    rows = unlabelled[positions]
    with_scores = round_ > 0 and chosen.scorer is not None
    timer.emit(
        ev.Queried(
            seed,
            round_,
            "seed set" if round_ == 0 else chosen.name,
            tuple(dataset.train[row].id for row in rows),
            tuple(float(score) for score in scores[positions]) if with_scores else (),
            len(unlabelled),
        )
    )
    return rows


def _reading(
    seed: int,
    round_: int,
    dataset: Dataset,
    unlabelled: IntArray,
    labelled: dict[int, Answer],
    models: Models,
    measured: _Measured,
    found: Mapping[str, FloatArray],
) -> ev.Gauged | None:
    """The gauge before a query; where dropout was on in scoring, the acquisition model scores the sample without it."""
    gauge = measured.gauge
    if NAME not in found:
        rows = np.intersect1d(gauge.rows, unlabelled)
        found = models.acquisition.score(rows, {NAME: gauge.scorer}, lambda _: None)
    else:
        rows = unlabelled
    ids = [dataset.train[row].id for row in labelled]
    scores = gauge.among(rows, found[NAME])
    return gauge.read(seed, round_, scores, measured.successor, ids, measured.others)


def _note_answers(
    seed: int,
    round_: int,
    dataset: Dataset,
    rows: IntArray,
    reply: Answered,
    labelled: dict[int, Answer],
    emit: Emit,
) -> None:
    ids = tuple(dataset.train[row].id for row in rows)
    emit(ev.Labelled(seed, round_, ids, tuple(reply.answers), tuple(reply.by)))
    labelled.update(zip((int(row) for row in rows), reply.answers, strict=True))


def _measure_first(
    seed: int,
    config: ExperimentConfig,
    dataset: Dataset,
    labelled: dict[int, Answer],
    models: Models,
    timer: RoundTimer,
    first: FirstPoints,
    gauge: Gauge | None,
) -> tuple[ev.Point, bool]:
    """Close round 0 with another session's point for the same seed set, or be the one that computes it: that is the second value."""
    ids = [dataset.train[row].id for row in labelled]
    with first.turn(seed, ids, list(labelled.values())) as known:
        if known is not None:
            timer.emit(known)
            return known, False
        point = _measure(seed, 0, config, dataset, labelled, models, timer, gauge)
        first.keep(point)
        timer.emit(point)
        return point, True


def _measure(
    seed: int,
    round_: int,
    config: ExperimentConfig,
    dataset: Dataset,
    labelled: dict[int, Answer],
    models: Models,
    timer: RoundTimer,
    gauge: Gauge | None,
) -> ev.Point:
    """Train the successor on all labels and evaluate it on the whole test set: the point that closes the round."""
    fit(models.successor, labelled, derived_seed(seed, round_, Purpose.TRAIN_SUCCESSOR), timer,
         ev.Phase.TRAIN_SUCCESSOR, config.successor.epochs)  # fmt: skip
    rows = np.arange(len(dataset.test))
    sample: tuple[float, ...] = ()
    more = len(gauge.rows) if gauge else 0
    with timer.phase(ev.Phase.EVALUATE, len(rows) + more, models.successor) as progress:
        predictions = models.successor.predict("test", rows, part_of(progress, 0, len(rows) + more))
        predicted = decode(predictions, dataset)
        gold = [example.answer for example in dataset.test]
        metrics = evaluate(dataset.task, gold, predicted)  # type: ignore[arg-type]
        if gauge:
            sample = gauge.of_successor(
                models.successor, part_of(progress, len(rows), len(rows) + more)
            )
    tokens = sum(len(dataset.train[row].tokens) for row in labelled)
    return ev.Point(
        seed,
        round_,
        len(labelled),
        tokens,
        metrics,
        label_counts(dataset, labelled.values()),
        timer.seconds,
        timer.peak_bytes,
        sample=sample,
    )


def fit(
    learner: Learner,
    labelled: dict[int, Answer],
    seed: int,
    timer: RoundTimer,
    phase: ev.Phase,
    epochs: int,
) -> None:
    """Train on everything labelled, as a phase of the round."""
    rows = np.fromiter(labelled, dtype=np.int64, count=len(labelled))
    with timer.phase(phase, len(rows) * epochs, learner) as progress:
        learner.fit(rows, list(labelled.values()), seed, progress)


def decode(predictions: Predictions, dataset: Dataset) -> list[Answer]:
    """The likeliest class, or tag of each word, of every example."""
    names = dataset.outputs
    best = [names[i] for i in predictions.probs.argmax(axis=1)]
    if dataset.task is Task.CLASSIFICATION:
        return list(best)
    starts, ends = predictions.offsets[:-1], predictions.offsets[1:]
    return [tuple(best[start:end]) for start, end in zip(starts, ends, strict=True)]


def label_counts(dataset: Dataset, answers: Iterable[Answer]) -> dict[str, int]:
    """Labelled examples by class, or entities by type; every label is there, with 0 if need be."""
    counts = Counter(dict.fromkeys(dataset.labels, 0))
    for answer in answers:
        if isinstance(answer, str):
            counts[answer] += 1
        else:
            counts.update(kind for *_, kind in spans_of(answer))
    return dict(counts)


def _costs(config: ExperimentConfig, dataset: Dataset) -> IntArray:
    """What each training row takes from the budget, (train,)."""
    if config.loop.budget_unit == "tokens":
        return np.array([max(1, len(e.tokens)) for e in dataset.train], dtype=np.int64)
    return np.ones(len(dataset.train), dtype=np.int64)
