"""Windows of 60 columns cut off no field, and names that differ are shown so that they do."""

from pathlib import Path

import pytest

from tests.ui.driving import drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.labelling import labelling_session
from tests.ui.sessions import config, record
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.word_split import words_of
from tui_al.core.session import events as ev
from tui_al.report.curves import curve
from tui_al.report.plot import Series, draw, plain_text
from tui_al.store.session import Session
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.setup import SetupScreen
from tui_al.ui.widgets.fields import TextField

NAMES = ("banking77-least-confidence-minilm-adapter", "banking77-least-confidence-minilm-full")


@pytest.fixture
def twins(home: Path, engine: FakeEngine) -> Path:
    """Two sessions whose names begin alike, and one more."""
    for name in (*NAMES, "other"):
        record(home, name).finish()
    half = record(home, "half", experiment=config(seeds=(1, 2, 3)))
    half.start()
    half.rounds(1, 2)
    return home


@pytest.mark.parametrize("size", [(60, 20), (66, 20), (77, 24), (80, 24)])
async def test_the_form_shows_all_its_amounts(
    home: Path, engine: FakeEngine, size: tuple[int, int]
) -> None:
    async with drive(TuiAl(home), size) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        await until(pilot, lambda: "seeds" in shown(pilot.app))
        for field in ("seed_size", "batch", "rounds", "seeds"):
            (widget,) = [w for w in pilot.app.screen.query(TextField) if w.field == field]
            assert widget.region.width >= 6, field
            assert widget.region.right <= size[0], field


async def test_the_list_shows_everything_of_a_session(twins: Path) -> None:
    async with drive(TuiAl(twins), (60, 20)) as pilot:
        await until(pilot, lambda: "4 sessions" in shown(pilot.app))
        screen = shown(pilot.app)
        for text in (
            "6 rounds, 2 seeds",
            ".807",
            "round 2/6, seed 1/3",
            "stopped, just now",
            "finished, just now",
            "adapter",
            "-full",
        ):
            assert text in screen, text


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_title_and_curves_tell_sessions_apart(twins: Path, size: tuple[int, int]) -> None:
    async with drive(TuiAl(twins, twins / "sessions" / NAMES[0]), size) as pilot:
        await until(pilot, lambda: "finished" in shown(pilot.app))
        assert "adapter" in shown(pilot.app).splitlines()[0]
        await pilot.press("o")
        await until(pilot, lambda: "compare with" in shown(pilot.app))
        rows = [line for line in shown(pilot.app).splitlines() if " at 3" in line]
        assert any("full" in line for line in rows)


def test_a_legend_tells_names_apart_and_the_first_is_always_in_it(twins: Path) -> None:
    series = []
    for name in (*NAMES, "other"):
        with Session(twins / "sessions" / name) as session:
            drawn = curve(name, session.state())
        series.append(Series(drawn.name, drawn.labels, drawn.mean, drawn.sd))
    tall = plain_text(draw(series, 56, 24))
    assert "-ada" in tall
    assert "full" in tall
    low = plain_text(draw(series, 56, 8)).splitlines()[-1]
    assert "banking" in low
    assert "adapter" in low
    assert "and 2 more" in low


@pytest.mark.parametrize("task", [Task.CLASSIFICATION, Task.TAGGING])
async def test_the_sample_keeps_its_room_where_everything_else_wants_it(
    home: Path, task: Task
) -> None:
    names = tuple(f"label number {n}" for n in range(12))
    text = "Anna Berg went to Oslo ."
    words = words_of(text) if task is Task.TAGGING else ()
    texts = (Example(example_ids([text])[0], text, None, words),)
    made = labelling_session(home, data=Dataset("one", task, names, texts, ()))
    made.rank(1, top=[])
    why = "The engine was stopped from outside, or the machine restarted, or it ran out of memory. "
    made.recording.append(ev.EngineFinished("failed", why, why))
    async with drive(TuiAl(home, made.directory), (60, 20)) as pilot:
        await until(pilot, lambda: "engine failed" in shown(pilot.app) or text in shown(pilot.app))
        await until(pilot, lambda: text in shown(pilot.app))
        await until(pilot, lambda: "✗ engine failed: The engine was stopped" in shown(pilot.app))
        assert shown(pilot.app).count("failed") == 1
        assert text in shown(pilot.app)
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: "✗ engine failed: The engine was stopped" in shown(pilot.app))
        assert text in shown(pilot.app)
