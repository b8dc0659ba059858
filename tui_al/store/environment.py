"""What the machine refuses, in words: a full disk, a quota, rights, a lock, a network drive that
has gone, memory.

The one place that knows what an OSError, a MemoryError or an error of SQLite means. Only two of
SQLite's errors say that a file is damaged, CORRUPT and NOTADB; all others are told as what they
are, with what to do about it."""

import errno
import os
import re
import resource
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tui_al.errors import MachineError, SessionClosedError, SessionError, TuiAlError
from tui_al.store.accounts import account_name, described


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why something cannot be done, what to do next, and whether it may go away while one waits."""

    reason: str
    hint: str
    passes: bool = False


_LOCAL = "Put sessions on a local disk: --home DIR, or TUI_AL_HOME."
_GONE = _Refusal(
    "the network file system does not answer",
    f"Check the connection and the mount, then do it again. {_LOCAL}",
    passes=True,
)

#: By errno. {directory} is where it happened, {account} who runs the program.
_REFUSALS = {
    errno.ENOSPC: _Refusal(
        "the disk is full",
        "Free some room (`df -h {directory}` shows how much there is), then do it again, or "
        "choose a place on another disk. "
        "What was saved before is safe.",
        passes=True,
    ),
    errno.EDQUOT: _Refusal(
        "your quota on the disk is used up",
        "Remove some of your files there (`quota` tells how much you have), then do it again, or "
        "choose a place on another disk. "
        "What was saved before is safe.",
        passes=True,
    ),
    errno.EROFS: _Refusal(
        "the file system is read-only",
        "Choose a place that can be written. A session on it can be read, and exported to another "
        "disk.",
    ),
    errno.EACCES: _Refusal(
        "{account} may not", "Ask the owner for the right, or choose another place."
    ),
    errno.EPERM: _Refusal(
        "{account} may not", "Ask the owner for the right, or choose another place."
    ),
    errno.ENAMETOOLONG: _Refusal(
        "the name is too long",
        "A file's name has 255 bytes at most, a session's whole path 500; a letter outside ASCII "
        "takes 2 to 4 of them. Give a shorter one.",
    ),
    errno.EMFILE: _Refusal(
        "this process has too many files open",
        "Raise the limit in the shell that starts the program, as `ulimit -n 4096`.",
        passes=True,
    ),
    errno.ENFILE: _Refusal(
        "too many files are open on the machine", "End other programs, then do it again.", True
    ),
    errno.EIO: _Refusal(
        "the disk, or the network to it, failed (input/output error)",
        "The machine's log (`dmesg`) may say more. Copy what can be read to another disk before "
        "you go on.",
        passes=True,
    ),
    errno.ENOMEM: _Refusal(
        "there is not enough memory",
        "End other programs, or work with less at once: a smaller file, model, batch or maximum "
        "length.",
    ),
    errno.ELOOP: _Refusal(
        "its symbolic links lead in a circle", "Give the path that is meant, without links."
    ),
    errno.ESTALE: _Refusal(
        "the network file system has lost the file (stale file handle)",
        f"It was replaced or moved on the server. Do it again. {_LOCAL}",
        passes=True,
    ),
    errno.EPIPE: _Refusal(
        "the program that read it has ended", "Let it read to the end, or write to a file."
    ),
    errno.ENOLCK: _Refusal("the file system gives no locks", _LOCAL, passes=True),
    errno.EFBIG: _Refusal(
        "the file would be larger than is allowed here",
        "`ulimit -f` shows the limit of the shell; some file systems have their own.",
    ),
    errno.ENOENT: _Refusal("there is no such file or directory", "Check the path."),
    errno.ENOTDIR: _Refusal("a part of the path is not a directory", "Check the path."),
    errno.EISDIR: _Refusal("it is a directory", "Give a file."),
    errno.EEXIST: _Refusal("it is there already", "Choose another name."),
    errno.ENOTEMPTY: _Refusal("the directory is not empty", "Choose another name."),
    errno.EBADF: _Refusal("it is closed", "Start the program with its streams open."),
    errno.EBUSY: _Refusal("another program uses it", "Wait, then do it again.", passes=True),
    errno.EAGAIN: _Refusal("another program uses it", "Wait, then do it again.", passes=True),
    errno.ETIMEDOUT: _GONE,
    errno.EHOSTDOWN: _GONE,
    errno.EHOSTUNREACH: _GONE,
    errno.ENETUNREACH: _GONE,
    errno.ENETDOWN: _GONE,
    errno.ENOTCONN: _GONE,
    errno.ECONNRESET: _GONE,
}

#: What the program itself is asked to do about a lock.
_LOCKED = _Refusal(
    "another program has locked it",
    "It is tried for half a minute each time. If it stays, see who holds it, as with `fuser -v "
    "{path}`, and end that program.",
    passes=True,
)
_TOO_BIG = _Refusal(
    "a value is larger than a session can hold (1 GB)", "Leave out or split the longest text."
)

#: Of SQLite's errors, those that name an errno by themselves; for the others the file system is
#: asked.
_PLAIN = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_NOMEM: errno.ENOMEM,
    sqlite3.SQLITE_NOLFS: errno.EFBIG,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_PROTOCOL: errno.ENOLCK,
}
_IO = {
    sqlite3.SQLITE_IOERR_NOMEM: errno.ENOMEM,
    sqlite3.SQLITE_IOERR_LOCK: errno.ENOLCK,
    sqlite3.SQLITE_IOERR_UNLOCK: errno.ENOLCK,
    sqlite3.SQLITE_IOERR_RDLOCK: errno.ENOLCK,
    sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK: errno.ENOLCK,
}
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_ASKED = (
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL,
)  # fmt: skip

#: What a wrong path is refused with, as opposed to a right one on a disk that does not take it.
_WRONG_PATH = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY)

#: How libraries in Rust end their messages.
_OF_RUST = re.compile(r"\(os error (\d+)\)")

#: By errno, a refusal in a word or two, as a list says it.
_WORDS = {
    errno.ENOSPC: "disk full",
    errno.EDQUOT: "quota used up",
    errno.EROFS: "read-only",
    errno.EACCES: "no right",
    errno.EPERM: "no right",
    errno.EAGAIN: "locked",
    errno.EBUSY: "locked",
    errno.ENOLCK: "no locks",
    errno.EIO: "disk failed",
    errno.ENOMEM: "no memory",
    errno.EMFILE: "too many files",
    errno.ENFILE: "too many files",
}

#: Bytes that are free on a disk that is not full.
_ROOM = 32 << 20

#: Bytes of the trial that asks the file system what it refuses: a quota that is nearly used up
#: shows it too.
_TRIAL = 65_536


def of_os(error: OSError, path: Path | None = None, thing: str = "") -> MachineError:
    """What an OSError means. `thing` is what it happened to, by default the file that the error or
    `path` names."""
    if path is None and isinstance(error.filename, str | bytes):
        path = Path(os.fsdecode(error.filename))
    number = error.errno or 0
    known = _REFUSALS.get(number)
    if known is None:
        known = _Refusal(error.strerror or str(error) or type(error).__name__, "Try it again.")
    return _told(thing or _named(path), known, path, number)


@contextmanager
def session_file(path: Path) -> Iterator[None]:
    """Tell what an OSError on a session's file means by the session's name, as a MachineError."""
    try:
        yield
    except OSError as error:
        raise of_os(error, path, _session_file(path)) from error


def word_of(error: TuiAlError) -> str:
    """Why something cannot be read, in a word or two: what the machine refuses it with, else
    "damaged"."""
    if not isinstance(error, MachineError):
        return "no right" if isinstance(error, SessionClosedError) else "damaged"
    return _WORDS.get(error.code) or (
        "not reachable"
        if _REFUSALS.get(error.code) in (_GONE, _REFUSALS[errno.ESTALE])
        else "refused"
    )


def unwritable(
    path: Path, error: OSError, mistake: type[TuiAlError], option: str = ""
) -> TuiAlError:
    """The error for a place to write to: a `mistake` where the path is the matter, else the
    machine's refusal."""
    named = f"{option} {path} cannot be written".lstrip()
    if error.errno is None or error.errno in _WRONG_PATH:
        what = error.strerror or error
        return mistake(f"{named}: {what}.", "Give a place in a directory that exists and has room.")
    return of_os(error, path, named)


