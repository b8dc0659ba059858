"""What a model says it is has bounds, checked before anything is built: in time, in memory, and
against its weights."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.engine import tiny
from tests.engine.test_pooling import modules
from tests.engine.test_pretrained import change
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.engine.hub.sources import find
from tui_al.engine.models.model_bounds import check_numbers
from tui_al.engine.models.model_files import left_out
from tui_al.engine.models.pretrained import load_model, load_tokenizer
from tui_al.engine.text.tokenizing import tokenize
from tui_al.errors import ModelError

#: Each alone would take minutes or all memory.
TOO_LARGE: list[dict[str, Any]] = [
    {"num_hidden_layers": 10**6},
    {"num_hidden_layers": 10**30},
    {"hidden_size": 10**6},
    {"vocab_size": 10**12},
    {"num_attention_heads": 2**20},
    {"intermediate_size": 10**9},
    {"max_position_embeddings": 10**9},
    {"type_vocab_size": 10**8},
    {"num_labels": 10**9},
    {"num_hidden_layers": 1e400},
    {"vocab_size": 1_900_000, "hidden_size": 16_000},
    {"model_type": "albert", "num_hidden_groups": 200, "inner_group_num": 200},
    {"model_type": "funnel", "block_sizes": [200, 200]},
    {"text_config": {"num_hidden_layers": 10**6}},
    {"id2label": {str(i): "a" for i in range(200_000)}},
]


@pytest.fixture
def copied(bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bert, tmp_path / "model"))


def load(directory: Path) -> Any:
    return load_model(find(str(directory)), Task.CLASSIFICATION, ("a", "b"), 0.0)


@pytest.mark.parametrize("settings", TOO_LARGE, ids=lambda one: ",".join(one))
def test_what_is_too_large_is_refused_at_once(copied: Path, settings: dict[str, Any]) -> None:
    change(copied, **settings)
    began = time.process_time()
    with pytest.raises(ModelError, match=r"is refused: .*(allowed|million parameters)"):
        load(copied)
    assert time.process_time() - began < 5


def test_the_field_the_value_and_what_is_allowed_are_named(copied: Path) -> None:
    change(copied, num_hidden_layers=10**6)
    with pytest.raises(
        ModelError,
        match=r"num_hidden_layers = 1,000,000 in its config.json; at most 256 is allowed",
    ):
        load(copied)


def test_a_configuration_of_another_model_than_the_weights(copied: Path) -> None:
    change(copied, intermediate_size=128)
    with pytest.raises(
        ModelError, match=r"\(128, 128\) by its config.json, and is \(64, 128\) in its weights"
    ):
        load(copied)


@pytest.mark.parametrize("change_", ["header", "cut", "longer", "shape"])
def test_weights_that_are_no_whole_file(copied: Path, change_: str) -> None:
    path = copied / "model.safetensors"
    raw = path.read_bytes()
    match change_:
        case "header":
            path.write_bytes((2**50).to_bytes(8, "little") + raw[8:])
        case "cut":
            path.write_bytes(raw[:-10])
        case "longer":
            path.write_bytes(raw + bytes(10))
        case "shape":
            path.write_bytes(raw.replace(b'"shape":[', b'"shape":{', 1))
    with pytest.raises(ModelError, match="not a whole file of safetensors"):
        load(copied)


#: Sizes of encoders that exist: BERT, ALBERT-xxl, XLM-R XL, DeBERTa-v2-xxl, ModernBERT-large,
#: Longformer, BART-large, T5-11B, mmBERT.
KNOWN: list[dict[str, Any]] = [
    {"num_hidden_layers": 24, "hidden_size": 1024, "intermediate_size": 4096, "vocab_size": 30522,
        "layer_norm_eps": 1e-12},
    {"num_hidden_layers": 12, "hidden_size": 4096, "intermediate_size": 16384,
        "num_hidden_groups": 1, "inner_group_num": 1, "num_attention_heads": 64},
    {"num_hidden_layers": 48, "hidden_size": 10240 // 4, "vocab_size": 250880,
        "max_position_embeddings": 514},
    {"num_hidden_layers": 48, "hidden_size": 1536, "intermediate_size": 6144,
        "position_buckets": 256, "max_relative_positions": -1, "vocab_size": 128100},
    {"num_hidden_layers": 28, "global_rope_theta": 160000.0, "local_rope_theta": 10000.0,
        "max_position_embeddings": 8192, "local_attention": 128, "classifier_dropout": 0.0},
    {"attention_window": [512] * 24, "num_hidden_layers": 24, "max_position_embeddings": 4098},
    {"encoder_layers": 12, "decoder_layers": 12, "num_hidden_layers": 12, "encoder_ffn_dim": 4096,
        "d_model": 1024, "max_length": 20, "num_beams": 4, "forced_eos_token_id": 2},
    {"num_layers": 24, "d_ff": 65536, "d_kv": 128, "d_model": 1024, "num_heads": 128,
        "relative_attention_num_buckets": 32},
    {"vocab_size": 256000, "num_hidden_layers": 22, "bos_token_id": 2, "total_flos": 2.2e19,
        "rope_theta": 1000000, "max_position_embeddings": 8192},
    {"task_specific_params": {"summarization": {"max_length": 142, "length_penalty": 2.0}},
        "id2label": {str(i): str(i) for i in range(21_843)}},
]  # fmt: skip


@pytest.mark.parametrize("settings", KNOWN)
def test_encoders_that_exist_are_within_the_bounds(settings: dict[str, Any]) -> None:
    check_numbers(settings, "known", Path("config.json"))


def test_every_kind_and_a_checkpoint_in_shards_still_load(
    encoders: dict[str, Path], tmp_path: Path
) -> None:
    for path in encoders.values():
        assert not left_out(
            path, ""
        )  # DeBERTa's buckets, and what others read beside their parameters
        load(path)
    copied = Path(shutil.copytree(encoders["bert"], tmp_path / "shards"))
    state = load_file(copied / "model.safetensors")
    (copied / "model.safetensors").unlink()
    names = sorted(state)
    index: dict[str, str] = {}
    for number, some in enumerate((names[::2], names[1::2]), start=1):
        shard = f"model-0000{number}-of-00002.safetensors"
        save_file({n: state[n] for n in some}, copied / shard, metadata={"format": "pt"})
        index |= dict.fromkeys(some, shard)
    (copied / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": index})
    )
    load(copied)


def test_unknown_settings_are_left_out_and_told(
    bert: Path, classified: Dataset, tmp_path: Path
) -> None:
    assert tiny.learner(bert, "head", classified).notes() == []
    copied = Path(shutil.copytree(bert, tmp_path / "model"))
    change(copied, num_experts=8, gradient_checkpointing=False)
    (note,) = tiny.learner(copied, "head", classified).notes()
    assert note == (
        f"the config.json of {copied} has settings that its kind does not know, which are left "
        "out: num_experts."
    )


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json", "vocab.txt"])
def test_files_that_are_none_and_files_that_are_too_large(copied: Path, name: str) -> None:
    path = copied / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(ModelError, match=r"is a pipe|has no config.json"):
        load(copied)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(2**28)
    with pytest.raises(ModelError, match="268,435,456 bytes; 134,217,728 are allowed"):
        load(copied)
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(ModelError, match="outside of the model's directory"):
        load(copied)


@pytest.mark.parametrize(
    "name",
    ["1_Pooling/config.json", "additional_chat_templates/a.jinja", "chat_template.jinja"],
)
def test_files_that_are_read_beside_the_model_are_its_own_and_small(
    copied: Path, name: str
) -> None:
    """A pipe would never end, a link lead to what is the reader's."""
    path = modules(copied, pooling_mode="mean") / name
    path.parent.mkdir(exist_ok=True)
    for make, said in (
        (os.mkfifo, f"{name} is a pipe"),
        (lambda path: path.symlink_to("/etc/hostname"), f"{name} is a link to .* outside"),
        (lambda path: path.symlink_to(path.name), f"{name} is a link that leads nowhere"),
        (_huge, f"{name} has 1,099,511,627,776 bytes; 134,217,728 are allowed"),
    ):
        path.unlink(missing_ok=True)
        make(path)
        with pytest.raises(ModelError, match=f"is refused: {said}"):
            find(str(copied))


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


