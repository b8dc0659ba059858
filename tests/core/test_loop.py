"""The loop with a learner that computes its predictions from the rows: every choice can be
checked."""

from collections.abc import Sequence
from itertools import count
from typing import Any, TypeVar

import numpy as np
import pytest

from tests.core.learner_double import LearnerDouble
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.core.loop.oracle import SimulatedOracle, check, labelled_rows
from tui_al.core.loop.simulation import (
    Models,
    Purpose,
    decode,
    derived_seed,
    label_counts,
    run,
)
from tui_al.core.query.predictions import Predictions
from tui_al.core.query.strategies import STRATEGIES
from tui_al.core.session import events as ev
from tui_al.core.session.state import RunState, fold
from tui_al.core.settings.experiment import (
    Amount,
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.errors import ConfigError, DataError, EngineError, EngineStopped

T = TypeVar("T", bound=ev.Event)

SEED = 7

# The double's P(a) of ten texts. Confidence, the larger of P(a) and 1 - P(a), from the lowest: row
# 1 .50, 2 .60, 9 .65, 4 .70, 7 .75, 8 .80, 5 .85, 3 .90, 0 .95, 6 .98
TABLE = [0.95, 0.50, 0.60, 0.90, 0.30, 0.85, 0.02, 0.75, 0.20, 0.65]
LEAST_CONFIDENT_FIRST = [1, 2, 9, 4, 7, 8, 5, 3, 0, 6]


def texts(n: int = 10, unlabelled: int = 0) -> Dataset:
    train = [Example(f"t{i}", f"text {i}", "ab"[i % 2]) for i in range(n)]
    train[:0] = [Example(f"u{i}", "?", None) for i in range(unlabelled)]
    test = tuple(Example(f"e{i}", f"test {i}", "ab"[i % 2]) for i in range(6))
    return Dataset("letters", Task.CLASSIFICATION, ("a", "b"), tuple(train), test)


def sentences(lengths: Sequence[int] = (1, 2, 3, 4, 5, 6, 3, 2)) -> Dataset:
    def sentence(prefix: str, i: int, n: int) -> Example:
        words = tuple(f"{prefix}{i}-{k}" for k in range(n))
        tags = (("B-X" if i % 2 else "B-Y"), *(["O"] * (n - 1)))
        return Example(f"{prefix}{i}", " ".join(words), tags, words)

    train = tuple(sentence("s", i, n) for i, n in enumerate(lengths))
    test = tuple(sentence("e", i, n) for i, n in enumerate((2, 3, 1)))
    return Dataset("words", Task.TAGGING, ("X", "Y"), train, test)


def configured(
    strategy: str = "lc", seed_size: str = "2", batch: str = "2", rounds: int = 2, **loop: Any
) -> ExperimentConfig:
    return ExperimentConfig(
        data=DataConfig("letters"),
        acquisition=LearnerConfig("minilm", "adapter", 2e-3, 2e-3, epochs=2),
        successor=LearnerConfig("minilm", "full", 2e-4, 2e-3, epochs=2),
        loop=LoopConfig(
            strategy, Amount.parse(seed_size), Amount.parse(batch), rounds=rounds, **loop
        ),
        seeds=(SEED,),
    )


def doubles(dataset: Dataset, table: Sequence[float] | None = None) -> Models:
    return Models(LearnerDouble(dataset, peak=3000, table=table), LearnerDouble(dataset))


def one_double(dataset: Dataset) -> Models:
    one = LearnerDouble(dataset)
    return Models(one, one)


def drive(
    config: ExperimentConfig,
    dataset: Dataset,
    models: Models | None = None,
    *,
    log: list[ev.Event] | None = None,
    state: RunState | None = None,
    stop_after: int | None = None,
    seed: int = SEED,
) -> tuple[list[ev.Event], str]:
    """Run to the end, or to EngineStopped after so many events; `log` is extended in place."""
    events: list[ev.Event] = [] if log is None else log
    ticking = count()

    def emit(event: ev.Event) -> None:
        events.append(event)
        if len(events) == stop_after:
            raise EngineStopped("enough")

    oracle = SimulatedOracle(dataset, seed, config.loop.label_noise)
    reason = run(
        seed,
        config,
        dataset,
        labelled_rows(dataset),
        models or doubles(dataset),
        state or RunState(seed),
        oracle.answer,
        emit,
        clock=lambda: float(next(ticking)),
    )
    return events, reason


def of_kind(events: Sequence[ev.Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def rows_of(query: ev.QuerySelected, dataset: Dataset) -> list[int]:
    position = {example.id: i for i, example in enumerate(dataset.train)}
    return [position[identity] for identity in query.ids]


class TestRounds:
    def test_points_and_labels(self) -> None:
        events, reason = drive(configured(seed_size="3", batch="2", rounds=3), texts())
        assert reason == "rounds"
        assert [(p.round, p.labels) for p in of_kind(events, ev.RoundResult)] == [
            (0, 3),
            (1, 5),
            (2, 7),
            (3, 9),
        ]
        assert [(q.round, len(q.ids), q.pool) for q in of_kind(events, ev.QuerySelected)] == [
            (0, 3, 10),
            (1, 2, 7),
            (2, 2, 5),
            (3, 2, 3),
        ]

    def test_no_rounds_is_the_seed_set_alone(self) -> None:
        events, reason = drive(configured(rounds=0), texts())
        assert ([p.labels for p in of_kind(events, ev.RoundResult)], reason) == ([2], "rounds")

    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_nothing_is_asked_twice(self, strategy: str) -> None:
        dataset = sentences()
        events, reason = drive(configured(strategy, batch="3", rounds=9), dataset)
        asked = [i for query in of_kind(events, ev.QuerySelected) for i in query.ids]
        assert sorted(asked) == [e.id for e in dataset.train]
        assert reason == "pool"

    def test_an_empty_pool_ends_the_run(self) -> None:
        events, reason = drive(configured(seed_size="4", batch="4", rounds=5), texts())
        assert reason == "pool"
        assert [p.labels for p in of_kind(events, ev.RoundResult)] == [4, 8, 10]

    def test_least_confidence_asks_the_least_confident(self) -> None:
        dataset = texts()
        events, _ = drive(configured("lc"), dataset, doubles(dataset, TABLE))
        seed_set, first, second = of_kind(events, ev.QuerySelected)
        expected = [row for row in LEAST_CONFIDENT_FIRST if row not in rows_of(seed_set, dataset)]
        assert rows_of(first, dataset) == expected[:2]
        assert rows_of(second, dataset) == expected[2:4]
        confidence = [max(TABLE[row], 1 - TABLE[row]) for row in expected[:2]]
        assert first.scores == pytest.approx([1 - c for c in confidence])
        assert (seed_set.strategy, seed_set.scores) == ("seed set", ())
        assert (first.strategy, second.strategy) == ("lc", "lc")

    def test_what_is_trained_on_what(self) -> None:
        dataset = texts()
        models = doubles(dataset)
        events, _ = drive(configured(), dataset, models)
        asked = [rows_of(query, dataset) for query in of_kind(events, ev.QuerySelected)]
        acquisition, successor = models.acquisition, models.successor
        assert isinstance(acquisition, LearnerDouble) and isinstance(successor, LearnerDouble)
        # round 1 learns from the seed set, round 2 from that and the first batch; the successor
        # from each round's labels too
        labels = [asked[0], asked[0] + asked[1], asked[0] + asked[1] + asked[2]]
        assert [rows for rows, _, _ in acquisition.fits] == labels[:2]
        assert [rows for rows, _, _ in successor.fits] == labels
        assert successor.fits[-1][1] == [dataset.train[row].answer for row in labels[-1]]
        assert [seed for *_, seed in acquisition.fits] == [
            derived_seed(SEED, round_, Purpose.TRAIN_ACQUISITION) for round_ in (1, 2)
        ]
        assert [seed for *_, seed in successor.fits] == [
            derived_seed(SEED, round_, Purpose.TRAIN_SUCCESSOR) for round_ in (0, 1, 2)
        ]
        assert [len(rows) for rows, _ in acquisition.scored] == [8, 6]

    def test_random_trains_no_acquisition_model(self) -> None:
        dataset = texts()
        models = doubles(dataset)
        events, _ = drive(configured("random"), dataset, models)
        assert isinstance(models.acquisition, LearnerDouble)
        assert models.acquisition.fits == []
        assert models.acquisition.scored == []
        assert {p.phase for p in of_kind(events, ev.PhaseStarted)} == {
            "train successor",
            "evaluate",
        }
        assert all(not query.scores for query in of_kind(events, ev.QuerySelected))

    def test_one_model_is_trained_once_on_the_same_labels(self) -> None:
        """The model of each point asks for the next batch: three points of three trainings, of
        which two asked."""
        dataset = texts()
        models = one_double(dataset)
        events, _ = drive(configured(), dataset, models)
        assert models.model_is_current and isinstance(models.successor, LearnerDouble)
        asked = [rows_of(query, dataset) for query in of_kind(events, ev.QuerySelected)]
        labels = [asked[0], asked[0] + asked[1], asked[0] + asked[1] + asked[2]]
        assert [rows for rows, _, _ in models.successor.fits] == labels
        assert [seed for *_, seed in models.successor.fits] == [
            derived_seed(SEED, round_, Purpose.TRAIN_SUCCESSOR) for round_ in (0, 1, 2)
        ]
        assert [len(rows) for rows, _ in models.successor.scored] == [8, 6]  # no gauge of itself
        assert "train acquisition" not in {p.phase for p in of_kind(events, ev.PhaseStarted)}
        assert all(
            set(p.seconds) <= {"score pool", "train successor", "evaluate"}
            for p in of_kind(events, ev.RoundResult)
        )

    def test_one_model_asks_what_two_alike_would(self) -> None:
        """With the same seeds for both roles a second training gives the same model, so nothing but
        its time is saved."""
        dataset = texts()
        models = one_double(dataset)
        events, _ = drive(configured(), dataset, models)
        for query in of_kind(events, ev.QuerySelected)[1:]:
            alike = LearnerDouble(dataset)
            known = [
                row
                for q in of_kind(events, ev.QuerySelected)
                if q.round < query.round
                for row in rows_of(q, dataset)
            ]
            alike.fit(
                np.array(known),
                [dataset.train[row].answer or "" for row in known],
                derived_seed(SEED, query.round - 1, Purpose.TRAIN_SUCCESSOR),
                lambda _: None,
            )
            left = np.setdiff1d(np.arange(10), known)
            scores = alike.score(left, {"lc": STRATEGIES["lc"].scorer}, lambda _: None)["lc"]  # type: ignore[dict-item]
            assert set(rows_of(query, dataset)) == set(left[np.argsort(-scores)[:2]].tolist())

    def test_bald_gets_its_passes(self) -> None:
        dataset = texts()
        models = doubles(dataset)
        drive(configured("bald", mc_passes=4, mc_dropout=0.2), dataset, models)
        assert isinstance(models.acquisition, LearnerDouble)
        passes = [monte_carlo for _, monte_carlo in models.acquisition.scored]
        assert [(m.passes, m.rate, m.seed) for m in passes if m] == [
            (4, 0.2, derived_seed(SEED, round_, Purpose.MONTE_CARLO)) for round_ in (1, 2)
        ]

    def test_seeds_differ_and_repeat(self) -> None:
        dataset, config = texts(), configured()
        first, again = drive(config, dataset)[0], drive(config, dataset)[0]
        other = drive(config, dataset, seed=8)[0]
        assert first == again
        assert of_kind(first, ev.QuerySelected)[0].ids != of_kind(other, ev.QuerySelected)[0].ids

    def test_the_seed_set_does_not_depend_on_the_strategy(self) -> None:
        sets = {
            of_kind(drive(configured(s), sentences())[0], ev.QuerySelected)[0].ids
            for s in STRATEGIES
        }
        assert len(sets) == 1

    def test_the_draws_are_the_seeds(self) -> None:
        dataset = texts()
        events, _ = drive(configured("random"), dataset)
        seed_set, first, _ = (
            rows_of(query, dataset) for query in of_kind(events, ev.QuerySelected)
        )
        drawn = np.random.default_rng([SEED, 0, Purpose.SEED_SET]).permutation(10)
        assert seed_set == np.argsort(drawn)[:2].tolist()
        left = np.delete(np.arange(10), seed_set)
        drawn = np.random.default_rng([SEED, 1, Purpose.SELECT]).permutation(8)
        assert first == left[np.argsort(drawn)[:2]].tolist()

    def test_a_diverged_model_is_an_engine_error(self) -> None:
        dataset = texts()
        with pytest.raises(EngineError, match="NaN"):
            drive(configured(), dataset, doubles(dataset, [float("nan")] * 10))

    def test_point(self) -> None:
        dataset = texts()
        events, _ = drive(configured(), dataset)
        last = of_kind(events, ev.RoundResult)[-1]
        gold = [
            dataset.train[r].answer
            for q in of_kind(events, ev.QuerySelected)
            for r in rows_of(q, dataset)
        ]
        assert last.counts == {"a": gold.count("a"), "b": gold.count("b")}
        assert last.tokens == 0
        assert set(last.metrics) == {"accuracy", "macro_f1"}
        # the clock ticks at the start and end of a phase, and at each progress between: 2 in
        # training, 1 otherwise; of evaluation there are two parts, the test set and the gauge's
        # texts
        assert last.seconds == {
            "train acquisition": 3.0,
            "score pool": 2.0,
            "train successor": 3.0,
            "evaluate": 3.0,
        }
        assert last.peak_bytes == 3000


class TestBudgets:
    def test_percentages_are_of_the_labelled_rows_and_half_goes_up(self) -> None:
        # 150 rows have a label: 5 % are 7.5, 1 % is 1.5
        dataset = texts(150, unlabelled=50)
        events, _ = drive(configured(seed_size="5%", batch="1%"), dataset)
        assert [len(q.ids) for q in of_kind(events, ev.QuerySelected)] == [8, 2, 2]
        assert of_kind(events, ev.QuerySelected)[0].pool == 150
        assert all(i.startswith("t") for q in of_kind(events, ev.QuerySelected) for i in q.ids)

    @pytest.mark.parametrize(("batch", "words"), [("5", 5), ("20%", 5)])  # 26 words, 20 % are 5.2
    def test_tokens(self, batch: str, words: int) -> None:
        dataset = sentences()
        config = configured(seed_size="4", batch=batch, rounds=3, budget_unit="tokens")
        events, _ = drive(config, dataset)
        lengths = {e.id: len(e.tokens) for e in dataset.train}
        total = 0
        for query, point in zip(
            of_kind(events, ev.QuerySelected), of_kind(events, ev.RoundResult), strict=True
        ):
            costs = [lengths[identity] for identity in query.ids]
            budget = words if query.round else 4
            assert sum(costs[:-1]) < budget <= sum(costs)
            total += sum(costs)
            assert point.tokens == total


class TestResume:
    """Whatever event a run was cut off after, it goes on as if it had not been."""

    CASES = (
        pytest.param(texts(), configured("lc"), id="lc"),
        pytest.param(texts(), configured("random", label_noise=0.5), id="random with noise"),
        pytest.param(texts(), configured("bald", seed_size="30%", batch="4", rounds=4),
            id="bald to "
            "the "
            "end "
            "of the pool"),
        pytest.param(sentences(), configured("mnlp", batch="5", budget_unit="tokens"), id="mnlp by "
            "tokens"),
    )  # fmt: skip

    @staticmethod
    def told(events: Sequence[ev.Event]) -> list[ev.Event]:
        return [e for e in events if isinstance(e, ev.QuerySelected | ev.Labelled | ev.RoundResult)]

    @pytest.mark.parametrize(("dataset", "config"), CASES)
    def test_after_every_event(self, dataset: Dataset, config: ExperimentConfig) -> None:
        whole, reason = drive(config, dataset)
        for cut in range(1, len(whole) + 1):
            log: list[ev.Event] = []
            with pytest.raises(EngineStopped):
                drive(config, dataset, log=log, stop_after=cut)
            assert log == whole[:cut]
            state = self.state(config, dataset, log)
            _, again = drive(config, dataset, log=log, state=state)
            assert self.told(log) == self.told(whole), f"cut after {whole[cut - 1]}"
            assert again == reason

    def test_one_model_after_every_event(self) -> None:
        """A new process has to train it once more, to the same model, before it can ask."""
        dataset, config = texts(), configured()
        whole, _ = drive(config, dataset, one_double(dataset))
        trained_anew = 0
        for cut in range(1, len(whole) + 1):
            log: list[ev.Event] = []
            with pytest.raises(EngineStopped):
                drive(config, dataset, one_double(dataset), log=log, stop_after=cut)
            state = self.state(config, dataset, log)
            drive(config, dataset, one_double(dataset), log=log, state=state)
            assert self.asked(log) == self.asked(whole), f"cut after {whole[cut - 1]}"
            trained_anew += any(
                p.phase == "train acquisition" for p in of_kind(log, ev.PhaseStarted)
            )
        assert trained_anew

    @staticmethod
    def asked(events: Sequence[ev.Event]) -> list[object]:
        """Queries with their scores, and what each point measured; the seconds of a second training
        are not the first's."""
        return [
            (e.ids, e.scores) if isinstance(e, ev.QuerySelected) else (e.labels, e.metrics)
            for e in events
            if isinstance(e, ev.QuerySelected | ev.RoundResult)
        ]

    def test_cut_off_again_and_again(self) -> None:
        dataset, config = texts(), configured()
        whole, _ = drive(config, dataset)
        log: list[ev.Event] = []
        for step in (9, 16, 12):  # in round 0, in round 1, and there again
            state = self.state(config, dataset, log)
            with pytest.raises(EngineStopped):
                drive(config, dataset, log=log, state=state, stop_after=len(log) + step)
        assert len(of_kind(log, ev.RoundResult)) < 3
        drive(config, dataset, log=log, state=self.state(config, dataset, log))
        assert self.told(log) == self.told(whole)

    @staticmethod
    def state(config: ExperimentConfig, dataset: Dataset, events: Sequence[ev.Event]) -> RunState:
        created = ev.SessionCreated(
            config.to_dict(), dataset.task.value, dataset.labels, 10, 6, (), (), {}
        )
        all_events = [created, ev.RunStarted(SEED), *events]
        return fold(ev.Recorded(i + 1, float(i), e) for i, e in enumerate(all_events)).runs[SEED]


class TestDerivedSeeds:
    def test_all_differ(self) -> None:
        seeds = [derived_seed(s, r, p) for s in range(5) for r in range(13) for p in Purpose]
        assert len(set(seeds)) == len(seeds)
        assert all(0 <= seed < 2**32 for seed in seeds)

    def test_they_never_change(self) -> None:
        assert [derived_seed(7, 1, purpose) for purpose in Purpose] == [
            369571992,
            582607262,
            1734722684,
            1916955614,
            3443324636,
            542184245,
            4254251809,
            1146369,
            2861341665,
        ]
        assert [purpose.value for purpose in Purpose] == [0, 1, 2, 3, 4, 5, 6, 7, 8]


class TestCheck:
    def test_good_ones(self) -> None:
        check(configured(), texts())
        check(configured("mnlp", budget_unit="tokens"), sentences())

    def test_strategy_of_the_other_task(self) -> None:
        with pytest.raises(ConfigError, match="mnlp"):
            check(configured("mnlp"), texts())

    def test_unknown_strategy(self) -> None:
        with pytest.raises(ConfigError, match="'margin' is unknown"):
            check(configured("margin"), texts())

    def test_tokens_of_texts(self) -> None:
        with pytest.raises(ConfigError, match="tokens are counted for tagging only"):
            check(configured(budget_unit="tokens"), texts())

    def test_nothing_to_measure_on(self) -> None:
        whole = texts()
        dataset = Dataset("letters", whole.task, whole.labels, whole.train, ())
        with pytest.raises(DataError, match="letters has no labelled test examples") as caught:
            check(configured(), dataset)
        assert caught.value.hint.startswith("Give a test file")

    def test_labels_that_are_numbers_of_rows(self) -> None:
        """The usual mistake: an id column taken for the labels; no row of a class can be held out
        then."""
        rows = tuple(Example(f"t{i}", f"text {i}", str(i)) for i in range(9))
        dataset = Dataset("ids", Task.CLASSIFICATION, tuple("012345678"), rows, ())
        with pytest.raises(DataError, match="ids has no labelled test examples") as caught:
            check(configured(), dataset)
        assert "Each of the 9 labels occurs once" in caught.value.hint
        assert "--label-column" in caught.value.hint

    def test_a_seed_set_larger_than_the_pool(self) -> None:
        with pytest.raises(ConfigError, match="11 is 11 examples, the training split has 10"):
            check(configured(seed_size="11"), texts(10, unlabelled=5))
        check(configured(seed_size="10"), texts(10))


def test_decode() -> None:
    one_hot = np.eye(5)
    words = Predictions(one_hot[[0, 1, 2, 3]], np.array([0, 3, 3, 4]))
    assert decode(words, sentences()) == [("O", "B-X", "I-X"), (), ("B-Y",)]
    assert decode(Predictions.of_texts(np.array([[0.4, 0.6], [0.9, 0.1]])), texts()) == ["b", "a"]


def test_label_counts() -> None:
    assert label_counts(texts(), ["b", "b"]) == {"a": 0, "b": 2}
    assert label_counts(sentences(), [("B-X", "I-X", "B-X"), ("O",)]) == {"X": 2, "Y": 0}
