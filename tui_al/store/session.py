"""A session on disk: one directory, which opens anywhere; `tui-al backup` copies it, also while it
is at work.

    session.db     SQLite: the append-only log of events; the only place where engine, screens and
        scripts meet
    examples.db    SQLite: a frozen copy of the data, written once
    engine.lock    held (flock) by the one engine that may work on the session; the kernel frees it
        on any death. Says whose it is,
                   and the number of the last command before it was taken: later ones are for this
                   engine
    engine.log     what a detached engine printed
    session.last   the numbers of the last rows that are surely in the log, see `row_checks`
    models/        the last successor of each run

Everything that is known of a session is a fold over its events (`tui_al.core.session.state`), so a
killed engine loses nothing but the work since the last event.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

from tui_al.core.annotation.label_state import LabelState
from tui_al.core.close_names import did_you_mean
from tui_al.core.data.examples import Dataset
from tui_al.core.session import events as ev
from tui_al.core.session.damage import BadRow, damage_lines
from tui_al.core.session.state import SessionState, fold
from tui_al.errors import SessionError
from tui_al.store.accounts import group_name, this_account
from tui_al.store.atomic_dirs import temp_dir
from tui_al.store.commands import Sent, commands_sent, send_command
from tui_al.store.database import connect, readable
from tui_al.store.decision_rows import label_changes
from tui_al.store.engine_lock import (
    engine_token,
    is_live,
    last_command,
    numbered_before,
    take_engine_lock,
    write_lock,
)
from tui_al.store.environment import session_file
from tui_al.store.event_log import EventRows, append_events, first_event, last_event, read_events
from tui_al.store.examples import read_examples, write_examples
from tui_al.store.home import session_directory, whole_name
from tui_al.store.lock_file import LOCK_FILE
from tui_al.store.migrations import write_number
from tui_al.store.row_checks import MISSING
from tui_al.store.shared_homes import open_way
from tui_al.store.sharing import check_home, check_list, make_directory, refusal, share

#: What a person may ask of a working engine: it pauses or stops at the next step; while people
#: label, it trains at once or ends.
Command = Literal["pause", "resume", "stop", "train", "finish"]

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    seed INTEGER,
    body TEXT NOT NULL,
    checksum INTEGER,
    previous INTEGER
);
CREATE TABLE commands (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, name TEXT NOT NULL, recipient TEXT, account TEXT
);
"""  # noqa: E501


