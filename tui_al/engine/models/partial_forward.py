"""Parts of a model that run without the rest: views that share its weights.

A view is a copy of the outer modules whose tables of submodules are its own, so it holds the very
same layers and heads as the model it was taken from: what trains in one has changed in the other,
and the model stays whole for saving. A view has a training mode of its own only in those outer
modules; the layers that it leaves out are never touched by its `train()`."""

import copy
import inspect
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions as Outputs

#: Encoders whose layers pass on nothing but hidden states, with nothing between or after them.
TRUNKS = ("bert", "camembert", "deberta-v2", "distilbert", "electra", "roberta", "xlm-roberta")

#: Encoders whose attention can be asked about a few positions with keys and values of all.
_ASKS_FEW = ("bert", "camembert", "electra", "roberta", "xlm-roberta")


def layers(model: PreTrainedModel) -> nn.ModuleList:
    """The encoder's layers, lowest first."""
    return _stack(model.base_model).layer  # type: ignore[no-any-return]


def upper(model: PreTrainedModel, trunk_layers: int, first_token: bool) -> PreTrainedModel:
    """The model from layer `trunk_layers` on; with 0, all of it.

    With a trunk it takes the trunk's output as `inputs_embeds` (batch, length, width) in place of
    `input_ids`. With `first_token` the last layer computes nothing but the first position, which is
    all that the heads of classifiers read: the same logits for less work (of the last layer, only
    keys and values are needed of every position)."""
    if model.config.model_type not in TRUNKS:  # it is all or nothing then
        return model
    view = _view(model)
    encoder = _put(view, model.base_model_prefix, _view(model.base_model))
    if trunk_layers:
        encoder._modules["embeddings"] = _Given(model.device)
        encoder._modules.pop("embeddings_project", None)  # ELECTRA's, below the first layer
    kept = list(layers(model))[trunk_layers:]
    if first_token and kept:
        kept[-1] = _FirstToken(kept[-1])
    _put_layers(encoder, kept)
    return view


def lower(model: PreTrainedModel, trunk_layers: int) -> nn.Module:
    """The encoder up to layer `trunk_layers`, in evaluation mode for good: its `last_hidden_state`
    is the trunk's output."""
    encoder = _view(model.base_model)
    if "pooler" in encoder._modules:
        encoder._modules["pooler"] = None
    _put_layers(encoder, list(layers(model))[:trunk_layers])
    encoder.eval()
    return encoder  # type: ignore[no-any-return]


def can_read_first_token(model: PreTrainedModel, tuning: str) -> bool:
    """Whether `first_token` works: not where attention is another, nor with UniPELT, whose gates
    average over positions."""
    plain = getattr(model.config, "position_embedding_type", "absolute") == "absolute"
    return model.config.model_type in _ASKS_FEW and plain and tuning != "unipelt"


class _Given(nn.Module):
    """In the place of the embeddings: passes on what is given. Its empty weight says what an
    encoder without layers computes in."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(0, device=device), requires_grad=False)

    def forward(self, _ids: Any = None, inputs_embeds: Any = None, **_: Any) -> torch.Tensor:
        """`inputs_embeds` as they come, whatever else the encoder hands its embeddings."""
        return inputs_embeds  # type: ignore[no-any-return]


class _NoLayers(nn.Module):
    """In the place of all layers: the states come out as they went in. Not every encoder can do
    without one (DeBERTa)."""

    def forward(self, *given: Any, **named: Any) -> Outputs:
        """Called by the encoder as its stack of layers is: states first, or by a name that kinds of
        encoders differ in."""
        states = given[0] if given else next(named[n] for n in ("hidden_states", "x") if n in named)
        return Outputs(last_hidden_state=states, hidden_states=(states,))


class _FirstToken(nn.Module):
    """A last layer of BERT's kind that computes its first position only: (batch, length, width) to
    (batch, 1, width)."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer
        taken = inspect.signature(layer.attention.self.forward).parameters
        self._mask_names = [n for n in ("attention_mask", "encoder_attention_mask") if n in taken]

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor | None, *_: Any, **__: Any) -> Any:
        """Called by the encoder as its other layers are, with the mask (batch, 1, length, length)
        or None."""
        attention = self.layer.attention
        first = hidden[:, :1]
        seen = None if mask is None else mask[:, :, :1]
        masks = dict.fromkeys(self._mask_names, seen)  # adapters' ELECTRA reads the second one
        context = attention.self(first, **masks, encoder_hidden_states=hidden)[0]
        attended = attention.output(context, first)
        return (self.layer.output(self.layer.intermediate(attended), attended),)


def _view(module: Any) -> Any:
    view = copy.copy(module)
    view.__dict__["_modules"] = dict(module._modules)
    return view


def _put(parent: Any, name: str, child: Any) -> Any:
    parent._modules[name] = child
    return child


def _stack(encoder: Any) -> Any:
    return encoder.transformer if hasattr(encoder, "transformer") else encoder.encoder


def _put_layers(encoder: Any, kept: list[nn.Module]) -> None:
    name = "transformer" if "transformer" in encoder._modules else "encoder"
    if not kept:
        encoder._modules[name] = _NoLayers()
        return
    stack = _put(encoder, name, _view(encoder._modules[name]))
    stack._modules["layer"] = nn.ModuleList(kept)
