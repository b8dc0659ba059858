"""The audit sample, its estimates, and comparisons on it, by hand; whole sessions are in
`test_audit_coverage`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.data.tags import tags_of
from tui_al.core.stats.audit_sample import (
    Verdict,
    accuracy_interval,
    audit_due,
    audit_rows,
    compare_entities,
    compare_hits,
    entity_f1_interval,
    verdict_on,
)
from tui_al.core.stats.intervals import Interval, exact_interval, share_interval
from tui_al.core.stats.metrics import entity_scores


def sentence(entities: int, length: int = 8) -> tuple[str, ...]:
    return tags_of([(i, i + 1, "X") for i in range(entities)], length)


def test_rows_are_a_share_of_the_pool_without_repeats() -> None:
    rows = audit_rows(1_000, 0.1, np.random.default_rng(3))
    assert len(set(rows.tolist())) == 100
    assert rows.min() >= 0
    assert rows.max() < 1_000
    assert rows.tolist() == audit_rows(1_000, 0.1, np.random.default_rng(3)).tolist()
    assert rows.tolist() != audit_rows(1_000, 0.1, np.random.default_rng(4)).tolist()
    assert len(audit_rows(3, 0.1, np.random.default_rng(0))) == 1


def test_every_row_is_as_likely_and_the_order_is_random_too() -> None:
    drawn = np.array([audit_rows(20, 0.25, np.random.default_rng(i)) for i in range(4_000)])
    # each of 20 rows is in 5 of 20 draws, and first in 1 of 20: 1,000 and 200 times, give or take 4
    # standard deviations
    assert np.abs(np.bincount(drawn.ravel()) - 1_000).max() < 4 * np.sqrt(4_000 * 0.25 * 0.75)
    assert np.abs(np.bincount(drawn[:, 0]) - 200).max() < 4 * np.sqrt(4_000 * 0.05 * 0.95)


def test_due_by_hand() -> None:
    assert audit_due(0, 0, 20, 0.1) == 2
    assert audit_due(20, 2, 20, 0.1) == 2
    # batches of four at 10 %: .4, .8, 1.2, 1.6, 2.0 of all labels so far
    assert [audit_due(4 * i, [0, 0, 1, 1, 2][i], 4, 0.1) for i in range(5)] == [0, 1, 0, 1, 0]
    assert audit_due(100, 0, 20, 0.1) == 12  # the share was raised, or a seed set came without
    assert audit_due(100, 0, 5, 0.5) == 5
    assert audit_due(100, 90, 20, 0.1) == 0


@given(st.lists(st.integers(1, 30), max_size=40), st.floats(0, 1))
def test_due_keeps_to_the_share(batches: list[int], share: float) -> None:
    labelled = audited = 0
    for batch in batches:
        due = audit_due(labelled, audited, batch, share)
        assert 0 <= due <= batch
        labelled, audited = labelled + batch, audited + due
        assert abs(audited - share * labelled) <= 1


def test_accuracy() -> None:
    assert accuracy_interval([True] * 45 + [False] * 5) == exact_interval(45, 50)
    assert accuracy_interval([True] * 45 + [False] * 5, 200) == share_interval(0.9, 50, 200)
    with pytest.raises(ValueError, match="no audit label"):
        accuracy_interval([])


def test_entity_f1_by_hand() -> None:
    # four sentences: right 2, 1, 0, 0 of 2, 2, 1, 0 distinct entities: J = 3/5, F1 = 6/8
    gold = [sentence(2), sentence(2), sentence(1), sentence(0)]
    predicted = [sentence(2), sentence(1), sentence(0), sentence(0)]
    # residuals .8, -.2, -.6, 0: squares 1.04, x 4/3 / 25 = .055467; independent .24 / 5 = .048: 5 x
    # .048 / .055467 = 4.3269 three sentences with entities: t of 2 degrees 4.302653, z 1.959964:
    # 4.3269 x .207506 = .89786
    interval = entity_f1_interval(gold, predicted)
    assert interval is not None
    expected = share_interval(0.6, 0.89786)
    assert interval.value == pytest.approx(0.75)
    assert interval.value == pytest.approx(entity_scores(gold, predicted)["entity_f1"])
    assert interval.low == pytest.approx(2 * expected.low / (1 + expected.low), abs=1e-5)
    assert interval.high == pytest.approx(2 * expected.high / (1 + expected.high), abs=1e-5)


def test_entity_f1_without_a_mistake_still_has_doubt() -> None:
    gold = [sentence(2), sentence(1), sentence(3)]
    interval = entity_f1_interval(gold, gold)
    assert interval is not None
    assert interval.value == interval.high == 1.0
    assert interval.low < 0.8
    many = entity_f1_interval(gold * 50, gold * 50)
    assert many is not None
    assert many.low > 0.98


def test_entity_f1_edges() -> None:
    assert entity_f1_interval([], []) is None
    assert entity_f1_interval([sentence(0)], [sentence(0)]) is None
    alike = entity_f1_interval([sentence(2), sentence(2)], [sentence(1), sentence(1)])
    assert alike is not None  # every sentence has the same share: no spread, yet doubt
    assert alike.value == pytest.approx(2 / 3)
    assert alike.low < alike.value < alike.high
    one = entity_f1_interval([sentence(2)], [sentence(1)])
    assert one is not None
    assert one.low < 0.1
    whole = entity_f1_interval([sentence(2)] * 9, [sentence(1)] * 9, population=9)
    assert whole is not None
    assert (whole.value, whole.low, whole.high) == pytest.approx((2 / 3, 2 / 3, 2 / 3))


def test_entity_f1_of_entities_that_go_together_is_less_certain() -> None:
    apart = entity_f1_interval([sentence(4)] * 20, [sentence(2)] * 20)
    together = entity_f1_interval([sentence(4)] * 20, [sentence(4)] * 10 + [sentence(0)] * 10)
    assert apart is not None
    assert together is not None
    assert together.value == apart.value
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_hits_of_two() -> None:
    # 50 both, 10 only the first, 1 only the second, 9 neither
    first = [True] * 60 + [False] * 10
    second = [True] * 50 + [False] * 10 + [True] + [False] * 9
    comparison = compare_hits(first, second)
    assert comparison.difference.value == pytest.approx(9 / 70)
    assert comparison.verdict is Verdict.BETTER
    assert comparison.examples == 70
    assert compare_hits(second, first).verdict is Verdict.WORSE
    assert compare_hits(first, first).verdict is Verdict.UNDECIDED
    with pytest.raises(ValueError, match="no audit label"):
        compare_hits([], [])


def test_pairing_is_used() -> None:
    # 8 hits more of 100: decidable where they are hits on top, not where 30 others are exchanged as
    # well
    first = [True] * 78 + [False] * 22
    on_top = [True] * 70 + [False] * 30
    exchanged = [False] * 30 + [True] * 48 + [True] * 22
    assert sum(on_top) == sum(exchanged) == 70
    assert compare_hits(first, on_top).verdict is Verdict.BETTER
    assert compare_hits(first, exchanged).verdict is Verdict.UNDECIDED


def test_entities_of_two_by_hand() -> None:
    # gold 2, 2, 1; the first finds 2, 2, 0, the second 1, 1, 0 of them: F1 8/9 and 4/7
    gold = [sentence(2), sentence(2), sentence(1)]
    first, second = [sentence(2), sentence(2), sentence(0)], [sentence(1), sentence(1), sentence(0)]
    comparison = compare_entities(gold, first, second)
    assert comparison is not None
    assert comparison.difference.value == pytest.approx(8 / 9 - 4 / 7)
    # (2r - F1 s) / S, first: (4 - 32/9) / 9 twice, -(8/9) / 9; second: (2 - 12/7) / 7 twice, -(4/7)
    # / 7 differences .008566 twice, -.017133: squares .00044030, x 3/2, root .025699; t of 2
    # degrees 4.302653
    half = comparison.difference.high - comparison.difference.value
    assert half == pytest.approx(4.302653 * 0.025699, rel=1e-3)
    assert comparison.verdict is Verdict.BETTER


def test_entities_of_two_that_are_alike_or_absent() -> None:
    gold = [sentence(2), sentence(1)]
    alike = compare_entities(gold, gold, gold)
    assert alike is not None
    assert alike.difference == Interval(0.0, -1.0, 1.0)
    assert alike.verdict is Verdict.UNDECIDED
    nothing = [sentence(0), sentence(0)]
    assert compare_entities(nothing, nothing, nothing) is None
    assert compare_entities([], [], []) is None


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.2, Verdict.BETTER),
        (0.0, 0.2, Verdict.UNDECIDED),
        (-0.1, 0.2, Verdict.UNDECIDED),
        (-0.2, -0.01, Verdict.WORSE),
    ],
)
def test_verdicts(low: float, high: float, verdict: Verdict) -> None:
    assert verdict_on(Interval((low + high) / 2, low, high)) is verdict
