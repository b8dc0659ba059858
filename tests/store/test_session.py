"""A session on disk: what goes in comes out, whole or not at all, whoever else is at it."""

import fcntl
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.test_events_state import KINDS, events
from tests.report import states
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.core.session import events as ev
from tui_al.core.session.state import fold
from tui_al.errors import ConfigError, MachineError, SessionError
from tui_al.store import session as session_module
from tui_al.store.accounts import this_account
from tui_al.store.engine_lock import is_live, take_engine_lock
from tui_al.store.home import home_directory
from tui_al.store.session import Session, session_names

CREATED = states.created(states.config())
MADE = replace(CREATED, account=this_account())  #: as the store keeps it
TEXTS = Dataset(
    name="odd texts",
    task=Task.CLASSIFICATION,
    labels=("com'plaint", "return"),
    train=(
        Example("a", "quotes \" and ' and ; DROP TABLE examples --", "return", (), "train.csv:2"),
        Example("b", "lines\nand\r\ntabs\t and NUL \x00 in the middle", "com'plaint"),
        Example("c", "ünïcödé 🏳️‍🌈 ‮turned‬ \u2028", None),
        Example("d", "", "return", (), "caf\udce9.csv:4"),
    ),
    test=(Example("e", "{}", "return"),),
    notes=("the text is column body",),
    warnings=("odd",),
)
TAGGED = Dataset(
    name="tagged",
    task=Task.TAGGING,
    labels=("LOC",),
    train=(Example("a", "in New York", ("O", "B-LOC", "I-LOC"), ("in", "New", "York"), "f:1"),),
    test=(Example("b", '" x', ("O", "O"), ('"', "x")), Example("c", "y", None, ("y",))),
)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session.create(tmp_path, "first", CREATED, TEXTS) as made:
        yield made


def python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Another process; it says "ready" when it is."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


HOLD_THE_LOCK = """
import sys, time
from pathlib import Path
from tui_al.store.session import Session
with Session(Path(sys.argv[1])) as session, session.engine_lock():
    print("ready", flush=True)
    time.sleep(60)
"""


class TestRoundTrip:
    def test_created(self, tmp_path: Path, session: Session) -> None:
        assert session.name == "first"
        assert session.directory == tmp_path / "sessions" / "first"
        assert [record.event for record in session.events()] == [MADE]
        assert session.state().config == states.config()
        assert session_names(tmp_path) == ["first"]

    @pytest.mark.parametrize("dataset", [TEXTS, TAGGED], ids=["texts", "tagged"])
    def test_dataset(self, tmp_path: Path, dataset: Dataset) -> None:
        with Session.create(tmp_path, "s", CREATED, dataset):
            pass
        with Session.open(tmp_path, "s") as session:
            again = session.dataset()
        if dataset is TEXTS:  # a file name that is not UTF-8 becomes readable; nothing else changes
            assert again.train[3].origin == "caf\\udce9.csv:4"
            assert again.train[:3] == dataset.train[:3]
            assert (again.test, again.labels, again.notes, again.warnings) == (
                dataset.test,
                dataset.labels,
                dataset.notes,
                dataset.warnings,
            )
        else:
            assert again == dataset

    def test_append_and_state(self, session: Session) -> None:
        history = states.session_events({7: [0.5, 0.6], 8: [0.4]})[1:]
        for event in history[:5]:
            session.append(event)
        half_way = session.state()
        session.append(*history[5:])
        whole = session.state()
        assert session.state(since=half_way) == whole
        assert [record.event for record in session.events()] == [MADE, *history]
        assert whole.status == "finished"
        with Session.open(session.directory.parents[1], "first") as other:
            assert other.state() == whole

    def test_finished_until_an_engine_takes_it_up_again(self, session: Session) -> None:
        assert not session.is_finished()
        session.append(*states.session_events({7: [0.5]})[1:])
        assert session.is_finished()
        session.append(ev.EngineStarted(1, "box", "cpu", True, {}))
        assert not session.is_finished() and not session.state().finished

    def test_appended_are_numbered_and_stamped(self, session: Session) -> None:
        before = time.time()
        first, second = session.append(ev.WarningRaised("a"), ev.WarningRaised("b"))
        assert second.seq == first.seq + 1
        assert before <= first.time == second.time <= time.time()
        assert session.events(after=first.seq) == [second]

    def test_all_or_none(self, session: Session) -> None:
        unspeakable = ev.WarningRaised(object())  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            session.append(ev.WarningRaised("a"), unspeakable)
        assert len(session.events()) == 1
        session.append(ev.WarningRaised("the next one works"))

    def test_a_lone_surrogate_in_an_event(self, session: Session) -> None:
        session.append(ev.WarningRaised("file caf\udce9.csv"))
        assert session.state().warnings[-1] == "file caf\udce9.csv"

    @settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(data=st.data())
    def test_any_events_come_back(self, session: Session, data: st.DataObject) -> None:
        kinds = [k for k in KINDS.values() if k not in (ev.Progress, ev.SessionCreated)]
        batch = data.draw(st.lists(st.sampled_from(kinds).flatmap(events), max_size=6))
        before = session.events()
        recorded = session.append(*batch)
        assert session.events() == before + recorded
        assert [record.event for record in recorded] == batch
        numbers = [record.seq for record in session.events()]
        assert numbers == sorted(set(numbers))

    def test_unknown_kinds_are_left_out(self, session: Session) -> None:
        with sqlite3.connect(session.directory / "session.db") as db:
            db.execute(
                "INSERT INTO events (time, kind, body) VALUES (1.0, 'later', '{\"kind\": "
                '"later"}\')'
            )
        db.close()
        (record,) = session.append(ev.WarningRaised("a"))
        assert [r.event for r in session.events()] == [MADE, record.event]
        assert record.seq == 3

    def test_commands(self, session: Session) -> None:
        session.send("pause")
        session.send("stop")
        (first, pause), (second, stop) = session.commands()
        assert (pause, stop) == ("pause", "stop")
        assert session.commands(after=first) == [(second, "stop")]


