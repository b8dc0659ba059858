"""The file whose lock (flock) says that an engine, or a change of the whole log, is at work on a
session."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from tui_al.store.sharing import open_file

LOCK_FILE = "engine.lock"

#: How the last engine ended, written by the process that watched over it.
EXIT_FILE = "engine.exit"

_LOCK_TRIES = 15


def lock(descriptor: int) -> None:
    """Take the lock, or raise BlockingIOError. Tries for a moment: any viewer holds it too,
    briefly."""
    for _ in range(_LOCK_TRIES):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.02)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold the lock of the session in `directory`. Raises BlockingIOError if an engine does."""
    descriptor = open_file(directory / LOCK_FILE, os.O_RDWR)
    try:
        lock(descriptor)
        yield
    finally:
        os.close(descriptor)
