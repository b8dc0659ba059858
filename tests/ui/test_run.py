"""The run screen: what it shows at each size, every key, an engine that dies, foreign texts."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui import labelling, sessions
from tests.ui.driving import SIZES, assert_clean, drive, shown, until
from tests.ui.sessions import FakeEngine, Recording
from tests.ui.torture import TEXTS
from tui_al.core.session import events as ev
from tui_al.errors import EngineError
from tui_al.ui.app import TuiAl
from tui_al.ui.keys import keys_of
from tui_al.ui.screens.results import ResultsScreen
from tui_al.ui.screens.run import RunScreen
from tui_al.ui.terminal import Terminal
from tui_al.ui.widgets.log import EventLog


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr("tui_al.host.process.engine_end", fake.engine_end)
    monkeypatch.setattr("tui_al.host.process.start_engine", fake.start_engine)
    return fake


@pytest.fixture
def working(home: Path, engine: FakeEngine) -> Recording:
    """A session in round 2 of its second seed, training the successor, with an engine at work."""
    recording = sessions.record(home)
    recording.start()
    recording.rounds(1, 6)
    recording.append(ev.RunFinished(1, "rounds"))
    recording.rounds(2, 1)
    recording.phase(2, 2, ev.Phase.TRAIN_ACQUISITION)
    recording.phase(2, 2, ev.Phase.SCORE_POOL)
    recording.query(2, 2)
    recording.phase(2, 2, ev.Phase.TRAIN_SUCCESSOR, done=0.5)
    engine.live(recording.directory)
    return recording


def app_on(recording: Recording, **terminal: bool) -> TuiAl:
    home = recording.directory.parent.parent
    return TuiAl(home, recording.directory, Terminal(**terminal))


@pytest.mark.slow
async def test_what_is_to_be_seen_at_80x24(working: Recording) -> None:
    app = app_on(working)
    async with drive(app, (80, 24)) as pilot:
        await until(pilot, lambda: "train successor" in shown(app) and "CPU" in shown(app))
        text = shown(app)
        assert isinstance(app.screen, RunScreen)
        assert "tickets-lc" in text.splitlines()[0]
        assert "round 2/6 · seed 2/2  ● running" in text.splitlines()[0]
        assert "accuracy on 20 test texts" in text
        assert "epoch 2/4, step 30/60  117 samples/s" in text
        assert " 50%" in text
        assert "loss" in text
        assert re.search(r"\d+ s left$", text.splitlines()[0])
        assert "p pause" in text.splitlines()[-1]
        assert all(len(row) <= 80 for row in text.splitlines())


async def test_more_is_to_be_seen_at_120x40(working: Recording) -> None:
    app = app_on(working)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "evaluate" in shown(app) and ".310 ±.014" in shown(app))
        text = shown(app)
        assert "tickets · lc · minilm adapter → minilm full" in text
        assert "✓ train acquisition        4.0 s" in text
        assert "✓ ask about 5" in text
        assert "▶ train successor" in text
        assert "· evaluate" in text
        assert "rounds" in text and "machine" in text


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_mismatch_gauge_and_its_floor(working: Recording, size: tuple[int, int]) -> None:
    """The round's reading as it comes, the floor beside it; every round in the table."""
    working.gauge(1, 1, floors=0)
    working.gauge(1, 2, floors=0)
    app = app_on(working)
    async with drive(app, size) as pilot:
        await until(pilot, lambda: "train successor" in shown(app))
        assert "mismatch" not in shown(app)  # not of this seed yet
        working.gauge(2, 2, floors=0)
        await until(pilot, lambda: "mismatch: WD .0123  KL .022" in shown(app))
        assert "floor: needs 2 seeds" in shown(app)
        working.gauge(2, 2)
        await until(pilot, lambda: "floor: WD .0040  KL .012" in shown(app))
        assert "needs 2 seeds" not in shown(app)
        await pilot.press("t")
        await until(pilot, lambda: ".0123 (.0040)" in shown(app))
        assert ".0123 (–)" in shown(app)  # round 1, of one seed
        assert_clean(app)


