"""The statistics that people see against their peers, on generated inputs: scikit-learn,
krippendorff, statsmodels, scipy, nervaluate.

Where ours differs on purpose it says None: a coefficient that is 0 / 0 for its peers, of no item
with two answers or of one label only, "cannot be said" (scikit-learn gives NaN with a warning,
krippendorff raises), and F1 of nothing at all has no interval."""

import warnings
from collections.abc import Sequence

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate.evaluator import Evaluator
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa as statsmodels_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from tui_al.core.annotation.agreement import cohens_kappa, krippendorff_alpha
from tui_al.core.data.tags import tags_of
from tui_al.core.stats.audit_sample import Verdict, accuracy_interval, compare_hits
from tui_al.core.stats.intervals import exact_interval, share_interval
from tui_al.core.stats.metrics import accuracy, entity_scores, macro_f1
from tui_al.core.stats.paired_tests import holm, paired_difference
from tui_al.core.stats.score_distance import BINS, SMOOTHING, agreement, distances

LABELS = st.sampled_from("abcd")
SCORES = st.lists(st.integers(0, 40).map(lambda n: n / 40), min_size=2, max_size=30)
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=60)
WITH_GAPS = st.lists(
    st.lists(st.one_of(st.none(), LABELS), min_size=4, max_size=4), min_size=1, max_size=40
)


@pytest.mark.slow
@given(PAIRS)
@settings(deadline=None)
def test_cohens_kappa_is_scikit_learn_s_and_statsmodels_s(pairs: list[tuple[str, str]]) -> None:
    first, second = zip(*pairs, strict=True)
    ours = cohens_kappa(first, second)
    if len({*first, *second}) == 1:
        assert ours is None
        return
    assert ours == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    table = np.array([[pairs.count((a, b)) for b in "abcd"] for a in "abcd"])
    assert ours == pytest.approx(statsmodels_kappa(table, return_results=False), abs=1e-12)


def test_kappa_leaves_out_what_one_did_not_answer() -> None:
    first, second = ["a", None, "b", "a", "b"], ["a", "b", None, "b", "b"]
    both = [(a, b) for a, b in zip(first, second, strict=True) if a and b]
    assert cohens_kappa(first, second) == pytest.approx(cohen_kappa_score(*zip(*both, strict=True)))


@pytest.mark.slow
@given(WITH_GAPS)
@settings(deadline=None)
def test_krippendorffs_alpha_with_missing_answers(items: list[list[str | None]]) -> None:
    ours = krippendorff_alpha(items)
    paired = [item for item in items if sum(value is not None for value in item) > 1]
    values = {value for item in paired for value in item if value is not None}
    if len(values) < 2:
        assert ours is None
        return
    number = {None: np.nan, "a": 0.0, "b": 1.0, "c": 2.0, "d": 3.0}
    table = np.array([[number[value] for value in item] for item in items]).T  # (annotators, items)
    theirs = krippendorff.alpha(table, level_of_measurement="nominal")
    assert ours == pytest.approx(theirs, abs=1e-10)


@pytest.mark.parametrize("items", [[["a", "a"]] * 5, [["a"], ["b"]], [[None, "a"]], []])
def test_alpha_that_cannot_be_said(items: Sequence[Sequence[str | None]]) -> None:
    assert krippendorff_alpha(items) is None


def test_all_agree_on_several_labels() -> None:
    assert cohens_kappa("aabb", "aabb") == 1.0
    assert krippendorff_alpha([["a", "a"], ["b", "b"]]) == 1.0


@pytest.mark.slow
@given(st.data(), st.integers(1, 300))
@settings(deadline=None)
def test_intervals_of_a_share(data: st.DataObject, size: int) -> None:
    hits = data.draw(st.integers(0, size))
    for ours, method in (
        (exact_interval(hits, size), "beta"),
        (share_interval(hits / size, size), "wilson"),
        (accuracy_interval([True] * hits + [False] * (size - hits)), "beta"),
    ):
        low, high = proportion_confint(hits, size, 0.05, method)
        assert (ours.low, ours.high) == pytest.approx((low, high), abs=1e-9)
    exact = binomtest(hits, size).proportion_ci(0.95, "exact")
    ours = exact_interval(hits, size)
    assert (ours.low, ours.high) == pytest.approx((exact.low, exact.high), abs=1e-9)


@pytest.mark.slow
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 80))
@settings(deadline=None)
def test_worth_it_agrees_with_mcnemar_s_test(only_first: int, only_second: int, alike: int) -> None:
    """Tango's score interval leaves 0 out just where McNemar's statistic without correction is
    significant at .05."""
    if only_first + only_second == 0:
        return
    hits = [(True, False)] * only_first + [(False, True)] * only_second + [(True, True)] * alike
    verdict = compare_hits(*map(list, zip(*hits, strict=True))).verdict
    table = [[alike, only_first], [only_second, 0]]
    p = mcnemar(table, exact=False, correction=False).pvalue
    if abs(p - 0.05) < 1e-4:
        return
    expected = (
        Verdict.UNDECIDED
        if p > 0.05
        else Verdict.BETTER
        if only_first > only_second
        else Verdict.WORSE
    )
    assert verdict is expected


