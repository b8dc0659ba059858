"""A session on a disk that is full or read-only, or of another account, is read and exported all
the same."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.small_disk import Disk
from tests.helpers.command_line import Command
from tests.store.labelled_sessions import Clock, by_people
from tui_al.errors import MachineError
from tui_al.store.database import connect
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session


@dataclass(frozen=True)
class Account:
    """The account `nobody`, and a directory that it may read, with a copy of the program in it."""

    place: Path

    def run(self, code: str) -> str:
        """What Python prints as this account."""
        packages = [path for path in sys.path if "site-packages" in path]
        done = subprocess.run(
            ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", sys.executable, "-c",
                code],
            env={"PYTHONPATH": ":".join([str(self.place / "program"), *packages])},
            cwd=self.place, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def other_account() -> Iterator[Account]:
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv, to act as another account")
    place = Path(tempfile.mkdtemp(prefix="tui-al-account-"))
    place.chmod(0o755)
    source = Path(__file__).parents[2] / "tui_al"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, place / "program" / "tui_al", ignore=ignored)
    try:
        yield Account(place)
    finally:
        shutil.rmtree(place)


def labelled_home(place: Path, *, cut_off: bool = False) -> Path:
    """A home with a session `mine` of two labels; if `cut_off`, the second is only in the log that
    SQLite writes ahead."""
    session = by_people(place, "mine")
    Clock(session).label("anna", "a", "return")
    session.close()
    if cut_off:
        child = os.fork()
        if not child:  # a process that dies with the log open leaves it
            with DecisionLog(place / "sessions" / "mine"):
                Clock(Session(place / "sessions" / "mine"), start=5).label("anna", "b", "complaint")
                os._exit(0)
        os.waitpid(child, 0)
        wal = place / "sessions" / "mine" / "session.db-wal"
        assert wal.stat().st_size
        (place / "sessions" / "mine" / "session.db-shm").unlink()
    return place


def exported(command: Command, home: Path, out: Path) -> list[str]:
    """Ids that an export to another disk holds; all that only reads works too."""
    said = command("sessions", "--home", home)
    assert (said.code, "damaged" in said.out) == (0, False)
    assert "mine" in said.out
    assert command("report", "mine", "--home", home).code == 0
    said = command("export", "mine", "--out", out, "--overwrite", "--home", home)
    assert said.code == 0, said.err
    return [json.loads(line)["id"] for line in out.read_text().splitlines()]


@pytest.mark.parametrize("cut_off", [False, True])
@pytest.mark.parametrize("how", ["full", "read-only"])
def test_labels_leave_a_disk_that_takes_nothing(
    disk: Disk, command: Command, tmp_path: Path, how: str, cut_off: bool
) -> None:
    home = labelled_home(disk.path / "home", cut_off=cut_off)
    before = {path.name: path.stat().st_size for path in (home / "sessions" / "mine").iterdir()}
    disk.fill() if how == "full" else disk.mount("ro")
    out = tmp_path / "out.jsonl"
    assert exported(command, home, out) == (["a", "b"] if cut_off else ["a"])
    on_disk = {path.name: path.stat().st_size for path in (home / "sessions" / "mine").iterdir()}
    if how == "read-only":
        assert on_disk == before
    said = command("export", "mine", "--out", disk.path / "here.jsonl", "--home", home)
    assert said.code == 7
    assert {"full": "the disk is full (0.0 MB free)", "read-only": "is read-only"}[how] in said.err


def test_a_full_disk_that_was_cleared_is_written_again_by_who_was_reading(disk: Disk) -> None:
    home = labelled_home(disk.path / "home")
    disk.fill()
    with Session(home / "sessions" / "mine") as session:
        with pytest.raises(
            MachineError, match=r"Session mine: the disk is full \(0.0 MB free\)"
        ) as full:
            session.send("stop")
        assert full.value.passes
        assert [event.seq for event in session.events()] == [1]
        disk.clear()
        session.send("stop")
        assert len(session.commands()) == 1


def test_what_is_read_in_place_of_the_file_follows_it(disk: Disk) -> None:
    home = labelled_home(disk.path / "home")
    path = home / "sessions" / "mine" / "session.db"
    disk.mount("ro")
    with Session(path.parent) as reading:
        assert reading.commands() == []
        disk.mount("rw")
        with Session(path.parent) as session:
            session.send("pause")
        assert [name for _, name in reading.commands()] == ["pause"]


@pytest.mark.parametrize("cut_off", [False, True])
def test_a_session_of_another_account_that_may_be_read(
    other_account: Account, cut_off: bool
) -> None:
    home = labelled_home(other_account.place / "home", cut_off=cut_off)
    directory = home / "sessions" / "mine"
    for path in directory.iterdir():
        path.chmod(0o644)
    for path in (home, home / "sessions", directory):
        path.chmod(0o755)
    code = f"""
from pathlib import Path
from tui_al.store.annotations import labels_of
from tui_al.store.session import Session
session = Session(Path({str(directory)!r}))
print([annotation.id for annotation in labels_of(session).annotations])
try:
    session.send("stop")
except Exception as error:
    print(type(error).__name__, error.exit_code, error)
"""
    said = other_account.run(code)
    assert said.startswith(str(["a", "b"] if cut_off else ["a"]))
    assert "MachineError 7 Session mine: nobody may not (-rw-r--r-- root root)." in said


def test_a_directory_for_the_copy_is_named_where_there_is_no_room_for_one(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = labelled_home(disk.path / "home", cut_off=True)
    disk.fill()
    monkeypatch.setattr("tempfile.tempdir", str(disk.path))
    monkeypatch.setattr("tui_al.store.database._PLACES", (str(disk.path),))
    with pytest.raises(MachineError, match="the disk is full") as error:
        connect(home / "sessions" / "mine" / "session.db")
    assert "TMPDIR=/other/disk" in error.value.hint
