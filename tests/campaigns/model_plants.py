"""What a stranger may write inside a model's files: configurations, tokenizers, headers of
safetensors, pickles and programs beside them.

Each plant by its name; files of other kinds in the place of these are in `tests.campaigns.plants`.
`{outside}` in a value is the directory of the reader's. The model is one that
`tui_al.engine.models.checkpoint` has saved."""

import base64
import json
import shutil
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from tests.campaigns.plants import MODEL, STEERING, Place, Plant, pickled

_CODE = "import os\nos.makedirs({ran!r}, exist_ok=True)\nclass Evil:\n    pass\n"

#: Keys of a config.json that lead, or once led, to code, files, packages, or to a model that does
#: not answer.
_CONFIG: tuple[dict[str, Any], ...] = (
    {"auto_map": {"AutoModel": "evil.Evil", "AutoModelForSequenceClassification": "evil.Evil",
        "AutoConfig": "evil.Evil"}},
    {"auto_map": {"AutoModel": "{outside}--evil.Evil"}}, {"trust_remote_code": True},
    {"text_config": {"auto_map": {"AutoModel": "evil.Evil"}}},
    {"_attn_implementation": "evil/kernel"}, {"attn_implementation": "{outside}"},
    {"_attn_implementation_internal": "evil/kernel:flash"},
    {"use_kernels": True}, {"kernel_config": {"Linear": "evil/kernel:Linear"}},
    {"_experts_implementation": "evil/kernel"},
    *({"quantization_config": {"quant_method": method, "modules_to_not_convert": None,
        "bits": 4}} for method in (
        "bitsandbytes", "gptq", "awq", "hqq", "quanto", "torchao", "compressed-tensors", "eetq",
        "aqlm", "vptq", "higgs", "fp8", "mxfp4", "evil.Quant")),
    {"torch_dtype": "load"}, {"dtype": "hub"}, {"torch_dtype": "float8_e4m3fn"},
    {"torch_dtype": "auto"}, {"dtype": {"": "float16"}},
    {"_name_or_path": "{outside}"}, {"name_or_path": "{outside}"},
    {"base_model_name_or_path": "{outside}"}, {"adapter_path": "{outside}"},
    {"backbone": "{outside}", "use_pretrained_backbone": True}, {"vocab_file": "{outside}/canary"},
    {"gguf_file": "{outside}/canary"},
    *({"model_type": kind} for kind in (
        "auto", "timm_wrapper", "timm_backbone", "encoder-decoder", "vision-encoder-decoder", "rag",
        "esm", "maskformer", "bark", "musicgen",
        "gpt2", "t5", "llama", "mixtral", "whisper", "clip", "layoutlmv2", "mra", "rwkv", "xlstm",
        "mamba", "bert-japanese", "bertweet", "big_bird",
        "perceiver", "reformer", "funnel", "canine", "tapas", "deberta-v2", "modernbert", "",
        STEERING, "../bert", 7, None, ["bert"], {"a": 1})),
    {"hidden_act": "os.system"}, {"hidden_act": 7}, {"hidden_act": ["relu", "gelu"]},
    {"hidden_size": 0}, {"hidden_size": -4}, {"hidden_size": 10**15},
    {"hidden_size": True}, {"hidden_size": 127}, {"num_hidden_layers": 10**6},
    {"num_hidden_layers": 0}, {"num_hidden_layers": -1}, {"num_hidden_layers": 250},
    {"num_attention_heads": 0}, {"num_attention_heads": 7}, {"num_attention_heads": -4},
    {"intermediate_size": 0}, {"vocab_size": 0}, {"vocab_size": 10**9},
    {"vocab_size": 3}, {"max_position_embeddings": 0}, {"max_position_embeddings": 2},
    {"max_position_embeddings": 2**20}, {"type_vocab_size": 0},
    {"layer_norm_eps": float("nan")}, {"layer_norm_eps": "x"}, {"initializer_range": float("inf")},
    {"initializer_range": -1.0}, {"pad_token_id": 10**6},
    {"pad_token_id": -5}, {"pad_token_id": "x"}, {"chunk_size_feed_forward": 7},
    {"chunk_size_feed_forward": 10**6}, {"is_decoder": True},
    {"is_decoder": True, "add_cross_attention": True}, {"is_encoder_decoder": True},
    {"return_dict": False}, {"use_return_dict": False}, {"torchscript": True},
    {"output_attentions": True}, {"output_hidden_states": True}, {"pruned_heads": {"0": [0, 1]}},
    {"pruned_heads": {"0": list(range(10**5))}}, {"pruned_heads": 7},
    {"problem_type": "multi_label_classification"}, {"problem_type": {"a": 1}},
    {"id2label": {str(n): "x" for n in range(10**5)}}, {"id2label": [1, 2]}, {"id2label": STEERING},
    {"label2id": 7}, {"num_labels": -1}, {"num_labels": 10**9}, {"architectures": ["os.system"]},
    {"architectures": 7}, {"tokenizer_class": "os.system"},
    {"tokenizer_class": "BertJapaneseTokenizer"}, {"position_embedding_type": "x"},
    {"position_embedding_type": "relative_key"}, {"tie_word_embeddings": "x"},
    {"transformers_version": {"a": 1}}, {"transformers_version": STEERING}, {"x" * 100_000: 1},
    {"nested": [[[[1e308] * 9999]]]}, {"generation_config": {"auto_map": {"a": "evil.Evil"}}},
    {"adapters": {"adapters": {"a": "b"}, "config_map": {"b": {"architecture": "evil"}}}},
    {"classifier_dropout": "x"}, {"hidden_dropout_prob": float("nan")},
)  # fmt: skip