TOKENIZERS = {
    "nested": "[" * 100_000,
    "empty": "{}",
    "another type": '{"model": 3}',
    "negative": '{"model": {"type": "WordPiece", "vocab": {"a": -1}}}',
    "large": '{"model": {"type": "BPE", "vocab": {"a": 4294967295}, "merges": []}}',
    "cut": '"' + "a" * 10**6,
}


@pytest.mark.parametrize("text", TOKENIZERS.values(), ids=TOKENIZERS)
def test_a_tokenizer_that_is_none(copied: Path, text: str) -> None:
    (copied / "tokenizer.json").write_text(text)
    with pytest.raises(ModelError, match="no tokenizer that can be loaded"):
        load_tokenizer(find(str(copied)), Task.CLASSIFICATION)


@pytest.mark.parametrize("pattern", [{"String": "a"}, {"Regex": ""}])
def test_replacements_that_make_much_of_little_are_refused(
    copied: Path, pattern: dict[str, str]
) -> None:
    path = copied / "tokenizer.json"
    plain = json.loads(path.read_text())
    step = {"type": "Replace", "pattern": pattern, "content": "aaaa"}
    plain["normalizer"] = {"type": "Sequence", "normalizers": [step] * 30}
    path.write_text(json.dumps(plain))
    with pytest.raises(
        ModelError, match=r"the normalizer of its tokenizer.json makes up to \S+ times"
    ):
        load_tokenizer(find(str(copied)), Task.CLASSIFICATION)


