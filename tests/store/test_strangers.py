"""A session from a stranger leads nowhere: not by links, pipes, names in its events, or things in
its SQLite files."""

import os
import shutil
import signal
import sqlite3
import stat
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.people import make_session, texts_pool
from tui_al.core.session.events import ModelSaved
from tui_al.errors import SessionError
from tui_al.host import process
from tui_al.store import salvage, strangers
from tui_al.store.engine_lock import is_live, take_engine_lock
from tui_al.store.examples import ExampleReader, read_examples
from tui_al.store.file_hashes import differences
from tui_al.store.kept_models import copy_snapshot, is_kept
from tui_al.store.plain_copies import copy_file
from tui_al.store.session import Session
from tui_al.store.sharing import share
from tui_al.ui.widgets.log import tail

POOL = texts_pool(["one", "two"])

#: Every file that is read or written in a session.
NAMES = (
    "engine.lock", "engine.log", "engine.exit", "session.db", "session.db-wal", "session.db-shm",
    "session.db-journal",
    "examples.db", "examples.db-wal", "examples.db-journal", "states.npy", "groups.npy", "models",
    "warm", ".engine.exit-1",
)  # fmt: skip

PRIVATE = b"the private key of somebody\n"


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A session, with half a minute for each test: what waits for a pipe waits for ever."""
    signal.alarm(30)
    yield make_session(tmp_path, POOL)
    signal.alarm(0)


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A file of the reader's, which nobody touches."""
    path = tmp_path / "canary"
    path.write_bytes(PRIVATE)
    before = path.stat()
    yield path
    after = path.stat()
    assert path.read_bytes() == PRIVATE
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


