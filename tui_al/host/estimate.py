"""About how long an experiment will take here, before it starts.

Counts multiplications: 2 a parameter and sub-token forward, twice that again backward for all weights, half of it where only an
adapter is trained (its gradients pass through the frozen encoder, but no weight gradients are made for it). Divides by the rate of
a matrix product measured on this machine, and by how much of it such models reach (measured: about six tenths on two cores).
"""

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tui_al.core.config import ExperimentConfig, LearnerConfig
from tui_al.core.models import BAG_OF_WORDS
from tui_al.core.preview import Preview
from tui_al.core.strategies import STRATEGIES
from tui_al.host.gpu import survey

#: Parameters that multiply (no embeddings) of the catalogue's encoders, and of one it does not know.
_WORKING_PARAMETERS = {
    "minilm": 10.6e6, "minilm-3": 5.3e6, BAG_OF_WORDS: 0.0, "electra-base": 85e6, "electra-small": 9.5e6, "distilbert": 42.5e6, "bert-base": 85e6,
    "roberta-base": 85e6, "deberta-v3-small": 42.5e6,
}  # fmt: skip
_UNKNOWN_PARAMETERS = 85e6

_SUBTOKENS_PER_WORD = 1.3
_REACHED = {"cpu": 0.6, "cuda": 0.25}
_GPU_RATE = 60e12  #: multiplications and additions a second, fp32 with TF32 on a current card: an order of magnitude


@dataclass(frozen=True, slots=True)
class Estimate:
    """What will happen: trainings in all, seconds (None where nothing is known), on which device, from what."""

    trainings: int
    seconds: float | None
    device: str
    basis: str


def estimate(config: ExperimentConfig, preview: Preview) -> Estimate:
    """The work of all seeds in multiplications, over this machine's rate. Good to a factor of two."""
    by_people = config.loop.oracle == "person"
    pool = preview.train if by_people else preview.train - preview.unlabelled
    device = _device(config.device)
    rate = _GPU_RATE if device != "cpu" else _matrix_rate()
    asks = STRATEGIES[config.loop.strategy].needs
    tokens = preview.words * _SUBTOKENS_PER_WORD + 2
    work = 0.0
    trainings = 0
    labelled = min(pool, config.loop.seed_size.of(pool))
    batch = config.loop.batch.of(pool)
    for round_ in range(config.loop.rounds + 1):
        work += _training(config.successor, labelled, tokens)
        work += _forward(config.successor, preview.test, tokens)
        trainings += 1
        if round_ < config.loop.rounds and asks != "nothing":
            passes = config.loop.mc_passes if asks == "monte carlo" else 1
            work += _training(config.acquisition, labelled, tokens)
            work += _forward(config.acquisition, (pool - labelled) * passes, tokens)
            trainings += 1
        labelled = min(pool, labelled + batch)
    seconds = len(config.seeds) * work / (rate * _REACHED["cpu" if device == "cpu" else "cuda"])
    basis = f"{rate / 1e9:,.0f} Gflop/s measured" if device == "cpu" else "a current GPU assumed"
    return Estimate(trainings * len(config.seeds), seconds, device, basis)


def _training(learner: LearnerConfig, examples: int, tokens: float) -> float:
    backward = {"full": 2.0, "head": 0.0}.get(learner.tuning, 1.0)
    return _forward(learner, examples, tokens) * (1 + backward) * learner.epochs


def _forward(learner: LearnerConfig, examples: int, tokens: float) -> float:
    parameters = _WORKING_PARAMETERS.get(learner.model, _UNKNOWN_PARAMETERS)
    return 2 * parameters * examples * min(tokens, learner.max_length)


def _device(name: str) -> str:
    if name == "auto":
        visible = [gpu for gpu in survey().gpus if gpu.visible]
        return "cuda" if visible else "cpu"
    return name


@lru_cache(maxsize=1)
def _matrix_rate() -> float:
    """Floating-point operations a second of a single-precision matrix product, best of five."""
    size = 768
    left = np.ones((size, size), dtype=np.float32)
    best = 0.0
    for _ in range(5):
        began = time.perf_counter()
        left @ left
        best = max(best, 2 * size**3 / (time.perf_counter() - began))
    return best