def test_a_pattern_that_takes_too_many_steps_is_told(copied: Path) -> None:
    path = copied / "tokenizer.json"
    plain = json.loads(path.read_text())
    pattern = {"Regex": "(a|a)*$"}
    plain["pre_tokenizer"] = {
        "type": "Split",
        "pattern": pattern,
        "behavior": "Isolated",
        "invert": False,
    }
    path.write_text(json.dumps(plain))
    tokenizer = load_tokenizer(find(str(copied)), Task.CLASSIFICATION)
    texts = [Example("a", "a" * 60 + "!")]
    with pytest.raises(ModelError, match="cannot take a text apart"):
        tokenize(tokenizer, Task.CLASSIFICATION, texts, 32)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("post_processor", {"type": "TemplateProcessing", "single": [
            {"Sequence": {"id": "A", "type_id": 0}}] * 80, "pair": [], "special_tokens": {}},
            "makes 80 sub-tokens of one letter; 64 are allowed"),
        ("pre_tokenizer", {"type": "Sequence", "pretokenizers": [{"type": "Metaspace",
            "replacement": "a", "prepend_scheme": "always", "split": True}] * 101},
            "the length of pretokenizers = 101 in its tokenizer.json; at most 100"),
        ("post_processor", {"type": "TemplateProcessing", "pair": [], "special_tokens": {
            "x": {"id": "x", "ids": [1] * 2_000, "tokens": ["x"] * 2_000}},
            "single": [{"SpecialToken": {"id": "x", "type_id": 0}}]},
            "the length of ids = 2,000 in its tokenizer.json; at most 100"),
        ("post_processor", {"type": "TemplateProcessing", "pair": [], "special_tokens": {
            "x": {"id": "x", "ids": [10**9], "tokens": ["x"]}},
            "single": [{"SpecialToken": {"id": "x", "type_id": 0}}]},
            r"the token 1,000,000,000, and there are [\d,]+ \(vocab_size\)"),
        ("model", {"type": "WordPiece", "vocab": {"[UNK]": 4_000_000_000}, "unk_token": "[UNK]",
            "continuing_subword_prefix": "##", "max_input_chars_per_word": 100},
            "the token 4,000,000,000"),
        ("model", {"type": "WordPiece", "vocab": {}, "unk_token": "[UNK]",
            "continuing_subword_prefix": "##", "max_input_chars_per_word": 100},
            "cannot take a text apart: WordPiece error: Missing"),
        ("added_tokens", [{"id": n, "content": f"<{n}>", "single_word": False, "lstrip": False,
            "rstrip": False, "normalized": False, "special": True} for n in range(20_001)],
            "the length of added_tokens = 20,001 in its tokenizer.json"),
    ],
    ids=["repeats", "steps", "long", "beyond", "number", "empty", "added"],
)  # fmt: skip
def test_a_tokenizer_that_makes_what_no_model_can_take(
    copied: Path, key: str, value: Any, said: str
) -> None:
    path = copied / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ModelError, match=said):
        load_tokenizer(find(str(copied)), Task.CLASSIFICATION)


def test_a_special_token_of_a_million_characters(copied: Path) -> None:
    path = copied / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"unk_token": "x" * 10**6}))
    with pytest.raises(ModelError, match=r"unk_token = 1,000,000 in its tokenizer_config.json"):
        load_tokenizer(find(str(copied)), Task.CLASSIFICATION)


def test_a_tokenizer_of_another_kind_than_the_model(copied: Path) -> None:
    """It has tokens of its own, beyond those that there are."""
    path = copied / "tokenizer_config.json"
    plain = json.loads(path.read_text()) | {"tokenizer_class": "LlamaTokenizerFast"}
    path.write_text(json.dumps(plain))
    with pytest.raises(ModelError, match=r"does not fit its config\.json: it makes the token"):
        load_tokenizer(find(str(copied)), Task.CLASSIFICATION)


@pytest.mark.parametrize("kind", ["timm_wrapper", "layoutlmv2", "funnel"])
def test_kinds_that_ask_for_other_packages_or_take_no_setting(copied: Path, kind: str) -> None:
    change(copied, model_type=kind)
    with pytest.raises(ModelError, match=r"config\.json"):
        load(copied)


def test_weights_of_another_program_or_of_very_many_tensors(copied: Path) -> None:
    path = copied / "model.safetensors"
    tensors = load_file(path)
    save_file(tensors, path, {"format": "tf"})
    with pytest.raises(ModelError, match="cannot be loaded for classification"):
        load(copied)
    none = torch.zeros(0)
    save_file(tensors | {f"t{n}": none for n in range(20_001)}, path, {"format": "pt"})
    with pytest.raises(ModelError, match=r"it has 20,0\d\d tensors; 20,000 are allowed"):
        load(copied)
