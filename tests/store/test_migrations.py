"""Sessions of every schema number that there ever was can be opened, and a step from one number to
the next is all or nothing."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store.stored_sessions import STORED, store
from tui_al.core.session import events as ev
from tui_al.errors import MachineError, SessionError
from tui_al.store import migrations
from tui_al.store.annotations import labels_of
from tui_al.store.backup import back_up
from tui_al.store.checking import check
from tui_al.store.decision_rows import DECISION_VALUES
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.engine_lock import take_engine_lock
from tui_al.store.event_log import EVENT_VALUES
from tui_al.store.lock_file import held
from tui_al.store.session import Session

NUMBERS = sorted(int(one.name) for one in STORED.iterdir())


def stored(home: Path, number: int = 1) -> Path:
    """A home with the stored sessions of a number, to do with as one likes."""
    shutil.copytree(STORED / str(number), home / "sessions")
    return home


def number_in(directory: Path) -> int:
    with contextlib.closing(sqlite3.connect(directory / "session.db")) as db:
        row = db.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    return int(row[0])


def more_passes(kind: str, plain: dict[str, Any]) -> dict[str, Any]:
    """Of the first event, a setting that is stored otherwise."""
    if kind == "session_created":
        loop = dict(plain["config"]["loop"])
        loop["mc_passes"] = loop["mc_passes"] + 90
        plain["config"] = {**plain["config"], "loop": loop}
    return plain


def other_way(kind: str, plain: dict[str, Any]) -> dict[str, Any]:
    if kind == "label":
        plain["via"] = "migrated"
    return plain


def change(db: sqlite3.Connection) -> None:
    migrations.change_bodies(db, "events", EVENT_VALUES, more_passes)
    migrations.change_bodies(db, "decisions", DECISION_VALUES, other_way)
    db.execute("CREATE TABLE added (name TEXT)")


@pytest.fixture
def number_2(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A program of a later day, whose sessions have the number 2."""
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", 2)
    monkeypatch.setattr(migrations, "STEPS", {1: migrations.Step("more passes", change)})
    yield monkeypatch


class TestStored:
    def test_every_number_is_stored(self) -> None:
        assert list(range(1, migrations.SCHEMA_VERSION + 1)) == NUMBERS
        assert sorted(migrations.STEPS) == NUMBERS[:-1]

    @pytest.mark.parametrize("number", NUMBERS)
    def test_a_stored_session_opens_with_the_figures_that_it_was_stored_with(
        self, tmp_path: Path, number: int
    ) -> None:
        home = stored(tmp_path / "home", number)
        with Session.open(home, "simulation") as session:
            state = session.state()
            assert state.cautions == ("3 rows are duplicates",)
            assert state.config is not None
            assert state.config.data.source == "tickets"
            assert (state.config.loop.strategy, state.config.loop.mc_passes) == ("lc", 10)
            found = {
                seed: [p.metrics["accuracy"] for p in r.points] for seed, r in state.runs.items()
            }
            assert found == {7: [0.5, 0.6, 0.7], 8: [0.4, 0.8]}
            assert [p.labels for p in state.runs[7].points] == [50, 100, 150]
            assert state.runs[7].queries[1].ids[0] == "7-1-0"
            assert [name for _, name in session.commands()] == ["stop"]
            assert session.dataset().train[6].answer == "return"
        with Session.open(home, "labelled") as session:
            by_id = {one.id: one.answer for one in labels_of(session).annotations}
            assert by_id["a"] == ((0, 4, "PER"), (8, 11, "LOC"))
            assert session.state().classes == ("LOC", "PER", "ORG")
        assert check(home / "sessions" / "labelled").faults == ()
        assert number_in(home / "sessions" / "labelled") == migrations.SCHEMA_VERSION

    def test_what_is_stored_is_never_stored_anew(self) -> None:
        with pytest.raises(FileExistsError):
            store(1)


