"""Windows over a screen leave in sight what one answers or writes about."""

from pathlib import Path

import pytest

from tests.ui.conftest import assert_clean, drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.labelling import desk
from tests.ui.sessions import record
from tui_al.ui.app import TuiAl

SIZES = ((60, 20), (80, 24), (120, 40), (200, 60))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("key", "window"), [("n", "enter saves"), ("f", "Why is it unclear?"), ("slash", "enter takes")]
)
async def test_the_text_stays_in_sight_while_one_writes_about_it(
    home: Path, engine: FakeEngine, key: str, window: str, size: tuple[int, int]
) -> None:
    made = desk(home)
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
