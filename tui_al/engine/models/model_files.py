"""What the files beside a model's weights may say: data that its architecture needs, and nothing
that leads to code or other files.

`transformers` sets every key of a config.json as an attribute, and some attributes name code:
`auto_map` in the repository, `_attn_implementation` on the Hub (a kernel is downloaded and run when
the model is built), `quantization_config` in other packages. So a configuration is made of allowed
keys only: those that its class takes or has by default, and the general ones of all configurations.
A key that could lead to code or to files elsewhere is refused, at any depth; any other is left out.
"""

import contextlib
import inspect
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import transformers
from transformers import CONFIG_MAPPING, PretrainedConfig

from tui_al.engine.models.model_bounds import beyond, check_numbers
from tui_al.errors import ModelError, TuiAlError

CONFIG, TOKENIZER_CONFIG, ADAPTER_CONFIG = (
    "config.json",
    "tokenizer_config.json",
    "adapter_config.json",
)
INDEX = "model.safetensors.index.json"

#: Ways to compute attention that are part of transformers and PyTorch. They are left out all the
#: same: each model has its default.
_KNOWN_ATTENTION = (
    None,
    True,
    False,
    "eager",
    "sdpa",
    "flex_attention",
    "paged_attention",
    "flash_attention_2",
    "flash_attention_3",
)

#: Keys whose value, unless it says no, makes transformers run code or read files from somewhere
#: else.
_REFUSED = (
    "auto_map", "trust_remote_code", "custom_pipelines", "custom_generate", "custom_object",
    "quantization_config",
    "compression_config", "use_kernels", "kernel_config", "kernels", "hub_kernels", "gguf_file",
    "init_inputs", "code_revision",
)  # fmt: skip

#: Keys of older versions, of training and of generation, which change nothing of an encoder.
_IDLE = (
    "gradient_checkpointing", "_name_or_path", "finetuning_task", "language", "name", "_num_labels",
    "output_past", "directionality",
    "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head",
    "pooler_type", "tie_weights_",
    "total_flos", "adapters", "sentence_transformers", "quantize", "model_name",
    "deterministic_flash_attn", "norm_bias",
)  # fmt: skip

#: How a model returns what it computes, and how much at once: what it says does not depend on them,
#: and its callers count on the default.
OF_CALLERS = (
    "return_dict",
    "use_return_dict",
    "torchscript",
    "output_attentions",
    "output_hidden_states",
    "chunk_size_feed_forward",
    "problem_type",
    "tf_legacy_loss",
)

#: Times that a text may grow in a tokenizer's normalizer: those that exist put a character or two
#: in the place of another.
_MOST_GROWTH = 1_000

#: Tokens that a tokenizer has beside its vocabulary; each is looked for in each text. Where they
#: are said.
_MOST_ADDED = 20_000
_ADDED = (
    "added_tokens", "added_tokens_decoder", "additional_special_tokens", "extra_special_tokens",
)  # fmt: skip

#: Steps that a tokenizer takes with each text, and tokens that it adds to each: those that exist
#: have a dozen. Where they are said; and characters of a special token.
_MOST_STEPS, _LONGEST_SPECIAL = 100, 1_000
_STEPS = ("normalizer", "pre_tokenizer", "post_processor", "decoder")

#: How the code of a model reads its configuration.
_READ = re.compile(r"\bconfig\.([a-z]\w*)|getattr\(\s*(?:self\.)?config,\s*[\"'](\w+)")

#: General keys of any configuration, beside those that `PretrainedConfig` itself takes.
_GENERAL = (
    "model_type",
    "architectures",
    "id2label",
    "label2id",
    "num_labels",
    "problem_type",
    "tokenizer_class",
    "torch_dtype",
    "dtype",
    "transformers_version",
    "pad_token_id",
    "bos_token_id",
    "eos_token_id",
    "sep_token_id",
    "tie_word_embeddings",
)


def left_out(directory: Path, name: str) -> tuple[str, ...]:
    """Keys of a model's configuration that mean nothing to its kind; those that say nothing of the
    model itself not counted."""
    plain = _checked(directory / CONFIG, name)
    kind = plain.get("model_type") or _kind_by_path(directory)
    allowed = allowed_keys(CONFIG_MAPPING[kind])
    return tuple(
        key
        for key in plain
        if key not in allowed and not _leads_away(key) and key not in (*_IDLE, *OF_CALLERS)
    )


