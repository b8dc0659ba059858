"""What passes is waited out, by the engine and by a person's app alike, and said meanwhile."""

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.small_disk import Disk
from tests.store.labelled_sessions import TICKETS, by_people, simulated
from tests.ui.labelling import labelling_session
from tests.ui.test_annotation_worker import LogLine, take
from tui_al.core.session import events as ev
from tui_al.engine.worker import patience
from tui_al.engine.worker.patience import Patience, longest_wait
from tui_al.engine.worker.session_io import SessionIO, StopSignal
from tui_al.errors import EngineStopped, MachineError
from tui_al.store import database
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.database import Database
from tui_al.store.engine_lock import numbered_before, take_engine_lock, waits_for
from tui_al.store.session import Session
from tui_al.ui import annotation_worker as module
from tui_al.ui.annotation_worker import AnnotationWorker, Done, StateChanged, WriteBlocked

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(module, "AGAIN", 0.05)
    monkeypatch.setattr(database, "_PATIENCE", 0.1)


@contextlib.contextmanager
def meanwhile(condition: Callable[[], object], then: Callable[[], object]) -> Iterator[None]:
    """Do something as soon as something holds, in a thread."""
    met: list[object] = []

    def watch() -> None:
        deadline = time.monotonic() + 20
        while not (found := condition()) and time.monotonic() < deadline:
            time.sleep(0.02)
        met.append(found)
        then()

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    thread.join()
    assert met[0]


def test_an_engine_waits_for_a_full_disk_that_is_cleared(disk: Disk) -> None:
    with simulated(disk.path / "home", "mine", TICKETS) as session:
        lock = take_engine_lock(session.directory)
        session_io = SessionIO(session, lambda _: None, StopSignal(), lock=lock)
        before = numbered_before(lock)
        disk.fill()
        began = session_io.clock()
        with meanwhile(lambda: "the disk is full" in waits_for(session.directory), disk.clear):
            session_io.emit(ev.RunStarted(7))
        assert session_io.clock() - began < 0.5 * session_io.patient.waited + 0.5  # as while paused
        assert [record.event for record in session.events()][-1] == ev.RunStarted(7)
        assert waits_for(session.directory) == ""
        assert numbered_before(lock) == before
        os.close(lock)


def test_an_engine_waits_for_a_lock(tmp_path: Path) -> None:
    with simulated(tmp_path, "mine", TICKETS) as session:
        lock = take_engine_lock(session.directory)
        session_io = SessionIO(session, lambda _: None, StopSignal(), lock=lock)
        other = Database(session.directory / "session.db", any_thread=True)
        other.execute("BEGIN IMMEDIATE")
        locked = "another program has locked it"
        with meanwhile(lambda: locked in waits_for(session.directory), other.close):
            session_io.emit(ev.RunStarted(7))
        assert [record.event for record in session.events()][-1] == ev.RunStarted(7)
        os.close(lock)


