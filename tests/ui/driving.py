"""Drives the app as a person does: with notifications and tooltips, by keys, waiting for what is to
be seen."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

SIZES = ((80, 24), (120, 40), (40, 10))


@asynccontextmanager
async def drive(app: App[Any], size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[Any]]:
    """Run the app headless at that size, with notifications and tooltips as in real life."""
    async with app.run_test(size=size, notifications=True, tooltips=True) as pilot:
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[Any], condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until the condition holds; fails with what is on the screen."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"Not reached in {seconds} s; the screen shows:\n{shown(pilot.app)}")
        await asyncio.sleep(0.01)
        await pilot.pause()


def is_deeper(app: App[Any], depth: int) -> bool:
    """Whether more screens than so many lie on each other."""
    return len(app.screen_stack) > depth


def is_as_deep(app: App[Any], depth: int) -> bool:
    """Whether just so many screens lie on each other."""
    return len(app.screen_stack) == depth


def shown(app: App[Any]) -> str:
    """What is painted, as text, a line a row; toasts and dialogs included."""
    return "\n".join(
        "".join(segment.text for segment in strip).rstrip()
        for strip in app.screen._compositor.render_strips()[: app.size.height]
    )


def assert_clean(app: App[Any]) -> None:
    """Nothing painted may steer the terminal, and no row may be wider than it."""
    for row in shown(app).splitlines():
        assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in row), row
