"""The active-learning loop, once: simulated oracle, person and test double differ only in who
answers `LabelRequest`.

Round 0 labels a random seed set. Each later round trains the acquisition model on all labels,
scores the pool and asks for the next batch. Every round ends by training the successor on all
labels and measuring it on the test set: one point of the curve. Where both are the same model with
the same settings, one training does both: the model that was measured asks.

What happens is told through `emit`, and a run that was cut off resumes from the state that those
events fold into. All randomness is derived from (seed, round, purpose), so a resumed run makes the
same choices as one that was never cut off.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Answer, Dataset, Task
from tui_al.core.data.tags import spans_of
from tui_al.core.loop.mismatch_monitor import NAME, MismatchMonitor, monitor_of
from tui_al.core.loop.phase_timer import Emit, RoundTimer, part_of
from tui_al.core.loop.protocols import FirstPoints, Learner, MonteCarlo
from tui_al.core.progress import silent
from tui_al.core.query.predictions import Predictions
from tui_al.core.query.strategies import select, strategy
from tui_al.core.session import events as ev
from tui_al.core.session.state import RunState
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.stats.metrics import evaluate
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
    FOLDS = 8


def derived_seed(seed: int, round_: int, purpose: Purpose) -> int:
    """An independent 32-bit seed for one purpose of one round."""
    return int(np.random.SeedSequence([seed, round_, purpose]).generate_state(1)[0])


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """The examples whose answers the loop waits for, in order of asking; positions in the training
    split."""

    round: int
    rows: IntArray


@dataclass(frozen=True, slots=True)
class OracleAnswers:
    """The oracle's reply: one answer for each row, and who gave it."""

    answers: Sequence[Answer]
    by: Sequence[str]


@dataclass(frozen=True, slots=True)
class Models:
    """The two models of an experiment."""

    acquisition: Learner
    successor: Learner

    @property
    def model_is_current(self) -> bool:
        """Whether the successor itself asks, see `ExperimentConfig.shared_model`."""
        return self.acquisition is self.successor


def run(
    seed: int,
    config: ExperimentConfig,
    dataset: Dataset,
    pool: IntArray,
    models: Models,
    state: RunState,
    oracle: Callable[[LabelRequest], OracleAnswers],
    emit: Emit,
    clock: Callable[[], float] = time.perf_counter,
    first: FirstPoints | None = None,
    others: Sequence[RunState] = (),
) -> str:
    """One seed's run, from where `state` left off. Returns why it ended: "rounds" or "pool".

    Args:
        pool: the training rows that may be asked about.
        state: the run's state in the store; a fresh `RunState` to begin.
        oracle: answers what the loop asks.
        emit: called with every event, in order; may raise EngineStopped to leave at a safe point.
        clock: seconds, for the phases.
        first: where sessions share the points of their seed sets.
        others: the session's other runs, for the noise floor of the mismatch gauge.
    """
    one = _Run(seed, config, dataset, pool, models, oracle, first, others)
    return one.rounds(state, emit, clock)


