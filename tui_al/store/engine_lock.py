"""The lock of a session's one engine: a file that the kernel frees on any death, and what is
written in it.

It says whose it is, the number of the last command before it was taken (later ones are for the
engine that holds it), and a token of that engine, by which a command that comes too late for it is
not taken for the next one's."""

import contextlib
import errno
import os
import re
import sqlite3
import uuid
from pathlib import Path

from tui_al.errors import SessionError, TuiAlError
from tui_al.store.atomic_dirs import is_held
from tui_al.store.database import connect, readable
from tui_al.store.environment import of_os, session_file
from tui_al.store.lock_file import LOCK_FILE, lock
from tui_al.store.sharing import open_file
from tui_al.store.strangers import check_tree, read_bytes

#: Bytes of the first line of a lock: whose it is, and the rest.
_LONGEST_LINE = 200

#: Bytes of the note in a lock.
_LONGEST_NOTE = 1000

#: Who holds it, before the engine is there.
_STARTING = "starting"

#: What an engine's lock says before the number of the last command that is not for this engine.
_AFTER = "takes commands after"

#: What it says before the engine's token.
_TOKEN = "engine"


def take_engine_lock(directory: Path) -> int:
    """A descriptor that holds the lock of the session in `directory`, for this process and those
    that inherit it.

    Raises:
        SessionError: an engine holds it; the message names its process. Or something in the session
        leads out of it.
        MachineError: the session cannot be written.
    """
    check_tree(directory)
    path = directory / LOCK_FILE
    with session_file(path):
        descriptor = open_file(path, os.O_RDWR)
    try:
        lock(descriptor)
    except BlockingIOError as error:
        holder = _holder(_first_line(descriptor))
        os.close(descriptor)
        raise SessionError(
            f"An engine is at work on session {directory.name} ({holder or 'starting'}).",
            "Wait for it to finish, or stop it first.",
        ) from error
    except OSError as error:  # no locks left, a network file system that lost its server
        os.close(descriptor)
        raise of_os(error, path) from error
    log = directory / "session.db"
    try:
        with session_file(path), readable(log), contextlib.closing(connect(log, locked=True)) as db:
            write_lock(descriptor, _STARTING, last_command(db))
    except TuiAlError:
        os.close(descriptor)
        raise
    return descriptor


def write_lock(descriptor: int, holder: str, before: int) -> None:
    """Write in a held lock who holds it, and the number of the last command that is not for it; the
    token stays."""
    token = token_in(descriptor) if holder != _STARTING else None
    os.ftruncate(descriptor, 0)
    note = f"{holder}, {_AFTER} {before}, {_TOKEN} {token or uuid.uuid4().hex[:16]}\n"
    os.pwrite(descriptor, note.encode(), 0)


def token_in(descriptor: int) -> str | None:
    """The token of the engine that holds the lock; None if an older program took it."""
    found = re.search(rf", {_TOKEN} ([0-9a-f]+)$", _first_line(descriptor))
    return found[1] if found else None


def engine_token(directory: Path) -> str | None:
    """The token of the engine at work on a session; None if none is, or an older one."""
    if not is_live(directory):
        return None
    descriptor = os.open(directory / LOCK_FILE, os.O_RDONLY)
    try:
        return token_in(descriptor)
    finally:
        os.close(descriptor)


def _first_line(descriptor: int) -> str:
    """What a held lock says of its engine."""
    return os.pread(descriptor, _LONGEST_LINE, 0).partition(b"\n")[0].decode(errors="replace")


def _holder(said: str) -> str:
    """Of what a lock says, whose it is: "process 123 on box"."""
    return said.partition(",")[0].strip()


def holder_of(directory: Path) -> str:
    """Who holds, or held last, a session's lock: "process 123 on box"; "" where that is not
    known."""
    with contextlib.suppress(OSError, SessionError):
        return _holder(read_bytes(directory / LOCK_FILE, _LONGEST_LINE).decode(errors="replace"))
    return ""


def note_in_lock(descriptor: int | None, what: str) -> None:
    """Write in a held lock what its engine waits for, or that it does no more (""); left out where
    even that is refused."""
    if descriptor is not None:
        with contextlib.suppress(OSError):
            first = os.pread(descriptor, _LONGEST_LINE, 0).partition(b"\n")[0] + b"\n"
            noted = what.replace("\n", " ").encode()[:_LONGEST_NOTE]
            if noted:
                os.pwrite(descriptor, noted, len(first))
            os.ftruncate(descriptor, len(first) + len(noted))


def waits_for(directory: Path) -> str:
    """What the engine that is at work on a session waits for, in a sentence; "" if it does not
    wait."""
    try:
        said = read_bytes(directory / LOCK_FILE, 2000)
    except (OSError, SessionError):
        return ""
    return said.partition(b"\n")[2].decode(errors="replace")


def numbered_before(descriptor: int) -> int | None:
    """The number of the last command before this lock was taken; None if an older program took it,
    which did not say."""
    said = re.search(rf"{_AFTER} (\d+)", _first_line(descriptor))
    return int(said[1]) if said else None


def last_command(db: sqlite3.Connection) -> int:
    """The number of the last command that was sent; 0 if none was."""
    (number,) = db.execute("SELECT coalesce(max(seq), 0) FROM commands").fetchone()
    return int(number)


def is_live(directory: Path) -> bool:
    """Whether an engine of this machine works on the session in `directory`."""
    try:
        return is_held(directory / LOCK_FILE)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link or a socket is not a lock
            return False
        raise
