"""The app in real terminals, with a real engine: watched, left, come back to, stopped, hung up on,
killed."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.engine import tiny
from tests.ui.terminals import Pty, Tmux, end_engines, fresh_clone, until
from tui_al.core.session.state import SessionState
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.engine.worker.session_setup import open_or_create
from tui_al.store.engine_lock import is_live
from tui_al.store.session import Session

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

#: Rounds of the session that is watched: many and short, so that it is at work as long as it is
#: needed.
ROUNDS = 60
SEED = 7


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that trains in a moment."""
    return tiny.save_encoder("bert", tmp_path_factory.mktemp("terminal") / "tiny", width=32)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout where `make run` has nothing to install any more."""
    clone = fresh_clone(tmp_path_factory.mktemp("fresh"))
    python = str(clone / ".venv" / "bin" / "python")
    ask = [python, "-c", "import tui_al; print(tui_al.__file__)"]
    environ = {**os.environ, "PYTHONPATH": str(clone)}
    done = subprocess.run(ask, cwd=clone, env=environ, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(clone)  # it is the clone's code that runs
    return clone


def experiment(encoder: Path, rounds: int) -> ExperimentConfig:
    """A label or so a round, on a cut of the sample data."""
    return ExperimentConfig(
        DataConfig("tickets", train_limit=120, test_limit=60),
        tiny.settings(encoder, "adapter", epochs=2, max_length=32),
        tiny.settings(encoder, "full", epochs=2, max_length=32),
        LoopConfig("lc", Amount.parse("10"), Amount.parse("1"), rounds),
        seeds=(SEED,),
        device="cpu",
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose engines, one thread each, end with the test."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    home = tmp_path / "home"
    yield home
    end_engines(home)


@pytest.fixture
def tiny_session(home: Path, encoder: Path) -> Path:
    """A session that nothing has happened in."""
    with open_or_create(home, experiment(encoder, ROUNDS), {}, "tiny") as session:
        return session.directory


def state_of(directory: Path) -> SessionState:
    with Session(directory) as session:
        return session.state()


def rounds_of(directory: Path) -> list[int]:
    """The rounds that have a point, in the order they were told."""
    return [point.round for point in state_of(directory).runs[SEED].points]


def only_session(home: Path) -> Path:
    (directory,) = (home / "sessions").glob("[!.]*")
    return directory


def marks(screen: str) -> int:
    """Points that are drawn, and not the mark in the title."""
    return "\n".join(screen.splitlines()[1:]).count("●")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_watch_leave_come_back_stop_go_on_and_look_at_the_results(
    tmp_path: Path, home: Path, tiny_session: Path, clone: Path, size: tuple[int, int]
) -> None:
    with Tmux(tmp_path, home, size, clone) as tmux:
        tmux.run_command("make", "run")
        tmux.sees("1 session, 0 running", "tiny")
        tmux.press("Enter")
        tmux.sees("p starts it")
        tmux.press("p")
        until(lambda: len(rounds_of(tiny_session)) >= 2, 60, tmux.screen)
        tmux.sees("● running", f"/{ROUNDS}", "accuracy on 60 test texts")
        early = marks(tmux.screen())
        until(lambda: marks(tmux.screen()) > early, 60, tmux.screen)  # the curve grows

        tmux.press("q")
        tmux.sees("tiny keeps running. `tui-al attach tiny` shows it again.")
        until(tmux.ended, 10, tmux.screen)
        assert is_live(tiny_session)
        before = len(rounds_of(tiny_session))
        until(lambda: len(rounds_of(tiny_session)) > before, 60)  # unwatched, too

        tmux.run("attach")
        tmux.sees("tiny", "● running")
        tmux.press("s")
        tmux.sees("Stop this session?")
        tmux.press("y")
        tmux.sees("■ stopped", "p resumes")
        assert not is_live(tiny_session)
        stopped_after = len(rounds_of(tiny_session))
        assert stopped_after < ROUNDS

        tmux.press("p")
        tmux.sees("● running")
        until(lambda: len(rounds_of(tiny_session)) > stopped_after, 60, tmux.screen)
        rounds = rounds_of(tiny_session)
        assert rounds == list(range(len(rounds)))

        tmux.press("r")
        screen = tmux.sees("macro-F1", "area", "x export")
        assert all(len(row) <= size[0] for row in screen.splitlines())
        assert "Traceback" not in screen


def test_make_run_in_a_fresh_clone_and_one_enter(
    tmp_path: Path, home: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample experiment with the real MiniLM, in a small window and, after coming back, in a
    large one."""
    monkeypatch.delenv("OMP_NUM_THREADS")
    with Tmux(tmp_path, home, (80, 24), clone) as tmux:
        tmux.run_command("make", "run")
        tmux.sees("New session", "tickets", "1,258 train", "trainings, about", "Start")
        tmux.press("Enter")
        before = marks(tmux.sees("● running", "no points yet", "p pause", seconds=120))
        until(lambda: marks(tmux.screen()) > before, 480, tmux.screen)
        tmux.press("q")
        directory = only_session(home)
        tmux.sees(f"{directory.name}` shows it again.")
        until(tmux.ended, 10, tmux.screen)
        assert is_live(directory)

        tmux.resize(120, 40)
        tmux.run_command("make", "run")
        tmux.sees("is running. Enter on it to watch.")
        tmux.press("Enter")
        screen = tmux.sees("● running", "accuracy on 314 test texts", "╭─ rounds")
        assert max(map(len, screen.splitlines())) == 120
        assert (
            marks(screen) > before
        )  # the points are there again; that more come is seen with a quicker model, above
        tmux.press("s")
        tmux.sees("Stop this session?")
        tmux.press("y")
        tmux.sees("■ stopped", "p go on")
        assert state_of(directory).status == "stopped"
        tmux.press("r")
        tmux.sees("macro-F1", "area", "x export")


