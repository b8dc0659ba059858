"""`tui-al timing`: what is timed, counted and multiplied up; the clock itself is made to tell round
numbers."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.engine import tiny
from tui_al.cli import timing as command
from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Answer, Dataset
from tui_al.core.progress import ProgressCallback
from tui_al.engine.jobs import timing
from tui_al.engine.jobs.timing import Timing, measure
from tui_al.engine.models.feature_cache import FeatureStore
from tui_al.engine.models.learner import TransformerLearner

SHARES = (0.1, 0.3)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """Tuning, texts and epochs of every training; a training takes a second for each of its steps,
    anything else two."""
    done: list[tuple[str, int, int]] = []
    now = [0.0]
    fit = TransformerLearner.fit
    monkeypatch.setattr(timing, "_SIDE", {"cpu": 64})

    def noted(
        self: TransformerLearner,
        rows: IntArray,
        answers: Sequence[Answer],
        seed: int,
        progress: ProgressCallback,
    ) -> object:
        done.append((self.config.tuning, len(rows), self.config.epochs))
        report = fit(self, rows, answers, seed, progress)
        now[0] += report.steps
        return report

    def clock() -> float:
        now[0] += 1e-9
        return now[0]

    monkeypatch.setattr(TransformerLearner, "fit", noted)
    monkeypatch.setattr(time, "perf_counter", clock)
    return done


def run(bert: Path, dataset: Dataset, max_steps: int | None, repeats: int = 2) -> Timing:
    settings = [
        tiny.settings(bert, tuning, trunk_layers=layers, epochs=2, batch_size=4)
        for tuning, layers in (("full", 0), ("adapter", "auto"))
    ]
    return measure(dataset, settings, SHARES, tiny.CPU, repeats, max_steps, 1, lambda *_: None)


@pytest.mark.slow
def test_whole_trainings(
    bert: Path, classified: Dataset, trained: list[tuple[str, int, int]]
) -> None:
    """11 and 32 of 108 texts, batches of 4, 2 epochs: 6 and 16 steps, in turns."""
    found = run(bert, classified, None)
    timed = [one for one in trained if one[2] == 2]
    assert timed == 2 * [(t, n, 2) for t in ("full", "adapter") for n in (11, 32)]
    full, adapter = found.ways
    assert [m.labels for m in full.trainings] == [11, 32]
    assert [(m.steps, m.steps_run) for m in full.trainings] == [(6, 6), (16, 16)]
    assert full.trainings[1].seconds == pytest.approx((16, 16))
    assert (full.layers, adapter.layers) == (0, 1)
    assert adapter.learner.trunk_layers == "auto"
    assert 0 < adapter.peak_share < full.peak_share
    assert found.peak["fp32"] > 0


@pytest.mark.slow
def test_limited_steps_are_multiplied_up(
    bert: Path, classified: Dataset, trained: list[tuple[str, int, int]]
) -> None:
    found = run(bert, classified, 3, repeats=1)
    small, large = found.ways[0].trainings
    assert (small.steps, small.steps_run) == (6, 3)
    assert (large.steps, large.steps_run) == (16, 3)
    assert large.seconds == pytest.approx((16,))
    assert {n for _, n, _ in trained if n > 4} == {11, 12}


def test_multiplications_are_counted_by_hand(bert: Path, classified: Dataset) -> None:
    """A head on a kept encoder: pooler 128 x 128 and classifier 128 x 3, on 4 texts.

    Forward, and backward to the weights of both and the classifier's input: 2 * 4 * 128 * (2 * 128
    + 3 * 3)."""
    config = tiny.settings(bert, "head", trunk_layers="auto", epochs=1, batch_size=4)
    clock = timing._SetupTimer(config, classified, 108, tiny.CPU, FeatureStore(), None)
    assert clock.operations == 2 * 4 * 128 * (2 * 128 + 3 * 3)


@pytest.mark.slow
def test_savings_and_their_spread(
    bert: Path, classified: Dataset, trained: list[tuple[str, int, int]]
) -> None:
    found = run(bert, classified, None)
    assert command.savings(found, found.ways[1]) == pytest.approx([0.0, 0.0], abs=1e-6)
    told = command.plain(found, "things")
    assert told["ways"][1]["trainings"][0]["labels"] == 11
    assert len(told["ways"][1]["savings"]) == 2
