"""Scenes for pictures and snapshots: which sessions, which keys, which terminal, and what is to be
seen then.

Everything that differs from machine to machine stands still: the clock, the time zone, the readings
of CPU and GPU. The home of the sessions is a relative path, so that no directory of this machine is
to be seen.
"""

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from textual.app import App

from tests.host.nvml_double import Card, Nvml
from tests.pictures import labelling, story
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.errors import DataError
from tui_al.host import estimate as estimating
from tui_al.host import gpu, process
from tui_al.host.estimate import Estimate
from tui_al.host.gpu import GpuSample, read_gpus
from tui_al.host.machine import MachineReading
from tui_al.host.process import EngineEnd
from tui_al.ui.app import TuiAl
from tui_al.ui.terminal import Terminal
from tui_al.ui.widgets import machine
from tui_al.ui.widgets.machine import Usage

#: Where the sessions lie, seen from the working directory.
SESSIONS, NOTHING, LABELLING = Path("experiments"), Path("empty"), Path("labelling")

_GIB = 2**30
_LIVE = "tickets-adapter"
_USE = (12, 55, 78, 81, 76, 80, 79, 83, 40, 22, 74, 82, 80, 81, 77, 79, 84, 71)


@dataclass(frozen=True, slots=True)
class Scene:
    """`opens` is the session it begins on; `before` is on the screen when the keys are pressed,
    `expect` in the end."""

    name: str
    size: tuple[int, int]
    expect: tuple[str, ...]
    home: Path = SESSIONS
    opens: str = ""
    before: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    terminal: Terminal = field(default_factory=Terminal)
    no_color: bool = False
    gpu: bool = True
    died: bool = False


#: What is said below the curves, once those of all sessions are read and painted.
_CURVES = ("adapter  .884", "full  .901", "random  .860")

_RUN = Scene("run", (120, 40), ("▶ train successor", "GPU 0", *_CURVES), opens=_LIVE)
_RESULTS = Scene("results", (120, 40), ("Δ accuracy",), opens="tickets-full")
_SETUP = Scene("setup", (120, 40), ("trainings, about", "delivery"), home=NOTHING)
_HOME = Scene("home", (120, 40), ("4 sessions, 1 running", "watch"))
_SMALL = (80, 24)
_LABEL = Scene(
    "label",
    (120, 40),
    ("saved ✓", "train successor", "enter takes it"),
    home=LABELLING,
    opens="tickets-anna",
)


def _small(scene: Scene) -> Scene:
    return replace(scene, name=f"{scene.name}-80x24", size=_SMALL)


#: The README's and their small likenesses.
PICTURES = tuple(
    p for scene in (_RUN, _LABEL, _SETUP, _RESULTS, _HOME) for p in (scene, _small(scene))
)

#: What else a snapshot is kept of.
OTHERS = (
    replace(_HOME, name="home-empty", size=_SMALL, home=NOTHING, before=_SETUP.expect,
        keys=("escape",), expect=("No session yet",)),
    replace(_SETUP, name="setup-mistake", size=_SMALL, before=_SETUP.expect,
        keys=("tab", "x", "enter"), expect=("There is no "
        "data set",)),
    replace(_SETUP, name="setup-unfolded", before=_SETUP.expect, keys=("f3",), expect=("trainings, "
        "about", "precision")),
    replace(_RUN, name="run-light", terminal=Terminal(light=True)),
    replace(_RUN, name="run-no-color", no_color=True),
    replace(_RUN, name="run-ascii", size=_SMALL, terminal=Terminal(ascii=True),
        expect=("train successor", "GPU 0", *_CURVES)),
    replace(_RUN, name="run-40x10", size=(40, 10), expect=("train successor",)),
    replace(_RUN, name="run-cpu", gpu=False, expect=("▶ train successor", "23 %", *_CURVES)),
    replace(_RUN, name="run-table", size=_SMALL, before=_RUN.expect, keys=("t",),
        expect=("Δ full", "GPU 0")),
    replace(_RUN, name="run-log", size=_SMALL, before=_RUN.expect, keys=("l",),
        expect=("asked about 63", "GPU 0")),
    replace(_RUN, name="run-died", died=True,
        expect=("killed (signal 9)", "p resumes", "GPU 0", *_CURVES)),
    replace(_RUN, name="run-died-80x24", size=_SMALL, died=True,
        expect=("killed (signal 9)", "p resumes", "GPU 0", *_CURVES)),
    replace(_RUN, name="help", size=_SMALL, before=_RUN.expect, keys=("f1",), expect=("Pause the "
        "engine",)),
    replace(_RUN, name="question", size=_SMALL, before=_RUN.expect, keys=("s",),
        expect=("Stop this "
        "session?",)),
    replace(_LABEL, name="label-few", size=_SMALL, opens="tickets-seven"),
    replace(_LABEL, name="label-random-check", size=_SMALL, opens="tickets-blind",
        expect=("audit sample",)),
    replace(_LABEL, name="label-blind", size=_SMALL, before=_LABEL.expect, keys=("b",),
        expect=("b shows "
        "them",)),
    replace(_LABEL, name="label-waiting", size=_SMALL, opens="tickets-new", expect=("engine is "
        "getting ready",)),
    replace(_LABEL, name="label-unclear", size=_SMALL, before=_LABEL.expect, keys=("f",),
        expect=("Why is it "
        "unclear?",)),
    replace(_LABEL, name="label-no-color", no_color=True),
    replace(_LABEL, name="label-light", terminal=Terminal(light=True)),
    replace(_LABEL, name="label-ascii", size=_SMALL, terminal=Terminal(ascii=True),
        expect=("saved v", "train successor")),
    replace(_LABEL, name="label-40x10", size=(40, 10), opens="tickets-seven", expect=("saved ✓",)),
    replace(_HOME, name="error-dialog", size=_SMALL, opens="gone", expect=("not there any more",)),
)  # fmt: skip


