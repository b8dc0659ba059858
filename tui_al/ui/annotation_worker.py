"""The thread behind the label screen: it makes all calls of the annotation service, in order, so
that no key ever waits for a disk.

What is decided on the screen is handed over as a job and shown as on its way until the job is done,
which means on disk. A disk that fails keeps the job: it is tried again until it works, and the
screen is told. The thread is a daemon: a network file system that hangs keeps nobody, though the
screen asks before it leaves decisions behind.
"""

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui_al.core.annotation.batch import Batch
from tui_al.core.annotation.decisions import Flag, Label, Skip, UserAnswer
from tui_al.core.annotation.label_state import LabelState, Status
from tui_al.core.data.examples import Task
from tui_al.core.session.state import RunState, SessionState
from tui_al.errors import MachineError, TuiAlError
from tui_al.host import process
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.engine_lock import is_live, waits_for
from tui_al.store.environment import explained
from tui_al.store.presence import Presence

#: Seconds between two looks at what others and the engine did, between signs of life, and before a
#: failed write is tried again.
LOOK, ALIVE, AGAIN = 1.0, 15.0, 1.0

#: Looks in which the reason why no engine is at work is asked for.
_ASKED = 10

#: Decisions that are shown as the last ones.
RECENT = 9


@dataclass(frozen=True, slots=True)
class RecentDecision:
    """One of the annotator's last decisions on samples: `what` is its answer, or None for a skip or
    a flag."""

    uid: str
    id: str
    kind: str  #: "label", "skip" or "flag"
    what: UserAnswer | None
    text: str  #: the beginning of the sample


@dataclass(frozen=True, slots=True)
class AnnotationState:
    """All there is to know around the sample, at one moment."""

    name: str = ""  #: of the data set
    task: Task = Task.CLASSIFICATION
    annotator: str = ""
    labels: tuple[str, ...] = ()
    key_order: tuple[str, ...] = ()  #: the labels in the order in which they get keys
    descriptions: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    saved: int = 0  #: labelled examples on disk, by all annotators
    #: those, and unclear, ambiguous and disputed ones; without those that the data has labels for
    closed: int = 0
    conflicts: int = 0
    ranking: int | None = None  #: round of the ranking that new samples come from
    batch: Batch = field(default_factory=Batch)  #: the decisions that the engine waits for
    lacks: str = ""  #: what the engine needs before it can train, though the batch is full
    recent: tuple[RecentDecision, ...] = ()  #: the newest first
    others: tuple[str, ...] = ()  #: annotators who are at it now, this one left out
    left: int = -1  #: texts that nobody has decided about; -1: not known
    live: bool = False  #: an engine is at work
    failure: tuple[str, str] = ("", "")  #: why none is that should be, and what to do
    engine_waits: str = ""  #: what the engine waits for that the machine refuses
    state: SessionState = field(default_factory=SessionState)
    damage: tuple[str, ...] = ()  #: what is told of rows on disk that had to be left out

    @property
    def run(self) -> RunState | None:
        """The session's only run."""
        return next(iter(self.state.runs.values()), None)

    @property
    def waits_for(self) -> str:
        """Why there is no sample."""
        if self.engine_waits:
            return f"The engine is {self.engine_waits}"
        if self.ranking is None:
            if self.live:
                told = (*(f"⚠ {warning}" for warning in self.state.cautions), *self.state.notes)
                ready = (
                    "The engine is getting ready: data and models are loaded, then the first "
                    "samples come."
                )
                return "\n".join((ready, "", "How the data was read:", *told) if told else (ready,))
            why = " ".join(part for part in self.failure if part)
            start = "No engine is at work on this session: t starts it, and the first samples come."
            return f"The engine failed: {why}\n\n{start}" if why else start
        if self.left == 0:
            return f"There is nothing left to label: {self._how_it_ended}."
        return "There is nothing left to label in this ranking."

    @property
    def _how_it_ended(self) -> str:
        """What became of the texts, and what no model can be trained for that."""
        aside = self.closed - self.saved
        ended = "all texts are labelled"
        if aside > 0:
            ended = (
                f"{self.saved:,} {'text is' if self.saved == 1 else 'texts are'} labelled, "
                f"{aside:,} without one answer"
            )
        if not self.lacks:
            return ended
        return f"{ended}. But no model can be trained on that: it needs {self.lacks}"

    @property
    def unseen(self) -> tuple[str, ...]:
        """Labels without an example."""
        return tuple(name for name, count in self.counts.items() if not count)


@dataclass(frozen=True, slots=True)
class Job:
    """A call of the annotation service; one that writes is tried until the disk takes it."""

    number: int
    kind: str
    call: Callable[[AnnotationService], Any]
    writes: bool


@dataclass(frozen=True, slots=True)
class Done:
    """A job is done; if it writes, it is on disk."""

    job: Job
    value: Any
    annotation_state: AnnotationState


