"""Intervals against published tables, and their coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from tui_al.core.stats.intervals import Interval, paired_difference, share_interval


@pytest.mark.parametrize(
    ("hits", "size", "low", "high"),
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_share_as_published(hits: int, size: int, low: float, high: float) -> None:
    interval = share_interval(hits / size, size)
    assert (interval.value, interval.low, interval.high) == pytest.approx(
        (hits / size, low, high), abs=5e-5
    )


def test_share_of_a_population() -> None:
    # 30 of 100 seen count as 30 x 99 / 70 = 42.43 of many
    assert share_interval(0.8, 30, 100) == share_interval(0.8, 30 * 99 / 70)
    assert share_interval(0.8, 30, 30) == Interval(0.8, 0.8, 0.8)


@pytest.mark.parametrize("size", [10, 25, 50, 100, 200])
def test_share_covers(size: int) -> None:
    hits = np.arange(size + 1)
    intervals = [share_interval(x / size, size) for x in hits]
    covered = [
        binom.pmf(hits, size, p)[[p in interval for interval in intervals]].sum()
        for p in np.linspace(0.5, 0.95, 91)
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.008)
    assert min(covered) > 0.88


@pytest.mark.parametrize(("population", "size"), [(100, 40), (300, 60), (300, 150)])
def test_share_of_a_population_covers(population: int, size: int) -> None:
    hits = np.arange(size + 1)

    def coverage(corrected: bool) -> float:
        intervals = [
            share_interval(x / size, size, population if corrected else None) for x in hits
        ]
        return float(
            np.mean(
                [
                    hypergeom.pmf(hits, population, right, size)[
                        [right / population in interval for interval in intervals]
                    ].sum()
                    for right in range(population // 2, int(population * 0.97))
                ]
            )
        )

    assert coverage(corrected=True) == pytest.approx(0.95, abs=0.012)
    assert coverage(corrected=False) > 0.965  # too wide


@pytest.mark.parametrize(
    ("only_first", "only_second", "size", "low", "high"),
    [  # Fagerland, Lydersen & Laake (2014), tables of Bentur et al. and of Cavo et al.
        (1, 7, 21, -0.517, -0.026),
        (6, 16, 161, -0.124, -0.005),
    ],
)
def test_difference_as_published(
    only_first: int, only_second: int, size: int, low: float, high: float
) -> None:
    interval = paired_difference(only_first, only_second, size)
    assert (interval.value, interval.low, interval.high) == pytest.approx(
        ((only_first - only_second) / size, low, high), abs=5e-4
    )


def test_difference_without_discordance_by_hand() -> None:
    # with no discordant pair the score is n d / sqrt(n d (1 - d)), which is z at d = z^2 / (n +
    # z^2) = 3.8415 / 23.8415
    interval = paired_difference(0, 0, 20)
    assert (interval.low, interval.high) == pytest.approx((-0.16113, 0.16113), abs=1e-5)


@given(st.data(), st.integers(1, 300))
def test_difference_is_antisymmetric_and_holds_its_value(data: st.DataObject, size: int) -> None:
    first = data.draw(st.integers(0, size))
    second = data.draw(st.integers(0, size - first))
    one, other = paired_difference(first, second, size), paired_difference(second, first, size)
    assert -1 <= one.low <= one.value <= one.high <= 1
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-7)
    if first > second:  # one discordance more in favour moves both ends up
        assert paired_difference(first, max(second - 1, 0), size).low >= one.low - 1e-9


@given(st.integers(1, 300), st.floats(0, 1))
def test_share_holds_its_value_and_narrows(size: int, share: float) -> None:
    interval = share_interval(share, size)
    assert 0 <= interval.low <= share <= interval.high <= 1
    more = share_interval(share, 4 * size)
    assert more.high - more.low < interval.high - interval.low
