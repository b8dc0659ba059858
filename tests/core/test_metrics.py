"""Metrics, worked by hand."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.data.examples import Task
from tui_al.core.stats.metrics import (
    HEADLINE,
    accuracy,
    entity_scores,
    evaluate,
    macro_f1,
    normalized_area,
)


def test_accuracy() -> None:
    assert accuracy(list("aabc"), list("abbc")) == 0.75
    assert accuracy([], []) == 0.0
    with pytest.raises(ValueError, match="shorter"):
        accuracy(list("ab"), list("a"))


def test_macro_f1() -> None:
    # a: 1 hit, 2 in gold, 1 predicted: 2/3. b: 1 hit, 1, 2: 2/3. c: 1, 1, 1: 1. Mean (2/3 + 2/3 +
    # 1) / 3 = 7/9
    assert macro_f1(list("aabc"), list("abbc")) == pytest.approx(7 / 9)


def test_macro_f1_counts_classes_that_are_only_predicted() -> None:
    # a: 1 hit, 2 in gold, 1 predicted: 2/3. z: predicted once, never right: 0. b is nowhere: no
    # class of its own
    assert macro_f1(list("aa"), list("az")) == pytest.approx(1 / 3)
    assert macro_f1([], []) == 0.0


@pytest.mark.parametrize(
    ("gold", "predicted", "precision", "recall", "f1"),
    [
        pytest.param("B-X I-X O B-Y", "B-X I-X O B-Y", 1, 1, 1, id="all right"),
        pytest.param("B-X I-X O B-Y", "B-X O O B-Y", 1 / 2, 1 / 2, 1 / 2, id="a border is wrong"),
        pytest.param("B-X I-X O B-Y", "B-X I-X O B-X", 1 / 2, 1 / 2, 1 / 2, id="a type is wrong"),
        pytest.param("B-X O O B-Y", "B-X O O O", 1, 1 / 2, 2 / 3, id="one is missed"),
        pytest.param("O B-X I-X O", "O I-X I-X O", 1, 1, 1, id="I after O starts an entity"),
        # read as X(0,1), Y(1,3): the second is there, the first too
        pytest.param("B-X B-Y I-Y", "B-X I-Y I-Y", 1, 1, 1, id="a change of type without B"),
        # gold X(0,1), X(1,2); read as one X(0,2): neither is right
        pytest.param("B-X B-X O", "B-X I-X O", 0, 0, 0, id="two adjacent ones taken for one"),
        # the other way round: X(0,1), X(1,2) against X(0,2)
        pytest.param("B-X I-X O", "B-X B-X O", 0, 0, 0, id="one taken for two adjacent ones"),
        pytest.param("O B-X I-X", "O B-X I-X", 1, 1, 1, id="open to the end"),
        # gold X(1,3); found X(1,2), Y(2,3)
        pytest.param("O B-X I-X", "O B-X I-Y", 0, 0, 0, id="the type changes inside"),
        pytest.param("O O", "O O", 0, 0, 0, id="nothing there, nothing found"),
        pytest.param("O O", "B-X O", 0, 0, 0, id="nothing there, something found"),
    ],
)
def test_entity_scores(
    gold: str, predicted: str, precision: float, recall: float, f1: float
) -> None:
    scores = entity_scores([tuple(gold.split())], [tuple(predicted.split())])
    assert scores["entity_precision"] == pytest.approx(precision)
    assert scores["entity_recall"] == pytest.approx(recall)
    assert scores["entity_f1"] == pytest.approx(f1)


def counted_as_the_script_does(
    gold: Sequence[tuple[str, ...]], predicted: Sequence[tuple[str, ...]]
) -> tuple[int, int, int]:
    """Right, found and there, counted the way the CoNLL-2000 script goes: once through the words,
    looking one word back.

    An entity begins at B, and at I after O or another type; one ends before B, before O and before
    another type. It is right if it begins in both at once, in one type, and ends in both at once.
    """

    def begins(before: str, tag: str) -> bool:
        return tag != "O" and (tag[0] == "B" or before == "O" or before[2:] != tag[2:])

    def ends(before: str, tag: str) -> bool:
        return before != "O" and (tag == "O" or tag[0] == "B" or before[2:] != tag[2:])

    right = found = there = 0
    for ours, theirs in zip(gold, predicted, strict=True):
        both_open = False
        lines = [("O", "O"), *zip(ours, theirs, strict=True), ("O", "O")]
        for (g0, p0), (g, p) in itertools.pairwise(lines):
            if both_open and (ends(g0, g) or ends(p0, p)):
                right += ends(g0, g) and ends(p0, p)
                both_open = False
            if begins(g0, g) and begins(p0, p) and g[2:] == p[2:]:
                both_open = True
            there += begins(g0, g)
            found += begins(p0, p)
    return right, found, there


TAGS = st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"])
PAIRS = st.lists(st.lists(st.tuples(TAGS, TAGS), max_size=10), max_size=5)


@given(PAIRS)
def test_entity_scores_are_the_scripts_for_any_tags(pairs: list[list[tuple[str, str]]]) -> None:
    """Well-formed or not: most of these sequences begin an entity with I- or change the type inside
    one."""
    gold = [tuple(g for g, _ in sentence) for sentence in pairs]
    predicted = [tuple(p for _, p in sentence) for sentence in pairs]
    right, found, there = counted_as_the_script_does(gold, predicted)
    scores = entity_scores(gold, predicted)
    assert scores["entity_precision"] == pytest.approx(right / found if found else 0)
    assert scores["entity_recall"] == pytest.approx(right / there if there else 0)
    assert scores["entity_f1"] == pytest.approx(2 * right / (found + there) if found + there else 0)


def test_entity_scores_are_micro_over_sentences() -> None:
    gold = [("B-X", "O"), ("B-X", "B-X"), ("B-Y", "O")]
    predicted = [("B-X", "O"), ("B-X", "O"), ("O", "B-Y")]
    scores = entity_scores(gold, predicted)
    # 2 right, 3 found, 4 there
    assert scores["entity_precision"] == pytest.approx(2 / 3)
    assert scores["entity_recall"] == pytest.approx(2 / 4)
    assert scores["entity_f1"] == pytest.approx(4 / 7)
    # X: 2 right, 2 found, 3 there: 4/5. Y: 0
    assert scores["macro_f1"] == pytest.approx(0.4)


def test_the_same_place_in_another_sentence_is_no_hit() -> None:
    assert entity_scores([("B-X",), ("O",)], [("O",), ("B-X",)])["entity_f1"] == 0.0


def test_evaluate_texts() -> None:
    assert evaluate(Task.CLASSIFICATION, list("aabc"), list("abbc")) == pytest.approx(
        {"accuracy": 0.75, "macro_f1": 7 / 9}
    )


def test_evaluate_tags() -> None:
    gold, predicted = [("B-X", "I-X"), ("O", "O", "B-Y")], [("B-X", "O"), ("O", "O", "B-Y")]
    metrics = evaluate(Task.TAGGING, gold, predicted)
    # words: 4 of 5; entities: 1 right, 2 found, 2 there; X 0, Y 1
    assert metrics == pytest.approx(
        {
            "entity_f1": 0.5,
            "entity_precision": 0.5,
            "entity_recall": 0.5,
            "macro_f1": 0.5,
            "accuracy": 0.8,
        }
    )


@pytest.mark.parametrize("task", Task)
def test_the_headline_is_measured(task: Task) -> None:
    answers = ["a"] if task is Task.CLASSIFICATION else [("B-X",)]
    assert evaluate(task, answers, answers)[HEADLINE[task]] == 1.0


def test_normalized_area() -> None:
    # from 10 to 20: mean of .4 and .6, width 10: 5; from 20 to 40: mean of .6 and .8, width 20: 14;
    # 19 / 30
    assert normalized_area([10, 20, 40], [0.4, 0.6, 0.8]) == pytest.approx(19 / 30)
    assert normalized_area([5, 50], [0.7, 0.7]) == pytest.approx(0.7)
    assert normalized_area([100], [0.3]) == 0.3
