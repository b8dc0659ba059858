"""The loop with people: rankings follow the labels, the successor follows the rankings, the audit
is never trained on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from tests.core.learner_double import LearnerDouble
from tests.store.people import SEED, people_config, sentences_pool, texts_pool
from tui_al.core.annotation.label_errors import Encode
from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Answer, Dataset, Example, Task
from tui_al.core.data.tags import apply_renames
from tui_al.core.loop.annotation_channel import (
    Command,
    LabelSnapshot,
    check,
    sample_audit,
    unlabelled_rows,
)
from tui_al.core.loop.annotation_loop import PeopleLoop
from tui_al.core.loop.first_ranking import first_ranking
from tui_al.core.loop.protocols import FitReport
from tui_al.core.loop.simulation import Models
from tui_al.core.progress import ProgressCallback, TrainingProgress
from tui_al.core.session import events as ev
from tui_al.core.session.state import RunState
from tui_al.core.settings.experiment import Amount, ExperimentConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.errors import ConfigError

POOL = texts_pool([f"text {n}" for n in range(40)], ("a", "b"))


@dataclass
class ChannelDouble:
    """People who follow a script: each step labels some rows, as a function of the newest ranking,
    or says a wish.

    The loop takes a step each time it looks: the first for the random ranking, the second to study
    the pool."""

    dataset: Dataset
    audit: Any
    steps: list[Any]
    boards: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)
    labels: tuple[str, ...] = ("a", "b")
    rankings: dict[int, int] = field(default_factory=dict)

    def snapshot(self) -> LabelSnapshot:
        audit = set(np.asarray(self.audit).tolist())
        return LabelSnapshot(
            len(self.answers),
            self.labels,
            {r: a for r, a in self.answers.items() if r not in audit},
            {r: a for r, a in self.answers.items() if r in audit},
            frozenset(self.answers),
            rankings=self.rankings,
        )

    def publish(self, board: str, round_: int, body: Any) -> None:
        self.boards.setdefault(board, []).append((round_, body))

    def poll_commands(self) -> None:
        pass

    def wait(self) -> Command:
        if not self.steps:
            return "leave"
        step = self.steps.pop(0)
        if isinstance(step, str):
            return step  # type: ignore[return-value]
        if step is not None:
            step(self)
        return ""

    @property
    def asked(self) -> list[int]:
        """Rows of the newest ranking that are open."""
        row_of = {e.id: n for n, e in enumerate(self.dataset.train)}
        _, board = self.boards["ranking"][-1]
        rows = [row_of[entry["id"]] for entry in board["rows"]]
        return [row for row in rows if row not in self.answers]


def label(amount: int) -> Any:
    """A step: the next `amount` of the ranking, alternating labels."""

    def step(channel: ChannelDouble) -> None:
        for row in channel.asked[:amount]:
            channel.answers[row] = "ab"[len(channel.answers) % 2]
            channel.rankings[row] = channel.boards["ranking"][-1][0]

    return step


@dataclass
class Stage:
    """A loop with its surroundings."""

    loop: PeopleLoop
    channel: ChannelDouble
    learners: list[LearnerDouble]
    events: list[ev.Event]


def corners(dataset: Dataset) -> Encode:
    """Features by which even and odd texts lie far apart; a word has those of its text."""

    def encode(rows: Any, progress: Any) -> Any:
        progress(TrainingProgress(len(rows), len(rows)))
        units = [row for row in rows.tolist() for _ in range(len(dataset.train[row].tokens) or 1)]
        return np.array([[row % 2 == 0, row % 2 == 1] for row in units], dtype=np.float64)

    return encode


def stage(
    steps: list[Any],
    config: ExperimentConfig | None = None,
    dataset: Dataset = POOL,
    groups: Any = None,
) -> Stage:
    config = config or people_config()
    pool = unlabelled_rows(dataset)
    audit = sample_audit(SEED, pool, config.loop.audit_share)
    channel = ChannelDouble(dataset, audit, steps, labels=dataset.labels)
    learners: list[LearnerDouble] = []
    events: list[ev.Event] = []

    def build(current: Dataset) -> Models:
        pair = [LearnerDouble(current), LearnerDouble(current)]
        learners.extend(pair)
        return Models(*pair)

    def study() -> Any:
        return np.arange(len(dataset.train)) if groups is None else np.asarray(groups)

    loop = PeopleLoop(
        SEED, config, dataset, pool, audit, channel, build, study, corners(dataset), iter(()),
        events.append
    )  # fmt: skip
    return Stage(loop, channel, learners, events)


def kinds(events: list[ev.Event]) -> list[str]:
    """What happened, phases and progress left out."""
    told = (ev.RankingPublished, ev.RoundResult)
    return [f"{e.kind} {e.round}" for e in events if isinstance(e, told)]


class TestRounds:
    def test_rankings_follow_the_labels_and_the_successor_the_rankings(self) -> None:
        s = stage([None, None, label(3), None, label(1), None, label(3), None, None, "leave"])
        assert s.loop.run(RunState(SEED)) == "leave"
        assert kinds(s.events) == ["ranked 0", "ranked 1", "point 0", "ranked 2", "point 1"]
        acquisition, successor = s.learners
        assert [len(rows) for rows, *_ in acquisition.fits] == [
            len(rows) for rows, *_ in successor.fits
        ]
        ranked = [e for e in s.events if isinstance(e, ev.RankingPublished)]
        assert [e.answered for e in ranked] == [0, 4, 7]

    def test_the_first_order_is_the_one_that_a_new_session_begins_with(self) -> None:
        s = stage([None, None, "leave"])
        s.loop.run(RunState(SEED))
        first = first_ranking(people_config(), POOL)
        assert s.channel.boards["ranking"] == [(0, {"rows": first.rows, "labels": 0})]
        assert s.channel.boards["reserve"] == [(0, first.reserve)]
        assert s.events == [first.ranked]

    def test_an_order_that_is_there_is_not_drawn_again_unless_texts_were_added(self) -> None:
        first = first_ranking(people_config(), POOL).ranked
        s = stage([None, None, "leave"])
        s.loop.run(RunState(SEED, ranked=first))
        assert s.events == []
        grown = texts_pool([f"text {n}" for n in range(60)], ("a", "b"))
        s = stage([None, None, "leave"], dataset=grown)
        s.loop.run(RunState(SEED, ranked=first))
        assert s.events == [first_ranking(people_config(), grown).ranked]

    def test_what_can_wait_is_done_piece_by_piece_when_nothing_is_due(self) -> None:
        s = stage([None, None, None, label(4), None, None, None, None, "leave"])
        done: list[int] = []

        def pieces() -> Iterator[None]:
            for _ in range(3):
                done.append(len(s.events))
                yield

        s.loop.spare = pieces()
        s.loop.run(RunState(SEED))
        assert kinds(s.events) == ["ranked 0", "ranked 1", "point 0"]
        first, *later = done
        assert first == 1  # after the random ranking
        assert later == [len(s.events)] * 2  # after the first model's ranking and its successor

    def test_the_order_is_that_of_the_scores(self) -> None:
        config = replace(people_config(), loop=replace(people_config().loop, audit_share=0.0))
        s = stage([None, None, label(4), None, "leave"], config)
        table = [0.5 + (n % 20) / 50 for n in range(40)]
        build = s.loop.build

        def with_table(current: Dataset) -> Models:
            models = build(current)
            for learner in s.learners:
                learner.table = table
            return models

        s.loop.build = with_table
        s.loop.run(RunState(SEED))
        _, board = s.channel.boards["ranking"][-1]
        scores = [row["score"] for row in board["rows"]]
        assert scores == sorted(scores, reverse=True)
        assert board["rows"][0]["percentile"] == 1.0
        first = next(n for n, e in enumerate(POOL.train) if e.id == board["rows"][0]["id"])
        assert board["rows"][0]["top"] == [["a", table[first]], ["b", 1 - table[first]]]

    def test_nothing_is_trained_before_there_are_two_classes(self) -> None:
        def all_a(channel: ChannelDouble) -> None:
            for row in channel.asked[:8]:
                channel.answers[row] = "a"

        s = stage([None, None, all_a, None, None, "train", "finish"])
        assert s.loop.run(RunState(SEED)) == "finish"
        assert kinds(s.events) == ["ranked 0"]
        assert s.loop.lacks == "labels of 2 classes"

    def test_a_wish_trains_before_the_batch_is_full_and_the_end_trains_once_more(self) -> None:
        s = stage([None, None, label(2), "train", None, label(1), "finish"])
        assert s.loop.run(RunState(SEED)) == "finish"
        assert kinds(s.events) == ["ranked 0", "ranked 1", "point 0", "point 1"]
        assert s.loop.lacks == ""

    def test_it_goes_on_where_it_was_left(self) -> None:
        ranked = ev.RankingPublished(SEED, 3, "lc", 10, 9, 30, 30)
        s = stage([None, None, "leave"])
        s.channel.answers = {row: "ab"[row % 2] for row in range(10)}
        s.loop.run(RunState(SEED, ranked=ranked))
        assert kinds(s.events) == ["point 2"]  # the successor of the round before was still owed

    def test_the_successor_gives_way_to_a_full_batch_once(self) -> None:
        s = stage([None, None, label(4), *[None] * 5, "leave"])
        clock = iter(range(0, 10_000, 2))
        s.loop.clock = lambda: float(next(clock))
        given_way: list[int] = []
        plain = s.loop.build

        def build(current: Dataset) -> Models:
            models = plain(current)
            successor = s.learners[-1]
            fit = successor.fit

            def while_people_go_on(
                rows: IntArray, answers: Sequence[Answer], seed: int, progress: ProgressCallback
            ) -> FitReport:
                given_way.append(len(s.channel.answers))
                label(3)(s.channel)
                return fit(rows, answers, seed, progress)

            successor.fit = while_people_go_on  # type: ignore[method-assign] # of this learner only
            return models

        s.loop.build = build
        s.loop.run(RunState(SEED))
        told = kinds(s.events)
        assert told[:3] == ["ranked 0", "ranked 1", "ranked 2"]  # no point 0: it was given up
        assert "point 1" in told  # though not twice in a row
        assert len(given_way) >= 2


class TestAudit:
    def test_it_is_a_random_sample_of_the_pool_that_no_strategy_touches(self) -> None:
        pool = np.arange(1000)
        audit = sample_audit(SEED, pool, 0.1)
        assert len(set(audit.tolist())) == 100
        assert (audit == sample_audit(SEED, pool, 0.1)).all()
        assert not (audit == sample_audit(SEED + 1, pool, 0.1)).all()
        assert len(sample_audit(SEED, np.arange(100_000), 0.1)) == 1_000

    def test_it_is_mixed_in_at_its_share_and_never_trained_on(self) -> None:
        config = people_config(strategy="random", audit_share=0.25, batch=Amount(8, percent=False))
        dataset = texts_pool([f"text {n}" for n in range(400)], ("a", "b"))
        s = stage([None, None, label(80), None, label(80), None, None, "leave"], config, dataset)
        s.loop.run(RunState(SEED))
        audit = set(s.loop.audit.tolist())
        trained = {row for learner in s.learners for rows, *_ in learner.fits for row in rows}
        assert trained and not trained & audit
        answered = [row in audit for row in s.channel.answers]
        assert np.mean(answered) == pytest.approx(0.25, abs=0.06)
        assert all(
            "top" not in r
            for _, b in s.channel.boards["ranking"]
            for r in b["rows"]
            if r.get("audit")
        )

    def test_the_successor_s_word_on_all_of_it_is_put_up(self) -> None:
        s = stage([None, None, label(4), None, None, "leave"])
        s.loop.run(RunState(SEED))
        round_, predictions = s.channel.boards["audit"][-1]
        assert round_ == 0
        assert set(predictions) == {POOL.train[row].id for row in s.loop.audit}
        assert set(predictions.values()) <= {"a", "b"}
        assert s.channel.boards["reserve"][0][1] == [POOL.train[row].id for row in s.loop.audit]

    def test_without_a_test_set_it_is_what_the_curve_shows(self) -> None:
        s = stage([None, None, label(40), None, None, "leave"], people_config(audit_share=0.5))
        s.loop.run(RunState(SEED))
        (audited,) = [e for e in s.events if isinstance(e, ev.AuditEvaluated)]
        (point,) = [e for e in s.events if isinstance(e, ev.RoundResult)]
        predictions = s.channel.boards["audit"][-1][1]
        gold = {
            POOL.train[r].id: a
            for r, a in s.channel.answers.items()
            if r in set(s.loop.audit.tolist())
        }
        right = sum(predictions[i] == a for i, a in gold.items())
        assert audited.examples == len(gold) == 20
        assert audited.value == pytest.approx(right / 20)
        assert audited.low < audited.value < audited.high
        assert point.metrics == {"accuracy": audited.value}

    def test_the_strategy_is_checked_when_there_are_enough_audit_labels(self) -> None:
        config = people_config(
            audit_share=0.5, seed_size=Amount(20, percent=False), batch=Amount(60, percent=False)
        )
        dataset = texts_pool([f"text {n}" for n in range(200)], ("a", "b"))
        s = stage([None, None, label(20), None, label(60), *[None] * 4, "leave"], config, dataset)
        s.loop.run(RunState(SEED))
        (compared,) = [e for e in s.events if isinstance(e, ev.StrategyCompared)]
        assert compared.labels == 20  # half of 40 audit labels
        assert compared.examples == 40
        assert compared.low <= compared.difference <= compared.high
        assert compared.verdict in ("better", "worse", "not decidable")


class TestGauge:
    BIG = texts_pool([f"text {n}" for n in range(80)], ("a", "b"))
    STEPS = (None, None, label(4), None, None, label(4), None, None, "leave")

    def test_both_models_are_compared_when_the_successor_is_there(self) -> None:
        s = stage(list(self.STEPS), dataset=self.BIG)
        s.loop.run(RunState(SEED))
        found = [e for e in s.events if isinstance(e, ev.MismatchMeasured)]
        assert [(e.round, e.labels, e.score, e.floors) for e in found] == [
            (1, len(s.learners[1].fits[0][0]), "lc", 0),
            (2, len(s.learners[1].fits[1][0]), "lc", 0),
        ]  # fmt: skip
        told = [e.kind for e in s.events if isinstance(e, ev.RoundResult | ev.MismatchMeasured)]
        assert told == ["point", "gauged", "point", "gauged"]
        rows, _ = s.learners[0].scored[-1]
        reserved = set(np.asarray(s.channel.audit).tolist())
        assert not set(rows) & (reserved | set(s.learners[1].fits[1][0]))
        assert len(rows) == found[-1].texts
        assert found[-1].wasserstein > 0

    def test_it_changes_no_ranking_and_can_be_switched_off(self) -> None:
        config = people_config()
        off = replace(config, loop=replace(config.loop, gauge=0))
        on_stage, off_stage = (stage(list(self.STEPS), one, self.BIG) for one in (config, off))
        for s in (on_stage, off_stage):
            s.loop.run(RunState(SEED))
        assert on_stage.channel.boards["ranking"] == off_stage.channel.boards["ranking"]
        assert not any(isinstance(e, ev.MismatchMeasured) for e in off_stage.events)

    def test_a_model_that_did_not_rank_is_not_compared(self) -> None:
        """After a restart the successor is trained, and there is no acquisition model to hold it
        against."""
        s = stage(list(self.STEPS), dataset=self.BIG)
        s.loop.run(RunState(SEED))
        ranked = [e for e in s.events if isinstance(e, ev.RankingPublished)][-1]
        again = stage([None, label(1), None, "leave"], dataset=self.BIG)
        again.channel.answers = dict(s.channel.answers)
        again.channel.boards = s.channel.boards
        again.loop.run(RunState(SEED, ranked=ranked))
        assert any(isinstance(e, ev.RoundResult) for e in again.events)
        assert not any(isinstance(e, ev.MismatchMeasured) for e in again.events)


class TestPool:
    def test_near_duplicates_are_asked_about_once(self) -> None:
        s = stage(
            [None, None, label(4), None, "leave"],
            people_config(audit_share=0.0),
            groups=[n // 2 for n in range(40)],
        )
        s.loop.run(RunState(SEED))
        _, board = s.channel.boards["ranking"][-1]
        row_of = {e.id: n for n, e in enumerate(POOL.train)}
        asked = [row_of[entry["id"]] // 2 for entry in board["rows"]]
        assert len(asked) == len(set(asked))
        folds = s.channel.boards["folds"][0][1]
        assert len(folds) == 20 and all(len(ids) == 2 for ids in folds)

    def test_labels_that_change_make_new_models(self) -> None:
        def with_a_new_label(channel: ChannelDouble) -> None:
            channel.labels = ("a", "b", "c")
            label(3)(channel)

        s = stage([None, None, label(4), None, with_a_new_label, None, None, "leave"])
        s.loop.run(RunState(SEED))
        assert [learner.dataset.labels for learner in s.learners] == [("a", "b")] * 2 + [
            ("a", "b", "c")
        ] * 2

    def test_partly_labelled_data_is_asked_about_where_the_label_is_missing(self) -> None:
        train = tuple(replace(e, answer="a" if n < 5 else None) for n, e in enumerate(POOL.train))
        assert unlabelled_rows(replace(POOL, train=train)).tolist() == list(range(5, 40))
        full = tuple(replace(e, answer="a") for e in POOL.train)
        assert len(unlabelled_rows(replace(POOL, train=full))) == 40

    def test_labels_are_judged_by_models_that_have_not_learned_them(self) -> None:
        def with_a_mistake(channel: ChannelDouble) -> None:
            for row in channel.asked[:20]:
                channel.answers[row] = "ab"[row % 2]
            first = next(iter(channel.answers))
            channel.answers[first] = "ba"[first % 2]

        s = stage(
            [None, None, with_a_mistake, *[None] * 6, "leave"], people_config(audit_share=0.0)
        )
        s.loop.run(RunState(SEED))
        ((round_, board),) = s.channel.boards[
            "disputes"
        ]  # once, as the labels have not grown since
        assert round_ == 1
        ((identity, given, p, other, q),) = board["cases"]
        row = next(iter(s.channel.answers))
        assert identity == POOL.train[row].id
        assert (given, other) == ("ba"[row % 2], "ab"[row % 2])
        assert p < 0.5 < q
        assert (board["labels"], board["folds"], board["not_judged"]) == (20, 5, {})

    def test_judging_gives_way_to_a_full_batch_once(self) -> None:
        slow = iter(range(0, 10_000, 5))  # each look at the clock is five seconds later
        s = stage([None, None, label(8), *[None] * 6, "leave"], people_config(audit_share=0.0))
        s.loop.clock = lambda: float(next(slow))
        seen: list[int] = []
        encode = s.loop.encode

        def noting(rows: Any, progress: Any) -> Any:
            seen.append(len(rows))
            if len(seen) == 1:  # people label on meanwhile
                label(3)(s.channel)
            return encode(rows, progress)

        s.loop.encode = noting
        s.loop.run(RunState(SEED))
        assert seen == [8, 11]
        assert kinds(s.events)[-2:] == ["ranked 2", "point 1"]
        assert [board["labels"] for _, board in s.channel.boards["disputes"]] == [11]

    def test_tagging(self) -> None:
        pool = sentences_pool([("Anna", "left", f"Oslo{n}") for n in range(20)])

        def tag(amount: int) -> Any:
            def step(channel: ChannelDouble) -> None:
                for row in channel.asked[:amount]:
                    channel.answers[row] = ("B-PER", "O", "B-LOC")

            return step

        s = stage(
            [None, None, tag(4), None, None, tag(3), None, None, "leave"], people_config(), pool
        )
        s.loop.run(RunState(SEED))
        assert kinds(s.events) == ["ranked 0", "ranked 1", "point 0", "ranked 2", "point 1"]
        _, board = s.channel.boards["ranking"][-1]
        tops = [row["top"] for row in board["rows"] if "top" in row]
        text = pool.train[0].text
        assert any(tops)
        assert all(0 <= a < b <= len(text) + 1 and 0 < p <= 1 for top in tops for a, b, _, p in top)
        point = [e for e in s.events if isinstance(e, ev.RoundResult)][-1]
        assert point.counts == {
            "LOC": len(s.learners[1].fits[-1][0]),
            "PER": len(s.learners[1].fits[-1][0]),
        }


class TestChecks:
    def test_one_seed_and_examples(self) -> None:
        config = people_config()
        check(config, POOL)
        with pytest.raises(ConfigError, match="seeds: 2 are given"):
            check(replace(config, seeds=(1, 2)), POOL)
        with pytest.raises(ConfigError, match="mnlp"):
            check(replace(config, loop=replace(config.loop, strategy="mnlp")), POOL)

    def test_answers_of_the_data_follow_renamed_labels(self) -> None:
        assert apply_renames("a", {"a": "c"}) == "c"
        assert apply_renames(("B-PER", "I-PER", "O"), {"PER": "PERSON"}) == (
            "B-PERSON",
            "I-PERSON",
            "O",
        )
        assert apply_renames(None, {"a": "c"}) is None
        assert Example("i", "t").answer is None and POOL.task is Task.CLASSIFICATION


def test_a_bag_of_words_asks_people_where_it_can() -> None:
    asker = default_settings("tfidf", "head")
    check(replace(people_config(), acquisition=asker), POOL)
    with pytest.raises(ConfigError, match="no dropout, which bald needs"):
        check(replace(people_config(strategy="bald"), acquisition=asker), POOL)
    sentences = sentences_pool([["Anna", "left"]])
    with pytest.raises(ConfigError, match="this data set is for tagging"):
        check(replace(people_config(strategy="mnlp"), acquisition=asker), sentences)


def test_a_wish_to_train_waits_for_a_ranking() -> None:
    """Said while the engine starts, before there is a ranking that could be renewed and the pool
    was looked at."""
    s = stage(["train", label(2), None, None, "leave"], people_config(audit_share=0.0))
    s.loop.run(RunState(SEED))
    assert kinds(s.events)[:2] == ["ranked 0", "ranked 1"]
