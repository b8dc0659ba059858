"""How good the successor is, said without a test set: from a random sample of the pool that is
labelled blind as the work goes on.

The sample is drawn before anything is labelled and never shown to the strategy or to training. That
is what makes the estimate unbiased: what is left of a pool after a strategy has taken its queries
is easier than the pool, and what it took is harder. Every successor is tested on all audit labels
there are so far; none of them made it.

An estimate is about *texts like those of the pool* that the model has not learned from, the ones it
will meet in use. `population` is for the other question, the share among exactly these texts, and
narrows the interval as the sample nears them all. Each interval covers the true value with 95 %
confidence by itself; over many looks at a growing sample one of them will miss."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Answer
from tui_al.core.data.tags import spans_of
from tui_al.core.stats.intervals import (
    LEVEL,
    Interval,
    exact_interval,
    paired_difference,
    share_interval,
)


class Verdict(StrEnum):
    """What a difference with its interval says."""

    BETTER = "better"
    WORSE = "worse"
    UNDECIDED = "not decidable"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of two models on the same audit examples, the first minus the second."""

    difference: Interval
    verdict: Verdict  #: on the first model
    examples: int


def audit_rows(pool: int, share: float, rng: np.random.Generator) -> IntArray:
    """The rows to set aside for the audit, in the order in which they are to be labelled;
    (round(share pool),), at least one.

    As `share` of all labels go to the audit, this many last exactly as long as the pool.

    Args:
        pool: rows that may be labelled.
        share: of the labels that go to the audit, 0 to 1.
        rng: seeded; the same draw must come out after a restart.
    """
    return rng.permutation(pool)[: max(1, round(share * pool))]


def audit_due(labelled: int, audited: int, batch: int, share: float) -> int:
    """How many of the next `batch` are for the audit, so that `share` of all labels are; shares of
    small batches add up.

    Args:
        labelled: labels so far, audit and other.
        audited: those of them that were for the audit.
        batch: labels to be asked for next.
        share: of the labels that go to the audit, 0 to 1.
    """
    wanted = round(share * (labelled + batch)) - audited
    return min(max(wanted, 0), batch)


def accuracy_interval(hits: Sequence[bool], population: int | None = None) -> Interval:
    """Accuracy from whether each audit example was predicted right; ValueError without any.

    Exact (Clopper and Pearson); of a finite `population` Wilson's, corrected for its size.
    """
    if not len(hits):
        raise ValueError("no audit label yet")
    right = sum(map(bool, hits))
    if population is None:
        return exact_interval(right, len(hits))
    return share_interval(right / len(hits), len(hits), population)


def entity_f1_interval(
    gold: Sequence[Answer], predicted: Sequence[Answer], population: int | None = None
) -> Interval | None:
    """Micro F1 over entities from audit sentences; None without an entity among gold and
    predictions.

    F1 = 2J / (1 + J), with J the share of right ones among all distinct entities of gold and
    predictions. J is a share in a sample of clusters (entities of one sentence are right or wrong
    together), so it gets Wilson's interval at the effective size (Korn & Graubard 1998): the
    entities over the design effect, less the doubt about the design effect itself, by t^2 / z^2
    with sentences that have entities as degrees of freedom. Simulated for 10 to 160 sentences, F1
    of .5 to .95, weak and strong clustering, it covers in 95.6 % (90.7 at worst); a bootstrap over
    sentences covers in 88.6 % (55.7), as it has no width where every entity is right
    (`tests/benchmarks/coverage.py`).
    """
    counts = np.array([_counts(g, p) for g, p in zip(gold, predicted, strict=True)], float)
    counts = counts.reshape(-1, 2)
    right, distinct = counts[:, 0], counts[:, 1]
    entities = distinct.sum()
    if not entities:
        return None
    share = float(right.sum() / entities)
    effective = float(entities)
    independent = share * (1 - share) / entities
    if len(counts) > 1 and independent:
        spread = float(np.sum((right - share * distinct) ** 2) * len(counts) / (len(counts) - 1))
        effective *= independent / (spread / entities**2) if spread else 1.0
    freedom = max(int(np.count_nonzero(distinct)) - 1, 1)
    effective *= (_t(np.inf) / _t(freedom)) ** 2
    if population is not None:
        if population <= len(counts):
            return Interval(*[_f1(share)] * 3)
        effective *= (population - 1) / (population - len(counts))
    interval = share_interval(share, effective)
    return Interval(_f1(share), _f1(interval.low), _f1(interval.high))


def compare_hits(first: Sequence[bool], second: Sequence[bool]) -> Comparison:
    """Whether the first model is more accurate than the second, on the same audit examples;
    ValueError without any.

    For "is the strategy worth it against random", the first learned from the strategy's labels, the
    second from as many random ones, neither from the examples compared on. Random ones can be audit
    labels: split them into folds, and test both models on the fold that the second did not learn
    from.
    """
    pairs = [(bool(a), bool(b)) for a, b in zip(first, second, strict=True)]
    if not pairs:
        raise ValueError("no audit label yet")
    difference = paired_difference(
        sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs), len(pairs)
    )
    return Comparison(difference, verdict_on(difference), len(pairs))


def compare_entities(
    gold: Sequence[Answer], first: Sequence[Answer], second: Sequence[Answer]
) -> Comparison | None:
    """Whether the first model's entity F1 is higher than the second's, on the same audit sentences;
    None without entities.

    The variance of the difference of two ratios by linearisation over sentences (Woodruff 1971),
    with Student's t and the sentences that the two treat unequally as degrees of freedom: simulated
    as above it covers in 94.9 % (90.7 at worst). Where the two are alike on every sentence nothing
    can be said, and the interval is all that is possible."""
    sides = []
    difference = 0.0
    for predicted, sign in ((first, 1), (second, -1)):
        counts = np.array([_counts(g, p) for g, p in zip(gold, predicted, strict=True)], float)
        right, size = counts.reshape(-1, 2)[:, 0], counts.reshape(-1, 2).sum(axis=1)
        if not size.sum():
            return None
        f1 = float(2 * right.sum() / size.sum())
        difference += sign * f1
        sides.append(sign * (2 * right - f1 * size) / size.sum())
    residuals = sides[0] + sides[1]
    n = len(residuals)
    spread = float(np.sum(residuals**2))
    if n < 2 or not spread:
        return Comparison(Interval(difference, -1.0, 1.0), Verdict.UNDECIDED, n)
    freedom = max(int(np.count_nonzero(residuals)) - 1, 1)
    half = _t(freedom) * math.sqrt(spread * n / (n - 1))
    interval = Interval(difference, max(difference - half, -1.0), min(difference + half, 1.0))
    return Comparison(interval, verdict_on(interval), n)


def verdict_on(difference: Interval) -> Verdict:
    """Better or worse where the whole interval is on one side of 0."""
    if difference.low > 0:
        return Verdict.BETTER
    return Verdict.WORSE if difference.high < 0 else Verdict.UNDECIDED


def _counts(gold: Answer, predicted: Answer) -> tuple[int, int]:
    """Of one sentence: entities in both, and distinct ones in either (their sum is gold +
    predicted)."""
    in_gold, in_predicted = set(spans_of(tuple(gold))), set(spans_of(tuple(predicted)))
    return len(in_gold & in_predicted), len(in_gold | in_predicted)


def _t(freedom: float) -> float:
    """Student's two-sided quantile; the normal one for infinite freedom."""
    from scipy.stats import t as student  # here, as the label screen would wait for it otherwise

    return float(student.ppf((1 + LEVEL) / 2, freedom))


def _f1(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)