@dataclass(frozen=True, slots=True)
class Failed:
    """A job cannot be done, for a reason of its own; trying again would not help."""

    job: Job
    error: TuiAlError


@dataclass(frozen=True, slots=True)
class WriteBlocked:
    """The disk does not take decisions; `trouble` is empty when it does again."""

    trouble: str


@dataclass(frozen=True, slots=True)
class StateChanged:
    """What others did, or the engine; `touched` are the examples that it concerns, `lost` those
    that others took over."""

    annotation_state: AnnotationState
    touched: frozenset[str]
    lost: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Gone:
    """The session was deleted or moved; nothing follows."""

    error: TuiAlError


Report = Done | Failed | WriteBlocked | StateChanged | Gone


class _GoneError(Exception):
    """No job can be done any more. `where` the session is now; None: nowhere."""

    def __init__(self, where: Path | None) -> None:
        super().__init__(where)
        self.where = where


class AnnotationWorker:
    """Call `start` once, then `do`; `deliver` is called from the thread with what came of it."""

    def __init__(self, directory: Path, annotator: str, deliver: Callable[[Report], None]) -> None:
        self._directory, self._annotator = directory, annotator
        self._deliver = deliver
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._numbers = 0
        self._writing = 0  # jobs that write, handed over so far
        self._written = 0  # of them done, or refused
        self.trouble = ""  #: why the disk takes no decisions at present
        self._snippets: dict[str, str] = {}  # of the last decisions, by example
        self._reason = -1, ("", "")  # why no engine is at work, and when that was so
        self._asked = 0  # times that this was asked since one was, or since anything happened
        self._leaving, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name="annotation-worker")

    def start(self) -> None:
        """Open the service; StateChanged reports follow, or a Failed job of kind "open"."""
        self._thread.start()

    def do(
        self, kind: str, call: Callable[[AnnotationService], Any], *, writes: bool = False
    ) -> int:
        """Hand over a job; its number."""
        self._numbers += 1
        self._writing += writes
        self._jobs.put(Job(self._numbers, kind, call, writes))
        return self._numbers

    @property
    def unsaved(self) -> int:
        """Decisions that are not on disk."""
        return self._writing - self._written

    def close(self) -> None:
        """Finish what was handed over, give back the samples, and end; does not wait."""
        self._leaving.set()
        self._jobs.put(None)

    def join(self, seconds: float | None = None) -> bool:
        """Wait for that, for ever or so long; whether it is done."""
        return self._closed.wait(seconds)

    def _work(self) -> None:
        service = self._opened()
        if service is None:
            self._closed.set()
            return
        try:
            self._serve(service)
        except _GoneError as gone:
            self._tell_gone(service, gone.where)
        finally:
            self._close(service)

    def _tell_gone(self, service: AnnotationService, where: Path | None) -> None:
        """If it was moved, what is on its way is saved first."""
        last = AnnotationState()
        with contextlib.suppress(queue.Empty, _GoneError):
            while where is not None and (job := self._jobs.get_nowait()) is not None:
                last = self._do(service, job, last)
        error = self._presence.left(where, self.unsaved)
        self._written, self.trouble = self._writing, ""
        self._deliver(Gone(error))

    def _check(self, *, moved: bool = True) -> None:
        """Raise _GoneError if the session was deleted, or `moved`: what is written then is lost, or
        is in another place."""
        where = self._presence.where()
        if where is None or (moved and where != self._directory.absolute()):
            raise _GoneError(where)

    def _opened(self) -> AnnotationService | None:
        """The service, as soon as the machine lets it; None, which is told, where it never will,
        or the screen is left."""
        while True:
            try:
                service = AnnotationService(self._directory, self._annotator)
                self._presence = Presence(self._directory)
            except (TuiAlError, sqlite3.Error, OSError, ValueError) as error:
                if not _passes(error):
                    job = Job(0, "open", lambda _: None, writes=False)
                    self._deliver(Failed(job, _as_ours(error)))
                    return None
                self._stuck(error)
                if self._leaving.wait(AGAIN):
                    return None
            else:
                if self.trouble:
                    self._stuck(None)
                return service

    def _stuck(self, error: Exception | None) -> None:
        """Tell why nothing goes on, or (None) that it does again."""
        told = None if error is None else _as_ours(error)
        kept = "It is tried again every second, and nothing you did is lost."
        self.trouble = "" if told is None else f"{told.message} {kept} {told.hint}".strip()
        self._deliver(WriteBlocked(self.trouble))

    def _close(self, service: AnnotationService) -> None:
        try:
            service.close()
        except (MachineError, sqlite3.Error, OSError):
            pass  # the claims lapse by themselves
        finally:
            self._closed.set()

    def _serve(self, service: AnnotationService) -> None:
        last = self._overview(service, AnnotationState())
        self._deliver(StateChanged(last, frozenset()))
        look, alive = time.monotonic() + LOOK, time.time() + ALIVE
        while True:
            try:
                job = self._jobs.get(timeout=max(0.0, look - time.monotonic()))
            except queue.Empty:
                look = time.monotonic() + LOOK
                if time.time() >= alive:  # the other clock stands still while the machine sleeps
                    alive = time.time() + ALIVE
                    self._quietly(service.alive)
                self._check()
                last = self._look(service, last)
                continue
            if job is None:
                return
            last = self._do(service, job, last)

    def _look(self, service: AnnotationService, last: AnnotationState) -> AnnotationState:
        try:
            touched = service.refresh()
        except (TuiAlError, sqlite3.Error, OSError):
            return last  # told when something is to be written; reading is tried again
        now, lost = self._overview(service, last), service.lost()
        if touched or lost or now != last:
            self._deliver(StateChanged(now, frozenset(touched), lost))
        return now

    def _do(self, service: AnnotationService, job: Job, last: AnnotationState) -> AnnotationState:
        stuck = False
        while True:
            try:
                value = job.call(service)
                self._check(moved=False)  # or it is not saved, whatever SQLite says
                break
            except _GoneError:
                raise
            except Exception as error:  # whatever it is, later jobs must not be lost with this one
                if not (_passes(error) or (job.writes and _is_disk(error))):
                    self._written += job.writes
                    self._deliver(Failed(job, _as_ours(error)))
                    return last
                self._check(moved=False)
                stuck = True
                self._stuck(error)
                time.sleep(AGAIN)
        self._written += job.writes
        if stuck:
            self._stuck(None)
        now = self._overview(service, last)
        self._deliver(Done(job, value, now))
        return now

    @staticmethod
    def _quietly(call: Callable[[], None]) -> None:
        """A sign of life that does not get through is sent again a quarter of a minute later."""
        try:
            call()
        except (MachineError, sqlite3.Error, OSError):
            return

    def _overview(self, service: AnnotationService, last: AnnotationState) -> AnnotationState:
        """As it is now; `last` where it cannot be read."""
        try:
            return self._look_around(service)
        except (TuiAlError, sqlite3.Error, OSError):
            return last

    def _look_around(self, service: AnnotationService) -> AnnotationState:
        label_state = service.label_state
        annotator = service.client.annotator
        closed = service.closed
        live = is_live(self._directory)
        self._asked = 0 if live else self._asked
        return AnnotationState(
            name=service.name,
            task=service.task,
            annotator=annotator,
            labels=label_state.labels,
            key_order=label_state.key_order,
            descriptions=dict(label_state.descriptions),
            counts=label_state.counts,
            saved=label_state.count(Status.LABELLED),
            closed=closed,
            conflicts=label_state.count(Status.CONFLICT),
            ranking=service.ranking,
            batch=service.batch,
            lacks=service.lacks(),
            recent=self._recent(service, label_state, annotator),
            others=tuple(sorted({name for client,
                name in service.log.present() if client != service.client.name})),
            left=max(0, service.pool - closed),
            live=live,
            failure=("", "") if live else self._why(service.state),
            engine_waits=waits_for(self._directory) if live else "",
            state=service.state,
            damage=service.damage,
        )  # fmt: skip

    def _why(self, state: SessionState) -> tuple[str, str]:
        """Why no engine is at work. Reads the whole session, so it is asked until it answers, a few
        times at most: how an engine ended is known soon, or never.
        """
        self._asked = 0 if self._reason[0] != state.seq else self._asked
        if self._asked < _ASKED and not (self._asked and self._reason[1][0]):
            self._asked += 1
            self._reason = state.seq, process.why_not_at_work(self._directory, state)
        return self._reason[1]

    def _recent(
        self, service: AnnotationService, label_state: LabelState, annotator: str
    ) -> tuple[RecentDecision, ...]:
        found = []
        for record in label_state.decisions_of(annotator):
            if not isinstance(record.decision, Label | Skip | Flag):
                continue
            identity = record.decision.about[0]
            text = self._snippets.get(identity)
            if text is None:
                example = service.example(identity)
                text = example.text[:60] if example else ""
            kind, given = record.decision.kind, label_state.given(record)
            found.append(RecentDecision(record.uid, identity, kind, given, text))
            if len(found) == RECENT:
                break
        # No others are kept: over a day of labelling they would be thousands.
        self._snippets = {one.id: one.text for one in found}
        return tuple(found)


def _is_disk(error: Exception) -> bool:
    """Whether it is the disk's fault, and not the decision's."""
    return any(
        isinstance(e, MachineError | sqlite3.Error | OSError) for e in (error, error.__cause__)
    )


def _passes(error: Exception) -> bool:
    """Whether it may be over after a while, whatever was to be done."""
    told = explained(error)
    return isinstance(told, MachineError) and told.passes


def _as_ours(error: Exception) -> TuiAlError:
    return explained(error) or TuiAlError(f"{type(error).__name__}: {error}")