@pytest.mark.slow
async def test_it_follows_the_engine(working: Recording, engine: FakeEngine) -> None:
    app = app_on(working)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "round 2/6" in shown(app))
        working.phase(2, 2, ev.Phase.EVALUATE, done=0.5)
        await until(pilot, lambda: "▶ evaluate" in shown(app))
        assert "120 of 240" in shown(app)
        working.append(ev.EnginePaused(True))
        await until(pilot, lambda: "◐ paused" in shown(app))
        working.append(ev.EnginePaused(False))
        working.rounds(2, 6, first=2)
        working.append(
            ev.RunFinished(2, "rounds"), ev.SessionFinished(), ev.EngineFinished("finished")
        )
        engine.leave()
        await until(pilot, lambda: "✓ finished" in shown(app))
        assert "r shows the results" in shown(app)


@pytest.mark.slow
async def test_pause_and_go_on(working: Recording) -> None:
    app = app_on(working)
    async with drive(app) as pilot:
        await until(pilot, lambda: "● running" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: working.session.commands() == [(1, "pause")])
        working.append(ev.EnginePaused(True))
        await until(pilot, lambda: "paused" in shown(app).splitlines()[0])
        await pilot.press("p")
        await until(pilot, lambda: len(working.session.commands()) == 2)
        assert working.session.commands()[1] == (2, "resume")


def key_bar(app: TuiAl) -> str:
    return shown(app).splitlines()[-1]


@pytest.mark.slow
async def test_the_key_bar_says_what_p_does_now(
    working: Recording, engine: FakeEngine, home: Path
) -> None:
    app = app_on(working)
    async with drive(app) as pilot:
        await until(pilot, lambda: "● running" in shown(app) and "p pause" in key_bar(app))
        working.append(ev.EnginePaused(True))
        await until(pilot, lambda: "p go on" in key_bar(app))
        working.append(ev.EnginePaused(False))
        await until(pilot, lambda: "p pause" in key_bar(app))
        working.append(ev.EngineFinished("stopped"))
        engine.leave()
        await until(pilot, lambda: "p go on" in key_bar(app))
    fresh = app_on(sessions.record(home, "fresh"))
    async with drive(fresh) as pilot:
        await until(pilot, lambda: "p start" in key_bar(fresh))


@pytest.mark.slow
async def test_another_metric(working: Recording) -> None:
    app = app_on(working)
    async with drive(app) as pilot:
        await until(pilot, lambda: "accuracy on 20 test texts · m shows macro-F1" in shown(app))
        assert "tickets-lc  .797" in shown(app)  # 0.9 - 0.6 / (1 + 0.8 x 6) of the first seed
        await pilot.press("m")
        await until(pilot, lambda: "macro-F1 on 20 test texts · m shows accuracy" in shown(app))
        assert "tickets-lc  .767" in shown(app)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, ResultsScreen))
        await until(pilot, lambda: "macro-F1 on 20 test texts" in shown(app))
        await pilot.press("m")
        await until(pilot, lambda: "accuracy on 20 test texts" in shown(app))


async def asked_before(
    pilot: Pilot[Any], key: str, question: str, recording: Recording, command: str
) -> None:
    """The key asks; Enter is the safe answer, which is no; y sends the command."""
    app = pilot.app
    await pilot.press(key)
    await until(pilot, lambda: question in shown(app))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, RunScreen))
    assert recording.session.commands() == []
    await pilot.press(key, "y")
    await until(pilot, lambda: recording.session.commands() == [(1, command)])


@pytest.mark.slow
async def test_stop_asks_first_and_the_safe_answer_is_no(working: Recording) -> None:
    app = app_on(working)
    async with drive(app) as pilot:
        await until(pilot, lambda: "● running" in shown(app))
        await asked_before(pilot, "s", "Stop this session?", working, "stop")
        await until(pilot, lambda: "stopping" in shown(app).splitlines()[0])


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_an_engine_that_dies_is_told_and_started_again(
    working: Recording, engine: FakeEngine, size: tuple[int, int]
) -> None:
    app = app_on(working)
    async with drive(app, size) as pilot:
        await until(pilot, lambda: "● running" in shown(app))
        engine.die("Killed by signal 9.", "step 35", "Loading [/x] \x1b[31m")
        await until(pilot, lambda: "Killed by signal 9." in shown(app), seconds=3)
        assert "engine died" in shown(app).splitlines()[0]
        if size != (40, 10):
            assert "It probably ran out of memory." in shown(app)
            assert "p resumes" in shown(app)
            assert "Loading [/x] ␛[31m" in shown(app)
        assert_clean(app)
        await pilot.press("p")
        await until(pilot, lambda: engine.started == [working.directory])
        await until(pilot, lambda: "starting" in shown(app).splitlines()[0])
        working.start(resumed=True)
        working.append(ev.RunStarted(2, 1))
        await until(pilot, lambda: "● running" in shown(app).splitlines()[0])
        assert "Killed" not in shown(app)


