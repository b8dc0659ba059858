"""A sweep on disk: a directory that is a home of its own, with a session for each arm and a small
record of what belongs to it.

sweeps/NAME/sweep.json     what the sweep is: title, arms, their sessions and seeds
sweeps/NAME/sweep.lock     held (flock) by the one command that works on the sweep
sweeps/NAME/sessions/…     an ordinary session for each arm
sweeps/NAME/first/…        points of seed sets that the arms share
sweeps/NAME/scores/…       comparisons of two models' scores, for its report
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_al.errors import ConfigError, MachineError, SessionError
from tui_al.store.atomic_dirs import is_held, temp_dir
from tui_al.store.atomic_files import write_file
from tui_al.store.engine_lock import is_live, take_engine_lock
from tui_al.store.environment import unreadable
from tui_al.store.home import checked_name, whole_name
from tui_al.store.session import Session, is_there, session_names
from tui_al.store.sharing import check_home, check_list, make_directory, open_file
from tui_al.store.strangers import read_bytes

if TYPE_CHECKING:  # it brings numpy, and the first frame of the app waits for this module
    from tui_al.core.settings.sweep import Arm, Sweep

RECORD = "sweep.json"

_LARGEST = 2**26  # bytes of a record or of a comparison


@dataclass(frozen=True, slots=True)
class ArmRecord:
    """An arm of a recorded sweep."""

    label: str
    varied: dict[str, str]
    session: str
    seeds: tuple[int, ...]
    config: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """What is written down of a sweep."""

    name: str
    title: str
    arms: tuple[ArmRecord, ...]
    notes: tuple[str, ...]
    engines: int  #: that work at once
    cores: (
        int  #: that each engine keeps to; 0 for all. It stays, because sums of floats depend on it
    )


def sweep_directory(home: Path, name: str) -> Path:
    """The directory of a sweep by name; raises ConfigError for names that are no plain file
    names."""
    return home / "sweeps" / checked_name("sweep", name)


def write_record(directory: Path, record: SweepRecord) -> None:
    """Write the record; it appears whole or not at all."""
    make_directory(directory)
    write_file(directory / RECORD, json.dumps(asdict(record), indent=1, ensure_ascii=False))


def read_record(directory: Path) -> SweepRecord:
    """The record of the sweep in a directory.

    Raises:
        SessionError: there is none, or it is damaged.
        MachineError: the machine does not let it be read.
    """
    path = directory / RECORD
    try:
        plain = json.loads(read_bytes(path, _LARGEST))
        arms = tuple(ArmRecord(**{**arm, "seeds": tuple(arm["seeds"])}) for arm in plain["arms"])
        for arm in arms:
            checked_name("session", arm.session)  # else it would lie outside of the sweep
        return SweepRecord(**{**plain, "arms": arms, "notes": tuple(plain["notes"])})
    except OSError as error:
        raise unreadable(path, error, SessionError, f"Sweep {directory.name}") from error
    except (ValueError, TypeError, KeyError, RecursionError, ConfigError) as error:
        raise SessionError(
            f"Sweep {directory.name} cannot be read: {error}.", f"The file is {path}."
        ) from error


def arm_labels(directory: Path) -> dict[str, str]:
    """What the arms of the sweep in a directory are called, by session; nothing where it is no
    sweep, or cannot be read."""
    with contextlib.suppress(SessionError, MachineError):
        return {arm.session: arm.label for arm in read_record(directory).arms}
    return {}


def is_sweep(directory: Path) -> bool:
    """Whether a directory is a sweep's: the home of its sessions."""
    return os.path.isfile(directory / RECORD)  # noqa: PTH113 - one that is closed to this account is none for it


def find_sweep(home: Path, name: str) -> Path | None:
    """The directory of a sweep, by its name or by a path to it; None if there is none."""
    for directory in (home / "sweeps" / name, Path(name).expanduser()):
        if is_sweep(directory):
            return directory.absolute()
    return None


def sweep_of(session: Path) -> Path | None:
    """The directory of the sweep that the session in `session` belongs to; None for one that stands
    alone."""
    directory = session.parent.parent
    return directory if session.parent.name == "sessions" and is_sweep(directory) else None


def is_worked_on(directory: Path) -> bool:
    """Whether a command of this machine works through the sweep in `directory`, or an engine on one
    of its sessions."""
    with contextlib.suppress(FileNotFoundError):
        if is_held(directory / "sweep.lock"):
            return True
    return any(is_live(path.parent) for path in (directory / "sessions").glob("*/engine.lock"))


def worker_of(directory: Path) -> str:
    """Who works through a sweep, as its lock says: "process 123 on box"; "" where that is not
    known."""
    with contextlib.suppress(OSError):
        return (directory / "sweep.lock").read_text(encoding="utf-8", errors="replace").strip()
    return ""


def find(home: Path, name: str) -> Path:
    """The directory of the session or sweep of this name, or that alone begins so, or of this path.

    Raises:
        SessionError: there is none, several begin so, or there are both and none of them, or each,
        is at work: the message names their paths.
    """
    name = name_in(home, name)
    sweep = find_sweep(home, name)
    path = home / "sessions" / name
    if sweep is None or not is_there(path):
        if sweep is not None:
            return sweep
        with Session.open(home, name) as session:
            return session.directory
    at_work = [one for one, live in ((path, is_live(path)), (sweep, is_worked_on(sweep))) if live]
    if len(at_work) == 1:
        return at_work[0]
    raise SessionError(
        f"{name!r} is a session and a sweep in {home}.", f"Give a path: {path} or {sweep}."
    )


