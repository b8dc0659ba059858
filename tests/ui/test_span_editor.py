"""Entities by keyboard on the label screen: every key, what is drawn, what is stored."""

import re
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui.driving import SIZES, assert_clean, drive, shown, until
from tests.ui.labelling import LabellingSession, labelling_session, people
from tests.ui.torture import TEXTS
from tui_al.core.annotation.decisions import Label
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.offsets import CharSpan
from tui_al.core.data.word_split import words_of
from tui_al.ui.app import TuiAl
from tui_al.ui.terminal import Terminal
from tui_al.ui.widgets.span_editor import SpanEditor

KINDS = ("LOC", "ORG", "PER")
TEXT = "Anna Berg of Nordic Rail met engineers in Oslo and Lille ."


def sentences(texts: list[str], labels: tuple[str, ...] = KINDS) -> Dataset:
    examples = tuple(
        Example(identity, text, None, words_of(text), f"train.conll:{n}")
        for n, (identity, text) in enumerate(zip(example_ids(texts), texts, strict=True))
    )
    return Dataset("events", Task.TAGGING, labels, examples, ())


def tagging(
    home: Path, texts: list[str], *proposed: tuple[str, str, float], labels: tuple[str, ...] = KINDS
) -> LabellingSession:
    """A session about these texts, in this order; where the words of `proposed` are in one, the
    model says so."""
    session = labelling_session(
        home, "events-anna", experiment=people("4"), data=sentences(texts, labels)
    )
    top = {
        identity: [
            (*span(words, kind, text), sure) for words, kind, sure in proposed if words in text
        ]
        for identity, text in zip(session.ids, texts, strict=True)
    }
    session.rank(1, top=top)
    return session


def app_on(home: Path, session: LabellingSession, **options: Any) -> TuiAl:
    return TuiAl(home, session.directory, annotator="anna", **options)


def editor(pilot: Pilot[Any]) -> SpanEditor:
    return pilot.app.screen.query_one(SpanEditor)


def entities_of(label: Label) -> tuple[CharSpan, ...]:
    assert isinstance(label.answer, tuple)
    return label.answer


def span(words: str, kind: str, text: str = TEXT) -> CharSpan:
    return text.index(words), text.index(words) + len(words), kind


async def begun(pilot: Pilot[Any], first_words: str = "Anna Berg") -> None:
    await sees(pilot, first_words)


async def sees(pilot: Pilot[Any], text: str) -> None:
    await until(pilot, lambda: text in flat(pilot))


async def sees_no_more(pilot: Pilot[Any], text: str) -> None:
    await until(pilot, lambda: text not in flat(pilot))


async def edits(pilot: Pilot[Any], text: str) -> None:
    await until(pilot, lambda: editor(pilot).state.text == text)