async def test_an_engine_that_cannot_be_started(working: Recording, engine: FakeEngine) -> None:
    engine.die()
    engine.refusal = EngineError("No [/room] on the disk.", "Make some.")
    app = app_on(working)
    async with drive(app) as pilot:
        await until(pilot, lambda: "engine died" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: "No [/room] on the disk." in shown(app))
        assert "Make some." in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: "engine died" in shown(app))


@pytest.mark.slow
async def test_an_engine_that_dies_before_its_first_word(home: Path, engine: FakeEngine) -> None:
    fresh = sessions.record(home)
    app = app_on(fresh)
    async with drive(app) as pilot:
        await until(pilot, lambda: "p starts it" in shown(app))
        await pilot.press("p")
        await until(pilot, lambda: "○ starting" in shown(app))
        engine.die("The engine ended with an error.", "ImportError: no torch")
        await until(pilot, lambda: "engine died" in shown(app).splitlines()[0])
        assert "ImportError: no torch" in shown(app)


@pytest.mark.slow
async def test_people_say_when_the_labels_are_enough(home: Path, engine: FakeEngine) -> None:
    labelling_session = labelling.labelling_session(home, experiment=labelling.people())
    recording = labelling_session.recording
    recording.start()
    recording.append(ev.RunStarted(labelling.SEED))
    labelling_session.rank(0)
    engine.live(recording.directory)
    app = app_on(recording)
    async with drive(app) as pilot:
        await pilot.press("e")
        await asked_before(pilot, "f", "Finish labelling?", recording, "finish")
        assert "● running" in shown(app).splitlines()[0]  # it still has to train
        recording.append(ev.EngineFinished("finished"))
        engine.leave()
        await until(pilot, lambda: "✓ done" in shown(app).splitlines()[0])
        assert "Trained and measured on all labels. p resumes" in shown(app)
        await pilot.press("f")
        await until(pilot, lambda: "No engine is at work" in shown(app))


async def test_a_simulation_ends_by_itself(working: Recording) -> None:
    app = app_on(working)
    async with drive(app) as pilot:
        await until(pilot, lambda: "● running" in shown(app))
        await pilot.press("f")
        await until(pilot, lambda: "Nobody labels in this" in shown(app))
        assert working.session.commands() == []


async def test_a_session_that_was_stopped(working: Recording, engine: FakeEngine) -> None:
    working.append(ev.EngineFinished("stopped"))
    engine.leave()
    app = app_on(working)
    async with drive(app) as pilot:
        await until(pilot, lambda: "■ stopped" in shown(app).splitlines()[0])
        assert "■ train successor" in shown(app)
        assert "p resumes; no finished round is lost." in shown(app)
        await pilot.press("p")
        await until(pilot, lambda: engine.started == [working.directory])


async def test_a_run_that_failed_says_why(working: Recording, engine: FakeEngine) -> None:
    working.append(
        ev.RunFailed(2, "out of memory [/x]", "Use a smaller batch."), ev.EngineFinished("failed")
    )
    engine.leave()
    app = app_on(working)
    async with drive(app) as pilot:
        await until(pilot, lambda: "✗ failed" in shown(app))
        assert "Seed 2 failed: out of memory [/x]" in shown(app)
        assert "Use a smaller batch." in shown(app)


async def test_an_engine_that_fails_before_any_run_says_why(home: Path) -> None:
    fresh = sessions.record(home)
    fresh.start()
    fresh.append(ev.EngineFinished("failed", "There is no model [/x].", "Name another one."))
    app = app_on(fresh)
    async with drive(app) as pilot:
        await until(pilot, lambda: "✗ failed" in shown(app).splitlines()[0])
        assert "✗ There is no model [/x]." in shown(app) and "Name another one." in shown(app)


