"""What each shortcut on the way of a key and of a decision gains: `python -m
tests.benchmarks.shortcuts [--pairs N]`.

Every shortcut is measured with and without, in turns in one process, in processor time, so that
other work on the machine tells on both alike. Without means: as the plain code would do it. One
that gains under 10 % is not worth its lines. Keys are pressed on the label screen at 120x40; of
them, what the screen's thread takes until the next sample is painted, and for the whole key."""

import argparse
import asyncio
import contextlib
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
from textual import events
from textual.screen import Screen

from tests.benchmarks.load_session import LABELS, decide
from tests.benchmarks.table import Table
from tests.store.people import make_session, people_config, put_up_ranking, texts_pool
from tui_al.core.annotation.label_state import LabelState
from tui_al.store import decision_rows
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import DecisionLog
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.label import LabelScreen
from tui_al.ui.terminal import Terminal
from tui_al.ui.widgets.sample_text import SampleText

DECISIONS, KEYS, REFILLS = 20_000, 6, 20

Row = tuple[str, ...]


def _count_all_plainly(state: LabelState, ids: Iterable[str]) -> None:
    """The same for every example, however little is said of it."""
    for identity in ids:
        about = state._about[identity]
        after = state._stand(about if isinstance(about, tuple) else (about,))
        if after is None:
            state._standings.pop(identity, None)
            continue
        state._standings[identity] = after
        state._statuses[after.status] += 1
        if after.answer is not None:
            state._count(after.answer)


@contextlib.contextmanager
def _all_standings_kept() -> Iterator[None]:
    kept = patch.object(
        LabelState, "_standing_of", lambda self, identity, _: self._standings.get(identity)
    )
    with kept, patch.object(LabelState, "_count_all", _count_all_plainly):
        yield


#: Names of the shortcuts of reading a log, and what is done without each.
READING: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "a usual label is read by one pattern": lambda: patch.object(decision_rows, "_usual_label",
        lambda *_: None),
    "an example with one label is counted without a standing of its own": _all_standings_kept,
}  # fmt: skip


@contextlib.contextmanager
def _around_with_the_sample() -> Iterator[None]:
    with patch.object(LabelScreen, "set_timer", lambda self, _, call: call()):
        yield


@contextlib.contextmanager
def _frame_each_time() -> Iterator[None]:
    show = SampleText.show

    def anew(self: SampleText, *arguments: Any) -> None:
        self._note = "another"
        show(self, *arguments)

    with patch.object(SampleText, "show", anew):
        yield


SCREEN: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "the sample is painted before the rows around it": _around_with_the_sample,
    "the frame around the text stays": _frame_each_time,
}  # fmt: skip


