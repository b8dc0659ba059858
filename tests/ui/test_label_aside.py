"""Beside the labelling: labels found by name, search, labels managed, history, second look,
conflicts; by keys."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.store.people import disputes_board
from tests.ui.driving import SIZES, assert_clean, drive, is_as_deep, is_deeper, shown, until
from tests.ui.labelling import LabellingSession, labelling_session, people
from tests.ui.sessions import LABELS, dataset
from tests.ui.torture import TEXTS
from tui_al.core.annotation.decisions import AddLabel, Confirm, Decision, Label
from tui_al.core.annotation.label_state import Status
from tui_al.core.data.examples import Example
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.nearest_neighbors import STATES
from tui_al.store.samples import Hit
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.find_label import Finder
from tui_al.ui.screens.search_pool import SearchPool, hit_row
from tui_al.ui.terminal import Terminal


def app_on(home: Path, session: LabellingSession, **options: Any) -> TuiAl:
    return TuiAl(home, session.directory, annotator="anna", **options)


def decide(session: LabellingSession, annotator: str, *decisions: Decision) -> None:
    with DecisionLog(session.directory) as log:
        log.append(Client.new(annotator), *decisions)


def begun(home: Path) -> LabellingSession:
    session = labelling_session(home)
    session.rank(1)
    return session


async def first(pilot: Pilot[Any], session: LabellingSession) -> None:
    await until(pilot, lambda: session.text(session.ids[0]) in shown(pilot.app))


async def press_until(pilot: Pilot[Any], keys: Sequence[str], seen: str) -> None:
    await pilot.press(*keys)
    await until(pilot, lambda: seen in shown(pilot.app))


# Finding a label


def test_likely_and_recent_labels_come_first_and_match_with_fewer_letters() -> None:
    labels = ("card arrival", "card linking", "lost card", "age limit")
    plain = Finder(labels)
    assert [row.label for row in plain.rows("")] == list(labels)
    assert [row.label for row in plain.rows("card")][:3] == [
        "card arrival",
        "card linking",
        "lost card",
    ]
    told = Finder(labels, likely=[("lost card", 0.8)], recent=["card linking"])
    assert [row.label for row in told.rows("")][:2] == ["lost card", "card linking"]
    assert [row.label for row in told.rows("c")][:3] == [
        "lost card",
        "card linking",
        "card arrival",
    ]
    assert plain.rows("al")[0].label == "age limit"
    assert plain.rows("al")[0].positions == (0, 4)


def test_labels_that_a_key_gives_come_after_the_others_unless_typed_in_full() -> None:
    finder = Finder(("card", "card arrival", "cash"), [("card", 0.9)], ["card"], keyed=["card"])
    assert [row.label for row in finder.rows("")] == ["card arrival", "cash", "card"]
    assert [row.label for row in finder.rows("ca")][:3] == ["cash", "card arrival", "card"]
    assert [row.label for row in finder.rows("Card")][:2] == ["card", "card arrival"]


def test_what_is_no_label_yet_is_offered_as_a_new_one_at_the_end() -> None:
    finder = Finder(("card", "cash"))
    assert [(row.label, row.new) for row in finder.rows(" ca ")] == [
        ("card", False),
        ("cash", False),
        ("ca", True),
    ]
    assert not any(row.new for row in finder.rows("cash"))
    assert Finder(("card",), may_add=False).rows("x") == []


@pytest.mark.slow
async def test_a_label_found_by_name_answers_and_a_new_one_is_added(home: Path) -> None:
    session = begun(home)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["slash"], "Find a label")
        await press_until(pilot, ["r", "e", "t"], "returns")
        await press_until(pilot, ["enter"], "saved ✓ 1")
        await pilot.press("slash", *"lost")
        await press_until(pilot, ["space", "x"], "+ lost x as a new label")
        await press_until(pilot, ["enter"], "saved ✓ 2")
        await pilot.press("slash", "down", "enter")
        await until(pilot, lambda: len(session.records()) == 3)
        await press_until(pilot, ["slash", "escape"], "saved ✓ 3")
    assert [answer for _, answer in session.labels_in_order()] == ["returns", "lost x", "delivery"]
    assert session.given()[0].via == "search"
    assert session.label_state().labels == (*LABELS, "lost x")


# Searching the pool


def test_a_hit_shows_where_it_stands_and_the_words() -> None:
    text = "many words " * 30 + "the NEEDLE [/x] here"
    row = hit_row(Hit(Example("1", text), Status.LABELLED), ("needle",), 40)
    assert row.plain.startswith("✓ …")
    assert "NEEDLE [/x] here" in row.plain
    assert row.cell_length <= 42
    marked = [
        row.plain[span.start : span.end] for span in row.spans if "underline" in str(span.style)
    ]
    assert marked == ["NEEDLE"]
    assert hit_row(Hit(Example("1", text), Status.OPEN, in_data=True), (), 40).plain.startswith(
        "= many"
    )


@pytest.mark.slow
async def test_search_by_words_and_label_the_hit_now(home: Path) -> None:
    session = begun(home)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["s"], "Search the pool")
        await press_until(pilot, ["enter"], "Nothing is found yet that could be labelled")
        await press_until(pilot, ["4", "7", "space", "t", "e", "x", "t"], "1 found")
        await pilot.press("enter")
        await until(
            pilot,
            lambda: "text number 47 about" in shown(pilot.app) and "found" not in shown(pilot.app),
        )
        await press_until(pilot, ["1"], "saved ✓ 1")
        await first(pilot, session)  # the one before the search is next
        await pilot.press("s", *"nothing")
        await until(pilot, lambda: "Nothing in the pool holds all these words." in shown(pilot.app))
    assert session.labels_in_order() == [("text number 47 about something", "billing")]


@pytest.mark.slow
async def test_neighbours_of_the_sample_when_the_engine_has_left_its_states(home: Path) -> None:
    session = begun(home)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["s", "tab"], "Neighbours are not there yet")
        states = np.zeros((len(session.ids), 2), dtype=np.float16)
        states[:, 1] = 1.0
        states[0] = states[33] = (1.0, 0.2)
        np.save(session.directory / STATES, states)
        await press_until(pilot, ["tab"], "text number 33 about")
        rows = shown(pilot.app).splitlines()
        listed = rows[next(i for i, row in enumerate(rows) if "Search the pool" in row) :]
        assert "number 33" in next(row for row in listed if "text number" in row)
        assert any(
            "text number 0 about" in row for row in rows[: -len(listed)]
        )  # it stays in sight
        assert not any("text number 0 about" in row for row in listed)
        await pilot.press("down", "up", "enter")
        await until(
            pilot,
            lambda: "found" not in shown(pilot.app) and "text number 33 about" in shown(pilot.app),
        )


# Managing labels


@pytest.mark.slow
async def test_labels_are_added_renamed_merged_described_and_all_of_it_taken_back(
    home: Path,
) -> None:
    session = begun(home)
    decide(session, "anna", Label((session.ids[5],), "returns"))
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["l"], "3 · 2 without an example")
        await pilot.press("a", *"fraud")
        await press_until(pilot, ["enter"], "Label fraud is added.")
        await until(pilot, lambda: session.label_state().labels == (*LABELS, "fraud"))
        await until(pilot, lambda: "4 · 3 without" in shown(pilot.app))
        await pilot.press("home", "r", "home", *"my ")
        await press_until(pilot, ["enter"], "billing is called my billing now.")
        await pilot.press("end", "m", *"deliv")
        await press_until(pilot, ["enter"], "fraud counts as delivery now.")
        await until(pilot, lambda: "3 · 2 without" in shown(pilot.app))
        await pilot.press("home", "d", *"money")
        await press_until(pilot, ["enter"], "my billing is described.")
        await until(pilot, lambda: "money" in shown(pilot.app))
        assert session.label_state().descriptions == {"my billing": "money"}
        for _ in range(4):
            await pilot.press("u")
        await until(pilot, lambda: session.label_state().labels == LABELS)
        await press_until(pilot, ["u"], "Your last decision was not about the labels.")
        await pilot.press("escape", "escape")
        await first(pilot, session)
    assert session.answers() == {session.ids[5]: "returns"}


# History


@pytest.mark.slow
async def test_history_shows_what_was_decided_and_goes_back_to_any_sample(home: Path) -> None:
    session = begun(home)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        await pilot.press("h", "enter")
        await until(pilot, lambda: "Nothing is decided yet." in shown(pilot.app))
        await pilot.press("escape", "2", "3", "space")
        await until(pilot, lambda: "saved ✓ 2" in shown(pilot.app))
        await press_until(pilot, ["h"], "3 decisions, the newest first")
        rows = [row for row in shown(pilot.app).splitlines() if "text number" in row]
        assert "skipped" in rows[0]
        assert "→ returns" in rows[1]
        assert "→ delivery" in rows[2]
        await pilot.press("down", "down", "enter")
        await first(pilot, session)
        await pilot.press("1")
        await until(pilot, lambda: session.answers().get(session.ids[0]) == "billing")
        decide(session, "anna", AddLabel("late"))
        await until(pilot, lambda: "late" in shown(pilot.app))
        await press_until(pilot, ["h"], "label late added")
        await press_until(pilot, ["enter"], "This was about the labels")


# Second look


def disputed(home: Path, *ids: int) -> LabellingSession:
    session = begun(home)
    for place in ids:
        decide(session, "anna", Label((session.ids[place],), "billing"))
    with DecisionLog(session.directory) as log:
        board: dict[str, list[str | float]] = {
            session.ids[p]: ["billing", 0.1 + n / 100, "returns", 0.8] for n, p in enumerate(ids)
        }
        log.publish("disputes", 1, disputes_board(board))
    return session


@pytest.mark.slow
async def test_second_look_keeps_takes_the_other_finds_calls_ambiguous_and_undoes(
    home: Path,
) -> None:
    session = disputed(home, 20, 21, 22, 23)
    ids = session.ids
    async with drive(app_on(home, session)) as pilot:
        await until(pilot, lambda: "saved ✓ 4" in shown(pilot.app))
        await press_until(pilot, ["d"], "text number 20 about")
        assert "second look  1 of 4" in shown(pilot.app)
        assert "5-fold cross-validation of 40 labels" in shown(pilot.app)
        assert "a model trained without it says returns .80  against  billing .10" in shown(
            pilot.app
        )
        await press_until(pilot, ["enter"], "text number 21 about")
        assert session.label_state().confirmed(ids[20])
        await press_until(pilot, ["o"], "text number 22 about")
        await pilot.press("slash", *"deli")
        await press_until(pilot, ["enter"], "text number 23 about")
        await press_until(pilot, ["a"], "Nothing to look at again")
        await until(pilot, lambda: len(session.answers()) == 3)
        assert session.answers() == {ids[20]: "billing", ids[21]: "returns", ids[22]: "delivery"}
        assert session.given()[-1].via == "second look"
        await press_until(pilot, ["u"], "text number 23 about")
        await until(pilot, lambda: session.answers().get(ids[23]) == "billing")
        await press_until(pilot, ["enter"], "Nothing to look at again")
        await press_until(pilot, ["enter"], "There is nothing to decide here.")
        await press_until(pilot, ["space"], "There is no other one.")
        await press_until(pilot, ["escape"], "saved ✓ 4")


@pytest.mark.slow
async def test_second_look_puts_off_and_hands_over_to_the_label_screen(home: Path) -> None:
    session = disputed(home, 20, 21)
    async with drive(app_on(home, session)) as pilot:
        await until(pilot, lambda: "saved ✓ 2" in shown(pilot.app))
        await press_until(pilot, ["d"], "text number 20 about")
        await press_until(pilot, ["space"], "text number 21 about")
        await press_until(pilot, ["space"], "text number 20 about")
        await press_until(pilot, ["u"], "Nothing was decided here yet")
        await press_until(pilot, ["e"], "round")
        await until(pilot, lambda: "text number 20 about" in shown(pilot.app))
        await pilot.press("3")
        await until(pilot, lambda: session.answers()[session.ids[20]] == "returns")


@pytest.mark.slow
async def test_a_second_look_at_another_s_label_settles_it(home: Path) -> None:
    session = begun(home)
    decide(session, "bob", Label((session.ids[20],), "billing"))
    with DecisionLog(session.directory) as log:
        log.publish(
            "disputes", 1, disputes_board({session.ids[20]: ["billing", 0.1, "returns", 0.8]})
        )
    async with drive(app_on(home, session)) as pilot:
        await until(pilot, lambda: "saved ✓ 1" in shown(pilot.app))
        await press_until(pilot, ["d"], "bob")
        await pilot.press("o")
        await until(pilot, lambda: session.answers() == {session.ids[20]: "returns"})


@pytest.mark.slow
async def test_undoing_a_judgement_of_anothers_label_on_the_label_screen_puts_up_no_sample(
    home: Path,
) -> None:
    """It would look like one that is to be labelled, and an answer to it would make a conflict."""
    session = begun(home)
    judged = session.ids[20]
    decide(session, "bob", Label((judged,), "billing"))
    with DecisionLog(session.directory) as log:
        log.publish("disputes", 1, disputes_board({judged: ["billing", 0.1, "returns", 0.8]}))
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        for key, told in (
            ("o", "settled → returns"),
            ("enter", "confirmed"),
            ("a", "truly ambiguous"),
        ):
            await press_until(pilot, ["d"], "bob")
            await press_until(pilot, [key], "1 decided")
            await press_until(pilot, ["escape"], session.text(session.ids[0]))
            await press_until(pilot, ["u"], f"Taken back: {told} · text number 20 about")
            assert session.text(session.ids[0]) in shown(pilot.app)
            assert session.answers() == {judged: "billing"}
            assert not session.label_state().confirmed(judged)
        await press_until(pilot, ["r"], "Holds again: truly ambiguous · text number 20 about")
        assert not session.answers()
        await press_until(pilot, ["u", "3"], "saved ✓ 2")
    assert session.answers() == {judged: "billing", session.ids[0]: "returns"}


@pytest.mark.slow
async def test_a_note_that_is_taken_back_leaves_the_sample_and_is_told(home: Path) -> None:
    session = begun(home)
    async with drive(app_on(home, session)) as pilot:
        await first(pilot, session)
        for note in ("odd", "very odd"):
            await press_until(pilot, ["n"], "Note on this sample")
            await pilot.press("end", *["backspace"] * 9, *note)
            await press_until(pilot, ["enter"], f"note: {note}")
        await press_until(
            pilot, ["u"], f"Taken back: note: very odd · {session.text(session.ids[0])}"
        )
        await until(pilot, lambda: "─ note: odd ─" in shown(pilot.app))
        await press_until(pilot, ["u"], "Taken back: note: odd")
        await until(pilot, lambda: "─ note:" not in shown(pilot.app))
        await press_until(pilot, ["r"], "Holds again: note: odd")
        await until(pilot, lambda: "─ note: odd ─" in shown(pilot.app))


# Conflicts


@pytest.mark.slow
async def test_conflicts_are_settled_by_the_annotator_s_number_and_show_the_agreement(
    home: Path,
) -> None:
    session = begun(home)
    # as in test_second_look: kappa 1/2, alpha 8/15
    for place, pair in enumerate(("AA", "AB", "BB", "BB"), start=20):
        names = {"A": "billing", "B": "returns"}
        for who, letter in zip(("anna", "bob"), pair, strict=True):
            decide(session, who, Label((session.ids[place],), names[letter]))
    decide(session, "anna", Label((session.ids[30],), "billing"))
    decide(session, "bob", Label((session.ids[30],), "delivery"))
    ids = session.ids
    async with drive(app_on(home, session), (100, 24)) as pilot:
        await until(pilot, lambda: "saved ✓ 3" in shown(pilot.app))
        await press_until(pilot, ["c"], "text number 21 about")
        # with the fifth: observed 3/5, by chance (3 x 1 + 2 x 3) / 25 = 9/25: kappa (15 - 9) / (25
        # - 9) = 3/8 alpha: values 4 A, 5 B, 1 D; within 4 of 10, by chance (4 x 6 + 5 x 5 + 1 x 9)
        # / (10 x 9) = 58/90: 1 - 36/58 = 11/29
        assert "kappa 0.38 · alpha 0.38 · 5 by anna bob" in shown(pilot.app)
        rows = shown(pilot.app).splitlines()
        assert any(row.startswith(" 1 anna") and row.endswith("billing") for row in rows)
        assert any(row.startswith(" 2 bob") and row.endswith("returns") for row in rows)
        await press_until(pilot, ["7"], "No annotator has this number.")
        await press_until(pilot, ["2"], "text number 30 about")
        await until(pilot, lambda: session.answers().get(ids[21]) == "returns")
        await pilot.press("slash", *"del")
        await press_until(pilot, ["enter"], "No two annotators differ")
        await until(pilot, lambda: session.answers().get(ids[30]) == "delivery")
        await press_until(pilot, ["u"], "text number 30 about")
        await press_until(pilot, ["a"], "No two annotators differ")
        await until(
            pilot, lambda: session.label_state().label_status(ids[30]).status is Status.AMBIGUOUS
        )


# Everywhere


async def test_what_is_found_after_the_search_was_closed_goes_nowhere(home: Path) -> None:
    """A closed screen is attached for a moment still, without its widgets."""
    session = begun(home)
    async with drive(app_on(home, session), SIZES[0]) as pilot:
        await first(pilot, session)
        await press_until(pilot, ["s"], "Search the pool")
        search = pilot.app.screen
        assert isinstance(search, SearchPool)
        answers: list[Any] = []
        asked = SimpleNamespace(
            item=search._label_screen.item, ask=lambda _, __, then: answers.append(then)
        )
        search._label_screen = asked
        await pilot.press("tab")
        await search.query(OptionList).remove()
        search.dismiss(None)
        assert search.is_attached
        answers[0]([])


@pytest.mark.slow
async def test_torture_texts_and_labels_on_every_screen_at_every_size(home: Path) -> None:
    texts = [text for text in TEXTS.values() if "\ud800" not in text]
    odd = ("[/x] $a", "日本 \u202eevil", "\x1b[31mred")
    data = dataset(labels=odd, size=len(texts))
    examples = tuple(
        type(e)(e.id, text, e.answer) for e, text in zip(data.train, texts, strict=True)
    )
    from dataclasses import replace

    session = labelling_session(home, experiment=people(), data=replace(data, train=examples))
    session.rank(1, top=[(odd[0], 0.5), (odd[1], 0.3)])
    for identity, label in zip(session.ids[:-1], odd * 7, strict=False):
        decide(session, "anna", Label((identity,), label))
    for identity in session.ids[:4]:
        decide(session, "[bob]\x1b", Label((identity,), odd[2]))
    decide(session, "anna", Confirm(session.ids[5]))
    with DecisionLog(session.directory) as log:
        board: dict[str, list[str | float]] = {
            i: [odd[n % 3], 0.1, odd[(n + 1) % 3], 0.8] for n, i in enumerate(session.ids)
        }
        log.publish("disputes", 1, disputes_board(board))
    for size, terminal in zip(
        SIZES, (Terminal(), Terminal(light=True), Terminal(ascii=True)), strict=True
    ):
        async with drive(app_on(home, session, terminal=terminal), size) as pilot:
            await until(pilot, lambda: "saved" in shown(pilot.app) and pilot.app.screen.item)  # type: ignore[attr-defined]
            for key, pressed in (
                ("slash", ("x",)), ("s", ("e", "tab")), ("l", ("down", "down")),
                ("h", ("down", "end")),
                ("d", ("space",) * 6), ("c", ("space",) * 4),
            ):  # fmt: skip
                before = len(pilot.app.screen_stack)
                await pilot.press(key)
                await until(pilot, partial(is_deeper, pilot.app, before))
                for one in pressed:
                    await pilot.press(one)
                    assert_clean(pilot.app)
                await pilot.press("escape")
                await until(pilot, partial(is_as_deep, pilot.app, before))
