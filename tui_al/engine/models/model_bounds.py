"""How large a model may say it is, checked before anything of that size is built.

A config.json of a kilobyte can ask for a million layers: building them takes minutes, or all
memory, before the weights are looked at. So its numbers have bounds, those of encoders that exist
with room to spare; and what the model would hold is counted, on a device without memory, and
compared with what the weights beside it hold. A model that is several times larger than its own
weights is not a model that anybody has saved.
"""

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from tui_al.errors import ModelError

#: Layers of a model: building one takes some 10 ms.
_MOST_LAYERS = 256

#: Keys that say how many of something are built, in a list one after the other.
_COUNTS = ("layers", "n_layer", "num_layer", "block_sizes", "block_repeats", "depths")

#: Those of which one holds the other.
_NESTED = ("num_hidden_groups", "inner_group_num")

#: What a key of a configuration is called, in parts, and the largest number it may have. The first
#: that fits counts.
_BOUNDS: tuple[tuple[tuple[str, ...], int], ...] = (
    (("vocab",), 2_000_000),
    (("position_buckets",), 65_536), (("position",), 2**20), (("max_length",), 2**31),
    (("max_len",), 2**31), (("_token_id",), 2_000_000),
    (("num_labels",), 100_000), (("layer_norm", "eps"), 1), (("theta",), 2**40),
    (("hidden_size",), 16_384), (("embedding_size",), 16_384), (("intermediate",), 131_072),
    (("hidden_dim",), 131_072), (("ffn_dim",), 131_072), (("d_ff",), 131_072),
    (("attention_window",), 65_536), (("local_attention",), 65_536), (("max_relative",), 65_536),
    (("type_vocab",), 65_536),
    (("head_dim",), 16_384), (("d_model",), 16_384), (("n_embd",), 16_384), (("dim",), 131_072),
    (("layer",), _MOST_LAYERS), (("group",), _MOST_LAYERS), (("block_size",), 65_536),
    (("head",), 1_024),
)  # fmt: skip

#: Of a number whose key says nothing that is known here.
_LARGEST = 2**24

#: Names of labels, and entries of any other list.
_MOST_ENTRIES = 100_000

#: A model may have so many times what its weights have, and so many more: heads, poolers and
#: adapters are new.
_TIMES, _MORE = 1.5, 20_000_000

#: Bytes of a header of safetensors that are read; that of a model of a thousand tensors has a tenth
#: of a million.
_HEADER = 2**24

#: Tensors of a file: an encoder of 100 layers has two thousand.
_MOST_TENSORS = 20_000


def check_numbers(plain: dict[str, Any], name: str, path: Path) -> None:
    """Raise ModelError where a number of a configuration, at any depth, is beyond what an encoder
    can have."""
    counts: dict[str, float] = {}
    for key, value in _numbers(plain):
        if not math.isfinite(value):
            raise beyond(name, path, key, value, "a finite number")
        most = next((m for parts, m in _BOUNDS if all(p in key for p in parts)), _LARGEST)
        if isinstance(value, int) and abs(value) > most:
            raise beyond(name, path, key, value, f"at most {most:,}")
        if any(one in key for one in _COUNTS):
            counts[key] = counts.get(key, 0) + value
        if key in _NESTED:
            counts["the product of its groups"] = counts.get("the product of its groups", 1) * value
    for key, value in counts.items():
        if value > _MOST_LAYERS:
            raise beyond(name, path, key, value, f"at most {_MOST_LAYERS}")
    for key, value in _collections(plain):
        if len(value) > _MOST_ENTRIES:
            raise beyond(
                name, path, f"the length of {key}", len(value), f"at most {_MOST_ENTRIES:,}"
            )


def check_size(model: PreTrainedModel, files: Iterable[Path], name: str) -> None:
    """Raise ModelError where a model, built on the device "meta", is far larger than its weights,
    or its encoder has other shapes.

    Args:
        model: with its parameters' shapes, and no memory.
        files: its safetensors.
        name: of the model, for the message.
    """
    shapes = {key: one for file in files for key, one in tensor_shapes(file, name).items()}
    wanted = sum(parameter.numel() for parameter in model.parameters())
    there = sum(map(math.prod, shapes.values()))
    if wanted > _TIMES * there + _MORE:
        raise ModelError(
            f"model: {name} is refused: its config.json asks for {wanted / 1e6:,.0f} million "
            f"parameters, its weights have {there / 1e6:,.1f} million.",
            "The two do not belong together: download or save the model again.",
        )
    prefix = f"{model.base_model_prefix}."
    for key, tensor in model.base_model.state_dict().items():
        found = shapes.get(key, shapes.get(prefix + key))
        if found is not None and found != tuple(tensor.shape):
            raise ModelError(
                f"model: {name} is refused: {key} is to be {tuple(tensor.shape)} by its "
                f"config.json, and is {found} in its weights.",
                "The two do not belong together: download or save the model again.",
            )


def tensor_shapes(file: Path, name: str) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor of a safetensors file, as its header says and its size allows;
    ModelError where they do not agree."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 2 <= length <= _HEADER:
                raise ValueError(f"its header has {length:,} bytes")
            header = json.loads(stream.read(length))
            held = file.stat().st_size - 8 - length
        tensors = {key: one for key, one in header.items() if key != "__metadata__"}
        if len(tensors) > _MOST_TENSORS:
            raise ValueError(f"it has {len(tensors):,} tensors; {_MOST_TENSORS:,} are allowed")
        shapes = {key: tuple(map(int, one["shape"])) for key, one in tensors.items()}
        end = max((int(one["data_offsets"][1]) for one in tensors.values()), default=0)
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        RecursionError,
    ) as error:
        raise ModelError(
            f"model: {file.name} of {name} cannot be loaded, since it is not a whole file of "
            f"safetensors: {error}.",
            "Download or save the model again.",
        ) from error
    if end != held:
        raise ModelError(
            f"model: {file.name} of {name} cannot be loaded, since it is not a whole file of "
            f"safetensors: it holds {held:,} bytes of tensors, {end:,} by its header.",
            "Download or save the model again.",
        )
    return shapes


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, int | float]]:
    """Numbers with the key that they stand under, those in lists too."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _numbers(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner, key)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, value


def _collections(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        yield key, value
        for name, inner in value.items() if isinstance(value, dict) else ((key, v) for v in value):
            yield from _collections(inner, str(name))


def beyond(name: str, path: Path, key: str, value: float, allowed: str) -> ModelError:
    """The error for a key of a model's file whose value, or number of entries, is too large."""
    said = (
        f"{value:,}"
        if abs(value) < 1e18
        else f"{value:.3g}"
        if isinstance(value, float)
        else "a number of many digits"
    )
    return ModelError(
        f"model: {name} is refused: {key} = {said} in its {path.name}; {allowed} is allowed.",
        "No encoder is as large as that: download or save the model again.",
    )
