"""Memory over hours: an app in which somebody labels, its engine and viewers, and by how much the
memory of each grows."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
from scipy.stats import t as student

from tests.benchmarks.load_session import experiment, write_pool
from tests.ui.terminals import Pty, until
from tui_al.host import process
from tui_al.store.session import Session

#: Texts of the pool, viewers, seconds between two answers and two looks at the memory.
POOL, VIEWERS, ANSWER, LOOK = 20_000, 3, 2.0, 5.0

#: Seconds in which programs take the memory that they work with, which is not a growth.
START = 600.0

#: What a slope is given of, and the seconds that are left out of it.
STRETCHES = (("from the start", 0.0), (f"after {START / 60:g} min", START))

#: Stretches of the measurement whose means the slope is fitted to: single looks are no independent
#: values.
BLOCKS = 12


class Drained(Pty):
    """A terminal whose output is taken by a thread of its own; the last part of it is kept."""

    def drain(self) -> None:
        """Take what comes until the program ends."""
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while self.process.poll() is None:
            with suppress(OSError, ValueError):
                self.read(0.5)
            del self.output[:-20_000]

    def leave(self) -> None:
        """Press q, or end it."""
        self.press("q")
        try:
            self.process.wait(20)
        except Exception:
            self.process.kill()


def soak(
    home: Path, minutes: float, say: Callable[[str], None]
) -> dict[str, list[tuple[float, int]]]:
    """Label for so long; for each kind of process its looks: seconds and bytes in memory, of
    viewers the mean."""
    session = _session(home)
    process.start_engine(session)
    app = Drained(home, ["label", session.name, "--annotator", "anna"], size=(120, 40))
    viewers = [Drained(home, ["attach", session.name]) for _ in range(VIEWERS)]
    looks: dict[str, list[tuple[float, int]]] = {"app": [], "engine": [], "viewer": []}
    try:
        for one in (app, *viewers):
            one.drain()
        engine = until(lambda: _engine(session), 300)
        until(lambda: _ranking(session) >= 0, 300)
        say("the engine is at work")
        began, look, press = time.monotonic(), 0.0, 0
        while (now := time.monotonic() - began) < minutes * 60:
            app.press(_keys(press))
            press += 1
            if now >= look:
                look = now + LOOK
                looks["app"].append((now, _bytes(app.process.pid)))
                looks["engine"].append((now, _bytes(engine)))
                seen = [_bytes(one.process.pid) for one in viewers]
                looks["viewer"].append((now, sum(seen) // len(seen)))
            if press % 60 == 0:
                latest = ", ".join(f"{n} {v[-1][1] / 2**20:.1f} MiB" for n, v in looks.items())
                say(f"{now:.0f} s, {press} keys, ranking {_ranking(session)}: {latest}")
            time.sleep(ANSWER)
    finally:
        for one in (app, *viewers):
            one.leave()
        process.stop_engine(session)
    return looks


def _keys(press: int) -> str:
    """What a person does: mostly a label; now and then an undo, a skip, the history, a search, the
    help."""
    turns: Mapping[int, str] = {
        7: "u",
        13: " ",
        23: "h",
        24: "\x1b",
        33: "sba",
        34: "\x1b",
        43: "\x1bOP",
        44: "\x1b",
    }
    return turns.get(press % 50, str(press % 8 + 1))


def _session(home: Path) -> Path:
    pool = home / "pool.csv"
    home.mkdir(parents=True, exist_ok=True)
    write_pool(pool, POOL)
    config = experiment(pool)
    successor = replace(config.successor, tuning="head", epochs=2)
    return process.create_session(home, replace(config, successor=successor), "soak")


def _engine(session: Path) -> int | None:
    with Session(session) as opened:
        engine = opened.state().engine
    return engine.pid if engine else None


def _ranking(session: Path) -> int:
    with Session(session) as opened:
        run = next(iter(opened.state().runs.values()))
    return run.ranked.round if run.ranked else -1


def _bytes(pid: int) -> int:
    """What the process holds of memory that no other shares."""
    found = psutil.Process(pid).memory_full_info()
    return int(found.uss)


def slope(
    looks: Sequence[tuple[float, int]], after: float = 0.0
) -> tuple[float, float, float, int] | None:
    """Bytes an hour by least squares over the means of blocks, its 95 % interval, and the looks
    that count: those `after` so many seconds. None where they are too few.
    """
    values = np.array(looks, dtype=float)
    values = values[values[:, 0] >= after]
    if len(values) < 2 * BLOCKS:
        return None
    blocks = [block.mean(axis=0) for block in np.array_split(values, BLOCKS)]
    hours, used = np.array(blocks)[:, 0] / 3600, np.array(blocks)[:, 1]
    centred = hours - hours.mean()
    spread = float((centred**2).sum())
    rate = float((centred * used).sum() / spread)
    rest = used - used.mean() - rate * centred
    error = float(np.sqrt((rest**2).sum() / (BLOCKS - 2) / spread))
    half = float(student.ppf(0.975, BLOCKS - 2)) * error
    return rate, rate - half, rate + half, len(values)


def soak_rows(directory: Path, minutes: float, say: Callable[[str], None]) -> list[tuple[str, ...]]:
    """Soak for so long: for each kind of process a row of the whole time, and one without its
    start."""
    rows: list[tuple[str, ...]] = []
    for name, values in soak(directory / "soak", minutes, say).items():
        for what, after in STRETCHES:
            if (found := slope(values, after)) is None:
                continue
            rate, low, high, n = found
            rows.append(
                (
                    f"memory of {name}, slope over {minutes:g} min {what}", f"{rate:,.0f} bytes/h",
                    f"[{low:,.0f}, "
                        f"{high:,.0f}]",
                    f"{values[-1][1] / 2**20:.1f} MiB", str(n),
                    "1,048,576 bytes/h" if after == START else "", load_average(),
                )
            )  # fmt: skip
    return rows


def load_average() -> str:
    """Beside each figure: what else the machine had to do."""
    return f"{os.getloadavg()[0]:.1f}"
