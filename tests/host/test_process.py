"""The engine as a process of its own: started for good, stopped, killed, and what is said about it
afterwards."""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.engine import tiny
from tests.helpers.processes import use_fork_server
from tests.report import states
from tui_al.core.data.examples import Task
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.engine.data import load
from tui_al.engine.worker import runner
from tui_al.engine.worker.session_io import StopSignal
from tui_al.engine.worker.session_setup import open_or_create
from tui_al.errors import ConfigError, DataError, EngineError, SessionError
from tui_al.host import process
from tui_al.host.process import (
    create_session,
    engine_end,
    log_tail,
    preview,
    start_engine,
    stop_engine,
)
from tui_al.store.engine_lock import is_live
from tui_al.store.lock_file import EXIT_FILE
from tui_al.store.session import Session

DATA = DataConfig("tickets", train_limit=90, test_limit=40)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [e.text for e in load(DATA).train]
    return tiny.save_encoder("bert", tmp_path_factory.mktemp("process") / "small", texts, width=32)


def experiment(encoder: Path, rounds: int) -> ExperimentConfig:
    settings = tiny.settings(encoder, "full", epochs=1, max_length=24)
    loop = LoopConfig("random", Amount(5, False), Amount(1, False), rounds)
    return ExperimentConfig(DATA, settings, settings, loop, seeds=(7,), device="cpu")