class TestOlder:
    def test_it_is_migrated_where_it_lies(self, tmp_path: Path, number_2: object) -> None:
        home = stored(tmp_path / "home")
        with Session.open(home, "simulation") as session:
            state = session.state()
            assert state.config is not None
            assert state.config.loop.mc_passes == 100
            assert state.runs[7].points[2].metrics["accuracy"] == 0.7
            assert not state.bad_rows  # checksums are those of the new rows
            session.append(ev.WarningRaised("written after it"))
        directory = home / "sessions" / "simulation"
        assert number_in(directory) == 2
        with contextlib.closing(sqlite3.connect(directory / "session.db")) as db:
            db.execute("DELETE FROM events WHERE seq = 1")
            db.commit()
        with Session(directory) as session:  # the copy of the first event was changed too
            assert session.created().config["loop"]["mc_passes"] == 100
        with DecisionLog(home / "sessions" / "labelled") as log:
            records = log.read()
            assert not log.bad
            assert getattr(records[0].decision, "via", "") == "migrated"

    def test_damaged_rows_stay_as_damaged_as_they_were(
        self, tmp_path: Path, number_2: object
    ) -> None:
        home = stored(tmp_path / "home")
        directory = home / "sessions" / "labelled"
        with contextlib.closing(sqlite3.connect(directory / "session.db")) as db:
            db.execute("UPDATE decisions SET body = CAST(x'ff' AS TEXT) WHERE seq = 1")
            db.execute("UPDATE decisions SET annotator = 'eve' WHERE seq = 2")
            db.commit()
        with DecisionLog(directory) as log:
            assert [one.seq for one in log.read()] == [3, 4, 5]
            assert [row.seq for row in log.bad] == [1, 2]

    def test_who_may_not_write_reads_a_copy(self, number_2: object) -> None:
        if os.geteuid() != 0:
            pytest.skip("needs root, to act as another account")
        place = Path(tempfile.mkdtemp(prefix="tui-al-test-"))
        try:
            directory = stored(place / "home") / "sessions" / "simulation"
            before = (directory / "session.db").read_bytes()
            for path in [place, *place.rglob("*")]:
                path.chmod(0o755 if path.is_dir() else 0o644)
            os.seteuid(54323)
            try:
                with Session(directory) as session:
                    assert session.created().config["loop"]["mc_passes"] == 100
                    assert session.state().runs[7].points[2].metrics["accuracy"] == 0.7
                    with pytest.raises(MachineError):
                        session.append(ev.WarningRaised("no"))
                    left = session.state()
            finally:
                os.seteuid(0)
            assert left.runs[8].points[1].metrics["accuracy"] == 0.8
            assert (directory / "session.db").read_bytes() == before
            assert number_in(directory) == 1
        finally:
            shutil.rmtree(place)

    def test_a_copy_is_migrated_and_its_checks_hold(self, tmp_path: Path, number_2: object) -> None:
        home = stored(tmp_path / "home")
        back_up(home / "sessions" / "labelled", tmp_path / "copy")
        assert number_in(tmp_path / "copy") == 2
        assert check(tmp_path / "copy").faults == ()

    def test_a_check_of_an_older_session_changes_nothing(
        self, tmp_path: Path, number_2: object
    ) -> None:
        home = stored(tmp_path / "home")
        checked = check(home / "sessions" / "simulation")
        assert not checked.salvaged.bad
        first = checked.salvaged.events[0].event
        assert isinstance(first, ev.SessionCreated)
        assert first.config["loop"]["mc_passes"] == 100
        assert number_in(home / "sessions" / "simulation") == 1

    def test_an_engine_of_the_older_program_is_not_disturbed(
        self, tmp_path: Path, number_2: object
    ) -> None:
        home = stored(tmp_path / "home")
        directory = home / "sessions" / "simulation"
        with (
            held(directory),
            pytest.raises(
                SessionError,
                match="An engine of an older tui-al is at work on session simulation: its schema "
                "number is 1, this program's is 2",
            ),
        ):
            Session(directory)
        assert number_in(directory) == 1
        os.close(take_engine_lock(directory))  # who holds the lock migrates under it
        assert number_in(directory) == 2

    def test_a_step_that_fails_leaves_the_older_one(
        self, tmp_path: Path, number_2: pytest.MonkeyPatch
    ) -> None:
        def fail(db: sqlite3.Connection) -> None:
            change(db)
            raise MachineError("full")

        number_2.setattr(migrations, "STEPS", {1: migrations.Step("fails", fail)})
        directory = stored(tmp_path / "home") / "sessions" / "simulation"
        with pytest.raises(MachineError):
            Session(directory)
        number_2.undo()
        with Session(directory) as session:
            assert session.created().config["loop"]["mc_passes"] == 10
            assert number_in(directory) == 1

    @pytest.mark.slow
    def test_a_kill_in_the_middle_leaves_the_older_one(
        self, tmp_path: Path, number_2: object
    ) -> None:
        directory = stored(tmp_path / "home") / "sessions" / "simulation"
        code = (
            "import os, signal, sys\n"
            "from pathlib import Path\n"
            "from tests.store.test_migrations import change\n"
            "from tui_al.store import migrations\n"
            "from tui_al.store.session import Session\n"
            "def killed(db):\n"
            "    change(db)\n"
            "    db.execute('UPDATE meta SET value = 2 WHERE key = \"schema_version\"')\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
            "migrations.SCHEMA_VERSION = 2\n"
            "migrations.STEPS = {1: migrations.Step('killed', killed)}\n"
            "Session(Path(sys.argv[1]))\n"
        )
        root = Path(__file__).parents[2]
        done = subprocess.run([sys.executable, "-c", code, str(directory)], cwd=root, check=False)
        assert done.returncode == -signal.SIGKILL
        assert number_in(directory) == 1
        with Session(directory) as session:  # and the next program does it again
            assert session.created().config["loop"]["mc_passes"] == 100
            assert not session.state().bad_rows


