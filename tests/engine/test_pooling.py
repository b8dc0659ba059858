"""A classifier's head on the first token or on the mean of all: every way through the engine gives
the same mean."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModelForSequenceClassification

from tests.engine import tiny
from tests.hub_double import HubDouble
from tui_al.core.arrays import FloatArray
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.loop.protocols import MonteCarlo
from tui_al.core.query.strategies import bald, least_confidence
from tui_al.core.settings.tunings import ADAPTERS, TUNINGS
from tui_al.engine.hub.models import model_snapshot
from tui_al.engine.hub.sentence_modules import declared_pooling, encoder_directory
from tui_al.engine.hub.sources import ModelSource, find, pooling_note, resolve_pooling
from tui_al.engine.jobs.prediction import Predictor
from tui_al.engine.models.checkpoint import describe, load_trained
from tui_al.engine.models.feature_cache import FeatureStore
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.models.pooling import MeanPoolingClassifier, masked_mean

KINDS = ("bert", "electra", "distilbert", "roberta")


def probabilities(learner: TransformerLearner) -> FloatArray:
    return learner.predict("test", np.arange(36), tiny.silent).probs


def by_hand(learner: TransformerLearner) -> FloatArray:
    """Of the test texts one by one, without padding: the head's weights times the plain mean of the
    encoder's states."""
    tokens = learner.tokens("test")
    weights = {n: w for n, w in learner.trainable().items() if n.startswith("classifier")}
    found = []
    for row in range(36):
        ids = tokens.ids[tokens.offsets[row] : tokens.offsets[row + 1]].astype(np.int64)
        given = torch.from_numpy(ids)[None]
        with torch.no_grad():
            hidden = learner.model.base_model(input_ids=given).last_hidden_state[0]
            logits = weights["classifier.weight"] @ hidden.mean(0) + weights["classifier.bias"]
        found.append(torch.softmax(logits, -1).numpy())
    return np.stack(found)


def test_a_mean_leaves_padding_out() -> None:
    states = torch.tensor(
        [[[1.0, 2.0], [3.0, 6.0], [100.0, 100.0]], [[1.0, 0.0], [2.0, 0.0], [6.0, 3.0]]]
    )
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert masked_mean(states, mask).tolist() == [[2.0, 4.0], [3.0, 1.0]]
    assert masked_mean(states.bfloat16(), mask).dtype == torch.float32


#: Every tuning with BERT, those that differ most with the other encoders.
TRIED = [
    *(("bert", method) for method in TUNINGS),
    *((kind, method) for kind in KINDS[1:] for method in ("full", "head", "adapter")),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "method"), TRIED)
def test_every_tuning_reads_the_mean(
    encoders: dict[str, Path], classified: Dataset, kind: str, method: str
) -> None:
    """As the hand has it, of texts alone; the learner has them in batches with longer ones. It
    learns, and its head is linear."""
    learner = tiny.learner(encoders[kind], method, classified, pooling="mean", epochs=3)
    report = tiny.fit(learner)
    close = 1e-5
    np.testing.assert_allclose(probabilities(learner), by_hand(learner), atol=close)
    first, again = report.loss, tiny.fit(learner, seed=5).loss
    assert first == pytest.approx(again, abs=1e-6)
    assert first < 1.05  # ln 3 is 1.10
    heads = {n for n in learner.trainable() if "classifier" in n or "pooler" in n}
    assert heads == {"classifier.weight", "classifier.bias"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("method", "layers"), [("full", 1), ("adapter", 1), ("head", "auto")])
