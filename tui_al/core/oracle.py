"""The simulated oracle: gold answers, some of them wrong if asked for."""

from dataclasses import dataclass

import numpy as np

from tui_al.core.loop import Answered, LabelsWanted, Purpose
from tui_al.core.tags import spans_of, tags_of
from tui_al.core.tasks import Answer, Dataset


@dataclass(frozen=True, slots=True)
class SimulatedOracle:
    """Answers from the data set.

    With `noise`, each text gets a wrong class with that probability, or each entity a wrong type (none, if there is but one type).
    Which ones are wrong depends on seed and row only, not on when or in what company a row is asked for.
    """

    dataset: Dataset
    seed: int
    noise: float = 0.0

    def answer(self, wanted: LabelsWanted) -> Answered:
        """One answer a row; `by` says "gold", or "noise" where the answer is not the gold one."""
        pairs = [self._answer(int(row)) for row in wanted.rows]
        return Answered([answer for answer, _ in pairs], [by for _, by in pairs])

    def _answer(self, row: int) -> tuple[Answer, str]:
        gold = self.dataset.train[row].answer
        if gold is None:
            raise ValueError(f"row {row} has no gold answer")
        if not self.noise:
            return gold, "gold"
        rng = np.random.default_rng([self.seed, row, Purpose.LABEL_NOISE])
        given = (
            self._noisy_class(gold, rng) if isinstance(gold, str) else self._noisy_tags(gold, rng)
        )
        return given, "gold" if given == gold else "noise"

    def _noisy_class(self, gold: str, rng: np.random.Generator) -> str:
        if rng.random() >= self.noise:
            return gold
        others = [label for label in self.dataset.labels if label != gold]
        return others[rng.integers(len(others))]

    def _noisy_tags(self, gold: tuple[str, ...], rng: np.random.Generator) -> tuple[str, ...]:
        spans = []
        for start, end, kind in spans_of(gold):
            if rng.random() >= self.noise:
                spans.append((start, end, kind))
                continue
            others = [label for label in self.dataset.labels if label != kind]
            if others:
                spans.append((start, end, others[rng.integers(len(others))]))
        return tuple(tags_of(spans, len(gold)))