@pytest.fixture
def made(encoder: Path, tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Makes a session of so many rounds; whatever works on it is ended after the test."""
    directories: list[Path] = []

    def make(rounds: int) -> Path:
        with open_or_create(tmp_path, experiment(encoder, rounds), {}, "made") as session:
            directories.append(session.directory)
        return directories[-1]

    yield make
    for directory in directories:
        if is_live(directory) and (lock := (directory / "engine.lock").read_text()):
            os.kill(int(lock.split()[1]), signal.SIGKILL)


def until(what: Callable[[], Any], seconds: float = 90.0) -> Any:
    """What `what` returns once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
    return found


def engine_of(watcher: int) -> int:
    """The engine's own process."""

    def child() -> list[psutil.Process]:
        return [p for p in psutil.Process(watcher).children() if "tui_al.engine" in p.cmdline()]

    return int(until(child, 20)[0].pid)


def points(directory: Path) -> int:
    with Session(directory) as session:
        return len(session.state().runs[7].points)


@pytest.fixture
def odd_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: in it lie files named as modules, which note that they ran."""
    place = tmp_path / "data of others"
    place.mkdir()
    for name in ("numpy", "json", "torch", "tui_al", "sitecustomize"):
        (place / f"{name}.py").write_text(
            f"open({str(place / 'ran')!r}, 'w')\nraise ImportError('{name}')\n"
        )
    monkeypatch.chdir(place)
    return place


@pytest.mark.slow
def test_nothing_in_the_working_directory_runs(odd_place: Path) -> None:
    assert preview(DATA).train
    assert not (odd_place / "ran").exists()


@pytest.mark.slow
def test_an_engine_works_detached_until_it_is_done(
    made: Callable[[int], Path], odd_place: Path
) -> None:
    directory = made(2)
    assert not is_live(directory)
    assert engine_end(directory) is None  # none ever ran
    watcher = start_engine(directory)
    assert is_live(directory)  # from the first moment
    with pytest.raises(SessionError, match="An engine is at work on session made"):
        start_engine(directory)
    engine = engine_of(watcher)
    assert os.getsid(watcher) == os.getsid(engine) == watcher
    assert os.getsid(watcher) != os.getsid(0)
    assert Path(f"/proc/{engine}/fd/0").readlink() == Path("/dev/null")
    until(lambda: not is_live(directory))
    with Session(directory) as session:
        state = session.state()
    assert state.finished
    assert state.engine is not None
    assert state.engine.pid == engine
    assert engine_end(directory) is None
    note = until(
        lambda: (directory / EXIT_FILE).exists() and json.loads((directory / EXIT_FILE).read_text())
    )
    assert (note["code"], note["pid"]) == (0, engine)
    assert "Traceback" not in "\n".join(log_tail(directory))
    until(lambda: not psutil.pid_exists(watcher), 10)  # no zombie is left
    assert not (odd_place / "ran").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_an_engine_stops_when_asked_and_goes_on_after_a_kill(made: Callable[[int], Path]) -> None:
    directory = made(80)
    start_engine(directory)
    until(lambda: points(directory) > 0)
    assert stop_engine(directory)
    assert not is_live(directory)
    assert engine_end(directory) is None
    with Session(directory) as session:
        assert session.state().status == "stopped"
    done = points(directory)
    assert 0 < done < 81

    start_engine(directory)
    until(lambda: points(directory) > done)
    with Session(directory) as session:
        engine = session.state().engine
    assert engine is not None
    os.kill(engine.pid, signal.SIGKILL)
    killed = time.monotonic()
    end = until(lambda: engine_end(directory), 10)
    assert time.monotonic() - killed < 2
    assert "signal 9" in end.cause
    assert "out of memory" in end.cause
    assert "Nothing that was finished is lost" in end.hint


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0.0, 0.7])
def test_a_stop_while_the_engine_starts_is_heeded(
    made: Callable[[int], Path], wait: float, fork_environment: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The engine imports for seconds before it can look; what was sent before it took the lock is
    not for it."""
    directory = made(400)
    with Session(directory) as session:
        session.send("pause")
        session.send("stop")
    start_engine(directory)
    time.sleep(wait)
    with Session(directory) as session:
        assert session.state().engine is None  # it is not there yet
        session.send("resume")
    assert stop_engine(directory, 60)
    with Session(directory) as session:
        state = session.state()
    assert state.ended == "stopped"
    assert state.runs[7].points == ()
    use_fork_server(fork_environment, monkeypatch)  # the rest needs no engine that is slow to start
    watcher = start_engine(directory)  # the stop was for the other one
    until(lambda: points(directory) > 0)
    assert psutil.pid_exists(watcher)


def test_who_holds_a_lock_knows_which_commands_are_for_it(tmp_path: Path) -> None:
    with Session.create(tmp_path, "s", states.created(states.config()), load(DATA)) as session:
        session.send("train")
        with session.engine_lock() as lock:
            session.send("stop")
            assert session.commands(after=session.commands_before(lock)) == [(2, "stop")]
        with session.engine_lock() as lock:
            assert session.commands(after=session.commands_before(lock)) == []


def test_what_an_engine_failed_with_is_on_record(
    made: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = made(2)

    def fail(*_: object) -> None:
        raise RuntimeError("the moon is full")

    monkeypatch.setattr(runner, "_simulate", fail)
    with Session(directory) as session:
        with pytest.raises(RuntimeError, match="moon"):
            runner.run_session(session, lambda _: None, StopSignal())
        state = session.state()
    cause, hint = process.why_not_at_work(directory, state)
    assert cause == "RuntimeError: the moon is full"
    assert "engine.log" in hint
    assert engine_end(directory) is None


def test_an_engine_that_fails_before_its_first_word_is_told_of_after_earlier_ones(
    made: Callable[[int], Path],
) -> None:
    directory = made(2)
    with Session(directory) as session:
        session.append(ev.EngineStarted(1, "here", "cpu", False, {}), ev.EngineFinished("stopped"))
        assert process.why_not_at_work(directory, session.state()) == ("", "")
        (directory / "engine.log").write_text("Traceback\nImportError: no torch\n\n")
        note = {"began": time.time() + 1, "ended": time.time() + 2, "code": 1, "pid": 1}
        (directory / EXIT_FILE).write_text(json.dumps(note))
        cause, _ = process.why_not_at_work(directory, session.state())
    assert cause == "The engine ended with an error (exit code 1): ImportError: no torch"


def test_a_native_crash_is_named_even_before_the_first_event(made: Callable[[int], Path]) -> None:
    directory = made(2)
    engine = engine_of(start_engine(directory))
    os.kill(engine, signal.SIGSEGV)
    crashed = time.monotonic()
    end = until(lambda: engine_end(directory), 10)
    assert time.monotonic() - crashed < 2
    assert "crashed in native code (SIGSEGV)" in end.cause
    assert "engine.log" in end.hint


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """A session whose engine started and left no word."""
    with Session.create(tmp_path, "dead", states.created(states.config()), load(DATA)) as session:
        session.append(ev.EngineStarted(1, "here", "cpu", False, {}))
        return session.directory


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-9, "killed (signal 9)"),
        (-6, "crashed in native code (SIGABRT)"),
        (-7, "crashed in native code (SIGBUS)"),
        (-1, "stopped by signal 1"),
        (1, "ended with an error (exit code 1)"),
    ],
)
def test_how_it_ended_is_read_from_the_note(dead: Path, code: int, words: str) -> None:
    (dead / EXIT_FILE).write_text(json.dumps({"code": code}))
    (dead / "engine.log").write_text("".join(f"line {i}\n" for i in range(40)))
    end = engine_end(dead)
    assert end is not None
    assert words in end.cause
    assert "Nothing that was finished is lost" in end.hint
    assert end.log_tail == tuple(f"line {i}" for i in range(25, 40))


