"""Pretrained encoders with a fresh head. Weights as safetensors only; code from a model's
repository never runs."""

import copy
from typing import Any, Literal

import torch
import transformers
from safetensors import SafetensorError
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from tui_al.core.data.examples import Task
from tui_al.engine.hub.sources import ModelSource
from tui_al.engine.models.model_bounds import check_size
from tui_al.engine.models.model_files import (
    check_normalizer,
    check_shards,
    check_tokenizer,
    first_line,
    read_config,
)
from tui_al.engine.models.pooling import MeanPoolingClassifier
from tui_al.engine.text.tokenizing import is_panic
from tui_al.errors import ModelError

#: Settings that hold a dropout rate, in the configurations of the encoders that we know.
_DROPOUTS = (
    "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "dropout",
    "attention_dropout",
    "seq_classif_dropout", "pooler_dropout", "cls_dropout", "summary_last_dropout",
    "hidden_dropout", "activation_dropout",
    "embedding_dropout", "mlp_dropout",
)  # fmt: skip

#: Sub-tokens of the text that a model is tried on; no number is special in all vocabularies.
_TRIAL = 2

#: ModernBERT leaves a dropout out when its rate is 0; this keeps it there for Monte-Carlo dropout
#: to turn on.
_ALMOST_NONE = 1e-9


def load_tokenizer(source: ModelSource, task: Task) -> PreTrainedTokenizerFast:
    """The model's own tokenizer; raises ModelError if it has no fast one, which words need for
    their positions."""
    config = read_config(source.path, source.name)
    check_tokenizer(source.path, source.name)
    check_normalizer(source.path, source.name)
    options: dict[str, Any] = {}
    own = source.path / "tokenizer.json"
    if own.is_file():
        options["tokenizer_file"] = str(own)
    if task is Task.TAGGING and config.model_type in (
        "roberta",
        "deberta",
        "longformer",
        "modernbert",
    ):
        options["add_prefix_space"] = True  # byte-level BPE needs it for texts split into words
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            source.path,
            config=config,
            use_fast=True,
            trust_remote_code=False,
            local_files_only=True,
            **options,
        )
    except BaseException as error:
        # A file or a converter is missing; the library's own errors are plain ones, and its panics
        # not even that.
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        raise ModelError(
            f"model: {source.name} has no tokenizer that can be loaded: {first_line(error)}.",
            "Choose another, or put its tokenizer.json beside the weights.",
        ) from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelError(
            f"model: {source.name} has no fast tokenizer.",
            "Convert it to tokenizer.json with transformers, or choose another model.",
        )
    return tokenizer


def load_model(
    source: ModelSource,
    task: Task,
    outputs: tuple[str, ...],
    dropout: float,
    pooling: Literal["first", "mean"] = "first",
) -> PreTrainedModel:
    """The encoder with a head for the task, labels named, every dropout at `dropout`.

    The head is the stock one of `transformers`; of a classifier with `mean` pooling, that of
    `tui_al.engine.models.pooling`. Its weights are whatever they are in the file, or random:
    learners reset them with a seed of their own."""
    config = read_config(source.path, source.name)
    check_shards(source.path, source.name)
    if config.model_type == "modernbert":
        dropout = max(dropout, _ALMOST_NONE)
        config.reference_compile = False  # a compiler need not be there
    for name in _DROPOUTS:
        if hasattr(config, name):
            setattr(config, name, dropout)
    if source.layers is not None:
        config.num_hidden_layers = source.layers
    config.id2label = dict(enumerate(outputs))
    config.label2id = {label: i for i, label in enumerate(outputs)}
    by_mean = task is Task.CLASSIFICATION and pooling == "mean"
    stock: Any = AutoModelForTokenClassification
    if task is Task.CLASSIFICATION:
        stock = AutoModel if by_mean else AutoModelForSequenceClassification
    level = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()  # "newly initialized" is what we want
    try:
        with torch.device("meta"):
            shape = stock.from_config(copy.deepcopy(config))
        check_size(shape, source.path.glob("*.safetensors"), source.name)
        model = stock.from_pretrained(
            source.path,
            config=config,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            ignore_mismatched_sizes=True,  # a checkpoint's own head of another size
            dtype=torch.float32,
        )
        found = MeanPoolingClassifier(model, dropout) if by_mean else model
        _try(found)
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
        ArithmeticError,
        RuntimeError,
        SafetensorError,
    ) as error:
        raise ModelError(
            f"model: {source.name} ({config.model_type}) cannot be loaded for {task}: "
            f"{first_line(error)}.",
            "Choose an encoder such as BERT, ELECTRA, RoBERTa, DistilBERT or DeBERTa.",
        ) from error
    finally:
        transformers.logging.set_verbosity(level)
    assert isinstance(found, PreTrainedModel)
    return found


def check_computes(model: PreTrainedModel, name: str) -> None:
    """Raise ModelError where a model, in evaluation mode on the CPU, cannot compute, or what it
    computes is not a number."""
    try:
        _try(model)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
        ArithmeticError,
        RuntimeError,
    ) as error:
        raise ModelError(
            f"model: {name} does not compute: {first_line(error)}.",
            "Put its files back from a backup, or train the model again.",
        ) from error


def _try(model: PreTrainedModel) -> None:
    """Settings that cannot be computed with, and weights that are no numbers, show at the first
    text: here, before any of a user's."""
    with torch.inference_mode():
        ids = torch.zeros((1, _TRIAL), dtype=torch.long)
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    if not bool(torch.isfinite(logits).all()):
        raise ValueError("its weights give no numbers (NaN or infinity)")
