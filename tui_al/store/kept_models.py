"""A session's kept models on disk: the engine replaces and removes them at once, readers see one of
them whole."""

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tui_al.core.session.events import ModelSaved
from tui_al.errors import SessionError
from tui_al.store.atomic_dirs import temp_dir
from tui_al.store.file_hashes import check_hashes
from tui_al.store.sharing import fit_tree
from tui_al.store.strangers import copy_files, inside

#: How often a model that is replaced in the middle is read anew, and the seconds in between.
_ATTEMPTS, _PAUSE = 10, 0.05

#: What a model is called while it is made or removed, with the number of the process that does it.
_LEFTOVER = re.compile(r"\..+-\d+")

_DAMAGED = (
    "It is not used. Put the file back from a backup, take the model of another seed (--seed), or "
    "train again: the same command "
    "with another --session."
)


def replace_dir(new: Path, directory: Path) -> None:
    """Move a finished directory to where another one may be, which goes away; its files are on the
    disk before."""
    for path in new.rglob("*"):
        if path.is_file():
            _to_disk(path)
    fit_tree(new)
    old = _aside(directory)
    new.rename(directory)
    fit_tree(directory)  # the session may have been shared meanwhile
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def remove_atomically(directory: Path) -> None:
    """Remove it so that nobody finds a part of it under its name."""
    old = _aside(directory)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def clear_leftovers(folder: Path) -> None:
    """Remove what killed engines left half made or half removed in a folder of models; for the
    session's one engine."""
    for path in folder.glob(".*"):
        if _LEFTOVER.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def copy_snapshot(
    session: Path, find: Callable[[], ModelSaved]
) -> Iterator[tuple[ModelSaved, Path]]:
    """A kept model, and a copy of its files as they were at one moment, whatever an engine does
    meanwhile.

    `find` says which model; it is asked again when that one was replaced or removed in the middle.

    Raises:
        SessionError: there is no such model, it cannot be read, something there leads out of the
        session, or a file of it is not as
            it was saved.
    """
    # What a killed command left goes with the next one: a model may take gigabytes.
    with temp_dir(Path(tempfile.gettempdir()), "tui-al-model") as folder:
        yield _copied(session, find, folder)


def _copied(session: Path, find: Callable[[], ModelSaved], folder: Path) -> tuple[ModelSaved, Path]:
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE)
        try:
            saved = find()
        except SessionError:
            if attempt < 2:
                continue  # perhaps between the old one and the new one
            raise
        directory, copy = inside(session, saved.path), folder / str(attempt)
        before = _which(directory)
        try:
            copy_files(directory, copy, saved.hashes)
        except OSError as error:  # of files that vanish, too
            if before is not None and _which(directory) == before:
                raise SessionError(f"{directory} cannot be read: {error}.") from error
            shutil.rmtree(copy, ignore_errors=True)
            continue
        if before is not None and _which(directory) == before:
            what = f"The model in {saved.path} of session {session.name}"
            check_hashes(copy, saved.hashes, what, _DAMAGED)
            return saved, copy
        shutil.rmtree(copy)
    raise SessionError(
        f"The model in session {session.name} is replaced again and again while it is read.",
        "Try again, or pause the engine.",
    )


def is_kept(session: Path, saved: ModelSaved) -> bool:
    """Whether the files of a saved model are there. Raises SessionError where they would lie
    outside of the session."""
    return inside(session, saved.path).is_dir()


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _which(directory: Path) -> tuple[int, int, int] | None:
    """Tells whether there is another directory of that name by now; None where there is none."""
    try:
        found = directory.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns


def _aside(directory: Path) -> Path | None:
    old = directory.with_name(f".{directory.name}-old-{os.getpid()}")
    shutil.rmtree(old, ignore_errors=True)
    try:
        directory.rename(old)
    except FileNotFoundError:
        return None
    return old
