"""Intervals for shares: of one model's hits, and for the difference of two models' hits on the same
examples.

The methods were chosen by how close their nominal 95 % is to the truth, for samples of 10 to 200
(`tests/benchmarks/coverage.py`):

- One share, true value .5 to .99. Wilson's is closest: it covers in 95.2 % on average, and in 93 to
  97 % at 95 % of the grid
  (Jeffreys' at 92, mid-P at 92, Agresti and Coull's at 90, Clopper and Pearson's at 75 %). Its weak
  spot: ten examples and a share of .99, where it covers in 85 %.
  A model's accuracy nevertheless gets Clopper and Pearson's, which covers in 95 % or more always:
  where most texts are right, a figure that is told to people must not promise more than it keeps.
- A paired difference, 0 to .2, where all methods err on the safe side: Tango's comes closest, 96.8
  % on average and 92.9 at worst
  (Newcombe's square-and-add 97.0 and 92.2, Bonett and Price's 97.4 and 92.8).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

#: How sure an interval is meant to be.
LEVEL = 0.95

#: The standard normal quantile at (1 + LEVEL) / 2; written out, since scipy takes seconds to import
#: and screens import this module.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate, and the limits between which the true value lies with 95 % confidence."""

    value: float
    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def share_interval(share: float, size: float, population: int | None = None) -> Interval:
    """Wilson's score interval (1927) of a share seen in a simple random sample.

    Args:
        share: hits / size, 0 to 1.
        size: of the sample, positive; an effective size, so not always whole, where examples are
        not independent.
        population: how many examples the sample was drawn from, if the share among
        exactly these is asked for. The sample then
            counts as size (population - 1) / (population - size) examples; one that is the whole
            leaves no doubt.
    """
    if population is not None:
        if population <= size:
            return Interval(share, share, share)
        size *= (population - 1) / (population - size)
    middle = (share + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    half = _Z * math.sqrt(share * (1 - share) / size + (_Z / (2 * size)) ** 2) / (1 + _Z**2 / size)
    return Interval(share, min(max(middle - half, 0.0), share), max(min(middle + half, 1.0), share))


def exact_interval(hits: int, size: int) -> Interval:
    """Clopper and Pearson's exact interval (1934) of a share; it covers the truth in 95 % of
    samples or more, whatever the truth.

    Args:
        hits: 0 to size.
        size: of a simple random sample, positive.
    """
    from scipy.special import betaincinv

    tail = (1 - LEVEL) / 2
    low = float(betaincinv(hits, size - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, size - hits, 1 - tail)) if hits < size else 1.0
    return Interval(hits / size, low, high)


def paired_difference(only_first: int, only_second: int, size: int) -> Interval:
    """Tango's score interval (1998) of the first share minus the second, both seen on the same
    examples.

    Args:
        only_first: examples that only the first got right.
        only_second: examples that only the second got right.
        size: all examples, those that both or neither got right included; positive.
    """
    difference = (only_first - only_second) / size

    def errors_above(delta: float) -> float:
        """How many standard errors the seen difference is above `delta`; falls as `delta` grows."""
        # the likeliest share of `only_second` under this difference solves 2 size q^2 + linear q -
        # constant = 0
        linear = -only_first - only_second + (2 * size - only_first + only_second) * delta
        constant = only_second * delta * (1 - delta)
        likeliest = (math.sqrt(max(linear**2 + 8 * size * constant, 0.0)) - linear) / (4 * size)
        variance = size * (2 * likeliest + delta * (1 - delta))
        return (only_first - only_second - size * delta) / math.sqrt(max(variance, 1e-300))

    return Interval(
        difference,
        _crossing(lambda delta: errors_above(delta) - _Z, -1.0, difference),
        _crossing(lambda delta: errors_above(delta) + _Z, difference, 1.0),
    )


def _crossing(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where the function is 0 between the two; the end it comes nearest to 0 at if it is not."""
    from scipy.optimize import brentq

    if falling(low) <= 0:
        return low
    return high if falling(high) >= 0 else float(brentq(falling, low, high, xtol=1e-10))
