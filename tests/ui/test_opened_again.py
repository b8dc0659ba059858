"""Samples opened again: what was said of them stands there, is left alone or changed, and Escape
goes back; undo after refusals."""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.ui.driving import drive, shown, until
from tests.ui.labelling import LabellingSession, labelling_session
from tests.ui.sessions import dataset
from tests.ui.test_label import suspended
from tests.ui.test_label_aside import app_on, begun, decide, disputed, first, press_until
from tests.ui.test_span_editor import flat, span, tagging
from tui_al.core.annotation.decisions import DecisionRecord, Flag, Label, MergeLabels, Settle
from tui_al.core.annotation.label_state import Status
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import Client, DecisionLog
from tui_al.ui.screens.history import PAGE, HistoryScreen
from tui_al.ui.screens.home import HomeScreen
from tui_al.ui.screens.label import LabelScreen
from tui_al.ui.screens.search_pool import SearchPool
from tui_al.ui.screens.second_look import SecondLookScreen


def kinds(session: LabellingSession) -> list[str]:
    """All decisions on record, by what they are."""
    with DecisionLog(session.directory) as log:
        return [record.decision.kind for record in log.read()]


async def at(pilot: Pilot[Any], screen: type) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, screen))


def labelled(home: Path, amount: int = 6) -> LabellingSession:
    """A session in which anna has answered the last ones of the data."""
    session = begun(home)
    for place in range(amount):
        decide(session, "anna", Label((session.ids[59 - place],), "returns"))
    return session


@pytest.mark.slow
@pytest.mark.parametrize("leaving", ["space", "enter"])
async def test_an_answer_is_shown_and_left_alone(home: Path, leaving: str) -> None:
    session = labelled(home)
    before = kinds(session)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["h"], "6 decisions")
        await press_until(pilot, ["down", "enter"], "✓ your answer: returns")
        screen = shown(pilot.app)
        assert session.text(session.ids[55]) in screen
        assert "enter keeps it" in screen
        assert "esc back to the history, space on to the next sample" in screen
        await pilot.press(leaving)
        await first(pilot, session)
        assert "your answer" not in shown(pilot.app)
        await pilot.press("1")
        await until(pilot, lambda: len(session.answers()) == 7)
    assert kinds(session) == [*before, "label"]
    assert session.answers()[session.ids[55]] == "returns"


@pytest.mark.slow
async def test_escape_goes_back_to_the_history_as_it_was_left(home: Path) -> None:
    session = labelled(home)
    decide(session, "anna", Label((session.ids[20],), "billing"))
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["h"], "7 decisions")
        await pilot.press("slash", *"RETURNS")
        await press_until(pilot, ["enter"], "6 of 7 decisions hold “RETURNS”")
        await press_until(pilot, ["down", "down", "down", "enter"], "your answer: returns")
        assert session.text(session.ids[57]) in shown(pilot.app)
        await pilot.press("escape")
        await at(pilot, HistoryScreen)
        await until(pilot, lambda: "6 of 7 decisions hold “RETURNS”" in shown(pilot.app))
        await until(pilot, lambda: pilot.app.screen.query_one(OptionList).highlighted == 3)
        await pilot.press("escape")  # the sample that was there before is there again
        await first(pilot, session)
        await pilot.press("escape")
        await at(pilot, HomeScreen)
    assert kinds(session) == ["label"] * 7


@pytest.mark.slow
async def test_an_answer_is_changed_by_a_label_s_key(home: Path) -> None:
    session = labelled(home, 1)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["h", "enter"], "✓ your answer: returns")
        await pilot.press("1")
        await until(pilot, lambda: session.answers() == {session.ids[59]: "billing"})
        await first(pilot, session)


@pytest.mark.slow
async def test_what_was_unclear_or_settled_or_is_another_s_is_told_and_left_alone(
    home: Path,
) -> None:
    session = begun(home)
    unclear, settled, differing, foreign = session.ids[20:24]
    decide(session, "anna", Flag(unclear, "no label fits"), Label((settled,), "billing"))
    decide(session, "anna", Label((differing,), "billing"))
    decide(session, "bob", Label((differing,), "returns"), Settle(settled, "delivery"))
    decide(session, "bob", Label((foreign,), "returns"))
    before = kinds(session)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        for identity, said in (
            (unclear, "? you found it unclear: no label fits"),
            (settled, "✓ your answer: billing   settled: delivery"),
            (differing, "✓ your answer: billing   others differ"),
            (foreign, "○ others have answered it"),
        ):
            number = session.ids.index(identity)
            await pilot.press("s", *str(number))
            await until(pilot, lambda: "found" in shown(pilot.app))
            await press_until(pilot, ["enter"], said)
            assert session.text(identity) in shown(pilot.app)
            await pilot.press("space")
            await first(pilot, session)
    assert kinds(session) == before
    assert session.label_state().label_status(unclear).status is Status.UNCLEAR


