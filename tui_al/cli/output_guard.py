"""A display whose stream goes away is no failure of the experiment: a reader that left stops it in
good order, else it goes on unseen."""

import logging
import os
import select
import sys
from collections.abc import Callable
from typing import Protocol, TextIO

from rich.console import Console


class Stoppable(Protocol):
    """What a signal handler sets, too."""

    requested: bool


class OutputGuard:
    """`guard(call)` makes a call that writes. Once writing has failed, standard output goes
    nowhere, and no call is made."""

    def __init__(self, stop: Stoppable, diagnostics: Console) -> None:
        self._stop, self._diagnostics = stop, diagnostics
        self._lost = False

    def __call__(self, call: Callable[[], None]) -> None:
        """Make the call, unless nobody reads any more."""
        if self._lost:
            return
        try:
            call()
        except OSError as error:
            self._lost = True
            self._tell(error)

    def _tell(self, error: OSError) -> None:
        broken = [stream for stream in (sys.stdout, sys.stderr) if _is_gone(stream)]
        for stream in broken or [sys.stdout]:
            _discard(stream)
        if isinstance(error, BrokenPipeError):
            self._stop.requested = True
            said = "Nobody reads the output any more: stopping at the next step."
        else:
            said = (
                f"The output cannot be written ({error.strerror}); the experiment goes on "
                "without it."
            )
        logging.getLogger(__name__).warning("%s", said)
        try:
            self._diagnostics.print(said, style="yellow", highlight=False)
        except OSError:
            _discard(sys.stderr)


def _is_gone(stream: TextIO) -> bool:
    """Whether a pipe has no reader, or a terminal has hung up."""
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return bool(poll.poll(0))


def _discard(stream: TextIO) -> None:
    """Let the stream write to nowhere: what it still holds must not fail when the interpreter
    ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
