"""Windows over a screen leave in sight what one answers or writes about."""

import re
from functools import partial
from pathlib import Path

import pytest
from textual.events import Key, Paste
from textual.widgets import Input

import tui_al.ui
from tests.ui.driving import assert_clean, drive, is_deeper, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.labelling import labelling_session
from tests.ui.sessions import record
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.word_split import words_of
from tui_al.ui.app import TuiAl
from tui_al.ui.widgets.fields import TextField

SIZES = ((60, 20), (80, 24), (120, 40), (200, 60))


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("key", "window"), [("n", "enter saves"), ("f", "Why is it unclear?"), ("slash", "enter takes")]
)
async def test_the_text_stays_in_sight_while_one_writes_about_it(
    home: Path, engine: FakeEngine, key: str, window: str, size: tuple[int, int]
) -> None:
    made = labelling_session(home)
    made.rank(0)
    async with drive(TuiAl(home, made.directory, annotator="anna"), size) as pilot:
        await until(pilot, lambda: made.text(made.ids[0]) in shown(pilot.app))
        await pilot.press(key)
        await until(pilot, lambda: window in shown(pilot.app))
        assert made.text(made.ids[0]) in shown(pilot.app)
        assert_clean(pilot.app)


async def test_a_question_leaves_what_it_is_about_in_sight(home: Path, engine: FakeEngine) -> None:
    record(home, "first-one").session.close()
    record(home, "other-one").session.close()
    async with drive(TuiAl(home), (120, 40)) as pilot:
        await until(pilot, lambda: "2 sessions" in shown(pilot.app))
        await pilot.press("d")
        await until(pilot, lambda: "Delete " in shown(pilot.app))
        assert "first-one" in shown(pilot.app)
        assert "other-one" in shown(pilot.app)


PASTED = "first [/x] \x1b[31mline\r\nsecond\tline\n\n"


@pytest.mark.slow
@pytest.mark.parametrize("keys", [("n",), ("f",), ("slash",), ("l", "a"), ("s",)])
async def test_all_that_is_pasted_is_there_and_nothing_that_steers_a_terminal(
    home: Path, engine: FakeEngine, keys: tuple[str, ...]
) -> None:
    made = labelling_session(home)
    made.rank(0)
    async with drive(TuiAl(home, made.directory, annotator="anna"), (120, 40)) as pilot:
        await until(pilot, lambda: made.text(made.ids[0]) in shown(pilot.app))
        for number, key in enumerate(keys, start=2):
            await pilot.press(key)
            await until(pilot, partial(is_deeper, pilot.app, number))
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        field = pilot.app.focused
        assert isinstance(field, Input)
        field.post_message(Paste(PASTED))
        await until(pilot, lambda: field.value == "first [/x] [31mline second line")
        assert_clean(pilot.app)
        if keys in (("slash",), ("l", "a")):
            await until(pilot, lambda: "Pasted. Its lines are one line here." in shown(pilot.app))
        await pilot.press("home", *"\u0645\u06cc")
        field.post_message(Key("zero_width_non-joiner", "\u200c"))
        await pilot.press(*"\u062e\u0648")
        await until(pilot, lambda: field.value.startswith("\u0645\u06cc\u200c\u062e\u0648first"))


@pytest.mark.slow
async def test_what_is_pasted_into_the_form_and_the_question_for_a_name(
    home: Path, engine: FakeEngine
) -> None:
    record(home, "one").session.close()
    async with drive(TuiAl(home), (120, 40)) as pilot:
        await until(pilot, lambda: "1 session" in shown(pilot.app))
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen.query(TextField))
        field = pilot.app.screen.query(TextField).first()
        field.value = ""
        field.post_message(Paste("1\n2\x00"))
        await until(pilot, lambda: field.value == "1 2")


def test_every_field_that_is_typed_in_is_the_one_that_takes_foreign_text() -> None:
    sources = Path(tui_al.ui.__file__).parent.rglob("*.py")
    plain = [s.name for s in sources if re.search(r"(?<![\w.(])Input\(", s.read_text())]
    assert not plain


@pytest.mark.slow
async def test_a_window_that_shrinks_under_a_dialog(home: Path, engine: FakeEngine) -> None:
    text = "Anna Berg went to Oslo ."
    examples = (Example(example_ids([text])[0], text, None, words_of(text)),)
    made = labelling_session(home, data=Dataset("one", Task.TAGGING, ("PER", "LOC"), examples, ()))
    made.rank(1, top=[])
    async with drive(TuiAl(home, made.directory, annotator="anna"), (200, 60)) as pilot:
        await until(pilot, lambda: text in shown(pilot.app))
        await pilot.press("n")
        await until(pilot, lambda: "enter saves" in shown(pilot.app))
        for size in (
            (30, 8),
            (5, 2),
            (1, 1),
            (200, 60),
        ):  # the side column is wider than the window
            await pilot.resize_terminal(*size)
            await pilot.pause(0.2)
        await pilot.press("escape")
        await until(pilot, lambda: text in shown(pilot.app))
