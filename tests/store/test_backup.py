"""Copies of sessions at work: whole, of one moment, and nothing that is not the session's."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.report import states
from tests.store.labelled_sessions import TICKETS, Clock, by_people, simulated
from tui_al.cli.app import app
from tui_al.core.session import events as ev
from tui_al.errors import SessionError
from tui_al.store import backup
from tui_al.store.backup import back_up
from tui_al.store.decisions import DecisionLog
from tui_al.store.plain_copies import copy_files
from tui_al.store.session import Session

COPIES = 25

#: Labels and events as quickly as they go on record; the number of each in a file when it is there.
WRITER = """
import sys
from pathlib import Path
from tui_al.core.session import events as ev
from tui_al.core.annotation import decisions as de
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.session import Session
directory, said = Path(sys.argv[1]), Path(sys.argv[2])
with DecisionLog(directory) as log, Session(directory) as session, said.open("w") as out:
    number = 0
    while True:
        (made,) = log.append(Client("me", "anna"), de.Label(("abcdef"[number % 6],), "return" if number % 2 else "complaint"))
        out.write(made.uid + "\\n")
        out.flush()
        session.append(ev.WarningRaised(str(number)))
        number += 1
"""  # noqa: E501


@pytest.mark.slow
def test_every_copy_has_what_was_on_record_when_it_began(tmp_path: Path) -> None:
    source, said = by_people(tmp_path, "desk").directory, tmp_path / "said"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(source), str(said)], cwd=Path(__file__).parents[2]
    )
    try:
        deadline = time.monotonic() + 60
        while not (said.exists() and said.stat().st_size > 1000):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        sizes = []
        for number in range(COPIES):
            before = said.read_text().split("\n")[:-1]
            target = tmp_path / f"copy-{number}"
            back_up(source, target)
            for name in ("session.db", "examples.db"):
                db = sqlite3.connect(target / name)
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                db.close()
            with Session.open(tmp_path, str(target)) as copy, DecisionLog(target) as log:
                uids = [one.uid for one in log.read()]
                assert uids[: len(before)] == before
                assert (copy.state().damage, log.damage) == ((), ())
                assert copy.dataset() == TICKETS
                warned = len(
                    [one for one in copy.events() if isinstance(one.event, ev.WarningRaised)]
                )
                assert abs(warned - len(uids)) <= 1
            sizes.append(len(uids))
            shutil.rmtree(target)
        assert len(set(sizes)) > COPIES // 2  # it wrote all the while
    finally:
        writer.kill()
        writer.wait()


def test_models_are_those_that_the_copied_log_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = simulated(tmp_path, "first", TICKETS, (7,))
    session.append(*states.run_events(7, [0.5]))

    def save(round_: int) -> None:
        place = session.directory / "models" / "7" / "successor"
        place.mkdir(parents=True, exist_ok=True)
        (place / "weights").write_text(f"of round {round_}")
        session.append(ev.ModelSaved(7, round_, "successor", "models/7/successor"))

    save(0)
    rounds = iter([1, 2])

    def meanwhile(source: Path, target: Path) -> list[str]:
        found = copy_files(source, target)
        if round_ := next(rounds, 0):
            save(round_)
        return found

    monkeypatch.setattr(backup, "copy_files", meanwhile)
    monkeypatch.setattr(backup, "_PAUSE", 0.0)
    assert back_up(session.directory, tmp_path / "copy").models == 1
    assert (tmp_path / "copy/models/7/successor/weights").read_text() == "of round 2"


class TestWhatIsRefused:
    @pytest.mark.parametrize("kind", ["file", "directory", "link to nothing"])
    def test_a_target_that_is_there(self, tmp_path: Path, kind: str) -> None:
        session, target = by_people(tmp_path, "desk"), tmp_path / "copy"
        if kind == "file":
            target.touch()
        elif kind == "directory":
            target.mkdir()
        else:
            target.symlink_to("nowhere")
        with pytest.raises(SessionError, match="is there already"):
            back_up(session.directory, target)
        assert not (tmp_path / "nowhere").exists()

    def test_links_are_passed_over_and_told(self, tmp_path: Path) -> None:
        session = by_people(tmp_path, "desk")
        Clock(session).label("anna", "a", "return")
        secret = tmp_path / "secret"
        secret.mkdir()
        (secret / "key").write_text("mine")
        models = session.directory / "models"
        models.mkdir()
        (models / "7").symlink_to(secret)
        os.mkfifo(models / "pipe")
        os.link(secret / "key", models / "name")  # a second name of the reader's own file
        arguments = ["backup", "desk", str(tmp_path / "copy"), "--home", str(tmp_path)]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0
        assert "events: 1, decisions: 1, examples: 8, models: 0" in done.stdout
        found = sorted(
            str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*")
        )
        assert [name for name in found if not name.startswith("session.db-")] == [
            "examples.db",
            "models",
            "session.db",
            "session.last",
        ]
        for name in ("models/7", "models/pipe", "models/name"):
            assert f"left out, no plain file: {name}" in done.stderr

    @pytest.mark.parametrize("kind", ["link", "pipe"])
    def test_links_beside_the_log_are_refused_and_nothing_is_copied(
        self, tmp_path: Path, kind: str
    ) -> None:
        """As by whatever opens such a session."""
        session = by_people(tmp_path, "desk")
        (tmp_path / "secret").write_text("mine")
        if kind == "link":
            (session.directory / "engine.log").symlink_to(tmp_path / "secret")
        else:
            os.mkfifo(session.directory / "engine.log")
        with pytest.raises(SessionError, match=rf"engine\.log is a {kind}"):
            back_up(session.directory, tmp_path / "copy")
        assert not (tmp_path / "copy").exists()

    def test_a_damaged_one(self, tmp_path: Path) -> None:
        session = by_people(tmp_path, "desk")
        session.append(*[ev.WarningRaised(f"{i:0500}") for i in range(100)])
        session.close()
        log = session.directory / "session.db"
        log.write_bytes(log.read_bytes()[:20_000])
        with pytest.raises(SessionError, match="desk") as caught:
            back_up(session.directory, tmp_path / "copy")
        assert "tui-al check" in caught.value.hint
        assert [path.name for path in tmp_path.iterdir()] == ["sessions"]

    def test_no_room(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        session = by_people(tmp_path, "desk")

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(backup, "copy_files", full)
        with pytest.raises(SessionError, match="No space left"):
            back_up(session.directory, tmp_path / "copy")
        assert [path.name for path in tmp_path.iterdir()] == ["sessions"]
