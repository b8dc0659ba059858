"""The app under load: `python -m tests.benchmarks.load [--parts PART,…] [--texts N] [--decisions N]
[--viewers N] [--soak-minutes M] [--home DIR]`.

A pool of made-up texts is made into a session by the real reader; then the real app runs on a
pseudo-terminal of 120x40. Measured are, as the frames arrive: from the command to the list of
sessions and to the first sample, from a label's key to the next sample, from a word's last letter
to what a search has found; the same and undo, history, export, report and the list of sessions
after the decisions of ten annotators; the processor time of many viewers; and, over a soak, by how
much the memory of app, engine and viewers grows, over all of it and without its first ten minutes.
Parts are pool, decisions, viewers and soak, by default all; what a part could not measure in its
time is said in a row of its own, and the next part goes on. `--home` keeps the sessions for the
next time: a million texts take minutes to make. Beside each row stands the load average, as other
work on the machine makes every figure worse. Intervals are the bootstrap's, of the median or of the
percentile."""

import argparse
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import psutil

from tests.benchmarks.load_session import decide, experiment, write_pool
from tests.benchmarks.load_soak import Drained, load_average, soak_rows
from tests.benchmarks.table import Table
from tests.ui.terminals import Pty, environment
from tui_al.host import process
from tui_al.store.decisions import DecisionLog

NAME = "load"
PARTS = ("pool", "decisions", "viewers", "soak")
ANNOTATORS, STARTS, KEYS, SEARCHES, WATCHED, SMALL = 10, 5, 60, 5, 60.0, 200
NUMBER = re.compile(rb"n(\d{7})n")

#: What a search says when it has an answer.
_FOUND = (b" found", b"Nothing in the pool")

Row = tuple[str, ...]


class Rows:
    """The table's rows as they are measured, each told at once."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(
        self, what: str, values: Sequence[float], goal: str, percentile: int = 50, unit: str = " s"
    ) -> None:
        """In seconds, unless another unit is given."""
        rng = np.random.default_rng(0)
        drawn = rng.choice(values, (2_000, len(values)))
        low, high = np.percentile(np.percentile(drawn, percentile, axis=1), [2.5, 97.5])
        shown = f"{np.percentile(values, percentile):.3g}{unit}"
        name = f"{what}, {'median' if percentile == 50 else f'p{percentile}'}"
        self.add_row(
            (
                name,
                shown,
                f"[{low:.3g}, {high:.3g}]",
                f"{min(values):.3g}{unit}",
                str(len(values)),
                goal,
                load_average(),
            )
        )

    def add_rows(self, rows: Iterable[Row]) -> None:
        """As they are."""
        for row in rows:
            self.add_row(row)

    def add_row(self, row: Row) -> None:
        """As it is."""
        self.rows.append(row)
        say(" | ".join(row))


def say(what: str) -> None:
    """To the terminal, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":")[0])
    parser.add_argument("--parts", type=_parts, default=PARTS, metavar=",".join(PARTS))
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--decisions", type=int, default=200_000)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--soak-minutes", type=float, default=60)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        home = options.home or Path(directory)
        rows = Rows()

        def pool() -> None:
            _session(home, options.texts)
            _measure_pool(home, rows)

        def decided() -> None:
            _have_decided(_session(home, options.texts), options.decisions)
            _measure_decisions(home, rows, options.decisions)

        def watched() -> None:
            _session(home, options.texts)
            _measure_viewers(home, options.viewers, rows)

        measures: dict[str, Callable[[], None]] = {
            "pool": pool,
            "decisions": decided,
            "viewers": watched,
            "soak": lambda: rows.add_rows(soak_rows(Path(directory), options.soak_minutes, say)),
        }
        for part in options.parts:
            try:
                measures[part]()
            except (AssertionError, OSError, subprocess.SubprocessError, psutil.Error) as error:
                traceback.print_exc()
                told = (str(error) or type(error).__name__).splitlines()[0]
                rows.add_row(
                    (f"{part}: not all measured", "", "", "", "0", f"{told:.100}", load_average())
                )
    from tests.benchmarks.conditions import conditions, line  # torch, which takes its time

    Table(
        f"A pool of {options.texts:,} texts, {options.decisions:,} decisions of {ANNOTATORS} "
        f"annotators, {options.viewers} viewers",
        "python -m tests.benchmarks.load",
        line(conditions(psutil.cpu_count() or 1)),
        ("what", "measured", "95 %", "best", "n", "wanted", "load"),
        tuple(rows.rows),
        ("Of memory, the column of the best holds what was held at the end.",)
        if "soak" in options.parts
        else (),
    ).tell(options.out)