def read_config(directory: Path, name: str) -> PretrainedConfig:
    """The configuration in a model's directory, of allowed keys only.

    Raises:
        ModelError: it cannot be read, says what is refused, or is of a kind that transformers does
        not know.
    """
    plain = _checked(directory / CONFIG, name)
    kind = plain.get("model_type") or _kind_by_path(directory)
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        raise ModelError(
            f"model: {name} is of a kind that transformers {transformers.__version__} does not "
            f"know: {plain.get('model_type')!r}.",
            "Choose an encoder such as BERT, ELECTRA, RoBERTa, DistilBERT or DeBERTa.",
        )
    check_numbers(plain, name, directory / CONFIG)
    cls = CONFIG_MAPPING[kind]
    kept = {key: value for key, value in plain.items() if key in allowed_keys(cls)}
    for key in _of_the_wrong_kind(kept, cls):
        raise ModelError(
            f"model: {name} is refused: {key} = {json.dumps(kept[key])[:120]} in its config.json; "
            "a number is allowed.",
            "Download or save the model again.",
        )
    try:
        config = cls.from_dict(kept)
    except (TuiAlError, MemoryError):
        raise
    except Exception as error:  # each kind has its own, and asks for packages that it needs
        raise ModelError(
            f"model: the config.json of {name} does not fit its kind, {kind}: {first_line(error)}.",
            "Download or save the model again.",
        ) from error
    assert isinstance(config, PretrainedConfig)
    return config


def _of_the_wrong_kind(plain: dict[str, Any], cls: type[PretrainedConfig]) -> Iterator[str]:
    """Keys whose value is not a number, where the class takes nothing else: the model would be
    built, and fail at its first text."""
    for key, taken in inspect.signature(cls.__init__).parameters.items():
        value, default = plain.get(key), taken.default
        alternatives = re.search(r"list|tuple|dict|str|bool", str(taken.annotation), re.IGNORECASE)
        if value is None or alternatives or isinstance(default, bool):
            continue
        if isinstance(default, int | float) and (
            isinstance(value, bool) or not isinstance(value, int | float)
        ):
            yield key


def allowed_keys(cls: type[PretrainedConfig]) -> frozenset[str]:
    """What a configuration of this class may hold: its parameters and what it has by default, and
    what every one may."""
    names = set(_GENERAL)
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if init is not None and base is not object:
            names |= set(inspect.signature(init).parameters)
    names |= set(getattr(cls, "attribute_map", {})) | _read_by_model(cls.__module__)
    with contextlib.suppress(
        TypeError, ValueError
    ):  # kinds made of others cannot be made of nothing
        names |= set(cls().to_dict())
    not_kept = ("self", "kwargs", *OF_CALLERS)
    return frozenset(n for n in names if not _leads_away(n) and n not in not_kept)


@cache
def _read_by_model(configuration: str) -> frozenset[str]:
    """What the code of a kind's models reads of its configuration: DeBERTa's buckets are no
    parameter of its configuration."""
    module = sys.modules.get(configuration)
    place = Path(getattr(module, "__file__", None) or "")
    source = (
        place.with_name(place.name.replace("configuration_", "modeling_", 1))
        if place.name
        else place
    )
    if source == place or not source.is_file():
        return frozenset()
    found = _READ.findall(source.read_text(encoding="utf-8"))
    return frozenset(name for pair in found for name in pair if name)


def check_tokenizer(directory: Path, name: str) -> None:
    """Raise ModelError where a model's tokenizer would come from elsewhere than its directory."""
    path = directory / TOKENIZER_CONFIG
    if not path.is_file():
        return
    plain = _checked(path, name)
    _check_amounts(plain, path, name)
    named = plain.get("tokenizer_class")
    if not isinstance(named, str | None):
        raise _refusal(name, path, "tokenizer_class", named)
    for key, value in plain.items():
        # The one called tokenizer_file is given anew when the tokenizer is loaded; old versions
        # kept their own machine's.
        elsewhere = isinstance(value, str) and any(sign in value for sign in "/\\")
        if key.endswith("_file") and key != "tokenizer_file" and elsewhere:
            raise _refusal(name, path, key, value)


def check_normalizer(directory: Path, name: str) -> None:
    """Raise ModelError where a model's tokenizer would make far more of a text than the text is:
    replacements, one after the other."""
    path = directory / "tokenizer.json"
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return  # whoever loads it says so
    if not isinstance(plain, dict):
        return
    _check_amounts(plain, path, name)
    normalizer = plain.get("normalizer")
    growth = 1.0
    for _, one in _entries({"": normalizer}):
        for part in one if isinstance(one, list) else [one]:
            growth *= _growth(part)
    if not growth <= _MOST_GROWTH:
        raise ModelError(
            f"model: {name} is refused: the normalizer of its tokenizer.json makes up to "
            f"{min(growth, 1e18):.0g} times as much of a text; {_MOST_GROWTH} is allowed.",
            "No tokenizer needs that: download or save the model again.",
        )


