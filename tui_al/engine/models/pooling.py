"""What a classifier's head reads of the encoder's last layer: the first token's state, or the mean
of all tokens' states.

`first` is the stock head of `transformers`. `mean` is dropout and one linear layer on the mean,
special tokens included and padding left out, as sentence-transformers takes it. One layer, and not
BERT's two with tanh between: on minilm's frozen states it learns what logistic regression does
(`tests/benchmarks/pooling.py`), and the model can be written as modules that sentence-transformers
has."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from transformers.modeling_outputs import SequenceClassifierOutput

from tui_al.engine.hub.sentence_modules import DENSE, MODULES, POOLING, TRANSFORMER


def masked_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Each text's mean state in fp32, (batch, length, width) to (batch, width); `mask` (batch,
    length) is 0 on padding."""
    weights = mask.unsqueeze(-1).to(torch.float32)
    return (states.float() * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)


class MeanPoolingClassifier(PreTrainedModel):  # type: ignore[misc]  # typed as Any
    """An encoder with dropout and a linear layer on the mean of its last states; used like
    `transformers`' classifiers.

    The encoder lies where the stock class of its kind has it (`bert`, `distilbert`, ...):
    `adapters` looks for it there."""

    # The encoder has chosen its attention already; this class computes none of its own.
    _supports_sdpa = _supports_flash_attn = _supports_flex_attn = _supports_attention_backend = True

    def __init__(self, encoder: PreTrainedModel, dropout: float) -> None:
        """`encoder.config` says how many classes there are; its pooler, which nothing would read,
        is put aside."""
        super().__init__(encoder.config)
        self.base_model_prefix = encoder.base_model_prefix
        #: In a tuple, so that it is no part of this model: neither trained nor counted.
        self._pooler = (encoder._modules.get("pooler"),)
        if "pooler" in encoder._modules:
            encoder._modules["pooler"] = None
        setattr(self, self.base_model_prefix, encoder)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(int(encoder.config.hidden_size), int(encoder.config.num_labels))

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """Logits, (batch, classes), of sub-tokens (batch, length) or of embeddings (batch, length,
        width)."""
        given = {"input_ids": input_ids, "inputs_embeds": inputs_embeds}
        inputs = {name: value for name, value in given.items() if value is not None}
        states = self.base_model(**inputs, attention_mask=attention_mask).last_hidden_state
        if attention_mask is None:
            attention_mask = states.new_ones(states.shape[:2])
        pooled = masked_mean(states, attention_mask)
        return SequenceClassifierOutput(logits=self.classifier(self.dropout(pooled)))

    def get_input_embeddings(self) -> Any:
        """The encoder's."""
        return self.base_model.get_input_embeddings()

    def save_encoder(self, directory: Path) -> None:
        """Write it as it was found, pooler and all: without, whoever loads it is warned that
        weights are missing."""
        encoder = self.base_model
        taken = encoder._modules.get("pooler")
        if self._pooler[0] is not None:
            encoder._modules["pooler"] = self._pooler[0]
        try:
            encoder.save_pretrained(directory, safe_serialization=True)
        finally:
            if self._pooler[0] is not None:
                encoder._modules["pooler"] = taken

    def _init_weights(self, module: nn.Module) -> None:
        self.base_model._init_weights(module)


def save_modules(
    directory: Path, model: MeanPoolingClassifier, tokenizer: PreTrainedTokenizerFast, limit: int
) -> None:
    """Write a classifier with mean pooling for sentence-transformers, whose `encode` then gives its
    logits.

    `limit` is how many sub-tokens it reads. The label names are in the encoder's configuration.
    """
    directory.mkdir(exist_ok=True)
    encoder = directory / TRANSFORMER
    model.save_encoder(encoder)
    tokenizer.save_pretrained(encoder)
    head = model.classifier
    classes, width = head.weight.shape
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{path[2:]}"}
        for i, path in enumerate((TRANSFORMER, POOLING, DENSE))
    ]
    dense = {
        "in_features": width,
        "out_features": classes,
        "bias": True,
        "activation_function": "torch.nn.modules.linear.Identity",
    }
    _write(directory / MODULES, modules)
    _write(encoder / "sentence_bert_config.json", {"max_seq_length": limit, "do_lower_case": False})
    _write(
        directory / POOLING / "config.json",
        {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True},
    )
    _write(directory / DENSE / "config.json", dense)
    weights = {f"linear.{n}": w.contiguous().cpu() for n, w in head.state_dict().items()}
    save_file(weights, directory / DENSE / "model.safetensors")


def load_head(model: MeanPoolingClassifier, directory: Path) -> None:
    """Give a classifier the head that `save_modules` wrote."""
    weights = load_file(directory / DENSE / "model.safetensors")
    model.classifier.load_state_dict({n.removeprefix("linear."): w for n, w in weights.items()})


def _write(path: Path, plain: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(plain, indent=2), encoding="utf-8")
