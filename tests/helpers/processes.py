"""The other side of the fork server: processes that are started, struck and waited for."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.traps import CASE, TRAP
from tests.faults.injector import Control, compile_shim
from tests.helpers import launcher
from tui_al.host.process import start_engine
from tui_al.store.engine_lock import is_live
from tui_al.store.session import Session

ROOT = Path(__file__).parents[2]

#: Environment variables: what stands where Python is expected, and the number of the server's
#: process.
STUB, SERVER = "TUI_AL_FORK_STUB", "TUI_AL_FORK_PROCESS"

#: Another: the file by which calls are made to fail, where the processes have the shim of
#: `tests.faults`.
CONTROL = "TUI_AL_FAILING_CALLS"

#: What the server and its processes have in their environment: no GPU, no network, one thread.
CALM = {
    "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
    "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1", "TEXTUAL_ANIMATIONS": "none",
}  # fmt: skip

#: Seconds after which a process that was asked to leave counts as one that stays.
PATIENCE = 30.0

#: Seconds that an engine waits for what passes, in a campaign with failing calls.
WAITS = "2"


class FaultError(AssertionError):
    """Something is lost, differs, stays behind or does not end."""


def wait_for(what: Callable[[], Any], seconds: float, tell: str) -> Any:
    """What `what` returns once that is true; a fault after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > deadline:
            raise FaultError(f"not within {seconds:.0f} s: {tell}")
        time.sleep(0.02)
    return found


@dataclass
class Victim:
    """A process of the fork server."""

    pid: int
    connection: socket.socket
    code: int | None = None

    def strike(self, name: int) -> None:
        """A signal; one to a process that has left already is nothing."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, name)

    def stopped(self) -> bool:
        """Whether it stands still (SIGSTOP)."""
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{self.pid}/stat").read_text()
            return text.rpartition(")")[2].split()[0] == "T"
        return False

    def wait(self, seconds: float) -> int | None:
        """Exit code, or minus the signal; None if it lives on."""
        if self.code is None:
            self.connection.settimeout(max(0.001, seconds))
            try:
                told = self.connection.recv(launcher.LARGEST)
            except TimeoutError:
                return None
            self.code = json.loads(told)["code"] if told else 1
            self.connection.close()
        return self.code


@contextlib.contextmanager
def fork_server(directory: Path, *, failing: bool = False) -> Iterator[dict[str, str]]:
    """A fork server of one's own; the environment of a process that is to use it. `failing`: calls
    of its processes can be made to fail."""
    directory.mkdir(parents=True, exist_ok=True)
    server, environment = _start_server(directory, failing=failing)
    try:
        yield environment
    finally:
        server.kill()
        server.wait()


@contextlib.contextmanager
def shared_fork_server(directory: Path) -> Iterator[dict[str, str]]:
    """The fork server of all who name this directory, started by the first; it ends when the last
    one has left. The environment of a process that is to use it."""
    known = directory / "fork.json"
    server = None
    with (directory / "fork.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        holder = _held(directory / "fork.socket")
        if holder is None:
            server, environment = _start_server(directory)
            names = (launcher.SOCKET, STUB, SERVER)
            known.write_text(json.dumps({name: environment[name] for name in names}))
            holder = _held(directory / "fork.socket")
            assert holder is not None
        more: dict[str, str] = json.loads(known.read_text())
    try:
        yield {**os.environ, **CALM, **more}
    finally:
        holder.close()
        if server is not None:
            server.wait()  # for those who still need it


def _held(place: Path) -> socket.socket | None:
    """A connection that keeps the server there from leaving; None if there is none."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with contextlib.suppress(OSError):
        connection.connect(str(place))
        connection.send(json.dumps({"do": "hold"}).encode())
        if connection.recv(launcher.LARGEST) == b"held":
            return connection
    connection.close()
    return None


def _start_server(
    directory: Path, *, failing: bool = False
) -> tuple["subprocess.Popen[bytes]", dict[str, str]]:
    """A server that is ready, and the environment of a process that is to use it."""
    stub = directory / "python"
    text = Path(launcher.__file__).read_text()
    stub.write_text(f"#!{os.path.realpath(sys.executable)} -SEs\n{text}")
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    place = directory / "fork.socket"
    place.unlink(missing_ok=True)
    environment = {**os.environ, **CALM}
    if failing:
        shim = compile_shim(directory)
        if shim is None:
            raise OSError("calls cannot be made to fail without a C compiler")
        environment["LD_PRELOAD"] = str(shim)
        environment[CONTROL] = str(directory / "failing")
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.fork_server", str(place), str(stub)], cwd=ROOT,
        env=environment
    )  # fmt: skip
    try:
        wait_for(lambda: place.exists() or server.poll() is not None, 600, "the fork server")
    except BaseException:
        server.kill()
        server.wait()
        raise
    more = {launcher.SOCKET: str(place), STUB: str(stub), SERVER: str(server.pid)}
    return server, {**environment, **more}


