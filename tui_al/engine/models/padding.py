"""Adapters that would see padding, mended: a text has the same scores alone and among longer ones.

UniPELT's gates are each the mean, over all positions of a batch, of what a linear layer says of
them; here padding does not count. In DistilBERT the library lengthens the mask by ones for the
prefixes where the mask is to be added to what attention computes: where a batch has padding, and so
a mask, the prefixes would weigh e times as much.
"""

from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel


class _Seen:
    """The attention mask of the batch that a model is at, (batch, length); 1 for a position of a
    text."""

    mask: torch.Tensor | None = None


def leave_out_padding(model: PreTrainedModel) -> None:
    """Mend the adapters of a model; to be called whenever some were added. Views share it."""
    seen = model.__dict__.get("tui_al_seen")
    if seen is None:
        seen = model.__dict__["tui_al_seen"] = _Seen()
        model.register_forward_pre_hook(_note_mask(seen), with_kwargs=True)
    for gate in _gates(model):
        if "tui_al_gate" not in gate.__dict__:
            gate.__dict__["tui_al_gate"] = True
            gate.register_forward_hook(_mean_of_texts(seen))
    if model.config.model_type == "distilbert":
        for name, module in model.named_modules():
            if name.endswith(".prefix_tuning") and "tui_al_mask" not in module.__dict__:
                module.__dict__["tui_al_mask"] = True
                module.register_forward_pre_hook(_added_mask, with_kwargs=True)


def _gates(model: PreTrainedModel) -> list[nn.Linear]:
    return [
        module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and (name.endswith(".gate") or ".prefix_gates." in name)
    ]


def _added_mask(_: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Called with keys, values, their input, the mask; says of a mask (batch, 1, length, length),
    which is added, that 0 means seen."""
    mask = given[3]
    if mask is not None and mask.ndim == 4:
        return given, {**named, "invert_mask": True}
    return None


def _note_mask(seen: _Seen) -> Any:
    def note(_: nn.Module, __: tuple[Any, ...], named: dict[str, Any]) -> None:
        seen.mask = named.get("attention_mask")

    return note


def _mean_of_texts(seen: _Seen) -> Any:
    """The library takes the sigmoid of a gate's output and the mean over positions: give it at each
    what that mean should be."""

    def mended(_: nn.Module, __: tuple[Any, ...], said: torch.Tensor) -> torch.Tensor:
        mask = seen.mask
        if mask is None or said.ndim != 3 or mask.shape != said.shape[:2]:
            return said
        counts = mask.to(torch.float32).unsqueeze(-1)
        mean = (torch.sigmoid(said.float()) * counts).sum(1, keepdim=True) / counts.sum(
            1, keepdim=True
        )
        return torch.logit(mean, eps=1e-6).to(said.dtype).expand_as(said)

    return mended
