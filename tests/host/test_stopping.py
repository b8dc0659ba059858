"""What `tui-al stop` says: of engines that stop, finish first, are busy, are not there, or are
another machine's."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.report import states
from tests.ui.sessions import record
from tui_al.core.session import events as ev
from tui_al.host import stopping
from tui_al.host.stopping import stop_and_tell
from tui_al.store.engine_lock import token_in
from tui_al.store.session import Session


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A session that nobody has worked on."""
    with Session.create(
        tmp_path, "three", states.created(states.config((7,))), record(tmp_path, "other").data
    ) as session:
        return session.directory


def started(host: str = "") -> ev.EngineStarted:
    import os

    return ev.EngineStarted(12, host or os.uname().nodename, "cpu", False, {})


@contextmanager
def engine(directory: Path, *answer: ev.Event) -> Iterator[None]:
    """A thread that holds the lock as an engine does, and answers a stop with these events; it does
    not stop without any."""
    ready, done = threading.Event(), threading.Event()

    def work() -> None:
        with Session(directory) as session, session.engine_lock() as lock:
            session.append(
                started(), ev.RunStarted(7), ev.PhaseStarted(7, 3, "train successor", 10)
            )
            before, token = session.commands_before(lock), token_in(lock)
            ready.set()
            while not done.is_set():
                if answer and ("stop" in [name for _, name in session.commands(before, token)]):
                    session.append(*answer)
                    return
                time.sleep(0.02)

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(30)
    try:
        yield
    finally:
        done.set()
        thread.join()


def stop(directory: Path, seconds: float = 20.0) -> tuple[bool, bool, str, list[str]]:
    told: list[str] = []
    asked, outcome = stop_and_tell(directory, told.append, seconds)
    return asked, outcome.stopped, f"{outcome.said} {outcome.hint}".strip(), told


def test_one_that_stops(directory: Path) -> None:
    with engine(directory, ev.EngineFinished("stopped")):
        assert stop(directory) == (
            True,
            True,
            "Session three is stopped; 0 finished rounds are kept.",
            [],
        )
    asked, _, said, _ = stop(directory)
    assert not asked and said.startswith(
        "No engine is at work on session three: the last one stopped."
    )


def test_one_that_was_quicker(directory: Path) -> None:
    with engine(
        directory, ev.RunFinished(7, "rounds"), ev.SessionFinished(), ev.EngineFinished("finished")
    ):
        assert stop(directory)[:3] == (
            True,
            True,
            "Session three finished before it could be stopped.",
        )
    assert (
        stop(directory)[2]
        == "No engine is at work on session three: it is finished. There is nothing to stop."
    )


def test_one_that_fails(directory: Path) -> None:
    with engine(directory, ev.EngineFinished("failed", "no memory", "Buy some.")):
        assert "failed before it could stop: no memory Buy some." in stop(directory)[2]


def test_one_in_a_long_step_is_told_of(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "TELL_SECONDS", 0.2)
    with engine(directory):
        asked, stopped, said, told = stop(directory, 0.6)
    assert (asked, stopped) == (True, False)
    assert (
        "was asked to stop and will after this step (train successor, round 3). It is process"
        in said
    )
    assert told == ["asked to stop; it does after this step (train successor, round 3) …"]


def test_none_that_was_ever_there(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "NEW_SECONDS", 0.2)
    asked, _, said, _ = stop(directory)
    assert not asked and "none was started yet" in said


def test_one_that_is_only_about_to_start_is_asked_too(directory: Path) -> None:
    """Between the making of a session and its engine's lock there is a moment."""
    results: list[tuple[bool, bool, str, list[str]]] = []
    asking = threading.Thread(target=lambda: results.append(stop(directory)))
    asking.start()
    time.sleep(0.4)
    with engine(directory, ev.EngineFinished("stopped")):
        asking.join(30)
    assert results[0][:2] == (True, True)
    assert results[0][2].startswith("Session three is stopped")


def test_one_of_another_machine(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "ELSEWHERE_SECONDS", 0.3)
    with Session(directory) as session:
        session.append(started("gpu-box"))
        asked, stopped, said, _ = stop(directory)
        assert (asked, stopped) == (True, False)
        assert (
            "was process 12 on gpu-box, another machine: it was asked to stop, and has not answered"
            in said
        )
        assert [name for _, name in session.commands()] == [
            "stop"
        ]  # should it be at work, it hears
        answering = threading.Timer(0.1, lambda: _say(directory, ev.EngineFinished("stopped")))
        answering.start()
        assert stop(directory)[:3] == (
            True,
            True,
            "Session three is stopped, by its engine (process 12 on gpu-box).",
        )
        answering.join()


def _say(directory: Path, event: ev.Event) -> None:
    with Session(directory) as session:
        session.append(event)


def test_a_command_that_comes_too_late_is_not_for_the_next_engine(directory: Path) -> None:
    """Looked up while the first engine was at work, kept when the second already is."""
    with Session(directory) as session:
        with session.engine_lock() as lock:
            first = token_in(lock)
        with session.engine_lock() as lock:
            before, second = session.commands_before(lock), token_in(lock)
            assert first and second and first != second
            session._db.execute(
                "INSERT INTO commands (time, name, recipient) VALUES (1, 'stop', ?)", (first,)
            )
            session.send("train")
            assert [name for _, name in session.commands(before, second)] == ["train"]


def test_sessions_and_programs_of_before_get_on_with_it(directory: Path) -> None:
    """The table without our columns takes and gives commands; an older program's statement works on
    ours."""
    old = (
        "CREATE TABLE commands (seq INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, name "
        "TEXT NOT NULL)"
    )
    with contextlib.closing(sqlite3.connect(directory / "session.db")) as db, db:
        db.executescript(f"DROP TABLE commands; {old};")
        db.execute("INSERT INTO commands (time, name) VALUES (1, 'pause')")
    with Session(directory) as session:
        assert session.commands(engine="abc") == [(1, "pause")]
        session.send("stop")
        session._db.execute("INSERT INTO commands (time, name) VALUES (?, ?)", (2.0, "resume"))
        assert [name for _, name in session.commands(engine="abc")] == ["pause", "stop", "resume"]


def test_rounds_are_counted_by_their_results(directory: Path) -> None:
    """Where people label, the first result may be that of a later round."""
    result = ev.RoundResult(7, 1, 20, 0, {"accuracy": 1.0}, {}, {}, 0)
    with engine(directory, result, ev.EngineFinished("stopped")):
        assert stop(directory)[2] == "Session three is stopped; 1 finished round is kept."
