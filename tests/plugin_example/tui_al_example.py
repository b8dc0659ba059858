"""Two strategies for tui-al: one by a scoring function, one that also chooses by itself."""

import numpy as np
from numpy.typing import NDArray

from tui_al import Predictions, Strategy, Task


def ratio(predictions: Predictions) -> NDArray[np.floating]:
    """asks where the second label is nearly as likely as the first"""
    top = np.sort(predictions.probs.astype(np.float64), axis=1)[:, -2:]
    return 1 - predictions.mean_over_units(1 - top[:, 0] / top[:, 1])


def _drawn(
    scores: NDArray[np.floating], costs: NDArray[np.integer], budget: int, rng: np.random.Generator
) -> NDArray[np.integer]:
    """Draw without replacement, an example twice as likely whose score is twice as high (Efraimidis
    & Spirakis 2006)."""
    weights = np.clip(np.nan_to_num(scores, posinf=1e9), 1e-9, None)
    order = np.argsort(-np.log(rng.random(len(scores))) / weights, kind="stable")
    spent = np.cumsum(costs[order])
    return order[: int(np.searchsorted(spent, budget)) + 1]


SAMPLED = Strategy(
    "sampled",
    "drawn by least confidence",
    "draws texts, those of which the model is unsure more often",
    "probabilities",
    (Task.CLASSIFICATION,),
    lambda predictions: 1 - predictions.min_over_units(predictions.probs.max(axis=1, initial=0)),
    _drawn,
)