def flat(pilot: Pilot[Any]) -> str:
    """What is shown, without borders and rows."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", shown(pilot.app)).split())


async def saved(pilot: Pilot[Any], count: int) -> None:
    await until(pilot, lambda: f"saved ✓ {count}" in shown(pilot.app))


PROPOSED = (("Anna Berg", "PER", 0.91), ("Nordic", "ORG", 0.55), ("Lille", "PER", 0.41))


async def test_proposals_are_drawn_with_a_question_mark_and_enter_accepts_all(home: Path) -> None:
    session = tagging(home, [TEXT, "Second ."], *PROPOSED)
    async with drive(app_on(home, session)) as pilot:
        await begun(pilot, "[Anna Berg PER?] of [Nordic ORG?] Rail")
        assert "“Anna” · PER? .91 of the model: a accepts" in shown(pilot.app)
        assert "token 1 of 12 · 3 to check" in shown(pilot.app)
        await pilot.press("enter")
        await saved(pilot, 1)
    (label,) = session.given()
    assert label.answer == (
        span("Anna Berg", "PER"),
        span("Nordic", "ORG"),
        span("Lille", "PER"),
    )
    assert label.via == "suggestion"
    assert label.suggestion == label.answer


@pytest.mark.slow
async def test_correcting_the_model_by_keys(home: Path) -> None:
    session = tagging(home, [TEXT, "Second ."], *PROPOSED)
    async with drive(app_on(home, session)) as pilot:
        await begun(pilot)
        for keys, now in (
            ("a", "[Anna Berg PER] of [Nordic ORG?] Rail"),
            ("right_square_bracket", "of [Nordic Rail ORG] met"),
            ("tab 1", "[Lille LOC] ."),
            ("comma comma 1", "[Oslo LOC] and"),
        ):
            await pilot.press(*keys.split())
            await sees(pilot, now)
        assert "4 entities" in shown(pilot.app)
        assert "to check" not in shown(pilot.app)
        await pilot.press("enter")
        await saved(pilot, 1)
    (label,) = session.given()
    assert label.answer == (
        span("Anna Berg", "PER"), span("Nordic Rail", "ORG"), span("Oslo", "LOC"),
        span("Lille", "LOC")
    )  # fmt: skip
    assert label.via == "key"


#: Keys pressed in a fresh text, and what is to be seen then.
KEYS = (
    ("right right", "token 3 of 12 · 0 entities"),
    ("3", "[Anna PER] Berg"),
    ("v right 3", "[Anna Berg PER] of"),
    ("shift+right shift+right shift+left 3", "[Anna Berg PER] of"),
    ("full_stop full_stop full_stop v full_stop 2", "[Nordic Rail ORG]"),
    ("end left v comma comma 1", "[Oslo and Lille LOC] ."),
    ("3 ] ]", "[Anna Berg of PER]"),
    ("3 ] ] [", "[Anna Berg PER] of"),
    ("3 ] ] minus", "[Anna Berg PER] of"),
    ("3 plus", "[Anna Berg PER] of"),
    ("right right 3 { {", "[Anna Berg of PER]"),
    ("right right 3 { { }", "Anna [Berg of PER]"),
    ("3 1", "[Anna LOC] Berg"),
    ("3 x", "Anna Berg of Nordic"),
    ("3 end home x", "Anna Berg of Nordic"),
    ("3 right right 2 z x", "Anna Berg [of ORG]"),
    ("3 right right 2 shift+tab x", "Anna Berg [of ORG]"),
    ("3 right right 2 tab x", "Anna Berg [of ORG]"),
    ("3 u", "Anna Berg of"),
    ("3 u r", "[Anna PER] Berg"),
)

#: Keys that cannot act, and the reason that is shown.
REFUSED = (
    ("x", "There is no entity to delete under the cursor"),
    ("a", "There is no proposal to accept under the cursor"),
    ("3 a", "[Anna PER] is accepted already"),
    ("right_square_bracket", "only with the cursor in it"),
    ("left_curly_bracket", "only with the cursor in it"),
    ("3 left_square_bracket", "is one token: it cannot shrink"),
    ("3 right_curly_bracket", "is one token: it cannot shrink"),
    ("3 left_curly_bracket", "The text ends here"),
    ("3 right v left 2", "overlaps [Anna PER]"),
    ("v enter", "is selected and has no type"),
    ("tab", "There is no entity to go to"),
    ("z", "There is no entity to go to"),
    ("9", "There is no type on this key"),
)

_NAMED = {
    "[": "left_square_bracket",
    "]": "right_square_bracket",
    "{": "left_curly_bracket",
    "}": "right_curly_bracket",
}


async def afresh(pilot: Pilot[Any], keys: str) -> None:
    """Press keys in the sample as it came."""
    area, item = editor(pilot), pilot.app.screen.item  # type: ignore[attr-defined]
    area.show(None, blind=False)
    area.show(item, blind=False)
    for key in keys.split():
        pilot.app.simulate_key(_NAMED.get(key, key))


@pytest.mark.slow
async def test_every_key_does_what_it_says(home: Path) -> None:
    session = tagging(home, [TEXT])
    async with drive(app_on(home, session)) as pilot:
        await begun(pilot)
        for keys, seen in KEYS:
            await afresh(pilot, keys)
            await sees(pilot, seen)
    assert session.records() == []


@pytest.mark.slow
async def test_a_key_that_cannot_act_says_why_until_the_next_one(home: Path) -> None:
    session = tagging(home, [TEXT])
    async with drive(app_on(home, session)) as pilot:
        await begun(pilot)
        for keys, reason in REFUSED:
            await afresh(pilot, keys)
            await sees(pilot, reason)
            pilot.app.simulate_key("right")
            await sees_no_more(pilot, reason)
    assert session.records() == []


@pytest.mark.slow
async def test_undo_goes_back_within_the_sample_first_and_then_to_the_one_before(
    home: Path,
) -> None:
    session = tagging(home, [TEXT, "Third Oslo .", "Fourth ."], *PROPOSED)
    async with drive(app_on(home, session)) as pilot:
        await begun(pilot)
        await pilot.press("1", "x", "enter")
        await saved(pilot, 1)
        await begun(pilot, "Third")
        await pilot.press("right", "1")
        await begun(pilot, "Third [Oslo LOC]")
        await pilot.press("u")
        await begun(pilot, "Third Oslo .")
        await pilot.press("u")
        # the answer that was taken back is there to be changed
        await begun(pilot, "Anna Berg of [Nordic ORG] Rail")
        assert "to check" not in shown(pilot.app)
        assert session.answers() == {}
        await pilot.press("enter")
        await saved(pilot, 1)
        assert session.answers() == {session.ids[0]: (span("Nordic", "ORG"), span("Lille", "PER"))}


@pytest.mark.slow
async def test_blind_hides_the_model_s_entities_but_not_one_s_own(home: Path) -> None:
    session = tagging(home, [TEXT], *PROPOSED)
    async with drive(app_on(home, session)) as pilot:
        await begun(pilot, "[Anna Berg PER?]")
        await pilot.press("a", "b")
        await begun(pilot, "[Anna Berg PER] of Nordic Rail")
        await pilot.press("b")
        await begun(pilot, "[Anna Berg PER] of [Nordic ORG?] Rail")
        await pilot.press("n", "x", "enter")
        await begun(pilot, "note: x")
        assert "[Anna Berg PER] of [Nordic ORG?] Rail" in shown(pilot.app)


async def test_more_types_than_digits_are_found_by_name(home: Path) -> None:
    labels = tuple(f"T{n:02}" for n in range(18))
    session = tagging(home, [TEXT], labels=labels)
    async with drive(app_on(home, session), (120, 40)) as pilot:
        await begun(pilot)
        await until(pilot, lambda: "9 others by name" in shown(pilot.app))
        editor(pilot).choose("T17")
        await begun(pilot, "[Anna T17] Berg")


@pytest.mark.slow
async def test_the_cursor_is_in_sight_wherever_it_goes_in_a_long_text(home: Path) -> None:
    text = "\n\n".join("word " * 60 + f"end{n} ." for n in range(30))
    session = tagging(home, [text])
    for size in SIZES:
        async with drive(app_on(home, session), size) as pilot:
            await begun(pilot, "word")
            for keys in ("end left", "home", "pagedown pagedown", "pageup", "end"):
                await pilot.press(*keys.split())
                await pilot.pause()
                assert reversed_words(pilot) == [under_cursor(pilot)]
            assert under_cursor(pilot) == "."
            place = editor(pilot).state.cursor
            await pilot.press("up")
            await pilot.pause()
            assert editor(pilot).state.cursor < place
            assert len(reversed_words(pilot)) == 1


def under_cursor(pilot: Pilot[Any]) -> str:
    state = editor(pilot).state
    return state.words(state.cursor, state.cursor + 1)


def reversed_words(pilot: Pilot[Any]) -> list[str]:
    """What is painted in reverse: the token under the cursor."""
    strips = pilot.app.screen._compositor.render_strips()[: pilot.app.size.height]
    return [
        s.text for strip in strips for s in strip if s.style and s.style.reverse and s.style.bold
    ]


async def test_the_help_has_the_editor_s_keys_too(home: Path) -> None:
    session = tagging(home, [TEXT])
    async with drive(app_on(home, session), (120, 60)) as pilot:
        await begun(pilot)
        await pilot.press("f1")
        await until(pilot, lambda: "One token less at the start of the entity." in shown(pilot.app))
        assert "Take the suggestion, save it and go on." in shown(pilot.app)


@pytest.mark.slow
async def test_up_and_down_keep_the_column(home: Path) -> None:
    session = tagging(home, ["one two three\nfour\nfive six seven"])
    async with drive(app_on(home, session)) as pilot:
        await begun(pilot, "one two")
        for key, word in (
            ("right", "two"),
            ("down", "four"),
            ("down", "six"),
            ("up", "four"),
            ("up", "two"),
            ("up", "two"),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert reversed_words(pilot) == [word]


@pytest.mark.slow
async def test_the_mouse_points_and_selects(home: Path) -> None:
    session = tagging(home, [TEXT])
    async with drive(app_on(home, session)) as pilot:
        await begun(pilot)
        await pilot.click("#spans", offset=(9, 2))
        await until(pilot, lambda: "“Berg” · no entity" in shown(pilot.app))
        await pilot.mouse_down("#spans", offset=(17, 2))
        await pilot.mouse_up("#spans", offset=(24, 2))
        await until(pilot, lambda: "selected “Nordic Rail”" in shown(pilot.app))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "terminal"),
    [((120, 40), Terminal()), ((80, 24), Terminal(ascii=True)), ((40, 10), Terminal(light=True))],
)
async def test_torture_texts_are_shown_marked_and_stored_by_exact_offsets(
    home: Path, size: tuple[int, int], terminal: Terminal
) -> None:
    texts = [text for text in TEXTS.values() if "\ud800" not in text]
    session = tagging(home, texts, labels=("[/x] $a", "日本"))
    async with drive(app_on(home, session, terminal=terminal), size) as pilot:
        for text in texts:
            await edits(pilot, text)
            await pilot.press("end", "2", "home", "1", "right_square_bracket", "pagedown", "up")
            await pilot.pause()
            assert_clean(pilot.app)
            await pilot.press("enter")
        await until(pilot, lambda: len(session.records()) == len(texts))
    for label in session.given():
        text = session.text(label.ids[0])
        words = words_of(text)
        pieces = [text[start:end] for start, end, _ in entities_of(label)]
        if len(words) > 3:
            assert pieces[0].startswith(words[0])
            assert pieces[0].endswith(words[1])
            assert pieces[1] == words[-1]
