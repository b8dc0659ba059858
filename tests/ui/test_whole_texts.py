"""Every word of any text can be brought on the screen by keys, and nothing lies over it: wherever a
person answers or judges one.

What is painted is read row by row while a key scrolls the text from its beginning to its end;
without blanks it must be the text."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from tests.store.people import disputes_board
from tests.ui.driving import drive, shown, until
from tests.ui.labelling import LabellingSession, labelling_session, people
from tests.ui.test_label_aside import app_on, decide
from tests.ui.torture import TEXTS
from tui_al.core.annotation.decisions import Label
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.terminal_text import printable
from tui_al.core.data.word_split import words_of
from tui_al.store.decisions import DecisionLog
from tui_al.ui.screens.label import LabelScreen
from tui_al.ui.screens.queue import Evidence, QueueScreen
from tui_al.ui.widgets.sample_text import SampleText
from tui_al.ui.widgets.span_lines import shown_token
from tui_al.ui.widgets.span_text import SpanText

pytestmark = pytest.mark.slow

SIZES = ((60, 20), (80, 24), (120, 40))
LABELS = ("billing", "delivery", "returns")

_PIECES: tuple[Callable[[random.Random], str], ...] = (
    lambda chance: "".join(chance.choices("abcdefghij", k=chance.randint(1, 12))),
    lambda chance: "".join(chance.choices("ärgerßžœİı", k=chance.randint(1, 9))),
    lambda chance: "".join(chance.choices("日本語の文章が長い、。「」ー", k=chance.randint(1, 130))),  # noqa: E501
    lambda chance: "".join(chance.choices("한국어문장이길다", k=chance.randint(1, 9))),
    lambda chance: "".join(chance.choices("สวัสดีครับยินดี", k=chance.randint(2, 60))),
    lambda chance: "".join(chance.choices(("👍🏽", "👩‍👩‍👧‍👦", "🇩🇪", "❤️", "😀", "🧑🏿‍🚀"),
        k=chance.randint(1, 40))),
    lambda chance: "".join(c + "\u0301\u0323" * chance.randint(0, 2) for c in "combining"),
    lambda chance: "".join(chance.choices("مرحباالعالم", k=chance.randint(1, 20))),
    lambda chance: "w" * chance.randint(50, 700),
    lambda chance: "https://example.org/" + "-".join(["path"] * chance.randint(1, 40)),
    lambda chance: chance.choice(("\t", "\n", "\n\n\n", "\r\n", "  ", "\u00a0", "\u3000")),
    lambda chance: chance.choice((".", ",", "...", "(", ")", "[/x]", "$", "“", "”", "\u200b")),
)  # fmt: skip


def texts(seed: int) -> list[str]:
    """Some that are known to be hard, and as many made of pieces of all kinds, a word to many rows
    long."""
    chance = random.Random(seed)
    made = []
    for length in (12, 60, 160):
        pieces = (chance.choice(_PIECES)(chance) for _ in range(length))
        made.append(f"{length} " + chance.choice((" ", "")).join(pieces))
    known = [TEXTS[name] for name in ("newlines", "emoji", "combining")]
    return [*made, *known, "long word " + "x" * 1500 + " end", "many\n" * 40 + "end", "a b " * 300]


def session_of(home: Path, task: Task, seed: int) -> LabellingSession:
    """A session about such texts, in this order."""
    whole = texts(seed)
    tagging = task is Task.TAGGING
    examples = tuple(
        Example(identity, text, None, words_of(text) if tagging else ())
        for identity, text in zip(example_ids(whole), whole, strict=True)
    )
    session = labelling_session(
        home, experiment=people(), data=Dataset("texts", task, LABELS, examples, ())
    )
    session.rank(1, top=[])
    return session


def painted(widget: Widget) -> dict[int, str]:
    """What is to be seen of a widget's text, by the rows of the text."""
    x, y, width, height = widget.scrollable_content_region
    strips = widget.screen._compositor.render_strips()
    top = round(widget.scroll_y)
    return {
        top + row: strips[y + row].crop(x, x + width).text
        for row in range(height)
        if y + row < len(strips)
    }


def dense(text: str) -> str:
    """Without blanks."""
    return "".join(text.split())


async def read_through(pilot: Pilot[Any], widget: Widget, key: str) -> dict[int, str]:
    """All rows that a key brings in sight, from the beginning on."""
    assert round(widget.scroll_y) == 0
    rows = painted(widget)
    still = 0  # presses that scrolled nothing: an arrow moves the cursor over rows in sight first
    while still < (2 if key == "pagedown" else 60):
        before = widget.scroll_y
        await pilot.press(key)
        rows |= painted(widget)
        still = 0 if widget.scroll_y != before else still + 1
    return rows