def test_without_a_note_it_waits_a_moment_before_it_blames_the_machine(
    dead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine_end(dead) is None  # the note may still be on its way
    monkeypatch.setattr(process, "_NOTE_SECONDS", 0.0)
    end = engine_end(dead)
    assert end is not None
    assert "the machine restarted" in end.cause
    assert end.log_tail == ()
    (dead / EXIT_FILE).write_text("{torn")
    assert engine_end(dead) == end


def test_an_engine_that_left_in_good_order_has_no_end_to_tell(dead: Path) -> None:
    (dead / EXIT_FILE).write_text(json.dumps({"code": 6}))
    with Session(dead) as session:
        session.append(ev.EngineFinished("failed", "no such device", "use the cpu"))
    assert engine_end(dead) is None


def test_a_live_engine_has_not_ended(dead: Path) -> None:
    (dead / EXIT_FILE).write_text(json.dumps({"code": -9}))
    with Session(dead) as session, session.engine_lock():
        assert engine_end(dead) is None


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_a_preview_is_that_of_the_data() -> None:
    seen = preview(DATA)
    assert (seen.task, seen.train, seen.test) == (Task.CLASSIFICATION, 90, 40)
    assert sum(seen.counts.values()) == 90
    assert len(seen.rows) == 20


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_errors_cross_the_border_as_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        preview(DataConfig(str(tmp_path / "none.csv")))
    assert "none.csv" in caught.value.message
    assert caught.value.hint


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_a_session_is_made_or_refused(encoder: Path, tmp_path: Path) -> None:
    directory = create_session(tmp_path, experiment(encoder, 2), "made")
    assert directory == tmp_path / "sessions" / "made"
    with Session(directory) as session:
        assert session.state().train == 90
        assert session.state().manifest
    odd = replace(experiment(encoder, 2), device="cuda:99")
    with pytest.raises(ConfigError, match="device: cuda:99 is not there"):
        create_session(tmp_path, odd, "other")
    assert not (tmp_path / "sessions" / "other").exists()


def test_an_engine_that_cannot_speak_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'ImportError: libcudart.so' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(EngineError, match="could not answer \\(preview\\): ImportError") as caught:
        preview(DATA)
    assert "tui-al doctor" in caught.value.hint


def test_a_copied_session_is_not_live(made: Callable[[int], Path], tmp_path: Path) -> None:
    directory = made(1)
    with Session(directory) as session, session.engine_lock():
        assert is_live(directory)
        copy = Path(shutil.copytree(directory, tmp_path / "sessions" / "copy"))
        assert not is_live(copy)