def test_the_wait_ends_in_time_with_the_reason(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(patience.VARIABLE, "0.2")
    with simulated(disk.path / "home", "mine", TICKETS) as session:
        session_io = SessionIO(session, lambda _: None, StopSignal())
        disk.fill()
        with pytest.raises(MachineError, match="Session mine: the disk is full"):
            session_io.emit(ev.RunStarted(7))
        session_io.last_words(ev.EngineFinished("failed"))  # which nobody waits for
        disk.clear()
        assert session.state().engine is None
        session_io.emit(ev.RunStarted(7))
    assert longest_wait() == 0.2
    monkeypatch.delenv(patience.VARIABLE)
    assert (longest_wait(errno.ENOSPC), longest_wait(errno.EIO)) == (1800, 60)


def test_an_engine_that_waits_can_be_stopped(tmp_path: Path) -> None:
    stop = StopSignal(requested=True)
    patient = Patience(tmp_path, stop)

    def refuse() -> None:
        raise OSError(errno.ENOSPC, "x", str(tmp_path))

    with pytest.raises(EngineStopped):
        patient(refuse)


@pytest.mark.parametrize("error", [ValueError("a defect"), OSError(errno.EACCES, "x", "/x")])
def test_what_does_not_pass_is_not_waited_for(tmp_path: Path, error: Exception) -> None:
    calls = []

    def refuse() -> None:
        calls.append(1)
        raise error

    with pytest.raises(MachineError if isinstance(error, OSError) else ValueError):
        Patience(tmp_path, StopSignal())(refuse)
    assert calls == [1]


def test_a_message_of_a_library_in_rust_is_understood(tmp_path: Path) -> None:
    calls = []

    def save() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError(
                "Error while serializing: I/O error: No space left on device (os error 28)"
            )
        return "saved"

    assert Patience(tmp_path, StopSignal())(save) == "saved"


def test_an_answer_is_not_saved_before_it_is(disk: Disk) -> None:
    session = labelling_session(disk.path / "home")
    session.rank(1)
    told = LogLine()
    worker = AnnotationWorker(session.directory, "anna", told.put)
    worker.start()
    item = take(worker, told)
    disk.fill()
    worker.do("decide", lambda b: b.label(item, "billing"), writes=True)
    stuck = told.next(WriteBlocked)
    assert isinstance(stuck, WriteBlocked)
    assert "the disk is full (0.0 MB free)" in stuck.trouble
    assert "Free some room" in stuck.trouble
    assert (worker.unsaved, session.answers()) == (1, {})
    disk.clear()
    done = told.next(Done)
    assert isinstance(done, Done)
    assert (done.job.kind, done.annotation_state.saved, worker.unsaved, worker.trouble) == (
        "decide",
        1,
        0,
        "",
    )
    assert list(session.answers().values()) == ["billing"]
    worker.close()
    assert worker.join(20)


def test_a_worker_on_a_full_disk_gives_samples_as_soon_as_there_is_room(disk: Disk) -> None:
    session = labelling_session(disk.path / "home")
    session.rank(1)
    session.recording.session.close()
    disk.fill()
    told = LogLine()
    worker = AnnotationWorker(session.directory, "anna", told.put)
    worker.start()
    worker.do("take", AnnotationService.take)
    assert "full" in told.next(WriteBlocked).trouble  # type: ignore[union-attr]
    disk.clear()
    done = told.next(Done)
    assert isinstance(done, Done)
    assert done.value is not None
    worker.do("decide", lambda b: b.label(done.value, "billing"), writes=True)
    assert told.next(Done).annotation_state.saved == 1  # type: ignore[union-attr]
    worker.close()
    assert worker.join(20)


def test_what_an_engine_waits_for_is_news_to_the_people(tmp_path: Path) -> None:
    session = labelling_session(tmp_path)
    session.rank(1)
    lock = take_engine_lock(session.directory)
    told = LogLine()
    worker = AnnotationWorker(session.directory, "anna", told.put)
    worker.start()
    told.next(StateChanged)
    patient = Patience(session.directory, StopSignal(), lock)
    tried: list[str] = []

    def save() -> None:
        tried.append(waits_for(session.directory))
        if len(tried) == 1 or not told.next(StateChanged).annotation_state.engine_waits:  # type: ignore[union-attr]
            raise OSError(errno.EDQUOT, "x", str(session.directory))

    patient(save)
    assert "your quota on the disk is used up. It goes on by itself." in tried[1]
    assert told.next(StateChanged).annotation_state.engine_waits == ""  # type: ignore[union-attr]
    os.close(lock)
    worker.close()
    assert worker.join(20)


def test_a_session_of_people_is_read_while_its_disk_is_full(disk: Disk) -> None:
    session = by_people(disk.path / "home", "mine")
    disk.fill()
    with Session(session.directory) as another:
        assert another.state().labels == ("complaint", "return")
