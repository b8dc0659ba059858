"""Multinomial logistic regression with an L2 penalty, fitted by L-BFGS from zero, so that it
depends on no seed."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from tui_al.core.arrays import FloatArray, IntArray

#: Weight of the data against the penalty on the weights, for features of length one.
STRENGTH = 10.0

#: Features of examples, one row each: dense, or sparse where they count words.
Features: TypeAlias = Any  # FloatArray | csr_matrix, of which scipy tells no types


def fit(
    x: Features, y: IntArray, classes: int, iterations: int, step: Callable[[], None]
) -> tuple[FloatArray, float]:
    """Weights (classes, features + 1), the last column being the bias, which is free; and the loss
    that is left.

    Args:
        x: (examples, features).
        y: (examples,), the class of each.
        iterations: at most so many.
        step: called after each iteration; may raise to end the training.
    """
    from scipy.optimize import minimize  # here, as the label screen would wait for it otherwise

    shape = (classes, x.shape[1] + 1)
    found = minimize(
        _loss, np.zeros(shape).ravel(), args=(x, y, shape), jac=True, method="L-BFGS-B",
        callback=lambda _: step(), options={"maxiter": iterations},
    )  # fmt: skip
    return found.x.reshape(shape), float(found.fun)


def probabilities(x: Features, weights: FloatArray) -> FloatArray:
    """Of each class, (examples, classes)."""
    from scipy.special import softmax

    weights = weights.astype(x.dtype)
    found: FloatArray = softmax(x @ weights[:, :-1].T + weights[:, -1], axis=1)
    return found


def _loss(flat: FloatArray, x: Features, y: IntArray, shape: tuple[int, int]) -> Any:
    """Negative log-likelihood plus penalty, and its gradient; products in the precision of `x`,
    which is not converted each time."""
    from scipy.special import logsumexp, softmax

    weights = flat.reshape(shape).astype(x.dtype)
    logits = x @ weights[:, :-1].T + weights[:, -1]
    likelihood = logits[np.arange(len(y)), y] - logsumexp(logits, axis=1)
    excess = softmax(logits, axis=1)
    excess[np.arange(len(y)), y] -= 1
    gradient = np.empty(shape)
    gradient[:, :-1] = (x.T @ excess).T + weights[:, :-1] / STRENGTH
    gradient[:, -1] = excess.sum(axis=0)
    penalty = (flat.reshape(shape)[:, :-1] ** 2).sum() / (2 * STRENGTH)
    return float(penalty - likelihood.sum(dtype=np.float64)), gradient.ravel()
