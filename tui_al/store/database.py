"""A session's SQLite files: how they are opened, and what goes wrong with them in words.

What cannot be written, as on a read-only mount, by another account, or on a full disk, can be read
all the same."""

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal, TypeVar

from tui_al.errors import MachineError, SessionError, TuiAlError
from tui_al.store.environment import damaged, of_os, of_sqlite, session_file
from tui_al.store.file_systems import is_network
from tui_al.store.lock_file import LOCK_FILE, held
from tui_al.store.migrations import at_work, is_older, migrate
from tui_al.store.sharing import refusal
from tui_al.store.strangers import check_files, check_schema

#: Seconds to wait for a lock that another connection holds.
_PATIENCE = 30.0

#: Times to copy a file that changes meanwhile.
_COPIES = 5

#: Directories in memory that take a copy where the one for temporary files has no room.
_PLACES = ("/dev/shm",)

#: Bytes of a path that SQLite takes: 512, less what it puts behind the names of its journals.
_LONGEST_PATH = 500

#: What reads a file's head: what cannot be opened says so here, not later.
_LOOK = "SELECT count(*) FROM sqlite_master"

#: Descriptors of files that were copied, by device and inode. They stay open: with the closing of
#: one, every lock goes that this process has on the file, those of its other connections too, and
#: whoever else closes it last takes the log away under them.
_COPIED: dict[tuple[int, int], int] = {}

