"""Labels judged by models that have not learned from them, on features where the right answer is
plain."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.people import sentences_pool, texts_pool
from tui_al.core.annotation.label_errors import FEWEST, FOLDS, dealt, disputes, judge, out_of_fold
from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Answer
from tui_al.core.progress import ProgressCallback, TrainingProgress, silent
from tui_al.core.query.predictions import Predictions

POOL = texts_pool([f"text {n}" for n in range(60)], ("a", "b", "rare"))


def corners(rows: IntArray, progress: ProgressCallback) -> FloatArray:
    """Even and odd texts far apart."""
    progress(TrainingProgress(len(rows), len(rows)))
    return np.stack([rows % 2 == 0, rows % 2 == 1], axis=1).astype(np.float32)


def right(rows: range) -> list[tuple[int, Answer]]:
    return [(row, "ab"[row % 2]) for row in rows]


def test_wrong_labels_are_listed_though_a_model_that_learned_them_would_repeat_them() -> None:
    labelled = right(range(40))
    labelled[6], labelled[31] = (6, "b"), (31, "a")
    found = judge(POOL, labelled, None, corners, 0, silent)
    assert {one.row for one in found.disputed} == {6, 31}
    by_row = {one.row: one for one in found.disputed}
    assert (by_row[6].given, by_row[6].other, by_row[6].word) == ("b", "a", None)
    assert by_row[6].p_given < 0.2 < 0.8 < by_row[6].p_other
    assert (found.labels, found.folds, found.not_judged) == (40, FOLDS, {})


def test_the_same_seed_gives_the_same_and_ties_stand_in_the_texts_order() -> None:
    labelled = right(range(40))
    for row in (3, 9, 21, 33):
        labelled[row] = (row, "a")
    first, again = (judge(POOL, labelled, None, corners, 5, silent) for _ in range(2))
    assert first == again
    same_fold = {one.row: round(one.p_given, 6) for one in first.disputed}
    order = [(same_fold[one.row], one.row) for one in first.disputed]
    assert order == sorted(order)


def test_labels_of_too_few_texts_are_not_judged_and_named() -> None:
    labelled = [*right(range(40)), (40, "rare"), (42, "rare")]
    found = judge(POOL, labelled, None, corners, 0, silent)
    assert found.disputed == ()
    assert found.not_judged == {"rare": 2}
    assert found.labels == 40
    # three: each is judged by a model that has learned from two
    judged = judge(POOL, [*labelled, (44, "rare")], None, corners, 0, silent)
    assert (judged.not_judged, judged.labels) == ({}, 43)
    assert {one.row for one in judged.disputed} == {40, 42, 44}
    assert FEWEST == 2


def test_near_duplicates_do_not_speak_for_one_another() -> None:
    # five copies of a text with the same wrong answer: they would bear one another out
    def own_corner(rows: IntArray, progress: ProgressCallback) -> FloatArray:
        found = np.hstack([corners(rows, progress), np.zeros((len(rows), 1), np.float32)])
        found[np.isin(rows, [40, 42, 44, 46, 48]), 2] = 3.0
        return found

    labelled = [*right(range(40)), *((row, "b") for row in (40, 42, 44, 46, 48))]
    groups = np.arange(60)
    groups[[42, 44, 46, 48]] = 40
    apart = judge(POOL, labelled, None, own_corner, 0, silent)
    together = judge(POOL, labelled, groups, own_corner, 0, silent)
    assert {one.row for one in apart.disputed} == set()
    assert {one.row for one in together.disputed} == {40, 42, 44, 46, 48}


def test_nothing_to_judge() -> None:
    assert judge(POOL, [], None, corners, 0, silent).labels == 0
    one_class = judge(POOL, [(n, "a") for n in range(9)], None, corners, 0, silent)
    assert (one_class.labels, one_class.disputed) == (0, ())
    found = judge(POOL, right(range(2)), None, corners, 0, silent)
    assert (found.labels, found.not_judged) == (0, {"a": 1, "b": 1})


def test_what_the_features_do_not_see_is_not_judged() -> None:
    def half_blind(rows: IntArray, progress: ProgressCallback) -> FloatArray:
        found = corners(rows, progress)
        found[rows == 6] = 0.0
        return found

    labelled = right(range(40))
    labelled[6] = (6, "b")
    found = judge(POOL, labelled, None, half_blind, 0, silent)
    assert (found.labels, found.disputed) == (39, ())


def test_a_sentence_is_spoken_for_by_its_least_confident_word() -> None:
    pool = sentences_pool([("Anna", "left", f"Oslo{n}") for n in range(20)])

    def words(rows: IntArray, progress: ProgressCallback) -> FloatArray:
        return np.tile(np.eye(3, dtype=np.float32), (len(rows), 1))

    labelled: list[tuple[int, Answer]] = [(n, ("B-PER", "O", "B-LOC")) for n in range(20)]
    labelled[7] = (7, ("B-PER", "O", "O"))
    (only,) = judge(pool, labelled, None, words, 0, silent).disputed
    assert (only.row, only.given, only.other) == (7, "O", "B-LOC")
    assert only.word == (10, 15)
    text = pool.train[7].text
    assert text[10:15] == "Oslo7"


def test_disputes_by_hand() -> None:
    # texts of 2, 1, 2 and 0 words; given classes 0 0 | 1 | 1 0
    probs = np.array([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4], [0.8, 0.2], [0.6, 0.4]])
    predictions = Predictions(probs, np.array([0, 2, 3, 5, 5]))
    targets = np.array([0, 0, 1, 1, 0])
    everything = np.ones(5, dtype=bool)
    found = disputes(predictions, targets, everything)
    assert [(d.position, d.unit, d.given, d.other, d.other_class) for d in found] == [
        (2, 0, 0.2, 0.8, 0),
        (0, 1, 0.3, 0.7, 1),
        (1, 0, 0.4, 0.6, 0),
    ]
    everything[3] = False
    assert [d.position for d in disputes(predictions, targets, everything)] == [0, 1]


def test_every_unit_is_judged_by_a_model_that_has_not_seen_its_fold() -> None:
    # features that name the unit: a model that learned from it would repeat its label, one that did
    # not cannot
    x = np.eye(20, dtype=np.float64)
    targets = np.arange(20) % 2
    probs = out_of_fold(x, targets, np.arange(20) // 4, 2, silent)
    # each held-out fold of four holds two of each class: without a feature that was learned, both
    # are as likely
    assert probs == pytest.approx(np.full((20, 2), 0.5), abs=1e-3)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), min_size=1, max_size=80),
    st.integers(0, 9),
)
def test_dealing_keeps_groups_together_and_spreads_labels(
    texts: Sequence[tuple[int, str]], seed: int
) -> None:
    label_of = dict(texts[::-1])  # a group's label is its first text's
    groups = np.array([group for group, _ in texts])
    folds = dealt(groups, [label_of[group] for group, _ in texts], np.random.default_rng(seed))
    by_group: dict[int, set[int]] = {}
    for group, fold in zip(groups.tolist(), folds.tolist(), strict=True):
        by_group.setdefault(group, set()).add(fold)
    assert all(len(found) == 1 for found in by_group.values())
    for label in "abc":
        of_label = [min(by_group[g]) for g in by_group if label_of[g] == label]
        counts = np.bincount(of_label, minlength=FOLDS) if of_label else np.zeros(FOLDS)
        assert counts.max() - counts.min() <= 1


def test_progress_may_end_the_work() -> None:
    class Enough(Exception):
        pass

    def stop(tick: TrainingProgress) -> None:
        if tick.total > 40:
            raise Enough

    with pytest.raises(Enough):
        judge(POOL, right(range(40)), None, corners, 0, stop)
