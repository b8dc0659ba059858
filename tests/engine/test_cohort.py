"""Runs that keep step: who trains with whom, what each is charged, and when it is worth it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine import tiny
from tui_al.core.data.examples import Dataset
from tui_al.core.loop.protocols import Training
from tui_al.core.session import events as ev
from tui_al.core.session.state import RunState, SessionState
from tui_al.core.settings.experiment import (
    Amount,
    DataConfig,
    ExperimentConfig,
    LoopConfig,
    Together,
)
from tui_al.engine.data import load
from tui_al.engine.models import cohort
from tui_al.engine.models.benchmark_cache import KeptMeasurements
from tui_al.engine.models.cohort import TogetherTrained, gain, is_worth_it, may_keep_step
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.worker import runner
from tui_al.engine.worker.session_setup import open_or_create
from tui_al.errors import EngineError

pytestmark = pytest.mark.slow

SEEDS = (7, 8, 9)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = load(DataConfig("tickets", train_limit=120, test_limit=40))
    texts = [e.text for e in (*data.train, *data.test)]
    return tiny.save_encoder("bert", tmp_path_factory.mktemp("cohort") / "encoder", texts, width=32)


def experiment(encoder: Path, together: Together = "on", **changes: Any) -> ExperimentConfig:
    given = {"epochs": 2, "max_length": 24}
    config = ExperimentConfig(
        data=DataConfig("tickets", train_limit=120, test_limit=40),
        acquisition=tiny.settings(encoder, "adapter", trunk_layers=1, **given),
        successor=tiny.settings(encoder, "full", **given),
        loop=LoopConfig("lc", Amount(12, False), Amount(10, False), 2, gauge=40),
        seeds=SEEDS,
        device="cpu",
        save_models=False,
        seeds_together=together,
    )
    return replace(config, **changes)


def run(home: Path, config: ExperimentConfig) -> tuple[SessionState, list[ev.Event]]:
    with open_or_create(home, config, {}, "made") as session:
        state = runner.run_session(session, lambda _: None, runner.StopSignal())
        return state, [record.event for record in session.events()]


def asked(state: SessionState) -> dict[int, list[tuple[str, ...]]]:
    return {seed: [query.ids for query in run.queries] for seed, run in state.runs.items()}


def test_a_session_asks_what_its_seeds_would_ask_alone(encoder: Path, tmp_path: Path) -> None:
    one, told = run(tmp_path / "on", experiment(encoder))
    other, _ = run(tmp_path / "off", experiment(encoder, "off"))
    assert asked(one) == asked(other)
    for seed in SEEDS:
        for mine, theirs in zip(one.runs[seed].queries[1:], other.runs[seed].queries[1:], strict=True):  # fmt: skip
            np.testing.assert_allclose(mine.scores, theirs.scores, atol=1e-4)
    queries = [(e.round, e.seed) for e in told if isinstance(e, ev.QuerySelected)]
    assert queries == [(r, s) for r in range(3) for s in SEEDS]
    trained = [e for e in told if isinstance(e, ev.PhaseFinished) and e.phase == "train acquisition"]  # fmt: skip
    for round_ in (1, 2):  # an equal share each
        shares = [e.seconds for e in trained if e.round == round_]
        assert len(shares) == 3
        assert max(shares) - min(shares) < 0.01
    assert [e.floors for e in told if isinstance(e, ev.MismatchMeasured)] == 6 * [
        2
    ]  # all see all others


def test_one_that_fails_leaves_the_others_to_train_alone(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together nothing converges here, and seed 8 does not either when it is alone."""
    real = TransformerLearner.fit

    def diverging(*_: object) -> Any:
        raise EngineError("Training diverged.")

    def fit(self: TransformerLearner, rows: Any, answers: Any, seed: int, progress: Any) -> Any:
        if self.config.tuning == "adapter" and seed in bad:
            raise EngineError("Training diverged.")
        return real(self, rows, answers, seed, progress)

    bad = [cohort.derived_seed(8, 1, cohort.Purpose.TRAIN_ACQUISITION)]
    monkeypatch.setattr(TransformerLearner, "fit_together", diverging)
    monkeypatch.setattr(TransformerLearner, "fit", fit)
    state, _ = run(tmp_path / "on", experiment(encoder))
    assert {seed: run.status for seed, run in state.runs.items()} == {
        7: "finished",
        8: "failed",
        9: "finished",
    }
    assert [run.last_round for run in state.runs.values()] == [2, 0, 2]
    bad.clear()
    state, _ = run(tmp_path / "on", experiment(encoder))
    assert asked(state) == asked(run(tmp_path / "off", experiment(encoder, "off"))[0])