def _parts(text: str) -> tuple[str, ...]:
    """Of the option: names between commas, in the order in which they are measured."""
    chosen = text.split(",")
    if strange := sorted({*chosen} - {*PARTS}):
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(strange)}")
    return tuple(part for part in PARTS if part in chosen)


def _session(home: Path, amount: int) -> Path:
    """The session of that many texts, made where it is not there."""
    directory = home / "sessions" / NAME
    if not directory.exists():
        home.mkdir(parents=True, exist_ok=True)
        say(f"writing {amount:,} texts")
        write_pool(home / "pool.csv", amount)
        say("making the session")
        began = time.perf_counter()
        process.create_session(home, experiment(home / "pool.csv"), NAME)
        say(f"made in {time.perf_counter() - began:.0f} s")
    return directory


def _have_decided(session: Path, amount: int) -> None:
    with DecisionLog(session) as log:
        there = log.last()
    if there < amount:
        say(f"deciding {amount - there:,} times")
        decide(session, amount - there, ANNOTATORS)


def _measure_pool(home: Path, rows: Rows) -> None:
    """In turns with a session of a few texts: the ratio does not depend on what else the machine
    has to do."""
    small = _session(home / "small", SMALL).parent.parent
    for what, arguments, shown in (
        ("the list of sessions", [], NAME.encode()),
        ("the first sample", ["attach", NAME], NUMBER),
    ):
        pairs = [
            (_opened(home, arguments, shown), _opened(small, arguments, shown))
            for _ in range(STARTS)
        ]
        rows.add(f"command to {what}", [large for large, _ in pairs], "2 s")
        ratios = [large / little for large, little in pairs]
        rows.add(f"the same, over that of {SMALL} texts", ratios, "", unit="")
    _measure_screen(home, rows, "")


def _measure_screen(home: Path, rows: Rows, when: str) -> None:
    """Keys and searches on the label screen."""
    terminal = Pty(home, ["attach", NAME])
    terminal.read_until(lambda: NUMBER.search(terminal.output), 300)
    _let(terminal, 3)
    keys = [_next_sample(terminal, str(press % 8 + 1)) for press in range(KEYS)]
    rows.add(f"key to the next sample{when}", keys, "50 ms", 95)
    undone = [_next_sample(terminal, "u") for _ in range(10)]
    rows.add(f"undo to the sample again{when}", undone, "")
    for what, word in (("rare", "n0999999n"), ("absent", "zzqzz"), ("ideographic", "一丁丂七")):
        rows.add(
            f"search, {what} word{when}",
            [_searched(terminal, word) for _ in range(SEARCHES)],
            "1 s",
        )
    history = [_shown(terminal, "h", b"the newest first", "\x1b") for _ in range(3)]
    rows.add(f"history{when}", history, "1 s")
    _leave(terminal)


def _measure_decisions(home: Path, rows: Rows, amount: int) -> None:
    when = f", after {amount:,} decisions"
    opened = [_opened(home, ["attach", NAME], NUMBER) for _ in range(3)]
    rows.add(f"command to the first sample{when}", opened, "")
    listed = [_opened(home, [], b"labelled") for _ in range(3)]
    rows.add(f"command to the list with its counts{when}", listed, "")
    _measure_screen(home, rows, when)
    with tempfile.TemporaryDirectory() as out:
        for command in (
            ["export", NAME, "--out", f"{out}/labels.jsonl"],
            ["report", NAME, "--out", f"{out}/report"],
            ["sessions"],
        ):
            seconds = [_run(home, command) for _ in range(2)]
            rows.add(f"tui-al {command[0]}{when}", seconds, "")