@pytest.mark.slow
async def test_escape_goes_back_to_the_search_with_its_words_and_its_row(home: Path) -> None:
    session = begun(home)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["s", *"NUMBER", "space", "4"], "15 found")
        await press_until(pilot, ["down", "down", "enter"], "back to the search")
        assert "text number 24 about" in shown(pilot.app)
        await pilot.press("escape")
        await at(pilot, SearchPool)
        await until(pilot, lambda: "15 found" in shown(pilot.app))
        assert pilot.app.screen.query_one(Input).value == "NUMBER 4"
        assert pilot.app.screen.query_one(OptionList).highlighted == 2
        await press_until(pilot, ["4"], "1 found")  # one goes on typing
        await pilot.press("escape")
        await first(pilot, session)
    assert kinds(session) == []


@pytest.mark.slow
async def test_escape_goes_back_to_the_case_that_was_to_be_corrected(home: Path) -> None:
    session = disputed(home, 20, 21, 22)
    async with drive(app_on(home, session)) as pilot:
        await until(pilot, lambda: "saved ✓ 3" in shown(pilot.app))
        await press_until(pilot, ["d"], "text number 20 about")
        await press_until(pilot, ["enter"], "1 decided")
        await press_until(pilot, ["space"], "text number 22 about")
        await press_until(pilot, ["e"], "✓ your answer: billing")
        await pilot.press("escape")
        await at(pilot, SecondLookScreen)
        await until(pilot, lambda: "text number 22 about" in shown(pilot.app))
        assert "2 of 2 · 1 decided" in shown(pilot.app)
        await pilot.press("u")
        await until(pilot, lambda: not session.label_state().confirmed(session.ids[20]))


@pytest.mark.slow
async def test_entities_are_shown_kept_and_marks_that_are_not_saved_asked_about(
    home: Path,
) -> None:
    texts = ["Anna Berg of Nordic Rail .", "Omar left Bern ."]
    session = tagging(home, texts)
    decide(session, "anna", Label((session.ids[1],), (span("Bern", "LOC", texts[1]),)))
    async with drive(app_on(home, session)) as pilot:
        await until(pilot, lambda: "Anna Berg" in flat(pilot))
        await press_until(pilot, ["h", "enter"], "✓ your answer: Bern LOC")
        assert "Omar left [Bern LOC] ." in flat(pilot)
        await press_until(pilot, ["enter"], "Anna Berg")
        await press_until(pilot, ["h", "enter"], "✓ your answer: Bern LOC")
        await pilot.press("home", "3")
        await until(pilot, lambda: "[Omar PER] left" in flat(pilot))
        await press_until(pilot, ["escape"], "What you marked in this sample is not saved.")
        await pilot.press("n", "escape", "y")
        await at(pilot, HistoryScreen)
        await press_until(pilot, ["enter"], "✓ your answer: Bern LOC")
        await pilot.press("home", "3", "enter")
        await until(pilot, lambda: len(session.records()) == 2)
    assert session.answers()[session.ids[1]] == (
        span("Omar", "PER", texts[1]),
        span("Bern", "LOC", texts[1]),
    )


@pytest.mark.slow
async def test_what_the_data_says_is_shown_and_another_answer_counts(home: Path) -> None:
    data = dataset()
    train = tuple(e if n < 3 else replace(e, answer=None) for n, e in enumerate(data.train))
    session = labelling_session(home)
    session.recording.session.close()
    given = {e.id: e.answer for e in train[:3]}
    with sqlite3.connect(session.directory / "examples.db") as db:
        db.executemany(
            "UPDATE examples SET answer = ? WHERE id = ?", [(f'"{a}"', i) for i, a in given.items()]
        )
        db.execute("DELETE FROM sums")  # as an older program wrote the data
    db.close()
    with DecisionLog(session.directory) as log:
        log.publish("ranking", 0, {"rows": [{"id": e.id} for e in train[3:]], "labels": 0})
    async with drive(app_on(home, session)) as pilot:
        await until(pilot, lambda: "text number 3 about" in shown(pilot.app))
        await press_until(pilot, ["s", *"number", "space", "2"], "= text number 2 about")
        await press_until(pilot, ["enter"], "= in the data: returns   enter keeps it")
        await press_until(pilot, ["space"], "text number 3 about")
        assert kinds(session) == []
        await press_until(pilot, ["s", *"number", "space", "2"], "= text number 2 about")
        await press_until(pilot, ["enter"], "= in the data: returns")
        await pilot.press("1")
        await until(pilot, lambda: session.answers() == {train[2].id: "billing"})


# Undo


