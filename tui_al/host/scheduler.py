"""Who works on the arms of a sweep: a small protocol, and its one implementation, engines on this
machine."""

import contextlib
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil

from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.errors import TuiAlError
from tui_al.host.background import in_background
from tui_al.host.placement import Slot
from tui_al.host.process import create_session, engine_end, log_tail, start_engine
from tui_al.store.engine_lock import holder_of, is_live
from tui_al.store.session import Session
from tui_al.store.sharing import group_of

#: Seconds between two requests to stop.
_REMIND = 1.0

#: Seconds after an engine's end in which the note of how it ended may be on its way.
_NOTE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Job:
    """An experiment to work on: the home that holds its session, the session's name, and where to
    begin among its seeds."""

    home: Path
    session: str
    config: ExperimentConfig
    ahead: int = 0

    @property
    def directory(self) -> Path:
        """Where the session is, or will be."""
        return self.home / "sessions" / self.session


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that nobody works on any more; `error` is empty if that was in good order (finished,
    stopped, or failed runs)."""

    job: Job
    error: str = ""
    hint: str = ""


class Scheduler(Protocol):
    """Carries out jobs somewhere. What comes of them is read from their sessions; this tells only
    when work ends."""

    def room(self) -> int:
        """How many more jobs can be submitted now."""
        ...

    def submit(self, job: Job) -> None:
        """Make the session if need be, and work on it until it is done; returns at once."""
        ...

    def ended(self) -> Sequence[Ended]:
        """The jobs that ended since the last call; to be called a few times a second."""
        ...

    def stop(self) -> None:
        """Ask everything at work to leave at its next safe point; it ends through `ended`."""
        ...


@dataclass(slots=True)
class _Work:
    """One job at work here."""

    job: Job
    slot: Slot
    starting: "Future[object]"
    seq: int = 0  #: of the last event before this engine
    reminded: float = 0.0
    gone: float | None = None  #: since when no engine is there
    watcher: int | None = None  #: process that watches over the engine, if it was started from here


@dataclass(slots=True)
class LocalScheduler:
    """Detached engines on this machine, one in each slot. They outlive this process; a later one
    takes them over."""

    slots: tuple[Slot, ...]
    shared: Path
    _at_work: dict[str, _Work] = field(default_factory=dict)
    _stopping: bool = False

    def room(self) -> int:
        """Free slots."""
        return max(0, len(self.slots) - len(self._at_work))

    def submit(self, job: Job) -> None:
        """Start an engine in a free slot, or take over the one that is at work on the session
        already."""
        work = _Work(job, self._slot(job), Future())
        self._at_work[job.session] = work
        if is_live(job.directory):
            work.starting.set_result(None)
        else:
            work.starting = in_background(lambda: self._start(work))

    def ended(self) -> Sequence[Ended]:
        """See the protocol."""
        found = []
        for work in list(self._at_work.values()):
            end = self._look(work)
            if end is not None:
                del self._at_work[work.job.session]
                found.append(end)
        return found

    def stop(self) -> None:
        """See the protocol."""
        self._stopping = True

    def _start(self, work: _Work) -> None:
        job = work.job
        if not (job.directory / "session.db").is_file():
            create_session(job.home, job.config, job.session, group=group_of(job.home))
        with Session(job.directory) as session:
            state = session.state()
            assert state.config is not None
            new = [seed for seed in job.config.seeds if seed not in state.config.seeds]
            if new:
                session.append(ev.SeedsAdded(tuple(new)))
            work.seq = state.seq
        if not self._stopping:
            work.watcher = start_engine(job.directory, work.slot, (self.shared, job.ahead))

    def _look(self, work: _Work) -> Ended | None:
        """What has become of a job; None while it is at work."""
        if not work.starting.done():
            return None
        error = work.starting.exception()
        if error is not None:
            if isinstance(error, TuiAlError):
                return Ended(work.job, error.message, error.hint)
            return Ended(work.job, f"{type(error).__name__}: {error}")
        directory = work.job.directory
        if is_live(directory):
            if self._stopping and time.monotonic() - work.reminded > _REMIND:
                work.reminded = time.monotonic()
                _ask_to_stop(work)
            return None
        with Session(directory) as session:
            state = session.state()
        if state.finished or self._stopping or (state.ended and state.seq > work.seq):
            return Ended(work.job)
        work.gone = work.gone or time.monotonic()
        end = engine_end(directory)
        if end is not None:
            return Ended(work.job, end.cause, end.hint)
        if time.monotonic() - work.gone < _NOTE_SECONDS:
            return None
        last = log_tail(directory, 1)
        return Ended(work.job, f"The engine died: {last[0] if last else 'it left no word'}.")

    def _slot(self, job: Job) -> Slot:
        """A slot that nobody has; for an engine that is at work already the one it works in, if
        that can be told."""
        taken = [work.slot for work in self._at_work.values()]
        free = list(self.slots)
        for slot in taken:
            if slot in free:
                free.remove(slot)
        if is_live(job.directory):
            for slot in free:
                if set(slot.cores) & _cores_of_engine(job.directory):
                    return slot
        return free[0] if free else self.slots[0]


def _ask_to_stop(work: _Work) -> None:
    """By command, and by signal: an engine that is still importing hears no command, and has
    nothing to lose."""
    with Session(work.job.directory) as session:
        session.send("stop")
    if work.watcher is not None:
        with contextlib.suppress(psutil.Error):
            for engine in psutil.Process(work.watcher).children():
                engine.terminate()


def _cores_of_engine(directory: Path) -> set[int]:
    with contextlib.suppress(OSError, ValueError, IndexError, AttributeError, psutil.Error):
        pid = int(holder_of(directory).split()[1])
        return set(psutil.Process(pid).cpu_affinity() or ())
    return set()
