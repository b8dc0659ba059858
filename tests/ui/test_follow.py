"""Following a session: only what is new is read, every change is told once, a session that cannot
be read is told too."""

import threading
import time
from pathlib import Path

import pytest

from tests.ui import sessions
from tests.ui.sessions import FakeEngine
from tui_al.core.session import events as ev
from tui_al.ui.eta import duration, phase_remaining, remaining_seconds, roughly
from tui_al.ui.session_watcher import Follower, Update


class Listener:
    """Collects updates; `until` waits for one that fits."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self._came = threading.Condition()

    def __call__(self, update: Update) -> None:
        with self._came:
            self.updates.append(update)
            self._came.notify()

    def until(self, points: int) -> Update:
        def there() -> bool:
            if not self.updates:
                return False
            runs = self.updates[-1].state.runs.values()
            return sum(len(run.points) for run in runs) == points

        with self._came:
            assert self._came.wait_for(there, timeout=10)
            return self.updates[-1]


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr("tui_al.host.process.engine_end", fake.engine_end)
    return fake


def test_news_are_told_once_and_in_order(home: Path) -> None:
    recording = sessions.record(home)
    listener = Listener()
    follower = Follower(recording.directory, listener, interval=0.01)
    follower.start()
    recording.start()
    recording.rounds(1, 0)
    listener.until(points=1)
    recording.rounds(1, 1, first=1)
    listener.until(points=2)
    follower.stop()
    news = [one.seq for update in listener.updates for one in update.news]
    assert news == sorted(set(news))
    told = [one.event.kind for update in listener.updates for one in update.news]
    assert told[:3] == ["session_created", "engine_started", "run_started"]
    assert told.count("point") == 2
    assert "progress" not in told


def test_live_and_dead_engine(home: Path, engine: FakeEngine) -> None:
    recording = sessions.record(home)
    recording.start()
    engine.live(recording.directory)
    listener = Listener()
    follower = Follower(recording.directory, listener, interval=0.01)
    follower.start()
    recording.rounds(1, 0)
    assert listener.until(points=1).live
    engine.die("killed")
    recording.rounds(1, 1, first=1)  # what it wrote last
    update = listener.until(points=2)
    follower.stop()
    assert not update.live
    assert update.end and update.end.cause == "killed"


def test_a_session_that_is_no_session(tmp_path: Path) -> None:
    (tmp_path / "session.db").write_text("this is not a database")
    listener = Listener()
    follower = Follower(tmp_path, listener, interval=0.01)
    follower.start()
    listener.until(points=0)
    follower.stop()
    assert "cannot be read: file is not a database" in listener.updates[0].trouble


def test_working_time_leaves_out_the_time_without_an_engine(home: Path) -> None:
    from tui_al.ui.session_watcher import _WorkClock

    clock = _WorkClock()
    started = ev.EngineStarted(1, "box", "cpu", False, {})
    clock.count([ev.Recorded(1, 100.0, started), ev.Recorded(2, 130.0, ev.RunStarted(1))])
    clock.count([ev.Recorded(3, 140.0, ev.EngineFinished("stopped"))])
    assert clock.seconds == 40.0
    clock.count([ev.Recorded(4, 900.0, started), ev.Recorded(5, 905.0, ev.RunStarted(1))])
    assert clock.seconds == 45.0


def test_remaining_time_grows_with_the_labels(home: Path) -> None:
    recording = sessions.record(home, experiment=sessions.config(rounds=3, seeds=(1,)))
    recording.start()
    recording.rounds(1, 0)
    assert remaining_seconds(recording.session.state()) is None
    recording.rounds(1, 1, first=1)
    # round 1: 3 + 0.5 + 3 + 0.5 = 7 s for 10 labels; rounds 2 and 3 have 15 and 20 labels
    assert remaining_seconds(recording.session.state()) == pytest.approx(0.7 * 35)


def test_remaining_time_of_a_phase(home: Path) -> None:
    recording = sessions.record(home)
    recording.append(
        ev.RunStarted(1),
        ev.PhaseStarted(1, 0, "evaluate", 100),
        ev.Progress(1, 0, "evaluate", 40, 100, 20.0),
    )
    assert phase_remaining(recording.session.state().runs[1]) == 3.0


@pytest.mark.parametrize(
    ("seconds", "clock", "words"),
    [
        (0.2, "0:00", "1 s"),
        (59.6, "1:00", "60 s"),
        (872, "14:32", "15 min"),
        (11_100, "3:05:00", "3 h 5 min"),
        (90_000, "25:00:00", "25 h"),
    ],
)
def test_times_in_words(seconds: float, clock: str, words: str) -> None:
    assert duration(seconds) == clock
    assert roughly(seconds) == words


def test_another_session_of_the_same_name_is_not_taken_for_the_one_that_is_followed(
    home: Path, tmp_path: Path
) -> None:
    recording = sessions.record(home, "twice")
    listener = Listener()
    follower = Follower(recording.directory, listener, interval=0.02)
    follower.start()
    try:
        listener.until(0)
        recording.directory.rename(tmp_path / "away")
        sessions.record(home, "twice")
        deadline = time.monotonic() + 5
        while "Session twice was moved or renamed" not in listener.updates[-1].trouble:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        follower.stop()
