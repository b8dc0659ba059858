"""What of a model is trained: everything, a small adapter inside, or the head alone.

The paper's adapter is a bottleneck after the attention block of each layer, "default as in the
`BnConfig` base class"; that class leaves four fields open, which PAPER.md fills: after attention
only, reduction factor 16, ReLU."""

import copy
import logging
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.models.padding import leave_out_padding
from tui_al.engine.models.partial_forward import layers
from tui_al.errors import ModelError

#: The name of our adapter inside a model.
ADAPTER = "tui_al"

#: LoRA leaves its dropout out when the rate is 0; this keeps it there for Monte-Carlo dropout to
#: turn on.
_ALMOST_NONE = 1e-9


def adapter_config(config: LearnerConfig) -> Any:
    """The `adapters` configuration of a tuning, named or (for `adapter`) spelled out; no adapters
    in a frozen trunk."""
    import adapters

    dropout, factor = config.dropout, config.reduction_factor
    lora_dropout = max(dropout, _ALMOST_NONE)
    frozen = {"leave_out": list(range(int(config.trunk_layers)))}
    match config.tuning:
        case "adapter":
            return adapters.BnConfig(
                mh_adapter=True,
                output_adapter=False,
                reduction_factor=factor,
                non_linearity="relu",
                dropout=dropout,
                **frozen,
            )
        case "double":
            return adapters.DoubleSeqBnConfig(reduction_factor=factor, dropout=dropout, **frozen)
        case "seq":
            return adapters.SeqBnConfig(reduction_factor=factor, dropout=dropout, **frozen)
        case "par":
            return adapters.ParBnConfig(reduction_factor=factor, dropout=dropout, **frozen)
        case "lora":
            return adapters.LoRAConfig(dropout=lora_dropout, **frozen)
        case "prefix":
            return adapters.PrefixTuningConfig(dropout=dropout, **frozen)
        case "unipelt":
            return adapters.UniPELTConfig(
                adapters.PrefixTuningConfig(prefix_length=10, dropout=dropout, **frozen),
                adapters.SeqBnConfig(reduction_factor=factor, dropout=dropout, **frozen),
                adapters.LoRAConfig(r=8, alpha=2, dropout=lora_dropout, **frozen),
            )
        case "compacter":
            return adapters.CompacterConfig(reduction_factor=factor, dropout=dropout, **frozen)
        case "ia3":
            return adapters.IA3Config(**frozen)
    raise ValueError(f"{config.tuning} is not an adapter")


def prepare(model: PreTrainedModel, config: LearnerConfig) -> None:
    """Make a freshly loaded model ready for `reset`; raises ModelError where `adapters` does not
    support the encoder.

    `config.trunk_layers` is a number here: its lowest layers, and all that is below or beside the
    layers, stay as they are."""
    if config.trains != "adapter":
        whole = config.trains == "encoder" and not config.trunk_layers
        model.base_model.requires_grad_(whole)
        if config.trains == "encoder" and not whole:
            layers(model)[int(config.trunk_layers) :].requires_grad_(True)
        return
    logging.getLogger("adapters").setLevel(logging.ERROR)
    import adapters

    try:
        adapters.init(model)
        _add(model, config)
    except (ValueError, AssertionError, AttributeError, NotImplementedError) as error:
        raise ModelError(
            f"model: {config.model} ({model.config.model_type}) does not take the tuning "
            f"{config.tuning}: {error}.",
            "Use full or head with it, or an encoder that the adapters library supports.",
        ) from error


def reset(model: PreTrainedModel, config: LearnerConfig, seed: int) -> None:
    """Give adapter and head fresh weights drawn with `seed`, and mark what is trained. The
    encoder's weights stay.

    The weights are drawn on the processor, wherever the model is, so that they are the same on
    every device."""
    torch.manual_seed(seed)
    drawn = copy.deepcopy(head(model)).cpu()
    for module in drawn.modules():
        model._init_weights(module)
    with torch.no_grad():
        for own, fresh in zip(head(model).parameters(), drawn.parameters(), strict=True):
            own.copy_(fresh)
    if config.trains == "adapter":
        device = model.device
        model.delete_adapter(ADAPTER)
        _add(model, config)
        model.train_adapter(ADAPTER)
        model.to(device)
    head(model).requires_grad_(True)


def _add(model: PreTrainedModel, config: LearnerConfig) -> None:
    """A fresh adapter, on the processor."""
    model.add_adapter(ADAPTER, config=adapter_config(config))
    leave_out_padding(model)


def head(model: PreTrainedModel) -> nn.ModuleDict:
    """The modules on top of the encoder's last layer, BERT's pooler among them.

    The pooler lies inside the encoder's class but is part of the classification head in all but
    name: frozen, or trained at the encoder's rate, it costs MiniLM a third of its accuracy at 600
    labels.
    """
    encoder = model.base_model
    modules = {name: module for name, module in model.named_children() if module is not encoder}
    pooler = getattr(encoder, "pooler", None)
    if pooler is not None:
        modules["encoder_pooler"] = pooler
    return nn.ModuleDict(modules)


def parameter_groups(model: PreTrainedModel, config: LearnerConfig) -> list[dict[str, Any]]:
    """Optimizer groups: encoder or adapter, and head at its own rate; biases and norms without
    weight decay."""
    in_head = {id(p) for p in head(model).parameters()}
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for parameter in model.parameters():
        if parameter.requires_grad:
            key = (id(parameter) in in_head, parameter.ndim > 1)
            groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": config.head_learning_rate if of_head else config.learning_rate,
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for (of_head, decays), parameters in groups.items()
    ]


def set_dropout(model: PreTrainedModel, rate: float) -> None:
    """Set every dropout of encoder, adapter and head, also those that attention keeps as a
    number."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = rate
        for name in ("dropout_prob", "attention_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, rate)
