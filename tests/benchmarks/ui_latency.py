"""How quick the app is while an engine trains on all cores: `python -m tests.benchmarks.ui_latency`. Takes about three minutes.

The app runs on a pseudo-terminal of 120x40, as over SSH, on the Run screen of the sample experiment. Measured are: from a key to the
frame that shows what it did, as it arrives at the terminal; by how much the event loop is late when it wants to wake; from the
command to the first frame; and how much is written while nobody presses anything.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from tests.ui.terminals import Pty, until
from tui_al.core.presets import sample_experiment
from tui_al.host import process
from tui_al.host.machine import manifest
from tui_al.store.session import Session
from tui_al.ui.terminal import Terminal

#: t, t, F1, Enter; and what is written only when what each shows is painted. (Escape would measure how long a terminal program
#: must wait to tell it from the beginning of another key.)
KEYS = (("t", b"scoring"), ("t", b"accuracy on"), ("\x1bOP", b"Everywhere"), ("\r", b"accuracy on"))
PRESSES, STARTS, QUIET, BEAT = 60, 7, 60.0, 0.02


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        sample = sample_experiment()
        longer = replace(sample, loop=replace(sample.loop, rounds=30))
        session = process.create_session(home, longer, "bench")
        process.start_engine(session)
        try:
            until(lambda: _points(session) >= 1, 600)
            starts = [_first_frame(home) for _ in range(STARTS)]
            keys, late, written = _watch(home, session, Path(directory, "late.json"))
        finally:
            process.stop_engine(session)
    _print_table(keys, late, starts, written)


def _points(session: Path) -> int:
    with Session(session) as opened:
        return sum(len(run.points) for run in opened.state().runs.values())


def _first_frame(home: Path) -> float:
    """Seconds from the command to the name of the session on the screen."""
    began = time.perf_counter()
    terminal = Pty(home, ["attach", "bench"])
    terminal.read_until(lambda: b"bench" in terminal.output)
    taken = time.perf_counter() - began
    terminal.press("q")
    terminal.read_until(lambda: terminal.process.poll() is not None)
    terminal.hang_up()
    return taken


def _watch(home: Path, session: Path, note: Path) -> tuple[list[float], list[float], float]:
    """Seconds from key to frame, seconds that the loop was late, and bytes a minute."""
    terminal = Pty(home, [str(session), str(note)], module="tests.benchmarks.ui_latency")
    terminal.read_until(lambda: b"accuracy on" in terminal.output)
    _let(terminal, 3)
    keys = []
    for press in range(PRESSES):
        key, painted = KEYS[press % len(KEYS)]
        terminal.output.clear()
        began = time.perf_counter()
        terminal.press(key)
        while painted not in terminal.output:
            assert terminal.read(10), f"nothing was painted after {key!r}"
        keys.append(time.perf_counter() - began)
        _let(terminal, 0.3)
    terminal.output.clear()
    _let(terminal, QUIET)
    written = len(terminal.output) * 60 / QUIET
    terminal.press("q")
    terminal.read_until(lambda: terminal.process.poll() is not None)
    terminal.hang_up()
    return keys, json.loads(note.read_text()), written


def _let(terminal: Pty, seconds: float) -> None:
    """Let it go on, and read what it writes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        terminal.read(deadline - time.monotonic())


def _run_measured(session: Path, note: Path) -> None:
    """The app, in which a task asks to be woken again and again and notes how late it was."""
    terminal = Terminal.read()
    terminal.prepare()
    from tui_al.ui.app import TuiAl

    late: list[float] = []

    class Measured(TuiAl):
        async def on_load(self) -> None:
            self.beating = asyncio.create_task(beat())

    async def beat() -> None:
        while True:
            asked = time.perf_counter() + BEAT
            await asyncio.sleep(BEAT)
            late.append(max(0.0, time.perf_counter() - asked))

    Measured(session.parent.parent, session, terminal).run()
    note.write_text(json.dumps(late))


def _print_table(
    keys: Sequence[float], late: Sequence[float], starts: Sequence[float], written: float
) -> None:
    machine: dict[str, Any] = manifest()
    print(f"{date.today()}, {machine.get('cpu')}, {machine.get('cores')} cores, 120x40, engine training on all cores\n")  # fmt: skip
    rows = (
        ("key to painted frame, p95", np.percentile(keys, 95) * 1000, 50, "ms"),
        ("event loop late, p95", np.percentile(late, 95) * 1000, 5, "ms"),
        ("first frame, median", np.median(starts), 0.7, "s"),
        ("written on the Run screen", written / 1000, 300, "kB/min"),
    )
    print("| what | measured | at most |\n| --- | --- | --- |")
    for name, value, most, unit in rows:
        print(f"| {name} | {value:.3g} {unit} | {most:g} {unit} |")
    print(f"\nmedians: key {np.median(keys) * 1000:.3g} ms, loop {np.median(late) * 1000:.3g} ms; of {len(keys)} keys, {len(late)} beats, {len(starts)} starts")  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _run_measured(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        main()
