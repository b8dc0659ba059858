"""Works through a sweep: gives its arms to a scheduler, follows their sessions, and tells what
happens to every cell."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tui_al.core.data.examples import Task
from tui_al.core.session.events import RoundResult
from tui_al.core.session.state import SeedStatus, SessionState, seed_status
from tui_al.core.settings.sweep import Arm, Sweep
from tui_al.core.stats.metrics import HEADLINE
from tui_al.host.scheduler import Ended, Job, Scheduler
from tui_al.store.engine_lock import is_live
from tui_al.store.session import Session
from tui_al.store.sweeps import arm_session


@dataclass(frozen=True, slots=True)
class SweepRun:
    """One seed of an arm, as it stands."""

    arm: Arm
    seed: int
    status: SeedStatus = "waiting"
    round: int = -1  #: the last finished; -1 before the first
    labels: int = 0
    metric: str = ""
    value: float | None = None  #: of the headline metric, at the last point
    error: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How a sweep stands: every cell by arm and seed, and the state of each arm's session where
    there is one."""

    cells: dict[tuple[str, int], SweepRun]
    states: dict[str, SessionState]

    @property
    def finished(self) -> bool:
        """Whether every cell is."""
        return all(cell.status == "finished" for cell in self.cells.values())

    def count(self, status: SeedStatus) -> int:
        """Cells in that state."""
        return sum(cell.status == status for cell in self.cells.values())


#: Told how the sweep stands and which cells changed; called a few times a second, also without
#: news.
Observer = Callable[[Progress, list[SweepRun]], None]


def work_through(
    directory: Path,
    sweep: Sweep,
    scheduler: Scheduler,
    observe: Observer,
    stop: Callable[[], bool],
    pause: float = 0.25,
) -> Progress:
    """Do what is left to do of a sweep. An arm that fails does not stop the others; a finished cell
    is left alone.

    Args:
        directory: the sweep's, which is the home of its sessions.
        stop: asked a few times a second; once true nothing new begins, and what is at work leaves
        at a safe point.
        pause: seconds between two looks.
    """
    follower = _Follower(directory, sweep)
    try:
        progress, changed = follower.look(None)
        jobs = {
            arm.session: Job(directory, arm.session, arm.config, place)
            for place, arm in enumerate(sweep.arms)
        }
        waiting = [job for job in jobs.values() if not follower.is_finished(job.session)]
        waiting.sort(key=lambda job: not is_live(job.directory))  # what is at work comes first
        at_work: dict[str, Job] = {}
        while True:
            observe(progress, changed)
            if stop():
                waiting.clear()
                scheduler.stop()
            while waiting and scheduler.room():
                job = waiting.pop(0)
                scheduler.submit(job)
                at_work[job.session] = job
            ended = list(scheduler.ended())
            for end in ended:
                del at_work[end.job.session]
            progress, changed = follower.look(ended, at_work)
            if not waiting and not at_work:
                observe(progress, changed)
                return progress
            time.sleep(pause)
    finally:
        follower.close()


class _Follower:
    """Reads the sessions of a sweep as they grow."""

    def __init__(self, directory: Path, sweep: Sweep) -> None:
        self._directory = directory
        self._arms = {arm.session: arm for arm in sweep.arms}
        self._sessions: dict[str, Session] = {}
        self._states: dict[str, SessionState] = {}
        self._cells = {
            (arm.session, seed): SweepRun(arm, seed)
            for arm in sweep.arms
            for seed in arm.config.seeds
        }
        self._ends: dict[str, Ended] = {}

    def close(self) -> None:
        """Close the sessions."""
        for session in self._sessions.values():
            session.close()

    def is_finished(self, session: str) -> bool:
        """Whether every cell of an arm is."""
        seeds = self._arms[session].config.seeds
        return all(self._cells[session, seed].status == "finished" for seed in seeds)

    def look(
        self, ended: list[Ended] | None, at_work: dict[str, Job] | None = None
    ) -> tuple[Progress, list[SweepRun]]:
        """How things stand, and the cells that changed; the first call (`ended` None) looks at
        every arm."""
        ends = {end.job.session: end for end in ended or ()}
        self._ends |= ends
        for session in at_work or ():
            self._ends.pop(session, None)
        wanted = self._arms if ended is None else {**(at_work or {}), **ends}
        changed = []
        for session in wanted:
            self._read(session)
            for seed in self._arms[session].config.seeds:
                cell = self._cell(session, seed, at_work=session in (at_work or ()))
                if cell != self._cells[session, seed]:
                    self._cells[session, seed] = cell
                    changed.append(cell)
        return Progress(dict(self._cells), dict(self._states)), changed

    def _read(self, name: str) -> None:
        if name not in self._sessions:
            found = arm_session(self._directory, name)
            if found is None:
                return
            self._sessions[name] = found
        self._states[name] = self._sessions[name].state(self._states.get(name))

    def _cell(self, session: str, seed: int, *, at_work: bool) -> SweepRun:
        cell = SweepRun(self._arms[session], seed)
        end = self._ends.get(session)
        state = self._states.get(session)
        run = state.runs.get(seed) if state else None
        status = seed_status(state, seed, at_work=at_work)
        if run is not None and state is not None:
            cell = _with_point(cell, run.points, HEADLINE[Task(state.task)])
        if status not in ("finished", "running", "failed") and end is not None and end.error:
            return replace(cell, status="failed", error=end.error, hint=end.hint)
        if status != "failed" or run is None or state is None:
            return replace(cell, status=status)
        of = run if run.status == "failed" else state
        return replace(cell, status=status, error=of.error, hint=of.hint)


def _with_point(cell: SweepRun, points: tuple[RoundResult, ...], metric: str) -> SweepRun:
    if not points:
        return cell
    last = points[-1]
    value = None
    with contextlib.suppress(KeyError):
        value = last.metrics[metric]
    return replace(cell, round=last.round, labels=last.labels, metric=metric, value=value)
