"""Copies of what lies in a session's directory, which may be a stranger's: links are not followed,
a file that has a second name elsewhere is not copied, and nothing is written over."""

import errno
import os
import shutil
import stat
from pathlib import Path

#: What every session has by itself, or what is copied in another way.
_NOT_COPIED = ("session.db", "examples.db", "engine.lock", "session.last")


def copy_files(source: Path, target: Path) -> list[str]:
    """Copy all regular files that a session has beside its databases into a new directory.

    Returns:
        What was passed over because it is a link, hard or symbolic, or no file, relative to
        `source`. Names with a dot in front belong to who is at work, and are not told of.

    Raises:
        OSError: a file vanished meanwhile, or cannot be read or written.
    """
    return _copy_directory(source, target, Path(), top=True)


def copy_directory(source: Path, target: Path) -> None:
    """Copy the regular files of a directory to a new one, made with those above it; OSError as
    `copy_files`."""
    target.mkdir(mode=0o700, parents=True)
    _copy_directory(source, target, Path(), top=False)


def _copy_directory(source: Path, target: Path, inside: Path, *, top: bool) -> list[str]:
    passed_over = []
    with os.scandir(source / inside) as entries:
        found = sorted(entries, key=lambda one: one.name)
    for entry in found:
        within = inside / entry.name
        if entry.name.startswith(".") or (top and entry.name.startswith(_NOT_COPIED)):
            continue
        if entry.is_dir(follow_symlinks=False):
            (target / within).mkdir(mode=0o700)
            passed_over += _copy_directory(source, target, within, top=False)
        elif _is_plain(entry.stat(follow_symlinks=False)):
            copy_file(source / within, target / within)
        else:
            passed_over.append(str(within))
    return passed_over


def copy_file(source: Path, target: Path) -> None:
    """Copy one regular file to a new one, open to its account alone; OSError where it is a link by
    now, hard or symbolic, or there is no room for it."""
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(reading, "rb") as original:
        found = os.fstat(reading)
        if not _is_plain(found):
            raise OSError(f"{source} is not a plain file of this session alone")
        # A stranger's file may say that it has a terabyte, and lie on no disk at all.
        if found.st_size > shutil.disk_usage(target.parent).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(writing, "wb") as copy:
            shutil.copyfileobj(original, copy, 1 << 20)
            copy.flush()
            os.fsync(writing)


def sync_directory(directory: Path) -> None:
    """Put on disk what a directory is made of."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_plain(found: os.stat_result) -> bool:
    """A regular file without a second name, which may be one that its reader alone can read."""
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1
