"""How `sweep` shows its cells: a live table on a terminal, lines elsewhere, JSON for programs."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from tui_al.cli.console import Page, aligned, clock, duration, short_spread
from tui_al.core.data.terminal_text import shorten, shorten_apart
from tui_al.core.session.state import SessionState
from tui_al.core.settings.sweep import Arm, Sweep, cells
from tui_al.host.sweeping import Progress, SweepRun
from tui_al.report import curves
from tui_al.report.axes import short_number
from tui_al.report.curves import MeanStd

_STYLES = {
    "finished": "green",
    "running": "bold cyan",
    "failed": "bold red",
    "stopped": "yellow",
    "waiting": "dim",
}


class QuietDisplay:
    """Nothing but the table at the end, with what failed; what changes the meaning of the figures
    is told all the same, on stderr."""

    def __init__(self, console: Console, sweep: Sweep, directory: Path) -> None:
        self.page = Page(console)
        self.sweep = sweep
        self.directory = directory
        self.total = len(list(cells(sweep)))
        self._warned: set[tuple[str, str]] = set()  # data and what was said of it

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """A line display has nothing to restore."""

    def start(self, engines: int, cores: int) -> None:
        """Before anything is done; `engines` work at once, on `cores` cores each (0: on a GPU, or
        unlimited)."""

    def update(self, progress: Progress, changed: Sequence[SweepRun]) -> None:
        """A few times a second."""
        del changed
        self.tell_warnings(progress)

    def tell_warnings(self, progress: Progress) -> None:
        """What is to be known first of the arms' data and sessions, once for all arms on the same
        data."""
        for arm in self.sweep.arms:
            state = progress.states.get(arm.session)
            for warning in state.cautions if state else ():
                about = (arm.config.data.source, warning)
                if about not in self._warned:
                    self._warned.add(about)
                    self.warn(f"warning: {': '.join(about)}")

    def warn(self, line: str) -> None:
        """Say a warning where it is no part of the results."""
        Page(Console(stderr=True, soft_wrap=True)).say(line, "yellow")

    def finish(self, progress: Progress) -> None:
        """After the last cell: the arms, what failed, and what to do next."""
        for position, line in enumerate(arms_table(self.sweep, progress)):
            self.page.say(line, "bold" if position == 0 else "")
        for cell in progress.cells.values():
            if cell.status == "failed":
                self.page.say(
                    f"{cell.arm.label}, seed {cell.seed} failed: {cell.error} {cell.hint}".rstrip(),
                    "bold red",
                )
        done = f"{progress.count('finished')} of {self.total} cells finished"
        self.page.say(f"{done}; report: tui-al report {self.sweep.name}")


class PlainDisplay(QuietDisplay):
    """A line when a cell begins, closes a round or ends."""

    def start(self, engines: int, cores: int) -> None:
        """What the sweep is."""
        self.page.say(f"sweep {self.sweep.name}: {self.sweep.title}")
        self.page.say(
            f"  {self.total} cells in {len(self.sweep.arms)} sessions, in {self.directory}"
        )
        each = f", {cores} {'core' if cores == 1 else 'cores'} each" if cores else ""
        self.page.say(f"  {engines} {'engine' if engines == 1 else 'engines'} at once{each}")
        for note in self.sweep.notes:
            self.page.say(f"note: {note}")

    def warn(self, line: str) -> None:
        """Say a warning among the lines."""
        self.page.say(line, "yellow")

    def update(self, progress: Progress, changed: Sequence[SweepRun]) -> None:
        """Tell of the cells that changed."""
        self.tell_warnings(progress)
        for cell in changed:
            if cell.status != "waiting":
                self.page.say(_line(cell))

    def finish(self, progress: Progress) -> None:
        """The table, after a gap."""
        self.page.say()
        super().finish(progress)


class JsonDisplay(QuietDisplay):
    """A line of JSON for every change of a cell; the last tells all cells."""

    def update(self, progress: Progress, changed: Sequence[SweepRun]) -> None:
        """One line a cell."""
        self.tell_warnings(progress)
        for cell in changed:
            self._write({"kind": "cell", "sweep": self.sweep.name, **_plain(cell)})

    def finish(self, progress: Progress) -> None:
        """Every cell as it stands."""
        self._write(
            {
                "kind": "finished",
                "sweep": self.sweep.name,
                "directory": str(self.directory),
                "cells": [_plain(cell) for cell in progress.cells.values()],
            }
        )

    def _write(self, plain: dict[str, Any]) -> None:
        self.page.console.file.write(json.dumps(plain) + "\n")
        self.page.console.file.flush()


class LiveDisplay(PlainDisplay):
    """A table of arms and seeds, redrawn in place."""

    def __init__(self, console: Console, sweep: Sweep, directory: Path) -> None:
        super().__init__(console, sweep, directory)
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._began = time.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Also when interrupted: the cursor comes back."""
        self._live.stop()

    def start(self, engines: int, cores: int) -> None:
        """What the sweep is, above the moving part."""
        super().start(engines, cores)
        self._live.start()

    def update(self, progress: Progress, changed: Sequence[SweepRun]) -> None:
        """Redraw; warnings and failures stay above as lines."""
        self.tell_warnings(progress)
        for cell in changed:
            if cell.status == "failed":
                self.page.say(_line(cell), "red")
        self._live.update(Group(*self.lines(progress)), refresh=True)

    def finish(self, progress: Progress) -> None:
        """The moving part goes; the table of results stays."""
        self._live.stop()
        super().finish(progress)

    def lines(self, progress: Progress) -> list[Text]:
        """What is on the screen now; arms at work first where not all fit."""
        width, height = self.page.console.width, self.page.console.height
        counts = ", ".join(
            f"{progress.count(status)} {status}"
            for status in ("finished", "running", "failed", "waiting", "stopped")
            if progress.count(status)
        )
        head = f"{self.sweep.name} · {counts} · {clock(time.monotonic() - self._began)}"
        lines = [self.page.text(shorten(head, width, "…" if self.page.unicode else "..."), "bold")]
        arms = sorted(self.sweep.arms, key=lambda arm: _urgency(arm, progress))
        shown = arms[: max(1, height - 4)]
        if len(shown) == len(arms):
            shown = list(self.sweep.arms)
        room = max(12, width - 2 - max(_cells_width(arm) for arm in shown))
        names = min(room, max(cell_len(self.page.clean(arm.label)) for arm in shown))
        labels = [self.page.clean(arm.label) for arm in shown]
        cut = shorten_apart(labels, names, "…" if self.page.unicode else "...")
        rows = zip(shown, cut, strict=True)
        lines += [self._row(arm, progress, label, names) for arm, label in rows]
        if len(shown) < len(arms):
            lines.append(self.page.text(f"and {len(arms) - len(shown)} more", "dim"))
        for line in lines:
            line.truncate(width, overflow="crop")
        return lines

    def _row(self, arm: Arm, progress: Progress, label: str, names: int) -> Text:
        row = Text(label + " " * (names - cell_len(label)), no_wrap=True, overflow="ignore")
        for seed in arm.config.seeds:
            cell = progress.cells[arm.session, seed]
            row.append("  ")
            row.append(self.page.clean(_short(cell, self.page.unicode)), _STYLES[cell.status])
        return row


