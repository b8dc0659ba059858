"""Real terminals for the app: tmux, whose screen can be read, and a bare pty, which can hang up."""

import fcntl
import os
import pty
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tui_al.store.engine_lock import is_live

ROOT = Path(__file__).parents[2]

#: A small, quick, ordinary terminal; the person's own tmux settings stay out of it.
_SETTINGS = """
set -g status off
set -g remain-on-exit on
set -g default-terminal tmux-256color
set -g escape-time 10
"""


def environment(home: Path) -> dict[str, str]:
    """As after logging in, the sessions in `home`; what the tests' own surroundings say of colours
    stays out."""
    left_out = (
        "NO_COLOR", "TMUX", "TMUX_PANE", "SSH_CONNECTION", "SSH_TTY", "COLUMNS", "LINES",
        "PYTHONDONTWRITEBYTECODE",
    )  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "TUI_AL_HOME": str(home), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


def end_engines(home: Path) -> None:
    """Kill what is at work on the home's sessions."""
    for lock in home.glob("sessions/*/engine.lock"):
        if is_live(lock.parent) and (holder := lock.read_text().split()):
            os.kill(int(holder[1]), signal.SIGKILL)


T = TypeVar("T")


def until(what: Callable[[], T | None], seconds: float, tell: Callable[[], str] = str) -> T:
    """What `what` returns once that is true; fails with what `tell` says."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"not reached in {seconds} s:\n{tell()}"
        time.sleep(0.05)
    return found


def fresh_clone(directory: Path) -> Path:
    """What a clone holds, in `directory`, with this environment's programs where `make` would
    install its own."""
    clone = directory / "clone"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info")
    shutil.copytree(ROOT, clone, ignore=left_out)
    (clone / ".venv").mkdir()
    (clone / ".venv" / "bin").symlink_to(Path(sys.prefix) / "bin")
    (clone / ".venv" / ".run").touch()  # what make leaves when it has installed
    return clone


class Tmux:
    """One program after the other in a tmux of its own, `size` columns and rows."""

    def __init__(
        self, directory: Path, home: Path, size: tuple[int, int], root: Path = ROOT
    ) -> None:
        self._root = root
        self._socket = f"tui-al-{uuid.uuid4().hex[:8]}"
        self._settings = directory / "tmux.conf"
        self._settings.write_text(_SETTINGS)
        self._size = size
        self._environment = {**environment(home), "PYTHONPATH": str(root)}

    def __enter__(self) -> "Tmux":
        width, height = map(str, self._size)
        self._call("new-session", "-d", "-s", "it", "-x", width, "-y", height, "cat")
        return self

    def __exit__(self, *_: object) -> None:
        self._call("kill-server", check=False)

    def run(self, *arguments: str) -> None:
        """Run `tui-al` with these arguments in place of what ran before."""
        self.run_command(sys.executable, "-m", "tui_al", *arguments)

    def run_command(self, *command: str) -> None:
        """Run any program in place of what ran before."""
        self._call("respawn-pane", "-k", "-t", "it", "-c", str(self._root), shlex.join(command))

    def resize(self, width: int, height: int) -> None:
        """As dragging the corner of the window does."""
        self._call("resize-window", "-t", "it", "-x", str(width), "-y", str(height))

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: "q", "Enter", "F1"."""
        self._call("send-keys", "-t", "it", *keys)

    def screen(self) -> str:
        """What is to be seen."""
        return self._call("capture-pane", "-p", "-t", "it")

    def sees(self, *texts: str, seconds: float = 60.0) -> str:
        """Wait until all of it is on the screen, and return the screen."""

        def found() -> str:
            screen = self.screen()
            return screen if all(text in screen for text in texts) else ""

        return until(found, seconds, lambda: f"{texts} in\n{self.screen()}")

    def ended(self) -> bool:
        """Whether the program has left."""
        return self._call("display-message", "-p", "-t", "it", "#{pane_dead}").strip() == "1"

    def _call(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-L", self._socket, "-f", str(self._settings), *arguments],
            env=self._environment, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stderr
        return done.stdout


class Pty:
    """A program on a pseudo-terminal that it has as its controlling one, as in an SSH login."""

    def __init__(
        self,
        home: Path,
        arguments: Sequence[str],
        size: tuple[int, int] = (120, 40),
        module: str = "tui_al",
        ignored: Sequence[int] = (),
    ) -> None:
        """`ignored` are signals, as `nohup` has one ignored."""
        self.master, slave = pty.openpty()
        width, height = size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.output = bytearray()  #: of the program so far
        self.modes = termios.tcgetattr(
            self.master
        )  #: of the terminal, before the program changes any
        self.process = _with_terminal(slave, [module, *arguments], environment(home), ignored)
        os.close(slave)

    def press(self, keys: str) -> None:
        """Write as the keyboard does."""
        os.write(self.master, keys.encode())

    def read(self, seconds: float) -> bool:
        """Take what comes within that time, whose first bytes end the wait; whether anything
        came."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        try:
            got = os.read(self.master, 65536) if ready else b""
        except OSError:  # nobody has it open any more
            got = b""
        self.output += got
        return bool(got)

    def read_until(self, what: Callable[[], Any], seconds: float = 60.0) -> None:
        """Keep the terminal flowing until `what` holds."""

        def flowing() -> Any:
            self.read(0.05)
            return what()

        until(flowing, seconds, lambda: repr(bytes(self.output[-2000:])))

    def hang_up(self) -> None:
        """The line is cut."""
        os.close(self.master)


def _with_terminal(
    slave: int, arguments: Sequence[str], environ: Mapping[str, str], ignored: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Start a module, named first, as leader of a session whose controlling terminal is `slave`."""
    taking = (
        "import fcntl, os, signal, sys, termios;"
        f"[signal.signal(number, signal.SIG_IGN) for number in {list(map(int, ignored))}];"
        "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        "os.execv(sys.executable, [sys.executable, '-m', *sys.argv[1:]])"
    )
    return subprocess.Popen(
        [sys.executable, "-c", taking, *arguments],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=ROOT,
        env={**environ, "TERM": "xterm-256color"},
    )  # fmt: skip
