"""What the machine refuses is told as what it is: with the thing, the reason, what to do next, and
an exit code of its own."""

import contextlib
import errno
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.small_disk import Disk
from tests.helpers.command_line import Command
from tests.store.labelled_sessions import by_people
from tui_al.errors import MachineError, SessionError, TuiAlError
from tui_al.store.database import connect, readable
from tui_al.store.engine_lock import take_engine_lock
from tui_al.store.environment import explained, of_os, of_sqlite
from tui_al.store.session import Session
from tui_al.store.sweeps import arm_labels, kept_scores, read_record
from tui_al.ui.summaries import read_one
from tui_al.ui.sweep_summaries import read_sweep


def test_a_lock_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_al.store.database._PATIENCE", 0.1)
    with by_people(tmp_path, "mine") as session:
        with contextlib.closing(connect(session.directory / "session.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(
                MachineError, match="Session mine: another program has locked it"
            ) as error:
                session.send("stop")
        assert (error.value.exit_code, error.value.passes) == (7, True)
        assert f"fuser -v {session.directory / 'session.db'}" in error.value.hint
        session.send("stop")


def listed(command: Command, home: Path) -> dict[str, str]:
    """What `tui-al sessions` says of each session and sweep."""
    said = command("sessions", "--home", home)
    assert said.code == 0, said.err
    lines = [line.removeprefix("sweep ") for line in said.out.splitlines()]
    return {line.split()[0].rstrip(":"): line for line in lines if line}


def test_a_session_that_another_program_has_locked_is_listed_as_that(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_al.store.database._PATIENCE", 0.1)
    by_people(tmp_path, "mine").close()
    path = tmp_path / "sessions" / "mine" / "session.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert listed(command, tmp_path)["mine"].split()[:2] == ["mine", "locked"]
        other.execute("ROLLBACK")
    assert listed(command, tmp_path)["mine"].split()[1] == "new"


@contextlib.contextmanager
def somebody_else() -> Iterator[None]:
    """As an account without rights."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else for a moment")
def test_what_is_closed_to_an_account_is_listed_as_that(tmp_path: Path) -> None:
    by_people(tmp_path, "mine").close()
    sweep = tmp_path / "sweeps" / "s"
    (sweep / "scores").mkdir(parents=True)
    for path in (sweep / "sweep.json", sweep / "scores" / "a.json"):
        path.write_text("{}")
        path.chmod(0)
    with tempfile.TemporaryDirectory() as open_to_all:  # the directory of a test is root's alone
        place = Path(open_to_all) / "home"
        shutil.move(tmp_path, place)
        for entry in (place.parent, place, *place.rglob("*")):
            if entry.is_dir():
                entry.chmod(0o755)
        (place / "sessions" / "mine" / "session.db").chmod(0)
        with somebody_else():
            session = read_one(place / "sessions" / "mine")
            found = read_sweep(place / "sweeps" / "s")
            with pytest.raises(MachineError, match=r"Sweep s cannot be read: .*may not") as error:
                read_record(place / "sweeps" / "s")
            with pytest.raises(MachineError, match=r"a\.json cannot be read: .*may not"):
                kept_scores(place / "sweeps" / "s")
            assert arm_labels(place / "sweeps" / "s") == {}
        assert (session.status, session.when, session.mark) == ("no right", "no right", "✗")
        assert (found.when, found.mark, error.value.exit_code) == ("no right", "✗", 7)
        assert "no right" not in (read_one(place / "sessions" / "mine").status)
        assert read_sweep(place / "sweeps" / "s").when == "damaged"


@pytest.mark.parametrize("spoil", ["NOTADB", "CORRUPT"])
def test_only_damage_is_called_damage(tmp_path: Path, spoil: str) -> None:
    with by_people(tmp_path, "mine") as session:
        path = session.directory / "session.db"
    raw = bytearray(path.read_bytes())
    raw[:16] = b"no database here" if spoil == "NOTADB" else raw[:16]
    if spoil == "CORRUPT":
        raw[100:108] = b"\xff" * 8  # the head of the first table's page
    path.write_bytes(raw)
    with pytest.raises(SessionError, match="Session mine cannot be read: ") as error:
        Session(path.parent).events()
    assert (error.value.exit_code, str(path) in error.value.hint) == (5, True)


@contextlib.contextmanager
def no_more_files() -> Iterator[None]:
    """This process can open no more of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for one in opened:
            os.close(one)


def test_too_many_open_files(tmp_path: Path) -> None:
    with by_people(tmp_path, "mine") as session:
        directory = session.directory
    told = r"this process has too many files open \(64\)"
    with no_more_files():
        with pytest.raises(MachineError, match=f"Session mine: {told}"):
            Session(directory)
        with pytest.raises(MachineError, match=told):
            take_engine_lock(directory)
    Session(directory).close()
    os.close(take_engine_lock(directory))


def test_a_quota_is_told_from_a_full_disk_though_sqlite_calls_both_io_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    path = tmp_path / "mine" / "session.db"
    path.parent.mkdir()
    path.touch()
    told = of_sqlite(error, path)
    assert isinstance(told, MachineError)
    assert "Session mine: the disk, or the network to it, failed (input/output error)." in str(told)
    for number, words in (
        (errno.EDQUOT, "your quota on the disk is used up"),
        (errno.EROFS, "the file system is read-only"),
    ):

        def refuse(_: object, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", refuse)
        assert words in str(of_sqlite(error, path))


def _loop(place: Path) -> Path:
    (place / "link").symlink_to(place / "link")
    return place / "link"


def _write_behind_the_limit(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
        try:
            os.pwrite(descriptor, b"x", 2000)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from None
        finally:
            os.close(descriptor)
    finally:
        signal.signal(signal.SIGXFSZ, before)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda place: (place / ("字" * 100)).write_text(""), "the name is too long (300 bytes)"),
        (lambda place: _loop(place).read_text(), "its symbolic links lead in a circle"),
        (lambda place: (place / "no" / "file").read_text(), "there is no such file or directory"),
        (lambda place: place.read_text(), "it is a directory"),
        (lambda place: _write_behind_the_limit(place / "big"), "the file would be larger than is "
            "allowed here"),
    ],
)  # fmt: skip
def test_what_the_system_refuses_by_itself(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    with pytest.raises(OSError) as caught:
        make(tmp_path)
    told = explained(caught.value)
    assert isinstance(told, MachineError)
    assert told.message.startswith(str(tmp_path))
    assert told.message.endswith(f": {words}.")
    assert told.hint


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_every_errno_has_words(number: int) -> None:
    told = of_os(OSError(number, os.strerror(number), "/some/file"))
    assert told.message.startswith("/some/file: ")
    assert told.code == number
    assert told.hint


def test_waiting_makes_sense_for_what_may_pass() -> None:
    passing = {n for n in errno.errorcode if of_os(OSError(n, "x")).passes}
    assert {errno.ENOSPC, errno.EDQUOT, errno.ESTALE, errno.EIO, errno.EAGAIN} <= passing
    assert (
        not {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ENOENT, errno.ELOOP}
        & passing
    )


def test_what_is_ours_is_not_explained_away() -> None:
    assert explained(ValueError("bug")) is None
    assert explained(sqlite3.ProgrammingError("Cannot operate on a closed database.")) is None
    assert isinstance(explained(MemoryError()), MachineError)
    assert isinstance(explained(RecursionError()), TuiAlError)


def test_a_body_that_is_nested_too_deeply_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine" / "session.db"
    words = "Session mine cannot be read: it is nested too deeply"
    with pytest.raises(SessionError, match=words) as error, readable(path):
        json.loads("[" * 100_000)
    assert str(path) in error.value.hint


def test_readable_lets_its_own_errors_through(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="full"), readable(tmp_path / "session.db"):
        raise MachineError("full")


def test_a_new_session_on_a_full_disk(disk: Disk) -> None:
    home = disk.path / "home"
    by_people(home, "old").close()
    disk.fill()
    with pytest.raises((MachineError, OSError)) as error:
        by_people(home, "new")
    told = explained(error.value)
    assert isinstance(told, MachineError)
    assert "the disk is full (0.0 MB free)" in str(told)
    assert [path.name for path in (home / "sessions").iterdir()] == ["old"]


@pytest.mark.slow
def test_output_that_nobody_takes(tmp_path: Path) -> None:
    for redirect, code, words in (
        (">/dev/full", 7, "error: Standard output: the disk is full."),
        (">&-", 7, "error: Standard output: it is closed."),
        ("<&- 2>&- >/dev/full", 7, ""),
    ):
        done = subprocess.run(
            ["sh", "-c", f"exec {sys.executable} -m tui_al --version {redirect}"],
            capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert done.returncode == code, (redirect, done.stderr)
        assert done.stderr.startswith(words), redirect
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr


def test_the_command_line_has_words_and_a_code_for_it(
    command: Command, disk: Disk, tmp_path: Path
) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text('{"id": "a", "text": "text a", "label": "return"}\n')
    home = disk.path / "home"
    by_people(home, "mine").close()
    disk.mount("ro")
    said = command("import", "mine", labels, "--home", home)
    assert said.code == 7
    assert "the file system is read-only" in said.err