class _Run:
    """One seed's run at work: what is the same in all its rounds, and what is labelled so far."""

    def __init__(
        self,
        seed: int,
        config: ExperimentConfig,
        dataset: Dataset,
        pool: IntArray,
        models: Models,
        oracle: Callable[[LabelRequest], OracleAnswers],
        first: FirstPoints | None,
        others: Sequence[RunState],
    ) -> None:
        self.seed, self.config, self.dataset, self.pool = seed, config, dataset, pool
        self.models, self.oracle, self.first, self.others = models, oracle, first, others
        self.strategy = strategy(config.loop.strategy)
        asks = self.strategy.scorer is not None
        self.monitor = monitor_of(config.loop.gauge if asks or first else 0, dataset, pool)
        self.labelled: dict[int, Answer] = {}
        self.costs = _costs(config, dataset)
        self.sample: Sequence[float] = ()  # the last successor's scores of the gauge's texts
        # whether the one model of a run that has one only is that of the last point
        self.has_learned = False

    def rounds(self, state: RunState, emit: Emit, clock: Callable[[], float]) -> str:
        """See `run`."""
        self.sample = state.points[-1].sample if state.points else ()
        row_of = {self.dataset.train[row].id: int(row) for row in self.pool}
        self.labelled = {row_of[identity]: answer for identity, answer in state.labelled.items()}
        for round_ in range(state.last_round + 1, self.config.loop.rounds + 1):
            timer = RoundTimer(self.seed, round_, emit, clock)
            if round_ == state.last_round + 1:  # what was spent on the round before it was cut off
                timer.seconds, timer.peak_bytes = dict(state.seconds), state.peak_bytes
            asked = [q for q in state.queries if q.round == round_]
            rows: IntArray
            if asked:  # cut off after the question: ask the same again
                rows = np.array([row_of[identity] for identity in asked[0].ids], dtype=np.int64)
            else:
                known = np.fromiter(self.labelled, dtype=np.int64, count=len(self.labelled))
                unlabelled = self.pool[~np.isin(self.pool, known)]
                if not len(unlabelled):
                    return "pool"
                rows = self.query(round_, unlabelled, timer)
            missing = np.array(
                [row for row in rows if int(row) not in self.labelled], dtype=np.int64
            )
            if len(missing):
                reply = self.oracle(LabelRequest(round_, missing))
                self.note_answers(round_, missing, reply, timer.emit)
            if round_ == 0 and self.first is not None:
                self.close_first(self.first, timer)
            else:
                self.close(round_, timer)
        return "rounds"

    def query(self, round_: int, unlabelled: IntArray, timer: RoundTimer) -> IntArray:
        """Choose the round's rows and say so: at random in round 0, else by the strategy."""
        amount = self.config.loop.batch if round_ else self.config.loop.seed_size
        purpose = Purpose.SELECT if round_ else Purpose.SEED_SET
        scores: FloatArray = np.zeros(len(unlabelled))
        has_scores = round_ > 0 and self.strategy.scorer is not None
        if has_scores:
            if not self.has_learned:
                self.fit_acquisition(round_, timer)
            scores = self.score(round_, unlabelled, timer)
        rng = np.random.default_rng([self.seed, round_, purpose])
        total = int(self.costs[self.pool].sum())
        try:
            choose = self.strategy.choose if round_ else select
            positions = choose(scores, self.costs[unlabelled], amount.of(total), rng)
        except ValueError as error:
            raise EngineError(
                str(error), "Lower the acquisition model's learning rate, or raise its warm-up."
            ) from error
        rows = unlabelled[positions]
        timer.emit(
            ev.QuerySelected(
                self.seed,
                round_,
                self.strategy.name if round_ else "seed set",
                tuple(self.dataset.train[row].id for row in rows),
                tuple(float(score) for score in scores[positions]) if has_scores else (),
                len(unlabelled),
            )
        )
        return rows

    def fit_acquisition(self, round_: int, timer: RoundTimer) -> None:
        """Train the acquisition model; where it is the successor itself, to the very model of the
        last point."""
        model, epochs = self.models.acquisition, self.config.acquisition.epochs
        derived = (
            derived_seed(self.seed, round_ - 1, Purpose.TRAIN_SUCCESSOR)
            if self.models.model_is_current
            else derived_seed(self.seed, round_, Purpose.TRAIN_ACQUISITION)
        )
        fit(model, self.labelled, derived, timer, ev.Phase.TRAIN_ACQUISITION, epochs)

    @property
    def own_monitor(self) -> MismatchMonitor | None:
        """The gauge, where there are two models that can differ: one that asks, and another that is
        wanted."""
        return (
            None if self.strategy.scorer is None or self.models.model_is_current else self.monitor
        )

    def score(self, round_: int, unlabelled: IntArray, timer: RoundTimer) -> FloatArray:
        """How much each row is worth asking about, (unlabelled,), and what the gauge says of the
        model that scores."""
        name, scorer = self.strategy.name, self.strategy.scorer
        assert scorer is not None
        monte_carlo = sampling(self.config, self.seed, round_)
        scorers = {name: scorer}
        monitor = self.own_monitor
        if monitor and monte_carlo is None:
            scorers[NAME] = monitor.scorer
        model = self.models.acquisition
        with timer.phase(ev.Phase.SCORE_POOL, len(unlabelled), model) as progress:
            found = model.score(unlabelled, scorers, progress, monte_carlo)
            reading = self.reading(monitor, round_, unlabelled, found) if monitor else None
            if reading:
                timer.emit(reading)
        return found[name]

    def reading(
        self, monitor: MismatchMonitor, round_: int, rows: IntArray, found: Mapping[str, FloatArray]
    ) -> ev.MismatchMeasured | None:
        """The gauge before a query; where dropout was on in scoring, the acquisition model scores
        the sample without it."""
        if NAME not in found:
            rows = np.intersect1d(monitor.rows, rows)
            if not len(rows):  # all of the sample is labelled
                return None
            found = self.models.acquisition.score(rows, {NAME: monitor.scorer}, silent)
        ids = [self.dataset.train[row].id for row in self.labelled]
        scores = monitor.among(rows, found[NAME])
        return monitor.read(self.seed, round_, scores, self.sample, ids, self.others)

    def note_answers(self, round_: int, rows: IntArray, reply: OracleAnswers, emit: Emit) -> None:
        """Put the oracle's answers on record."""
        ids = tuple(self.dataset.train[row].id for row in rows)
        emit(ev.Labelled(self.seed, round_, ids, tuple(reply.answers), tuple(reply.by)))
        self.labelled.update(zip((int(row) for row in rows), reply.answers, strict=True))

    def close(self, round_: int, timer: RoundTimer) -> None:
        """End the round with its point."""
        point = self.measure(round_, timer, self.own_monitor)
        timer.emit(point)
        self.sample, self.has_learned = point.sample, self.models.model_is_current

    def close_first(self, first: FirstPoints, timer: RoundTimer) -> None:
        """End round 0 with another session's point for the same seed set, or be the one that
        computes it."""
        ids = [self.dataset.train[row].id for row in self.labelled]
        with first.turn(self.seed, ids, list(self.labelled.values())) as known:
            point = known or self.measure(0, timer, self.monitor)
            if known is None:
                first.keep(point)
            timer.emit(point)
        self.sample, self.has_learned = point.sample, self.models.model_is_current and known is None

    def measure(
        self, round_: int, timer: RoundTimer, monitor: MismatchMonitor | None
    ) -> ev.RoundResult:
        """Train the successor on all labels and evaluate it on the whole test set."""
        successor, dataset = self.models.successor, self.dataset
        fit(successor, self.labelled, derived_seed(self.seed, round_, Purpose.TRAIN_SUCCESSOR),
            timer,
            ev.Phase.TRAIN_SUCCESSOR, self.config.successor.epochs)  # fmt: skip
        rows = np.arange(len(dataset.test))
        sample: tuple[float, ...] = ()
        total = len(rows) + (len(monitor.rows) if monitor else 0)
        with timer.phase(ev.Phase.EVALUATE, total, successor) as progress:
            predictions = successor.predict("test", rows, part_of(progress, 0, total))
            gold = [example.answer for example in dataset.test]
            metrics = evaluate(dataset.task, gold, decode(predictions, dataset))  # type: ignore[arg-type]
            if monitor:
                sample = monitor.of_successor(successor, part_of(progress, len(rows), total))
        return ev.RoundResult(
            self.seed,
            round_,
            len(self.labelled),
            sum(len(dataset.train[row].tokens) for row in self.labelled),
            metrics,
            label_counts(dataset, self.labelled.values()),
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


def sampling(config: ExperimentConfig, seed: int, round_: int) -> MonteCarlo | None:
    """The dropout samples that the experiment's strategy scores by in a round; None where it needs
    none."""
    if strategy(config.loop.strategy).needs != "monte carlo":
        return None
    drawn = derived_seed(seed, round_, Purpose.MONTE_CARLO)
    return MonteCarlo(config.loop.mc_passes, config.loop.mc_dropout, drawn)


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
