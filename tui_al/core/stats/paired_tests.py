"""Paired comparisons over seeds: differences with intervals, corrected for how many there are, and
labels needed to reach a target.

Two arms of a sweep run the same seeds, so they are compared seed by seed, which takes the luck of
the seed set out. With three to five seeds a percentile bootstrap is too narrow: of three values it
covers the mean in three cases of four at best. So verdicts rest on Student's t, which is right for
few seeds as long as differences are roughly normal; the bootstrap is told beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from tui_al.core.arrays import FloatArray
from tui_al.core.stats.intervals import LEVEL, Interval

_RESAMPLES = 10_000
_ROUNDING = 1e-12


class Verdict(StrEnum):
    """What an interval says about a claim."""

    HELD = "held"
    NOT_HELD = "not held"
    UNDECIDED = "not decidable"


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The mean of paired differences, one a seed."""

    mean: float
    sd: float  #: sample standard deviation; 0 of a single pair
    student: Interval | None  #: None of a single pair, which tells nothing of its spread
    bootstrap: Interval | None  #: percentiles of resampled means
    p: float | None  #: two-sided, of Student's paired test
    pairs: int


def paired_difference(differences: Sequence[float], seed: int = 0) -> PairedDifference:
    """Mean, intervals and p of differences of which there is one a seed; at least one.

    Args:
        seed: of the bootstrap's resampling.
    """
    values = np.asarray(differences, dtype=np.float64)
    count, mean = len(values), float(values.mean())
    if count == 1:
        return PairedDifference(mean, 0.0, None, None, None, 1)
    sd = float(values.std(ddof=1))
    interval, p = _student(mean, sd / np.sqrt(count), count - 1)
    return PairedDifference(mean, sd, interval, bootstrap_mean(differences, seed), p, count)


def stratified_difference(
    strata: Sequence[Sequence[float]], seed: int = 0
) -> PairedDifference | None:
    """The mean of several strata's mean differences, each counting alike; None where no stratum has
    two values.

    Strata (data sets) are taken as they are, not as drawn from more of them: the error is of the
    seeds within, sqrt(sum of s²/n) over how many strata there are, with Satterthwaite's (1946)
    degrees of freedom. A stratum of one value, which tells nothing of its spread, is left out. `sd`
    is the root of the mean variance within strata, `pairs` counts the values.

    Args:
        strata: paired differences, one a seed.
        seed: of the bootstrap's resampling, which is within strata.
    """
    arrays = [np.asarray(values, dtype=np.float64) for values in strata if len(values) > 1]
    if not arrays:
        return None
    mean = float(np.mean([values.mean() for values in arrays]))
    parts = np.array([values.var(ddof=1) / len(values) for values in arrays])
    error = float(np.sqrt(parts.sum())) / len(arrays)
    interval, p = _student(mean, error, _satterthwaite(parts, [len(values) for values in arrays]))
    rng = np.random.default_rng(seed)
    resampled = [
        values[rng.integers(len(values), size=(_RESAMPLES, len(values)))].mean(axis=1)
        for values in arrays
    ]
    low, high = np.quantile(np.mean(resampled, axis=0), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return PairedDifference(
        mean,
        float(np.sqrt(np.mean([values.var(ddof=1) for values in arrays]))),
        interval,
        Interval(mean, float(low), float(high)),
        p,
        sum(map(len, arrays)),
    )


def _student(mean: float, error: float, degrees: float) -> tuple[Interval, float]:
    """The interval of a mean with this standard error, and the two-sided p of its being 0."""
    if not error:
        return Interval(mean, mean, mean), 1.0 if mean == 0 else 0.0
    from scipy.stats import t as student  # here, as the label screen would wait for it otherwise

    half = float(student.ppf((1 + LEVEL) / 2, degrees)) * error
    return Interval(mean, mean - half, mean + half), float(
        2 * student.sf(abs(mean) / error, degrees)
    )


def _satterthwaite(parts: FloatArray, counts: Sequence[int]) -> float:
    """Degrees of freedom of a sum of variances of means, s²/n each."""
    if not parts.any():
        return float(sum(counts) - len(counts))
    within = parts**2 / (np.asarray(counts) - 1)
    return float(parts.sum() ** 2 / within.sum())


def bootstrap_mean(values: Sequence[float], seed: int = 0) -> Interval | None:
    """The mean, and percentiles of means of resamples; None of a single value.

    Args:
        seed: of the resampling.
    """
    count = len(values)
    if count < 2:
        return None
    array = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(count, size=(_RESAMPLES, count))
    low, high = np.quantile(array[picks].mean(axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(array.mean()), float(low), float(high))


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979): the smallest p times how many there are, the next times
    one less, never falling."""
    adjusted = [0.0] * len(ps)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return adjusted


def labels_to_reach(
    labels: Sequence[float], values: Sequence[float], target: float
) -> float | None:
    """Where a curve first reaches a target, on straight lines between its points; None if it does
    not."""
    for place, value in enumerate(values):
        if value >= target - _ROUNDING:
            if place == 0:
                return float(labels[0])
            before, left = values[place - 1], labels[place - 1]
            share = min(1.0, (target - before) / (value - before))
            return float(left + share * (labels[place] - left))
    return None


def is_positive(difference: PairedDifference) -> Verdict:
    """Whether the difference is above 0: held if its whole interval is, not held if its whole
    interval is below."""
    return _judged(difference, lambda i: i.low > 0, lambda i: i.high < 0)


def is_within(difference: PairedDifference, margin: float) -> Verdict:
    """Whether the difference is no larger than the margin either way: equivalence, not mere absence
    of significance."""
    return _judged(
        difference,
        lambda i: -margin < i.low and i.high < margin,
        lambda i: i.high < -margin or i.low > margin,
    )


def is_not_below(difference: PairedDifference, margin: float) -> Verdict:
    """Whether the difference is not worse than -margin: held if its whole interval is, not held if
    all of it is below 0."""
    return _judged(difference, lambda i: i.low > -margin, lambda i: i.high < 0)


def _judged(
    difference: PairedDifference,
    held: Callable[[Interval], bool],
    not_held: Callable[[Interval], bool],
) -> Verdict:
    interval = difference.student
    if interval is None:
        return Verdict.UNDECIDED
    if held(interval):
        return Verdict.HELD
    return Verdict.NOT_HELD if not_held(interval) else Verdict.UNDECIDED
