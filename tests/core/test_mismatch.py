"""Distances of hand-made score distributions with known answers, and agreement of rankings."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.stats.score_distance import (
    BINS,
    SMOOTHING,
    agreement,
    distances,
    histogram,
    histogram_lines,
)

SCORES = st.lists(st.integers(0, 100), min_size=2, max_size=30)


def scores(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_a_shift_by_hand() -> None:
    # every score moves by .25: that is the Wasserstein distance
    found = distances(scores(0.0, 0.5, 1.0), scores(0.25, 0.75, 1.25))
    assert found.wasserstein == pytest.approx(0.25)
    assert (found.size, found.bins, found.smoothing) == (3, 64, 1e-9)


def test_shares_of_two_bins_by_hand() -> None:
    # 0 and 1 are the first and the last bin; shares 1/2 1/2 against 1/4 3/4
    full, other = scores(0, 0, 1, 1), scores(0, 1, 1, 1)
    found = distances(full, other)
    assert found.kl == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3), abs=1e-6)
    assert found.wasserstein == pytest.approx(0.25)  # a quarter of the scores moves by 1
    # the other direction is another number: 1/4 log 1/2 + 3/4 log 3/2
    assert distances(other, full).kl == pytest.approx(
        0.25 * math.log(0.5) + 0.75 * math.log(1.5), abs=1e-6
    )


def test_a_bin_that_only_one_fills() -> None:
    # half of the first's scores lie where the second has none: 1/2 log(1/2 / 1e-9), and 1/2 log 1/2
    found = distances(scores(0, 1), scores(0, 0))
    assert found.kl == pytest.approx(0.5 * math.log(0.5e9) + 0.5 * math.log(0.5), abs=1e-6)


def test_bins_are_64_from_the_pooled_range() -> None:
    # 0 and 1/64 are in neighbouring bins of [0, 1], 0 and 0.9/64 in the same
    apart = distances(scores(0, 1), scores(1.001 / 64, 1))
    together = distances(scores(0, 1), scores(0.9 / 64, 1))
    assert apart.kl > 1
    assert together.kl == pytest.approx(0)
    assert BINS == 64
    assert SMOOTHING == 1e-9


def test_the_size_of_the_pool_does_not_matter() -> None:
    full, other = scores(0, 0, 1, 1), scores(0, 1, 1, 1)
    once, often = distances(full, other), distances(np.tile(full, 50), np.tile(other, 50))
    assert (often.kl, often.wasserstein) == pytest.approx((once.kl, once.wasserstein))


def test_no_distance() -> None:
    for same in (scores(0.1, 0.2, 0.9), scores(0.5, 0.5)):
        found = distances(same, same[::-1])
        assert (found.wasserstein, found.kl) == pytest.approx((0, 0))


@pytest.mark.slow
@given(SCORES, st.randoms())
def test_distances_are_of_distributions(values: list[int], random: object) -> None:
    full = np.array(values, dtype=np.float64)
    other = np.array(sorted(values)[::-1], dtype=np.float64) / 2
    found = distances(full, other)
    assert found.kl >= -1e-12
    assert found.wasserstein == pytest.approx(np.mean(np.sort(full) - np.sort(other)))
    assert distances(np.sort(full), other) == distances(full, other)


def test_rankings_by_hand() -> None:
    # ranks 1 2 3 4 against 2 1 4 3: d^2 sums to 4, rho = 1 - 6 x 4 / (4 x 15) = .6; tau: 4 of 6
    # pairs agree, 2 do not: 1/3
    found = agreement(scores(1, 2, 3, 4), scores(2, 1, 4, 3), 2, np.random.default_rng(0))
    assert found.spearman == pytest.approx(0.6)
    assert found.kendall == pytest.approx(1 / 3)
    assert found.overlap == 1.0  # both ask about the last two
    assert found.by_chance == 0.5
    one = agreement(scores(1, 2, 3, 4), scores(2, 1, 4, 3), 1, np.random.default_rng(0))
    assert (one.overlap, one.by_chance, one.batch) == (0.0, 0.25, 1)


def test_the_same_distribution_can_be_another_ranking() -> None:
    full = np.arange(100, dtype=np.float64)
    found = agreement(full, full[::-1].copy(), 10, np.random.default_rng(0))
    assert distances(full, full[::-1]).wasserstein == 0
    assert found.spearman == pytest.approx(-1)
    assert found.overlap == 0


def test_ties_are_no_disagreement() -> None:
    level = np.zeros(50)
    found = agreement(level, level, 5, np.random.default_rng(1))
    assert found.overlap == 1.0
    assert found.spearman is None
    assert found.kendall is None


@pytest.mark.parametrize(
    ("full", "other", "message"),
    [
        (scores(1, 2), scores(1), "one pool"),
        (scores(), scores(), "one pool"),
        (scores(1, math.nan), scores(1, 2), "finite"),
        (scores(1, 2), scores(1, math.inf), "finite"),
    ],
)
def test_scores_that_cannot_be_compared(full: np.ndarray, other: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        distances(full, other)
    with pytest.raises(ValueError, match=message):
        agreement(full, other, 1, np.random.default_rng(0))


@pytest.mark.parametrize("batch", [0, 3])
def test_batches_that_do_not_fit(batch: int) -> None:
    with pytest.raises(ValueError, match="batch"):
        agreement(scores(1, 2), scores(1, 2), batch, np.random.default_rng(0))


def test_histogram() -> None:
    shown = histogram([scores(0, 0, 1, 2), scores(2, 4)], bins=4)
    assert shown.edges.tolist() == [0, 1, 2, 3, 4]
    assert shown.shares.tolist() == [[0.5, 0.25, 0.25, 0], [0, 0, 0.5, 0.5]]


def test_histogram_as_text() -> None:
    lines = histogram_lines(["full", "adapter"], [scores(0, 0, 1, 2), scores(2, 4)], 4, 4)
    assert lines == [
        "  score from  full         adapter",
        "     0.00000   50.0% ████    0.0%",
        "     1.00000   25.0% ██      0.0%",
        "     2.00000   25.0% ██     50.0% ████",
        "     3.00000    0.0%        50.0% ████",
    ]
    # a third of the longest bar on 4 cells: 4/3 cells, 11 eighths
    three = histogram_lines(["a"], [scores(0, 0, 0, 1)], 2, 4)
    assert three[2] == "     0.50000   25.0% █▍"
