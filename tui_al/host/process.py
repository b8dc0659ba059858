"""The engine seen from outside: ask it about data, let it make a session, start it for good, learn
how it ended.

The engine is always another process, never a thread: its libraries take seconds to import, may
crash natively, and must not stutter the screen. A started engine is detached (its own process
session, output to `engine.log`), so it outlives the terminal."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_al import errors
from tui_al.core.data.examples import Dataset
from tui_al.core.data.preview import Preview
from tui_al.core.session.state import SessionState, fold
from tui_al.core.settings.experiment import DataConfig, ExperimentConfig
from tui_al.errors import EngineError, TuiAlError
from tui_al.host.background import in_background
from tui_al.host.cuda import engine_environment
from tui_al.host.interpreter import module_command
from tui_al.host.notification import VARIABLE, check_target
from tui_al.store.engine_lock import is_live, take_engine_lock
from tui_al.store.examples import read_examples
from tui_al.store.lock_file import EXIT_FILE
from tui_al.store.session import Session
from tui_al.store.sharing import open_file
from tui_al.store.strangers import read_bytes

if TYPE_CHECKING:
    from tui_al.host.placement import Slot

LOG_FILE = "engine.log"

#: Seconds after an engine's death in which the note of how it ended may still be on its way.
_NOTE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class EngineEnd:
    """How an engine died: what happened, what to do, and the end of its log."""

    cause: str
    hint: str
    log_tail: tuple[str, ...]


def preview(data: DataConfig) -> Preview:
    """What a data set holds. Blocks; raises what reading it raises (DataError, HubError)."""
    return Preview.from_plain(_ask("preview", {"data": asdict(data)}))


def load_dataset(data: DataConfig) -> Dataset:
    """A data set as it is read. Blocks; raises what reading it raises (ConfigError, DataError,
    HubError)."""
    with tempfile.TemporaryDirectory(prefix="tui-al-data-") as place:
        path = Path(place, "examples.db")
        _ask("load", {"data": asdict(data), "to": str(path)})
        return read_examples(path)


def check_names(configs: Sequence[tuple[str, ExperimentConfig]]) -> None:
    """Raise what is wrong with the names of data, models and devices in experiments, by what each
    is called. Blocks."""
    _ask("check", {"configs": [[called, config.to_dict()] for called, config in configs]})


def create_session(
    home: Path, config: ExperimentConfig, name: str | None = None, *, group: int | None = None
) -> Path:
    """The directory of the experiment's session, made if need be, for a group if one is given.
    Blocks; raises any TuiAlError."""
    from tui_al.host.machine import manifest  # here, because every screen imports this module

    request = {
        "home": str(home),
        "config": config.to_dict(),
        "name": name,
        "group": group,
        "manifest": manifest(),
    }
    return Path(_ask("create", request)["directory"])


def start_engine(
    directory: Path, slot: "Slot | None" = None, shared: tuple[Path, int] | None = None
) -> int:
    """Start a detached engine on a session and return the number of the process that watches over
    it.

    Args:
        slot: the cores or the GPU to keep to.
        shared: in a sweep, the folder of what its sessions share, and the place to begin among the
        seeds.

    Raises:
        SessionError: one is at work already.
        ConfigError: nobody could be notified of its end as the environment says.
    """
    check_target()
    lock = take_engine_lock(directory)
    cores = ",".join(map(str, slot.cores)) if slot else ""
    arguments = [str(directory), str(lock), cores, *map(str, shared or ())]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    try:
        with Session(directory) as session:
            device = str(session.created().config.get("device", "auto"))
        environment |= engine_environment(device, slot.gpu if slot else "")
        if shared is not None:  # of a sweep its end is told, not that of each cell
            environment.pop(VARIABLE, None)
        (directory / EXIT_FILE).unlink(missing_ok=True)
        with os.fdopen(open_file(directory / LOG_FILE, os.O_WRONLY | os.O_APPEND), "ab") as log:
            watcher = subprocess.Popen(
                module_command("tui_al.host.supervisor", *arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # for what it makes elsewhere; a session's files have the session's mode
                umask=0o077,
                pass_fds=(lock,),
                env=environment,
            )
    finally:
        os.close(lock)
    in_background(watcher.wait)  # so that it leaves no zombie
    return watcher.pid


def stop_engine(directory: Path, seconds: float = 60.0) -> bool:
    """Ask the engine to stop and wait; whether it did in time."""
    with Session(directory) as session:
        session.send("stop")
    deadline = time.monotonic() + seconds
    while is_live(directory):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def engine_end(directory: Path) -> EngineEnd | None:
    """How the session's last engine died; None while one is live, when none ever ran, or when it
    left in good order."""
    if is_live(directory):
        return None
    with Session(directory) as session:
        state = fold(session.events())  # not `state()`: the labels of today lie among all decisions
    note = _exit_note(directory)
    if state.finished or (state.ended and not died_silently(directory, state)):
        return None
    if note is None and state.engine is None:
        return None
    if note is None and time.time() - state.updated < _NOTE_SECONDS:
        return None
    tail = log_tail(directory)
    cause, hint = _explain(None if note is None else int(note["code"]), directory, tail)
    return EngineEnd(cause, hint, tail)


def died_silently(directory: Path, state: SessionState) -> bool:
    """Whether the last engine ended with an error before it could say anything; quick."""
    note = _exit_note(directory)
    if note is None or note.get("code") in (0, -signal.SIGTERM):
        return False
    return bool(note.get("began", 0.0) > state.updated)


def why_not_at_work(directory: Path, state: SessionState) -> tuple[str, str]:
    """Why a session that nobody works on came to a halt, and what to do: its last engine failed or
    died.

    "" and "" while an engine is at work, before any was, and after one that left in good order.
    """
    if is_live(directory):
        return "", ""
    end = engine_end(directory)
    return (end.cause, end.hint) if end else state.failure


def log_tail(directory: Path, lines: int = 15) -> tuple[str, ...]:
    """The last lines of the engine's log."""
    try:
        said = read_bytes(directory / LOG_FILE, 16_384, end=True)
    except FileNotFoundError:
        return ()
    return tuple(said.decode("utf-8", "replace").splitlines()[-lines:])


