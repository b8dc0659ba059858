"""A command of the program on a terminal, in a forked process: what it paints, and that it can be
ended."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

#: Seconds of silence after which the first frame is painted.
_QUIET = 0.7


def shown(command: Sequence[str], home: Path, painted: Path, patience: float, steering: str) -> str:
    """Run it until it ends, or until its first frame is painted, when it is asked to end; what is
    wrong with it, "" if nothing is.

    Args:
        command: arguments of tui-al; none: the app.
        painted: takes all that was painted.
        patience: seconds by the clock.
        steering: what no terminal may get.
    """
    child, master = pty.fork()
    if child == 0:
        _become(command, home)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    output, status = _until_quiet(child, master, patience)
    frame = status is None
    if status is None:
        os.kill(child, signal.SIGTERM)
        more, status = _until_quiet(child, master, patience, end=True)
        output += more
    if status is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    os.close(master)
    with painted.open("ab") as file:
        file.write(output)
    return _judged(output, status, frame, steering)


def _judged(output: bytes, status: int | None, frame: bool, steering: str) -> str:
    text = output.decode(errors="replace")
    if steering.split("\x1b[")[0] in text:
        return "the terminal is steered"
    if "Traceback" in text.replace("hint", "") and "most recent call last" in text:
        return f"a traceback: {text[-1500:]}"
    if status is None:
        return "it does not end"
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1, 2, 3, 4, 5, 6, 7, 130, 143):
        return f"ends with {code}: {text[-500:]}"
    return "" if output or not frame else "nothing is painted"


def _until_quiet(
    child: int, master: int, patience: float, *, end: bool = False
) -> tuple[bytes, int | None]:
    """What is painted until it is quiet (with `end`: until the process ends), and the status, if it
    ended."""
    output, began, last = b"", time.monotonic(), time.monotonic()
    while time.monotonic() < began + patience:
        ready, _, _ = select.select([master], [], [], 0.05)
        if ready:
            try:
                output += os.read(master, 65536)
                last = time.monotonic()
            except OSError:  # nobody has it open any more
                time.sleep(0.02)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return output, status
        if not end and output and time.monotonic() > last + _QUIET:
            return output, None
    return output, None


def _become(command: Sequence[str], home: Path) -> None:
    """In the child: never returns."""
    code = 99
    try:
        os.environ |= {
            "TUI_AL_HOME": str(home),
            "TERM": "xterm-256color",
            "TEXTUAL_ANIMATIONS": "none",
        }
        for name in ("NO_COLOR", "COLUMNS", "LINES", "TMUX"):
            os.environ.pop(name, None)
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        sys.argv = ["tui-al", *command]
        from tui_al.cli import main

        main()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
