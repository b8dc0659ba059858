"""How a working engine speaks and listens: events into the store, commands out of it."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tui_al.core.session import events as ev
from tui_al.engine.worker.patience import Patience
from tui_al.errors import EngineStopped, TuiAlError
from tui_al.store.engine_lock import token_in
from tui_al.store.session import Command, Session

log = logging.getLogger(__name__)

#: Told of events once they are in the store.
Observer = Callable[[list[ev.Recorded]], None]

#: Seconds between two `Progress` events in the store, and between two looks at the commands.
_PROGRESS_SECONDS = 0.25


@dataclass(slots=True)
class StopSignal:
    """Set by a signal handler; the engine leaves at the next step."""

    requested: bool = False


@dataclass(slots=True)
class SessionIO:
    """Writes events to the store, thins out progress, and listens for stop and pause meanwhile.

    `heard` is the number of the last command that was for an earlier engine; later ones are for
    this one."""

    session: Session
    observe: Observer
    stop: StopSignal
    heard: int = 0
    command: str = ""  #: the last "train" or "finish" that nobody has looked at
    _last_progress: float = 0.0
    _paused_seconds: float = 0.0
    lock: int | None = None  #: descriptor of the engine's lock
    patient: Patience = field(init=False)
    _said: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.patient = Patience(self.session.directory, self.stop, self.lock)
        self._said = set(self.patient(self.session.state).warnings)

    def emit(self, *events: ev.Event) -> None:
        """Append events; raises EngineStopped at a progress event once asked to stop."""
        if isinstance(events[0], ev.Progress):
            now = time.perf_counter()
            last = events[0].done >= events[0].total
            if not last and now - self._last_progress < _PROGRESS_SECONDS:
                return
            self._last_progress = now
            self.poll_commands()
        self._append(*events)

    def last_words(self, event: ev.Event) -> None:
        """Append an event for which nobody waits: where the disk refuses, the log alone has it."""
        try:
            self.observe(self.session.append(event))
        except (TuiAlError, OSError) as error:
            log.error("%s\nnot recorded: %s", error, event)

    def _append(self, *events: ev.Event) -> None:
        self.observe(self.patient(lambda: self.session.append(*events)))

    def warn_once(self, message: str) -> None:
        """A warning, unless the session has it already."""
        if message not in self._said:
            self._said.add(message)
            self.emit(ev.WarningRaised(message))

    def clock(self) -> float:
        """Seconds, without those spent paused."""
        return time.perf_counter() - self._paused_seconds - self.patient.waited

    def _new_commands(self) -> list[tuple[int, Command]]:
        token = None if self.lock is None else token_in(self.lock)
        return self.session.commands(after=self.heard, engine=token)

    def poll_commands(self) -> None:
        """Take in what people ask of the engine: wait while paused, raise EngineStopped when asked
        to stop."""
        paused_at: float | None = None
        while True:
            for number, command in self.patient(self._new_commands):
                self.heard = number
                if command == "stop":
                    self.stop.requested = True
                elif command in ("train", "finish"):
                    self.command = command
                elif command == "pause" and paused_at is None:
                    paused_at = time.perf_counter()
                    self._append(ev.EnginePaused(True))
                elif command == "resume" and paused_at is not None:
                    self._paused_seconds += time.perf_counter() - paused_at
                    paused_at = None
                    self._append(ev.EnginePaused(False))
            if self.stop.requested:
                raise EngineStopped(
                    f"Session {self.session.name} was stopped.",
                    "Run the same command to continue it after the last finished round.",
                )
            if paused_at is None:
                return
            time.sleep(0.1)