def test_kept_states_give_the_same_as_the_whole_model(
    encoders: dict[str, Path], classified: Dataset, kind: str, method: str, layers: Any
) -> None:
    """Above a frozen trunk, from its kept states, with room for them or without; of a frozen
    encoder one mean a text is kept."""
    frozen, anew = (
        TransformerLearner(
            tiny.settings(encoders[kind], method, pooling="mean", trunk_layers=layers, epochs=2),
            ModelSource(kind, encoders[kind]), classified, tiny.CPU, FeatureStore(budget),
        )
        for budget in (2**30, 0)
    )  # fmt: skip
    losses = [tiny.fit(one, range(40)).loss for one in (frozen, anew)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    for one in (frozen, anew):
        np.testing.assert_allclose(probabilities(one), by_hand(one), atol=1e-5)
    if method == "head":
        plain = tiny.learner(encoders[kind], "head", classified, pooling="mean", epochs=2)
        assert tiny.fit(plain, range(40)).loss == pytest.approx(losses[0], abs=1e-5)
        assert frozen._collate("train", np.arange(9)).states.shape == (9, 1, tiny.WIDTH)  # type: ignore[union-attr]


def test_poolings_keep_states_of_their_own(bert: Path, classified: Dataset) -> None:
    """Two frozen encoders on one shelf: what one head reads is not handed to the other."""
    feature_store = FeatureStore(2**30)
    read = []
    for pooling in ("first", "mean"):
        config = tiny.settings(bert, "head", pooling=pooling, trunk_layers="auto", epochs=1)
        learner = TransformerLearner(
            config, ModelSource("b", bert), classified, tiny.CPU, feature_store
        )
        learner.keep("train", np.arange(9), tiny.silent)
        states = learner._collate("train", np.arange(9)).states
        assert states is not None
        read.append(states)
    assert not torch.allclose(read[0], read[1], atol=1e-2)


def test_the_last_layer_of_a_mean_is_computed_for_all_tokens(
    bert: Path, classified: Dataset
) -> None:
    """The stock head's short cut is off: with it the mean would be the first token."""
    views = [
        tiny.learner(bert, "full", classified, pooling=pooling).view
        for pooling in ("first", "mean")
    ]
    lengths = []
    for view in views:
        ids = torch.ones((2, 7), dtype=torch.int64)
        with torch.no_grad():
            lengths.append(view.base_model(input_ids=ids).last_hidden_state.shape[1])
    assert lengths == [1, 7]


@pytest.mark.parametrize("method", ["full", "adapter"])
def test_dropout_acts_on_the_mean(bert: Path, classified: Dataset, method: str) -> None:
    """Monte-Carlo passes differ, and are off again afterwards."""
    learner = tiny.learner(bert, method, classified, pooling="mean", epochs=1)
    tiny.fit(learner)
    before = probabilities(learner)
    scores = learner.score(np.arange(50), {"bald": bald}, tiny.silent, MonteCarlo(4, 0.3, 1))
    assert (scores["bald"] > 1e-4).all()
    np.testing.assert_array_equal(probabilities(learner), before)


def test_a_warm_start(bert: Path, classified: Dataset) -> None:
    warm = tiny.learner(bert, "full", classified, pooling="mean", start="warm", epochs=1)
    tiny.fit(warm)
    other = tiny.learner(bert, "full", classified, pooling="mean", start="warm", epochs=1)
    other.restore({n: w.detach().clone() for n, w in warm.trainable().items()}, seed=1)
    np.testing.assert_allclose(probabilities(other), probabilities(warm), atol=1e-6)


@pytest.mark.slow
def test_bf16_is_held_against_the_mean_in_fp32(bert: Path, classified: Dataset) -> None:
    learner = tiny.learner(bert, "full", classified, pooling="mean", precision="bf16", epochs=2)
    tiny.fit(learner)
    learner.score(np.arange(108), {"lc": least_confidence}, tiny.silent)
    assert learner.rounding is not None
    correlation = float(learner.rounding[0].split("rank correlation ")[1].split(",")[0])
    assert correlation > 0.95


def test_tags_are_read_word_by_word_whatever_the_pooling(bert: Path, tagged: Dataset) -> None:
    first, mean = (
        tiny.learner(bert, "full", tagged, pooling=p, epochs=1) for p in ("first", "mean")
    )
    assert mean.config.pooling == "first"
    assert tiny.fit(first).loss == tiny.fit(mean).loss


@pytest.mark.parametrize("method", ["full", "head", "adapter", "prefix"])
def test_kept_models_are_the_same(
    bert: Path, classified: Dataset, tmp_path: Path, method: str
) -> None:
    learner = tiny.learner(bert, method, classified, pooling="mean", epochs=1)
    tiny.fit(learner)
    kept = tmp_path / "kept"
    learner.save(kept)
    assert describe(kept).learner.pooling == "mean"
    assert isinstance(load_trained(kept)[0], MeanPoolingClassifier)
    predictor = Predictor(kept, "cpu")
    found = [dict(one.top) for one in predictor.predict(classified.test)]
    probs = [[one[label] for label in classified.outputs] for one in found]
    np.testing.assert_allclose(probs, probabilities(learner), atol=1e-6)


def test_a_stock_class_does_not_load_a_mean(
    bert: Path, classified: Dataset, tmp_path: Path
) -> None:
    """It would read the first token, with a head of random weights."""
    for method in ("full", *ADAPTERS[:1]):
        learner = tiny.learner(bert, method, classified, pooling="mean", epochs=1)
        tiny.fit(learner, range(9))
        learner.save(tmp_path / method)
        with pytest.raises((OSError, ValueError)):
            AutoModelForSequenceClassification.from_pretrained(tmp_path / method)


def test_a_model_kept_before_pooling_was_a_setting_reads_the_first_token(
    bert: Path, classified: Dataset, tmp_path: Path
) -> None:
    learner = tiny.learner(bert, "full", classified, epochs=1)
    tiny.fit(learner)
    learner.save(tmp_path / "kept")
    path = tmp_path / "kept" / "tui_al.json"
    plain = json.loads(path.read_text(encoding="utf-8"))
    assert plain["learner"].pop("pooling") == "first"
    path.write_text(json.dumps(plain), encoding="utf-8")
    found = [dict(one.top) for one in Predictor(tmp_path / "kept", "cpu").predict(classified.test)]
    probs = [[one[label] for label in classified.outputs] for one in found]
    np.testing.assert_allclose(probs, probabilities(learner), atol=1e-6)


def modules(directory: Path, place: str = "", **pooling: Any) -> Path:
    """Make it a directory of sentence-transformers that pools so."""
    (directory / "1_Pooling").mkdir(parents=True, exist_ok=True)
    (directory / "1_Pooling" / "config.json").write_text(json.dumps(pooling), encoding="utf-8")
    kinds = ((place, "Transformer"), ("1_Pooling", "Pooling"))
    plain = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds)
    ]
    (directory / "modules.json").write_text(json.dumps(plain), encoding="utf-8")
    return directory


