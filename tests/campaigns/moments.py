"""When and by which signal a process is struck, drawn by the seed of the case."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.helpers.processes import PATIENCE, FaultError, Victim

#: Signals with their weights; "STOP" stands still for a moment and is killed then.
_SIGNALS = {"KILL": 8, "TERM": 4, "INT": 3, "HUP": 2, "STOP": 2}

#: All of them.
SIGNALS = " ".join(_SIGNALS)


@dataclass(frozen=True, slots=True)
class Strike:
    """One blow: a signal at a moment."""

    signal: str  #: KILL, TERM, INT, HUP or STOP
    what: str  #: "delay" (seconds), "file" or "event" (the n-th)
    when: float

    @classmethod
    def draw(
        cls,
        chance: random.Random,
        seconds: float,
        files: int,
        events: int,
        *,
        signals: str = SIGNALS,
    ) -> "Strike":
        """At random; `seconds`, `files` and `events` are what a calm run takes and counts."""
        names = signals.split()
        name = chance.choices(names, [_SIGNALS[one] for one in names])[0]
        kinds = ["delay"] + ["file"] * bool(files) + ["event"] * bool(events)
        what = chance.choice(kinds)
        if what == "delay":
            return cls(name, what, round(chance.uniform(0.0, 1.05 * seconds), 3))
        return cls(name, what, chance.randint(1, files if what == "file" else events))

    @property
    def number(self) -> int:
        """The signal's."""
        return int(getattr(signal, f"SIG{self.signal}"))

    def hit(self, pid: int) -> None:
        """The blow, at a moment by the clock."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, self.number)

    def look(self) -> None:
        """Nothing: a signal is over when it is sent."""

    def end(self) -> None:
        """Nothing, likewise."""

    def trap(self, role: str) -> dict[str, Any] | None:
        """For the process's environment; None where it is struck from outside."""
        if self.what == "delay":
            return None
        return {"role": role, "what": self.what, "number": int(self.when), "signal": self.number}

    def fall(self, victim: Victim, meanwhile: Callable[[float], None] | None = None) -> str:
        """Let it happen, and wait for the end: "killed", "left" (by itself, after a signal) or
        "done" (it was quicker).

        `meanwhile` is called over and over, with the seconds that it may take.
        """
        rest = meanwhile or time.sleep
        deadline = time.monotonic() + (self.when if self.what == "delay" else 120)
        struck = False
        while victim.wait(0.001) is None and not victim.stopped():
            left = deadline - time.monotonic()
            if left <= 0 and self.what != "delay":
                raise FaultError("it neither ends nor reaches the trap")
            if left <= 0:
                victim.strike(self.number)
                struck = True
                break
            rest(min(0.01, left))
        end = time.monotonic() + PATIENCE
        while victim.wait(0.001) is None:
            if victim.stopped():
                time.sleep(0.05)
                victim.strike(signal.SIGKILL)
            if time.monotonic() > end:
                raise FaultError(f"it does not end after {self}, struck {struck}")
            rest(0.01)
        code = victim.code
        assert code is not None
        return "killed" if code < 0 else "done" if code == 0 else "left"

    def __str__(self) -> str:
        when = f"{self.when:.3f} s" if self.what == "delay" else f"{self.what} {int(self.when)}"
        return f"{self.signal} at {when}"
