"""Leaving the app when a signal or the end of its terminal asks for it: in good order, and within a
bounded time.

What is decided is saved and the samples are given back; engines, which are processes of their own,
go on. The exit code is 128 and the signal's number, as a shell gives it; that of SIGHUP where the
terminal is gone, whether or not the signal came."""

import contextlib
import os
import select
import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from tui_al.ui.driver import TerminalDriver, hung_up, say_on_stderr

if TYPE_CHECKING:
    from tui_al.ui.annotation_worker import AnnotationWorker
    from tui_al.ui.app import TuiAl

#: What would end the process by default, leaving the terminal as it is. Batch systems send the
#: later ones.
SIGNALS = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2,
    signal.SIGALRM, signal.SIGXCPU,
)  # fmt: skip

#: Seconds that the app gets to close its screens, and those that decisions get to reach the disk
#: after that.
CLOSE_SECONDS, SAVE_SECONDS = 5.0, 30.0

#: Milliseconds between two looks at the terminal, where its end should fail to wake us.
_LOOK = 2000


class ExitGuard:
    """`with ExitGuard(app):` around everything that the app does, until its decisions are on
    disk."""

    def __init__(self, app: "TuiAl") -> None:
        self._app = app
        #: the signal that asked to leave, SIGHUP for a terminal that is gone; 0 if nothing did
        self.number = 0
        self._heard, self._tell = os.pipe()
        os.set_blocking(self._tell, False)
        self._ended = threading.Event()  # the app has closed its screens
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            if (
                signal.getsignal(number) is not signal.SIG_IGN
            ):  # ignored: by nohup, or in the background
                self._before[number] = signal.signal(number, self._received)
        threading.Thread(target=self._watch, daemon=True, name="exit-guard").start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Without a signal, as ever; else the process ends here, whatever threads still read in the
        background."""
        if not self.number:
            for number, handler in self._before.items():
                signal.signal(number, handler)
            return
        if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
            self.say(f"{type(error).__name__}: {error}")
        _leave(self.number)

    def app_ended(self) -> None:
        """The terminal is the person's again: Ctrl-C interrupts what is still to be done."""
        self._ended.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def say(self, line: str) -> None:
        """A line on stderr, unless the terminal is gone, or takes nothing: then writing would not
        come back."""
        driver = self._driver
        if not hung_up(2) and not (driver is not None and driver.is_stuck):
            say_on_stderr(f"{line}\n")

    @property
    def _driver(self) -> TerminalDriver | None:
        driver = self._app._driver
        return driver if isinstance(driver, TerminalDriver) else None

    def _received(self, number: int, _: FrameType | None) -> None:
        """Signal handler. It may interrupt anything, so it takes no lock: the guard's thread does
        the rest."""
        self.number = self.number or number
        if self._driver is not None:
            self._driver.prepare_to_leave()
        with contextlib.suppress(OSError):
            os.write(self._tell, b"!")

    def _watch(self) -> None:
        self._wait_for_a_reason()
        driver = self._driver
        if driver is not None and hung_up(driver.fileno):
            driver.terminal_is_gone()
        self._app.ask_to_leave()
        if self._ended.wait(CLOSE_SECONDS):
            return  # the main thread does the rest
        if driver is not None:
            driver.restore_at_once()
        save(self._app.annotation_workers, SAVE_SECONDS)
        _leave(self.number)

    def _wait_for_a_reason(self) -> None:
        poll = select.poll()
        poll.register(self._heard, select.POLLIN)
        poll.register(0, 0)  # says when the terminal hangs up, or in a browser the server's pipe
        while not self.number:
            if any(
                fd == 0 and events & (select.POLLHUP | select.POLLNVAL)
                for fd, events in poll.poll(_LOOK)
            ):
                self.number = self.number or signal.SIGHUP  # fmt: skip


def save(workers: "list[AnnotationWorker]", seconds: float) -> bool:
    """Have all decisions written and all samples given back; whether that was done in time."""
    until = time.monotonic() + seconds
    for worker in workers:
        worker.close()
    return all(
        bool(worker.trouble) or worker.join(max(0.0, until - time.monotonic()))
        for worker in workers
    )


def _leave(number: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        if not hung_up(2):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
    os._exit(128 + number)