@pytest.mark.parametrize(
    ("pooling", "said", "read"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean", "mean"),
        ({"pooling_mode": "mean", "embedding_dimension": 9}, "mean", "mean"),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls", "first"),
        ({"pooling_mode": ["cls"]}, "cls", "first"),
        ({"pooling_mode_max_tokens": True}, "max", "mean"),
        ({"pooling_mode": "lasttoken"}, "lasttoken", "mean"),
        ({"pooling_mode": ["cls", "mean"]}, "cls+mean", "mean"),
        ({}, None, "first"),
    ],
)
def test_what_a_models_files_say(
    tmp_path: Path, pooling: dict[str, Any], said: str | None, read: str
) -> None:
    directory = modules(tmp_path / "m", **pooling)
    assert declared_pooling(directory) == said
    source = ModelSource("m", directory, pooling=said)
    assert resolve_pooling("auto", Task.CLASSIFICATION, source) == read
    assert resolve_pooling("first", Task.CLASSIFICATION, source) == "first"
    assert resolve_pooling("mean", Task.TAGGING, source) == "first"
    note = pooling_note("auto", Task.CLASSIFICATION, source)
    assert ("the mean of all tokens" if read == "mean" else "the first token") in note
    assert (said or "nothing of pooling") in note
    assert pooling_note("mean", Task.CLASSIFICATION, source) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        '[{"type": "x.Pooling", "path": "../1_Pooling"}]',
        '[{"type": "x.Pooling", "path": ".."}]',
    ],
)
def test_modules_that_say_nothing(tmp_path: Path, text: str) -> None:
    directory = modules(tmp_path / "m", pooling_mode="mean")
    (directory / "modules.json").write_text(text, encoding="utf-8")
    assert declared_pooling(directory) is None
    assert encoder_directory(directory) == directory


def test_a_local_sentence_encoder_is_taken_as_it_was_trained(
    bert: Path, classified: Dataset, tmp_path: Path
) -> None:
    """Also where its encoder lies in a folder of its own, as older versions wrote it; the learner
    tells it."""
    encoder = tmp_path / "m" / "0_Transformer"
    encoder.mkdir(parents=True)
    for file in bert.iterdir():
        (encoder / file.name).write_bytes(file.read_bytes())
    modules(tmp_path / "m", "0_Transformer", pooling_mode_mean_tokens=True)
    source = find(str(tmp_path / "m"))
    assert (source.path, source.pooling) == (encoder, "mean")
    config = tiny.settings(tmp_path / "m", "full", pooling="auto", epochs=1)
    learner = TransformerLearner(config, source, classified, tiny.CPU)
    assert learner.config.pooling == "mean"
    assert "trained with mean pooling: the head reads the mean" in learner.notes()[0]
    stock = TransformerLearner(replace(config, pooling="first"), source, classified, tiny.CPU)
    assert (stock.config.pooling, stock.notes()) == ("first", [])


def test_the_hub_is_asked_how_a_model_pools(hub: HubDouble, tmp_path: Path) -> None:
    directory = modules(tmp_path / "m", pooling_mode_mean_tokens=True)
    save_file({"w": torch.zeros(1)}, directory / "model.safetensors")
    (directory / "config.json").write_text("{}", encoding="utf-8")
    (directory / "vocab.txt").write_text("[UNK]", encoding="utf-8")
    names = [p for p in directory.rglob("*") if p.is_file()]
    files = {p.relative_to(directory).as_posix(): p.read_bytes() for p in names}
    hub.models["lab/mean"] = {"main": files | {"2_Dense/pytorch_model.bin": b"pickle"}}
    assert declared_pooling(model_snapshot("lab/mean").path) == "mean"
    assert not [path for path in hub.fetched() if "2_Dense" in path]
    assert find("lab/mean").pooling == "mean"  # from the cache
