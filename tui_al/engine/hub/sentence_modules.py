"""Directories of sentence-transformers: modules.json names the parts of a model, each in a folder
of its own. Imports no torch.

A classifier with mean pooling is written in that form too (`tui_al.engine.models.pooling`):
encoder, pooling, and the head as a dense layer. At the top lies no config.json then, so
`AutoModelForSequenceClassification`, whose head would read the first token, refuses it."""

import json
from pathlib import Path
from typing import Any

MODULES = "modules.json"
TRANSFORMER, POOLING, DENSE = "0_Transformer", "1_Pooling", "2_Dense"

#: Of newer versions, whose key is `pooling_mode`, the values; of older ones the keys that are true.
_MODES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


def encoder_directory(directory: Path) -> Path:
    """Where the encoder's config.json and weights lie: the directory, or the folder that its
    modules.json names."""
    if (directory / "config.json").is_file():
        return directory
    return _module(directory, "Transformer") or directory


def module_folders(directory: Path) -> list[Path]:
    """The folders of a directory in which its encoder, and how it pools, are looked for."""
    found = [_module(directory, kind) for kind in ("Transformer", "Pooling")]
    return [folder for folder in found if folder is not None]


def declared_pooling(directory: Path) -> str | None:
    """How a model's own files say its states were pooled in training, as "mean" or "cls+max"; None
    where they do not."""
    folder = _module(directory, "Pooling")
    if folder is None:
        return None
    plain = _read(folder / "config.json")
    if not isinstance(plain, dict):
        return None
    named = plain.get("pooling_mode")
    modes = named if isinstance(named, list) else [named]
    found = [str(mode) for mode in modes if mode]
    found = found or [mode for key, mode in _MODES.items() if plain.get(key) is True]
    return "+".join(found) or None


def _module(directory: Path, kind: str) -> Path | None:
    """The folder of the first module whose class is called so; None where none is, or it lies
    elsewhere than in the directory."""
    modules = _read(directory / MODULES)
    for one in modules if isinstance(modules, list) else []:
        if not isinstance(one, dict):
            continue
        place, name = one.get("path"), str(one.get("type", "")).rpartition(".")[2]
        inside = isinstance(place, str) and not any(sign in place for sign in "/\\\0")
        if name == kind and inside and place != "..":
            return directory / str(place)
    return None


def _read(path: Path) -> Any:
    """What a JSON file holds; None where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
