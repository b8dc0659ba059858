"""What is kept of screens that are closed and of samples that are decided: nothing that grows with
how long the app is open."""

import gc
from collections import Counter
from pathlib import Path
from typing import Any
from weakref import ReferenceType, ref

import pytest
from textual._styles_cache import StylesCache
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tests.ui.driving import drive, until
from tests.ui.labelling import labelling_session
from tui_al.store.annotation_service import AnnotationService
from tui_al.ui.annotation_worker import RECENT, AnnotationWorker
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.home import HomeScreen
from tui_al.ui.screens.label import LabelScreen


def alive() -> Counter[str]:
    """Objects in memory: widgets, what they keep painted, and rows of it."""
    gc.unfreeze()  # the app has set aside what was there when it began
    gc.collect()
    found: Counter[str] = Counter()
    for one in gc.get_objects():
        for kind in (Widget, StylesCache, Strip):
            found[kind.__name__] += issubclass(
                type(one), kind
            )  # not isinstance: it asks the object, which may warn
    return found


async def closed(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys that open a screen, and the one that closes it."""
    stack = pilot.app.screen_stack
    below = len(stack)
    await pilot.press(*keys)
    await until(pilot, lambda: len(pilot.app.screen_stack) > below)
    await pilot.pause()
    await pilot.press("escape")
    await until(pilot, lambda: len(pilot.app.screen_stack) == below)


@pytest.mark.slow
async def test_closed_screens_leave_nothing_in_memory(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1)
    async with drive(TuiAl(home, session.directory, annotator="anna"), (120, 40)) as pilot:
        await until(pilot, lambda: getattr(pilot.app.screen, "item", None) is not None)
        seen = []
        for _ in range(3):
            for keys in ("h", "s", "f1", "n"):
                await closed(pilot, keys)
            seen.append(alive())
        _, before, after = seen
    assert after["Widget"] <= before["Widget"]
    assert after["StylesCache"] <= before["StylesCache"]
    assert after["Strip"] - before["Strip"] < 100, (before, after)


@pytest.mark.slow
async def test_label_screens_that_were_left_are_gone(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1)
    app = TuiAl(home, session.directory, annotator="anna")
    left: list[ReferenceType[Screen[Any]]] = []  # weak: of this test only, whatever ran before it
    async with drive(app) as pilot:
        for _ in range(3):
            await until(pilot, lambda: getattr(app.screen, "item", None) is not None)
            left.append(ref(app.screen))
            app.to_home()
            await until(pilot, lambda: isinstance(app.screen, HomeScreen))
            await until(pilot, lambda: app.annotation_workers[-1].join(0))
            app.open_session(session.directory)
            await until(pilot, lambda: isinstance(app.screen, LabelScreen))
        await until(pilot, lambda: getattr(app.screen, "item", None) is not None)
        gc.unfreeze()
        gc.collect()
        kept = [one() is not None for one in left]
        assert not any(kept[:-1]), kept  # the last one is kept until another is opened
        assert len(app.annotation_workers) == 1


def test_of_decided_samples_only_the_last_texts_are_kept(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1)
    worker = AnnotationWorker(session.directory, "anna", lambda _: None)
    with AnnotationService(session.directory, "anna") as service:
        for _ in range(3 * RECENT):
            item = service.take()
            assert item is not None
            service.label(item, "billing")
            shown = worker._look_around(service).recent
    assert [one.text for one in shown] == [session.text(one.id) for one in shown]
    assert worker._snippets == {one.id: one.text for one in shown}
    assert len(shown) == RECENT