def _exit_note(directory: Path) -> Mapping[str, Any] | None:
    try:
        note = json.loads(read_bytes(directory / EXIT_FILE, 16_384))
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    numbers = isinstance(note, dict) and [note.get("code"), note.get("began", 0)]
    return note if numbers and all(isinstance(one, int | float) for one in numbers) else None


def _explain(code: int | None, directory: Path, tail: Sequence[str]) -> tuple[str, str]:
    resume = "Nothing that was finished is lost: resume it to go on after the last finished round."
    log = f"Its log is {directory / LOG_FILE}."
    if code is None:
        return (
            "The engine is gone, and what watched over it too: stopped from outside, or the "
            "machine restarted.",
            resume,
        )
    if code == -signal.SIGKILL:
        return (
            "The engine was killed (signal 9): most likely the machine ran out of memory.",
            f"{resume} If it happens again, choose a smaller model, batch or maximum length.",
        )
    if code in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL):
        name = signal.Signals(-code).name
        return (
            f"The engine crashed in native code ({name}).",
            f"{resume} {log} A driver or library that does not fit is the usual reason: see "
            "tui-al doctor.",
        )
    if code < 0:
        return f"The engine was stopped by signal {-code}.", resume
    last = next((line.strip() for line in reversed(tail) if line.strip()), "")
    said = f": {last[:300]}" if last else "."
    return f"The engine ended with an error (exit code {code}){said}", f"{log} {resume}"


def _ask(command: str, request: Mapping[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        module_command("tui_al.engine", command),
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        reply = json.loads(done.stdout)
    except ValueError:
        tail = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise EngineError(
            f"The engine could not answer ({command}): {tail[0]}.",
            "`tui-al doctor` tells whether the installation is complete.",
        ) from None
    assert isinstance(reply, dict)
    if "error" in reply:
        kind = getattr(errors, reply["error"]["type"], TuiAlError)
        raise kind(reply["error"]["message"], reply["error"]["hint"]).at(reply["error"]["setting"])
    return reply
