"""A model's files are data: whatever in them leads to code, or to files elsewhere, is refused
before anything is loaded."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import CONFIG_MAPPING
from transformers.integrations import hub_kernels

from tests.engine import tiny
from tests.engine.test_pretrained import change
from tui_al.core.data.examples import Dataset, Task
from tui_al.engine.hub.sources import ModelSource, find
from tui_al.engine.jobs.model_export import export_model
from tui_al.engine.models.checkpoint import ADAPTER_FOLDER, load_trained
from tui_al.engine.models.model_files import OF_CALLERS, allowed_keys, left_out, read_config
from tui_al.engine.models.pretrained import load_model, load_tokenizer
from tui_al.errors import ModelError

LABELS = ("a", "b")

#: One of each kind; where they stand makes no difference.
BAD: list[tuple[str, Any]] = [
    ("_attn_implementation", "someone/kernel"),
    ("_attn_implementation", "someone/kernel@main:forward"),
    ("_attn_implementation_internal", "someone/kernel"),
    ("attn_implementation", "someone/kernel"),
    ("attn_implementation", {"": "someone/kernel"}),
    ("_attn_implementation", "paged|someone/kernel"),
    ("auto_map", {"AutoModelForSequenceClassification": "modeling_odd.Odd"}),
    ("trust_remote_code", True),
    ("custom_pipelines", {"odd": {"impl": "odd.Pipeline"}}),
    ("quantization_config", {"quant_method": "bitsandbytes", "load_in_8bit": True}),
    ("use_kernels", True),
]


@pytest.fixture
def copied(bert: Path, tmp_path: Path) -> Path:
    """A tiny BERT that a test may spoil."""
    shutil.copytree(bert, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture(autouse=True)
def _no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel of the Hub is not even asked for."""

    def asked(*_: Any, **__: Any) -> None:
        raise AssertionError("a kernel was asked for")

    for name in ("load_and_register_kernel", "get_kernel"):
        monkeypatch.setattr(hub_kernels, name, asked, raising=False)
    monkeypatch.setattr("transformers.modeling_utils.load_and_register_kernel", asked)


def load(directory: Path) -> Any:
    return load_model(find(str(directory)), Task.CLASSIFICATION, LABELS, 0.0)


@pytest.mark.parametrize(("key", "value"), BAD)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_what_leads_to_code_is_refused_at_any_depth(
    copied: Path, key: str, value: Any, depth: int
) -> None:
    settings = {key: value}
    if depth == 1:
        settings = {"text_config": settings}
    if depth == 2:
        settings = {"sub_configs": [{"vision": settings}]}
    change(copied, **settings)
    reads: tuple[Callable[[], object], ...] = (
        lambda: load(copied),
        lambda: load_tokenizer(find(str(copied)), Task.CLASSIFICATION),
    )
    for read in reads:
        with pytest.raises(ModelError) as caught:
            read()
        assert key in caught.value.message
        assert json.dumps(value)[:20] in caught.value.message


@pytest.mark.parametrize(
    ("key", "value"),
    [("layer_norm_eps", ["x"]), ("layer_norm_eps", True), ("hidden_dropout_prob", "0.1"),
        ("num_hidden_layers", [2]), ("vocab_size", 0), ("hidden_act", 7),
        ("max_position_embeddings", 1)],
)  # fmt: skip
def test_what_no_model_can_be_built_of_is_told_before_its_first_text(
    copied: Path, key: str, value: Any
) -> None:
    change(copied, **{key: value})
    with pytest.raises(ModelError):
        load(copied)


@pytest.mark.parametrize(
    ("key", "value"), [("return_dict", False), ("torchscript", True), ("output_attentions", True),
        ("chunk_size_feed_forward", 10**6)]
)  # fmt: skip
def test_how_a_model_returns_what_it_computes_is_not_its_own_to_say(
    copied: Path, key: str, value: Any
) -> None:
    change(copied, **{key: value})
    model = load(copied)
    ids = torch.ones((1, 4), dtype=torch.long)
    assert set(model(input_ids=ids)) == {"logits"}
    assert not left_out(copied, "m")


def test_weights_that_are_no_numbers_are_told_before_the_first_text(copied: Path) -> None:
    weights = load_file(copied / "model.safetensors")
    weights["encoder.layer.0.output.dense.weight"][0, 0] = float("nan")
    save_file(weights, copied / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"its weights give no numbers"):
        load(copied)


def test_a_number_or_a_list_where_the_class_takes_both(tmp_path: Path) -> None:
    plain = CONFIG_MAPPING["longformer"]().to_dict() | {"attention_window": [8] * 12}
    (tmp_path / "config.json").write_text(json.dumps(plain))
    assert read_config(tmp_path, "m").attention_window == [8] * 12


def test_what_is_harmless_and_unknown_is_left_out(copied: Path) -> None:
    change(
        copied, _attn_implementation_autoset=True, _attn_implementation="flash_attention_2",
        trust_remote_code=False,
        quantization_config=None, some_remark={"by": "me"}, adapters={"adapters": {}},
        use_cache=True, base_model_tp_plan={"x": "y"},
    )  # fmt: skip
    model = load(copied)
    assert model.config._attn_implementation in ("eager", "sdpa")
    for name in ("some_remark", "adapters", "base_model_tp_plan"):
        assert (
            getattr(model.config, name, None)
            != json.loads((copied / "config.json").read_text())[name]
        )
    assert model.config.hidden_size == tiny.WIDTH