class TestProgress:
    def tick(self, seed: int) -> ev.Progress:
        return ev.Progress(seed, 0, "train successor", 1, 2, 1.0)

    def kinds(self, session: Session) -> list[tuple[str, int | None]]:
        return [(r.event.kind, getattr(r.event, "seed", None)) for r in session.events()]

    def test_a_point_drops_the_progress_of_its_run(self, session: Session) -> None:
        point = ev.RoundResult(7, 0, 5, 0, {"accuracy": 0.5}, {}, {}, 0)
        session.append(self.tick(7), self.tick(8), self.tick(7))
        last = session.append(point)[0].seq
        assert self.kinds(session)[1:] == [("progress", 8), ("point", 7)]
        assert session.append(self.tick(7))[0].seq > last  # numbers are not used again

    def test_so_does_the_end_of_the_run(self, session: Session) -> None:
        session.append(self.tick(7), self.tick(8), ev.RunFinished(7, "rounds"))
        assert self.kinds(session)[1:] == [("progress", 8), ("run_finished", 7)]

    def test_what_a_viewer_folded_stays_right(self, session: Session) -> None:
        finished = states.run_events(7, [0.5])
        session.append(*finished[:4], self.tick(7))
        seen = session.state()
        session.append(*finished[4:])
        assert session.state(since=seen) == session.state()


