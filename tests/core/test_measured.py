"""How measured figures are written: never without the texts they rest on, never more certain than
they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from tui_al.core.stats.intervals import exact_interval
from tui_al.core.stats.measured import FEWEST, TOO_FEW, Measured, short


def of(hits: int, texts: int) -> Measured:
    return Measured(exact_interval(hits, texts), texts)


def test_a_perfect_share_of_few_texts_is_still_in_doubt() -> None:
    # Clopper and Pearson of 14 of 14: .025 ** (1 / 14) = .768
    assert of(14, 14).in_words() == "1.00 [.77, 1.00] n=14"
    assert of(14, 14).in_words(3) == "1.000 [.768, 1.000] n=14"
    assert of(0, 20).in_words() == ".00 [.00, .17] n=20"


@pytest.mark.parametrize("texts", range(1, FEWEST))
def test_too_few_texts_tell_no_figure(texts: int) -> None:
    assert of(texts, texts).in_words() == f"{TOO_FEW} n={texts}"
    assert of(texts, texts).figure() == TOO_FEW
    assert of(texts, texts).limits() == ""


def test_differences_have_a_sign() -> None:
    assert Measured.of(0.02, -0.05, 0.09, 60).in_words(signed=True) == "+.02 [-.05, +.09] n=60"
    assert short(-0.004, 2, signed=True) == "-.00"
    assert short(0.9999) == "1.00"


@given(st.data(), st.integers(1, 400))
def test_limits_are_shares_around_the_figure(data: st.DataObject, size: int) -> None:
    hits = data.draw(st.integers(0, size))
    interval = exact_interval(hits, size)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.high > interval.low


@pytest.mark.parametrize("size", [10, 14, 40, 200])
def test_exact_intervals_cover_whatever_the_truth(size: int) -> None:
    intervals = [exact_interval(hits, size) for hits in range(size + 1)]
    for truth in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999):
        covered = sum(binom.pmf(x, size, truth) for x in range(size + 1) if truth in intervals[x])
        assert covered >= 0.95
