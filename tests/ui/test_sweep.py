"""A sweep in the app: the curves of its arms are shown together unasked, also of those that still
run, and grow there too."""

from pathlib import Path

import pytest

from tests.ui import sessions
from tests.ui.driving import drive, shown, until
from tests.ui.sessions import FakeEngine
from tui_al.store.sweeps import RECORD, ArmRecord, SweepRecord, write_record
from tui_al.ui.app import TuiAl
from tui_al.ui.screens import session as session_screen
from tui_al.ui.screens.session import SessionScreen
from tui_al.ui.terminal import Terminal


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr("tui_al.host.process.engine_end", fake.engine_end)
    monkeypatch.setattr(session_screen, "_REFRESH_SECONDS", 0.2)
    return fake


@pytest.mark.slow
async def test_the_arms_of_a_sweep_lie_over_each_other_and_grow(home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / RECORD).write_text("{}")
    running = sessions.record(home, "bt-arm", experiment=sessions.config(strategy="bt"))
    running.start()
    running.rounds(1, 1)
    for name in ("random-arm", "entropy-arm"):
        sessions.record(home, name, experiment=sessions.config(strategy="random")).finish()
    front = sessions.record(home, "lc-arm")
    front.finish()
    app = TuiAl(home, front.directory, Terminal())
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "bt-arm" in shown(app))
        screen = app.screen
        assert isinstance(screen, SessionScreen)

        def rounds() -> int:
            found = {other.name: other.state for other in screen.overlays}
            assert set(found) == {"bt-arm", "random-arm", "entropy-arm"}
            return found["bt-arm"].runs[1].last_round

        assert rounds() == 1
        running.rounds(1, 3, first=2)
        await until(pilot, lambda: rounds() == 3)


@pytest.mark.slow
async def test_arms_are_shown_by_their_names(home: Path) -> None:
    home.mkdir(exist_ok=True)
    named = {"full-lc-de2fb9": "full · lc [/x]", "random-456549": "random"}
    arms = tuple(ArmRecord(label, {}, name, (1, 2), {}) for name, label in named.items())
    write_record(home, SweepRecord("figure", "", arms, (), 1, 1))
    random = sessions.config(strategy="random")
    sessions.record(home, "random-456549", experiment=random).finish()
    front = sessions.record(home, "full-lc-de2fb9")
    front.finish()
    app = TuiAl(home, front.directory, Terminal())
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "Δ accuracy" in shown(app) and "○ ⠤ random" in shown(app))
        assert shown(app).splitlines()[0].startswith(" full · lc [/x]")
        await pilot.press("o")
        await until(pilot, lambda: "compare with" in shown(app))
        await pilot.press("escape", "r")
        await until(pilot, lambda: "Δ random " in shown(app))
        assert "456549" not in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: "0 of 4 cells" in shown(app) or "4 of 4 cells" in shown(app))
        assert "full · lc [/x]" in shown(app)
        assert "de2fb9" not in shown(app)
        assert "456549" not in shown(app)
