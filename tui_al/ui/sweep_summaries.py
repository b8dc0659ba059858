"""The sweeps of a home at a glance, and all that a list of sessions shows, read again and again."""

import contextlib
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tui_al.core.session.state import seed_status
from tui_al.errors import TuiAlError
from tui_al.store.atomic_dirs import clear_unfinished
from tui_al.store.environment import of_os, word_of
from tui_al.store.sweeps import is_worked_on, read_record, sweep_names
from tui_al.ui.summaries import Summary, ago, read_all, read_one


class Row(Protocol):
    """What a list shows of a session or a sweep."""

    @property
    def directory(self) -> Path:
        """Where it lies, which is what it is known by."""

    @property
    def label(self) -> str:
        """What it is called."""

    @property
    def live(self) -> bool:
        """Whether something works on it."""

    @property
    def trouble(self) -> str:
        """Why it cannot be read; "" if it can."""

    @property
    def used(self) -> float:
        """When it was last written, seconds since the epoch."""

    @property
    def mark(self) -> str:
        """One character for how it stands."""

    @property
    def progress(self) -> str:
        """How far it got."""

    @property
    def score(self) -> str:
        """Its last figure."""

    @property
    def when(self) -> str:
        """What is going on, or since when nothing is."""

    @property
    def about(self) -> str:
        """What it is, in one line."""

    @property
    def failure(self) -> tuple[str, str]:
        """Why nothing is at work that should be, and what to do; empty texts where all is well."""

    @property
    def facts(self) -> tuple[object, ...]:
        """What all of it follows from."""


@dataclass(frozen=True, slots=True)
class SweepSummary:
    """One sweep; `arms` are in the order of its file, those without a session as well."""

    directory: Path
    title: str = ""
    live: bool = False
    arms: tuple[Summary, ...] = ()
    seeds: tuple[tuple[int, ...], ...] = ()  #: of each arm
    trouble: str = ""
    refused: str = "damaged"  #: as of a session

    @property
    def label(self) -> str:
        """Its name."""
        return self.directory.name

    @property
    def counts(self) -> Counter[str]:
        """Cells by how they stand, see `seed_status`."""
        return Counter(
            seed_status(arm.state if arm.written else None, seed, at_work=arm.live)
            for arm, seeds in zip(self.arms, self.seeds, strict=True)
            for seed in seeds
        )

    @property
    def cells(self) -> int:
        """All of them."""
        return sum(map(len, self.seeds))

    @property
    def finished(self) -> bool:
        """Whether every cell is."""
        return not self.trouble and self.counts["finished"] == self.cells

    @property
    def used(self) -> float:
        """When one of its sessions was last written."""
        return max((arm.used for arm in self.arms), default=0.0)

    @property
    def facts(self) -> tuple[object, ...]:
        """As of a session, with those of its own."""
        return (
            self.directory,
            self.live,
            self.trouble,
            self.refused,
            *(arm.facts for arm in self.arms),
        )

    @property
    def mark(self) -> str:
        """One character for how it stands."""
        if self.trouble:
            return "✗"
        if self.live:
            return "●"
        return "✗" if self.counts["failed"] else "✓" if self.finished else "○"

    @property
    def progress(self) -> str:
        """ "sweep 12/40 cells"."""
        return "" if self.trouble else f"sweep {self.counts['finished']}/{self.cells} cells"

    @property
    def score(self) -> str:
        """A sweep has no one figure."""
        return ""

    @property
    def when(self) -> str:
        """ "2 running, 1 failed" while something works on it; else since when nothing does."""
        if self.trouble:
            return self.refused
        counts = self.counts
        failed = f", {counts['failed']} failed" if counts["failed"] else ""
        if self.live:
            return f"{counts['running']} running{failed}"
        word = "finished" if self.finished else "stopped"
        return f"{word}, {ago(self.used)}{failed}" if self.used else "not begun"

    @property
    def failure(self) -> tuple[str, str]:
        """The first one of its arms."""
        failed = (arm for arm in self.arms if arm.failure[0])
        return next(
            ((f"{arm.label}: {arm.failure[0]}", arm.failure[1]) for arm in failed), ("", "")
        )

    @property
    def about(self) -> str:
        """Its title, and of what it is made."""
        if self.trouble:
            return self.trouble
        return f"{self.title} · {len(self.arms)} arms, {self.cells} cells"


def read_sweep(directory: Path, known: SweepSummary | None = None) -> SweepSummary:
    """A sweep as it is now; what is known of its sessions is only brought up to date."""
    before = {arm.directory: arm for arm in known.arms} if known else {}
    try:
        record = read_record(directory)
        live = is_worked_on(directory)
    except (OSError, TuiAlError) as error:
        told = of_os(error, directory) if isinstance(error, OSError) else error
        return SweepSummary(directory, trouble=told.message, refused=word_of(told))
    arms = []
    for arm in record.arms:
        path = directory / "sessions" / arm.session
        if (path / "session.db").is_file():
            arms.append(read_one(path, before.get(path), arm.label))
        else:
            arms.append(Summary(arm.session, arm.label, path))
    seeds = tuple(arm.seeds for arm in record.arms)
    return SweepSummary(directory, record.title, live, tuple(arms), seeds)


Known = Mapping[Path, Row]


def read_home(home: Path, known: Known) -> list[Row]:
    """Sessions and sweeps of the home: live ones first, then the last used."""
    summaries = {path: s for path, s in known.items() if isinstance(s, Summary)}
    sessions = read_all(home, summaries, quick=True)
    rows: list[Row] = [*sessions]
    for name in sweep_names(home):
        directory = home / "sweeps" / name
        earlier = known.get(directory)
        rows.append(read_sweep(directory, earlier if isinstance(earlier, SweepSummary) else None))
    return sorted(rows, key=lambda row: (not row.live, -row.used))


class Watcher:
    """Reads a list again and again in a daemon thread; `deliver` is called from there, when
    something changed.

    `read` is given what it found before, by directory. Whatever it raises is told by `fail`, and it
    is tried again."""

    def __init__(
        self,
        home: Path,
        read: Callable[[Known], list[Row]],
        deliver: Callable[[list[Row]], None],
        fail: Callable[[str], None],
        interval: float = 1.0,
    ) -> None:
        self._home, self._read = home, read
        self._deliver, self._fail, self._interval = deliver, fail, interval
        self._stopping = False
        self._wake = threading.Event()

    def start(self) -> None:
        """Begin; call once."""
        threading.Thread(target=self._watch, daemon=True, name="watch-sessions").start()

    def look_now(self) -> None:
        """Read at once."""
        self._wake.set()

    def stop(self) -> None:
        """Read no more; does not wait."""
        self._stopping = True
        self._wake.set()

    def _watch(self) -> None:
        with contextlib.suppress(OSError):
            clear_unfinished(self._home / "sessions")
        known: dict[Path, Row] = {}
        told: list[tuple[object, ...]] | None = None
        failed = ""
        while not self._stopping:
            try:
                found = self._read(known)
            except (OSError, sqlite3.Error, TuiAlError) as error:  # deleted in between
                failed, before = str(error), failed
                if failed != before:
                    self._fail(failed)
            else:
                failed = ""
                known = {row.directory: row for row in found}
                facts = [row.facts for row in found]
                if facts != told:
                    self._deliver(found)
                    told = facts
            self._wake.wait(self._interval)
            self._wake.clear()