def unreadable(
    path: Path, error: OSError, mistake: type[TuiAlError], thing: str = ""
) -> TuiAlError:
    """The error for a file that cannot be read: a `mistake` where the path is the matter, else the
    machine's refusal."""
    named = f"{thing or path} cannot be read"
    if error.errno is None or error.errno in _WRONG_PATH:
        return mistake(f"{named}: {error.strerror or error}.", f"The file is {path}.")
    return of_os(error, path, named)


def of_memory(thing: str = "") -> MachineError:
    """What a MemoryError means."""
    return _told(thing, _REFUSALS[errno.ENOMEM], None, errno.ENOMEM)


def of_sqlite(error: sqlite3.Error, path: Path, thing: str = "") -> TuiAlError | None:
    """What an error of SQLite on the database at `path` means; None where neither the machine nor
    damage is the reason."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    kind = code & 0xFF
    thing = thing or _session_file(path)
    if kind in _DAMAGE or code == getattr(sqlite3, "SQLITE_IOERR_CORRUPTFS", -1):
        return damaged(path, error, thing)
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return _told(thing, _LOCKED, path, errno.EAGAIN)
    if kind == sqlite3.SQLITE_TOOBIG:
        return _told(thing, _TOO_BIG, path, errno.E2BIG)
    if kind not in _PLAIN and kind not in _ASKED:
        return None
    number = _IO.get(code) or _PLAIN.get(kind)
    if number is None or number == errno.ENOSPC:
        number = _refused_with(path) or number
    if number is None:  # it was refused, and is not any more
        number = errno.EIO
    return _told(thing, _REFUSALS.get(number, _REFUSALS[errno.EIO]), path, number)


def damaged(path: Path, error: object, thing: str = "") -> SessionError:
    """The error for a file whose content is not what a session's is."""
    return SessionError(
        f"{thing or _session_file(path)} cannot be read: {error}.",
        f"The file is {path}. If it is damaged and there is a backup, put that back; else `tui-al "
        "check` tells what can be saved.",
    )