T = TypeVar("T")


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the machine or a damaged file makes SQLite, JSON or the event classes say into an
    error that names the file.

    Raises:
        MachineError: the disk, rights, a lock or memory is the matter, see
        `tui_al.store.environment`.
        SessionError: the file is damaged, gone, or closed to this
        account.
    """
    try:
        yield
    except (sqlite3.Error, ValueError, TypeError, KeyError, RecursionError) as error:
        if isinstance(error, sqlite3.Error):
            raise explained_sqlite(error, path) or damaged(path, error) from error
        said = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise damaged(path, said) from error


def explained_sqlite(error: sqlite3.Error, path: Path) -> TuiAlError | None:
    """What an error of SQLite on a session's file means; None where it is no matter of the machine
    or of damage."""
    if closed := refusal(path):
        return closed
    if len(os.fsencode(path.absolute())) > _LONGEST_PATH:
        return of_os(OSError(errno.ENAMETOOLONG, "too long"), path)
    if not path.exists():
        return gone(path.parent)
    return of_sqlite(error, path)


def gone(directory: Path) -> SessionError:
    """The error for a session that was deleted under who used it."""
    return SessionError(
        f"Session {directory.name} is not there any more.",
        f"It was deleted, renamed or moved meanwhile. It lay in {directory}.",
    )


class Database(sqlite3.Connection):
    """A connection in autocommit; every transaction is on disk when it ends. Errors are those of
    `readable`.

    Write-ahead logging lets readers go on while the engine writes; on a network's file system,
    where it is not safe, SQLite keeps its plain journal, which is slower. A file that cannot be
    written is opened for reading, and again for writing as soon as something is to be written and
    it can be.
    """

    def __init__(
        self,
        path: Path,
        *,
        new: bool = False,
        wal: bool = True,
        any_thread: bool = False,
        log: Literal["", "unlocked", "locked"] = "",
    ) -> None:
        self._path, self._wal, self._any_thread, self._log = path, wal, any_thread, log
        #: "" if it can be written; else as what it is read: the file itself, one that nobody
        #: changes, or a copy.
        self.reading: Literal["", "file", "unchanged", "copy"] = ""
        self._seen: object = None
        self._schema = ""
        with session_file(path):
            check_files(path.parent)
        if new:
            self._open(f"{path.absolute().as_uri()}?mode=rwc")
            self._set_journal()
        elif may_write(path):
            try:
                self._open_for_writing()
            except MachineError as error:
                if _is_locked(error.__cause__):
                    raise
                self._open_for_reading(error)
        else:
            self._open_for_reading(None)

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """As of any connection. Raises MachineError and SessionError as `readable`; other errors of
        SQLite as they are."""
        return self._do(lambda: super(Database, self).execute(*arguments))

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        """As `execute`."""
        return self._do(lambda: super(Database, self).executemany(*arguments))

    def executescript(self, script: str, /) -> sqlite3.Cursor:
        """As `execute`."""
        return self._do(lambda: super(Database, self).executescript(script))

    def __exit__(self, *about: Any) -> Literal[False]:
        try:
            return super().__exit__(*about)
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def add_tables(self, schema: str) -> None:
        """Make the tables of a script that are not there; beside a file that cannot be written they
        are and stay empty."""
        self._schema = schema
        if self.reading:
            self._stand_in()
        else:
            self.executescript(schema)

    def _stand_in(self) -> None:
        """Empty tables for those that the file does not have, and no writing: not even in these,
        which are in memory."""
        super().execute("PRAGMA query_only = OFF")
        there = {name for (name,) in super().execute("SELECT name FROM sqlite_master")}
        for statement in filter(str.strip, self._schema.split(";")):
            head, _, body = statement.partition("IF NOT EXISTS ")
            if body.split(" ")[0] not in there:
                super().execute(
                    head.replace("CREATE TABLE", "CREATE TEMP TABLE IF NOT EXISTS") + body
                )
        super().execute("PRAGMA query_only = ON")

    def _do(self, call: Callable[[], T]) -> T:
        if self.reading in ("unchanged", "copy") and self._seen != _traces(self._path):
            self._open_for_reading(None)  # somebody else has written
        try:
            return call()
        except sqlite3.Error as error:
            if self.reading and _kind(error) == sqlite3.SQLITE_READONLY and may_write(self._path):
                try:
                    self._open_for_writing()
                except MachineError as refused:
                    self._open_for_reading(refused)
                    raise
                return self._do(call)
            raise self._explained(error) from error

    def _explained(self, error: sqlite3.Error) -> Exception:
        return explained_sqlite(error, self._path) or error

    def _open(self, uri: str) -> None:
        """Connect, or connect anew, which clears the object."""
        kept = dict(vars(self))
        try:
            super().__init__(
                uri, timeout=_PATIENCE, uri=True, isolation_level=None,
                check_same_thread=not self._any_thread,
            )  # fmt: skip
        except sqlite3.Error as error:
            raise explained_sqlite(error, kept["_path"]) or error from error
        finally:
            vars(self).update(kept)

    def _open_for_writing(self) -> None:
        self.reading = ""
        self._open(f"{self._path.absolute().as_uri()}?mode=rw")
        check_schema(self, self._path)
        self._set_journal()
        self._migrate()
        if self._schema:
            self.executescript(self._schema)

    def _migrate(self) -> None:
        """Bring an older log to today's schema number, in place. Raises SessionError for a newer
        one, or while an engine is at work."""
        directory = self._path.parent
        with readable(self._path), session_file(directory / LOCK_FILE):
            if not self._log or not is_older(self, directory):
                return
            try:
                with nullcontext() if self._log == "locked" else held(directory):
                    migrate(self, directory)
            except BlockingIOError as error:
                if is_older(self, directory):  # else another process was quicker
                    raise at_work(self, directory) from error

    def _translate(self) -> None:
        """Read an older log, which cannot be written, in a copy in memory that is brought to
        today's schema number."""
        directory = self._path.parent
        if not self._log or not is_older(self, directory):
            return
        with contextlib.closing(sqlite3.connect(":memory:")) as older:
            super().backup(older)
            self._open(":memory:")
            older.backup(self)
        self.reading = "file"  # until it is done: a copy would be made anew when the file changes
        migrate(self, directory)
        self.reading = "copy"

    def _set_journal(self) -> None:
        """The journal that the file system carries. Where others have the file open, it stays as it
        is for now."""
        if self._wal:
            wanted = "delete" if is_network(self._path) else "wal"
            (now,) = self.execute("PRAGMA journal_mode").fetchone()
            if now != wanted:
                self.execute("PRAGMA busy_timeout = 0")
                with contextlib.suppress(MachineError):
                    self.execute(f"PRAGMA journal_mode = {wanted}")
                self.execute(f"PRAGMA busy_timeout = {round(_PATIENCE * 1000)}")
        self.execute("PRAGMA synchronous = FULL")

    def _open_for_reading(self, refused: MachineError | None) -> None:
        """Open the file as one that is not changed from here.

        SQLite reads a write-ahead log by a file of shared memory beside it, which cannot always be
        made. Without a log none is needed; a log that an engine left is read in a copy.
        """
        uri = self._path.absolute().as_uri()
        self.reading, self._seen = "file", _traces(self._path)
        try:
            self._look(f"{uri}?mode=ro")
        except MachineError as error:
            if _is_locked(error.__cause__):
                raise
            if not any(_size(beside) for beside in _journals(self._path)):
                self.reading = "unchanged"
                self._look(f"{uri}?mode=ro&immutable=1")
            else:
                self._read_copy(refused or error)

    def _look(self, uri: str) -> None:
        self._open(uri)
        try:
            super().execute(_LOOK).fetchall()
            check_schema(self, self._path)
            self._translate()
            super().execute("PRAGMA temp_store = MEMORY")
            self._stand_in()
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def _read_copy(self, refused: MachineError) -> None:
        """Copy file and log to where there is room, and forget the names: nothing is left
        behind."""
        for base in (tempfile.gettempdir(), *_PLACES):
            try:
                with tempfile.TemporaryDirectory(prefix="tui-al-", dir=base) as place:
                    copy = Path(place, self._path.name)
                    self._seen = _copied(self._path, copy)
                    self._open(f"{copy.as_uri()}?mode=rw")
                    check_schema(self, self._path)
                    super().execute("PRAGMA journal_mode = DELETE")
                    self._translate()
                    super().execute("PRAGMA temp_store = MEMORY")
                    self._stand_in()
            except (OSError, sqlite3.Error):
                continue
            self.reading = "copy"
            return
        raise MachineError(
            refused.message,
            "It has a log that is to be read in a copy, and there is no room for one in "
            f"{tempfile.gettempdir()} either: "
            f"give a directory with room, as TMPDIR=/other/disk. {refused.hint}",
            code=refused.code,
            passes=refused.passes,
        ) from refused


