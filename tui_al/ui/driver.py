"""Textual's driver for terminals, made to survive signals, a terminal that is gone, and one that
takes no more output."""

import contextlib
import os
import queue
import select
import signal
import sys
import termios
import time
from typing import TYPE_CHECKING, Any

from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.app import App

#: Seconds that a terminal gets to take what is still to be written when the app is left or
#: suspended.
_LAST_WORDS_SECONDS = 2.0

#: Mouse, focus and paste reports and the kitty keyboard off, line wrap on, back from the alternate
#: screen, cursor on.
_RESTORE = (
    b"\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?2004l\x1b[?1004l\x1b[?2048l"
    b"\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h"
)


def hung_up(descriptor: int) -> bool:
    """Whether the terminal behind a descriptor is gone; Textual would read its end over and
    over."""
    poll = select.poll()
    poll.register(descriptor, 0)
    gone = select.POLLHUP | select.POLLNVAL
    return any(events & gone for _, events in poll.poll(0))


class TerminalWriter(WriterThread):
    """Writes to the terminal in a thread; nobody waits for ever for a terminal that is gone or
    stands still.

    Textual's own thread dies at the first error, and whoever writes next waits for it without end.
    """

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.lost = False  #: nothing is written any more
        self.give_up_at: float | None = None  #: by `time.monotonic`

    def write(self, text: str) -> None:
        """Hand text over; waits while the terminal is slow, unless it is lost or given up."""
        while not self.lost:
            with contextlib.suppress(queue.Full):
                self._queue.put(text, timeout=0.1)
                return
            if self.give_up_at is not None and time.monotonic() > self.give_up_at:
                self.lost = True

    def run(self) -> None:
        """Write until stopped, or until the terminal is gone."""
        try:
            super().run()
        except (OSError, ValueError):  # ValueError: the stream was closed
            self.lost = True

    def stop(self) -> None:
        """End the thread, with what is still to be written if the terminal takes it in time."""
        until = time.monotonic() + _LAST_WORDS_SECONDS
        if self.give_up_at is not None:
            until = min(until, self.give_up_at)
        while time.monotonic() < until:
            with contextlib.suppress(queue.Full):
                self._queue.put(None, timeout=0.1)
                break
            if self.lost:
                break
        self.join(max(0.0, until - time.monotonic()))
        self.lost = True  # also when it has ended as it should: what comes later has no taker

    @property
    def is_stuck(self) -> bool:
        """Whether it waits for a terminal that takes nothing, holding the stream's lock."""
        return self.is_alive() and self.lost


class TerminalDriver(LinuxDriver):
    """What Textual's driver does, and: it can be stopped and continued by any signal, and be left
    whatever the terminal does."""

    def __init__(self, app: "App[Any]", **options: Any) -> None:
        self._writer: TerminalWriter | None = None
        self._active = False  # whether the terminal is in the app's mode
        self.leaving = False  #: a signal has ended the app: it is not shown again
        super().__init__(app, **options)
        if self._file is None or not self._file.isatty():
            self._file = (
                sys.__stdout__
            )  # stderr is written to a file: the app is shown all the same

    @property
    def _writer_thread(self) -> WriterThread | None:
        return self._writer

    @_writer_thread.setter
    def _writer_thread(self, made: WriterThread | None) -> None:
        self._writer = None if made is None else TerminalWriter(self._file)

    @property
    def is_stuck(self) -> bool:
        """Whether the terminal takes no output, so that nothing else may be written to it
        either."""
        return self._writer is not None and self._writer.is_stuck

    def prepare_to_leave(self) -> None:
        """From a signal handler: the app is being left, so a terminal that takes nothing is not
        waited for."""
        self.leaving = True
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else touching the terminal would stop us
        if self._writer is not None and self._writer.give_up_at is None:
            self._writer.give_up_at = time.monotonic() + _LAST_WORDS_SECONDS

    def restore_at_once(self) -> None:
        """From any thread, for an app that does not come to its end: the terminal as it was, as far
        as that can be done now."""
        if not self._active or hung_up(self.fileno):
            return
        if self.attrs_before is not None and self._in_foreground():
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        with contextlib.suppress(OSError):
            descriptor = self._file.fileno() if self._file else self.fileno
            if select.select([], [descriptor], [], 0)[1]:
                os.write(descriptor, _RESTORE)

    def start_application_mode(self) -> None:
        """Take over the terminal; in the background, where that is not allowed, it is tried again
        when we are continued."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._active = self._writer is not None and self._writer.is_alive()

    def stop_application_mode(self) -> None:
        """Give the terminal back, unless it is not ours at present: then the shell has set it for
        itself."""
        if not self._active:
            return
        self._active = False
        if not self._in_foreground():
            self.attrs_before = None
        if self._mouse_pixels:
            self.write("\x1b[?1016l")  # Textual leaves it on, for the next program to stumble over
        super().stop_application_mode()

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:
            return False

    def _sigtstp_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._suspend)

    def _suspend(self) -> None:
        """Stop, the terminal given back before. Not in the signal handler itself: that may
        interrupt a write."""
        if self._auto_restart and self._active:
            self.suspend_application_mode()
            self._must_signal_resume = True
        os.kill(os.getpid(), signal.SIGSTOP)

    def _sigcont_application(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._continue)

    def _continue(self) -> None:
        """Take the terminal over again; where SIGSTOP came without a warning, the shell has set it
        its own way meanwhile."""
        if self.leaving or not self._auto_restart:
            return
        if self._active:
            self.suspend_application_mode()
            self._must_signal_resume = True
        self.resume_application_mode()

    def _run_input_thread(self) -> None:
        """Read keys; the end of the terminal is not an error of the program."""
        try:
            self.run_input_thread()
        except OSError:
            if not hung_up(self.fileno):
                raise
        except BaseException:
            import rich.traceback

            self._app.call_later(self._app.panic, rich.traceback.Traceback())

    def terminal_is_gone(self) -> None:
        """Write and read no more."""
        if self._writer is not None:
            self._writer.lost = True
        self.exit_event.set()


def say_on_stderr(text: str) -> None:
    """A line on stderr, if it is still there."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text)
        sys.stderr.flush()
