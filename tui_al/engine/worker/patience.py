"""Waiting out what passes by itself or is mended by somebody: a full disk that is cleared, a lock,
a network drive that comes back."""

import errno
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from tui_al.errors import EngineStopped, MachineError
from tui_al.store.engine_lock import note_in_lock
from tui_al.store.environment import explained

log = logging.getLogger(__name__)

#: Seconds to wait at most, each time anew; for a device that fails the shorter time.
LONGEST, OF_A_DEVICE = 1800.0, 60.0

#: Overrules LONGEST, in seconds; 0: nothing is waited for.
VARIABLE = "TUI_AL_WAIT_SECONDS"

#: Seconds before the second try, doubled up to the longest pause.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0

T = TypeVar("T")


class Stopping(Protocol):
    """Says whether the engine was asked to leave."""

    requested: bool


def longest_wait(number: int = 0) -> float:
    """Seconds to wait for what is refused with this errno."""
    try:
        longest = float(os.environ.get(VARIABLE, LONGEST))
    except ValueError:
        longest = LONGEST
    return min(longest, OF_A_DEVICE) if number in (errno.EIO, errno.ESTALE) else longest


@dataclass(slots=True)
class Patience:
    """Calls that read or write, tried until the machine lets them or `longest_wait` is over.

    `lock` is the descriptor of the engine's lock, in which viewers find what it waits for; a
    database on the full disk could not hold that.
    """

    directory: Path
    stop: Stopping
    lock: int | None = None
    waited: float = 0.0  #: seconds, all in all

    def __call__(self, call: Callable[[], T]) -> T:
        """What `call` returns; it must be one that can be made again after it failed in the middle.

        Raises:
            MachineError: it did not pass in time, or never will.
            EngineStopped: the engine was asked to stop meanwhile.
        """
        began, pause = time.monotonic(), _FIRST_PAUSE
        since = time.strftime("%H:%M")
        refused: MachineError | None = None
        try:
            while True:
                try:
                    result = call()
                except Exception as error:
                    refused = self._passing(error)
                    if time.monotonic() - began + pause > longest_wait(refused.code):
                        raise refused from error
                    self._tell(refused, since, first=pause == _FIRST_PAUSE)
                    self._rest(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                else:
                    if refused is not None:
                        log.warning("it goes on: %s", refused.message)
                    return result
        finally:
            if refused is not None:
                self.waited += time.monotonic() - began
                note_in_lock(self.lock, "")

    @staticmethod
    def _passing(error: Exception) -> MachineError:
        """The error in words if waiting makes sense; raised as it is, or in words, if it does
        not."""
        told = explained(error)
        if told is None or (told is error and not isinstance(error, MachineError)):
            raise error
        if not isinstance(told, MachineError) or not told.passes:
            raise told from error
        return told

    def _tell(self, refused: MachineError, since: str, *, first: bool) -> None:
        what = f"waiting since {since}: {refused.message} It goes on by itself."
        if first:
            log.warning("%s %s", what, refused.hint)
        note_in_lock(self.lock, what)

    def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.stop.requested:
                raise EngineStopped(
                    f"Session {self.directory.name} was stopped while it waited.",
                    "Run the same command to continue it after the last finished round.",
                )
            time.sleep(0.1)
