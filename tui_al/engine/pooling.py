"""What a classifier's head reads of the encoder's last layer: the first token's state, or the mean of all tokens' states.

`first` is the stock head of `transformers`. `mean` is dropout and one linear layer on the mean, special tokens included and padding
left out, as sentence-transformers takes it. A second layer with tanh, as BERT's pooler has it, was tried on minilm: it learns no
better and needs many times the weights (`tests/benchmarks/pooling.py`); and without it the model can be written as modules that
sentence-transformers has.
"""

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


def masked_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Each text's mean state in fp32, (batch, length, width) to (batch, width); `mask` (batch, length) is 0 on padding."""
    weights = mask.unsqueeze(-1).to(torch.float32)
    return (states.float() * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)


class MeanPoolingClassifier(PreTrainedModel):
    """An encoder with dropout and a linear layer on the mean of its last states; used like `transformers`' classifiers.

    The encoder lies where the stock class of its kind has it (`bert`, `distilbert`, ...): `adapters` looks for it there.
    """

    # The encoder has chosen its attention already; this class computes none of its own.
    _supports_sdpa = _supports_flash_attn = _supports_flex_attn = _supports_attention_backend = True

    def __init__(self, encoder: PreTrainedModel, dropout: float) -> None:
        """`encoder.config` says how many classes there are; its pooler, which nothing would read, is taken off."""
        super().__init__(encoder.config)
        self.base_model_prefix = encoder.base_model_prefix
        if "pooler" in encoder._modules:
            encoder.pooler = None
        setattr(self, self.base_model_prefix, encoder)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(int(encoder.config.hidden_size), int(encoder.config.num_labels))

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """Logits, (batch, classes), of sub-tokens (batch, length) or of embeddings (batch, length, width)."""
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

    def _init_weights(self, module: nn.Module) -> None:
        self.base_model._init_weights(module)
