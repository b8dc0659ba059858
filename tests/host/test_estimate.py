"""About how long it will take: counted by hand for round numbers."""

from dataclasses import replace
from pathlib import Path

import pytest

from tui_al.core.data.examples import Task
from tui_al.core.data.preview import Preview
from tui_al.core.settings.experiment import (
    Amount,
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.core.settings.model_catalog import MODELS
from tui_al.host import estimate as module
from tui_al.host.estimate import estimate
from tui_al.store import throughput

#: 10 words are 20 sub-tokens here, and 2 for the ends: with max_length 12, a text has 12.
PREVIEW = Preview(
    "made up", Task.CLASSIFICATION, ("a", "b"), train=110, test=50, unlabelled=10, counts={},
    rows=(), words=10.0, notes=(), warnings=(),
)  # fmt: skip
ACQUISITION = LearnerConfig("small", "adapter", 1e-3, 1e-3, epochs=3, max_length=12)
SUCCESSOR = LearnerConfig("large", "full", 1e-3, 1e-3, epochs=2, max_length=64)
CONFIG = ExperimentConfig(
    DataConfig("x"), ACQUISITION, SUCCESSOR,
    LoopConfig("lc", Amount(10, True), Amount(20, False), rounds=2, gauge=0), seeds=(1, 2, 3),
    device="cpu",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _round_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TUI_AL_HOME", str(tmp_path))
    monkeypatch.setattr(module, "_LAYERS", {"small": 4})
    monkeypatch.setattr(module, "_WORKING_PARAMETERS", {"small": 1.0, "large": 10.0})
    monkeypatch.setattr(module, "_SUBTOKENS_PER_WORD", 2.0)
    monkeypatch.setattr(module, "_REACHED", {"cpu": 0.5, "cuda": 0.25})
    monkeypatch.setattr(module, "_matrix_rate", lambda: 1000.0)
    monkeypatch.setattr(module, "_GPU_RATE", 8000.0)
    monkeypatch.setattr(module, "computing_threads", lambda: 2)


def test_by_hand() -> None:
    """10, 30, 50 labels of a pool of 100; 22 sub-tokens for the large model, 12 for the small one.

    Successor, forward: 2 * 10 * 22 = 440 a text; trained 3 * 2 * 440 = 2,640 a text on 90 texts in
    all = 237,600; tested on 3 * 50 texts = 66,000. Acquisition, forward: 2 * 12 = 24 a text;
    trained 2 * 3 * 24 = 144 on 10 + 30 = 5,760; scored on 90 + 70 = 3,840. Three seeds: 3 * 313,200
    over 500 a second.
    """
    found = estimate(CONFIG, PREVIEW)
    assert found.trainings == 3 * 5
    assert found.seconds == pytest.approx(3 * 313_200 / 500)
    assert found.device == "cpu"
    assert "measured" in found.basis


def test_the_gauge_scores_a_sample_each_round() -> None:
    """40 texts of 440 for each of three points of three seeds; of 100 where it asks for more."""
    for size, texts in ((40, 40), (500, 100)):
        config = replace(CONFIG, loop=replace(CONFIG.loop, gauge=size))
        seconds = estimate(config, PREVIEW).seconds
        assert seconds == pytest.approx(3 * (313_200 + 3 * 440 * texts) / 500)
    random = replace(CONFIG, loop=replace(CONFIG.loop, strategy="random", gauge=40))
    assert estimate(random, PREVIEW).seconds == pytest.approx(3 * 303_600 / 500)


def test_where_the_successor_asks_it_is_trained_once() -> None:
    """By hand as above: 237,600 to train, 66,000 to test; scored on 90 + 70 texts of 440. The seed
    set's once more where another session measures its point: 10 texts of 2,640 in place of both,
    and 50 texts tested less."""
    one = replace(CONFIG, acquisition=SUCCESSOR)
    found = estimate(one, PREVIEW)
    assert found.trainings == 3 * 3
    assert found.seconds == pytest.approx(3 * (237_600 + 66_000 + 160 * 440) / 500)
    known = estimate(one, PREVIEW, first_is_known=True)
    assert known.trainings == 3 * 3
    assert known.seconds == pytest.approx(3 * (237_600 + 44_000 + 160 * 440) / 500)


def test_random_asks_no_model() -> None:
    config = replace(CONFIG, loop=replace(CONFIG.loop, strategy="random"))
    found = estimate(config, PREVIEW)
    assert found.trainings == 3 * 3
    assert found.seconds == pytest.approx(3 * 303_600 / 500)


def test_monte_carlo_scores_the_pool_many_times() -> None:
    config = replace(CONFIG, loop=replace(CONFIG.loop, strategy="bald", mc_passes=4))
    found = estimate(config, PREVIEW)
    assert found.seconds == pytest.approx(3 * (313_200 + 3 * 3_840) / 500)


def test_a_frozen_encoder_is_passed_forward_only() -> None:
    config = replace(CONFIG, successor=replace(SUCCESSOR, tuning="head"))
    found = estimate(config, PREVIEW)
    assert found.seconds == pytest.approx(3 * (313_200 - 237_600 * 2 / 3) / 500)


def test_the_pool_is_all_there_is() -> None:
    loop = replace(CONFIG.loop, strategy="random", batch=Amount(500, False))
    found = estimate(replace(CONFIG, loop=loop, seeds=(1,)), PREVIEW)
    assert found.seconds == pytest.approx((2_640 * (10 + 100 + 100) + 66_000) / 500)


def test_on_a_gpu_a_card_is_assumed() -> None:
    found = estimate(replace(CONFIG, device="cuda"), PREVIEW)
    assert found.seconds == pytest.approx(3 * 313_200 / 2000)
    assert found.device == "cuda"
    assert "assumed" in found.basis


def test_auto_is_the_cpu_where_no_card_is_visible() -> None:
    assert estimate(replace(CONFIG, device="auto"), PREVIEW).device == "cpu"


def test_a_frozen_trunk_is_passed_once() -> None:
    """One of four layers: a quarter of the acquisition model's 9,600 is saved, for one pass of it
    over the pool: 24 / 4 * 100."""
    config = replace(CONFIG, acquisition=replace(ACQUISITION, trunk_layers=1))
    found = estimate(config, PREVIEW)
    assert found.seconds == pytest.approx((3 * (303_600 + 9_600 * 3 / 4) + 600) / 500)


def test_a_kept_encoder_costs_one_pass_over_what_is_read() -> None:
    """The successor alone reads the test split too, and without a strategy that asks a model it is
    the one that reads the pool."""
    frozen = replace(SUCCESSOR, tuning="head", trunk_layers="auto")
    loop = replace(CONFIG.loop, strategy="random")
    found = estimate(replace(CONFIG, successor=frozen, loop=loop), PREVIEW)
    assert found.seconds == pytest.approx(440 * (50 + 100) / 500)


def test_measured_rates_count_where_there_are_any(tmp_path: Path) -> None:
    """Of the successor: 90 texts of 22 sub-tokens in 2 epochs at 110 a second, 150 texts at 330."""
    throughput.record(tmp_path, [throughput.Rate.here("cpu", SUCCESSOR, 110.0, 330.0, threads=2)])
    found = estimate(CONFIG, PREVIEW, tmp_path)
    assert found.seconds == pytest.approx(3 * (36 + 10 + 9_600 / 500))
    assert found.basis.startswith("rates measured here and ")
    other = replace(SUCCESSOR, trunk_layers=1)
    assert "rates" not in estimate(replace(CONFIG, successor=other), PREVIEW, tmp_path).basis
    assert "rates" not in estimate(replace(CONFIG, device="cuda"), PREVIEW, tmp_path).basis


def test_a_rate_of_one_thread_counts_for_each_of_this_machine(tmp_path: Path) -> None:
    """Engines of a sweep measure a core each; the estimate is of all cores together."""
    throughput.record(tmp_path, [throughput.Rate.here("cpu", SUCCESSOR, 55.0, 165.0, threads=1)])
    found = estimate(CONFIG, PREVIEW, tmp_path)
    assert found.seconds == pytest.approx(3 * (36 + 10 + 9_600 / 500))


def test_a_point_that_another_session_measures_costs_nothing() -> None:
    """Of the successor: 10 texts of 2,640 each are not trained on, and 50 of 440 not tested."""
    found = estimate(CONFIG, PREVIEW, first_is_known=True)
    assert found.trainings == 3 * 4
    assert found.seconds == pytest.approx(3 * (313_200 - 26_400 - 22_000) / 500)


def test_a_damaged_file_of_rates_is_as_good_as_none(tmp_path: Path) -> None:
    for text in ("{", "[1]", '[{"machine": "x"}]'):
        (tmp_path / "rates.json").write_text(text)
        assert estimate(CONFIG, PREVIEW, tmp_path).seconds == pytest.approx(3 * 313_200 / 500)


def test_this_machines_rate_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert 1e8 < module._matrix_rate() < 1e14


def test_people_label_what_has_no_labels() -> None:
    unlabelled = replace(PREVIEW, unlabelled=110)
    by_people = replace(CONFIG, loop=replace(CONFIG.loop, oracle="person"))
    everything = replace(PREVIEW, unlabelled=0)
    assert estimate(by_people, unlabelled) == estimate(CONFIG, everything)


def test_every_model_of_the_catalogue_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert set(MODELS) <= set(module._WORKING_PARAMETERS)
    for model in MODELS.values():
        if model.layers is not None:
            assert module._LAYERS[model.name] == model.layers
            whole = module._WORKING_PARAMETERS["minilm"] / module._LAYERS["minilm"]
            assert module._WORKING_PARAMETERS[model.name] == pytest.approx(whole * model.layers)
