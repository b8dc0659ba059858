"""Second look: labelled examples whose label the models of the last rounds dispute.

A label that several models in a row would not have given, although most of them learned from it, is often a slip or a truly
ambiguous text (compare "confident learning", Northcutt et al. 2021, and area under the margin, Pleiss et al. 2020).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tui_al.core.predictions import FloatArray, IntArray, Predictions


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one round's model says about labelled examples; NaN and -1 for those it was not asked about."""

    given: FloatArray  # (n,), probability of the given label
    other: FloatArray  # (n,), of the likeliest other one
    other_class: IntArray  # (n,), which that is
    unit: IntArray  # (n,), the word that speaks loudest against the label; 0 for texts


@dataclass(frozen=True, slots=True)
class Dispute:
    """Why an example deserves a second look, in numbers; means over the rounds that were asked about it."""

    position: int  #: of the example in the opinions
    margin: (
        float  #: mean of other - given, -1 to 1: above 0 the models would have chosen another label
    )
    given: float  #: mean probability of the given label
    other: float  #: mean probability of the likeliest other one
    other_class: int  #: the other one that most rounds preferred; the latest among equals
    unit: int  #: the word that the latest round disputes most; 0 for texts
    against: int  #: rounds that found another label likelier
    rounds: int  #: rounds that were asked


def opinion_of(predictions: Predictions, labels: IntArray) -> Opinion:
    """One model's opinion of the given labels.

    Args:
        predictions: of n examples; at least two classes.
        labels: (units,), the given class of each unit. A sentence is spoken for by the word with the largest margin.
    """
    probs = predictions.probs.astype(np.float64)
    units = np.arange(len(labels))
    given = probs[units, labels]
    others = probs.copy()
    others[units, labels] = -1.0
    other_class = others.argmax(axis=1)
    other = others[units, other_class]
    n = len(predictions)
    empty = predictions.lengths() == 0
    loudest = np.zeros(n, dtype=np.int64)
    for i in np.flatnonzero(~empty):
        start, end = predictions.offsets[i], predictions.offsets[i + 1]
        loudest[i] = start + np.argmax(other[start:end] - given[start:end])
    opinion = Opinion(
        np.full(n, np.nan), np.full(n, np.nan), np.full(n, -1), np.zeros(n, dtype=np.int64)
    )
    asked = loudest[~empty]
    opinion.given[~empty], opinion.other[~empty] = given[asked], other[asked]
    opinion.other_class[~empty] = other_class[asked]
    opinion.unit[~empty] = asked - predictions.offsets[:-1][~empty]
    return opinion


def disputed(opinions: Sequence[Opinion], last: int = 3) -> list[Dispute]:
    """Examples whose label the last rounds dispute on average, the most disputed first; ties in the examples' order.

    Args:
        opinions: of one round after the other, about the same examples.
        last: how many rounds, counted from the end, have a say.
    """
    if not opinions:
        return []
    recent = opinions[-last:]
    given = np.array([o.given for o in recent])  # (rounds, n)
    other = np.array([o.other for o in recent])
    asked = ~np.isnan(given)
    rounds = asked.sum(axis=0)
    margins = np.where(asked, other - given, 0.0)
    mean = margins.sum(axis=0) / np.maximum(rounds, 1)
    ranked = np.argsort(-mean.round(9), kind="stable")  # what rounding errors tell apart is a tie
    return [_dispute(int(i), recent, asked[:, i], float(mean[i])) for i in ranked if mean[i] > 0]


def _dispute(i: int, recent: Sequence[Opinion], asked: FloatArray, margin: float) -> Dispute:
    said = [opinion for opinion, was_asked in zip(recent, asked, strict=True) if was_asked]
    votes = Counter(int(opinion.other_class[i]) for opinion in reversed(said))
    return Dispute(
        position=i,
        margin=margin,
        given=float(np.mean([opinion.given[i] for opinion in said])),
        other=float(np.mean([opinion.other[i] for opinion in said])),
        other_class=votes.most_common(1)[0][0],
        unit=int(said[-1].unit[i]),
        against=sum(bool(opinion.other[i] > opinion.given[i]) for opinion in said),
        rounds=len(said),
    )
