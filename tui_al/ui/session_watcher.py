"""Follows a session as it grows: a thread reads what is new and hands over immutable updates;
widgets only ever see those.

The thread is a daemon of our own and no worker of the framework's, which would be waited for when
the app leaves: a network file system that hangs must not keep anybody.
"""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tui_al.core.session import events as ev
from tui_al.core.session.state import SessionState
from tui_al.errors import TuiAlError
from tui_al.host import process
from tui_al.store.engine_lock import is_live, waits_for
from tui_al.store.environment import explained
from tui_al.store.presence import Presence
from tui_al.store.session import Session


@dataclass(frozen=True, slots=True)
class Update:
    """What is known of a session now. `news` is what happened since the last update, progress left
    out."""

    state: SessionState
    live: bool  #: an engine of this machine is at work
    worked: float = 0.0  #: seconds that engines have worked, up to the last event
    end: process.EngineEnd | None = None  #: how the engine died, if it did
    news: tuple[ev.Recorded, ...] = ()
    trouble: str = ""  #: why the session cannot be read
    waits: str = ""  #: what the engine waits for that the machine refuses


class Follower:
    """Reads a session every `interval` seconds and calls `deliver` (from its own thread) when
    something changed."""

    def __init__(
        self, directory: Path, deliver: Callable[[Update], None], interval: float = 0.25
    ) -> None:
        self._directory = directory
        self._deliver = deliver
        self._interval = interval
        self._update = Update(SessionState(), live=False)
        self._clock = _WorkClock()
        self._stopping = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="follow-session")

    def start(self) -> None:
        """Begin; call once."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more; does not wait."""
        self._stopping = True
        self._wake.set()

    def look_now(self) -> None:
        """Read at once instead of when the interval is over."""
        self._wake.set()

    def _follow(self) -> None:
        session: Session | None = None
        presence: Presence | None = None
        told = False
        while not self._stopping:
            before = self._update
            try:
                session = session or Session(self._directory)
                presence = presence or Presence(self._directory)
                self._update = self._read(session, presence)
            except (sqlite3.Error, OSError, TuiAlError, TypeError, KeyError) as error:
                self._update = replace(before, news=(), trouble=_why(error))
            if not told or _differs(before, self._update):
                self._deliver(self._update)
                told = True
            self._wake.wait(self._interval)
            self._wake.clear()
        if session:
            session.close()
        if presence:
            presence.close()

    def _read(self, session: Session, presence: Presence) -> Update:
        # Whether it lives comes first: an engine that ends in between is then found with its last
        # words.
        live = is_live(self._directory)
        presence.check()
        before = self._update
        recorded, state = session.news(before.state)
        self._clock.count(recorded)
        end = None
        ended = state.ended and not process.died_silently(self._directory, state)
        if not live and not ended and not state.finished:
            # Reads the whole session, so it is asked until it answers and no longer.
            known = before.end if not before.live and not recorded else None
            end = known or process.engine_end(self._directory)
        return Update(
            state=state,
            live=live,
            worked=self._clock.seconds,
            end=end,
            waits=waits_for(self._directory) if live else "",
            news=tuple(one for one in recorded if not isinstance(one.event, ev.Progress)),
        )


def _why(error: Exception) -> str:
    return str(explained(error) or f"{type(error).__name__}: {error}")


class _WorkClock:
    """Adds up the time between an engine's start and its last sign of life."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last: float | None = None

    def count(self, recorded: list[ev.Recorded]) -> None:
        for one in recorded:
            if self._last is not None and not isinstance(one.event, ev.EngineStarted):
                self.seconds += max(0.0, one.time - self._last)
                self._last = one.time
            elif isinstance(one.event, ev.EngineStarted):
                self._last = one.time
            if isinstance(one.event, ev.EngineFinished):
                self._last = None


def _differs(before: Update, after: Update) -> bool:
    return _facts(before) != _facts(after)


def _facts(update: Update) -> tuple[object, ...]:
    state = update.state
    known = (state.seq, state.labels_now, state.damage)
    return (*known, update.live, update.end, update.trouble, update.waits)
