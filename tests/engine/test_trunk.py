"""The frozen trunk: the same numbers as the whole model gives, whatever is kept, and nothing below
it changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import pipeline

from tests.engine import tiny
from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.loop.protocols import MonteCarlo
from tui_al.core.progress import TrainingProgress
from tui_al.core.query.strategies import bald, least_confidence
from tui_al.core.settings.tunings import TUNINGS
from tui_al.engine.hub.sources import ModelSource
from tui_al.engine.models import frozen_layers as trunk_module
from tui_al.engine.models.checkpoint import load_trained
from tui_al.engine.models.feature_cache import CachedFeatures, FeatureStore
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.models.scoring import SCORING_BUDGET
from tui_al.engine.text.tokens import collate
from tui_al.errors import ConfigError

KINDS = ("bert", "electra", "distilbert", "roberta", "deberta-v2")
SCORERS = {"lc": least_confidence}


#: Rows of either split that are looked at.
SOME = range(12)


def every(learner: TransformerLearner, split: str = "test") -> FloatArray:
    return learner.predict(split, np.array(SOME), tiny.silent).probs  # type: ignore[arg-type]


def plainly(learner: TransformerLearner, split: str = "test") -> FloatArray:
    """Probabilities of seen units from the whole model, one text at a time: no view, no states, no
    padding."""
    tokens = learner.tokens(split)  # type: ignore[arg-type]
    found = []
    for row in SOME:
        batch = collate(tokens, np.array([row]), 0, tiny.CPU)
        with torch.no_grad():
            logits = learner.model(batch.input_ids, attention_mask=batch.attention_mask).logits
        if batch.unit_rows is not None:
            logits = logits[batch.unit_rows, batch.unit_columns]
        found.append(torch.softmax(logits, -1).numpy())
    return np.concatenate(found)


def below(learner: TransformerLearner) -> dict[str, torch.Tensor]:
    """The trunk's weights."""
    return {n: w.detach().clone() for n, w in learner._trunk.run.named_parameters()}  # type: ignore[union-attr]


@pytest.fixture(params=["classified", "tagged"])
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["full", "adapter", "head"])
def test_every_encoder_gives_the_same_as_the_whole_model(
    encoders: dict[str, Path], dataset: Dataset, kind: str, method: str
) -> None:
    """Also after the states have been used for other trainings, and for texts of the test split."""
    learner = tiny.learner(encoders[kind], method, dataset, trunk_layers="auto", epochs=2)
    assert learner.config.trunk_layers == {"head": 2}.get(method, 1)
    tiny.fit(learner, range(24), seed=1)
    before = below(learner)
    tiny.fit(learner, range(30), seed=2)
    assert {n for n, w in below(learner).items() if not torch.equal(w, before[n])} == set()
    for split in ("train", "test"):
        np.testing.assert_allclose(every(learner, split), plainly(learner, split), atol=1e-5)


@pytest.mark.parametrize("method", TUNINGS)
def test_every_tuning_trains_as_if_nothing_were_kept(
    bert: Path, classified: Dataset, method: str
) -> None:
    """With room for no state at all the trunk is run for every batch: the same losses, scores and
    queries."""
    kept, anew = (
        TransformerLearner(
            tiny.settings(bert, method, trunk_layers=1, epochs=2, learning_rate=1e-3),
            ModelSource(str(bert), bert), classified, tiny.CPU, FeatureStore(budget),
        )
        for budget in (2**30, 0)
    )  # fmt: skip
    reports = [tiny.fit(learner, range(24)) for learner in (kept, anew)]
    assert reports[0].loss == pytest.approx(reports[1].loss, abs=1e-4)
    rows = np.arange(108)
    one, other = (x.score(rows, SCORERS, tiny.silent)["lc"] for x in (kept, anew))
    np.testing.assert_allclose(one, other, atol=1e-4)
    np.testing.assert_allclose(every(kept), plainly(kept), atol=1e-5)
    if method != "head":
        names = {n for n in kept.trainable() if "prefix_tuning.pool" not in n}  # in all layers
        assert not [n for n in names if ".layer.0." in n or "embeddings" in n]
        assert [n for n in names if ".layer.1." in n] or method == "prefix"


def test_dropout_in_the_trunk_is_off(bert: Path, classified: Dataset) -> None:
    """Whether states are kept or not, in training and under Monte-Carlo dropout; above it is on."""
    learner = tiny.learner(bert, "adapter", classified, trunk_layers=1, dropout=0.5, epochs=1)
    tiny.fit(learner, range(24))
    learner.score(np.arange(9), {"bald": bald}, tiny.silent, MonteCarlo(3, 0.5, 1))
    assert not any(m.training for m in learner._trunk.run.modules())  # type: ignore[union-attr]
    scores = learner.score(np.arange(9), {"bald": bald}, tiny.silent, MonteCarlo(3, 0.5, 1))
    assert (scores["bald"] > 1e-4).all()
    np.testing.assert_allclose(every(learner), plainly(learner), atol=1e-5)


