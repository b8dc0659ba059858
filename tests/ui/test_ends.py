"""How a labelling session comes to its end, and that every screen and command says the same of
it."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui.driving import drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.labelling import SEED, LabellingSession, labelling_session, people
from tests.ui.sessions import LABELS, dataset
from tui_al.cli.sessions import list_sessions
from tui_al.core.annotation.decisions import Flag, Label
from tui_al.core.session import events as ev
from tui_al.report.curves import measured_on
from tui_al.report.tables import render
from tui_al.store.decisions import Client, DecisionLog
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.label import LabelScreen
from tui_al.ui.screens.run import RunScreen
from tui_al.ui.summaries import read_one
from tui_al.ui.widgets.curve import CurvePlot


def small(home: Path, texts: int = 6) -> LabellingSession:
    """A session of so few texts, its engine begun and waiting for labels."""
    base = dataset()
    made = labelling_session(
        home, experiment=people("4"), data=replace(base, train=base.train[:texts], test=())
    )
    made.recording.start()
    made.recording.append(ev.RunStarted(SEED))
    made.rank(0)
    return made


def decide(made: LabellingSession, *decisions: Any) -> None:
    with DecisionLog(made.directory) as log:
        log.append(Client.new("ben"), *decisions)


@contextmanager
def at_work(made: LabellingSession) -> Iterator[None]:
    """As while an engine is."""
    with (made.directory / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def sees(pilot: Pilot[Any], *texts: str) -> None:
    """Wait until all of it is painted, wherever its lines end."""
    await until(pilot, lambda: all(t in read(pilot) for t in texts))


def read(pilot: Pilot[Any]) -> str:
    """The screen as one line, without its frames."""
    return " ".join(shown(pilot.app).replace("│", " ").split())


@pytest.mark.slow
async def test_labels_of_one_class_to_the_end_are_not_called_trained(home: Path) -> None:
    made = small(home)
    with at_work(made):
        async with drive(TuiAl(home, made.directory, annotator="anna")) as pilot:
            await sees(pilot, made.text(made.ids[0]))
            for count in range(6):
                await pilot.press("1")
                await until(pilot, lambda n=count: len(made.answers()) == n + 1)  # type: ignore[misc]
            await sees(
                pilot,
                "all texts are labelled. But no model can be trained on that: it needs labels of "
                "2 classes",
            )
            await sees(pilot, "● engine needs labels of 2 classes")
            await pilot.press("t")
            await sees(pilot, "The engine cannot train yet: it needs labels of 2 classes.")
            await pilot.press("e")
            await sees(pilot, "no points yet")
            await pilot.press("f")
            await sees(pilot, "Finish labelling?")
            await pilot.press("y")
            await sees(pilot, "The engine ends without training: that takes labels of 2 classes.")
    with sqlite3.connect(made.directory / "session.db") as db:
        assert [name for (name,) in db.execute("SELECT name FROM commands")] == ["finish"]
    db.close()


async def test_texts_without_an_answer_are_not_called_labelled(home: Path) -> None:
    made = small(home)
    decide(made, *(Label((i,), LABELS[n % 2]) for n, i in enumerate(made.ids[:4])))
    decide(made, *(Flag(i, "no label fits") for i in made.ids[4:6]))
    made.rank(1, [])
    with at_work(made):
        assert read_one(made.directory).when == "about to train"  # what was found unclear counts
        made.recording.append(ev.RankingPublished(SEED, 2, "lc", 6, 4, 0, 0))
        assert read_one(made.directory).when == "nothing left to label"
        async with drive(TuiAl(home, made.directory, annotator="anna")) as pilot:
            await sees(pilot, "nothing left to label: 4 texts are labelled, 2 without one answer.")
            await sees(pilot, "● nothing is left to label")
            assert "all texts are labelled" not in shown(pilot.app)


@pytest.mark.parametrize("lacks", ["", "labels of 2 classes"])
async def test_how_people_ended_a_session_is_said_everywhere(
    home: Path, engine: FakeEngine, capsys: pytest.CaptureFixture[str], lacks: str
) -> None:
    made = small(home)
    decide(made, *(Label((i,), LABELS[0]) for i in made.ids[:4]))
    made.recording.append(ev.EngineFinished("finished", lacks=lacks))
    state = made.recording.session.state()
    list_sessions(home)
    listed = capsys.readouterr().out.splitlines()[1].split()[:2]
    assert listed == [made.directory.name, "stopped" if lacks else "done"]
    summary = read_one(made.directory)
    assert summary.when.startswith("stopped, " if lacks else "done, ")
    assert summary.mark == ("○" if lacks else "✓")
    report = render([("x", state)])
    assert ("Not finished" in report) == bool(lacks)
    assert (f"Nothing was trained at the end: that takes {lacks}." in report) == bool(lacks)
    async with drive(TuiAl(home, made.directory, annotator="anna")) as pilot:
        await sees(pilot, "saved ✓ 4")
        await pilot.press("e")
        await sees(pilot, "■ stopped" if lacks else "✓ done")
        said = "Ended, but nothing was trained at the end: that takes labels of 2 classes."
        await sees(pilot, said if lacks else "Trained and measured on all labels.")
        await pilot.press("l")
        told = "engine left: finished, nothing was trained" if lacks else "engine left: finished"
        await sees(pilot, told)


async def test_the_round_is_the_same_on_both_screens_while_a_successor_trains(
    home: Path, engine: FakeEngine
) -> None:
    made = small(home, 30)
    decide(made, *(Label((i,), LABELS[n % 2]) for n, i in enumerate(made.ids[:5])))
    made.rank(1)
    made.recording.append(ev.PhaseStarted(SEED, 0, "train successor", 50))  # of the round before
    with at_work(made):
        async with drive(TuiAl(home, made.directory, annotator="anna")) as pilot:
            await until(pilot, lambda: "round 2 · 1 of 4" in shown(pilot.app).splitlines()[0])
            await pilot.press("e")
            await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
            await until(pilot, lambda: "round 2  ● running" in shown(pilot.app).splitlines()[0])


async def test_a_curve_without_points_says_when_they_rest_on_too_few_texts(
    home: Path, engine: FakeEngine
) -> None:
    made = small(home, 30)
    made.recording.append(
        ev.AuditEvaluated(SEED, 0, "accuracy", 1.0, 0.2, 1.0, 1),
        ev.RoundResult(SEED, 0, 4, 20, {}, {LABELS[0]: 4}, {}, 0),
    )
    state = made.recording.session.state()
    assert measured_on(state) == "on 1 text drawn at random that could be answered"
    assert "1 point." in render([("x", state)])
    async with drive(TuiAl(home, made.directory, annotator="anna")) as pilot:
        await sees(pilot, made.text(made.ids[0]))
        await pilot.press("e")
        await sees(pilot, "measured on too few texts yet: n=1, told from 10 on")
        assert "no points" not in pilot.app.screen.query_one(CurvePlot).plain()


@pytest.mark.slow
async def test_what_was_taken_back_is_not_called_opened_by_hand(home: Path) -> None:
    made = small(home, 30)
    with at_work(made):
        async with drive(TuiAl(home, made.directory, annotator="anna")) as pilot:
            await sees(pilot, made.text(made.ids[0]))
            await pilot.press("1")
            await sees(pilot, "saved ✓ 1")
            made.rank(1)  # which does not hold it
            await sees(pilot, "round 2 · 1 of 4")
            await pilot.press("u")
            await sees(pilot, made.text(made.ids[0]), "what was decided about it was taken back")
            assert isinstance(pilot.app.screen, LabelScreen)
            assert "by hand" not in shown(pilot.app)