class Forks:
    """A fork server, by the environment of a process that is to use it (this process's)."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.socket, self.stub = environment[launcher.SOCKET], environment[STUB]
        self._server = environment[SERVER]
        failing = environment.get(CONTROL)
        self.control = Control(Path(failing)) if failing else None
        self._environment = {
            k: v for k, v in environment.items() if k not in (STUB, SERVER, CONTROL)
        }

    def environment(self, case: Path, trap: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Of a process of this case; temporary files go into the case, so that what is left of them
        is seen."""
        temporary = case / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        kept = {
            name: value for name, value in self._environment.items()
            if name not in ("NO_COLOR", "TMUX", "SSH_CONNECTION", "SSH_TTY", "COLUMNS", "LINES")
        }  # fmt: skip
        made = {
            **kept, launcher.SOCKET: self.socket, CASE: str(case), "TMPDIR": str(temporary),
            "TERM": "xterm-256color",
            "TUI_AL_HOME": str(case / "home"), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        if self.control is not None:
            made |= {
                "FAULTS_CONTROL": str(self.control.path),
                "FAULTS_DIRECTORY": str(case),
                "TUI_AL_WAIT_SECONDS": WAITS,
            }
        return made | ({TRAP: json.dumps(trap)} if trap else {})

    def start(
        self, case: Path, arguments: Sequence[str], *, trap: Mapping[str, Any] | None = None,
        terminal: int | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Victim:  # fmt: skip
        """A process of `python -m ARGUMENTS`, on a terminal, or with its output in files of the
        case."""
        environment = self.environment(case, trap) | dict(more or {})
        if terminal is None:
            files = [os.open(os.devnull, os.O_RDONLY)] + [
                os.open(self._said(case, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
                for name in ("stdout", "stderr")
            ]
        else:
            files = [os.dup(terminal) for _ in range(3)]
        request = {
            "do": "run", "arguments": ["-m", *arguments], "environment": environment,
            "directory": str(case),
            "leader": True, "terminal": terminal is not None, "numbers": [0, 1, 2], "umask": 0o022,
        }  # fmt: skip
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(self.socket)
        socket.send_fds(connection, [json.dumps(request).encode()], files)
        for one in files:
            os.close(one)
        pid = json.loads(connection.recv(launcher.LARGEST))["pid"]
        return Victim(pid, connection)

    @staticmethod
    def _said(case: Path, name: str) -> Path:
        """Where output goes: beside the case, whose files fail, and linked from it."""
        place = case.parent / f"{case.name}.{name}"
        with contextlib.suppress(FileExistsError):
            (case / name).symlink_to(place)
        return place

    def run(self, case: Path, arguments: Sequence[str], *, seconds: float = 60.0) -> int:
        """A command to its end; its exit code."""
        victim = self.start(case, arguments)
        code = victim.wait(seconds)
        if code is None:
            victim.strike(signal.SIGKILL)
            raise FaultError(f"{arguments} does not end within {seconds:.0f} s")
        return code

    def engine(
        self,
        case: Path,
        session: Path,
        *,
        trap: Mapping[str, Any] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """A detached engine on a session, started as the app does."""
        environment, executable = dict(os.environ), sys.executable
        os.environ.update(self.environment(case, trap) | dict(more or {}))
        sys.executable = self.stub
        try:
            start_engine(session)
        finally:
            sys.executable = executable
            os.environ.clear()
            os.environ.update(environment)

    def engine_to_its_end(
        self, case: Path, session: Path, *, more: Mapping[str, str] | None = None
    ) -> None:
        """The same, until it has left; a fault if its session is not finished then."""
        self.engine(case, session, more=more)
        wait_for(lambda: not self.at_work(case, session), 120, "the engine's end")
        with Session(session) as opened:
            state = opened.state()
        if not state.finished:
            log = (session / "engine.log").read_text()[-2000:]
            raise FaultError(f"the engine left an unfinished session: {state.failure}\n{log}")

    def computed(self) -> float:
        """Seconds of processor time of all processes that have ended."""
        fields = Path(f"/proc/{self._server}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")

    def alive(self, case: Path) -> list[tuple[int, list[str]]]:
        """Processes of this case that live."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.connect(self.socket)
            connection.send(json.dumps({"do": "alive", "case": str(case)}).encode())
            return [
                (pid, arguments) for pid, arguments in json.loads(connection.recv(launcher.LARGEST))
            ]

    def at_work(self, case: Path, session: Path) -> bool:
        """Whether an engine is, or is on its way: the lock is held from before it starts."""
        return is_live(session) or bool(self.alive(case)) or is_live(session)

    def expect_no_ghosts(self, case: Path) -> None:
        """Fails if a process of this case lives on for five seconds."""
        deadline = time.monotonic() + 5
        while living := self.alive(case):
            if time.monotonic() > deadline:
                raise FaultError(f"ghosts: {living}")
            time.sleep(0.02)

    def kill_all(self, case: Path) -> None:
        """Kill what is left of a case; a fault if some of it cannot be killed."""
        deadline = time.monotonic() + 10
        while living := self.alive(case):
            for pid, _ in living:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise FaultError(f"not to be killed: {living}")
            time.sleep(0.01)

    def end_all(self, case: Path) -> None:
        """Kill what is left of a case, and remove it."""
        with contextlib.suppress(FaultError):
            self.kill_all(case)
        shutil.rmtree(case, ignore_errors=True)
        for name in ("stdout", "stderr", "stacks"):
            (case.parent / f"{case.name}.{name}").unlink(missing_ok=True)


def use_fork_server(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Forks:
    """Have `python -m MODULE`, as this process starts it by `sys.executable`, forked from now
    on."""
    forks = Forks(environment)
    monkeypatch.setenv(launcher.SOCKET, forks.socket)
    monkeypatch.setattr(sys, "executable", forks.stub)
    return forks
