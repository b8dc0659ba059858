"""Disputed labels, worked by hand."""

import numpy as np
import pytest

from tui_al.core.disputes import Opinion, disputed, opinion_of
from tui_al.core.predictions import Predictions


def opinion(*rows: tuple[float, float, int]) -> Opinion:
    """One round's (given, other, other class) of each text."""
    given, other, classes = zip(*rows, strict=True)
    return Opinion(
        np.array(given), np.array(other), np.array(classes), np.zeros(len(rows), dtype=np.int64)
    )


NOT_ASKED = (np.nan, np.nan, -1)


def test_opinion_of_texts() -> None:
    probs = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.0, 0.0, 1.0]])
    seen = opinion_of(Predictions.of_texts(probs), np.array([0, 1, 2]))
    assert seen.given.tolist() == [0.7, 0.3, 1.0]
    assert seen.other.tolist() == [0.2, 0.6, 0.0]
    assert seen.other_class.tolist()[:2] == [1, 2]
    assert seen.unit.tolist() == [0, 0, 0]


def test_opinion_of_sentences_is_its_loudest_words() -> None:
    # words of sentence 1: margins .1 - .9, .6 - .4, .5 - .5; sentence 2 has none; sentence 3: .2 - .8
    probs = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.8, 0.2]])
    seen = opinion_of(Predictions(probs, np.array([0, 3, 3, 4])), np.array([0, 1, 0, 0]))
    assert seen.given[[0, 2]].tolist() == [0.4, 0.8]
    assert seen.other[[0, 2]].tolist() == [0.6, 0.2]
    assert seen.other_class.tolist() == [0, -1, 1]
    assert seen.unit.tolist() == [1, 0, 0]
    assert np.isnan(seen.given[1])
    assert np.isnan(seen.other[1])


def test_ranking_by_the_mean_margin() -> None:
    rounds = [
        opinion((0.9, 0.1, 1), (0.2, 0.5, 2), (0.3, 0.6, 0)),
        opinion((0.8, 0.2, 1), (0.3, 0.4, 1), (0.1, 0.9, 0)),
    ]
    first, second = disputed(rounds)
    # text 2: margins .3 and .8; text 1: .3 and .1; text 0 is not disputed
    assert first.position == 2
    assert first.margin == pytest.approx(0.55)
    assert (first.given, first.other) == pytest.approx((0.2, 0.75))
    assert (first.other_class, first.against, first.rounds) == (0, 2, 2)
    assert second.position == 1
    assert second.margin == pytest.approx(0.2)
    assert (second.given, second.other) == pytest.approx((0.25, 0.45))
    assert second.other_class == 1  # one vote each: the latest round's


def test_only_the_last_rounds_have_a_say() -> None:
    disagreed, agreed = opinion((0.1, 0.9, 1)), opinion((0.6, 0.4, 1))
    assert disputed([disagreed, agreed, agreed, agreed]) == []
    # .8 - .2 = margin .6 over two rounds
    assert disputed([disagreed, agreed, agreed, agreed], last=4)[0].margin == pytest.approx(0.05)
    assert disputed([agreed, agreed, disagreed], last=2)[0].margin == pytest.approx(0.3)


def test_rounds_that_were_not_asked_do_not_count() -> None:
    rounds = [
        opinion(NOT_ASKED, NOT_ASKED),
        opinion((0.4, 0.6, 3), NOT_ASKED),
        opinion((0.45, 0.55, 3), NOT_ASKED),
    ]
    (only,) = disputed(rounds)
    assert only.position == 0
    assert only.margin == pytest.approx(0.15)
    assert (only.rounds, only.against, only.other_class) == (2, 2, 3)


def test_the_class_that_most_rounds_prefer_and_how_many_disagree() -> None:
    rounds = [opinion((0.2, 0.7, 5)), opinion((0.1, 0.8, 5)), opinion((0.5, 0.4, 6))]
    (only,) = disputed(rounds)
    assert (only.other_class, only.against, only.rounds) == (5, 2, 3)
    assert only.margin == pytest.approx((0.5 + 0.7 - 0.1) / 3)


def test_ties_keep_the_order_and_nothing_gives_nothing() -> None:
    rounds = [opinion((0.3, 0.6, 1), (0.1, 0.4, 1), (0.3, 0.6, 1))]
    assert [d.position for d in disputed(rounds)] == [0, 1, 2]
    assert disputed([]) == []