class TestCreate:
    def test_the_name_is_taken(self, tmp_path: Path, session: Session) -> None:
        with pytest.raises(SessionError, match="Session first exists already") as caught:
            Session.create(tmp_path, "first", CREATED, TAGGED)
        assert "--session" in caught.value.hint
        assert session.dataset().name == "odd texts"
        assert [p.name for p in (tmp_path / "sessions").iterdir()] == ["first"]

    @pytest.mark.parametrize("what", ["write_examples", "append", "rename"])
    def test_nothing_is_left_of_a_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
    ) -> None:
        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        owner: Any = {"append": Session, "rename": Path}.get(what, session_module)
        monkeypatch.setattr(owner, what, fail)
        with pytest.raises(OSError, match="No space left"):
            Session.create(tmp_path, "first", CREATED, TEXTS)
        assert list((tmp_path / "sessions").iterdir()) == []
        monkeypatch.undo()
        Session.create(tmp_path, "first", CREATED, TEXTS).close()

    def test_nor_of_an_interruption(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(Session, "append", interrupt)
        with pytest.raises(KeyboardInterrupt):
            Session.create(tmp_path, "first", CREATED, TEXTS)
        assert list((tmp_path / "sessions").iterdir()) == []

    @pytest.mark.parametrize(
        "name", ["", ".", "..", ".hidden", "-x", "a/b", "../a", "a b", "a\n", "a" * 101]
    )
    def test_bad_names(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ConfigError) as caught:
            Session.create(tmp_path, name, CREATED, TEXTS)
        assert repr(name) in caught.value.message
        assert not (tmp_path / "sessions").exists()

    @pytest.mark.parametrize("name", ["a", "7", "Ä.b_c+d-e", "a" * 100])
    def test_good_names(self, tmp_path: Path, name: str) -> None:
        Session.create(tmp_path, name, CREATED, TEXTS).close()
        assert session_names(tmp_path) == [name]


class TestOpen:
    def test_there_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(SessionError, match="no session 'first'") as caught:
            Session.open(tmp_path, "first")
        assert "tui-al simulate tickets" in caught.value.hint

    def test_there_are_others(self, tmp_path: Path, session: Session) -> None:
        with pytest.raises(SessionError) as caught:
            Session.open(tmp_path, "second")
        assert caught.value.hint == "There are: first."

    def test_a_copy_elsewhere(self, tmp_path: Path, session: Session) -> None:
        session.append(*states.run_events(7, [0.5]))
        copy = tmp_path / "elsewhere" / "copy"
        shutil.copytree(session.directory, copy)  # while it is open: the log has side files
        with Session.open(tmp_path, f"{copy}/") as copied:
            assert copied.name == "copy"
            assert copied.state() == session.state()
            assert copied.dataset() == session.dataset()
            copied.append(ev.WarningRaised("only here"))
        with Session.open(tmp_path, str(copy)) as copied:
            assert len(copied.events()) == len(session.events()) + 1

    @pytest.mark.parametrize("damage", ["no database", "cut short", "empty", "no version"])
    def test_damaged(self, tmp_path: Path, session: Session, damage: str) -> None:
        session.append(*[ev.WarningRaised(f"{i:0500}") for i in range(100)])
        session.close()
        log = session.directory / "session.db"
        whole = log.read_bytes()
        if damage == "no version":
            db = sqlite3.connect(log, isolation_level=None)
            db.execute("UPDATE meta SET value = 'one'")
            db.close()
        else:
            new = {"no database": b"not a database" * 999, "cut short": whole[:6000], "empty": b""}
            log.write_bytes(new[damage])
        with pytest.raises(SessionError, match="Session first cannot be read") as caught:
            Session.open(tmp_path, "first").events()
        assert str(log) in caught.value.hint

    def test_damaged_inside(self, tmp_path: Path, session: Session) -> None:
        session.append(ev.WarningRaised("a"))
        db = sqlite3.connect(session.directory / "session.db", isolation_level=None)
        db.execute('UPDATE events SET body = \'{"kind": "point"}\' WHERE seq = 2')
        assert "does not agree with its checksum" in str(session.state().bad_rows[0])
        db.close()
        (session.directory / "examples.db").write_bytes(b"?" * 5000)
        with pytest.raises(SessionError, match="cannot be read") as caught:
            session.dataset()
        assert "examples.db" in caught.value.hint

    def test_written_by_a_newer_version(self, tmp_path: Path, session: Session) -> None:
        db = sqlite3.connect(session.directory / "session.db", isolation_level=None)
        db.execute("UPDATE meta SET value = '2'")
        db.close()
        with pytest.raises(SessionError, match="schema number 2, of a newer tui-al"):
            Session.open(tmp_path, "first")

    def test_the_last_used_comes_first(self, tmp_path: Path) -> None:
        made = [Session.create(tmp_path, name, CREATED, TEXTS) for name in "abc"]
        for age, session in enumerate(made):
            for path in session.directory.glob("session.db*"):
                os.utime(path, (1000 - age, 1000 - age))
        assert session_names(tmp_path) == ["a", "b", "c"]
        made[1].append(ev.WarningRaised("at work"))  # not yet folded into session.db
        assert session_names(tmp_path) == ["b", "a", "c"]
        for age, session in enumerate(made):
            session.close()  # which takes the side file away
            os.utime(session.directory / "session.db", (1000 - age, 1000 - age))
        with Session(made[2].directory):  # a mere reader makes one, of no bytes
            assert (made[2].directory / "session.db-wal").stat().st_size == 0
            assert session_names(tmp_path) == ["a", "b", "c"]
        (tmp_path / "sessions" / ".c-making").mkdir()
        (tmp_path / "sessions" / ".c-making" / "session.db").touch()
        assert session_names(tmp_path) == ["a", "b", "c"]

    def test_home(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("TUI_AL_HOME", str(tmp_path / "env"))
        assert home_directory() == tmp_path / "env"
        assert home_directory(tmp_path / "given") == tmp_path / "given"
        monkeypatch.delenv("TUI_AL_HOME")
        assert home_directory().name == "tui-al"


class TestLock:
    def test_a_lock_that_cannot_be_written_is_told(self, session: Session) -> None:
        lock = take_engine_lock(session.directory)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # Python ignores the signal
        try:
            with pytest.raises(MachineError, match=r"^Session first: "), session.engine_lock(lock):
                pass
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not session.is_live()

    def test_one_engine_at_a_time(self, session: Session) -> None:
        assert not session.is_live()
        holder = python(HOLD_THE_LOCK, session.directory)
        try:
            assert session.is_live() and is_live(session.directory)
            expected = rf"at work on session first \(process {holder.pid} on "
            with pytest.raises(SessionError, match=expected), session.engine_lock():
                pass
            session.append(ev.WarningRaised("others may still write"))
        finally:
            holder.send_signal(signal.SIGKILL)
            holder.wait()
            assert holder.stdout is not None
            holder.stdout.close()
        assert not session.is_live()
        with session.engine_lock():
            assert session.is_live()
        assert not session.is_live()

    def test_freed_by_an_error(self, session: Session) -> None:
        with pytest.raises(RuntimeError), session.engine_lock():
            raise RuntimeError
        assert not session.is_live()

    def test_a_viewer_that_looks_does_not_keep_an_engine_out(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with session.engine_lock():
            pass  # the file is there
        looking = os.open(session.directory / "engine.lock", os.O_RDONLY)
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr(time, "sleep", lambda _: os.close(looking))
        with session.engine_lock():
            assert session.is_live()


def _append_many(directory: Path, writer: int, n: int) -> None:
    with Session(directory) as session:
        for i in range(n):
            session.append(ev.WarningRaised(f"{writer}-{i}"), ev.WarningRaised(f"{writer}-{i}b"))


@pytest.mark.slow
def test_several_writers_lose_nothing(session: Session) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=_append_many, args=(session.directory, w, 25)) for w in range(3)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    recorded = session.events()[1:]
    assert len({record.seq for record in recorded}) == len(recorded) == 150
    messages = [
        record.event.message for record in recorded if isinstance(record.event, ev.WarningRaised)
    ]
    for w in range(
        3
    ):  # each one's own order is kept, and what was appended together stays together
        assert [m for m in messages if m.startswith(f"{w}-")] == [
            f"{w}-{i}{b}" for i in range(25) for b in ("", "b")
        ]
    assert all(messages[i] + "b" == messages[i + 1] for i in range(0, 150, 2))


def test_another_reader_sees_it_at_once(session: Session) -> None:
    other = Session(session.directory)
    session.append(ev.WarningRaised("a"))
    assert fold(other.events()).warnings[-1] == "a"
    other.close()
    body = sqlite3.connect(session.directory / "session.db")
    (plain,) = body.execute("SELECT body FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    body.close()
    assert json.loads(plain) == {"kind": "warned", "message": "a", "seed": None}