def test_when_the_terminal_hangs_up_the_engine_finishes(
    tmp_path: Path, home: Path, encoder: Path
) -> None:
    with open_or_create(home, experiment(encoder, rounds=5), {}, "tiny") as session:
        directory = session.directory
    terminal = Pty(home, ["attach", "tiny"])
    terminal.read_until(lambda: b"starts it" in terminal.output)
    terminal.press("p")
    terminal.read_until(lambda: len(rounds_of(directory)) >= 2)
    assert terminal.process.poll() is None
    terminal.hang_up()
    assert terminal.process.wait(15) is not None
    assert is_live(directory)
    assert not state_of(directory).finished
    until(lambda: state_of(directory).finished, 60)
    assert rounds_of(directory) == list(range(6))
    with Tmux(tmp_path, home, (80, 24)) as tmux:
        tmux.run("attach", "tiny")
        tmux.sees("✓ finished", "at 15 labels, 1 of 1 seeds")


def has_rounds(session: Path, least: int) -> bool:
    return len(rounds_of(session)) >= least


#: Signals that end an engine, and what the app says then.
DEATHS = {
    signal.SIGKILL: "The engine was killed (signal 9)",
    signal.SIGSEGV: "The engine crashed in native code (SIGSEGV)",
}


def test_an_engine_that_dies_is_told_within_three_seconds_and_goes_on(
    tmp_path: Path, home: Path, tiny_session: Path
) -> None:
    with Tmux(tmp_path, home, (80, 24)) as tmux:
        tmux.run("attach", "tiny")
        tmux.sees("p starts it")
        for number, cause in DEATHS.items():
            before = state_of(tiny_session).runs[SEED].points
            tmux.press("p")
            tmux.sees("● running")
            enough = len(before) + 2
            until(partial(has_rounds, tiny_session, enough), 60, tmux.screen)
            assert not any(said in tmux.screen() for said in DEATHS.values())
            points = state_of(tiny_session).runs[SEED].points
            assert points[: len(before)] == before
            assert [point.round for point in points] == list(range(len(points)))

            engine = state_of(tiny_session).engine
            assert engine is not None
            os.kill(engine.pid, number)
            began = time.monotonic()
            screen = tmux.sees(cause, "✗ engine died", "p resumes", seconds=10)
            assert time.monotonic() - began < 3
            assert "Nothing that was finished is lost" in screen
        tmux.press("p")
        tmux.sees("● running")
        done = len(rounds_of(tiny_session))
        until(lambda: len(rounds_of(tiny_session)) > done, 60, tmux.screen)
