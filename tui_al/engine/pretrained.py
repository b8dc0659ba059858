"""Pretrained encoders with a fresh head. Weights as safetensors only; code from a model's repository never runs."""

import json
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

from tui_al.core.tasks import Task
from tui_al.engine.sources import Source
from tui_al.errors import ModelError

#: Settings that hold a dropout rate, in the configurations of the encoders that we know.
_DROPOUTS = (
    "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "dropout", "attention_dropout",
    "seq_classif_dropout", "pooler_dropout", "cls_dropout", "summary_last_dropout", "hidden_dropout", "activation_dropout",
)  # fmt: skip


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
    if source.layers is not None:
        config.num_hidden_layers = source.layers
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
