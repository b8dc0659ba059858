"""The loop with people as the oracle: they label all the time, and the models follow.

The simulated loop (`tui_al.core.loop.simulation`) stops at every question; people must not wait. So
there is always a ranking of the pool to label from. As soon as a batch's worth of new labels is
there, the acquisition model is trained on all of them and ranks the pool anew; the successor is
trained after it, while people go on, and gives way (once) when the next batch is full before it is
done.

Part of the pool, drawn at random when the session begins, is the *audit*: these texts are mixed
into the rankings, shown without a suggestion, and never trained on. Whatever the strategy does to
the other labels, they are a random sample of the pool."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from tui_al.core.annotation.batch import batch_since, lacking
from tui_al.core.annotation.label_errors import Encode, judge
from tui_al.core.annotation.review_queue import board_of
from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Dataset
from tui_al.core.data.tags import apply_renames, spans_of
from tui_al.core.loop.annotation_channel import AnnotationChannel, Command, LabelSnapshot, spans_in
from tui_al.core.loop.first_ranking import at_random, depth, mix_audit, open_rows
from tui_al.core.loop.mismatch_monitor import NAME, monitor_of
from tui_al.core.loop.phase_timer import Emit, RoundTimer
from tui_al.core.loop.quality_monitor import compare_with_random, estimate
from tui_al.core.loop.ranking import Row, suggestions, without_duplicates
from tui_al.core.loop.simulation import (
    Models,
    Purpose,
    decode,
    derived_seed,
    fit,
    label_counts,
    sampling,
)
from tui_al.core.progress import TrainingProgress
from tui_al.core.query.strategies import strategy
from tui_al.core.session import events as ev
from tui_al.core.session.state import RunState
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.stats.measured import FEWEST
from tui_al.core.stats.metrics import HEADLINE, evaluate

#: By how much the labels grow until all of them are judged again: so that however many there are,
#: it costs a few per cent at most.
_JUDGE_GROWTH = 1.1

_SECONDS_BETWEEN_LOOKS = 1.0

#: Audit labels from which on the strategy is checked, and by how much they grow until it is checked
#: again.
_COMPARE_FROM, _COMPARE_GROWTH = 20, 1.3


@dataclass(slots=True)
class PeopleLoop:
    """One session's work with people; `run` goes on from where `state` left off.

    `build` makes the two models for a data set with the labels of the day, which people may change.
    `study` looks at the pool once, while people label the first texts, and numbers its
    near-duplicates, (train,): rows with the same number are asked about once. `encode` makes
    features for judging labels, see `tui_al.core.annotation.label_errors`. `spare` is work that can
    wait: it is gone on with, piece by piece, when nothing else is to be done."""

    seed: int
    config: ExperimentConfig
    dataset: Dataset
    pool: IntArray
    audit: IntArray
    channel: AnnotationChannel
    build: Callable[[Dataset], Models]
    study: Callable[[], IntArray]
    encode: Encode
    spare: Iterator[None]
    emit: Emit
    clock: Callable[[], float] = time.perf_counter
    _original: Dataset = field(init=False)
    _renamed: Mapping[str, str] = field(default_factory=dict)
    _groups: IntArray | None = None
    _models: Models | None = None
    _ranked: ev.RankingPublished | None = None
    _measured: int = -1  # the last round whose successor is trained
    _measured_seq: int = -1
    _gave_way: bool = False  # whether the last successor did
    _looked: float = 0.0
    _compared: int = 0  # audit labels at the last check of the strategy
    #: The ranking whose model the acquisition model is; -1 after other work, or before any.
    _asker: int = -1
    _judged: int = 0  # labels when they were judged last
    _unjudged: bool = False  # whether the last judging gave way
    #: What the last training would have taken, where people ended the work and none could be; ""
    #: otherwise.
    lacks: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self._original = self.dataset

    def run(self, state: RunState) -> str:
        """Follow the people until they want to leave. Returns why it ended: "finish" or "leave"."""
        self._ranked, self._measured = state.ranked, state.last_round
        if self._is_outgrown(self._ranked):
            self._ranked = None
        self.channel.publish("reserve", 0, [self.dataset.train[row].id for row in self.audit])
        command: Command = ""
        while True:
            command = self.channel.wait() or command
            now = self.channel.snapshot()
            if command == "leave":
                return "leave"
            began = self._ranked is not None and self._groups is not None
            if self._ranked is None:
                self._rank_at_random(now)
            elif self._groups is None:
                self._groups = self.study()
                self._publish_groups(self._groups)
            elif (self._is_full(now) or command == "train") and self._trainable(now):
                self._rank(now)
            elif self._measured < self._ranked.round - 1 and self._trainable(now):
                self._measure(now, self._ranked.round - 1)
            elif self._may_judge(now):
                self._judge(now)
            elif self._may_compare(now):
                self._compare(now)
            else:
                next(self.spare, None)
            if command == "train" and began:  # else it waits until there is a ranking to be renewed
                command = ""
            if command == "finish":
                self.lacks = self._lacks(now)
                if not self.lacks and now.seq != self._measured_seq:
                    self._measure(now, self._ranked.round if self._ranked else 0, may_yield=False)
                return "finish"

    def _is_outgrown(self, ranked: ev.RankingPublished | None) -> bool:
        """Whether texts have come into the pool since the seed set's order was drawn, which holds
        none of them."""
        there = len(self.pool) - len(self.audit)
        return ranked is not None and ranked.round == 0 and ranked.pool < there

    def _is_full(self, now: LabelSnapshot) -> bool:
        """Whether the labels since the last ranking make a batch (for the first: a seed set), or
        the pool is used up."""
        assert self._ranked is not None
        closed = len(now.closed)
        batch = batch_since(self.config.loop, self._ranked, len(self.pool), closed)
        return batch.decided > 0 and batch.is_full

    def _trainable(self, now: LabelSnapshot) -> bool:
        """Whether the models can learn from what is there."""
        return not self._lacks(now)

    def _lacks(self, now: LabelSnapshot) -> str:
        """What they would need to, see `lacking`."""
        answers = (a if isinstance(a, str) else tuple(spans_of(a)) for a in now.answers.values())
        return lacking(answers, self.dataset.task)

    def _models_for(self, now: LabelSnapshot) -> Models:
        """The two models for today's labels; made anew when those change."""
        if self._models is None or (now.labels, now.renamed) != (
            self.dataset.labels,
            self._renamed,
        ):
            test = tuple(
                replace(e, answer=apply_renames(e.answer, now.renamed)) for e in self._original.test
            )
            self.dataset = replace(self._original, labels=now.labels, test=test)
            self._renamed = now.renamed
            self._models = self.build(self.dataset)
            self._asker = -1
        return self._models

    def _open(self, now: LabelSnapshot) -> IntArray:
        """Rows still to be asked about, the audit left out."""
        return open_rows(self.pool, self.audit, now.closed)

    def _rank_at_random(self, now: LabelSnapshot) -> None:
        rows, self._ranked = at_random(
            self.seed, self.config, self.dataset, self.pool, self.audit, now.closed
        )
        self.channel.publish("ranking", 0, {"rows": rows, "labels": 0})
        self.emit(self._ranked)

    def _rank(self, now: LabelSnapshot) -> None:
        """Train the acquisition model on everything labelled, score what is open, put up the new
        order."""
        assert self._ranked is not None
        round_ = self._ranked.round + 1
        chosen = strategy(self.config.loop.strategy)
        rows = self._open(now)
        scores: FloatArray = np.zeros(len(rows))
        models = self._models_for(now)
        timer = RoundTimer(self.seed, round_ - 1, self.emit, self.clock)
        # random needs no model to choose, but people want its suggestions
        fit(models.acquisition, dict(now.answers),
            derived_seed(self.seed, round_, Purpose.TRAIN_ACQUISITION), timer,
            ev.Phase.TRAIN_ACQUISITION, self.config.acquisition.epochs)  # fmt: skip
        self._asker = round_
        if chosen.scorer is not None and len(rows):
            monte_carlo = sampling(self.config, self.seed, round_)
            with timer.phase(ev.Phase.SCORE_POOL, len(rows), models.acquisition) as progress:
                scores = models.acquisition.score(
                    rows, {chosen.name: chosen.scorer}, progress, monte_carlo
                )[chosen.name]
        ties = np.random.default_rng([self.seed, round_, Purpose.SELECT]).permutation(len(rows))
        order = np.lexsort((ties, -scores))
        self._publish_ranking(
            now, round_, rows[order], scores[order] if chosen.scorer else None, len(now.answers)
        )

    def _publish_ranking(
        self,
        now: LabelSnapshot,
        round_: int,
        rows: IntArray,
        scores: FloatArray | None,
        labels: int,
    ) -> None:
        """Put up the first rows of an order, near-duplicates once, the audit mixed in."""
        batch = self.config.loop.batch.of(len(self.pool))
        places = without_duplicates(rows, self._groups, now.unfolded)[: depth(batch)]
        board: list[Row] = [{"id": self.dataset.train[rows[place]].id} for place in places]
        if scores is not None:
            for entry, place in zip(board, places, strict=True):
                entry |= {"score": float(scores[place]), "percentile": 1.0 - place / len(rows)}
        if labels and self._models is not None:
            shown = rows[places]
            predictions = self._models.acquisition.predict("train", shown, _unheard)
            for entry, top in zip(
                board, suggestions(predictions, self.dataset, shown), strict=True
            ):
                entry["top"] = top
        mixed = mix_audit(
            board, self.seed, round_, self.config, self.dataset, self.pool, self.audit, now.closed
        )
        self.channel.publish("ranking", round_, {"rows": mixed, "labels": labels})
        self._ranked = ev.RankingPublished(
            self.seed, round_, self.config.loop.strategy, len(now.closed), labels, len(rows),
            len(mixed)
        )  # fmt: skip
        self.emit(self._ranked)

    def _measure(self, now: LabelSnapshot, round_: int, *, may_yield: bool = True) -> None:
        """Train the successor on everything labelled and measure it: on the test set, and on the
        audit."""
        models = self._models_for(now)
        timer = RoundTimer(
            self.seed, round_, self._yielding if may_yield else self.emit, self.clock
        )
        try:
            fit(models.successor, dict(now.answers),
                derived_seed(self.seed, round_, Purpose.TRAIN_SUCCESSOR), timer,
                ev.Phase.TRAIN_SUCCESSOR, self.config.successor.epochs)  # fmt: skip
        except _Overtaken:
            self._gave_way = True
            return
        self._gave_way = False
        metrics: dict[str, float] = {}
        with timer.phase(
            ev.Phase.EVALUATE, len(self.dataset.test) + len(self.audit), models.successor
        ) as progress:
            if self.dataset.test:
                metrics |= self._on_test(models, progress)
            audited = self._on_audit(models, now, round_) if len(self.audit) else None
            if audited and audited.examples >= FEWEST and not self.dataset.test:
                metrics[audited.metric] = audited.value
        tokens = sum(len(self.dataset.train[row].tokens) for row in now.answers)
        self._measured, self._measured_seq = round_, now.seq
        if audited:
            self.emit(audited)
        self.emit(
            ev.RoundResult(
                self.seed, round_, len(now.answers), tokens, metrics,
                label_counts(self.dataset, now.answers.values()),
                timer.seconds, timer.peak_bytes,
            )
        )  # fmt: skip
        if self._asker == round_ + 1:
            self._gauge(now, round_ + 1, models)

    def _gauge(self, now: LabelSnapshot, round_: int, models: Models) -> None:
        """How differently the two models see the pool, see `gauge`; the successor may know labels
        given since the ranking."""
        assert self._ranked is not None
        asks = (
            strategy(self.config.loop.strategy).scorer is not None and not self.config.shared_model
        )
        pool = np.setdiff1d(self.pool, self.audit)
        monitor = monitor_of(self.config.loop.gauge if asks else 0, self.dataset, pool)
        if monitor is None:
            return
        rows = np.intersect1d(monitor.rows, self._open(now))
        if not len(rows):  # all of them are labelled
            return
        try:
            theirs = models.acquisition.score(rows, {NAME: monitor.scorer}, self._quietly)[NAME]
            sample = monitor.of_successor(models.successor, self._quietly)
        except _Overtaken:
            return
        ids = [self.dataset.train[row].id for row in now.answers]
        found = monitor.read(self.seed, round_, monitor.among(rows, theirs), sample, ids, ())
        if found:
            self.emit(found)

    def _on_test(
        self, models: Models, progress: Callable[[TrainingProgress], None]
    ) -> dict[str, float]:
        rows = np.arange(len(self.dataset.test))
        predicted = decode(models.successor.predict("test", rows, progress), self.dataset)
        gold = [example.answer for example in self.dataset.test]
        return evaluate(self.dataset.task, gold, predicted)  # type: ignore[arg-type]

    def _on_audit(
        self, models: Models, now: LabelSnapshot, round_: int
    ) -> ev.AuditEvaluated | None:
        """Put up what the successor says of the whole audit, each further label being one more
        trial; how it did so far."""
        predictions = models.successor.predict("train", self.audit, _unheard)
        answers = dict(zip(self.audit.tolist(), decode(predictions, self.dataset), strict=True))
        examples = self.dataset.train
        self.channel.publish(
            "audit", round_, {examples[r].id: spans_in(examples[r], a) for r, a in answers.items()}
        )
        found = estimate(self.dataset.task, now.audit, answers)
        if found is None:
            return None
        return ev.AuditEvaluated(
            self.seed, round_, HEADLINE[self.dataset.task], found.value, found.low, found.high,
            len(now.audit)
        )  # fmt: skip

    def _may_compare(self, now: LabelSnapshot) -> bool:
        """Whether there are enough new audit labels to ask again what the strategy is worth."""
        asked = sum(
            round_ > 0
            for row, round_ in now.rankings.items()
            if row in now.answers and row not in now.folded
        )
        return (
            self.config.loop.strategy != "random"
            and self._trainable(now)
            and len(now.audit) >= max(_COMPARE_FROM, _COMPARE_GROWTH * self._compared)
            and asked >= len(now.audit) // 2
        )

    def _compare(self, now: LabelSnapshot) -> None:
        """What the strategy's labels are worth, see `quality.worth`. Gives way like a successor."""
        assert self._ranked is not None
        learner = self._models_for(now).acquisition
        self._asker = -1
        try:
            found = compare_with_random(self.dataset, now, learner, self.seed, self._quietly)
        except _Overtaken:
            return
        self._compared = len(now.audit)
        if found is not None:
            difference = found.comparison.difference
            self.emit(
                ev.StrategyCompared(
                    self.seed, self._ranked.round - 1, found.labels, difference.value,
                    difference.low, difference.high,
                    found.comparison.verdict.value, found.comparison.examples,
                )
            )  # fmt: skip

    def _quietly(self, _: TrainingProgress) -> None:
        self.channel.poll_commands()
        if self._is_due():
            raise _Overtaken

    def _is_due(self) -> bool:
        """Whether the next batch is full; looks once a second at most."""
        if self.clock() - self._looked < _SECONDS_BETWEEN_LOOKS:
            return False
        self._looked = self.clock()
        return self._is_full(self.channel.snapshot())

    def _yielding(self, event: ev.Event) -> None:
        """Tell of an event; at progress, see whether the next batch is full: it comes first, though
        not twice in a row."""
        self.emit(event)
        cold = self.config.successor.start == "cold"  # a warm one would go on from half a training
        if isinstance(event, ev.Progress) and cold and not self._gave_way and self._is_due():
            raise _Overtaken

    def _may_judge(self, now: LabelSnapshot) -> bool:
        """Whether the labels have grown enough to be judged, once there is a model's ranking to go
        on labelling from."""
        assert self._ranked is not None
        return (
            self._ranked.round > 0
            and len(now.answers) >= max(2, _JUDGE_GROWTH * self._judged)
            and self._trainable(now)
        )

    def _judge(self, now: LabelSnapshot) -> None:
        """Put up which labels a model doubts that has not learned from them. Gives way like a
        successor, once."""
        assert self._ranked is not None
        self._models_for(now)  # today's labels
        labelled = sorted(now.answers.items())
        seed = derived_seed(self.seed, len(labelled), Purpose.FOLDS)
        may_yield, self._unjudged = not self._unjudged, False
        try:
            found = judge(
                self.dataset,
                labelled,
                self._groups,
                self.encode,
                seed,
                self._quietly if may_yield else self._heeding,
            )
        except _Overtaken:
            self._unjudged = True
            return
        self._judged = len(labelled)
        self.channel.publish("disputes", self._ranked.round, board_of(found, self.dataset))

    def _heeding(self, _: TrainingProgress) -> None:
        self.channel.poll_commands()

    def _publish_groups(self, groups: IntArray) -> None:
        members: dict[int, list[str]] = {}
        audit = set(self.audit.tolist())
        for row in self.pool.tolist():
            if row not in audit:
                members.setdefault(int(groups[row]), []).append(self.dataset.train[row].id)
        self.channel.publish("folds", 0, [ids for ids in members.values() if len(ids) > 1])


class _Overtaken(Exception):
    """The next batch was full before the successor was trained."""


def _unheard(_: TrainingProgress) -> None:
    """For predictions that are too quick to tell of."""