class Session:
    """An open session. Cheap to open; any number of readers and writers at once, one engine at a
    time."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._labels: _LabelsToday | None = None
        path = directory / "session.db"
        with readable(path):
            self._db = connect(path)

    @classmethod
    def create(
        cls,
        home: Path,
        name: str,
        created: ev.SessionCreated,
        dataset: Dataset,
        *,
        group: int | None = None,
        begin: Callable[[Path], None] | None = None,
    ) -> Self:
        """Make a new session; appears whole or not at all. It is its account's alone, unless there
        is a group to share it with.

        `begin` is called with the directory before it appears, to put in what the session is to
        begin with.

        Raises SessionError if the name is taken.
        """
        directory = session_directory(home, name)
        make_directory(directory.parent)
        with temp_dir(directory.parent, name) as place:
            making = place / name
            making.mkdir(mode=0o700)
            write_examples(making / "examples.db", dataset)
            db = connect(making / "session.db", new=True)
            with db:
                db.executescript(_SCHEMA)
                write_number(db)
            db.close()
            with contextlib.closing(cls(making)) as session:
                session.append(replace(created, account=this_account()))
                if group is not None:
                    detail = f"with group {group_name(group)}"
                    session.append(ev.ActionTaken(this_account(), "shared", detail))
            if begin is not None:
                begin(making)
            if group is not None:
                share(making, group)
            try:
                making.rename(directory)  # fails if a directory with entries is there
            except OSError as error:
                if directory.exists():
                    raise SessionError(
                        f"Session {name} exists already, in {directory}.",
                        "Choose another name with --session, or run the same experiment to "
                        "continue it.",
                    ) from error
                raise
        if group is not None:
            open_way(directory, group)
        return cls(directory)

    @classmethod
    def open(cls, home: Path, name: str) -> Self:
        """Open by name, by the beginning that one name alone has, or by path to a session
        directory; raises SessionError that lists what there is."""
        as_path = Path(name).expanduser()
        if "/" in name and is_there(as_path):
            directory = as_path.absolute()
        else:
            directory = session_directory(home, name)
            if not is_there(directory):
                directory = session_directory(home, whole_name(name, session_names(home)))
        if closed := refusal(directory / "session.db"):
            raise closed
        if not (directory / "session.db").is_file():
            there = session_names(home)
            raise SessionError(
                f"There is no session {name!r} in {home}.",
                f"{did_you_mean(name, there)}There are: {', '.join(there)}."
                if there
                else "There is none yet: start one with `tui-al simulate tickets`.",
            )
        return cls(directory)

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.directory.name

    def close(self) -> None:
        """Close the log; the last one to close folds SQLite's side files into it."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def meta(self, key: str) -> str | None:
        """What is kept under a key beside the events; None if nothing is."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value under a key, in place of an earlier one."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def append(self, *events: ev.Event) -> list[ev.Recorded]:
        """Add events, all or none, and return them numbered; they are on disk when this returns.

        A point closes its round: what `Progress` told of the run is dropped then, which keeps the
        log small."""
        return append_events(self._db, self.directory, events)

    def restore(self, recorded: Sequence[ev.Recorded]) -> None:
        """Add events of another session as they happened there, numbered anew."""
        times = [one.time for one in recorded]
        append_events(self._db, self.directory, [one.event for one in recorded], times)

    def events(self, after: int = 0) -> list[ev.Recorded]:
        """Events with a number above `after`, in order; rows that are damaged or of unknown kinds
        are left out, see `state`."""
        return self._read(after).recorded

    def news(self, since: SessionState | None = None) -> tuple[list[ev.Recorded], SessionState]:
        """The events since an earlier state, and the state after them, which says what was left out
        of it."""
        since = since or SessionState()
        found = self._read(since.seq)
        with readable(self.directory / "session.db"):
            state = self.with_labels(fold(found.recorded, since))
            bad = tuple(dict.fromkeys((*since.bad_rows, *found.bad)))
            if bad:
                (rows,) = self._db.execute("SELECT count(*) FROM events").fetchone()
                lost = sum(row.why == MISSING for row in bad)
                damage = damage_lines(bad, rows + lost, self.name)
                last = max(state.seq, *(row.seq for row in bad if row.why != MISSING), 0)
                state = replace(state, bad_rows=bad, damage=damage, seq=last)
        return found.recorded, state

    def _read(self, after: int) -> EventRows:
        with readable(self.directory / "session.db"):
            return read_events(self._db, self.directory, after)

    def created(self) -> ev.SessionCreated:
        """The first event: what the session is. SessionError where it is damaged."""
        with readable(self.directory / "session.db"):
            found = first_event(self._db, self.directory)
        assert isinstance(found, ev.SessionCreated)
        return found

    def last(self, kind: str) -> ev.Recorded | None:
        """The newest event of a kind, without reading the others; None where there is none, or it
        is damaged."""
        with readable(self.directory / "session.db"):
            return last_event(self._db, kind)

    def is_finished(self) -> bool:
        """What `state` says of it, without reading all events."""
        kinds = (ev.SessionFinished.kind, ev.EngineStarted.kind, ev.SeedsAdded.kind)
        with readable(self.directory / "session.db"):
            last = self._db.execute(
                "SELECT kind FROM events WHERE kind IN (?, ?, ?) ORDER BY seq DESC LIMIT 1", kinds
            ).fetchone()
        return bool(last) and last[0] == ev.SessionFinished.kind

    def state(self, since: SessionState | None = None) -> SessionState:
        """The session's state; pass an earlier one to fold only what is new."""
        return self.news(since)[1]

    def with_labels(self, state: SessionState) -> SessionState:
        """The state with the labels of today, where people add and rename them."""
        if state.config is None or state.config.loop.oracle != "person":
            return state
        with readable(self.directory / "session.db"):
            if self._labels is None or self._labels.begun_with != state.labels:
                self._labels = _LabelsToday(state.labels)
            labels = self._labels.read(self._db)
        return state if labels == state.labels_now else replace(state, labels_now=labels)

    def send(self, command: Command) -> None:
        """Ask the engine that is at work now for something, and no later one; it looks a few times
        a second."""
        with readable(self.directory / "session.db"):
            send_command(self._db, command, engine_token(self.directory), this_account())

    def sent(self) -> list[Sent]:
        """All that was ever asked of the session's engines, with the account that asked, in
        order."""
        with readable(self.directory / "session.db"):
            return commands_sent(self._db)

    def commands(self, after: int = 0, engine: str | None = None) -> list[tuple[int, Command]]:
        """Numbered commands above `after`, in order; with an `engine`'s token, without those that
        are for another."""
        return [
            (sent.seq, sent.name)  # type: ignore[misc]  # a name that an engine does not know is passed over
            for sent in commands_sent(self._db, after)
            if engine is None or sent.recipient in ("", engine)
        ]

    def dataset(self, left_out: list[BadRow] | None = None) -> Dataset:
        """The frozen data; SessionError where examples are damaged, unless there is a list that
        takes what is left out."""
        path = self.directory / "examples.db"
        with readable(path):
            return read_examples(path, left_out)

    @contextlib.contextmanager
    def engine_lock(self, inherited: int | None = None) -> Iterator[int]:
        """Be the session's only engine; gives the descriptor of the lock, and raises SessionError
        that names the one at work.

        `inherited` is a descriptor that already holds the lock (see `take_engine_lock`), handed
        down by the process that started this one.
        """
        descriptor = take_engine_lock(self.directory) if inherited is None else inherited
        try:
            before = self.commands_before(descriptor)
            with session_file(self.directory / LOCK_FILE):
                write_lock(descriptor, f"process {os.getpid()} on {os.uname().nodename}", before)
            yield descriptor
        finally:
            os.close(descriptor)

    def commands_before(self, lock: int) -> int:
        """The number of the last command that was sent before this lock (its descriptor) was taken:
        it was for nobody who holds it.

        A lock that says nothing was taken by an older program; then all commands up to now count as
        earlier ones."""
        said = numbered_before(lock)
        return last_command(self._db) if said is None else said

    def is_live(self) -> bool:
        """Whether an engine of this machine holds the session's lock."""
        return is_live(self.directory)