@pytest.mark.slow
async def test_views_and_the_way_back(working: Recording) -> None:
    (working.directory / "engine.log").write_text("Loading weights [/x]\n\x1b[1mready\n")
    app = app_on(working)
    async with drive(app) as pilot:
        await until(pilot, lambda: "● running" in shown(app))
        await pilot.press("t")
        await until(pilot, lambda: "macro-F1" in shown(app) or "acquisition" in shown(app))
        assert "accuracy on 20 test texts" not in shown(app)
        await pilot.press("l")
        await until(pilot, lambda: "seed 2, round 2: asked about 5 of 50 by lc" in shown(app))
        await pilot.press("l")
        await until(pilot, lambda: "Loading weights [/x]" in shown(app))
        assert "␛[1mready" in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: "accuracy on 20 test texts" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RunScreen))


@pytest.mark.slow
async def test_the_log_tells_everything_once(working: Recording) -> None:
    app = app_on(working)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "● running" in shown(app))
        log = app.screen.query_one(EventLog)
        await pilot.press("p", "l", "t", "l")
        working.append(ev.WarningRaised("the [/disk] is nearly full"))
        await until(pilot, lambda: "warning: the [/disk] is nearly full" in log.plain())
        lines = [row.split("  ", 1)[1] for row in log.plain().splitlines()]
        assert lines.count("seed 1, round 3: accuracy 0.724 with 20 labels") == 1
        assert lines.count("seed 2: begins") == 1


@pytest.mark.slow
async def test_finished_sessions_on_the_same_data_are_laid_over(working: Recording) -> None:
    home = working.directory.parent.parent
    random = sessions.record(home, "by-chance", experiment=sessions.config(strategy="random"))
    random.finish(lift=-0.05)
    elsewhere = sessions.record(home, "elsewhere", experiment=sessions.config(source="other"))
    elsewhere.finish()
    app = app_on(working)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "Δ by-chance" in shown(app))
        await until(pilot, lambda: "○ ⠤ by-chance" in shown(app))
        assert "+.050 ±.000" in shown(app)
        assert "elsewhere" not in shown(app)
        await pilot.press("o")
        await until(pilot, lambda: "compare with" in shown(app))
        await pilot.press("home", "space", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "elsewhere" in shown(app))


async def test_keys_that_cannot_act_say_why(home: Path, engine: FakeEngine) -> None:
    fresh = sessions.record(home)
    app = app_on(fresh)
    async with drive(app) as pilot:
        await until(pilot, lambda: "not started" in shown(app))
        await pilot.press("s")
        await until(pilot, lambda: "No engine is at work" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: "no results before" in shown(app))
        await pilot.press("o")
        await until(pilot, lambda: "no other session" in shown(app))
        await pilot.press("m")
        await until(pilot, lambda: "no metrics before" in shown(app))
        await pilot.press("p", "p")
        await until(pilot, lambda: "it takes" in shown(app))
        assert engine.started == [fresh.directory]


def test_every_key_of_the_table_has_its_action() -> None:
    for screen in (RunScreen, ResultsScreen):
        for key in keys_of(screen.KEYS_OF):
            assert hasattr(screen, f"action_{key.action}"), key.id


@pytest.mark.slow
async def test_foreign_texts(home: Path, engine: FakeEngine) -> None:
    # A lone surrogate cannot be in the log, which is JSON.
    texts = [text.replace("\ud800", "") for text in TEXTS.values()]
    recordings = [dying_with(home, f"text-{i}-", text) for i, text in enumerate(texts)]
    app = TuiAl(home, terminal=Terminal())
    async with drive(app, (120, 40)) as pilot:
        for text, recording in zip(texts, recordings, strict=True):
            engine.die(text, text, text)
            await opened(pilot, recording)
            for key in ("t", "l", "l", "escape"):
                await pilot.press(key)
                await pilot.pause()
                assert_clean(app)
            await pilot.press("r")
            await until(pilot, lambda: isinstance(app.screen, ResultsScreen))
            await until(pilot, lambda: "1 of 2 seeds" in shown(app))
            assert_clean(app)
        await pilot.resize_terminal(80, 24)
        for recording in recordings:
            await opened(pilot, recording)
            assert_clean(app)


async def opened(pilot: Pilot[Any], recording: Recording) -> None:
    """Its screen is there, and says how its engine is."""
    app = pilot.app
    assert isinstance(app, TuiAl)
    app.open_session(recording.directory)
    told = (recording.directory.name, "engine died")
    await until(pilot, lambda: all(part in shown(app).partition("\n")[0] for part in told))