async def settled(pilot: Pilot[Any], text: str) -> None:
    """The text is before the person, and laid out."""

    def here() -> bool:
        screen = pilot.app.screen
        item = screen.item if isinstance(screen, LabelScreen | QueueScreen) else None
        return item is not None and item.example.text == text

    await until(pilot, here)
    for _ in range(3):
        await pilot.pause()


def whole(rows: dict[int, str]) -> str:
    return dense("".join(rows[row] for row in sorted(rows)))


@pytest.mark.parametrize("size", SIZES)
async def test_texts_that_get_one_label(home: Path, size: tuple[int, int]) -> None:
    session = session_of(home, Task.CLASSIFICATION, seed=size[0])
    async with drive(app_on(home, session), size) as pilot:
        for identity in session.ids:
            text = session.text(identity)
            await settled(pilot, text)
            widget = pilot.app.screen.query_one(SampleText)
            rows = await read_through(pilot, widget, "pagedown")
            assert whole(rows) == dense(printable(text, keep_newlines=True)), size
            await pilot.press("up")
            assert widget.max_scroll_y == 0 or widget.scroll_y == widget.max_scroll_y - 1
            while widget.scroll_y:
                await pilot.press("pageup")
            await pilot.press("space")


@pytest.mark.parametrize(
    ("size", "key"),
    [*((size, "pagedown") for size in SIZES), (SIZES[0], "down")],
)
async def test_texts_whose_entities_are_marked(home: Path, size: tuple[int, int], key: str) -> None:
    session = session_of(home, Task.TAGGING, seed=size[0])
    ids = session.ids if key == "pagedown" else session.ids[:1]
    async with drive(app_on(home, session), size) as pilot:
        for identity in ids:
            text = session.text(identity)
            await settled(pilot, text)
            widget = pilot.app.screen.query_one(SpanText)
            rows = await read_through(pilot, widget, key)
            assert whole(rows) == dense("".join(map(shown_token, words_of(text)))), (size, key)
            await pilot.press("space")


@pytest.mark.parametrize(
    ("size", "key"), [(SIZES[0], "d"), (SIZES[0], "c"), (SIZES[1], "c"), (SIZES[2], "d")]
)
async def test_texts_that_are_judged(home: Path, size: tuple[int, int], key: str) -> None:
    session = session_of(home, Task.CLASSIFICATION, seed=size[0] + 1)
    for identity in session.ids:
        decide(session, "anna", Label((identity,), "billing"))
        if key == "c":
            for number in range(3):
                decide(session, f"bob{number}", Label((identity,), LABELS[number]))
    board: dict[str, list[str | float]] = {
        i: ["billing", 0.1 + n / 1000, "returns", 0.8] for n, i in enumerate(session.ids)
    }
    with DecisionLog(session.directory) as log:
        log.publish("disputes", 1, disputes_board(board))
    async with drive(app_on(home, session), size) as pilot:
        await until(pilot, lambda: "saved" in shown(pilot.app))
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, QueueScreen))
        for identity in session.ids:
            text = session.text(identity)
            await settled(pilot, text)
            widget = pilot.app.screen.query_one(SampleText)
            rows = await read_through(pilot, widget, "pagedown")
            assert whole(rows) == dense(printable(text, keep_newlines=True)), size
            await pilot.press("space")


@pytest.mark.parametrize(("size", "key"), [(SIZES[0], "pagedown"), (SIZES[1], "down")])
async def test_all_that_annotators_said_of_a_judged_text(
    home: Path, size: tuple[int, int], key: str
) -> None:
    session = session_of(home, Task.TAGGING, seed=7)
    text = "a b " * 300
    identity = next(i for i in session.ids if session.text(i) == text)
    spans = [(4 * n, 4 * n + 1, LABELS[n % 3]) for n in range(40)]
    names = [f"annotator-{n}" for n in range(6)]
    for n, name in enumerate(names):
        decide(session, name, Label((identity,), tuple(spans[n:])))
    async with drive(app_on(home, session), size) as pilot:
        await until(pilot, lambda: "saved" in shown(pilot.app))
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, QueueScreen))
        await settled(pilot, text)
        above, below = (pilot.app.screen.query_one(one) for one in (SampleText, Evidence))
        rows = painted(below)
        while not (above.is_vertical_scroll_end and below.is_vertical_scroll_end):
            await pilot.press(key)
            rows |= painted(below)
        said = whole(rows)
        for n, name in enumerate(names):
            after = said.partition(f"{n + 1}{name}")[2].partition(f"{n + 2}annotator")[0]
            assert [after.count(f"a{label}") for label in LABELS] == [
                sum(kind == label for *_, kind in spans[n:]) for label in LABELS
            ]
        while below.scroll_y or above.scroll_y:
            await pilot.press("pageup")
