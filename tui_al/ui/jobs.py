"""Blocking calls on behalf of a screen: made in a daemon thread, the outcome handed back as a
message.

No worker of the framework: the app would wait for its thread on leaving, and a network file system
that hangs must keep nobody."""

import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from textual.message import Message
from textual.message_pump import MessagePump

from tui_al.errors import TuiAlError
from tui_al.host.background import in_background


class JobDone(Message):
    """A job came back. `result()` gives its value, or raises what went wrong as a TuiAlError."""

    def __init__(self, job: str, number: int, future: Future[Any]) -> None:
        super().__init__()
        self.job, self.number = job, number
        self._future = future

    def result(self) -> Any:
        """The value; raises TuiAlError, whatever it was that failed."""
        error = self._future.exception()
        if error is None:
            return self._future.result()
        if isinstance(error, TuiAlError):
            raise error
        raise TuiAlError(f"{type(error).__name__}: {error}") from error


class Jobs:
    """The jobs of one screen: of each name only the last one counts."""

    def __init__(self, node: MessagePump) -> None:
        self._node = node
        self._numbers: dict[str, int] = {}

    def start(self, job: str, call: Callable[[], Any]) -> None:
        """Call in the background; a JobDone for `job` follows."""
        number = self._numbers[job] = self._numbers.get(job, 0) + 1

        def hand_back(future: Future[Any]) -> None:
            with contextlib.suppress(
                RuntimeError
            ):  # the app's loop is closed: nobody asks any more
                self._node.post_message(JobDone(job, number, future))

        in_background(call).add_done_callback(hand_back)

    def forget(self, job: str) -> None:
        """What comes back of this job is out of date."""
        self._numbers[job] = self._numbers.get(job, 0) + 1

    def is_last(self, done: JobDone) -> bool:
        """Whether nothing newer of that name was started."""
        return self._numbers.get(done.job) == done.number