def choose(sweep: Sweep, directory: Path, *, as_json: bool, quiet: bool) -> QuietDisplay:
    """JSON if asked for, then quiet; else live on a terminal that can move its cursor, plain
    elsewhere."""
    console = Console(soft_wrap=True)
    if as_json:
        return JsonDisplay(console, sweep, directory)
    if quiet:
        return QuietDisplay(console, sweep, directory)
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(console, sweep, directory)
    return PlainDisplay(console, sweep, directory)


def arms_table(sweep: Sweep, progress: Progress) -> list[str]:
    """An arm a line: its seeds, the last point and the area over them, and what a run took."""
    rows = [["arm", "seeds", "labels", "metric", "last", "area", "a run took"]]
    for arm in sweep.arms:
        state = progress.states.get(arm.session)
        kept = _of_seeds(state, arm.config.seeds) if state else None
        curve = curves.curve(arm.label, kept) if kept else None
        done = sum(
            progress.cells[arm.session, seed].status == "finished" for seed in arm.config.seeds
        )
        seeds = f"{done}/{len(arm.config.seeds)}"
        if kept is None or curve is None or not curve.mean:
            rows.append([arm.label, seeds, "", "", "", "", ""])
            continue
        area = MeanStd.of(curves.areas(kept).values())
        rows.append(
            [
                arm.label,
                seeds,
                f"{curve.labels[-1]:,.0f}",
                curves.metric_name(curve.metric),
                short_spread(MeanStd(curve.mean[-1], curve.sd[-1], curve.seeds[-1])),
                short_spread(area) if area else "",
                duration(sum(curves.mean_seconds(kept).values())),
            ]
        )
    return aligned(rows)


def _of_seeds(state: SessionState, seeds: Sequence[int]) -> SessionState:
    """The session without the seeds that do not belong to the sweep any more."""
    return replace(state, runs={seed: state.runs[seed] for seed in seeds if seed in state.runs})


def _line(cell: SweepRun) -> str:
    where = f"{cell.arm.label}  seed {cell.seed}"
    if cell.status == "failed":
        return f"{where}  failed: {cell.error} {cell.hint}".rstrip()
    parts = [where, cell.status]
    if cell.round >= 0:
        parts.append(f"round {cell.round}/{cell.arm.config.loop.rounds}  {cell.labels:,} labels")
    if cell.value is not None:
        parts.append(f"{curves.metric_name(cell.metric)} {cell.value:.3f}")
    return "  ".join(parts)


def _short(cell: SweepRun, unicode: bool) -> str:
    """A cell in eight places: a sign, how far it is, its last figure."""
    signs = {"finished": "✓", "running": "▶", "failed": "✗", "stopped": "■", "waiting": "·"}
    plain = {"finished": "+", "running": ">", "failed": "x", "stopped": "=", "waiting": "."}
    value = "" if cell.value is None else short_number(cell.value, 3)
    rounds = cell.arm.config.loop.rounds
    far = "" if cell.status in ("finished", "waiting") else f"{max(cell.round, 0)}/{rounds}"
    return f"{(signs if unicode else plain)[cell.status]} {far:<5} {value:<4}"


def _cells_width(arm: Arm) -> int:
    return 14 * len(arm.config.seeds)


def _urgency(arm: Arm, progress: Progress) -> int:
    order = ("running", "failed", "stopped", "waiting", "finished")
    return min(order.index(progress.cells[arm.session, seed].status) for seed in arm.config.seeds)


def _plain(cell: SweepRun) -> dict[str, Any]:
    return {
        "arm": cell.arm.label,
        "session": cell.arm.session,
        "seed": cell.seed,
        "status": cell.status,
        "round": cell.round,
        "rounds": cell.arm.config.loop.rounds,
        "labels": cell.labels,
        "metric": cell.metric,
        "value": cell.value,
        "error": cell.error,
        "hint": cell.hint,
    }