@pytest.mark.slow
async def test_a_refused_decision_does_not_count_and_its_undo_takes_nothing_else_back(
    home: Path,
) -> None:
    session = disputed(home, 20, 21)
    ids = session.ids
    async with drive(app_on(home, session)) as pilot:
        await until(pilot, lambda: "saved ✓ 2" in shown(pilot.app))
        await press_until(pilot, ["d"], "text number 20 about")
        await press_until(pilot, ["enter"], "text number 21 about")
        await until(pilot, lambda: "1 of 1 · 1 decided" in shown(pilot.app))
        decide(session, "bob", MergeLabels("returns", "delivery"))
        await press_until(pilot, ["o"], "There is no label 'returns'")
        await press_until(pilot, ["escape"], "text number 21 about")  # it is here again
        assert "1 of 1 · 1 decided" in shown(pilot.app)
        await press_until(pilot, ["u"], "text number 20 about")  # the one before it
        await until(pilot, lambda: not session.label_state().confirmed(ids[20]))
        await press_until(pilot, ["u"], "Nothing was decided here yet")
    assert session.answers() == dict.fromkeys(ids[20:22], "billing")


async def test_undo_typed_ahead_of_a_refusal_takes_back_nothing(home: Path) -> None:
    session = begun(home)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["2"], "saved ✓ 1")
        await until(pilot, lambda: session.text(session.ids[1]) in shown(pilot.app))
        suspended(session, "anna")
        with AnnotationService(session.directory, "ben") as ben:
            item = ben.take()
            assert item is not None
            assert item.id == session.ids[1]
            ben.label(item, "returns")
            for key in "1u":  # both are there before the disk has said no
                pilot.app.post_message(events.Key(key, key))
            await until(
                pilot, lambda: "ben has answered this sample meanwhile." in shown(pilot.app)
            )
            await press_until(pilot, ["enter"], session.text(session.ids[1]))
            await until(pilot, lambda: "saved ✓ 2" in shown(pilot.app))
    assert kinds(session) == ["label", "label"]
    assert session.answers() == {session.ids[0]: "delivery", session.ids[1]: "returns"}


def was_undone(session: LabellingSession, times: int) -> bool:
    return kinds(session).count("undo") == times


async def test_undo_right_after_an_answer_takes_that_answer_back(home: Path) -> None:
    """Also by a typist whose keys are there before the first one is heard."""
    session = begun(home)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["2"], "saved ✓ 1")
        for times, answering in enumerate(("1", "enter"), start=1):
            for key in (answering, "u"):
                pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
            await until(pilot, partial(was_undone, session, times))
            await until(pilot, lambda: session.text(session.ids[1]) in shown(pilot.app))
            assert session.answers() == {session.ids[0]: "delivery"}


@pytest.mark.slow
async def test_a_note_that_was_refused_is_not_shown_as_if_it_were_there(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = begun(home)

    def refuse(*_: object) -> None:
        raise ValueError("no")

    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        monkeypatch.setattr(AnnotationService, "note", refuse)
        await pilot.press("n", *"odd", "enter")
        await until(pilot, lambda: "ValueError" in shown(pilot.app))
        await pilot.press("escape")
        await at(pilot, LabelScreen)
        assert "note: odd" not in shown(pilot.app)


# The whole history


def many(session: LabellingSession, amount: int) -> None:
    """So many decisions of anna."""
    ids: Sequence[str] = session.ids
    with DecisionLog(session.directory) as log:
        log._db.execute("PRAGMA synchronous = OFF")
        now = time.time()
        records = [
            DecisionRecord(
                0, now, "anna", f"u{n}", Label((ids[n % len(ids)],), "billing" if n else "returns")
            )
            for n in range(amount)
        ]
        log.insert(records, Client.new("anna"))


@pytest.mark.slow
async def test_the_history_goes_back_to_the_first_decision(home: Path) -> None:
    session = begun(home)
    amount = 2 * PAGE + 7
    many(session, amount)
    async with drive(app_on(home, session), (120, 24)) as pilot:
        await until(pilot, lambda: "saved" in shown(pilot.app))
        await press_until(
            pilot,
            ["h"],
            f"{PAGE:,} of {amount:,} decisions, the newest first; the end of the list brings more",
        )
        await press_until(pilot, ["end"], f"{2 * PAGE:,} of {amount:,} decisions")
        await press_until(pilot, ["end"], f"{amount:,} decisions, the newest first")
        await press_until(pilot, ["end"], "→ returns")
        assert "more" not in shown(pilot.app).splitlines()[0]
        await pilot.press("enter")
        await until(pilot, lambda: "your answer" in shown(pilot.app))
        await pilot.press("escape")
        await until(pilot, lambda: f"{amount:,} decisions" in shown(pilot.app))
        await until(pilot, lambda: "→ returns" in shown(pilot.app))  # the marked one is in sight
        assert pilot.app.screen.query_one(OptionList).highlighted == amount - 1
        await pilot.press("slash", *"Returns", "enter")  # among all, not those shown
        await until(pilot, lambda: f"1 of {amount:,} decisions hold “Returns”" in shown(pilot.app))
