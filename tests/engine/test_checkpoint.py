"""What is saved comes back and predicts the same."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, PreTrainedModel, pipeline
from transformers.utils import logging as transformers_logging

from tests.engine import tiny
from tui_al.core.arrays import FloatArray
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.core.settings.tunings import ADAPTERS, TUNINGS
from tui_al.engine.data import load
from tui_al.engine.hub.sources import find
from tui_al.engine.models import checkpoint
from tui_al.engine.models.checkpoint import load_trained
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.text.tokenizing import tokenize
from tui_al.engine.text.tokens import collate
from tui_al.errors import ModelError


def predicted(model: PreTrainedModel, directory: Path, dataset: Dataset) -> FloatArray:
    """The test split's probabilities from a model and a tokenizer as they came from the disk,
    (texts, classes)."""
    found = []
    for example in dataset.test:
        tokens = tokenize(AutoTokenizer.from_pretrained(directory), dataset.task, [example], 48)
        batch = collate(tokens, np.array([0]), model.config.pad_token_id, tiny.CPU)
        with torch.inference_mode():
            logits = model(batch.input_ids, attention_mask=batch.attention_mask).logits
            found.append(torch.softmax(logits, -1).numpy())
    return np.concatenate(found)


def assert_comes_back(learner: TransformerLearner, directory: Path) -> None:
    """Saved, loaded in this process, and asked about the test split."""
    dataset = learner.dataset
    rows = np.arange(len(dataset.test))
    before = learner.predict("test", rows, tiny.silent).probs
    learner.save(directory)
    assert np.array_equal(learner.predict("test", rows, tiny.silent).probs, before)
    model, task, outputs = load_trained(directory)
    assert (task, outputs) == (dataset.task, dataset.outputs)
    assert model.config.id2label == dict(enumerate(dataset.outputs))
    assert not model.training
    trained, learner.view = learner.view, model
    np.testing.assert_allclose(
        learner.predict("test", rows, tiny.silent).probs, before, atol=1e-6, rtol=0
    )
    learner.view = trained


@pytest.mark.parametrize("method", TUNINGS)
def test_every_tuning_comes_back(
    bert: Path, classified: Dataset, tmp_path: Path, method: str
) -> None:
    learner = tiny.learner(bert, method, classified)
    tiny.fit(learner, range(60))
    assert_comes_back(learner, tmp_path / "kept")
    assert list(tmp_path.iterdir()) == [tmp_path / "kept"]
    pickled = [p for p in tmp_path.rglob("*") if p.suffix in (".bin", ".pt", ".pth", ".ckpt")]
    assert not pickled
    assert (tmp_path / "kept" / "tokenizer.json").is_file()


@pytest.mark.parametrize("method", ["full", "adapter", "unipelt", "compacter", "head"])
def test_taggers_come_back(bert: Path, tagged: Dataset, tmp_path: Path, method: str) -> None:
    learner = tiny.learner(bert, method, tagged)
    tiny.fit(learner)
    assert_comes_back(learner, tmp_path / "kept")


@pytest.mark.parametrize("kind", ["electra", "distilbert", "roberta"])
@pytest.mark.parametrize("method", ["full", "adapter", "head"])
def test_other_encoders_come_back(
    encoders: dict[str, Path],
    classified: Dataset,
    tagged: Dataset,
    tmp_path: Path,
    kind: str,
    method: str,
) -> None:
    for dataset in (classified, tagged):
        learner = tiny.learner(encoders[kind], method, dataset, epochs=1)
        tiny.fit(learner, range(24))
        assert_comes_back(learner, tmp_path / dataset.name)


def test_files_alone_are_enough(bert: Path, classified: Dataset, tmp_path: Path) -> None:
    """The tokenizer that was saved with it, one text at a time: nothing is left over from the
    learner."""
    learner = tiny.learner(bert, "adapter", classified)
    tiny.fit(learner, range(60))
    learner.save(tmp_path / "kept")
    model, *_ = load_trained(tmp_path / "kept")
    before = learner.predict("test", np.arange(len(classified.test)), tiny.silent).probs
    np.testing.assert_allclose(predicted(model, tmp_path / "kept", classified), before, atol=1e-5)


@pytest.mark.parametrize("kind", ["bert", "electra", "distilbert", "roberta"])
@pytest.mark.parametrize("method", ["full", "head"])
def test_a_classifier_loads_in_a_pipeline(
    encoders: dict[str, Path], classified: Dataset, tmp_path: Path, kind: str, method: str
) -> None:
    learner = tiny.learner(encoders[kind], method, classified)
    tiny.fit(learner)
    learner.save(tmp_path / "kept")
    classify = pipeline("text-classification", model=str(tmp_path / "kept"), device="cpu")
    answers = classify([e.text for e in classified.test], top_k=None)
    probs = learner.predict("test", np.arange(len(classified.test)), tiny.silent).probs
    for answer, row in zip(answers, probs, strict=True):
        by_label = {one["label"]: one["score"] for one in answer}
        expected = dict(zip(classified.labels, row.tolist(), strict=True))
        assert by_label == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
def test_a_tagger_loads_in_a_pipeline(bert: Path, tagged: Dataset, tmp_path: Path) -> None:
    learner = tiny.learner(bert, "full", tagged, epochs=12, batch_size=8)
    tiny.fit(learner)
    learner.save(tmp_path / "kept")
    tag = pipeline(
        "token-classification", model=str(tmp_path / "kept"), aggregation_strategy="first",
        device="cpu"
    )  # fmt: skip
    found = [(one["entity_group"], one["word"]) for one in tag("anna berg lives in new york .")]
    assert found == [("PER", "anna berg"), ("LOC", "new york")]


def test_the_description_names_encoder_and_settings(
    bert: Path, classified: Dataset, tmp_path: Path
) -> None:
    learner = tiny.learner(bert, "lora", classified, epochs=1)
    tiny.fit(learner, range(8))
    learner.save(tmp_path / "kept")
    told = json.loads((tmp_path / "kept" / "tui_al.json").read_text())
    assert told["task"] == "classification"
    assert told["outputs"] == ["animal", "fruit", "metal"]
    assert told["encoder"]["name"] == str(bert)
    assert told["learner"]["tuning"] == "lora"


def test_an_adapter_without_its_encoder_says_what_is_missing(
    classified: Dataset, tmp_path: Path
) -> None:
    encoder = tiny.save_encoder("bert", tmp_path / "encoder")
    learner = tiny.learner(encoder, "adapter", classified, epochs=1)
    tiny.fit(learner, range(8))
    learner.save(tmp_path / "kept")
    encoder.rename(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match=r"encoder.* is unknown: no such directory"):
        load_trained(tmp_path / "kept")


def test_a_classifier_that_is_said_to_tag_is_none(classified: Dataset, tmp_path: Path) -> None:
    """Its classes are no tags, which would show at the first text."""
    encoder = tiny.save_encoder("bert", tmp_path / "encoder")
    learner = tiny.learner(encoder, "full", classified, epochs=1)
    tiny.fit(learner, range(8))
    learner.save(tmp_path / "kept")
    path = tmp_path / "kept" / "tui_al.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"task": "tagging"}))
    with pytest.raises(ModelError, match=r"tui_al\.json: '\w+' is not a tag"):
        load_trained(tmp_path / "kept")


def test_a_directory_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model written by tui-al"):
        load_trained(tmp_path)
    (tmp_path / "tui_al.json").write_text("{")
    with pytest.raises(ModelError, match="holds no model written by tui-al"):
        load_trained(tmp_path)


@pytest.mark.parametrize("method", ["full", "adapter"])
def test_saving_that_breaks_off_leaves_the_old_model(
    bert: Path, classified: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    learner = tiny.learner(bert, method, classified, epochs=1)
    tiny.fit(learner, range(8), seed=1)
    learner.save(tmp_path / "kept")
    before = {p: p.read_bytes() for p in (tmp_path / "kept").rglob("*") if p.is_file()}
    tiny.fit(learner, range(8), seed=2)

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "asdict", full_disk)  # everything but the description is written
        with pytest.raises(OSError, match="No space"):
            learner.save(tmp_path / "kept")
        with pytest.raises(OSError, match="No space"):
            learner.save(tmp_path / "other")
    assert {p: p.read_bytes() for p in (tmp_path / "kept").rglob("*") if p.is_file()} == before
    assert not (tmp_path / "other").exists()
    learner.save(tmp_path / "kept")
    head = "model.safetensors" if method == "full" else "head.safetensors"
    assert (tmp_path / "kept" / head).read_bytes() != before[tmp_path / "kept" / head]


@pytest.fixture(scope="module")
def tickets() -> Iterator[Dataset]:
    transformers_logging.disable_progress_bar()
    yield load(DataConfig("tickets", train_limit=64, test_limit=32))


@pytest.mark.slow
@pytest.mark.parametrize("method", TUNINGS)
def test_the_bundled_encoder_comes_back_in_every_tuning(
    tickets: Dataset, tmp_path: Path, method: str
) -> None:
    """The real thing: one round on the tickets, saved, reloaded, the same predictions."""
    config = default_settings("minilm", method)
    config = type(config)(**{f: getattr(config, f) for f in config.__slots__} | {"epochs": 1})
    learner = TransformerLearner(config, find("minilm"), tickets, tiny.CPU)
    report = tiny.fit(learner)
    assert report.examples == 64
    assert tickets.task is Task.CLASSIFICATION
    began = time.perf_counter()
    assert_comes_back(learner, tmp_path / "kept")
    size = sum(p.stat().st_size for p in (tmp_path / "kept").rglob("*") if p.is_file())
    assert (size < 15e6) == (method in ADAPTERS)
    assert time.perf_counter() - began < 60


@pytest.mark.slow
def test_the_cut_of_the_bundled_encoder_is_its_lower_half(tickets: Dataset, tmp_path: Path) -> None:
    whole, cut = (
        TransformerLearner(default_settings(name, "head"), find(name), tickets, tiny.CPU)
        for name in ("minilm", "minilm-3")
    )
    layers = cut.model.base_model.encoder.layer
    assert len(layers) == 3
    for mine, theirs in zip(layers, whole.model.base_model.encoder.layer, strict=False):
        for name, weights in mine.state_dict().items():
            assert torch.equal(weights, theirs.state_dict()[name]), name
    tiny.fit(cut, range(4))
    assert_comes_back(cut, tmp_path / "kept")


def test_what_is_saved_does_not_depend_on_what_was_tokenised_before(
    bert: Path, classified: Dataset, tmp_path: Path
) -> None:
    """A run that was resumed finds its sub-tokens in the cache, one that was not has made them: the
    same files to the last byte."""
    busy, idle = (tiny.learner(bert, "full", classified, max_length=20) for _ in range(2))
    busy.predict("test", np.arange(4), tiny.silent)
    for name, learner in (("busy", busy), ("idle", idle)):
        learner.save(tmp_path / name)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        found = {(tmp_path / one / name).read_text() for one in ("busy", "idle")}
        assert len(found) == 1, name
    assert (
        json.loads((tmp_path / "idle" / "tokenizer.json").read_text())["truncation"]["max_length"]
        == 20
    )