_TOKENIZER_CONFIG: tuple[dict[str, Any], ...] = (
    {"auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}}, {"auto_map": "evil.Evil"},
    {"trust_remote_code": True},
    *({"tokenizer_class": name} for name in (
        "os.system", "evil.Evil", "RagTokenizer", "BertJapaneseTokenizer", "TransfoXLTokenizer",
        "PreTrainedTokenizerFast", "BertTokenizer", "LlamaTokenizerFast",
        "T5TokenizerFast", "MistralCommonTokenizer", "TapexTokenizer", "EncoderDecoderTokenizer",
        "", "x" * 100_000, 7, ["a"], STEERING)),
    *({key: "{outside}/canary"} for key in (
        "vocab_file", "merges_file", "tokenizer_file", "spm_file", "special_tokens_map_file",
        "tokenizer_config_file", "source_spm", "emoji_file", "sentencepiece_model_file",
        "gguf_file", "name_or_path", "target_vocab_file", "chat_template_file", "added_tokens_file",
        "audio_tokenizer_name_or_path")),
    {"vocab_file": "../../../outside/canary"}, {"tokenizer_file": 7}, {"merges_file": "\0"},
    {"init_inputs": ["{outside}/canary"]}, {"init_inputs": [7]},
    {"from_slow": True}, {"model_max_length": -1}, {"model_max_length": 0},
    {"model_max_length": float("nan")}, {"model_max_length": "x"}, {"model_max_length": 10**400},
    {"padding_side": "x"}, {"truncation_side": "x"}, {"truncation_side": 7}, {"pad_token": None},
    {"pad_token": 7}, {"pad_token": {"__type": "AddedToken", "content": "a"}},
    {"pad_token": {"__type": "evil.Evil"}}, {"unk_token": "x" * 10**6},
    {"extra_special_tokens": [f"<{n}>" for n in range(10**5)]},
    {"extra_special_tokens": {"a": {"b": 1}}},
    {"additional_special_tokens": [7, None, {"a": 1}]},
    {"added_tokens_decoder": {str(n): {"content": f"<{n}>"} for n in range(10**5)}},
    {"added_tokens_decoder": {"9" * 30: {"content": "a"}}},
    {"added_tokens_decoder": {"x": 7}}, {"chat_template": "{% for a in range(10**9) %}{{ "
        "''.__class__.__mro__ }}{% endfor %}"},
        {"chat_template": [{"name": "a", "template": "{{"}]},
    {"chat_template": 7}, {"do_lower_case": "x"}, {"strip_accents": {"a": 1}},
    {"processor_class": "evil.Evil"}, {"backend": "evil.Evil"}, {"add_prefix_space": "x"},
    {"transformers_version": STEERING}, {"fix_mistral_regex": True},
    {"clean_up_tokenization_spaces": 7}, {"model_input_names": ["evil"]}, {"model_input_names": 7},
    {"special_tokens_map": "{outside}/canary"}, {"__type": "AddedToken"},
    {"files_loaded": ["{outside}/canary"]}, {"tokenizer_type": "os.system"},
    {"use_auth_token": "x"},
)  # fmt: skip

_DESCRIPTION: tuple[dict[str, Any], ...] = (
    {"outputs": []}, {"outputs": ["a"]}, {"outputs": [STEERING, "b", "c"]},
    {"outputs": ["a", "a", "a"]}, {"outputs": [f"c{n}" for n in range(10**5)]},
    {"outputs": [7]}, {"task": "x"}, {"task": "tagging"}, {"encoder": {"commit": STEERING}},
    {"encoder": {"commit": 7}}, {"encoder": 7}, {"version": STEERING},
    *({"learner": {key: value}} for key, value in (
        ("model", "{outside}"), ("model", "evil/model"), ("model", "../../outside"),
        ("model", "/dev/zero"), ("model", "\0"), ("model", STEERING), ("model", "bag-of-words"),
        ("tuning", "adapter"), ("tuning", "evil"), ("tuning", "head"), ("max_length", 10**9),
        ("max_length", 0), ("max_length", -1), ("pooling", "mean"), ("pooling", "evil"),
        ("precision", "evil"), ("precision", "bf16"), ("dropout", 2.0), ("dropout", float("nan")),
        ("dropout", "x"), ("trunk_layers", 10**6), ("trunk_layers", -1),
        ("reduction_factor", 0), ("reduction_factor", 1e-9), ("batch_size", 10**12),
        ("revision", "../../x"), ("revision", "{outside}"), ("evil", 1))),
)  # fmt: skip

_ADAPTER_CONFIG: tuple[dict[str, Any], ...] = (
    {"config": {"architecture": "evil.Evil"}}, {"config": {"reduction_factor": 1e-9}},
    {"config": {"reduction_factor": 0}}, {"config": {"non_linearity": "os.system"}},
    {"config": {"architecture": "prefix_tuning", "prefix_length": 10**9, "bottleneck_size": 10**6}},
    {"config": {"architecture": "lora", "r": 10**9}}, {"config": 7}, {"config": None},
    {"config": {"init_weights": "evil"}}, {"config": {"phm_dim": 10**6, "phm_layer": True}},
    {"name": "{outside}"}, {"name": STEERING}, {"model_name": "{outside}"},
    {"model_class": "evil.Evil"},
    {"model_type": "evil"}, {"hidden_size": 10**12}, {"version": "evil"},
    {"auto_map": {"a": "evil.Evil"}}, {"head": {"evil": 1}},
    {"base_model_name_or_path": "{outside}"}, {"peft_type": "LORA"},
)  # fmt: skip

_TOKENIZER: tuple[tuple[str, Any], ...] = (
    ("normalizer", {"type": "Sequence", "normalizers": [{"type": "Replace",
        "pattern": {"String": "a"}, "content": "aaaa"}] * 30}),
    ("normalizer", {"type": "Sequence", "normalizers": [{"type": "Replace",
        "pattern": {"Regex": ""}, "content": "aa"}] * 30}),
    ("normalizer", {"type": "Replace", "pattern": {"Regex": "(a+)+$|(t|t)*x(?=y)"}, "content": ""}),
    ("normalizer", {"type": "Prepend", "prepend": "a" * 10**7}),
    ("normalizer", {"type": "Precompiled",
        "precompiled_charsmap": base64.b64encode(bytes(99)).decode()}),
        ("normalizer", {"type": "Precompiled", "precompiled_charsmap": ""}),
    ("normalizer", {"type": "evil"}), ("pre_tokenizer", {"type": "Split",
        "pattern": {"Regex": "(\\w+\\s?)*z"}, "behavior": "Isolated", "invert": False}),
    ("pre_tokenizer", {"type": "Split", "pattern": {"Regex": "(?<=" + "(" * 5000},
        "behavior": "Isolated", "invert": False}), ("pre_tokenizer", None),
    ("pre_tokenizer", {"type": "Sequence", "pretokenizers": [{"type": "Metaspace",
        "replacement": "a", "prepend_scheme": "always", "split": True}] * 10_000}),
    ("padding", {"strategy": {"Fixed": 10**9}, "direction": "Right", "pad_to_multiple_of": None,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}),
    ("padding", {"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": 10**9,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}),
    ("truncation", {"max_length": 0, "strategy": "LongestFirst", "stride": 10**9,
        "direction": "Right"}), ("truncation", {"max_length": 10**18, "strategy": "LongestFirst",
            "stride": 0, "direction": "Left"}),
    ("post_processor", {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A",
        "type_id": 0}}] * 10**5, "pair": [], "special_tokens": {}}),
    ("post_processor", {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x",
        "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
        "special_tokens": {"x": {"id": "x", "ids": [10**9], "tokens": ["x"]}}}),
    ("post_processor", {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x",
        "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
        "special_tokens": {"x": {"id": "x", "ids": [1] * 10**7, "tokens": ["x"] * 10**7}}}),
    ("post_processor", None), ("decoder", {"type": "evil"}),
    ("added_tokens", [{"id": 10**9, "content": "the", "single_word": False, "lstrip": False,
        "rstrip": False, "normalized": False, "special": False}]),
    ("added_tokens", [{"id": n, "content": f"<{n}>", "single_word": False, "lstrip": False,
        "rstrip": False, "normalized": False, "special": True} for n in range(10**5)]),
    ("added_tokens", 7), ("model", {"type": "evil"}),
    ("model", {"type": "WordPiece", "vocab": {}, "unk_token": "[UNK]",
        "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}),
    ("model", {"type": "WordPiece", "vocab": {"[UNK]": 4_000_000_000}, "unk_token": "[UNK]",
        "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}),
    ("model", {"type": "WordPiece", "vocab": {f"w{n}": n for n in range(10**6)} | {"[UNK]": 10**6},
        "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 10**9}),
    ("model", {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"] * 10**5}),
    ("model", {"type": "BPE", "vocab": {"a": 0}, "merges": ["evil x"]}),
    ("model", {"type": "Unigram", "unk_id": 7, "vocab": [["a", -1.0]]}),
    ("model", {"type": "Unigram", "unk_id": 0, "vocab": [["a" * 10**6, float("-inf")]] * 9}),
    ("version", "9.0"), ("version", STEERING),
)  # fmt: skip

#: Names under which some library looks, or looked, for a pickle.
_PICKLES = (
    "pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "adapter/pytorch_adapter.bin",
    "adapter/pytorch_model_head.bin", "adapter/adapter.bin", "adapter_model.bin",
    "pytorch_model_head.bin",
    "training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth", "model.pt", "model.pkl",
    "vocab.pkl", "vocab.pth", "tokenizer.pkl", "tokenizer.model", "spiece.model",
    "tf_model.h5", "flax_model.msgpack", "model.ckpt.index", "model.gguf", "consolidated.pth",
    "head.safetensors", "adapter/adapter.safetensors", "0_Transformer/pytorch_model.bin",
    "1_Pooling/pytorch_model.bin", "2_Dense/pytorch_model.bin", "2_Dense/model.safetensors",
    "vocab.txt", "merges.txt",
)  # fmt: skip

#: Files that are planted, beside those of `plants.OF_MODEL`: a refusal names the one that it is
#: about.
PARTS = ("0_Transformer", "1_Pooling", "2_Dense", *_PICKLES)

_PROGRAMS = (
    "evil",
    "modeling",
    "tokenization",
    "configuration",
    "modeling_evil",
    "__init__",
    "hubconf",
    "conftest",
    "setup",
    "torch",
    "json",
    "numpy",
    "transformers",
    "adapters",
    "tokenizers",
    "safetensors",
    "sitecustomize",
)

_SHARDS = (
    "../../../../outside/canary",
    "{outside}/canary",
    "{outside}/model.safetensors",
    "../model.safetensors",
    "pytorch_model.bin",
    "notes.txt",
    "evil.py",
    "gone.safetensors",
    "model.safetensors/../x.safetensors",
    "",
    ".",
    "\0.safetensors",
    "~/x.safetensors",
    "file:///etc/x.safetensors",
    7,
    None,
    ["a"],
)


def _plain(name: str, place: Place) -> tuple[Path, Any]:
    path = place.session / MODEL / name
    return path, json.loads(path.read_text())


def _filled(value: Any, place: Place) -> Any:
    return json.loads(json.dumps(value).replace("{outside}", str(place.outside)))


def _set(name: str, values: dict[str, Any], place: Place) -> None:
    """Into a JSON file, into objects within it too; with what `auto_map` would find."""
    path, plain = _plain(name, place)
    for key, value in _filled(values, place).items():
        both = (
            isinstance(value, dict)
            and isinstance(plain.get(key), dict)
            and key in ("learner", "config", "encoder")
        )
        plain[key] = {**plain[key], **value} if both else value
    path.write_text(json.dumps(plain))
    _programs(place, ("evil",))


def _tokenizer(key: str, value: Any, place: Place) -> None:
    path, plain = _plain("tokenizer.json", place)
    plain[key] = value
    path.write_text(json.dumps(plain))


def _programs(place: Place, names: tuple[str, ...] = _PROGRAMS) -> None:
    for name in names:
        (place.session / MODEL / f"{name}.py").write_text(_CODE.format(ran=str(place.ran)))


def _pickle(name: str, alone: bool, place: Place) -> None:
    """Beside the weights, or in their place with an index that leads to it."""
    path = place.session / MODEL / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pickled(place))
    if alone:
        (place.session / MODEL / "model.safetensors").unlink(missing_ok=True)
        for index in ("pytorch_model.bin.index.json", "model.safetensors.index.json"):
            (place.session / MODEL / index).write_text(
                json.dumps({"metadata": {}, "weight_map": {"a": name}})
            )


def _shard(shard: Any, place: Place) -> None:
    weights = place.session / MODEL / "model.safetensors"
    keys = list(load_file(weights))
    index = {
        "metadata": {"total_size": 1},
        "weight_map": dict.fromkeys(keys, _filled(shard, place)),
    }
    (place.session / MODEL / "model.safetensors.index.json").write_text(json.dumps(index))
    shutil.copyfile(weights, place.outside / "model.safetensors")
    weights.rename(weights.with_name("other.safetensors"))


def _header(change: Callable[[dict[str, Any], int], Any], name: str, place: Place) -> None:
    """A header of safetensors that is not what the file holds."""
    path = place.session / MODEL / name
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    plain = json.loads(content[8 : 8 + length])
    made = json.dumps(change(plain, len(content) - 8 - length)).encode()
    path.write_bytes(struct.pack("<Q", len(made)) + made + content[8 + length :])


def _first(header: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    name = next(key for key in header if key != "__metadata__")
    return {**header, name: {**header[name], **change}}


def _same_place(header: dict[str, Any], _: int) -> dict[str, Any]:
    names = [key for key in header if key != "__metadata__"]
    return {
        **header,
        **{key: {**header[key], "data_offsets": header[names[0]]["data_offsets"]} for key in names},
    }


_HEADERS: dict[str, Callable[[dict[str, Any], int], Any]] = {
    "all tensors in one place": _same_place,
    "a shape of many": lambda header, _: _first(header, {"shape": [2**40, 2**40]}),
    "a shape whose product is none": lambda header, _: _first(header, {"shape": [2**32, 2**32, 0]}),
    "a negative shape": lambda header, _: _first(header, {"shape": [-1, -4]}),
    "a shape of many sides": lambda header, _: _first(header, {"shape": [1] * 10**5}),
    "another type": lambda header, _: _first(header, {"dtype": "F64"}),
    "a type of four bits": lambda header, _: _first(header, {"dtype": "F4"}),
    "an unknown type": lambda header, _: _first(header, {"dtype": "os.system"}),
    "offsets beyond the end": lambda header,
    held: _first(header, {"data_offsets": [0, held + 10**15]}),
    "offsets backwards": lambda header, _: _first(header, {"data_offsets": [100, 0]}),
    "many tensors of nothing": lambda header,
    held: header | {f"x{n}": {"dtype": "F32", "shape": [0],
        "data_offsets": [held, held]} for n in range(10**5)},
    "long metadata": lambda header, _: header | {"__metadata__": {"x": "y" * 10**7}},
    "metadata of another kind": lambda header, _: header | {"__metadata__": {"format": "tf"}},
    "metadata that is none": lambda header, _: header | {"__metadata__": {"format": 7}},
    "no metadata": lambda header, _: {key: one for key,
        one in header.items() if key != "__metadata__"},
    "names that steer": lambda header, _: {key + STEERING: one for key, one in header.items()},
    "a list": lambda header, _: [header],
    "nothing": lambda header, _: {},
}  # fmt: skip


def _length(length: int, name: str, place: Place) -> None:
    path = place.session / MODEL / name
    path.write_bytes(struct.pack("<Q", length) + path.read_bytes()[8:])


def _weights(change: Callable[[Any], Any], name: str, place: Place) -> None:
    path = place.session / MODEL / name
    save_file(
        {key: np.ascontiguousarray(change(one)) for key, one in load_file(path).items()},
        path,
        {"format": "pt"},
    )


_WEIGHTS: dict[str, Callable[[Any], Any]] = {
    "no numbers": lambda one: np.full_like(one, np.nan),
    "infinite": lambda one: np.full_like(one, np.inf),
    "the largest numbers": lambda one: np.full_like(one, np.finfo(np.float32).max),
    "whole numbers": lambda one: one.astype(np.int8),
    "truth values": lambda one: one > 0,
    "one side more": lambda one: one[None],
    "half of each": lambda one: one[: max(1, len(one) // 2)] if one.ndim else one,
}  # fmt: skip


def _modules(modules: Any, place: Place) -> None:
    """As sentence-transformers has them; the files of the model lie in its first folder."""
    folder = place.session / MODEL
    inner = folder / "0_Transformer"
    inner.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        (folder / name).rename(inner / name)
    (folder / "modules.json").write_text(json.dumps(_filled(modules, place)))


def _module(kind: str, path: Any) -> dict[str, Any]:
    return {"idx": 0, "name": "0", "path": path, "type": kind}


_KIND = "sentence_transformers.models."
_MODULES: tuple[Any, ...] = (
    [_module("os.system", "0_Transformer")], [_module("evil.Evil", "0_Transformer")],
    [_module(f"{_KIND}Transformer", "{outside}")],
    [_module(f"{_KIND}Transformer", "../../../outside")],
    [_module(f"{_KIND}Transformer", "..")], [_module(f"{_KIND}Transformer", "")],
    [_module(f"{_KIND}Transformer", 7)], [_module(f"{_KIND}Transformer", "0_Transformer"),
        _module("evil.Evil", "1_Evil")],
    [_module(f"{_KIND}Transformer", "0_Transformer"), _module(f"{_KIND}Pooling", "{outside}")],
    [_module(f"{_KIND}Transformer", "0_Transformer")] * 10**5, {"a": 1}, [7], [[]],
)  # fmt: skip


def _pooling(kind: str, place: Place) -> None:
    """A pooling whose file is none."""
    from tests.campaigns.plants import KINDS

    folder = place.session / MODEL
    (folder / "modules.json").write_text(json.dumps([_module(f"{_KIND}Pooling", "1_Pooling")]))
    (folder / "1_Pooling").mkdir()
    KINDS[kind](folder / "1_Pooling" / "config.json", place)


def _beside(name: str, text: str, place: Place) -> None:
    path = place.session / MODEL / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        json.dumps(_filled(json.loads(text), place)) if name.endswith(".json") else text
    )


def _huge(name: str, place: Place) -> None:
    path = place.session / MODEL / name
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(2**40)


_BESIDE = {
    "adapter_config.json": '{"base_model_name_or_path": "{outside}", "peft_type": "LORA", '
        '"auto_map": {"base_model_class": "evil.Evil", "parent_library": "evil"}}',
    "generation_config.json": '{"auto_map": {"a": "evil.Evil"}, "custom_generate": "evil"}',
    "preprocessor_config.json": '{"auto_map": {"AutoProcessor": "evil.Evil"}}',
    "special_tokens_map.json": '{"pad_token": "{outside}", "unk_token": {"__type": "evil.Evil"}}',
    "added_tokens.json": '{"the": 1000000000, "cat": -5}',
    "chat_template.jinja": "{{ cycler.__init__.__globals__.os.mkdir('x') }}",
    "additional_chat_templates/a.jinja": "{% for a in range(10**9) %}a{% endfor %}",
    "sentence_bert_config.json": '{"max_seq_length": 1000000000, "model_args": '
        '{"trust_remote_code": true}}',
    "config_sentence_transformers.json": '{"prompts": {"a": "{outside}"}}',
    "model.safetensors.index.json": "[]",
    "trainer_state.json": '{"a": NaN}',
}  # fmt: skip


def _beginning(value: Any, length: int = 60) -> str:
    """How its JSON begins, without the rest being made: some are of tens of megabytes."""
    text = ""
    for part in json.JSONEncoder().iterencode(value):
        text += part
        if len(text) >= length:
            break
    return text[:length]


def model_plants() -> Iterator[tuple[str, Plant]]:
    """All of them."""
    for name, changes in {
        "config.json": _CONFIG,
        "tokenizer_config.json": _TOKENIZER_CONFIG,
        "tui_al.json": _DESCRIPTION,
        "adapter/adapter_config.json": _ADAPTER_CONFIG,
    }.items():
        for number, change in enumerate(changes):
            yield f"{name} {number}: {_beginning(change)!r}", partial(_set, name, change)
    for number, (key, value) in enumerate(_TOKENIZER):
        yield (
            f"tokenizer.json {number}: {key} {_beginning(value)!r}",
            partial(_tokenizer, key, value),
        )
    for name in _PICKLES:
        yield f"a pickle beside the weights as {name}", partial(_pickle, name, False)
        yield f"a pickle and no weights as {name}", partial(_pickle, name, True)
    yield "programs of many names", _programs
    for shard in _SHARDS:
        yield f"a shard {str(shard)!r}", partial(_shard, shard)
    for name in ("model.safetensors", "head.safetensors", "adapter/adapter.safetensors"):
        for what, header in _HEADERS.items():
            yield f"a header of {name}: {what}", partial(_header, header, name)
        for length in (0, 1, 2**24 - 1, 2**30, 2**63, 2**64 - 1):
            yield f"a header of {name} of {length} bytes", partial(_length, length, name)
        for what, weights in _WEIGHTS.items():
            yield f"weights of {name}: {what}", partial(_weights, weights, name)
    for number, modules in enumerate(_MODULES):
        yield f"modules.json {number}: {_beginning(modules)!r}", partial(_modules, modules)
    for kind in ("pipe", "link", "device", "a terabyte of nothing", "nesting", "directory"):
        yield f"{kind} as the pooling's file", partial(_pooling, kind)
    for name, text in _BESIDE.items():
        yield f"beside the model: {name}", partial(_beside, name, text)
    for name in (
        "chat_template.jinja",
        "additional_chat_templates/a.jinja",
        "tokenizer.model",
        "merges.txt",
        "vocab.json",
        "evil.tiktoken",
        "training_args.bin",
        "processor_config.json",
    ):
        yield f"a terabyte as {name}", partial(_huge, name)
