"""Differences over seeds, Holm's correction, labels to a target, verdicts: against worked
numbers."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind, ttest_rel

from tui_al.core.stats.paired_tests import (
    Verdict,
    holm,
    is_not_below,
    is_positive,
    is_within,
    labels_to_reach,
    paired_difference,
    stratified_difference,
)


def test_student_by_hand() -> None:
    # mean 2, sd 1, error 1/sqrt(3); t of .975 with two degrees of freedom is 4.3027
    found = paired_difference([1.0, 2.0, 3.0])
    assert (found.mean, found.sd, found.pairs) == (2.0, 1.0, 3)
    assert found.student is not None
    assert found.student.low == pytest.approx(2 - 4.302653 / 3**0.5, abs=1e-5)
    assert found.student.high == pytest.approx(2 + 4.302653 / 3**0.5, abs=1e-5)
    assert found.p == pytest.approx(0.0741799, abs=1e-6)


def test_student_against_scipy() -> None:
    ours, theirs = [0.81, 0.84, 0.79, 0.88, 0.83], [0.80, 0.80, 0.77, 0.88, 0.80]
    found = paired_difference([a - b for a, b in zip(ours, theirs, strict=True)])
    reference = ttest_rel(ours, theirs)
    low, high = reference.confidence_interval(0.95)
    assert found.p == pytest.approx(reference.pvalue)
    assert found.student is not None
    assert (found.student.low, found.student.high) == pytest.approx((low, high))


def test_the_bootstrap_against_all_resamples() -> None:
    """Of three values there are 27 resamples: the quantiles of 10,000 drawn ones must lie among
    theirs."""
    values = [0.0, 0.3, 0.9]
    means = sorted(np.mean(pick) for pick in itertools.product(values, repeat=3))
    found = paired_difference(values).bootstrap
    assert found is not None
    assert found.low == pytest.approx(means[0])  # all three the smallest: 1/27 > .025
    assert found.high == pytest.approx(means[-1])
    assert paired_difference(values) == paired_difference(values)


def test_strata_of_equal_spread_by_hand() -> None:
    """Means 2 and 5, variances 1: error sqrt(1/3 + 1/3) / 2, four degrees of freedom, t of .975 is
    2.7764."""
    found = stratified_difference([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert found is not None and found.student is not None
    assert (found.mean, found.sd, found.pairs) == (3.5, 1.0, 6)
    half = 2.776445 * (2 / 3) ** 0.5 / 2
    assert (found.student.low, found.student.high) == pytest.approx(
        (3.5 - half, 3.5 + half), abs=1e-6
    )


def test_strata_of_other_spread_have_welchs_degrees_of_freedom() -> None:
    """The mean of two strata is half the difference of one from the other's negative: Welch's test,
    as scipy has it."""
    first, second = [1.0, 2.0, 3.0], [2.0, 4.0, 6.0, 3.0]
    found = stratified_difference([first, second])
    welch = ttest_ind(first, [-value for value in second], equal_var=False)
    assert found is not None and found.student is not None
    assert found.p == pytest.approx(welch.pvalue)
    low, high = welch.confidence_interval(0.95)
    assert (found.student.low, found.student.high) == pytest.approx((low / 2, high / 2))


def test_one_stratum_is_a_paired_difference() -> None:
    values = [0.2, 0.5, 0.1, 0.9]
    found, plain = stratified_difference([values]), paired_difference(values)
    assert found is not None and found.student is not None and plain.student is not None
    assert found.student.low == pytest.approx(plain.student.low)
    assert found.p == pytest.approx(plain.p)
    assert found.bootstrap == plain.bootstrap


def test_strata_that_tell_nothing_of_their_spread_are_left_out() -> None:
    assert stratified_difference([]) is None
    assert stratified_difference([[1.0], [2.0]]) is None
    found = stratified_difference([[9.0], [1.0, 2.0, 3.0]])
    assert found is not None
    assert (found.mean, found.pairs) == (2.0, 3)
    same = stratified_difference([[1.0, 1.0], [3.0, 3.0]])
    assert same is not None and same.student is not None
    assert (same.student.low, same.student.high, same.p) == (2.0, 2.0, 0.0)


def test_one_pair_tells_nothing_of_its_spread() -> None:
    found = paired_difference([0.4])
    assert (found.mean, found.student, found.bootstrap, found.p) == (0.4, None, None, None)
    assert {is_positive(found), is_within(found, 1.0), is_not_below(found, 1.0)} == {
        Verdict.UNDECIDED
    }


def test_equal_differences() -> None:
    assert paired_difference([0.0, 0.0]).p == 1.0
    assert paired_difference([0.1, 0.1]).p == 0.0


def test_holm_on_worked_numbers() -> None:
    # .005 x 4, .01 x 3, .03 x 2, .04 x 1 which may not fall below .06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_no_correction_and_bonferroni(ps: list[float]) -> None:
    for before, after in zip(ps, holm(ps), strict=True):
        assert before <= after <= min(1.0, len(ps) * before) + 1e-12
    assert holm(ps[::-1]) == holm(ps)[::-1]


def test_labels_to_reach_a_target() -> None:
    labels, values = [100, 200, 300, 400], [0.5, 0.7, 0.6, 0.8]
    assert labels_to_reach(labels, values, 0.4) == 100
    assert labels_to_reach(labels, values, 0.6) == 150  # half-way up the first line
    assert labels_to_reach(labels, values, 0.75) == pytest.approx(375)
    assert labels_to_reach(labels, values, 0.9) is None


@pytest.mark.parametrize(
    ("differences", "positive", "within", "not_below"),
    [
        ([0.05, 0.06, 0.055], "held", "not held", "held"),
        ([-0.05, -0.06, -0.055], "not held", "not held", "not held"),
        ([0.001, -0.001, 0.0], "not decidable", "held", "held"),
        ([0.05, -0.05, 0.0], "not decidable", "not decidable", "not decidable"),
        ([-0.002, -0.003, -0.0025], "not held", "held", "held"),  # worse, but by less than counts
    ],
)
def test_verdicts(differences: list[float], positive: str, within: str, not_below: str) -> None:
    found = paired_difference(differences)
    assert (is_positive(found), is_within(found, 0.01), is_not_below(found, 0.01)) == (
        positive, within, not_below,
    )  # fmt: skip