@pytest.mark.slow
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20))
@settings(deadline=None, max_examples=50)
def test_paired_differences_are_student_s(values: list[float]) -> None:
    if np.std(values) < 1e-6:
        return
    ours = paired_difference(values)
    theirs = DescrStatsW(values)
    assert ours.student is not None
    assert (ours.student.low, ours.student.high) == pytest.approx(theirs.tconfint_mean(), abs=1e-9)
    assert ours.p == pytest.approx(theirs.ttest_mean(0)[1], abs=1e-9)


@pytest.mark.slow
@given(st.lists(st.floats(0, 1), min_size=1, max_size=15))
@settings(deadline=None)
def test_holm(ps: list[float]) -> None:
    assert holm(ps) == pytest.approx(multipletests(ps, method="holm")[1].tolist(), abs=1e-12)


@pytest.mark.slow
@given(PAIRS)
@settings(deadline=None)
def test_metrics(pairs: list[tuple[str, str]]) -> None:
    gold, predicted = map(list, zip(*pairs, strict=True))
    assert accuracy(gold, predicted) == pytest.approx(accuracy_score(gold, predicted))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = f1_score(gold, predicted, average="macro", zero_division=0)
    assert macro_f1(gold, predicted) == pytest.approx(theirs)


@given(SCORES, SCORES)
@settings(max_examples=60, deadline=None)
def test_distances_of_scores(full: list[float], other: list[float]) -> None:
    """The Wasserstein distance by the sorted scores, KL by NumPy's histogram, as the formulas have
    them."""
    size = min(len(full), len(other))
    first, second = np.array(full[:size]), np.array(other[:size])
    found = distances(first, second)
    assert found.wasserstein == pytest.approx(np.abs(np.sort(first) - np.sort(second)).mean())
    both = np.concatenate([first, second])
    span = (both.min(), both.max()) if np.ptp(both) else (both.min() - 0.5, both.max() + 0.5)
    shares = [np.histogram(part, BINS, span)[0] / size + SMOOTHING for part in (first, second)]
    p, q = (share / share.sum() for share in shares)
    assert found.kl == pytest.approx(float((p * np.log(p / q)).sum()), abs=1e-9)


@given(SCORES, SCORES)
@settings(max_examples=60, deadline=None)
def test_rankings_of_scores_are_those_of_their_formulas(
    full: list[float], other: list[float]
) -> None:
    size = min(len(full), len(other))
    table = pd.DataFrame({"full": full[:size], "other": other[:size]})
    found = agreement(table.full.to_numpy(), table.other.to_numpy(), 1, np.random.default_rng(1))
    if found.spearman is None:
        assert 1 in table.nunique().to_list()
        return
    ranks = table.rank()
    assert found.spearman == pytest.approx(np.corrcoef(ranks.full, ranks.other)[0, 1])
    signs = [
        np.sign(np.subtract.outer(column, column))
        for column in (ranks.full.to_numpy(), ranks.other.to_numpy())
    ]
    concordance = (signs[0] * signs[1]).sum()
    assert found.kendall == pytest.approx(
        concordance / np.sqrt((signs[0] ** 2).sum() * (signs[1] ** 2).sum())
    )


TYPES = ("LOC", "ORG", "PER")


@st.composite
def _tags(draw: st.DrawFn, length: int) -> list[str]:
    """IOB2 tags: entities of one to three tokens, some of which touch."""
    spans, place = [], 0
    while place < length:
        place += draw(st.integers(0, 2))
        end = min(length, place + draw(st.integers(1, 3)))
        if place < end:
            spans.append((place, end, draw(st.sampled_from(TYPES))))
        place = end
    return list(tags_of(spans, length))


@st.composite
def _sentences(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Tags of a sentence, and what a model makes of it: now and then the same."""
    length = draw(st.integers(1, 8))
    gold = draw(_tags(length))
    return gold, gold if draw(st.booleans()) else draw(_tags(length))


@given(st.lists(_sentences(), min_size=1, max_size=6))
@settings(deadline=None, max_examples=60)
def test_entity_scores_are_the_strict_ones_of_nervaluate(
    sentences: list[tuple[list[str], list[str]]],
) -> None:
    """Exact borders and type; the macro mean is over the types that either side has."""
    gold, predicted = map(list, zip(*sentences, strict=True))
    ours = entity_scores([*map(tuple, gold)], [*map(tuple, predicted)])
    found = Evaluator(gold, predicted, tags=list(TYPES), loader="list").evaluate()
    strict = found["overall"]["strict"]
    theirs = {
        "entity_precision": strict.precision,
        "entity_recall": strict.recall,
        "entity_f1": strict.f1,
    }
    assert {name: ours[name] for name in theirs} == pytest.approx(theirs, abs=1e-12)
    there = {tag[2:] for tags in (*gold, *predicted) for tag in tags if tag != "O"}
    by_type = [found["entities"][kind]["strict"].f1 for kind in sorted(there)]
    assert ours["macro_f1"] == pytest.approx(np.mean(by_type) if by_type else 0.0, abs=1e-12)