def _check_amounts(plain: dict[str, Any], path: Path, name: str) -> None:
    """Raise ModelError where a tokenizer's file has so many tokens beside the vocabulary, or so
    long ones, that no text can be taken apart in time."""
    for key, value in _entries({key: value for key, value in plain.items() if key != "model"}):
        longest = _MOST_ADDED if key in _ADDED else None
        if isinstance(value, str) and (key.endswith("_token") or key == "content"):
            longest = _LONGEST_SPECIAL
        if longest is not None and isinstance(value, str | list | dict) and len(value) > longest:
            raise beyond(name, path, f"the length of {key}", len(value), f"at most {longest:,}")
    for key, value in _entries({step: plain.get(step) for step in _STEPS}):
        if isinstance(value, list) and len(value) > _MOST_STEPS:
            raise beyond(name, path, f"the length of {key}", len(value), f"at most {_MOST_STEPS}")


def _growth(normalizer: Any) -> float:
    """How many times longer a text can become by one replacement of tokenizer.json; 1 for what is
    none."""
    if not isinstance(normalizer, dict):
        return 1.0
    longer = max(len(str(normalizer.get(key, ""))) for key in ("content", "prepend"))
    pattern = normalizer.get("pattern")
    given = pattern.get("String") if isinstance(pattern, dict) else None
    each = len(given) if isinstance(given, str) and given else 1
    if isinstance(pattern, dict) and "Regex" in pattern:
        longer += 1  # it may match between characters
    return max(1.0, longer / each)


def check_adapter(directory: Path, name: str) -> None:
    """Raise ModelError where a saved adapter says what is refused, or has no weights as
    safetensors."""
    if not (directory / "adapter.safetensors").is_file():
        raise ModelError(
            f"model: the adapter of {name} has no weights as safetensors, in {directory}.",
            "Pickled weights are never loaded; train the model again, or put the file back.",
        )
    _checked(directory / ADAPTER_CONFIG, name)


def check_shards(directory: Path, name: str) -> None:
    """Raise ModelError where an index of weights names anything but safetensors files beside it:
    others can run code when read."""
    path = directory / INDEX
    if not path.is_file():
        return
    shards = _plain(path, name).get("weight_map")
    if not isinstance(shards, dict):
        raise _unreadable(name, path, "it has no weight_map")
    for shard in shards.values():
        plain = isinstance(shard, str) and not any(sign in shard for sign in "/\\\0")
        if not plain or not shard.endswith(".safetensors"):
            raise _refusal(name, path, "weight_map", shard)


def first_line(error: BaseException) -> str:
    """The beginning of what an error says, without its full stop."""
    return str(error).strip().split("\n", 1)[0].rstrip(".")


def _checked(path: Path, name: str) -> dict[str, Any]:
    """A file's keys and values, none of them refused."""
    plain = _plain(path, name)
    for key, value in _entries(plain):
        if _is_refused(key, value):
            raise _refusal(name, path, key, value)
    return plain


def _plain(path: Path, name: str) -> dict[str, Any]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(name, path, first_line(error)) from error
    if not isinstance(plain, dict):
        raise _unreadable(name, path, "it is not a JSON object")
    return plain


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Keys with their values, those within values and lists too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from _entries(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _entries(inner)


def _is_refused(key: str, value: Any) -> bool:
    if "attn_implementation" in key:
        return isinstance(value, dict | list) or value not in _KNOWN_ATTENTION
    return key in _REFUSED and value not in (None, False, [], {})


def _leads_away(key: str) -> bool:
    return "attn_implementation" in key or key in _REFUSED


def _refusal(name: str, path: Path, key: str, value: Any) -> ModelError:
    said = json.dumps(value, ensure_ascii=False)[:120]
    if key == "auto_map":
        return ModelError(
            f"model: {name} brings its own code: {path.name} says {key} = {said}.",
            "Code from a model's repository never runs here; choose one that transformers knows.",
        )
    return ModelError(
        f"model: {name} is refused: {path.name} says {key} = {said}, which leads to code or to "
        "files of others.",
        f"Choose another model; or, if it is yours, take {key} out of {path}.",
    )


def _unreadable(name: str, path: Path, why: str) -> ModelError:
    return ModelError(
        f"model: the {path.name} of {name} cannot be read: {why}.",
        "Download or save the model again.",
    )


def _kind_by_path(directory: Path) -> str:
    """As transformers guesses where a configuration does not tell: a kind whose name is part of the
    path, the longest first."""
    for kind in sorted(CONFIG_MAPPING.keys(), key=len, reverse=True):
        if kind in str(directory):
            return str(kind)
    return ""