class Learner:
    """Notes what it is trained on."""

    def __init__(self) -> None:
        self.together: list[list[Training]] = []
        self.alone: list[Training] = []
        self.placed: list[tuple[str, int]] = []

    def fit_together(self, jobs: Sequence[Training], _: Any) -> list[str]:
        self.together.append(list(jobs))
        return [f"weights {job.seed}" for job in jobs]

    def fit(self, rows: Any, answers: Any, seed: int, _: Any) -> None:
        self.alone.append(Training(rows, answers, seed))

    def restore(self, weights: str, seed: int) -> None:
        self.placed.append((weights, seed))


def progressed(seed: int, rounds: int, each: int = 2) -> RunState:
    """A run with so many finished rounds, in each of which it has asked about texts of its own."""
    ids = [[f"{seed}-{round_}-{i}" for i in range(each)] for round_ in range(rounds)]
    return RunState(
        seed,
        points=tuple(
            ev.RoundResult(seed, r, each * (r + 1), 0, {}, {}, {}, 0) for r in range(rounds)
        ),
        queries=tuple(ev.QuerySelected(seed, r, "lc", tuple(i), (), 9) for r, i in enumerate(ids)),
        labelled={identity: identity[-1] for some in ids for identity in some},
    )


def made(runs: Sequence[RunState], clock: Any = lambda: 0.0) -> tuple[TogetherTrained, Learner, Dataset]:  # fmt: skip
    texts = [
        tiny.Example(i, i, "x") for run in (progressed(s, 5, 3) for s in SEEDS) for i in run.labelled
    ]  # fmt: skip
    dataset = Dataset("made", tiny.Task.CLASSIFICATION, ("0", "1", "2"), tuple(texts), ())
    learner = Learner()
    there = {run.seed: run for run in runs}
    return TogetherTrained(learner, dataset, SEEDS, lambda: there, clock), learner, dataset  # type: ignore[arg-type]


def told(jobs: Sequence[Training], dataset: Dataset) -> list[list[str]]:
    return [[dataset.train[row].id for row in job.rows] for job in jobs]


def test_who_is_further_is_trained_as_it_was_then() -> None:
    """Round 2 after a cut: 7 has finished it, 8 waits for it, 9 has not got that far."""
    together, learner, dataset = made([progressed(7, 3), progressed(8, 2), progressed(9, 1)])
    together.train(8, 2, tiny.silent)
    (jobs,) = learner.together
    assert told(jobs, dataset) == [
        ["7-0-0", "7-0-1", "7-1-0", "7-1-1"],
        ["8-0-0", "8-0-1", "8-1-0", "8-1-1"],
    ]
    assert jobs[0].answers == ["0", "1", "0", "1"]
    seeds = [cohort.derived_seed(s, 2, cohort.Purpose.TRAIN_ACQUISITION) for s in (7, 8)]
    assert [job.seed for job in jobs] == seeds
    assert learner.placed == [(f"weights {seeds[1]}", 8)]


def test_a_round_is_trained_once_for_all() -> None:
    together, learner, _ = made([progressed(s, 2) for s in SEEDS])
    for seed in SEEDS:
        together.train(seed, 2, tiny.silent)
    assert len(learner.together) == 1
    assert [seed for _, seed in learner.placed] == [7, 8, 9]