@contextlib.contextmanager
def standing_still(scene: Scene) -> Iterator[None]:
    """Clock, time zone, machine, engine and environment as the scene has them."""
    still = SimpleNamespace(
        time=lambda: story.NOW + 20, localtime=time.gmtime, strftime=time.strftime
    )
    ticking = count(0, 100)
    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ))
        for name in ("NO_COLOR", "CUDA_VISIBLE_DEVICES", "TEXTUAL_THEME", "COLORTERM"):
            os.environ.pop(name, None)
        if scene.no_color:
            os.environ["NO_COLOR"] = "1"
        for where in ("tui_al.ui.summaries.time", "tui_al.core.session.timestamps.time"):
            stack.enter_context(patch(where, still))
        # The curve waits a second between two drawings; here it need not.
        clock = SimpleNamespace(monotonic=lambda: next(ticking))
        stack.enter_context(patch("tui_al.ui.widgets.curve.time", clock))
        resting = SimpleNamespace(monotonic=lambda: 0.0)
        stack.enter_context(patch("tui_al.ui.screens.label_sample.time", resting))
        for (module, name), double in _engine(scene).items():
            stack.enter_context(patch.object(module, name, double))
        usage = _usage(scene)
        stack.enter_context(patch.object(machine.MachineWatch, "start", lambda _: None))
        stack.enter_context(patch.object(machine.MachineWatch, "latest", lambda _: usage))
        yield


def _engine(scene: Scene) -> dict[tuple[Any, str], Any]:
    end = EngineEnd(
        "The engine was killed (signal 9): most likely the machine ran out of memory.",
        "Nothing that was finished is lost: resume it to go on after the last finished round.",
        ("round 7: train successor", "step 180 of 300", "step 190 of 300"),
    )

    def preview(data: Any) -> Any:
        if data.source != "tickets":
            raise DataError(
                f"There is no data set {data.source!r}.",
                "Name a sample, or give a path or a Hub id.",
            )
        return story.preview()

    def estimate(config: ExperimentConfig, found: object, home: Path) -> Estimate:
        trainings = len(config.seeds) * (2 * config.loop.rounds + 1)
        return Estimate(trainings, 3.2 * trainings, "cuda", "a current GPU assumed")

    return {
        (process, "preview"): preview,
        (estimating, "estimate"): estimate,
        (process, "engine_end"): lambda directory: (
            end if scene.died and directory.name == _LIVE else None
        ),
    }


def _usage(scene: Scene) -> Usage:
    """A quarter of an hour on a card as NVML tells of it, or on two cores."""
    cards = [
        Card(
            utilization=_USE[-1],
            memory=(int(12.1 * _GIB), 140 * _GIB),
            power=312_400,
            temperature=54,
            processes=[(4242, int(9.8 * _GIB))],
        )
    ]
    with patch.object(gpu, "_nvml", lambda: gpu._Nvml(Nvml(*cards if scene.gpu else ()))):
        readings = read_gpus(frozenset({4242}))
    reading = MachineReading(23.0, 16, 21 * _GIB, 128 * _GIB, 160.0, int(3.1 * _GIB), 2.4, None)
    past = tuple(float(value) for value in _USE)
    halved = tuple(value / 3 for value in past)
    return Usage(GpuSample(readings, 0.2), reading, halved, tuple(past for _ in readings))


@contextlib.asynccontextmanager
async def on_stage(scene: Scene) -> AsyncIterator[TuiAl]:
    """The app with the scene painted and at rest. The working directory holds the homes: see
    `prepare`."""
    with standing_still(scene), _at_work(scene):
        opens = scene.home / "sessions" / scene.opens if scene.opens else None
        app = TuiAl(scene.home, opens, scene.terminal, labelling.ANNOTATOR)
        async with app.run_test(size=scene.size, notifications=True, tooltips=True) as pilot:
            await pilot.pause()
            if scene.keys:
                await _at_rest(app, scene.before)
                await pilot.press(*scene.keys)
            await _at_rest(app, scene.expect)
            yield app


@contextlib.contextmanager
def _at_work(scene: Scene) -> Iterator[None]:
    """Hold the live session's lock as its engine does."""
    if scene.home == NOTHING or scene.died:
        yield
        return
    live = scene.opens if scene.home == LABELLING else _LIVE
    with (scene.home / "sessions" / live / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def _at_rest(app: App[Any], expect: tuple[str, ...]) -> None:
    """Wait for what is expected, and then until three looks in a row see the same."""
    seen: list[str] = []
    deadline = time.monotonic() + 30
    while True:
        await asyncio.sleep(0.05)
        text = "\n".join(rows(app))
        seen = [*seen, text][-3:]
        reached = all(part in text for part in expect)
        if reached and len(seen) == 3 and len(set(seen)) == 1:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"not {expect} in\n{text}")


def rows(app: App[Any]) -> list[str]:
    """The painted text, a row a line."""
    strips = app.screen._compositor.render_strips()[: app.size.height]
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def prepare(directory: Path) -> None:
    """Record the sessions there; scenes are played with it as the working directory."""
    story.record_all(directory / SESSIONS)
    labelling.record_all(directory / LABELLING)
    (directory / NOTHING).mkdir()
