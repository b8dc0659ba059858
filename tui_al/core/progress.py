"""How far a learner is, and whoever is told."""

from collections.abc import Callable
from dataclasses import dataclass

#: Called between steps with units done, and in training with epoch, step and loss. May raise
#: EngineStopped.
ProgressCallback = Callable[["TrainingProgress"], None]


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far a learner is in `fit`, `score` or `predict`."""

    done: int  #: examples so far, over all epochs
    total: int
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    loss: float | None = None


def silent(_: "TrainingProgress") -> None:
    """A progress sink that tells nobody."""
