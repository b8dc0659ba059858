"""Several trainings in one pass: the frozen layers that they share run once over all their batches, on a batch that pays.

What each training changes lies in stacks, one slice a training: every trained linear layer is replaced, while that lasts, by one that
multiplies each part of the batch with its own slice. Losses, gradients, clipping and AdamW keep slices apart, so a slice learns
what it would have learned alone, to rounding: sums over larger batches are added in another order. That is why who trains
together must not depend on when a session was cut off, see `tui_al.engine.models.cohort`.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from tui_al.core.arrays import IntArray
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.models.peft import parameter_groups
from tui_al.engine.text.tokens import training_batches

#: What a training changes, by the parameter's name in the model.
Weights = Mapping[str, torch.Tensor]


def can_be_stacked(model: PreTrainedModel) -> bool:
    """Whether all that is trained are weights and biases of plain linear layers; `model` is ready to be trained."""
    trained = {id(p) for p in model.parameters() if p.requires_grad}
    linear = {id(p) for _, _, layer in _trained_layers(model) for p in layer.parameters()}
    return bool(trained) and trained == linear


class Stacks:
    """The trained weights of several trainings, from where each of them begins."""

    def __init__(self, model: PreTrainedModel, begin: Sequence[Weights]) -> None:
        self.count = len(begin)
        names = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
        self._stack = {
            own: nn.Parameter(torch.stack([weights[name] for weights in begin]))
            for own, name in names.items()
        }
        self._names = names

    def groups(self, model: PreTrainedModel, config: LearnerConfig) -> list[dict[str, Any]]:
        """The optimizer's groups, as a training alone would have them."""
        return [
            {**group, "params": [self._stack[id(p)] for p in group["params"]]}
            for group in parameter_groups(model, config)
        ]

    def clip(self, most: float) -> None:
        """Scale each training's gradients down to this norm, as `clip_grad_norm_` does for one."""
        gradients = [p.grad for p in self._stack.values() if p.grad is not None]
        squares = [gradient.flatten(1).square().sum(dim=1) for gradient in gradients]
        norms = torch.stack(squares).sum(dim=0).sqrt()
        factors = (most / (norms + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(factors.view(-1, *[1] * (gradient.ndim - 1)))

    def slices(self) -> list[Weights]:
        """Each training's weights."""
        return [
            {name: self._stack[own][i].detach().clone() for own, name in self._names.items()}
            for i in range(self.count)
        ]

    @contextlib.contextmanager
    def inside(self, view: PreTrainedModel) -> Iterator[None]:
        """Run what `view` is given in as many equal parts as there are trainings, each with its own weights."""
        layers = _trained_layers(view)
        for parent, name, layer in layers:
            bias = None if layer.bias is None else self._stack[id(layer.bias)]
            parent._modules[name] = _Sliced(self._stack[id(layer.weight)], bias)
        try:
            yield
        finally:
            for parent, name, layer in layers:
                parent._modules[name] = layer


class _Sliced(nn.Module):
    """In the place of a linear layer: (trainings x batch, ..., in) to (trainings x batch, ..., out)."""

    def __init__(self, weight: nn.Parameter, bias: nn.Parameter | None) -> None:
        super().__init__()
        self.weight = weight  # (trainings, out, in)
        self.bias = bias  # (trainings, out)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Every part of the batch with its own slice."""
        parts = given.reshape(len(self.weight), -1, given.shape[-1])
        turned = self.weight.transpose(1, 2)
        if self.bias is None:
            found = torch.bmm(parts, turned)
        else:
            found = torch.baddbmm(self.bias[:, None], parts, turned)
        return found.reshape(*given.shape[:-1], found.shape[-1])


def batches_together(
    lengths: IntArray, batch_size: int, rngs: Sequence[np.random.Generator]
) -> list[IntArray]:
    """An epoch of each training's batches side by side: positions (batch, trainings), -1 where one has a smaller batch.

    `lengths` are of all their texts, one training's after the other's, the same number each.
    """
    trainings = len(rngs)
    size = len(lengths) // trainings
    epochs = [
        [batch + i * size for batch in training_batches(own, batch_size, rng)]
        for i, (own, rng) in enumerate(zip(lengths.reshape(trainings, size), rngs, strict=True))
    ]
    found = []
    for batches in zip(*epochs, strict=True):
        beside = np.full((max(map(len, batches)), trainings), -1)
        for i, batch in enumerate(batches):
            beside[: len(batch), i] = batch
        found.append(beside)
    return found


def side_by_side(positions: IntArray, texts: int) -> tuple[IntArray, IntArray]:
    """A batch (batch, trainings) one training after the other, and whose each position is, -1 where it only fills up.

    `texts` is each training's number of them; what fills up is its first text once more.
    """
    trainings = positions.shape[1]
    owners = np.broadcast_to(np.arange(trainings)[:, None], positions.T.shape)
    there = positions.T >= 0
    return np.where(there, positions.T, owners * texts).ravel(), np.where(there, owners, -1).ravel()


def _trained_layers(model: PreTrainedModel) -> list[tuple[Any, str, nn.Linear]]:
    return [
        (parent, name, child)
        for parent in list(model.modules())
        for name, child in parent._modules.items()
        if type(child) is nn.Linear and any(p.requires_grad for p in child.parameters())
    ]
