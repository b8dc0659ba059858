"""A bound on the memory of this process, so that what is too large is told as a MemoryError, before
the system ends processes to get some."""

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_al.core.limits import memory_left, text_of

#: Bytes that are left to the machine: with less it would end processes.
_SPARED = 1 << 27

_lock = threading.Lock()
_bounds: list[int] = []  # of all regions that are entered, in any thread
_before = resource.RLIM_INFINITY  # the limit outside of all


@contextmanager
def bounded_memory(most: int | None = None) -> Iterator[None]:
    """Within it, MemoryError where the process asks for more than the machine has left, or for more
    than `most` bytes beyond what it has.

    It is the system's limit on data (RLIMIT_DATA), which counts what is asked for, used or not, by
    all threads: the tightest region holds for all of them, and where all are left, what was the
    limit before. Libraries in Rust end the process where they get none. Nothing is bounded where
    the system does not tell how much there is.
    """
    held, left = _held(), memory_left()
    if held is None or left is None:
        yield
        return
    if left < _SPARED:
        raise MemoryError
    bound = held + (left - _SPARED if most is None else min(most, left - _SPARED))
    _enter(bound)
    try:
        yield
    finally:
        _leave(bound)


def _held() -> int | None:
    """Bytes that count against the limit; None where there is no telling."""
    for line in text_of(Path("/proc/self/status")).splitlines():
        name, _, amount = line.partition(":")
        if name == "VmData":
            return int(amount.split()[0]) * 1024
    return None


def _enter(bound: int) -> None:
    global _before
    with _lock:
        if not _bounds:
            _before = resource.getrlimit(resource.RLIMIT_DATA)[0]
        _bounds.append(bound)
        _apply()


def _leave(bound: int) -> None:
    with _lock:
        _bounds.remove(bound)
        _apply()


def _apply() -> None:
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    known = [one for one in (_before, hard) if one != resource.RLIM_INFINITY]
    soft = min(_bounds + known) if _bounds else _before
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
