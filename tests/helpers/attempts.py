"""Engines of the fork server that are killed at moments of their work."""

import signal
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers.processes import Forks, Victim

#: Seconds after which an attempt counts as one that does not end.
_PATIENCE = 300.0


@dataclass(frozen=True)
class Attempt:
    """How an engine ended: its exit code or minus the signal, how many events it had put on record,
    and what it was at."""

    code: int
    events: int
    phase: str


@dataclass
class Attempts:
    """Starts engines, whose files go into the directory `case`."""

    forks: Forks
    case: Path
    phases: Counter[str] = field(default_factory=Counter)  #: what was killed

    def start(self, session: Path, events: int = 0) -> Victim:
        """An engine at work on this session, to be killed by whoever asked."""
        arguments = ["tests.helpers.attempt", str(session), str(events)]
        return self.forks.start(self.case, arguments)

    def attempt(
        self, session: Path, events: int | None = None, seconds: float | None = None
    ) -> Attempt:
        """Have an engine work on the session until it is killed, after so many events of its own or
        so many seconds, or until it is done."""
        victim = self.start(session, events or 0)
        timer = None
        if seconds is not None:
            timer = threading.Timer(seconds, victim.strike, (signal.SIGKILL,))
            timer.start()
        code = victim.wait(_PATIENCE)
        if timer:
            timer.cancel()
            timer.join()
        assert code is not None, f"an engine works for more than {_PATIENCE} s on {session}"
        said = (self.case / "stdout").read_text().splitlines()
        count, _, phase = said[-1].partition(" ") if said else ("0", "", "")
        if code == -signal.SIGKILL:
            self.phases[phase] += 1
        return Attempt(code, int(count), phase)
