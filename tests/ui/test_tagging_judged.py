"""Entities in the second look and among conflicts: judged and corrected by keys; what is stored are
exact offsets."""

from pathlib import Path

import pytest

from tests.store.people import disputes_board
from tests.ui.driving import drive, shown, until
from tests.ui.labelling import LabellingSession
from tests.ui.test_label_aside import decide, press_until
from tests.ui.test_span_editor import app_on, editor, flat, span, tagging
from tui_al.core.annotation.decisions import Label, Settle
from tui_al.core.annotation.label_state import Status
from tui_al.core.data.offsets import CharSpan
from tui_al.store.decisions import DecisionLog

TEXTS = [
    "Anna Berg of Nordic Rail met engineers in Oslo and Lille .",
    # two blanks, one that does not break, and one before the comma
    "Later Omar  left\u00a0Bern , for good .",
    "Nobody knows Ivo Fuchs in S\u0327ile .",  # a combining mark within a word
]


def entities(number: int, *named: tuple[str, str]) -> tuple[CharSpan, ...]:
    """(words, type) in one of the texts, as offsets."""
    return tuple(span(words, kind, TEXTS[number]) for words, kind in named)


ANNA = entities(0, ("Anna Berg", "PER"), ("Oslo", "PER"))
OMAR = entities(1, ("Omar  left", "PER"))
IVO = entities(2, ("Ivo", "PER"), ("S\u0327ile", "LOC"))


def disputed(home: Path, who: str = "anna") -> LabellingSession:
    """Three labelled sentences; the models dispute Oslo, left, and Fuchs, in this order."""
    session = tagging(home, TEXTS)
    said = (
        (ANNA, "B-PER", 0.1, "B-LOC", 0.9),
        (OMAR, "I-PER", 0.2, "O", 0.8),
        (IVO, "O", 0.3, "I-PER", 0.7),
    )
    board: dict[str, list[str | float]] = {}
    for number, (word, one) in enumerate(zip(("Oslo", "left", "Fuchs"), said, strict=True)):
        answer, given, of_given, better, of_better = one
        decide(session, who, Label((session.ids[number],), answer))
        board[session.ids[number]] = [
            given,
            of_given,
            better,
            of_better,
            *span(word, "", TEXTS[number])[:2],
        ]
    with DecisionLog(session.directory) as log:
        log.publish("disputes", 1, disputes_board(board))
    return session


@pytest.mark.slow
async def test_second_look_names_the_word_and_keeps_or_corrects_the_entities(home: Path) -> None:
    session = disputed(home)
    ids = session.ids
    async with drive(app_on(home, session), (100, 24)) as pilot:
        await until(pilot, lambda: "saved ✓ 3" in shown(pilot.app))
        await press_until(pilot, ["d"], "second look  1 of 3")
        await until(pilot, lambda: "“Oslo”: LOC begins .90 against PER begins .10" in flat(pilot))
        assert "anna" in shown(pilot.app)
        assert "Anna Berg PER · Oslo PER" in flat(pilot)
        await press_until(pilot, ["space"], "“left”: no entity .80")
        assert "against PER goes on .20" in flat(pilot)
        await press_until(pilot, ["space"], "“Fuchs”: PER goes on .70")
        await press_until(pilot, ["o"], "Entities are corrected on the label screen")
        await pilot.press("enter")  # no: Ivo is right
        await until(pilot, lambda: session.label_state().confirmed(ids[2]))
        assert session.answers()[ids[2]] == IVO

        await until(pilot, lambda: "“Oslo”" in shown(pilot.app))
        await pilot.press("slash")  # a label by its name is not an answer: it leads to the editor
        await until(pilot, lambda: "[Anna Berg PER] of" in flat(pilot))
        assert editor(pilot).state.spans == ANNA
        await pilot.press("tab", "1", "enter")
        await until(pilot, lambda: session.answers()[ids[0]] != ANNA)
        assert session.answers()[ids[0]] == entities(0, ("Anna Berg", "PER"), ("Oslo", "LOC"))

        await press_until(pilot, ["d"], "“left”")  # the corrected one is not disputed any more
        assert "second look  1 of 1" in shown(pilot.app)
        await pilot.press("e")
        await until(pilot, lambda: "[Omar" in flat(pilot))
        await pilot.press("left_square_bracket")  # one token less at the end
        await pilot.press("end", "left", "left", "left", "left", "1")
        await pilot.press("enter")
        wanted = ((6, 10, "PER"), (17, 21, "LOC"))
        await until(pilot, lambda: session.answers()[ids[1]] == wanted)
        assert [TEXTS[1][a:b] for a, b, _ in wanted] == ["Omar", "Bern"]
        await press_until(pilot, ["d"], "Nothing to look at again")
        await pilot.press("escape", "u")
        await until(pilot, lambda: session.answers()[ids[1]] == OMAR)
        await press_until(pilot, ["d"], "“left”")  # the dispute is back with the label
        await press_until(pilot, ["a"], "Nothing to look at again")
        await until(
            pilot, lambda: session.label_state().label_status(ids[1]).status is Status.AMBIGUOUS
        )