def test_other_numbers_of_labels_are_trained_alone() -> None:
    together, learner, dataset = made([progressed(7, 1), progressed(8, 1, 3), progressed(9, 1)])
    together.train(8, 1, tiny.silent)
    assert not learner.together
    assert told(learner.alone, dataset) == [["8-0-0", "8-0-1", "8-0-2"]]


def test_everybody_is_charged_an_equal_share() -> None:
    """Training takes nine seconds, putting a model in place one: three seconds each."""
    now = [100.0]
    together, learner, _ = made([progressed(s, 1) for s in SEEDS], lambda: now[0])

    def slow(jobs: Sequence[Training], _: Any) -> list[str]:
        now[0] += 9
        return ["weights" for _ in jobs]

    def placed(*_: object) -> None:
        now[0] += 1

    learner.fit_together, learner.restore = slow, placed  # type: ignore[method-assign]
    spent = []
    for seed in SEEDS:
        clock = together.clock(seed)
        began = clock()
        together.train(seed, 1, tiny.silent)
        spent.append(clock() - began)
    assert spent == pytest.approx([3, 3, 3])


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, True),
        ({"seeds_together": "off"}, False),
        ({"loop": LoopConfig("random", Amount(2, False), Amount(2, False))}, False),
        ({"loop": LoopConfig("lc", Amount(2, False), Amount(2, False), 0)}, False),
    ],
)
def test_who_may_keep_step(
    encoder: Path, changes: dict[str, Any], allowed: bool, classified: Dataset
) -> None:
    config = experiment(encoder, **changes) if "seeds_together" not in changes else experiment(encoder, "off")  # fmt: skip
    learner = tiny.learner(encoder, "adapter", classified, trunk_layers=1)
    assert may_keep_step(config, learner) == allowed
    assert not may_keep_step(replace(config, successor=config.acquisition), learner)
    warm = replace(config, successor=replace(config.successor, start="warm"))
    assert not may_keep_step(warm, learner)


def test_auto_is_what_was_measured(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classified: Dataset
) -> None:
    answers = [1.05, 1.3]
    monkeypatch.setattr(cohort, "KEPT", KeptMeasurements(tmp_path / "cache" / "together.json"))
    monkeypatch.setattr(cohort, "gain", lambda *_: answers.pop(0))
    learner = tiny.learner(encoder, "adapter", classified, trunk_layers=1)
    auto = experiment(encoder, "auto")
    for _ in range(2):  # the second time from the file
        assert not is_worth_it(auto, learner, 3)
        assert is_worth_it(auto, learner, 5)
    assert not answers
    assert is_worth_it(experiment(encoder, "on"), learner, 3)
    assert not is_worth_it(experiment(encoder, "on"), learner, 1)
    assert not is_worth_it(auto, learner, 1)


@pytest.mark.parametrize("name", ["classified", "tagged"])
def test_the_gain_is_a_ratio_of_times(
    encoder: Path, name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training takes a second, one of several together two: of four seeds, twice as quick."""
    learner = tiny.learner(encoder, "adapter", request.getfixturevalue(name), trunk_layers=1, batch_size=4)  # fmt: skip
    now, real, real_together = [0.0], learner.fit, learner.fit_together

    def fit(*given: Any) -> Any:
        now[0] += 1
        return real(*given)

    def fit_together(jobs: Sequence[Training], progress: Any) -> Any:
        now[0] += 2
        return real_together(jobs, progress)

    monkeypatch.setattr(learner, "fit", fit)
    monkeypatch.setattr(learner, "fit_together", fit_together)
    monkeypatch.setattr(cohort.time, "perf_counter", lambda: now[0])
    before = learner.config
    assert gain(learner, 4) == pytest.approx(2)
    assert learner.config == before