def explained(error: BaseException, path: Path | None = None) -> TuiAlError | None:
    """What any error means that is the machine's doing; None for all others, which are ours."""
    if isinstance(error, TuiAlError):
        return error
    if isinstance(error, OSError):
        return of_os(error, path)
    if isinstance(error, MemoryError):
        return of_memory()
    if isinstance(error, sqlite3.Error):
        return of_sqlite(error, path or Path("session.db"), "" if path else "A session")
    if found := _OF_RUST.search(str(error)):  # as of safetensors and tokenizers
        number = int(found[1])
        return of_os(OSError(number, os.strerror(number)), path)
    if isinstance(error, RecursionError):
        return TuiAlError(
            "Something is nested too deeply to be read.",
            "Files of a person are nested a few levels deep; this one looks damaged, or made to "
            "do harm.",
        )
    return None


def _told(thing: str, known: _Refusal, path: Path | None, number: int) -> MachineError:
    place = path or Path()
    directory = place if os.path.isdir(place) else place.parent  # noqa: PTH112 - Path raises for a long name
    reason = known.reason.format(account=account_name(os.geteuid()))
    if path is not None:
        reason += _details(number, path, directory)
    hint = known.hint.format(directory=directory, path=place)
    message = f"{thing}: {reason}." if thing else f"{reason[:1].upper()}{reason[1:]}."
    return MachineError(message, hint, code=number, passes=known.passes)


def _details(number: int, path: Path, directory: Path) -> str:
    """What the machine says beside: how much room there is, whose the file is, how long its
    name."""
    with suppress(OSError):
        if number == errno.ENOSPC:
            found = os.statvfs(directory)
            if found.f_files and not found.f_favail and found.f_bavail:
                return " (it holds as many files as it can; there is room for bytes)"
            free = found.f_bavail * found.f_frsize
            limit = "" if free < _ROOM else ", so it is a limit of its own"
            return f" ({free / 1e6:,.1f} MB free{limit})"
        if number in (errno.EACCES, errno.EPERM):
            return f" ({described(_closed_step(path))})"
        if number == errno.EMFILE:
            return f" ({resource.getrlimit(resource.RLIMIT_NOFILE)[0]:,})"
    if number == errno.ENAMETOOLONG:
        return f" ({max(len(os.fsencode(part)) for part in (*path.parts, '')):,} bytes)"
    return ""


def _closed_step(path: Path) -> Path:
    """The first directory on the way that may not be entered or written; else the file."""
    for step in reversed(path.absolute().parents):
        if not os.access(step, os.X_OK, effective_ids=True):
            return step
    if path.exists() and not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        return path
    return path.parent


def _refused_with(path: Path) -> int | None:
    """The errno with which the file system refuses the file at `path`, or a new one beside it; None
    if it takes both.

    SQLite keeps the errno to itself, and calls many things an I/O error. The file itself is not
    opened: closing it would give up the locks that this process has on it, SQLite's among them, and
    its log could be taken away under an open connection."""
    try:
        if path.exists() and not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
            read_only = os.statvfs(path).f_flag & os.ST_RDONLY
            return errno.EROFS if read_only else errno.EACCES
        with tempfile.TemporaryFile(dir=path.parent, prefix=".trial-") as trial:
            trial.write(bytes(_TRIAL))
            trial.flush()
            os.fsync(trial.fileno())
    except OSError as error:
        return error.errno
    return None


def _named(path: Path | None) -> str:
    return "" if path is None else str(path)


def _session_file(path: Path) -> str:
    """ "Session people", of the database at `path`."""
    return f"Session {path.parent.name}" if path.parent.name else str(path)
