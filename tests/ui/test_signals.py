"""Signals, and terminals that vanish, stand still or are taken away, by real ones: what is left of
the app, and of the terminal."""

import contextlib
import os
import re
import signal
import sqlite3
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ui.labelling import labelling_session
from tests.ui.terminals import Pty, until
from tui_al.ui.exit_guard import CLOSE_SECONDS

pytestmark = pytest.mark.slow

#: Private modes of a terminal as a shell has them: line wrap and the cursor are on, all else that
#: the app sets is off.
ON = {b"7", b"25"}

#: Wide enough for a busy machine; without a bound it is for ever.
SECONDS = 20.0


@pytest.fixture
def directory(home: Path) -> Path:
    """A session in which samples are to be had."""
    made = labelling_session(home, "held")
    made.rank(0)
    return made.directory


@contextmanager
def labelling(
    home: Path, directory: Path, ignored: tuple[int, ...] = (), module: str = "tui_al"
) -> Iterator[Pty]:
    """The app in a terminal, with a sample on the screen and others held ready."""
    terminal = Pty(home, ["attach", "held"], module=module, ignored=ignored)
    try:
        terminal.read_until(lambda: held(directory) > 1 and b"saved" in terminal.output)
        settle(terminal)
        yield terminal
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.process.wait()
        with contextlib.suppress(OSError):
            terminal.hang_up()


def held(directory: Path) -> int:
    """Samples that some client has claimed and not answered."""
    with contextlib.closing(sqlite3.connect(directory / "session.db")) as db:
        (count,) = db.execute("SELECT count(*) FROM claims WHERE NOT answered").fetchone()
    return int(count)


def settle(terminal: Pty) -> None:
    """Read until it is silent."""
    while terminal.read(0.4):
        pass


def ends(terminal: Pty, seconds: float = SECONDS) -> int:
    """The exit code, the terminal read meanwhile."""
    terminal.read_until(lambda: terminal.process.poll() is not None, seconds)
    while terminal.read(0.1):
        pass
    return int(terminal.process.returncode)


def check_is_restored(terminal: Pty) -> None:
    """As the shell left it: cooked, on the usual screen, no reports of mouse, focus or paste, the
    cursor there."""
    assert termios.tcgetattr(terminal.master) == terminal.modes
    last = dict(re.findall(rb"\x1b\[\?(\d+)([hl])", bytes(terminal.output)))
    assert {b"1049", b"1000", b"2004", b"1004"} <= set(last)  # the app did set them
    assert {mode for mode, setting in last.items() if setting == b"h"} == ON
    assert terminal.output.rfind(b"\x1b[<u") > terminal.output.rfind(
        b"\x1b[>25u"
    )  # kitty's keyboard


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_the_app_in_good_order(home: Path, directory: Path, number: int) -> None:
    with labelling(home, directory) as terminal:
        assert termios.tcgetattr(terminal.master) != terminal.modes
        os.kill(terminal.process.pid, number)
        assert ends(terminal) == 128 + number
        check_is_restored(terminal)
    assert held(directory) == 0


@pytest.mark.parametrize("ignored", [(), (signal.SIGHUP,)], ids=["HUP", "HUP ignored"])
def test_a_terminal_that_hangs_up_leaves_no_ghost(
    home: Path, directory: Path, ignored: tuple[int, ...]
) -> None:
    with labelling(home, directory, ignored) as terminal:
        if ignored:
            os.kill(terminal.process.pid, signal.SIGHUP)
            settle(terminal)
            assert terminal.process.poll() is None
        terminal.hang_up()
        assert terminal.process.wait(SECONDS) == 128 + signal.SIGHUP
    assert held(directory) == 0


def stopped(terminal: Pty) -> bool:
    """Whether the process does not run, by the kernel's word."""
    stat = Path(f"/proc/{terminal.process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_stopped_and_continued_it_is_as_before_and_leaves_as_ever(
    home: Path, directory: Path, number: int
) -> None:
    """SIGSTOP gives no time to restore anything: the shell does, so what it sets is set here."""
    with labelling(home, directory) as terminal:
        raw = termios.tcgetattr(terminal.master)
        os.kill(terminal.process.pid, number)
        terminal.read_until(lambda: stopped(terminal))
        settle(terminal)
        if number == signal.SIGTSTP:
            check_is_restored(terminal)
        else:
            termios.tcsetattr(terminal.master, termios.TCSANOW, terminal.modes)
        terminal.output.clear()
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.read_until(lambda: b"saved" in terminal.output)  # painted anew
        settle(terminal)
        assert termios.tcgetattr(terminal.master) == raw
        terminal.press("q")
        assert ends(terminal) == 0
        check_is_restored(terminal)
    assert held(directory) == 0


def test_ended_while_it_is_stopped_it_ends_and_does_not_come_back(
    home: Path, directory: Path
) -> None:
    with labelling(home, directory) as terminal:
        os.kill(terminal.process.pid, signal.SIGTSTP)
        terminal.read_until(lambda: stopped(terminal))
        settle(terminal)
        terminal.output.clear()
        os.kill(terminal.process.pid, signal.SIGTERM)
        os.kill(terminal.process.pid, signal.SIGCONT)
        assert ends(terminal) == 128 + signal.SIGTERM
        assert b"\x1b[?1049h" not in terminal.output
    assert held(directory) == 0


def test_a_terminal_that_takes_no_output_keeps_nobody(home: Path, directory: Path) -> None:
    """As behind a connection that stands still: what the app paints piles up until its writer
    waits."""
    with labelling(home, directory) as terminal:
        for _ in range(60):
            terminal.press("\x14?\x1b")  # themes and helps, whose paint nobody reads
            time.sleep(0.02)
        until(lambda: waits_to_write(terminal.process.pid), SECONDS)
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert terminal.process.wait(SECONDS) == 128 + signal.SIGTERM
        assert termios.tcgetattr(terminal.master) == terminal.modes
    assert held(directory) == 0


def test_an_app_that_hangs_is_ended_all_the_same(home: Path, directory: Path) -> None:
    with labelling(home, directory, module="tests.ui.hanging_app") as terminal:
        terminal.press("H")
        settle(terminal)
        asked = time.monotonic()
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert ends(terminal) == 128 + signal.SIGTERM
        assert time.monotonic() - asked > CLOSE_SECONDS - 0.5  # it did hang
        check_is_restored(terminal)
    assert held(directory) == 0


def waits_to_write(process: int) -> bool:
    """Whether a thread sleeps in the terminal's driver."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return any(
        "n_tty_write" in (task / "wchan").read_text()
        or "wait_woken" in (task / "wchan").read_text()
        for task in tasks
    )
