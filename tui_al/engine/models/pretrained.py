"""Pretrained encoders with a fresh head. Weights as safetensors only; code from a model's
repository never runs."""

import copy
from typing import Any, Literal

import torch
import transformers
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PretrainedConfig,
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
from tui_al.engine.text.tokenizing import is_panic, tokenizer_told
from tui_al.errors import ModelError, TuiAlError

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

#: What a tokenizer is tried on, and how many sub-tokens it may make of it, special ones counted.
_LETTER, _MOST_OF_A_LETTER = "a", 64

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
    _try_tokenizer(tokenizer, config, source.name)
    return tokenizer


def _try_tokenizer(tokenizer: PreTrainedTokenizerFast, config: PretrainedConfig, name: str) -> None:
    """Raise ModelError where a tokenizer makes very much of a letter, or tokens that the model has
    not: here, before any of a user's texts."""
    backend = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.no_truncation()
    with tokenizer_told():
        ids = backend.encode(_LETTER).ids
    if len(ids) > _MOST_OF_A_LETTER:
        raise ModelError(
            f"model: {name} is refused: its tokenizer.json makes {len(ids):,} sub-tokens of one "
            f"letter; {_MOST_OF_A_LETTER} are allowed.",
            "No tokenizer needs that: download or save the model again.",
        )
    known = getattr(config, "vocab_size", None)
    top = max((*backend.get_vocab(with_added_tokens=False).values(), *ids), default=0)
    if isinstance(known, int) and top >= known:
        raise ModelError(
            f"model: the tokenizer of {name} does not fit its config.json: it makes the token "
            f"{top:,}, and there are {known:,} (vocab_size), the first of them 0.",
            "The two do not belong together: download or save the model again.",
        )


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
    except (TuiAlError, MemoryError):
        raise
    except Exception as error:  # of any kind: a package that is not there, a setting not taken
        raise ModelError(
            f"model: {source.name} ({config.model_type}, as its config.json says) cannot be "
            f"loaded for {task}: {first_line(error)}.",
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
    except MemoryError:
        raise
    except Exception as error:
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
