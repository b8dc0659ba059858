"""Directories under way: what is being made or taken away has a name with a dot, and is locked by
who does it.

A process that is killed leaves its directory, but not the lock. So what nobody holds is surely
dead, and is cleared away when the next one is made in the same place or the sessions are listed.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

#: Lies beside what is being made or taken away.
LOCK = "at-work.lock"

#: What the lock is called until it is held.
_NOT_HELD_YET = f"{LOCK}.new"

#: Seconds after which who has not come to hold it is dead: that takes no time.
_SURELY_DEAD = 60.0


@contextlib.contextmanager
def temp_dir(parent: Path, name: str) -> Iterator[Path]:
    """A new directory in `parent`, whose content is to be moved away; what is left of it in the end
    goes.

    What killed processes left in `parent` goes first.
    """
    clear_unfinished(parent)
    directory = Path(tempfile.mkdtemp(prefix=f".{name[:20]}-", dir=parent))
    making = directory / _NOT_HELD_YET
    lock = os.open(making, os.O_CREAT | os.O_RDWR, 0o600)  # of one process: nobody else opens it
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        making.rename(directory / LOCK)  # which nobody can find before it is locked
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(lock)


def clear_unfinished(parent: Path) -> None:
    """Remove what killed processes left; never anything that may be at work still."""
    with contextlib.suppress(OSError):  # closed to this account: who lists what is there says so
        for lock in list(parent.glob(f".*/{LOCK}")):
            with contextlib.suppress(OSError):
                if not is_held(lock):
                    shutil.rmtree(lock.parent)
        for lock in list(parent.glob(f".*/{_NOT_HELD_YET}")):
            with contextlib.suppress(OSError):
                if time.time() - lock.stat().st_mtime > _SURELY_DEAD and not is_held(lock):
                    shutil.rmtree(lock.parent)


def is_held(lock: Path) -> bool:
    """Whether a process at work holds the lock on this file; raises FileNotFoundError without one,
    OSError for a link."""
    descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