def test_states_are_made_once_for_all(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By two learners with the same trunk, over trainings, scorings and seeds; another depth is
    another trunk."""
    computed: list[int] = []
    real = trunk_module.FrozenLayers._compute

    def counted(self: trunk_module.FrozenLayers, tokens: object, rows: IntArray) -> torch.Tensor:
        computed.append(len(rows))
        return real(self, tokens, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(trunk_module.FrozenLayers, "_compute", counted)
    feature_store = FeatureStore(2**30)
    learners = [
        TransformerLearner(
            tiny.settings(bert, method, trunk_layers=layers, epochs=1),
            ModelSource(str(bert), bert), classified, tiny.CPU, feature_store,
        )
        for method, layers in (("adapter", 1), ("full", 1), ("head", 1))
    ]  # fmt: skip
    for learner in learners[:2]:
        for seed in (1, 2):
            tiny.fit(learner, range(50), seed=seed)
            learner.score(np.arange(108), SCORERS, tiny.silent)
            every(learner)
    assert sum(computed) == 108 + 36
    tiny.fit(learners[2])
    assert sum(computed) == 108 + 36 + 108


def test_what_memory_allows_is_kept_and_the_rest_is_said(bert: Path, dataset: Dataset) -> None:
    """Room for about half of the train split."""
    config = tiny.settings(bert, "adapter", trunk_layers=1, epochs=2)
    source = ModelSource(str(bert), bert)
    rich = TransformerLearner(config, source, dataset, tiny.CPU, FeatureStore(2**30))
    assert not rich.notes()
    room = int(rich.tokens("train").lengths().sum()) * tiny.WIDTH * 4 // 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCORING_BUDGET, "cpu", 64)
        poor = TransformerLearner(config, source, dataset, tiny.CPU, FeatureStore(room))
        notes = poor.notes()
    states = poor._trunk._found["train"]  # type: ignore[union-attr]
    assert 0.3 * room < states.nbytes <= room
    assert f"kept for {states.texts} of {len(dataset.train)} train texts" in notes[0]
    for learner in (rich, poor):
        tiny.fit(learner, range(20))
    rows = np.random.default_rng(0).permutation(len(dataset.train))[:30]
    scores = [x.score(rows, SCORERS, tiny.silent)["lc"] for x in (rich, poor)]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-4)
    np.testing.assert_allclose(every(poor, "train"), plainly(poor, "train"), atol=1e-5)


def test_what_memory_has_no_room_for_is_mapped_from_disk(
    bert: Path, dataset: Dataset, tmp_path: Path
) -> None:
    """Nothing is computed twice, the numbers are the same to the last bit, and no file stays
    behind."""
    config = tiny.settings(bert, "adapter", trunk_layers=1, epochs=2)
    source = ModelSource(str(bert), bert)
    in_memory, on_disk = (
        TransformerLearner(config, source, dataset, tiny.CPU, feature_store)
        for feature_store in (FeatureStore(2**30), FeatureStore(0, tmp_path / "states"))
    )
    assert not on_disk.notes()
    assert list((tmp_path / "states").iterdir()) == []
    rows = np.arange(len(dataset.train))
    found = []
    for learner in (in_memory, on_disk):
        tiny.fit(learner, range(20))
        found.append(learner.score(rows, SCORERS, tiny.silent)["lc"])
    np.testing.assert_array_equal(found[0], found[1])
    states = on_disk._trunk._found["train"]  # type: ignore[union-attr]
    assert states.texts == len(dataset.train)
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    assert any("/states/" in line and ".states (deleted)" in line for line in maps)


@pytest.mark.parametrize("why", ["budget", "place"])
def test_without_room_on_disk_states_stay_in_memory(tmp_path: Path, why: str) -> None:
    lengths = np.array([3, 4])
    batches = [np.array([0]), np.array([1])]
    (tmp_path / "file").touch()
    feature_store = {
        "budget": FeatureStore(30, tmp_path, disk_budget=55),
        "place": FeatureStore(30, tmp_path / "file" / "x"),
    }[why]
    states = feature_store.states(("a",), lengths, batches, 2, torch.float32, tiny.CPU)
    assert states.texts == 1
    assert states.nbytes == 24


def test_the_disk_budget_counts_all_that_is_mapped(tmp_path: Path) -> None:
    lengths, batches = np.array([3]), [np.array([0])]
    feature_store = FeatureStore(0, tmp_path, disk_budget=40)
    one, other = (
        feature_store.states((key,), lengths, batches, 2, torch.float32, tiny.CPU) for key in "ab"
    )
    assert (one.texts, other.texts) == (1, 0)


def test_a_state_does_not_depend_on_what_was_asked_for_when() -> None:
    """Rows asked for one by one, or all at once: the same fixed batches are computed."""
    lengths = np.array([3, 9, 1, 4, 9, 2, 0])
    fixed = [np.array(b) for b in ([6, 2, 5], [0, 3], [1], [4])]
    asked: list[list[tuple[int, ...]]] = []
    for orders in ([[4], [2, 5], [0, 1, 2, 3, 4, 5, 6]], [[0, 1, 2, 3, 4, 5, 6]]):
        batches: list[tuple[int, ...]] = []

        def compute(rows: IntArray, into: list[tuple[int, ...]] = batches) -> torch.Tensor:
            into.append(tuple(int(r) for r in rows))
            return torch.cat([torch.full((lengths[r], 2), float(r)) for r in rows])

        states = CachedFeatures(lengths, fixed, 2, torch.float32, tiny.CPU, 10_000)
        for rows in orders:
            states.make(np.array(rows), compute, tiny.silent)
        asked.append(sorted(batches))
        found = states.gather(np.array([1, 3, 6]), compute)
        assert found.shape == (3, 9, 2)
        assert (found[0] == 1).all()
        assert (found[1, :4] == 3).all()
    assert asked[0] == asked[1]
    assert sorted(sum(asked[0], ())) == list(range(7))


def test_making_states_can_be_stopped(bert: Path, classified: Dataset) -> None:
    learner = tiny.learner(bert, "head", classified, trunk_layers="auto", epochs=1)
    ticks: list[TrainingProgress] = []
    answers = [e.answer for e in classified.train]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCORING_BUDGET, "cpu", 100)
        learner.fit(np.arange(108), answers, 1, ticks.append)  # type: ignore[arg-type]
    assert ticks[:5] == 5 * [TrainingProgress(0, 108)]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["full", "head"])
def test_saved_models_are_whole(
    encoders: dict[str, Path], classified: Dataset, tmp_path: Path, method: str
) -> None:
    for kind in KINDS:
        learner = tiny.learner(encoders[kind], method, classified, trunk_layers="auto", epochs=1)
        tiny.fit(learner, range(60))
        learner.save(tmp_path / kind)
        classify = pipeline("text-classification", model=str(tmp_path / kind), device="cpu")
        answers = classify([classified.test[row].text for row in SOME], top_k=None)
        for answer, row in zip(answers, every(learner), strict=True):
            by_label = {one["label"]: one["score"] for one in answer}
            assert by_label == pytest.approx(
                dict(zip(classified.labels, row.tolist(), strict=True)), abs=1e-5
            )


@pytest.mark.parametrize("method", ["adapter", "lora", "prefix", "compacter"])
def test_saved_adapters_come_back_above_their_trunk(
    bert: Path, classified: Dataset, tmp_path: Path, method: str
) -> None:
    learner = tiny.learner(bert, method, classified, trunk_layers=1, epochs=1)
    tiny.fit(learner, range(60))
    learner.save(tmp_path / "kept")
    model, *_ = load_trained(tmp_path / "kept")
    expected = every(learner)
    learner.model = model
    np.testing.assert_allclose(plainly(learner), expected, atol=1e-5)


def test_a_warm_start_goes_on_above_the_trunk(bert: Path, classified: Dataset) -> None:
    one, other = (
        tiny.learner(bert, "full", classified, start="warm", trunk_layers=1, epochs=1)
        for _ in range(2)
    )
    tiny.fit(one, range(24), seed=1)
    kept = {n: w.detach().clone() for n, w in one.trainable().items()}
    assert not [name for name in kept if "layer.0" in name or "embeddings" in name]
    other.restore(kept, seed=9)
    assert np.array_equal(every(one), every(other))


def test_what_cannot_be_frozen_is_named(bert: Path, classified: Dataset) -> None:
    for method, layers in (("adapter", 2), ("full", 9), ("head", 3)):
        with pytest.raises(ConfigError, match=f"freeze_layers = {layers}: .* has 2 layers"):
            tiny.learner(bert, method, classified, trunk_layers=layers)
    for wrong in (-1, True, 1.5, "some"):
        with pytest.raises(ConfigError, match=r"out of range|not a whole number or auto"):
            tiny.settings(bert, "adapter", trunk_layers=wrong)


def test_encoders_that_cannot_be_run_apart(bert: Path, classified: Dataset) -> None:
    learner = tiny.learner(bert, "adapter", classified)
    learner.model.config.model_type = "albert"
    asked = replace(learner.config, trunk_layers="auto")
    assert trunk_module.trunk_layers(learner.model, asked) == 0
    with pytest.raises(ConfigError, match="cannot be run apart"):
        trunk_module.trunk_layers(learner.model, replace(asked, trunk_layers=1))


def test_half_precision_states_take_half_the_room(bert: Path, dataset: Dataset) -> None:
    """And change probabilities by no more than half precision does anyway."""
    sizes, probs = [], []
    for precision in ("fp32", "bf16"):
        learner = tiny.learner(
            bert, "adapter", dataset, trunk_layers=1, precision=precision, epochs=1
        )
        tiny.fit(learner, range(20))
        sizes.append(learner._trunk._found["train"].nbytes)  # type: ignore[union-attr]
        probs.append(every(learner))
    assert sizes[1] * 2 == sizes[0]
    np.testing.assert_allclose(probs[0], probs[1], atol=0.15)
    assert dataset.task in Task