def plant(path: Path, kind: str, target: Path) -> None:
    """Put something in the place of a file, whatever is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    match kind:
        case "link":
            path.symlink_to(target)
        case "link to nowhere":
            path.symlink_to(target.with_name("not-there"))
        case "link to a directory":
            path.symlink_to(target.parent)
        case "hard link":
            path.hardlink_to(target)
        case "pipe":
            os.mkfifo(path)
        case "socket":
            os.mknod(path, stat.S_IFSOCK | 0o600)


KINDS = ("link", "link to nowhere", "link to a directory", "hard link", "pipe", "socket")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_the_session_leads_out_of_it(directory: Path, canary: Path, kind: str) -> None:
    for name in NAMES:
        bad = Path(shutil.copytree(directory, directory.with_name(f"bad-{name}")))
        plant(bad / name, kind, canary)
        with pytest.raises(SessionError, match=r"no place in a session|a hard link"):
            Session(bad).close()
        with pytest.raises(SessionError):
            take_engine_lock(bad)
        with pytest.raises(SessionError):
            process.start_engine(bad)
        with pytest.raises(SessionError):
            share(bad, os.getegid())
        with pytest.raises(SessionError):
            ExampleReader(bad / "examples.db")
        with pytest.raises(SessionError):
            read_examples(bad / "examples.db")
        assert not is_live(bad)
        shown = "\n".join(tail(bad / "engine.log"))
        assert PRIVATE.decode() not in shown
        if name in ("engine.log", "engine.exit"):
            with pytest.raises(SessionError):
                process.log_tail(bad) if name == "engine.log" else process._exit_note(bad)
        shutil.rmtree(bad)
    assert not (canary.parent / "not-there").exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "place", ["models/seed-7/successor/config.json", "models/seed-7", "warm/7"]
)
def test_nothing_below_is_read_or_written_either(
    directory: Path, canary: Path, kind: str, place: str
) -> None:
    model = directory / "models" / "seed-7" / "successor"
    model.mkdir(parents=True)
    (model / "tui_al.json").write_text("{}")
    (directory / "warm").mkdir()
    plant(directory / place, kind, canary)
    Session(directory).close()  # its labels can be read and exported
    with pytest.raises(SessionError):
        take_engine_lock(directory)
    if place.startswith("models"):
        saved = ModelSaved(7, 1, "successor", "models/seed-7/successor")
        with pytest.raises(SessionError), copy_snapshot(directory, lambda: saved):
            pass


@pytest.mark.parametrize("place", ["models", "models/seed-7"])
def test_a_file_in_the_place_of_a_directory_is_told(directory: Path, place: str) -> None:
    """Before an engine trains for hours and cannot save."""
    saved = ModelSaved(7, 1, "successor", "models/seed-7/successor")
    (directory / place).parent.mkdir(exist_ok=True)
    (directory / place).write_text("")
    Session(directory).close()  # its labels can be read and exported
    told = rf"/{place} is a file, where a session has a directory"
    with pytest.raises(SessionError, match=told):
        take_engine_lock(directory)
    with pytest.raises(SessionError, match=told), copy_snapshot(directory, lambda: saved):
        pass
    with pytest.raises(SessionError, match=told):
        is_kept(directory, saved)


@pytest.mark.parametrize(
    "named",
    [
        "/etc",
        "..",
        "../people",
        "models/../../..",
        "",
        "/",
        "models/\0",
        "models/../..",
        "x" * 256,
        "a/" * 2000,
        "models/\ud800",
    ],
)
def test_names_in_events_stay_inside(directory: Path, named: str) -> None:
    saved = ModelSaved(7, 1, "successor", named)
    with (
        pytest.raises(SessionError, match="a place outside of it"),
        copy_snapshot(directory, lambda: saved),
    ):
        pass


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER t AFTER INSERT ON commands BEGIN DELETE FROM events; END",
        "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
        "* FROM n",
        "ALTER TABLE commands RENAME TO kept; CREATE VIEW commands AS SELECT * FROM kept",
        "CREATE VIRTUAL TABLE v USING fts5(text)",
        "CREATE TABLE v (a, b AS (hex(zeroblob(500000000))))",
        "CREATE TABLE v (a CHECK (length(zeroblob(500000000)) > a))",
        "CREATE TABLE v (a DEFAULT (zeroblob(500000000)))",
        "CREATE INDEX i ON events (lower(body))",
        "CREATE INDEX i ON events (body) WHERE abs(seq) > 3",
    ],
)
def test_only_plain_tables_and_indices(directory: Path, sql: str) -> None:
    for name in ("session.db", "examples.db"):
        bad = Path(shutil.copytree(directory, directory.with_name(f"bad-{name}")))
        with closing(sqlite3.connect(bad / name)) as db:
            if name == "examples.db":
                db.execute("CREATE TABLE events (seq, body)")
                db.execute("CREATE TABLE commands (seq)")
            db.executescript(sql)
        with pytest.raises(SessionError, match="which no tui-al makes"):
            Session(bad).dataset()
        shutil.rmtree(bad)


def test_a_view_that_calls_itself_a_table(directory: Path) -> None:
    with closing(sqlite3.connect(directory / "session.db")) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_master SET sql = 'CREATE VIEW commands AS SELECT 1 seq' WHERE name = "
            "'commands'"
        )
        db.commit()
    with pytest.raises(SessionError):
        Session(directory)


def _journal_of_several_files(file: Path, named: Path) -> None:
    """As a transaction over this file and others leaves it behind that ended in the middle; `named`
    says which they are."""
    size = int.from_bytes(file.read_bytes()[16:18], "big")
    magic, name = bytes.fromhex("d9d505f920a163d7"), bytes(named)
    head = struct.pack(">8s5I", magic, 0, 1, file.stat().st_size // size, 512, size).ljust(
        512, b"\0"
    )
    tail = name + struct.pack(">2I8s", len(name), sum(name) & 0xFFFFFFFF, magic)
    journal = file.with_name(f"{file.name}-journal")
    journal.write_bytes(head + struct.pack(">I", 0x40000000 // size + 1) + tail)


@pytest.mark.parametrize("name", ["session.db", "examples.db"])
def test_a_journal_that_would_have_another_file_deleted(
    directory: Path, tmp_path: Path, name: str
) -> None:
    """SQLite reads what such a journal names, and deletes it once the file is as it was."""
    plain, taken = tmp_path / "plain.db", tmp_path / "taken"
    shutil.copyfile(directory / name, plain)
    taken.write_text("somebody's")
    _journal_of_several_files(plain, taken)
    with closing(sqlite3.connect(plain)) as db:
        db.execute("SELECT count(*) FROM sqlite_master").fetchall()
    assert not taken.exists()  # so it is such a journal
    taken.write_text("somebody's")
    _journal_of_several_files(directory / name, taken)
    with pytest.raises(SessionError, match=f"{name}-journal names a file outside of the session"):
        Session(directory)
    assert salvage.salvage(directory).trouble
    with pytest.raises(SessionError, match=r"names a file outside"):
        strangers.copy_files(directory, tmp_path / "copy")
    assert taken.read_text() == "somebody's"


def test_what_is_saved_of_a_session_is_its_own(directory: Path, tmp_path: Path) -> None:
    """`tui-al check` and its `--repair` read no file of the reader's by a link, and nothing through
    a view."""
    theirs = make_session(tmp_path / "mine", POOL)
    whole = salvage.salvage(directory)
    assert (whole.trouble, len(whole.train)) == ([], 2)
    for name in ("session.db", "examples.db"):
        (directory / name).unlink()
        (directory / name).symlink_to(theirs / name)
    found = salvage.salvage(directory)
    assert (found.events, found.train) == ([], [])
    assert all("is a link" in one for one in found.trouble)
    assert len(found.trouble) == 2
    with closing(sqlite3.connect(theirs / "session.db")) as db:
        db.executescript(
            "ALTER TABLE events RENAME TO kept; CREATE VIEW events AS WITH RECURSIVE n(seq) AS "
            "(SELECT 1 UNION ALL SELECT seq + 1 FROM n) SELECT seq, 1 time, 'x' kind, 7 seed, "
            "'{}' body FROM n"
        )
    assert "the view 'events'" in salvage.salvage(theirs).trouble[0]


def test_sessions_of_this_program_are_what_they_may_be(directory: Path) -> None:
    with Session(directory) as session:
        session.set_meta("a", "b")
        assert session.dataset() == POOL
    os.close(take_engine_lock(directory))
    strangers.check_tree(directory)


def test_too_much_and_too_deep(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = directory
    for level in range(14):
        deep = deep / str(level)
    deep.mkdir(parents=True)
    (deep / "file").touch()
    with pytest.raises(SessionError, match="levels"):
        take_engine_lock(directory)
    shutil.rmtree(directory / "0")
    monkeypatch.setattr(strangers, "_MOST_ENTRIES", 1)
    with pytest.raises(SessionError, match="entries"):
        take_engine_lock(directory)


def test_a_copy_needs_room(directory: Path, tmp_path: Path) -> None:
    with (directory / "large").open("wb") as file:
        file.truncate(2**43)  # a file of holes
    with pytest.raises(SessionError, match=r"large alone 8,796\.1 GB; .* has room for"):
        strangers.copy_files(directory, tmp_path / "copy")


def test_only_files_of_a_model_are_compared_with_how_they_were_saved(
    directory: Path, canary: Path
) -> None:
    """What an event names elsewhere is not read: its hash would tell of the reader's file."""
    for name in (str(canary), os.path.relpath(canary, directory), "../session.db", "x\0"):
        (said,) = differences(directory, {name: "00"})
        assert said.endswith("cannot be read (it is not a file of its own in there)")
    (said,) = differences(directory, {"examples.db": "00"})
    assert "is not as it was saved (SHA-256" in said
    assert differences(directory, {"gone": "00"}) == ["gone is missing"]


def test_a_file_larger_than_the_disk_is_not_begun_to_be_copied(tmp_path: Path) -> None:
    """Of backups and repairs: a file of nothing takes no room where it is, and all of it where it
    is copied."""
    with (tmp_path / "nothing").open("wb") as file:
        file.truncate(2 * shutil.disk_usage(tmp_path).free)
    with pytest.raises(OSError, match="No space left"):
        copy_file(tmp_path / "nothing", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_read_bytes_takes_the_end(directory: Path) -> None:
    (directory / "engine.log").write_bytes(bytes(range(100)))
    assert strangers.read_bytes(directory / "engine.log", 3, end=True) == bytes([97, 98, 99])
    assert strangers.read_bytes(directory / "engine.log", 3) == bytes([0, 1, 2])