def dying_with(home: Path, name: str, text: str) -> Recording:
    """A session with that text wherever one can be, whose engine is dead."""
    experiment = sessions.config(source=f"/data/{text[:500]}", model=text[:500] or "minilm")
    recording = sessions.record(
        home,
        name,
        experiment=experiment,
        data=sessions.dataset(labels=(f"{text} one", f"{text} two")),
        warnings=(text,),
    )
    recording.start(device=text)
    recording.rounds(1, 1)
    recording.append(
        ev.WarningRaised(text), ev.ModelSaved(1, 1, "successor", text), ev.RunFailed(1, text, text)
    )
    (recording.directory / "engine.log").write_text(text, encoding="utf-8")
    recording.session.close()
    return recording


@pytest.mark.slow
async def test_resizing_at_any_moment(working: Recording) -> None:
    app = app_on(working)
    async with drive(app, (80, 24)) as pilot:
        await until(pilot, lambda: "● running" in shown(app))
        for key in ("t", "l", "l", "escape"):
            await pilot.press(key)
            for size in ((40, 10), (200, 60), (100, 20), (60, 33), (41, 11), (120, 40), (1, 1)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
        await pilot.resize_terminal(40, 10)
        await until(pilot, lambda: "train successor" in shown(app))
        assert "● running" in shown(app).splitlines()[0]


async def test_ascii_only(working: Recording) -> None:
    app = app_on(working, ascii=True)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "train successor" in shown(app) and "CPU" in shown(app))
        assert "#####" in shown(app)  # the bar has a filled part
        assert shown(app).isascii()


async def test_no_colour_says_as_much(working: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = app_on(working)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "● running" in shown(app))
        await until(pilot, lambda: "▶ train successor" in shown(app))


async def test_the_seed_set_and_random_need_no_acquisition_model(
    home: Path, engine: FakeEngine
) -> None:
    experiment = sessions.config(strategy="random")
    recording = sessions.record(home, experiment=replace(experiment, seeds=(5,)))
    recording.start()
    recording.rounds(5, 0)
    recording.query(5, 1)
    recording.phase(5, 1, ev.Phase.TRAIN_SUCCESSOR, done=0.5)
    engine.live(recording.directory)
    app = app_on(recording)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "▶ train successor" in shown(app))
        assert "train acquisition" not in shown(app)
        assert "round 1/6  ● running" in shown(app)  # one seed: no word about seeds


@pytest.mark.parametrize(("strategy", "scores"), [("lc", True), ("random", False)])
async def test_where_people_label_nothing_is_queried(
    home: Path, engine: FakeEngine, strategy: str, scores: bool
) -> None:
    labelling_session = labelling.labelling_session(
        home, experiment=labelling.people(strategy=strategy)
    )
    recording = labelling_session.recording
    recording.start()
    recording.append(ev.RunStarted(labelling.SEED))
    labelling_session.rank(0)
    recording.phase(labelling.SEED, 0, ev.Phase.TRAIN_ACQUISITION, done=0.5)
    engine.live(recording.directory)
    app = app_on(recording)
    async with drive(app, (120, 40)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: "▶ train acquisition" in shown(app))
        assert "· train successor" in shown(app)
        assert ("· score pool" in shown(app)) is scores
        assert "query" not in shown(app)
        assert " left" not in shown(app).splitlines()[0]


@pytest.mark.slow
@pytest.mark.parametrize(("ending", "rings"), [("died", 1), ("failed", 1), ("stopped", 0)])
async def test_the_bell_rings_where_the_engine_comes_to_its_end(
    working: Recording,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    rings: int,
) -> None:
    app = app_on(working)
    heard: list[str] = []
    monkeypatch.setattr(app, "bell", lambda: heard.append("bell"))
    async with drive(app) as pilot:
        await until(pilot, lambda: "● running" in shown(app))
        if ending == "died":
            engine.die()
        elif ending == "failed":
            working.append(ev.EngineFinished("failed", "model: x is gone.", "Put it back."))
            engine.leave()
        else:
            working.append(ev.EngineFinished("stopped"))
            engine.leave()
        await until(pilot, lambda: "● running" not in shown(app), seconds=3)
        assert len(heard) == rings
