"""Training, as one loop to be read from top to bottom."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional
from torch.optim import AdamW
from transformers import PreTrainedModel

from tui_al.core.arrays import IntArray
from tui_al.core.loop.protocols import FitReport
from tui_al.core.progress import ProgressCallback, TrainingProgress
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.models.device import free_memory, is_out_of_memory
from tui_al.engine.models.peft import parameter_groups
from tui_al.engine.text.tokens import Batch, training_batches
from tui_al.errors import EngineError

#: Seconds between two ticks; a tick reads the loss, which waits for the device.
_TICK_SECONDS = 0.2


class MicroBatch(NamedTuple):
    """A batch, or a piece of one, and what its units (texts, or seen words) should come out as."""

    batch: Batch
    targets: torch.Tensor  #: classes, (units,)


#: Positions among the texts of a training, to what a model takes of them.
Collate = Callable[[IntArray], MicroBatch]


def train(
    model: PreTrainedModel,
    config: LearnerConfig,
    lengths: IntArray,
    collate: Collate,
    seed: int,
    progress: ProgressCallback,
) -> FitReport:
    """Train what requires gradients with AdamW, warm-up, linear decay and clipping, for
    `config.epochs` epochs.

    Cross-entropy is averaged over a batch's units (texts, or seen words). `seed` shuffles the
    texts; dropout comes from torch's generator, which the caller seeds. When a device runs out of
    memory the batch is split in two and its gradients added up, down to single examples: the update
    stays the same.

    Args:
        lengths: sub-tokens of every text, (texts,).

    Raises:
        EngineError: the loss is not finite, or one example alone does not fit.
    """
    rng = np.random.default_rng(seed)
    groups = parameter_groups(model, config)
    trained = [p for group in groups for p in group["params"]]
    optimizer = AdamW(groups, fused=model.device.type in ("cpu", "cuda"))
    steps = _steps(config, len(lengths))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _schedule(config, steps))
    total = len(lengths) * config.epochs
    pieces = 1  # a batch is worked through in this many; grows when memory runs out
    done = step = 0
    ticked = time.perf_counter()
    pending: list[torch.Tensor] = []
    epoch_losses: list[torch.Tensor] = []
    model.train()
    for epoch in range(1, config.epochs + 1):
        epoch_losses = []
        for positions in training_batches(lengths, config.batch_size, rng):
            optimizer.zero_grad(set_to_none=True)
            while (loss := _try(model, config, positions, collate, pieces)) is None:
                optimizer.zero_grad(set_to_none=True)
                free_memory()
                pieces *= 2
                if pieces // 2 >= len(positions):
                    raise out_of_memory(config, int(lengths[positions].max()))
            if config.clip:
                torch.nn.utils.clip_grad_norm_(trained, config.clip)
            _update(optimizer, config)
            schedule.step()
            step += 1
            done += len(positions)
            pending.append(loss)
            epoch_losses.append(loss)
            if time.perf_counter() - ticked > _TICK_SECONDS or step == steps:
                mean = _finite_mean(pending, config, step)
                progress(TrainingProgress(done, total, epoch, config.epochs, step, steps, mean))
                pending.clear()
                ticked = time.perf_counter()
    return FitReport(steps, total, _finite_mean(epoch_losses, config, step), pieces)


def _try(
    model: PreTrainedModel,
    config: LearnerConfig,
    positions: IntArray,
    collate: Collate,
    pieces: int,
) -> torch.Tensor | None:
    """`_backward`, or None where memory runs out: what it held is free when this returns, not
    before."""
    try:
        return _backward(model, config.precision, positions, collate, pieces)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return None


def _update(optimizer: AdamW, config: LearnerConfig) -> None:
    """A step; the first one makes the moments, twice the trained weights. Part of it may be done,
    so it is not tried again."""
    try:
        optimizer.step()
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise EngineError(
            f"{config.model} ({config.tuning}) runs out of memory for the optimizer, which keeps "
            "two numbers for every trained weight.",
            "Tune less of it (an adapter, or the head), choose a smaller model, or free memory on "
            "the device.",
        ) from error


def weight_decay_left(config: LearnerConfig, examples: int) -> float:
    """What a training with so many examples leaves of an encoder's weight that never has a
    gradient, 0 to 1."""
    steps = _steps(config, examples)
    factor = _schedule(config, steps)
    rates = config.learning_rate * np.array([factor(step) for step in range(steps)])
    return float(np.prod(1 - rates * config.weight_decay))


def out_of_memory(config: LearnerConfig, longest: int) -> EngineError:
    """The error for a single example, of `longest` sub-tokens, that does not fit on the device."""
    return EngineError(
        f"{config.model} ({config.tuning}) runs out of memory with a single example of up to "
        f"{longest} sub-tokens.",
        "Lower the maximum length, choose a smaller model, or free memory on the device.",
    )


def _backward(
    model: PreTrainedModel, precision: str, positions: IntArray, collate: Collate, pieces: int
) -> torch.Tensor:
    """Add the gradients of a batch's mean loss, worked through in `pieces`; the loss, detached,
    ()."""
    parts = [collate(some) for some in np.array_split(positions, min(pieces, len(positions)))]
    units = max(1, sum(len(part.targets) for part in parts))
    total = torch.zeros((), device=model.device)
    for part in parts:
        logits = unit_logits(model, part.batch, precision)
        loss = functional.cross_entropy(logits, part.targets, reduction="sum") / units
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
    return total


def unit_logits(model: PreTrainedModel, batch: Batch, precision: str) -> torch.Tensor:
    """Logits of a batch's units in fp32: texts, or seen words by their first sub-token, (units,
    classes)."""
    name = "input_ids" if batch.states is None else "inputs_embeds"
    inputs = {name: batch.input_ids if batch.states is None else batch.states}
    with torch.autocast(model.device.type, torch.bfloat16, enabled=precision == "bf16"):
        logits = model(**inputs, attention_mask=batch.attention_mask).logits
    if batch.unit_rows is not None:
        logits = logits[batch.unit_rows, batch.unit_columns]
    return torch.as_tensor(logits.float())


def _steps(config: LearnerConfig, examples: int) -> int:
    return -(-examples // config.batch_size) * config.epochs


def _schedule(config: LearnerConfig, steps: int) -> Callable[[int], float]:
    warmup = int(config.warmup * steps)

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        if config.schedule == "constant":
            return 1.0
        return max(0.0, (steps - step) / max(1, steps - warmup))

    return factor


def _finite_mean(losses: list[torch.Tensor], config: LearnerConfig, step: int) -> float:
    mean = float(torch.stack(losses).mean())
    if not np.isfinite(mean):
        raise EngineError(
            f"Training of {config.model} ({config.tuning}) diverged: the loss is {mean} at step "
            f"{step}.",
            f"Lower the learning rate (now {config.learning_rate:g}) or raise the warm-up.",
        )
    return mean
