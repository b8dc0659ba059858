"""The seams of the loop: who learns, who answers, and who is told."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Answer
from tui_al.core.progress import ProgressCallback
from tui_al.core.query.predictions import Predictions
from tui_al.core.session.events import RoundResult

#: Scores of the examples in a batch of predictions, (n,); the higher, the more worth asking about.
Scorer = Callable[[Predictions], FloatArray]


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """Monte-Carlo dropout: `passes` forward passes with every dropout of encoder, adapter and head
    at `rate`."""

    passes: int
    rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class FitReport:
    """What a training did: optimizer steps, examples seen and the mean loss of the last epoch."""

    steps: int
    examples: int
    loss: float
    pieces: int = 1  #: that batches were worked through in at the end, for want of memory


class Learner(Protocol):
    """A model on the data of one session. Rows are positions in the data set's train or test
    split."""

    def fit(
        self,
        rows: IntArray,
        answers: Sequence[Answer],
        seed: int,
        progress: ProgressCallback,
    ) -> FitReport:
        """Train on these training rows; from the pretrained weights for a cold start."""
        ...

    def score(
        self,
        rows: IntArray,
        scorers: Mapping[str, Scorer],
        progress: ProgressCallback,
        monte_carlo: MonteCarlo | None = None,
    ) -> dict[str, FloatArray]:
        """Every scorer's value for these training rows, (rows,) each, from one pass over them."""
        ...

    def predict(
        self, split: Literal["train", "test"], rows: IntArray, progress: ProgressCallback
    ) -> Predictions:
        """Probabilities for these rows, in their order."""
        ...

    def save(self, directory: Path) -> None:
        """Write the model so that `load` and other programs can read it."""
        ...

    def peak_bytes(self) -> int:
        """Highest memory use since the last call: of the device (CUDA) or of the process."""
        ...


class FirstPoints(Protocol):
    """Round 0's points, which all strategies of one seed have in common: the same seed set trains
    the same successor."""

    def turn(
        self, seed: int, ids: Sequence[str], answers: Sequence[Answer]
    ) -> AbstractContextManager[RoundResult | None]:
        """The point that another session computed on these labels, or None: then it is this one's
        turn to."""
        ...

    def keep(self, point: RoundResult) -> None:
        """Tell the point of the turn that is on, for the others."""
        ...
