"""About how long an experiment will take here, before it starts.

Where `tui-al timing` or a finished session has measured a way to train on this machine, its rates
count. Else multiplications are counted: 2 a parameter and sub-token forward, twice that again
backward for all weights, half of it where only an adapter is trained (its gradients pass through
the frozen encoder, but no weight gradients are made for it); of a frozen trunk once for each text.
They are divided by the rate of a matrix product measured here, and by how much of it such models
reach (about six tenths on two cores)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from tui_al.core.data.preview import Preview
from tui_al.core.limits import computing_threads
from tui_al.core.query.strategies import strategy
from tui_al.core.settings.experiment import ExperimentConfig, LearnerConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.host.cuda import usable_gpus
from tui_al.store import throughput
from tui_al.store.home import home_directory

#: Parameters that multiply (no embeddings) of the catalogue's encoders, and of one it does not
#: know.
_WORKING_PARAMETERS = {
    "minilm": 10.6e6, "minilm-3": 5.3e6, BAG_OF_WORDS: 0.0, "electra-base": 85e6,
    "electra-small": 9.5e6, "distilbert": 42.5e6, "bert-base": 85e6,
    "roberta-base": 85e6, "deberta-v3-small": 42.5e6,
}  # fmt: skip
_UNKNOWN_PARAMETERS = 85e6
_LAYERS = {
    "minilm": 6,
    "minilm-3": 3,
    "distilbert": 6,
    "deberta-v3-small": 6,
}  #: the other ones have 12

_SUBTOKENS_PER_WORD = 1.3
_REACHED = {"cpu": 0.6, "cuda": 0.25}
#: multiplications and additions a second, fp32 (TF32 is off) on a current card: an order of
#: magnitude
_GPU_RATE = 20e12


@dataclass(frozen=True, slots=True)
class Estimate:
    """What will happen: trainings in all, seconds (None where nothing is known), on which device,
    from what."""

    trainings: int
    seconds: float | None
    device: str
    basis: str


def estimate(
    config: ExperimentConfig,
    preview: Preview,
    home: Path | None = None,
    *,
    first_is_known: bool = False,
) -> Estimate:
    """The work of all seeds over this machine's rates, as known in `home`. Good to a factor of two.

    Args:
        first_is_known: another session of the sweep measures the seed sets' points.
    """
    by_people = config.loop.oracle == "person"
    pool = preview.train if by_people else preview.train - preview.unlabelled
    device = _device(config.device)
    asks = strategy(config.loop.strategy).needs
    tokens = preview.words * _SUBTOKENS_PER_WORD + 2
    known = throughput.load(home_directory(home))
    successor = _Speed(config.successor, tokens, device, known)
    acquisition = _Speed(config.acquisition, tokens, device, known)
    seconds = 0.0
    trainings = 0
    labelled = min(pool, config.loop.seed_size.of(pool))
    sample = 0 if by_people or asks == "nothing" else min(pool, config.loop.gauge)
    batch = config.loop.batch.of(pool)
    for round_ in range(config.loop.rounds + 1):
        if round_ or not first_is_known:
            seconds += successor.train(labelled) + successor.score(preview.test + sample)
            trainings += 1
        if round_ < config.loop.rounds and asks != "nothing":
            passes = config.loop.mc_passes if asks == "monte carlo" else 1
            seconds += acquisition.score((pool - labelled) * passes)
            if not config.shared_model or (first_is_known and not round_):
                seconds += acquisition.train(labelled)
                trainings += 1
        labelled = min(pool, labelled + batch)
    seconds *= len(config.seeds)
    seconds += successor.keep(preview.test + (pool if asks == "nothing" else 0))
    used = [successor]
    if asks != "nothing":
        seconds += acquisition.keep(pool)
        used.append(acquisition)
    basis = " and ".join(dict.fromkeys(speed.basis for speed in used))
    return Estimate(trainings * len(config.seeds), seconds, device, basis)


class _Speed:
    """Seconds that a model takes: by its measured rates where there are any, else by its
    multiplications."""

    def __init__(
        self,
        learner: LearnerConfig,
        tokens: float,
        device: str,
        known: Mapping[tuple[object, ...], throughput.Rate],
    ) -> None:
        self.learner = learner
        self.tokens = min(tokens, learner.max_length)
        self.device = device
        kind = device.partition(":")[0]
        self.measured = known.get(throughput.Rate.here(kind, learner, None, None).key)
        self.basis = "rates measured here" if self.measured else _machine(device)[1]

    def train(self, examples: int) -> float:
        """A training with so many texts."""
        if self.measured and self.measured.training:
            texts = examples * self.learner.epochs
            return texts * self.tokens / self.measured.training / self._share()
        backward = {"encoder": 2.0, "adapter": 1.0, "head": 0.0}[self.learner.trains]
        return self._forward(examples) * (1 + backward) * self.learner.epochs * (1 - self._frozen())

    def score(self, examples: int) -> float:
        """So many texts, or as many passes over texts."""
        if self.measured and self.measured.scoring:
            return examples * self.tokens / self.measured.scoring / self._share()
        return self._forward(examples) * (1 - self._frozen())

    def keep(self, examples: int) -> float:
        """The frozen trunk's output for so many texts."""
        return self._forward(examples) * self._frozen()

    def _share(self) -> float:
        """How much quicker all threads of this machine are than those that were measured."""
        return self.measured.share(computing_threads()) if self.measured else 1.0

    def _forward(self, examples: int) -> float:
        parameters = _WORKING_PARAMETERS.get(self.learner.model, _UNKNOWN_PARAMETERS)
        return 2 * parameters * examples * self.tokens / _machine(self.device)[0]

    def _frozen(self) -> float:
        """Share of the layers that are run once only."""
        asked = self.learner.trunk_layers
        if not asked:
            return 0.0
        if self.learner.trains == "head":
            return 1.0
        return 2 / 3 if asked == "auto" else min(1.0, asked / _LAYERS.get(self.learner.model, 12))


def _machine(device: str) -> tuple[float, str]:
    """Floating-point operations a second that models reach, and what that rests on."""
    if device != "cpu":
        return _GPU_RATE * _REACHED["cuda"], "a current GPU assumed"
    rate = _matrix_rate()
    return rate * _REACHED["cpu"], f"{rate / 1e9:,.0f} Gflop/s measured"


def _device(name: str) -> str:
    if name == "auto":
        return "cuda" if usable_gpus().gpus else "cpu"
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
