"""Whole labelling sessions in miniature: a pool, a strategy, a learner that is trained anew each
round, and an audit.

Texts are points of a mixture of Gaussians, as an encoder's states would be; the learner is logistic
regression on them, trained on the labels that the strategy chose (the smallest margin first). The
truth is its accuracy on 4,000 fresh points."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tui_al.core.loop.annotation_channel import sample_audit
from tui_al.core.query.predictions import Predictions
from tui_al.core.query.strategies import breaking_ties
from tui_al.core.stats.audit_sample import accuracy_interval, audit_due
from tui_al.core.stats.intervals import Interval

CLASSES, DIMENSIONS, POOL, SEED_SET, BATCH, ROUNDS, SHARE = 5, 6, 1_000, 15, 64, 5, 0.25

Points = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Look:
    """What the app would show after a round, and what is true."""

    audited: int
    estimate: Interval
    truth: float


def session(seed: int, audit: Literal["random", "strategy"]) -> Iterator[Look]:
    """One session; with `audit="strategy"` the strategy also chooses what is audited, which is the
    mistake to be found out."""
    rng = np.random.default_rng([seed, 4])
    centres = rng.normal(0, rng.uniform(0.8, 2.0), (CLASSES, DIMENSIONS))
    points, labels = draw(POOL, centres, rng)
    fresh = draw(4_000, centres, rng)
    waiting = sample_audit(seed, np.arange(POOL), SHARE).tolist()
    unlabelled = np.setdiff1d(np.arange(POOL), waiting)
    trained = rng.choice(unlabelled, SEED_SET, replace=False)
    audited: list[int] = []
    model = fit(points[trained], labels[trained])
    for _ in range(ROUNDS):
        unlabelled = np.setdiff1d(unlabelled, [*trained, *audited])
        predictions = Predictions.of_texts(probabilities(points[unlabelled], model))
        queries = unlabelled[np.argsort(-breaking_ties(predictions))][:BATCH]
        due = audit_due(len(trained) + len(audited), len(audited), BATCH, SHARE)
        if audit == "random":
            audited, waiting = [*audited, *waiting[:due]], waiting[due:]
        else:
            audited, queries = [*audited, *queries[:due]], queries[due:]
        trained = np.concatenate([trained, queries[: BATCH - due]])
        model = fit(points[trained], labels[trained])
        yield Look(
            len(audited),
            accuracy_interval(list(right(model, points[audited], labels[audited]))),
            float(right(model, *fresh).mean()),
        )


def draw(count: int, centres: Points, rng: np.random.Generator) -> tuple[Points, Labels]:
    """Points (count, dimensions) around centres that are not equally frequent, and which centre
    each belongs to."""
    shares = np.arange(1, CLASSES + 1) / np.arange(1, CLASSES + 1).sum()
    labels = rng.choice(CLASSES, count, p=shares)
    return centres[labels] + rng.normal(0, 1, (count, DIMENSIONS)), labels


def fit(points: Points, labels: Labels, steps: int = 30, rate: float = 0.7) -> Points:
    """Weights (dimensions + 1, classes) of a logistic regression, by gradient steps with a little
    weight decay."""
    inputs = np.column_stack([points, np.ones(len(points))])
    targets = np.eye(CLASSES)[labels]
    weights = np.zeros((DIMENSIONS + 1, CLASSES))
    for _ in range(steps):
        error = probabilities(points, weights) - targets
        weights -= rate * (inputs.T @ error / len(points) + 0.01 * weights)
    return weights


def probabilities(points: Points, weights: Points) -> Points:
    """(points, classes), rows sum to 1."""
    logits = points @ weights[:-1] + weights[-1]
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def right(weights: Points, points: Points, labels: Labels) -> NDArray[np.bool_]:
    """Which points are classified right."""
    return np.asarray(probabilities(points, weights).argmax(axis=1) == labels)