def gain(pairs: Sequence[tuple[float, float]]) -> tuple[str, str]:
    """Of (with, without) each: the median share of time that is saved, and its 95 % bootstrap
    interval."""
    saved = np.array([1 - little / much for little, much in pairs])
    drawn = np.median(np.random.default_rng(0).choice(saved, (2_000, len(saved))), axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{np.median(saved):.0%}", f"[{low:.0%}, {high:.0%}]"


def row(what: str, where: str, pairs: Sequence[tuple[float, float]]) -> Row:
    """A row of the table, told at once."""
    with_it, without = (float(np.median(side)) * 1000 for side in zip(*pairs, strict=True))
    found = (
        f"{what}: {where}",
        f"{with_it:.3g} ms",
        f"{without:.3g} ms",
        *gain(pairs),
        str(len(pairs)),
    )
    print(" | ".join(found), file=sys.stderr, flush=True)
    return found


def _session(home: Path, texts: int, overlap: float = 0.0) -> Path:
    pool = texts_pool([f"n{number:07}n some words about it" for number in range(texts)], LABELS)
    directory = make_session(home, pool, config=people_config(overlap=overlap))
    put_up_ranking(directory, [{"id": example.id} for example in pool.train[-2_000:]])
    return directory


def _measure_reading(directory: Path, pairs: int) -> list[Row]:
    def once() -> float:
        with DecisionLog(directory) as log:
            gc.collect()
            began = time.process_time()
            LabelState(LABELS).apply(log.read())
            return time.process_time() - began

    once()
    rows = []
    for what, without in READING.items():
        found = []
        for _ in range(pairs):
            usual = once()
            with without():
                found.append((usual, once()))
        rows.append(row(what, f"{DECISIONS:,} decisions read and folded", found))
    return rows


async def _measure_screen(directory: Path, pairs: int) -> list[Row]:
    app = TuiAl(directory.parent.parent, directory, Terminal.read(), annotator="anna")
    rows = []
    async with app.run_test(size=(120, 40)) as pilot:
        while not getattr(app.screen, "item", None):
            await pilot.pause(0.1)
        await pilot.pause(1)
        await _keys(app)
        for what, without in SCREEN.items():
            first, whole = [], []
            for _ in range(pairs):
                usual = await _keys(app)
                with without():
                    plain = await _keys(app)
                first.append((usual[0], plain[0]))
                whole.append((usual[1], plain[1]))
            rows += [
                row(what, "a key to the next sample", first),
                row(what, "a key, in all", whole),
            ]
    return rows


async def _keys(app: TuiAl) -> tuple[float, float]:
    """Seconds of the screen's thread for a key: to the first painting, and to when all is at
    rest."""
    painted: list[float] = []
    refresh, first, whole = Screen._compositor_refresh, 0.0, 0.0

    def noted(self: Screen[Any]) -> None:
        refresh(self)
        painted.append(time.thread_time())

    with ExitStack() as stack:
        stack.enter_context(patch.object(Screen, "_compositor_refresh", noted))
        for number in range(KEYS):
            screen = app.screen
            assert isinstance(screen, LabelScreen)
            before = screen.item
            painted.clear()
            began = time.thread_time()
            app.post_message(events.Key(str(number % 8 + 1), str(number % 8 + 1)))
            while screen.item is before or screen.item is None or screen.pending:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.25)
            first += painted[0] - began
            whole += time.thread_time() - began
    return first / KEYS, whole / KEYS


def _measure_refills(home: Path, pairs: int) -> list[Row]:
    """With few decisions, and with ten times as many: the cost must not grow."""
    sides = []
    for amount in (DECISIONS // 10, DECISIONS):
        directory = _session(home / str(amount), amount + 4_000, overlap=0.1)
        decide(directory, amount, 10)
        sides.append(AnnotationService(directory, "anna"))

    def once(service: AnnotationService) -> float:
        began = time.process_time()
        items = service.take_some(REFILLS)
        spent = time.process_time() - began
        service.put_back(items)
        return spent / REFILLS

    for service in sides:
        once(service)
    found = [(once(sides[0]), once(sides[1])) for _ in range(pairs)]
    for service in sides:
        service.close()
    return [
        row(
            "samples for two",
            f"a sample after {DECISIONS // 10:,} and {DECISIONS:,} decisions",
            found,
        )
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":")[0])
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", choices=("reading", "screen", "refills"))
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        if options.only in (None, "screen"):
            rows += asyncio.run(_measure_screen(_session(home / "screen", 2_000), options.pairs))
        if options.only in (None, "refills"):
            rows += _measure_refills(home, options.pairs)
        if options.only in (None, "reading"):
            session = _session(home / "reading", DECISIONS + 1_000)
            decide(session, DECISIONS, 10)
            rows += _measure_reading(session, options.pairs)
    from tests.benchmarks.conditions import conditions, line  # torch, which takes its time

    Table(
        "What shortcuts gain, in processor time",
        "python -m tests.benchmarks.shortcuts",
        line(conditions(psutil.cpu_count() or 1)),
        ("what", "with", "without", "gain", "95 %", "pairs"),
        tuple(rows),
    ).tell(options.out)


if __name__ == "__main__":
    main()
