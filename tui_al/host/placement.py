"""How many engines a machine carries at once, and which cores or GPU each keeps to.

On a CPU one engine to a core is the quickest (two runs side by side, a core each, beat two after
another on both), as long as the memory lasts; with fewer runs than cores, each gets an equal share
of them. A GPU takes as many as its memory holds, up to a few, since small models do not keep it
busy by themselves, and each of them needs a core that drives it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from tui_al.core.limits import usable_cores, usable_cpus
from tui_al.core.settings.experiment import ExperimentConfig, LearnerConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS, known_model
from tui_al.host.cuda import usable_gpus
from tui_al.host.gpu import GpuReading
from tui_al.host.machine import memory

_UNKNOWN_PARAMETERS = 125_000_000
_LIBRARIES = {"cpu": 0.7e9, "cuda": 1.0e9}  #: bytes of PyTorch and the rest; of a CUDA context
_ACTIVATIONS = 12.0  #: bytes a parameter on a CPU: batches in training and scoring

#: Engines on one GPU at most: without the driver's multi-process service, more only take turns.
_MOST_ON_GPU = 4

#: Layers, width and attention heads of the catalogue's encoders, and of one it does not know.
_SHAPES = {
    "minilm": (6, 384, 12), "minilm-3": (3, 384, 12), "electra-small": (12, 256, 4),
    "distilbert": (6, 768, 12), "deberta-v3-small": (6, 768, 12),
}  # fmt: skip
_UNKNOWN_SHAPE = (12, 768, 12)

#: What training keeps for the way back, in numbers of four bytes, of each layer and text: so many
#: times length x width, and heads x length squared (measured on ELECTRA-base in fp32 with dropout,
#: lengths 32 to 256).
_KEPT_STATES, _KEPT_ATTENTION = 18.3, 3.0

#: Sub-tokens that are scored at once on a GPU, and numbers of four bytes a sub-token and width that
#: this takes.
_SCORED, _SCORED_STATES = 65_536, 12.0
_SHARE = 0.85  #: of the memory, so that others can live


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one engine works: the CPUs it keeps to (() for all), and the UUID of its GPU ("" for
    what there is)."""

    cores: tuple[int, ...] = ()
    gpu: str = ""


def slots(
    configs: Sequence[ExperimentConfig], jobs: int | None = None, cores: int | None = None
) -> tuple[Slot, ...]:
    """A slot for each engine that shall work at once on these experiments; one at least.

    Args:
        jobs: at most so many.
        cores: so many to each engine, as an earlier start of the same sweep had it, where there are
        as many.
    """
    most = min(len(configs), jobs or len(configs))
    devices = {config.device for config in configs}
    gpus = usable_gpus().gpus if devices != {"cpu"} else ()
    if "mps" in devices or any(device.startswith("cuda:") for device in devices):
        return (Slot(),)
    if gpus:
        return _on_gpus(configs, gpus, most)
    if not hasattr(os, "sched_setaffinity"):
        return (Slot(),)
    cpus = sorted(usable_cpus())[: usable_cores()]
    room = int(_SHARE * memory()[1] / max(bytes_needed(config, "cpu") for config in configs))
    engines = max(1, min(most, len(cpus), room))
    each = min(cores or len(cpus) // engines, len(cpus))
    return tuple(
        Slot(tuple(cpus[i * each : (i + 1) * each])) for i in range(min(engines, len(cpus) // each))
    )


def _on_gpus(
    configs: Sequence[ExperimentConfig], gpus: Sequence[GpuReading], most: int
) -> tuple[Slot, ...]:
    """As many on each as fit, the least loaded first, so that few engines spread over all."""
    need = max(bytes_needed(config, "cuda") for config in configs)
    cores = max(1, usable_cores() // len(gpus))
    free = [
        None if gpu.memory_total is None else gpu.memory_total - (gpu.memory_used or 0)
        for gpu in gpus
    ]
    most_there = min(cores, _MOST_ON_GPU)
    room = [
        1 if left is None else max(0, min(most_there, int(_SHARE * left / need))) for left in free
    ]
    found = [
        Slot(gpu=gpu.uuid or "")
        for layer in range(max(*room, 1))
        for gpu, places in zip(gpus, room, strict=True)
        if layer < places
    ]
    return tuple(found[:most]) or (Slot(gpu=gpus[0].uuid or ""),)


def bytes_needed(config: ExperimentConfig, device: str) -> float:
    """About how much memory an engine takes on a device ("cpu" or "cuda"): weights of both models,
    training, libraries."""
    both = [config.successor] if config.shared_model else [config.acquisition, config.successor]
    weights = sum(_parameters(learner) * (4 + _trained(learner)) for learner in both)
    if device == "cuda":
        activations = max(map(_activations, both))
    else:
        activations = _ACTIVATIONS * max(map(_parameters, both))
    return _LIBRARIES[device] + weights + activations


def _activations(learner: LearnerConfig) -> float:
    """Bytes on a GPU of the larger of two: a training batch of the longest texts, or a batch that
    is scored."""
    layers, width, heads = _SHAPES.get(learner.model, _UNKNOWN_SHAPE)
    if learner.model == BAG_OF_WORDS:
        return 0.0
    scoring = 4 * _SCORED_STATES * _SCORED * width
    if learner.trains == "head":  # nothing goes back through the encoder
        return scoring
    frozen = learner.trunk_layers
    trained = layers - (round(layers * 2 / 3) if frozen == "auto" else min(layers, frozen))
    length = learner.max_length
    each = _KEPT_STATES * length * width + _KEPT_ATTENTION * heads * length**2
    return max(scoring, 4 * learner.batch_size * trained * each)


def _parameters(learner: LearnerConfig) -> int:
    if learner.model == BAG_OF_WORDS:
        return 0
    known = known_model(learner.model)
    return known.parameters if known else _UNKNOWN_PARAMETERS


def _trained(learner: LearnerConfig) -> float:
    """Bytes a parameter of training: gradient, two moments, and the pretrained weights to start
    from again."""
    return 16.0 if learner.trains == "encoder" else 0.5
