"""The queue of disputed labels, and the agreement of a session's annotators, by hand-worked
numbers."""

import json
from typing import Any

import pytest

from tui_al.core.annotation.decisions import Ambiguous, Confirm, Decision, DecisionRecord, Label
from tui_al.core.annotation.label_errors import Evidence, Verdicts
from tui_al.core.annotation.label_state import LabelState
from tui_al.core.annotation.review_queue import (
    Disputed,
    SecondLook,
    agreement_of,
    board_of,
    shared_answers,
    to_look_at,
)
from tui_al.core.data.examples import Dataset, Example, Task


def label_state(
    *decisions: tuple[str, Decision], labels: tuple[str, ...] = ("A", "B", "C")
) -> LabelState:
    found = LabelState(labels)
    found.apply(
        DecisionRecord(seq, float(seq), who, f"u{seq}", decision)
        for seq, (who, decision) in enumerate(decisions, start=1)
    )
    return found


def board(**cases: list[Any]) -> dict[str, Any]:
    rows = [[identity, *case] for identity, case in cases.items()]
    return {"labels": 9, "folds": 5, "not_judged": {"C": 2}, "cases": rows}


def test_the_board_s_order_and_what_is_known_beside_it() -> None:
    show_sample = board(z=["C", 0.1, "A", 0.7], x=["A", 0.3, "B", 0.55])
    said = label_state(*(("anna", Label((i,), label)) for i, label in (("x", "A"), ("z", "C"))))
    look = to_look_at(show_sample, said)
    assert look.cases == (Disputed("z", "C", 0.1, "A", 0.7), Disputed("x", "A", 0.3, "B", 0.55))
    assert (look.labels, look.folds, look.not_judged) == (9, 5, {"C": 2})


@pytest.mark.parametrize("nothing", [None, [{"x": ["A", 0.4, "B", 0.5]}]])
def test_no_board_and_one_of_an_older_version_list_nothing(nothing: Any) -> None:
    assert to_look_at(nothing, label_state(("anna", Label(("x",), "A")))) == SecondLook()


@pytest.mark.parametrize("judged", [Confirm("x"), Ambiguous("x"), Label(("x",), "B")])
def test_what_was_looked_at_is_not_disputed_again(judged: Decision) -> None:
    show_sample = board(x=["A", 0.2, "B", 0.6])
    said = (("anna", Label(("x",), "A")),)
    assert len(to_look_at(show_sample, label_state(*said)).cases) == 1
    assert to_look_at(show_sample, label_state(*said, ("anna", judged))).cases == ()


def test_what_the_engine_puts_up_is_what_the_screen_reads() -> None:
    train = (Example("s", "Anna left Oslo", None, ("Anna", "left", "Oslo")),)
    pool = Dataset("pool", Task.TAGGING, ("LOC", "PER"), train, ())
    doubted = Evidence(0, "B-PER", 0.1, "B-LOC", 0.8, (10, 14))
    show_sample = json.loads(json.dumps(board_of(Verdicts((doubted,), 3, 5, {"I-LOC": 1}), pool)))
    said = label_state(("anna", Label(("s",), ((10, 14, "PER"),))), labels=("LOC", "PER"))
    look = to_look_at(show_sample, said)
    assert look.cases == (Disputed("s", "B-PER", 0.1, "B-LOC", 0.8, (10, 14)),)
    corrected = label_state(("anna", Label(("s",), ((10, 14, "LOC"),))), labels=("LOC", "PER"))
    assert to_look_at(show_sample, corrected).cases == ()


def test_agreement_of_two_annotators_on_classes() -> None:
    # a: A A B B, b: A B B B: observed 3/4; by chance 1/2 x 1/4 + 1/2 x 3/4 = 1/2; kappa = (3/4 -
    # 1/2) / (1 - 1/2) = 1/2. alpha: of 8 values 3 A, 5 B; disagreement within 2 of 8, by chance 2 x
    # 3 x 5 / (8 x 7) = 30/56; 1 - (1/4) / (30/56) = 8/15.
    pairs = {"w": "AA", "x": "AB", "y": "BB", "z": "BB"}
    said = label_state(
        *(("a", Label((i,), both[0])) for i, both in pairs.items()),
        *(("b", Label((i,), both[1])) for i, both in pairs.items()),
        ("a", Label(("alone",), "C")),
    )
    found = agreement_of(shared_answers(said), {})
    assert (found.shared, found.annotators) == (4, ("a", "b"))
    assert found.pairwise == pytest.approx(1 / 2)
    assert found.alpha == pytest.approx(8 / 15)


def test_agreement_on_entities_compares_spans_and_words() -> None:
    # a marks [one two] and [four], b marks [one two] and [three four]: 2 x 1 shared of 4 entities:
    # F1 = 2/4. words, a: X X . X, b: X X X X: one of four differs; values 7 X, 1 none; within 2 of
    # 8, by chance 2 x 7 x 1 / (8 x 7) = 1/4: alpha = 1 - (1/4) / (1/4) = 0.
    text = "one two three four"
    first = ((0, 7, "X"), (14, 18, "X"))
    second = ((0, 7, "X"), (8, 18, "X"))
    said = label_state(("a", Label(("s",), first)), ("b", Label(("s",), second)), labels=("X",))
    found = agreement_of(
        shared_answers(said), {"s": Example("s", text, tokens=tuple(text.split()))}
    )
    assert found.pairwise == pytest.approx(0.5)
    assert found.alpha == pytest.approx(0.0)


def test_agreement_without_shared_samples() -> None:
    found = agreement_of(shared_answers(label_state(("a", Label(("x",), "A")))), {})
    assert (found.shared, found.pairwise, found.alpha) == (0, None, None)
