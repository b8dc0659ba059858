"""The label screen, by keys."""

from pathlib import Path

from tests.ui.conftest import assert_clean, drive, shown, until
from tests.ui.labelling import Desk, desk
from tui_al.ui.app import TuiAl


def app_on(home: Path, session: Desk) -> TuiAl:
    return TuiAl(home, session.directory, annotator="anna")


async def test_one_key_labels_saves_and_goes_on(home: Path) -> None:
    session = desk(home)
    session.rank(1)
    async with drive(app_on(home, session)) as pilot:
        await until(pilot, lambda: session.text(session.ids[0]) in shown(pilot.app))
        assert "saved ✓ 0" in shown(pilot.app)
        await pilot.press("2")
        await until(pilot, lambda: "saved ✓ 1" in shown(pilot.app))
        assert session.text(session.ids[1]) in shown(pilot.app)
        await pilot.press("enter")
        await until(pilot, lambda: "saved ✓ 2" in shown(pilot.app))
        assert session.answers() == {session.ids[0]: "delivery", session.ids[1]: "billing"}
        assert_clean(pilot.app)
        print(shown(pilot.app))


async def test_wide(home: Path) -> None:
    session = desk(home)
    session.rank(1, audit=session.ids[1:2], folds=[session.ids[2:5]])
    async with drive(app_on(home, session), (120, 40)) as pilot:
        await until(pilot, lambda: session.text(session.ids[0]) in shown(pilot.app))
        for _ in range(8):
            await pilot.press("2")
        await until(pilot, lambda: "saved ✓ 10" in shown(pilot.app))
        print(shown(pilot.app))
