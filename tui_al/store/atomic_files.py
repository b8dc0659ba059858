"""Files that appear whole or not at all: written under a name of their own, which is new and a
lock's, then put in place.

Nothing that lies there under a likely name is written into or followed, and what a killed writer
left is removed by the next one."""

import contextlib
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tui_al.store.sharing import fit

_SUFFIX = ".part"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file, to be written; it takes the place of `path`, where one may be, when the block
    ends without an error.

    Raises:
        OSError: it cannot be made or written; what was there stays.
    """
    _clear(path)
    making, descriptor = _new(path)
    try:
        fit(descriptor, path.parent)
        with open(descriptor, "wb", closefd=False) as stream:
            yield stream
        making.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            making.unlink()
        raise
    finally:
        os.close(descriptor)  # and with it goes the lock


def write_file(path: Path, text: str) -> None:
    """Write a text in UTF-8, see `replacing`."""
    with replacing(path) as stream:
        stream.write(text.encode())


def _beginning(path: Path) -> str:
    """Of the name, as much as leaves room for what is put behind it: a name has 255 bytes at
    most."""
    return os.fsencode(path.name)[:200].decode(errors="ignore")


def _new(path: Path) -> tuple[Path, int]:
    """A file that was not there, locked by this process."""
    while True:
        making = path.with_name(f".{_beginning(path)}-{secrets.token_hex(4)}{_SUFFIX}")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(making, flags, 0o666)
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:  # else another writer took it for a dead one's
            return making, descriptor
        os.close(descriptor)


def _clear(path: Path) -> None:
    """Remove what killed writers of this file left: nobody holds the lock on it."""
    leftover = re.compile(rf"\.{re.escape(_beginning(path))}-[0-9a-f]{{8}}{re.escape(_SUFFIX)}")
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in entries if leftover.fullmatch(entry.name)]
    except OSError:  # whoever writes there says so
        return
    for name in names:
        with contextlib.suppress(OSError):
            descriptor = os.open(
                path.with_name(name), os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            )
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.with_name(name).unlink()
            finally:
                os.close(descriptor)