class TestNewer:
    def test_it_is_refused_at_every_door_with_both_numbers(
        self, tmp_path: Path, number_2: pytest.MonkeyPatch
    ) -> None:
        directory = stored(tmp_path / "home") / "sessions" / "labelled"
        Session(directory).close()
        number_2.undo()
        copy = tmp_path / "copy"
        for door in (
            lambda: Session(directory),
            lambda: DecisionLog(directory),
            lambda: take_engine_lock(directory),
            lambda: back_up(directory, copy),
            lambda: check(directory),
        ):
            with pytest.raises(
                SessionError,
                match=r"schema number 2, of a newer tui-al; this one .* reads numbers up to 1",
            ) as caught:
                door()
            assert "Upgrade this one" in caught.value.hint
        assert not copy.exists()

    def test_a_program_that_has_it_open_adds_nothing_any_more(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        directory = stored(tmp_path / "home") / "sessions" / "labelled"
        with Session(directory) as session, DecisionLog(directory) as log:
            with contextlib.closing(sqlite3.connect(directory / "session.db")) as db:
                db.execute("UPDATE meta SET value = '2' WHERE key = 'schema_version'")
                db.commit()
            with pytest.raises(SessionError, match="of a newer tui-al"):
                session.append(ev.WarningRaised("old"))
            with pytest.raises(SessionError, match="of a newer tui-al"):
                log.claim(Client.new("anna"), ["b"], 1)

    @pytest.mark.parametrize("said", ["one", "0", "-1", "", "1" * 30, "²"])
    def test_a_number_that_is_none_is_damage(self, tmp_path: Path, said: str) -> None:
        directory = stored(tmp_path / "home") / "sessions" / "simulation"
        with contextlib.closing(sqlite3.connect(directory / "session.db")) as db:
            db.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (said,))
            db.commit()
        with pytest.raises(SessionError, match="schema number is damaged or missing"):
            Session(directory)
        faults = check(directory).faults
        assert faults[0] == "session.db: its schema number is damaged or missing"