@pytest.mark.slow
async def test_another_s_entities_are_what_their_correction_begins_with(home: Path) -> None:
    session = disputed(home, "bob")
    async with drive(app_on(home, session), (100, 24)) as pilot:
        await until(pilot, lambda: "saved ✓ 3" in shown(pilot.app))
        await press_until(pilot, ["d"], "“Oslo”")
        await pilot.press("e")
        await until(pilot, lambda: "[Anna Berg PER] of" in flat(pilot))
        assert editor(pilot).state.spans == ANNA
        await pilot.press("tab", "1", "enter")
        await until(pilot, lambda: len(session.records()) == 4)
        # two people differ now: that is settled among the conflicts
        await press_until(pilot, ["c"], "conflicts  1 of 1")
        await until(pilot, lambda: "2 anna" in shown(pilot.app))
        await press_until(pilot, ["2"], "No two annotators differ")
        right = entities(0, ("Anna Berg", "PER"), ("Oslo", "LOC"))
        await until(pilot, lambda: session.answers().get(session.ids[0]) == right)


@pytest.mark.slow
async def test_conflicts_about_entities_are_settled_by_number_or_answered_anew(home: Path) -> None:
    session = tagging(home, TEXTS)
    ids = session.ids
    annas = (ANNA, entities(1, ("Omar", "PER"), ("Bern", "LOC")), IVO)
    bobs = (
        entities(0, ("Anna Berg", "PER"), ("Nordic Rail", "ORG"), ("Oslo", "LOC")),
        OMAR,
        entities(2, ("Ivo Fuchs", "PER"), ("S\u0327ile", "LOC")),
    )
    for number, both in enumerate(zip(annas, bobs, strict=True)):
        for who, given in zip(("anna", "bob"), both, strict=True):
            decide(session, who, Label((ids[number],), given))
    async with drive(app_on(home, session), (100, 24)) as pilot:
        # anna has 2, 2, 2 entities, bob 3, 1, 2, shared are Anna Berg and Şile: F1 is 2 x 2 / (6 +
        # 6) = 1/3
        await press_until(pilot, ["c"], "span F1 0.33")
        assert "3 by anna bob" in shown(pilot.app)
        await until(pilot, lambda: "1 anna" in shown(pilot.app))
        rows = shown(pilot.app).splitlines()
        assert any(
            row.startswith(" 1 anna") and row.endswith("Anna Berg PER · Oslo PER") for row in rows
        )
        assert any(
            row.startswith(" 2 bob") and row.endswith("Anna Berg PER · Nordic Rail ORG · Oslo LOC")
            for row in rows
        )
        await pilot.press("2")
        await until(pilot, lambda: session.answers().get(ids[0]) == bobs[0])
        await until(pilot, lambda: "Omar" in shown(pilot.app))
        await pilot.press("space")
        await until(pilot, lambda: "Nobody knows" in shown(pilot.app))
        await pilot.press("1")
        await until(pilot, lambda: session.answers().get(ids[2]) == IVO)
        await press_until(pilot, ["u"], "Nobody knows")
        await until(
            pilot, lambda: session.label_state().label_status(ids[2]).status is Status.CONFLICT
        )

        await until(pilot, lambda: "1 anna" in shown(pilot.app))
        await pilot.press("e")  # anna sees what she said, and finds that bob was right
        await until(pilot, lambda: "[Ivo PER] Fuchs" in flat(pilot))
        await pilot.press("right_square_bracket", "enter")
        await until(pilot, lambda: session.answers().get(ids[2]) == bobs[2])
        await press_until(pilot, ["c"], "conflicts  1 of 1")
        await until(pilot, lambda: "Omar" in shown(pilot.app))
        await press_until(pilot, ["1"], "No two annotators differ")
        await until(pilot, lambda: session.answers().get(ids[1]) == annas[1])
    settled = [
        (r.decision.id, r.decision.answer)
        for r in all_of(session)
        if isinstance(r.decision, Settle)
    ]
    assert settled == [(ids[0], bobs[0]), (ids[2], IVO), (ids[1], annas[1])]


def all_of(session: LabellingSession) -> list:  # type: ignore[type-arg]
    with DecisionLog(session.directory) as log:
        return log.read()
