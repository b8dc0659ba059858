"""How quick the app is while an engine trains on all cores: `python -m
tests.benchmarks.ui_latency`. Takes about three minutes.

A recorded session of the sample data, half done, is taken up by a real engine, which trains MiniLM.
Beside it the app runs on a pseudo-terminal of 120x40, on the Run screen, two finished sessions laid
over the curve. Measured are: from a key to the frame that shows what it did, as it arrives at the
terminal; by how much the event loop is late when it wants to wake; from the command to the first
frame, and to the first with the curve; and how much is written while nobody presses anything."""

import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from tests.benchmarks.table import Table
from tests.pictures import story
from tests.ui.terminals import Pty, until
from tui_al.core.session.events import Progress
from tui_al.host import process
from tui_al.store.session import Session
from tui_al.ui.terminal import Terminal

NAME = "tickets-adapter"

#: Log, engine.log, back to the table, help, closed; and what is written only when what each shows
#: is painted. (Escape would measure how long a terminal program must wait to tell it from the
#: beginning of another key.)
KEYS = (
    ("l", b"asked about"),
    ("l", b"engine.log"),
    ("l", b"successor"),
    ("\x1bOP", b"Everywhere"),
    ("\r", b"accuracy on"),
)
PRESSES, STARTS, QUIET, BEAT = 100, 9, 60.0, 0.02


@dataclass
class Measured:
    """In seconds; `written` in bytes a minute; `engine` is the share of all cores that the engine
    had meanwhile."""

    first: list[float] = field(default_factory=list)
    curve: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    written: float = 0.0
    engine: float = 0.0


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        _say("recording sessions")
        story.record_all(home)
        session = home / "sessions" / NAME
        process.start_engine(session)
        try:
            _say("waiting for the engine to train")
            pid = until(
                lambda: _training(session), 300, lambda: "\n".join(process.log_tail(session))
            )
            measured = Measured()
            began, spent = time.monotonic(), _cpu_seconds(pid)
            _say("first frames")
            for _ in range(STARTS):
                _start(home, measured)
            _watch(home, session, Path(directory, "late.json"), measured)
            spent = _cpu_seconds(pid) - spent
            measured.engine = spent / (time.monotonic() - began) / psutil.cpu_count()
        finally:
            process.stop_engine(session)
    _table(measured).tell(Path(sys.argv[2]) if sys.argv[1:2] == ["--out"] else None)


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what} …", file=sys.stderr, flush=True)


def _training(session: Path) -> int | None:
    """The engine's process, once it trains."""
    with Session(session) as opened:
        engine = opened.state().engine
        last = opened.events()[-1].event
    if engine is None or engine.pid == story.PID:
        return None
    return engine.pid if isinstance(last, Progress) and last.step > 3 else None


def _cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _start(home: Path, measured: Measured) -> None:
    """From the command to the name of the session on the screen, and to its curve."""
    began = time.perf_counter()
    terminal = Pty(home, ["attach", NAME])
    terminal.read_until(lambda: NAME.encode() in terminal.output)
    measured.first.append(time.perf_counter() - began)
    terminal.read_until(lambda: b"accuracy on" in terminal.output)
    measured.curve.append(time.perf_counter() - began)
    _leave(terminal)


def _watch(home: Path, session: Path, note: Path, measured: Measured) -> None:
    """Keys, beats of the event loop, and what is written."""
    terminal = Pty(home, [str(session), str(note)], module="tests.benchmarks.ui_latency")
    terminal.read_until(lambda: b"accuracy on" in terminal.output)
    _let(terminal, 3)
    _say(f"{PRESSES} keys")
    for press in range(PRESSES):
        key, painted = KEYS[press % len(KEYS)]
        terminal.output.clear()
        began = time.perf_counter()
        terminal.press(key)
        while painted not in terminal.output:
            assert terminal.read(10), (
                f"nothing was painted after {key!r}: {terminal.output[-500:]!r}"
            )
        measured.keys.append(time.perf_counter() - began)
        _let(terminal, 0.2)
    _say(f"{QUIET:.0f} s without a key")
    terminal.output.clear()
    _let(terminal, QUIET)
    measured.written = len(terminal.output) * 60 / QUIET
    _leave(terminal)
    measured.late = json.loads(note.read_text())


def _let(terminal: Pty, seconds: float) -> None:
    """Let it go on, and read what it writes."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        terminal.read(left)


def _leave(terminal: Pty) -> None:
    terminal.press("q")
    terminal.read_until(lambda: terminal.process.poll() is not None)
    terminal.hang_up()


def _run_measured(session: Path, note: Path) -> None:
    """The app, in which a task asks to be woken again and again and notes how late it was."""
    terminal = Terminal.read()
    terminal.prepare()
    from tui_al.ui.app import TuiAl

    late: list[float] = []

    class Beating(TuiAl):
        async def on_load(self) -> None:
            self.beating = asyncio.create_task(beat())

    async def beat() -> None:
        while True:
            asked = time.perf_counter() + BEAT
            await asyncio.sleep(BEAT)
            late.append(max(0.0, time.perf_counter() - asked))

    Beating(session.parent.parent, session, terminal).run()
    note.write_text(json.dumps(late))


def _table(measured: Measured) -> Table:
    from tests.benchmarks.conditions import conditions, line  # torch, which the app must not load

    rows = []
    for name, seconds, percentile in (
        ("key to painted frame, p95", measured.keys, 95),
        ("event loop late, p95", measured.late, 95),
        ("first frame, median", measured.first, 50),
        ("first frame with the curve, median", measured.curve, 50),
    ):
        numbers = (np.percentile(seconds, percentile), np.median(seconds), max(seconds))
        rows.append((name, *(f"{v * 1000:.3g} ms" for v in numbers), str(len(seconds))))
    rows.append(("written on the Run screen", f"{measured.written / 1000:.3g} kB/min", "", "", "1"))
    return Table(
        f"The Run screen at 120x40 while the engine takes {measured.engine:.0%} of all cores",
        "python -m tests.benchmarks.ui_latency",
        line(conditions(psutil.cpu_count() or 1)),
        ("what", "measured", "median", "worst", "of"),
        tuple(rows),
    )


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] != "--out":
        _run_measured(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        main()
