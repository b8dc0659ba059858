"""Models and data sets from the Hugging Face Hub, on machines with and without a network.

A complete cached copy is used without any network call. Otherwise the Hub has to answer within five
seconds before anything else is tried. Only safetensors weights are fetched: reading pickled ones
can run code.
"""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tui_al.engine.hub.client import (
    MAIN,
    Listing,
    cached_folder,
    ensure_reachable,
    fetch,
    listing,
    pull_requests,
    recall,
    remember,
)
from tui_al.engine.hub.datasets import dataset_parquet_files
from tui_al.errors import ModelError

__all__ = ["ModelSnapshot", "dataset_parquet_files", "ensure_reachable", "model_snapshot"]

WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
SETTINGS = ("*.json", "*.txt", "*.model", "bpe.codes")
POOLING = "*_Pooling/config.json"  #: how sentence-transformers pools, see `sentence_modules`
TOKENIZERS = (
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "*.model",
    "bpe.codes",
)
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack")

CONVERTER = "SFconvertbot"
CONVERSION_TITLE = "Adding `safetensors` variant of this model"

#: What a kept revision can be: a branch, a commit, or a pull request.
_REVISION = re.compile(r"[\w][\w./-]{0,199}")


@dataclass(frozen=True, slots=True)
class ModelSnapshot:
    """A model on this disk: configuration, tokenizer files and safetensors weights, all of one
    commit."""

    path: Path
    revision: str  #: as asked for, or main, or the pull request with the converted weights
    commit: str
    note: str = ""  #: for people, where another revision than expected is used


def model_snapshot(repo_id: str, revision: str | None = None) -> ModelSnapshot:
    """A model of the Hub as a local folder; downloads it unless a complete copy is cached.

    Only safetensors weights are fetched, never pickled ones, and never code. Where `main` has none
    (and no `revision` is given), the Hub's own conversion of it is used, which waits in a pull
    request; the snapshot's note says so.

    Raises HubError (no answer, no such model or revision), ModelError (no safetensors, no
    transformers model)."""
    cached = _cached_model(repo_id, revision)
    if cached:
        return cached
    ensure_reachable(f"the model {repo_id}")
    source = listing("model", repo_id, revision or MAIN)
    if "config.json" not in source.blobs:
        raise ModelError(
            f"{repo_id} ({source.revision}) has no config.json.",
            "Give the id of a transformers model, or a local folder written by save_pretrained.",
        )
    weights = _weights(source.blobs)
    if not weights:
        if revision is not None:
            raise _no_safetensors(source)
        source = _conversion(source)
        weights = _weights(source.blobs)
    settings = [name for name in source.blobs if _matches(name, SETTINGS) and name not in weights]
    settings += [name for name in source.blobs if PurePosixPath(name).match(POOLING)]
    folder = fetch("model", repo_id, source.revision, [*settings, *weights])
    if not _is_complete(folder):
        raise ModelError(
            f"{repo_id} ({source.revision}) is incomplete on the Hub: it lacks a tokenizer, or "
            f"shards that {WEIGHTS_INDEX} names.",
            "Tell its owners, or give another revision.",
        )
    if revision is None:
        remember(repo_id, "model", source.revision)
    return ModelSnapshot(
        folder, source.revision, folder.name, _note(repo_id, source.revision, revision)
    )


def _cached_model(repo_id: str, revision: str | None) -> ModelSnapshot | None:
    """A complete cached copy; without a revision, of the one that the last download settled on,
    else of main."""
    wanted = revision or _last_revision(repo_id) or MAIN
    folder = cached_folder("model", repo_id, wanted)
    if folder is None or not _is_complete(folder):
        return None
    return ModelSnapshot(folder, wanted, folder.name, _note(repo_id, wanted, revision))


def _last_revision(repo_id: str) -> str | None:
    """The revision that the last download settled on; None where it was not kept, or what was kept
    can be none."""
    kept = recall(repo_id, "model")
    return kept if kept and _REVISION.fullmatch(kept) else None


def _is_complete(folder: Path) -> bool:
    """Whether configuration, tokenizer and every shard of the weights are there."""
    if not (folder / "config.json").exists():
        return False
    if not any(_matches(file.name, TOKENIZERS) and file.exists() for file in folder.iterdir()):
        return False
    if (folder / WEIGHTS).exists():
        return True
    index = folder / WEIGHTS_INDEX
    if not index.exists():
        return False
    try:
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        return all((folder / shard).exists() for shard in shards)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _weights(names: Collection[str]) -> list[str]:
    """The safetensors files that transformers would load, the index before its shards; empty if
    there are none."""
    if WEIGHTS in names:
        return [WEIGHTS]
    if WEIGHTS_INDEX not in names:
        return []
    shards = [name for name in names if _matches(name, ("model-*-of-*.safetensors",))]
    return [WEIGHTS_INDEX, *sorted(shards)]


def _conversion(main: Listing) -> Listing:
    """The pull request in which the Hub's own converter offers main's weights as safetensors.

    Only that account's are taken, and only where the pickled weights it was made from are still
    those of main."""
    pickled = [name for name in main.blobs if _matches(name, ("*.bin",))]
    for discussion in pull_requests(main.repo_id, CONVERTER):
        if discussion.title != CONVERSION_TITLE or discussion.status != "open":
            continue
        offer = listing("model", main.repo_id, f"refs/pr/{discussion.num}")
        same = all(main.blobs[name] == offer.blobs.get(name) for name in pickled)
        if same and _weights(offer.blobs):
            return offer
    raise _no_safetensors(main)


def _no_safetensors(source: Listing) -> ModelError:
    pickled = ", ".join(name for name in source.blobs if _matches(name, PICKLED)) or "no weights"
    return ModelError(
        f"{source.repo_id} ({source.revision}) has no safetensors weights; it holds {pickled}.",
        "Only safetensors are loaded, since reading pickled weights can run code. To convert "
        "them, load the model once "
        f"elsewhere, AutoModel.from_pretrained({source.repo_id!r}), and its AutoTokenizer, call "
        "save_pretrained(folder) on "
        "both, and give that folder as the model.",
    )


def _note(repo_id: str, used: str, asked: str | None) -> str:
    if asked is not None or used == MAIN:
        return ""
    return (
        f"{repo_id} has no safetensors weights on main; those of the Hub's conversion, {used}, "
        "are used."
    )


def _matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether a file at the top of a repository is named like one of the patterns."""
    return "/" not in path and any(PurePosixPath(path).match(pattern) for pattern in patterns)