def name_in(home: Path, name: str) -> str:
    """The name of a session or sweep by its beginning; a path stays as it is. Raises SessionError
    where several begin so."""
    check_home(home)
    exact = any(is_there(home / kind / name) for kind in ("sessions", "sweeps"))
    if exact or "/" in name or is_sweep(Path(name)):
        return name  # the names of others may be closed to this account
    return whole_name(name, list(dict.fromkeys([*session_names(home), *sweep_names(home)])))


def at_work(home: Path) -> list[Path]:
    """Directories of the sessions and sweeps of `home` that something works on, sessions first."""
    sessions = [home / "sessions" / name for name in session_names(home)]
    sweeps = [home / "sweeps" / name for name in sweep_names(home)]
    return [one for one in sessions if is_live(one)] + [one for one in sweeps if is_worked_on(one)]


def sweep_names(home: Path) -> list[str]:
    """Names of the sweeps in `home`; SessionError where this account may not know them."""
    check_list(home / "sweeps")
    return sorted(path.parent.name for path in (home / "sweeps").glob(f"*/{RECORD}"))


def record_of(sweep: "Sweep", engines: int, cores: int) -> SweepRecord:
    """What is to be written down of a sweep that is about to start."""
    arms = [
        ArmRecord(arm.label, dict(arm.varied), arm.session, arm.config.seeds, arm.config.to_dict())
        for arm in sweep.arms
    ]
    return SweepRecord(sweep.name, sweep.title, tuple(arms), sweep.notes, engines, cores)


def arm_session(directory: Path, session: str) -> Session | None:
    """The session of an arm; None before it is made."""
    path = directory / "sessions" / session
    return Session(path) if (path / "session.db").is_file() else None


def take_over(directory: Path, sweep: "Sweep") -> dict[str, str]:
    """Copy what other sweeps of the home have finished of this one's arms; by the arm's session,
    the sweep that it comes from.

    An arm is the same where the whole experiment is, but for its seeds: those that it lacks are run
    here. What an engine is at work on is left alone.
    """
    found = {}
    for arm in sweep.arms:
        place = directory / "sessions" / arm.session
        other = None if place.exists() else _same_elsewhere(directory, arm)
        if other is not None and _copy(other, place):
            found[arm.session] = other.parent.parent.name
    return found


def _same_elsewhere(directory: Path, arm: "Arm") -> Path | None:
    from tui_al.core.settings.sweep import essence

    _, _, digits = arm.session.rpartition("-")
    for path in sorted(directory.parent.glob(f"*/sessions/*-{digits}")):
        if not (path / "session.db").is_file() or not is_sweep(path.parent.parent):
            continue
        with contextlib.suppress(SessionError), Session(path) as session:
            state = session.state()
            done = [seed for seed, run in state.runs.items() if run.status == "finished"]
            same = state.config is not None and essence(state.config) == essence(arm.config)
            if same and set(done) & set(arm.config.seeds):
                return path
    return None


def _copy(session: Path, place: Path) -> bool:
    """Whether the session could be copied; it appears whole or not at all."""
    try:
        lock = take_engine_lock(session)
    except SessionError:  # an engine is at work on it
        return False
    try:
        make_directory(place.parent)
        with temp_dir(place.parent, place.name) as making:
            copied = making / place.name
            shutil.copytree(session, copied, ignore=shutil.ignore_patterns("engine.lock"))
            copied.rename(place)
    finally:
        os.close(lock)
    return True


def keep_scores(directory: Path, name: str, plain: Mapping[str, Any]) -> Path:
    """Keep a comparison of scores with a sweep, in place of an earlier one of that name; it appears
    whole or not at all."""
    folder = directory / "scores"
    make_directory(folder)
    path = folder / f"{name}.json"
    write_file(path, json.dumps(plain, indent=1, ensure_ascii=False))
    return path


def kept_scores(directory: Path) -> list[dict[str, Any]]:
    """What `keep_scores` kept, by name; raises SessionError for a damaged file, MachineError as
    `read_record`."""
    found = []
    for path in sorted((directory / "scores").glob("*.json")):
        try:
            found.append(json.loads(read_bytes(path, _LARGEST)))
        except OSError as error:
            raise unreadable(path, error, SessionError) from error
        except (ValueError, RecursionError) as error:
            raise SessionError(
                f"{path} cannot be read: {error}.", "Remove it, or compare the scores again."
            ) from error
    return found


@contextlib.contextmanager
def sweep_lock(directory: Path) -> Iterator[None]:
    """Be the only command that works on the sweep; raises SessionError that names the other."""
    make_directory(directory)
    descriptor = open_file(directory / "sweep.lock", os.O_RDWR)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
            raise SessionError(
                f"Another command works on sweep {directory.name} ({holder or 'starting'}).",
                "Wait for it to finish, or stop it with Ctrl-C there.",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {os.uname().nodename}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
