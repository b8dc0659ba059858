"""Deleting a session for good."""

import shutil
from pathlib import Path

from tui_al.errors import SessionError
from tui_al.store.session import is_live
from tui_al.store.unfinished import under_way


def remove_session(directory: Path) -> None:
    """Delete the session with everything in it: it is gone at once, or still whole.

    Raises:
        SessionError: an engine is at work on it, `directory` holds no session, or the file system refuses.
    """
    if is_live(directory):
        raise SessionError(
            f"An engine is at work on session {directory.name}.", "Stop it first, then delete it."
        )
    if not (directory / "session.db").is_file():
        raise SessionError(f"{directory} is no session.", "Nothing was deleted.")
    try:
        with under_way(directory.parent, directory.name) as place:
            leaving = place / directory.name
            directory.rename(leaving)
            shutil.rmtree(leaving)
    except OSError as error:
        raise SessionError(
            f"Session {directory.name} cannot be deleted: {error}.",
            "Check who owns the files, and whether the disk is writable.",
        ) from error
