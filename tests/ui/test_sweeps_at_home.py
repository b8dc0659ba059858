"""Sweeps in the list of sessions, and their arms; what is told before something is deleted;
sessions that vanish."""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ui.driving import drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.labelling import SEED, labelling_session
from tests.ui.sessions import LABELS, config, record
from tui_al.cli import application
from tui_al.cli.export_labels import ExportOptions, export_labels
from tui_al.cli.sessions import list_sessions
from tui_al.core.annotation.decisions import Label
from tui_al.core.session import events as ev
from tui_al.errors import SessionError
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.session import Session
from tui_al.store.sweeps import ArmRecord, SweepRecord, find, write_record
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.dialogs import ConfirmDialog, NameDialog
from tui_al.ui.screens.home import HomeScreen
from tui_al.ui.screens.results import ResultsScreen
from tui_al.ui.screens.run import RunScreen
from tui_al.ui.screens.sweep import SweepScreen
from tui_al.ui.sweep_summaries import read_sweep

ARMS = {"lc-arm-1a": "full · lc", "bt-arm-2b": "full · bt", "random-3c": "random"}


def sweep(home: Path, name: str = "figure") -> Path:
    """Three arms of two seeds: one finished, one in its second round, one not begun."""
    directory = home / "sweeps" / name
    arms = tuple(ArmRecord(label, {}, arm, (1, 2), {}) for arm, label in ARMS.items())
    write_record(directory, SweepRecord(name, "Which is best?", arms, (), 1, 1))
    done = record(directory, "lc-arm-1a")
    done.finish()
    half = record(directory, "bt-arm-2b", experiment=config(strategy="bt"))
    half.start()
    half.rounds(1, 2)
    for recording in (done, half):
        recording.session.close()
    return directory


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """As a command or an engine at work holds it."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def worked_on(directory: Path) -> Iterator[None]:
    """As while `tui-al sweep` is at its second arm."""
    with held(directory / "sweep.lock"), held(directory / "sessions/bt-arm-2b/engine.lock"):
        (directory / "sweep.lock").write_text("process 77 on box\n")
        yield


@pytest.mark.slow
async def test_a_sweep_is_listed_with_its_cells_and_opened_with_its_arms(
    home: Path, engine: FakeEngine
) -> None:
    directory = sweep(home)
    record(home, "single").session.close()
    with worked_on(directory):
        async with drive(TuiAl(home)) as pilot:
            await until(pilot, lambda: "1 session, 1 sweep, 1 running" in shown(pilot.app))
            row = next(r for r in shown(pilot.app).splitlines() if "sweep 2/6 cells" in r)
            assert row.startswith("● figure")
            assert "1 running" in row
            assert "Which is best? · 3 arms, 6 cells" in shown(pilot.app)
            await pilot.press("s")
            await until(pilot, lambda: "(process 77 on" in shown(pilot.app))
            await pilot.press("d")
            await until(pilot, lambda: "figure is running: stop it first" in shown(pilot.app))
            await pilot.press("enter")
            await until(pilot, lambda: "sweep figure  2 of 6 cells, 1 running" in shown(pilot.app))
            screen = shown(pilot.app).splitlines()
            assert [r[:11] for r in screen if r and r[0] in "✓●·"] == [
                "✓ full · lc",
                "● full · bt",
                "· random   ",
            ]
            assert "not begun" in next(r for r in screen if "random" in r)
            await pilot.press("down", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, SweepScreen))
            await until(pilot, lambda: "random" in shown(pilot.app))
            await pilot.press("down", "enter")
            await until(pilot, lambda: "random has not begun" in shown(pilot.app))
            await pilot.press("up", "up", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, ResultsScreen))
            await pilot.press("escape", "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_a_home_that_has_only_a_sweep_opens_on_it_and_not_on_the_form(
    home: Path, engine: FakeEngine
) -> None:
    sweep(home)
    async with drive(TuiAl(home)) as pilot:
        await until(pilot, lambda: "1 sweep, 0 running" in shown(pilot.app))
        assert "○ figure" in shown(pilot.app)


@pytest.mark.slow
@pytest.mark.parametrize("opened", ["sweep", "arm"])
async def test_attached_to_a_sweep_leaving_names_the_sweep(
    home: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, opened: str
) -> None:
    monkeypatch.setenv("TUI_AL_HOME", str(home))
    directory = sweep(home)
    shown_first = directory if opened == "sweep" else directory / "sessions" / "bt-arm-2b"
    with worked_on(directory):
        async with drive(TuiAl(home, shown_first)) as pilot:
            await until(pilot, lambda: "full · bt" in shown(pilot.app))
            await pilot.press("escape")
            found = SweepScreen if opened == "arm" else HomeScreen
            await until(pilot, lambda: isinstance(pilot.app.screen, found))
            await pilot.press("q")
            await pilot.pause()
            (said,) = pilot.app._exit_renderables
            told = "Sweep figure keeps running. `tui-al attach figure` shows it again."
            assert str(said) == told
        assert find(home, "figure") == directory  # which is what attach opens


@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """What the commands opened the app on."""
    opened: list[Path | None] = []
    monkeypatch.setattr(application, "open_app", lambda home, session=None: opened.append(session))
    return opened


def test_attach_finds_sessions_and_sweeps(home: Path, opens: list[Path | None]) -> None:
    directory = sweep(home)
    single = record(home, "single").directory
    application.attach_to("figure", home)
    application.attach_to("single", home)
    with pytest.raises(SessionError, match="No session or sweep is at work"):
        application.attach_to(None, home)
    with worked_on(directory):
        application.attach_to(None, home)
        with held(single / "engine.lock"):
            application.attach_to(None, home)
    assert opens == [directory, single, directory, None]
    shutil.copytree(single, home / "sessions" / "figure")
    with pytest.raises(SessionError, match="'figure' is a session and a sweep"):
        application.attach_to("figure", home)
    with worked_on(directory):
        application.attach_to("figure", home)
    assert opens[-1] == directory


def test_stop_says_how_a_sweep_is_stopped(home: Path) -> None:
    directory = sweep(home)
    with pytest.raises(SessionError, match="Nothing is at work on sweep figure"):
        application.stop_session("figure", home)
    with worked_on(directory), pytest.raises(SessionError, match="figure is a sweep") as told:
        application.stop_session("figure", home)
    assert "process 77 on box" in told.value.hint


def test_the_command_sessions_lists_a_sweep_as_home_does(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = sweep(home)
    with worked_on(directory):
        list_sessions(home)
        summary = read_sweep(directory)
    line = capsys.readouterr().out
    assert f"sweep figure: {summary.counts['finished']}/{summary.cells} cells, 1 running" in line


async def ask_to_delete(home: Path, kind: type, check: Callable[[str], None], *keys: str) -> None:
    async with drive(TuiAl(home)) as pilot:
        await until(pilot, lambda: "running" in shown(pilot.app))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, kind))
        check(shown(pilot.app))
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        await pilot.pause(0.3)


@pytest.mark.slow
async def test_labels_by_hand_are_named_and_only_their_sessions_name_deletes_them(
    home: Path, engine: FakeEngine
) -> None:
    made = labelling_session(home)
    made.rank(0)
    with DecisionLog(made.directory) as log:
        given = (Label((i,), LABELS[0], seconds=60.0) for i in made.ids[:36])
        log.append(Client.new("anna"), *given)
    (made.directory / "models" / "seed-1" / "round-2").mkdir(parents=True)

    def told(screen: str) -> None:
        assert "Delete tickets-anna?" in screen
        assert "36 texts labelled by hand, 36 min of labelling" in screen
        assert "of these labels 36 are in no exported file" in screen
        assert "1 saved model" in screen
        assert "MiB on disk" in screen

    await ask_to_delete(home, NameDialog, told, "enter", "y", "enter", "escape")
    assert made.directory.is_dir()
    await ask_to_delete(home, NameDialog, told, *"tickets", "minus", *"anna", "enter")
    assert not made.directory.exists()


@pytest.mark.slow
async def test_labels_that_are_exported_need_no_name(
    home: Path, engine: FakeEngine, tmp_path: Path
) -> None:
    made = labelling_session(home)
    made.rank(0)
    with DecisionLog(made.directory) as log:
        log.append(Client.new("anna"), *(Label((i,), LABELS[0]) for i in made.ids[:3]))
    out = tmp_path / "out.jsonl"
    export_labels("tickets-anna", ExportOptions(out), home)

    def told(screen: str) -> None:
        assert "3 texts labelled by hand" in screen
        assert "these labels are in an exported file" in screen

    await ask_to_delete(home, ConfirmDialog, told, "n")
    with DecisionLog(made.directory) as log:
        log.append(Client.new("anna"), Label((made.ids[5],), LABELS[0]))
    await ask_to_delete(home, NameDialog, lambda s: None, "escape")  # one more since
    export_labels("tickets-anna", ExportOptions(out, overwrite=True), home)
    await ask_to_delete(home, ConfirmDialog, lambda s: None, "n")
    out.unlink()
    await ask_to_delete(home, NameDialog, lambda s: None, "escape")
    assert made.directory.is_dir()


@pytest.mark.slow
async def test_a_sweep_is_deleted_whole(home: Path, engine: FakeEngine) -> None:
    directory = sweep(home)

    def told(screen: str) -> None:
        assert "Delete sweep figure?" in screen
        assert "2 sessions" in screen
        assert "17 rounds" in screen  # 2 x 7, and 3 of the arm that was stopped

    await ask_to_delete(home, ConfirmDialog, told, "y")
    assert not directory.exists()


@pytest.mark.parametrize("key", ["enter", "r", "d", "s", "e"])
async def test_a_session_that_vanishes_under_the_cursor(
    home: Path, engine: FakeEngine, key: str
) -> None:
    gone = record(home, "gone-one")
    gone.start()
    gone.rounds(1, 1)
    gone.session.close()
    with held(gone.directory / "engine.lock") if key == "s" else held(home / "lock"):
        async with drive(TuiAl(home)) as pilot:
            await until(pilot, lambda: "gone-one" in shown(pilot.app))
            screen = pilot.app.screen
            assert isinstance(screen, HomeScreen)
            screen.on_screen_suspend()  # between two looks
            shutil.rmtree(gone.directory)
            await pilot.press(*([key, "y"] if key == "s" else [key]))
            if key == "e":
                return  # its settings are known still
            await until(pilot, lambda: "gone-one" in shown(pilot.app).partition("─ Error ─")[2])
            await pilot.press("escape")
            assert pilot.app.is_running


@pytest.mark.slow
async def test_a_session_that_vanishes_goes_from_the_list(home: Path, engine: FakeEngine) -> None:
    gone = record(home, "gone-one")
    gone.session.close()
    record(home, "kept-one").session.close()
    async with drive(TuiAl(home)) as pilot:
        await until(pilot, lambda: "2 sessions" in shown(pilot.app))
        shutil.rmtree(gone.directory)
        await until(pilot, lambda: "1 session, 0" in shown(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        shutil.rmtree(home / "sessions")
        await pilot.press("p")
        await until(pilot, lambda: "was deleted while it was open" in shown(pilot.app))


@pytest.mark.slow
async def test_a_sweep_that_vanishes_under_its_screen_is_told_once(
    home: Path, engine: FakeEngine
) -> None:
    directory = sweep(home)
    async with drive(TuiAl(home, directory)) as pilot:
        await until(pilot, lambda: "cells" in shown(pilot.app).splitlines()[0])
        (directory / "sweep.json").write_text("{")
        await until(pilot, lambda: shown(pilot.app).count("cannot be read") == 2)  # title, and why
        assert "being read" not in shown(pilot.app)
        shutil.rmtree(directory)
        await until(pilot, lambda: "was deleted or moved while it was open" in shown(pilot.app))
        assert shown(pilot.app).splitlines()[0].split()[-1] == "gone"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


def test_a_damaged_record_of_a_sweep_is_told(home: Path) -> None:
    directory = sweep(home)
    (directory / "sweep.json").write_text(json.dumps({"arms": 3}))
    assert "cannot be read" in read_sweep(directory).trouble


def test_a_seed_that_failed_counts_as_failed(home: Path) -> None:
    directory = sweep(home)
    with Session(directory / "sessions" / "bt-arm-2b") as session:
        session.append(ev.RunFailed(SEED, "no memory", "smaller"))
    summary = read_sweep(directory)
    assert (summary.counts["failed"], summary.mark) == (1, "✗")
