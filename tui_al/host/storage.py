"""The doctor on the home directory: room, permission, locks and SQLite's write-ahead log, really
tried."""

import contextlib
import fcntl
import os
import sqlite3
import tempfile
from pathlib import Path

from tui_al.host.diagnostic import Finding, size
from tui_al.host.machine import disk_free, nearest_existing
from tui_al.store.engine_lock import is_live
from tui_al.store.file_systems import file_system, is_network
from tui_al.store.session import session_names

_LOW = 5e9
_ELSEWHERE = "Put sessions on a local disk: --home DIR, or TUI_AL_HOME."


def home_findings(home: Path) -> tuple[Finding, ...]:
    """Whether sessions can live in `home`; leaves nothing behind."""
    try:
        place = nearest_existing(home)
        made = "" if place == home else " (will be made)"
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=place) as scratch:
            return _trials(Path(scratch), home, f"{home}{made}")
    except OSError as error:
        fact = f"{home} cannot be written: {error.strerror or error}"
        return (Finding("Home", "bad", fact, _ELSEWHERE),)


def _trials(scratch: Path, home: Path, named: str) -> tuple[Finding, ...]:
    if not locks_work(scratch):
        fact = f"{named}: file locks do not work there, so two engines could take one session."
        return (Finding("Home", "bad", fact, _ELSEWHERE),)
    journal = journal_mode(scratch)
    if journal is None:
        return (Finding("Home", "bad", f"{named}: SQLite cannot write there.", _ELSEWHERE),)
    if is_network(home):
        fact = (
            f"{named}: writable, but on a network file system ({file_system(home)}), where "
            "sessions keep SQLite's plain journal: safe, but slow."
        )
        advice = f"Use a session from one machine at a time. {_ELSEWHERE}"
        return (Finding("Home", "warn", fact, advice),)
    if journal != "wal":
        fact = f"{named}: SQLite's write-ahead log does not work there; sessions are safe but slow."
        return (Finding("Home", "warn", fact, _ELSEWHERE),)
    return (Finding("Home", "ok", f"{named}: writable, locks and write-ahead log work"),)


def locks_work(scratch: Path) -> bool:
    """Whether a second taker of a lock is turned away."""
    path = scratch / "lock"
    with path.open("w") as first, path.open("r+") as second:
        try:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


def journal_mode(scratch: Path) -> str | None:
    """The journal that SQLite really keeps there, with a reader beside the writer; None if it
    cannot work."""
    path = scratch / "trial.db"
    try:
        with (
            contextlib.closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as writer,
            contextlib.closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as reader,
        ):
            (mode,) = writer.execute("PRAGMA journal_mode = WAL").fetchone()
            writer.execute("CREATE TABLE trial (value INTEGER)")
            writer.execute("INSERT INTO trial VALUES (7)")
            (value,) = reader.execute("SELECT value FROM trial").fetchone()
    except sqlite3.Error:
        return None
    return str(mode) if value == 7 else None


def disk_findings(home: Path) -> tuple[Finding, ...]:
    """Room on the disk that holds the home directory."""
    free = disk_free(home)
    if free is None:
        return (Finding("Disk", "info", "free room n/a"),)
    fact = f"{size(free)} free for {home}"
    if free >= _LOW:
        return (Finding("Disk", "ok", fact),)
    advice = f"A base-size model takes about 0.5 GB a run. Free some, or: {_ELSEWHERE}"
    return (Finding("Disk", "warn", fact, advice),)


def session_findings(home: Path) -> tuple[Finding, ...]:
    """How many sessions there are, which are live, and what they take."""
    names = session_names(home)
    if not names:
        none = Finding("Sessions", "info", "none yet", "Start one: tui-al simulate tickets")
        return (none, *_strays(home / "sessions"))
    strays = _strays(home / "sessions")
    live = [name for name in names if is_live(home / "sessions" / name)]
    working = f", live: {', '.join(live)}" if live else ", none live"
    fact = f"{len(names)}{working}, {size(_bytes_under(home / 'sessions'))} on disk"
    return (Finding("Sessions", "info", fact), *strays)


def _strays(sessions: Path) -> tuple[Finding, ...]:
    """Sessions whose log is empty, and directories among them that hold none."""
    found = []
    for place in sorted(sessions.iterdir()) if sessions.is_dir() else ():
        if place.name.startswith(".") or not place.is_dir():
            continue
        log = place / "session.db"
        with contextlib.suppress(OSError):
            if not log.exists():
                found.append(
                    Finding(
                        "Sessions",
                        "warn",
                        f"{place} holds no session.db: it is not a session",
                        "If a backup has it, put that back; else remove the directory.",
                    )
                )
            elif not log.stat().st_size and not _has_log(log):
                found.append(
                    Finding(
                        "Sessions",
                        "bad",
                        f"{place.name} is damaged: its session.db is empty",
                        f"tui-al check {place.name} says what is left; put a backup back.",
                    )
                )
    return tuple(found)


def _has_log(path: Path) -> bool:
    beside = path.with_name(f"{path.name}-wal")
    return beside.exists() and beside.stat().st_size > 0


def _bytes_under(directory: Path) -> int:
    total = 0
    for parent, _, files in os.walk(directory):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118
    return total
