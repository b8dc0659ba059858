"""What a model says about examples, in one shape for both tasks.

A *unit* is what gets one label: the text itself in classification, a word in tagging.
Classification is the case of one unit an example, so every score is written once, as an operation
on units followed by a reduction over each example's units."""

from dataclasses import dataclass

import numpy as np

from tui_al.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Predictions:
    """Class probabilities of n examples with `units` units in all.

    With Monte-Carlo dropout, `probs` is the mean over the T passes and `expected_entropy` the mean
    of the T passes' entropies (nats); together they are all that BALD needs, so memory does not
    depend on T.
    """

    probs: FloatArray  # (units, classes), rows sum to 1
    offsets: IntArray  # (n + 1,), example i owns units offsets[i]:offsets[i + 1]
    expected_entropy: FloatArray | None = None  # (units,)

    @classmethod
    def of_texts(
        cls, probs: FloatArray, expected_entropy: FloatArray | None = None
    ) -> "Predictions":
        """Predictions of a classifier: one unit an example."""
        return cls(probs, np.arange(len(probs) + 1), expected_entropy)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def lengths(self) -> IntArray:
        """Units of each example, (n,)."""
        return np.diff(self.offsets)

    def sum_over_units(self, values: FloatArray) -> FloatArray:
        """Sum of each example's unit values, (units,) to (n,); an example without units gets 0."""
        return self._reduce(np.add, values)

    def min_over_units(self, values: FloatArray) -> FloatArray:
        """Smallest of each example's unit values, (units,) to (n,); an example without units gets
        0."""
        return self._reduce(np.minimum, values)

    def mean_over_units(self, values: FloatArray) -> FloatArray:
        """Mean of each example's unit values, (units,) to (n,); an example without units gets 0."""
        return self.sum_over_units(values) / np.maximum(self.lengths(), 1)

    def _reduce(self, how: np.ufunc, values: FloatArray) -> FloatArray:
        reduced = np.zeros(len(self), dtype=np.float64)
        filled = self.lengths() > 0
        if filled.any():
            reduced[filled] = how.reduceat(
                np.asarray(values, dtype=np.float64), self.offsets[:-1][filled]
            )
        return reduced
