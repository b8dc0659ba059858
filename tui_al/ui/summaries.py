"""The sessions of a home at a glance: who is at work, how far each got, what it is about."""

import contextlib
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui_al.core.session.state import SessionState, position, settled
from tui_al.core.session.timestamps import is_date
from tui_al.core.settings.experiment import ExperimentConfig, LearnerConfig
from tui_al.errors import TuiAlError
from tui_al.host import process
from tui_al.report.curves import curve, measured
from tui_al.report.gauges import short
from tui_al.store.engine_lock import is_live
from tui_al.store.environment import explained, of_os, word_of
from tui_al.store.lock_file import EXIT_FILE
from tui_al.store.progress import LabelProgress
from tui_al.store.session import Session, session_names
from tui_al.store.sweeps import arm_labels
from tui_al.ui.eta import remaining_seconds, roughly

#: Decisions from which on a list is shown before they are counted, which takes a second for every
#: ten thousand or two.
_MANY = 10_000


@dataclass(frozen=True, slots=True)
class Summary:
    """One session. `trouble` is why it cannot be read."""

    name: str
    label: str  #: what it is shown as: its name, or that of the arm whose session it is
    directory: Path
    live: bool = False
    died: bool = False
    failure: tuple[str, str] = ("", "")  #: why no engine is at work that should be, and what to do
    state: SessionState = field(default_factory=SessionState)
    labelled: int = 0  #: where people label, how many texts have a label
    wanted: int = 0  #: how many more decisions make the next batch
    lacks: str = ""  #: where people label, what the engine needs before it can train
    used_up: bool = False  #: where people label, whether every text is decided about
    counting: bool = False  #: the labels are many, and are counted by the next look
    trouble: str = ""
    refused: str = "damaged"  #: `trouble` in a word: what the machine refuses it with, or damaged
    written: tuple[int, ...] = ()  #: when and how far its log was, to tell whether to read it again
    #: Where people label; goes on with the next summary.
    label_progress: LabelProgress | None = field(default=None, repr=False)

    @property
    def used(self) -> float:
        """When it was last written, seconds since the epoch."""
        return max(self.written[1::2], default=0) / 1e9

    @property
    def facts(self) -> tuple[object, ...]:
        """What is shown of it follows from these, but for how long ago something was."""
        return (
            self.directory, self.label, self.live, self.died, self.failure, self.state.seq,
            self.labelled, self.wanted, self.lacks, self.used_up, self.counting, self.trouble,
            self.refused, self.damage,
        )  # fmt: skip

    @property
    def status(self) -> str:
        """running, paused, finished, done, stopped, failed, died or new; what cannot be read is
        damaged, or what the machine refuses it with."""
        if self.trouble:
            return self.refused
        if self.live:
            return "paused" if self.state.paused else "running"
        return settled(self.state, live=False, died=self.died).status

    @property
    def mark(self) -> str:
        """One character that says the same; also that a person is waited for."""
        if self.waiting:
            return "◐"
        return {
            "running": "●",
            "paused": "◐",
            "finished": "✓",
            "done": "✓",
            "new": "·",
            "stopped": "○",
        }.get(self.status, "✗")

    @property
    def progress(self) -> str:
        """ "round 7/12, seed 2/5"; the seed only if there are several."""
        config = self.state.config
        if config is None:
            return ""
        if self.by_people:
            return "counting labels …" if self.counting else f"{self.labelled:,} labelled"
        at = position(self.state)
        if at is None:
            return ""
        if self.state.finished:
            reached = max(run.last_round for run in self.state.runs.values())
            early = f" of {at.rounds}" if reached < at.rounds else ""
            return f"{max(reached, 0)}{early} rounds" + (
                f", {at.seeds} seeds" if at.seeds > 1 else ""
            )
        text = f"round {at.round}/{at.rounds}"
        return text + (f", seed {at.seed_number}/{at.seeds}" if at.seeds > 1 else "")

    @property
    def by_people(self) -> bool:
        """Whether people label, and not the data."""
        config = self.state.config
        return config is not None and config.loop.oracle == "person"

    @property
    def waiting(self) -> bool:
        """Whether the engine is there and waits for people to label."""
        at_work = any(run.busy for run in self.state.runs.values())
        needed = self.wanted > 0 or bool(self.lacks)
        return self.by_people and self.status == "running" and needed and not at_work

    @property
    def score(self) -> str:
        """The last of the curve, as ".741": the mean over the runs that got so far; where people
        label, what the random share says, ".83 [.69, .92] n=41"."""
        if not self.state.task:
            return ""
        if self.by_people:
            audits = [run.audits[-1] for run in self.state.runs.values() if run.audits]
            return "".join(measured(one).in_words() for one in audits[:1])
        mean = curve("", self.state).mean
        return short(mean[-1], 3) if mean else ""

    @property
    def when(self) -> str:
        """What is going on, or since when nothing is."""
        if self.trouble:
            return self.refused
        if not self.live:
            word = "engine died" if self.died else self.status
            return f"{word}, {ago(self.state.updated)}" if self.state.updated else "not begun"
        if self.waiting:
            return (
                f"waiting for {self.lacks}" if self.lacks else f"waiting for you: {self.wanted:,}"
            )
        left = None if self.by_people else remaining_seconds(self.state)
        run = self.state.runs.get(self.state.current) if self.state.current is not None else None
        doing = "paused" if self.state.paused else (run.phase if run and run.phase else "starting")
        idle = self.by_people and run is not None and run.status == "running" and not run.busy
        if idle and not self.state.paused:
            doing = "nothing left to label" if self.used_up else "about to train"
        return doing + (f", {roughly(left)} left" if left is not None else "")

    @property
    def damage(self) -> tuple[str, ...]:
        """What is told of its rows that had to be left out."""
        return (*self.state.damage, *(self.label_progress.damage if self.label_progress else ()))

    @property
    def about(self) -> str:
        """The experiment in one line; of a damaged one, what is lost."""
        if self.damage:
            return f"⚠ {self.damage[0]}"
        return describe(self.state.config) if self.state.config else self.trouble


