"""Calls that fail from a moment on, in every process of a case, in place of a signal; drawn by the
seed of the case."""

import errno
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.campaigns.moments import Strike
from tests.faults.injector import KINDS, READ, Control, Fault
from tests.helpers.processes import PATIENCE, FaultError, Victim

#: What fails, with shares: the errno, and the kinds of calls, where they are not those that a file
#: system refuses with it.
_FAILING = {
    "ENOSPC": (errno.ENOSPC, 0, 4),
    "EDQUOT": (errno.EDQUOT, 0, 1),
    "EIO": (errno.EIO, 0, 3),
    "EIO when read": (errno.EIO, READ, 2),
    "EROFS": (errno.EROFS, 0, 2),
    "ENOLCK": (errno.ENOLCK, 0, 1),
    "EMFILE": (errno.EMFILE, 0, 2),
}

#: How many calls fail; 0: all, until it is over.
_MANY = (1, 1, 2, 5, 40, 0, 0)

#: Exit codes that say in words what was the matter: an arm that failed, data, model, session, run,
#: machine, stopped at a safe point.
TOLD = frozenset((1, 3, 4, 5, 6, 7, 130))


@dataclass(slots=True)
class Failure:
    """Failing calls; the counterpart of a `Strike`."""

    name: str
    fault: Fault
    what: str  #: "delay" (seconds) or "call" (the n-th of those that can fail so)
    when: float
    lasts: float  #: seconds by the clock after which it is over
    control: Control
    failed: int = 0  #: calls that did, as far as is known
    _since: float = 0.0  #: when the first call may have failed; 0: not yet

    @classmethod
    def draw(
        cls, chance: random.Random, seconds: float, counts: Sequence[int], control: Control
    ) -> "Failure":
        """At random; `counts` are the calls of a calm run that takes so many seconds, by the bit of
        their kind."""
        name = chance.choices(list(_FAILING), [share for _, _, share in _FAILING.values()])[0]
        number, kinds, _ = _FAILING[name]
        kinds = kinds or KINDS[number]
        calls = sum(count for bit, count in enumerate(counts) if kinds & 1 << bit)
        many = chance.choice(_MANY)
        what = chance.choice(("delay", "call", "call")) if calls else "delay"
        at = chance.randint(1, calls) if what == "call" else 1
        fault = Fault(at, number, forever=not many, many=many, kinds=kinds)
        when = at if what == "call" else round(chance.uniform(0.0, 1.05 * seconds), 3)
        return cls(name, fault, what, when, chance.choice((0.5, 3.0, 60.0)), control)

    def trap(self, _: str) -> dict[str, Any] | None:
        """Makes the n-th call fail, of whichever process; nothing for the environment."""
        self.control.arm(self.fault if self.what == "call" else Fault())
        return None

    def hit(self, _: int) -> None:
        """Makes calls fail from now on, if it has not begun."""
        if not self._since:
            self._since = time.monotonic()
            self.control.arm(self.fault)

    def look(self) -> None:
        """Ends it when its time is over: somebody has made room."""
        if not self._since and self.what == "call" and self.control.failed:
            self._since = time.monotonic()
        if self._since and time.monotonic() > self._since + self.lasts:
            self.end()

    @property
    def is_over(self) -> bool:
        """Whether calls failed, and do no more."""
        return self.lasts == float("inf") or bool(
            self.control.failed
            and not self.fault.forever
            and self.control.failed >= self.fault.many
        )

    def end(self) -> None:
        """Nothing fails any more."""
        self._since = self._since or time.monotonic()
        self.lasts = float("inf")
        self.failed += self.control.failed
        self.control.arm(Fault())

    def fall(self, victim: Victim, meanwhile: Callable[[float], None] | None = None) -> str:
        """Let it happen, and wait for the end: "done" (it held out, or was quicker), or "left" with
        its exit code."""
        rest = meanwhile or time.sleep
        began = time.monotonic()
        try:
            while victim.wait(0.001) is None:
                self.look()
                now = time.monotonic()
                if self.what == "delay" and now > began + self.when:
                    self.hit(victim.pid)
                if now > began + 120 + PATIENCE:
                    raise FaultError(f"it does not end after {self}")
                rest(0.01)
        finally:
            self.end()
        assert victim.code is not None
        if victim.code and victim.code not in TOLD:
            raise FaultError(f"it ends with {victim.code} after {self}")
        if victim.code and not self.failed:
            raise FaultError(f"it ends with {victim.code}, though nothing failed: {self}")
        return "done" if victim.code == 0 else f"left {victim.code}"

    def __str__(self) -> str:
        many = "all" if self.fault.forever else str(self.fault.many)
        when = f"{self.when:.3f} s" if self.what == "delay" else f"call {int(self.when)}"
        return f"{self.name} ({many}) at {when}, {self.failed} failed"


Blow = Strike | Failure
