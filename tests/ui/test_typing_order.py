"""Keys that come faster than they can be dealt with mean what they would mean if they came
slowly."""

import random
from pathlib import Path

import pytest
from textual.app import App
from textual.events import Key
from textual.widgets import Input

from tests.ui.driving import drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.labelling import LabellingSession, labelling_session
from tui_al.core.annotation.decisions import Flag, Label, Note
from tui_al.store.decisions import DecisionLog
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.label import LabelScreen
from tui_al.ui.screens.setup import SetupScreen

_NAMES = {"/": "slash", "\r": "enter", "\x1b": "escape", " ": "space", "-": "minus"}


def burst(app: App[None], typed: str) -> None:
    """All at once, as from a terminal that was held up."""
    for character in typed:
        app.post_message(Key(_NAMES.get(character, character), character))


def made_by(session: LabellingSession) -> list[object]:
    """What each decision says."""
    said: list[object] = []
    with DecisionLog(session.directory) as log:
        for record in log.read():
            one = record.decision
            if isinstance(one, Label):
                said.append(one.answer)
            elif isinstance(one, Note):
                said.append(one.text)
            elif isinstance(one, Flag):
                said.append(one.reason)
            else:
                said.append(one.kind)
    return said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/deli\r", ["delivery"]),
        ("12/ret\r3", ["billing", "delivery", "returns", "returns"]),
        ("n12 hedgehogs\r1", ["12 hedgehogs", "billing"]),
        ("f3/r\r", ["not enough context", "returns"]),
        ("1u2u3", ["billing", "undo", "delivery", "undo", "returns"]),
        ("/deli\x1b2", ["delivery"]),
    ],
)
async def test_keys_at_once_on_the_label_screen(
    home: Path, engine: FakeEngine, typed: str, said: list[object]
) -> None:
    session = labelling_session(home)
    session.rank(1)
    async with drive(TuiAl(home, session.directory, annotator="anna")) as pilot:
        await until(pilot, lambda: session.text(session.ids[0]) in shown(pilot.app))
        burst(pilot.app, typed)
        await until(pilot, lambda: len(made_by(session)) >= len(said))
        await until(pilot, lambda: isinstance(pilot.app.screen, LabelScreen))
        assert made_by(session) == said


@pytest.mark.slow
async def test_three_hundred_keys_at_once_are_as_many_letters(
    home: Path, engine: FakeEngine
) -> None:
    session = labelling_session(home)
    session.rank(1)
    text = "".join(random.Random(5).choices("abcdefghijklmnopqrstuvwxyz123 ", k=300)).strip()
    async with drive(TuiAl(home, session.directory, annotator="anna")) as pilot:
        await until(pilot, lambda: session.text(session.ids[0]) in shown(pilot.app))
        burst(pilot.app, f"n{text}\r")
        await until(pilot, lambda: made_by(session) == [text], 30)


@pytest.mark.slow
async def test_a_name_that_is_typed_at_once_is_the_one_that_is_taken(
    home: Path, engine: FakeEngine
) -> None:
    async with drive(TuiAl(home)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, SetupScreen)
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        pilot.app.post_message(Key("ctrl+u", None))
        burst(pilot.app, "minilm-typo\r")
        await until(pilot, lambda: pilot.app.screen is screen)
        await until(pilot, lambda: "minilm-typo" in shown(pilot.app))