def connect(path: Path, *, new: bool = False, locked: bool = False) -> Database:
    """A connection to a session's file, see `Database`; an older log is migrated, see
    `tui_al.store.migrations`.

    `locked` says that the caller holds the engine's lock. Raises SessionError for a log of a newer
    program."""
    is_log = path.name == "session.db" and not new
    return Database(path, new=new, log=("locked" if locked else "unlocked") if is_log else "")


def may_write(path: Path) -> bool:
    """Whether this account may write the file and make others beside it, as SQLite has to; says
    nothing of room."""
    return os.access(path, os.W_OK, effective_ids=True) and os.access(
        path.parent, os.W_OK | os.X_OK, effective_ids=True
    )


def _kind(error: object) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _is_locked(error: object) -> bool:
    return _kind(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _journals(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _traces(path: Path) -> list[tuple[int, int, int]]:
    """What changes when somebody writes the file."""
    found = []
    for one in (path, *_journals(path)):
        with contextlib.suppress(OSError):
            status = one.stat()
            if status.st_size:
                found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return found


def _copied(path: Path, copy: Path) -> list[tuple[int, int, int]]:
    """Copy the file with what SQLite keeps beside it, all of one moment; what `_traces` said at
    that moment."""
    for _ in range(_COPIES):
        before = _traces(path)
        for one in (path, *_journals(path)):
            place = copy.with_name(one.name)
            place.unlink(missing_ok=True)
            if one == path:
                _copy_database(one, place)
            elif one.exists():
                shutil.copyfile(one, place)
        if _traces(path) == before:
            return before
    raise OSError(f"{path} changes all the time")


def _copy_database(path: Path, copy: Path) -> None:
    """Copy a file that connections of this process may have locked; see `_COPIED`. Of the files
    beside it none is locked here."""
    found = path.stat()
    descriptor = _COPIED.get((found.st_dev, found.st_ino))
    if descriptor is None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        found = os.fstat(descriptor)
        _COPIED[found.st_dev, found.st_ino] = descriptor
    with copy.open("wb") as writer:
        at = 0
        while piece := os.pread(descriptor, 1 << 20, at):
            writer.write(piece)
            at += len(piece)