def _run(home: Path, arguments: Sequence[str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tui_al", *arguments], env=environment(home), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        say(f"{arguments[0]}: exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return time.perf_counter() - began


def _opened(home: Path, arguments: Sequence[str], what: bytes | re.Pattern[bytes]) -> float:
    """From the command to the first frame that holds this."""
    began = time.perf_counter()
    terminal = Pty(home, arguments)
    found = what.search if isinstance(what, re.Pattern) else lambda output: what in output
    terminal.read_until(lambda: found(terminal.output), 300)
    seconds = time.perf_counter() - began
    _leave(terminal)
    return seconds


def _next_sample(terminal: Pty, key: str) -> float:
    """From the key to a frame with another sample."""
    now = (NUMBER.findall(terminal.output) or [b""])[-1]
    terminal.output.clear()
    began = time.perf_counter()
    terminal.press(key)
    _read_until(terminal, lambda: any(found != now for found in NUMBER.findall(terminal.output)))
    seconds = time.perf_counter() - began
    _let(terminal, 0.4)
    return seconds


def _searched(terminal: Pty, word: str) -> float:
    """From the last letter to what was found, with the .15 s in which a further letter is waited
    for."""
    terminal.press("s")
    _let(terminal, 1)
    terminal.output.clear()
    terminal.press(word[:-1])
    _read_until(terminal, lambda: any(found in terminal.output for found in _FOUND))
    _let(terminal, 1)
    terminal.output.clear()
    began = time.perf_counter()
    terminal.press(word[-1])
    _read_until(terminal, lambda: any(found in terminal.output for found in _FOUND))
    seconds = time.perf_counter() - began
    terminal.press("\x1b")
    _let(terminal, 1)
    return seconds


def _shown(terminal: Pty, key: str, what: bytes, back: str) -> float:
    terminal.output.clear()
    began = time.perf_counter()
    terminal.press(key)
    _read_until(terminal, lambda: what in terminal.output)
    seconds = time.perf_counter() - began
    terminal.press(back)
    _let(terminal, 1)
    return seconds


def _read_until(terminal: Pty, what: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        terminal.read(max(0.0, deadline - time.monotonic()))
        assert time.monotonic() < deadline, f"not painted: {bytes(terminal.output[-500:])!r}"


def _let(terminal: Pty, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        terminal.read(left)


def _leave(terminal: Pty) -> None:
    terminal.press("q")
    terminal.read_until(lambda: terminal.process.poll() is not None)
    terminal.hang_up()


def _measure_viewers(home: Path, amount: int, rows: Rows) -> None:
    """Processor time of so many who look at the session while nobody presses a key, as a share of
    one core."""
    viewers = [Drained(home, ["attach", NAME]) for _ in range(amount)]
    for one in viewers:
        one.drain()
    deadline = time.monotonic() + 600
    while not all(NUMBER.search(one.output) for one in viewers):
        assert time.monotonic() < deadline, "not all viewers show a sample"
        time.sleep(1)
    time.sleep(10)
    before, began = [_spent(one) for one in viewers], time.monotonic()
    time.sleep(WATCHED)
    each = np.array([_spent(one) - b for one, b in zip(viewers, before, strict=True)])
    each /= time.monotonic() - began
    memory = sum(psutil.Process(one.process.pid).memory_full_info().uss for one in viewers)
    half = 1.96 * float(each.std(ddof=1)) * len(each) ** 0.5 if len(each) > 1 else 0.0
    rows.add_row(
        (
            f"{amount} viewers together", f"{each.sum():.3g} cores", f"[{each.sum() - half:.3g}, "
                f"{each.sum() + half:.3g}]",
            f"{memory / 2**20:,.0f} MiB", str(amount), "0.5 cores", load_average(),
        )
    )  # fmt: skip
    for one in viewers:
        one.leave()


def _spent(viewer: Drained) -> float:
    times = psutil.Process(viewer.process.pid).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
