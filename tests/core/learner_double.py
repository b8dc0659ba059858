"""A learner without a model: what it predicts is computed from the rows, and it writes down what it
was asked to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Answer, Dataset, Task
from tui_al.core.loop.protocols import FitReport, MonteCarlo, Scorer
from tui_al.core.progress import ProgressCallback, TrainingProgress
from tui_al.core.query.predictions import Predictions
from tui_al.core.query.strategies import entropy


@dataclass
class LearnerDouble:
    """Probabilities from `table` (the first class's, by row), or drawn anew from (fit seed, labels,
    row)."""

    dataset: Dataset
    peak: int = 1000
    table: Sequence[float] | None = None
    fits: list[tuple[list[int], list[Answer], int]] = field(default_factory=list)
    scored: list[tuple[list[int], MonteCarlo | None]] = field(default_factory=list)

    def fit(
        self, rows: IntArray, answers: Sequence[Answer], seed: int, progress: ProgressCallback
    ) -> FitReport:
        self.fits.append(([int(row) for row in rows], list(answers), seed))
        for epoch in (1, 2):
            progress(
                TrainingProgress(epoch * len(rows), 2 * len(rows), epoch, 2, epoch, 2, 1.0 / epoch)
            )
        return FitReport(2, 2 * len(rows), 0.5)

    def score(
        self,
        rows: IntArray,
        scorers: Mapping[str, Scorer],
        progress: ProgressCallback,
        monte_carlo: MonteCarlo | None = None,
    ) -> dict[str, FloatArray]:
        self.scored.append(([int(row) for row in rows], monte_carlo))
        predictions = self._predictions("train", rows, monte_carlo.seed if monte_carlo else 0)
        progress(TrainingProgress(len(rows), len(rows)))
        return {name: scorer(predictions) for name, scorer in scorers.items()}

    def predict(
        self, split: Literal["train", "test"], rows: IntArray, progress: ProgressCallback
    ) -> Predictions:
        progress(TrainingProgress(len(rows), len(rows)))
        return self._predictions(split, rows, 0)

    def save(self, directory: Path) -> None:
        raise AssertionError("the loop does not save")

    def peak_bytes(self) -> int:
        return self.peak

    def _predictions(self, split: str, rows: IntArray, extra: int) -> Predictions:
        examples = self.dataset.train if split == "train" else self.dataset.test
        if self.dataset.task is Task.CLASSIFICATION:
            lengths = [1] * len(rows)
        else:
            lengths = [len(examples[row].tokens) for row in rows]
        blocks = [
            self._probs(split, int(row), n, extra) for row, n in zip(rows, lengths, strict=True)
        ]
        probs = np.concatenate(blocks) if blocks else np.zeros((0, len(self.dataset.outputs)))
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Predictions(probs, offsets, 0.8 * entropy(probs))

    def _probs(self, split: str, row: int, units: int, extra: int) -> FloatArray:
        if self.table is not None and split == "train":
            return np.array([[self.table[row], 1 - self.table[row]]] * units)
        labelled, _, seed = self.fits[-1]
        rng = np.random.default_rng([seed, len(labelled), row, extra, split == "test"])
        return rng.dirichlet(np.full(len(self.dataset.outputs), 0.5), units)