@pytest.mark.parametrize(
    "kind",
    [
        "bert",
        "electra",
        "distilbert",
        "roberta",
        "deberta-v2",
        "modernbert",
        "xlm-roberta",
        "mpnet",
        "longformer",
    ],
)
def test_all_that_an_architecture_needs_is_kept(kind: str, tmp_path: Path) -> None:
    """Every setting of its own, at another value than usual, comes through."""
    cls = CONFIG_MAPPING[kind]
    plain = cls().to_dict()
    for key, value in plain.items():
        if type(value) is int and not key.endswith("_id"):
            plain[key] = value * 2
    (tmp_path / "config.json").write_text(json.dumps(plain | {"model_type": kind}))
    read = read_config(tmp_path, "m").to_dict()
    assert {k: v for k, v in plain.items() if read.get(k) != v and k in allowed_keys(cls)} == {}
    lost = set(plain) - allowed_keys(cls)
    assert lost <= {"_attn_implementation_autoset", *OF_CALLERS}


def test_a_kind_is_guessed_by_the_path_where_it_is_not_told(bert: Path, tmp_path: Path) -> None:
    copied = tmp_path / "my-bert"
    shutil.copytree(bert, copied)
    path = copied / "config.json"
    plain = json.loads(path.read_text())
    del plain["model_type"]
    path.write_text(json.dumps(plain))
    assert load(copied).config.model_type == "bert"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("auto_map", {"AutoTokenizer": ["odd.Odd", None]}),
        ("vocab_file", "../secret.txt"),
        ("merges_file", "/etc/passwd"),
        ("gguf_file", "/tmp/x.gguf"),
        ("init_inputs", ["/etc/passwd"]),
        ("tokenizer_class", ["x", "y"]),
        ("tokenizer_class", {"a": "b"}),
    ],
)
def test_a_tokenizer_comes_from_its_own_files(copied: Path, key: str, value: Any) -> None:
    path = copied / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ModelError, match=key):
        load_tokenizer(find(str(copied)), Task.CLASSIFICATION)


def test_a_tokenizer_file_of_another_machine_is_not_read(copied: Path, tmp_path: Path) -> None:
    other = tiny.wordpiece(["completely other words"], 40)
    other.save(str(tmp_path / "other.json"))
    path = copied / "tokenizer_config.json"
    for named in (str(tmp_path / "other.json"), "/nowhere/tokenizer.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"tokenizer_file": named}))
        found = load_tokenizer(find(str(copied)), Task.CLASSIFICATION)
        assert found.tokenize("the cat sleeps") == ["the", "cat", "sleeps"]


@pytest.mark.parametrize(
    "shard",
    ["notes.txt", "../x.safetensors", "/tmp/x.safetensors", "a\\b.safetensors", "model.bin", 7],
)
def test_shards_are_safetensors_files_beside_their_index(copied: Path, shard: Any) -> None:
    state = load_file(copied / "model.safetensors")
    torch.save(state, copied / "notes.txt")
    (copied / "model.safetensors").rename(copied / "whole.safetensors")
    index = {"metadata": {}, "weight_map": dict.fromkeys(state, shard)}
    (copied / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match="weight_map"):
        load(copied)
    index["weight_map"] = dict.fromkeys(state, "whole.safetensors")
    (copied / "model.safetensors.index.json").write_text(json.dumps(index))
    assert load(copied).config.hidden_size == tiny.WIDTH


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        "[" * 100_000,
        '{"model_type": 3}',
        '{"model_type": "bert", "hidden_size": {}}',
    ],
)
def test_a_configuration_that_is_none(copied: Path, text: str) -> None:
    (copied / "config.json").write_text(text)
    with pytest.raises(ModelError):
        load(copied)


@pytest.mark.parametrize("tuning", ["full", "adapter"])
def test_saved_models_are_checked_alike(
    bert: Path, classified: Dataset, tmp_path: Path, tuning: str
) -> None:
    learner = tiny.learner(bert, tuning, classified, epochs=1)
    tiny.fit(learner, range(16))
    saved = tmp_path / "saved"
    learner.save(saved)
    load_trained(saved)
    if tuning == "full":
        change(saved, _attn_implementation_internal="someone/kernel")
        with pytest.raises(ModelError, match="someone/kernel"):
            load_trained(saved)
        return
    config = saved / ADAPTER_FOLDER / "adapter_config.json"
    before = config.read_text()
    config.write_text(json.dumps(json.loads(before) | {"auto_map": {"x": "y.Z"}}))
    with pytest.raises(ModelError, match="auto_map"):
        load_trained(saved)
    config.write_text(before)
    weights = saved / ADAPTER_FOLDER / "adapter.safetensors"
    torch.save(load_file(weights), weights.with_name("pytorch_adapter.bin"))
    weights.unlink()
    for read in (lambda: load_trained(saved), lambda: export_model(saved, tmp_path / "out", "")):
        with pytest.raises(ModelError, match="no weights as safetensors"):
            read()
    change(saved, auto_map={"AutoTokenizer": "odd.Odd"})
    with pytest.raises(ModelError, match="brings its own code"):
        load_tokenizer(ModelSource("x", saved), Task.CLASSIFICATION)