def describe(config: ExperimentConfig) -> str:
    """The experiment in one line: data, strategy, models, amounts."""
    loop = config.loop
    same = _model(config.acquisition) == _model(config.successor)
    models = _model(config.acquisition) + ("" if same else f" → {_model(config.successor)}")
    if loop.oracle == "person":
        return " · ".join(
            (
                config.data.source,
                loop.strategy,
                models,
                f"{loop.batch} at a time",
                "labelled by hand",
            )
        )
    amounts = f"start {loop.seed_size}, {loop.rounds} × {loop.batch}"
    seeds = f"{len(config.seeds)} {'seed' if len(config.seeds) == 1 else 'seeds'}"
    return " · ".join((config.data.source, loop.strategy, models, amounts, seeds))


def _model(learner: LearnerConfig) -> str:
    return f"{learner.model} {learner.tuning}"


def ago(when: float, now: float | None = None) -> str:
    """Seconds since the epoch as a person says it: "just now", "5 min ago", "yesterday",
    "2026-03-01"."""
    if not is_date(when):
        return "at no date"
    now = time.time() if now is None else now
    seconds = max(0.0, now - when)
    if seconds < 60:
        return "just now"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min ago"
    then, today = time.localtime(when), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if then[:3] == time.localtime(now - 86400)[:3]:
        return "yesterday"
    return time.strftime("%Y-%m-%d", then)


def read_all(home: Path, known: Mapping[Path, Summary], *, quick: bool = False) -> list[Summary]:
    """Every session of the home: live ones first, then the last used. What is `known`, by its
    directory, is only brought up to date.

    A `quick` reader leaves very many labels of a session that is not known to the next look: the
    list is there at once."""
    labels = arm_labels(home)
    directories = [home / "sessions" / name for name in session_names(home)]
    read = [
        read_one(one, known.get(one), labels.get(one.name, one.name), quick=quick)
        for one in directories
    ]
    return sorted(read, key=lambda summary: not summary.live)


def read_one(
    directory: Path, known: Summary | None = None, label: str = "", *, quick: bool = False
) -> Summary:
    """A session as it is now; of one that is `known` only what was appended is read, and nothing
    where nothing was."""
    label = label or directory.name
    written = _written(directory)
    try:
        live = is_live(directory)
    except OSError as error:  # another account's, or on a disk that is gone
        told = of_os(error, directory)
        return Summary(
            directory.name, label, directory, trouble=told.message, refused=word_of(told),
            written=written
        )  # fmt: skip
    same = known and (live, written, label) == (known.live, known.written, known.label)
    if known and same and not known.counting:
        return known
    if known and written[:1] != known.written[:1]:
        known = None  # another session of the same name
    label_progress, counting = known.label_progress if known else None, False
    try:
        with Session(directory) as session:
            state = session.state(known.state if known else None)
        if state.config is not None and state.config.loop.oracle == "person":
            label_progress = label_progress or LabelProgress(directory)
            counting = quick and known is None and label_progress.behind() > _MANY
            if not counting:
                label_progress.read()
        died = not live and process.engine_end(directory) is not None
        failure = process.why_not_at_work(directory, state)
    except (sqlite3.Error, OSError, TuiAlError, TypeError, ValueError, KeyError) as error:
        known_as = explained(error, directory / "session.db")
        text = known_as.message if known_as else f"{type(error).__name__}: {error}"
        word = word_of(known_as) if known_as else "damaged"
        return Summary(
            directory.name, label, directory, live, trouble=text, refused=word, written=written
        )
    counted = label_progress if not counting else None
    labelled, wanted = (counted.labelled, counted.wanted(state)) if counted else (0, 0)
    lacks = counted.lacks(state) if counted else ""
    used_up = counted is not None and counted.used_up(state)
    return Summary(
        directory.name, label, directory, live, died, failure, state, labelled, wanted, lacks,
        used_up, counting, written=written, label_progress=label_progress
    )  # fmt: skip


def _written(directory: Path) -> tuple[int, ...]:
    """Which file the log is; when and how far it and the file that SQLite writes ahead were, and
    the note of how an engine ended.

    An empty one of those says nothing.
    """
    facts: list[int] = []
    for name in ("session.db", "session.db-wal", EXIT_FILE):
        with contextlib.suppress(OSError):
            found = (directory / name).stat()
            if found.st_size:
                facts += [found.st_ino] * (not facts) + [found.st_mtime_ns, found.st_size]
    return tuple(facts)
