"""The app in another account's home, whose sessions only that account may list: what it has shared
can be left for the list."""

import asyncio
import importlib
import os
from pathlib import Path

import pytest

from tests.store.accounts import GROUP, MEMBER, OWNER, Act, act, command
from tests.store.test_closed_sessions import NAME, base, build, of_owner
from tests.ui.driving import drive, shown, until
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.home import HomeScreen

__all__ = ["base"]

#: What the app imports when it is needed: once here, since another account may not read the
#: interpreter's files.
for _name in ("tty", "tui_al.ui.screens.home", "tui_al.ui.screens.label", "tui_al.ui.driver"):
    importlib.import_module(_name)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to act as several accounts"),
]


def after_escape(home: Path, wanted: str) -> str:
    """The list, once it was asked for from the session's samples and shows what is `wanted`, and
    passing messages are gone."""

    async def look() -> str:
        app = TuiAl(home, home / "sessions" / NAME, annotator="ben")
        async with drive(app) as pilot:
            await until(pilot, lambda: "saved ✓ 1" in shown(app))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, HomeScreen))
            await until(pilot, lambda: wanted in shown(app))
            app._fall_silent()
            await pilot.pause()
            return shown(app)

    return asyncio.run(look())


def test_the_list_of_a_home_that_is_closed_says_so_and_not_that_there_is_no_session(
    base: Path,
) -> None:
    home = base / str(OWNER) / "home"

    of_owner(base, lambda: build(home, shared=False))
    of_owner(base, command("share", NAME, GROUP, "--home", home))
    own = base / str(MEMBER)
    do = Act("escape", lambda: after_escape(home, "cannot be read"))
    (came,) = act(MEMBER, [GROUP], own, [do])
    assert not came.failed, came.output
    assert f"{OWNER}'s alone to see" in came.output.replace("\\n", " ")
    assert "No session yet" not in came.output
    assert "tui-al attach NAME" in came.output
