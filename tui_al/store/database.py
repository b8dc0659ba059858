"""A session's SQLite files: how they are opened, and what goes wrong with them in words."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from tui_al.errors import SessionError
from tui_al.store.sharing import refusal


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what a damaged file makes SQLite, JSON or the event classes say into a SessionError that names the file."""
    try:
        yield
    except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
        if isinstance(error, sqlite3.Error) and (closed := refusal(path)):
            raise closed from error
        if isinstance(error, sqlite3.Error) and not path.exists():
            raise gone(path.parent) from error
        raise SessionError(
            f"Session {path.parent.name} cannot be read: {error}.",
            f"The file is {path}. If it is damaged and there is a copy, put that back.",
        ) from error


def gone(directory: Path) -> SessionError:
    """The error for a session that was deleted under who used it."""
    return SessionError(
        f"Session {directory.name} is not there any more.",
        f"It was deleted, renamed or moved meanwhile. It lay in {directory}.",
    )


def connect(path: Path, *, new: bool = False) -> sqlite3.Connection:
    """A connection in autocommit; every transaction is on disk when it ends.

    Write-ahead logging lets readers go on while the engine writes; where the file system does not carry it, SQLite keeps its
    plain journal, which is slower but as safe.
    """
    mode = "rwc" if new else "rw"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=30, isolation_level=None
    )
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db