class _LabelsToday:
    """Labels after all that people changed; what was read once is not read again, as this is asked
    every second."""

    def __init__(self, begun_with: tuple[str, ...]) -> None:
        self.begun_with = begun_with
        self._labelling = LabelState(begun_with)
        self._seq = 0  # of the last decision that was looked at

    def read(self, db: sqlite3.Connection) -> tuple[str, ...]:
        """They; of decisions only those are read that matter for it."""
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'decisions'").fetchone():
            return self.begun_with
        (last,) = db.execute("SELECT coalesce(max(seq), 0) FROM decisions").fetchone()
        if last > self._seq:
            self._labelling.apply(label_changes(db, self._seq))
            self._seq = int(last)
        return self._labelling.labels


def is_there(directory: Path) -> bool:
    """Whether a session lies in `directory`; one that is closed to this account counts, opening it
    says so."""
    return refusal(directory / "session.db") is not None or (directory / "session.db").is_file()


def session_names(home: Path) -> list[str]:
    """Names of the sessions in `home`, the last used first; SessionError where this account may not
    know them."""
    check_home(home)
    check_list(home / "sessions")
    found: dict[str, float] = {}
    for log in (home / "sessions").glob("*/session.db"):
        name = log.parent.name
        if not name.startswith("."):
            times = [_changed(log), _changed(log.with_name("session.db-wal"))]
            if times[0]:  # else deleted meanwhile
                found[name] = max(times)
            elif log.with_name("examples.db").exists():  # emptied: it is told as damaged
                found[name] = _changed(log.with_name("examples.db"))
    return sorted(found, key=lambda name: (found[name], name), reverse=True)


def _changed(path: Path) -> float:
    """When the file was last written; 0 if it is not there, or empty, as what SQLite makes for a
    mere reader is."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0.0
    return found.st_mtime if found.st_size else 0.0
