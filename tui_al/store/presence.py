"""Whether a session that is open is still where it was: what is open can be read and written for
ever after it was deleted."""

import os
from pathlib import Path

from tui_al.errors import SessionError
from tui_al.store.atomic_dirs import LOCK

_FILE = "session.db"


class Presence:
    """Made when a session is opened. Holds the directory open, and no file of it: that would loosen
    SQLite's locks."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self._descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        self._file = _identity(os.stat(_FILE, dir_fd=self._descriptor))

    def close(self) -> None:
        """Look no more."""
        os.close(self._descriptor)

    def where(self) -> Path | None:
        """Its directory, which is another one if it was moved or renamed; None if it was deleted.

        The one that it had where a disk that fails does not tell.
        """
        try:
            found = (self.directory / _FILE).stat()
            if _identity(found) == self._file:
                return self.directory
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError:
            return self.directory
        try:
            if _identity(os.stat(_FILE, dir_fd=self._descriptor)) != self._file:
                return None
            now = Path(f"/proc/self/fd/{self._descriptor}").readlink()
        except FileNotFoundError:
            return None
        except OSError:
            return self.directory
        return None if (now.parent / LOCK).exists() else now

    def check(self) -> None:
        """Raise the SessionError that `left` returns, if it is not where it was."""
        where = self.where()
        if where != self.directory:
            raise self.left(where)

    def left(self, where: Path | None, lost: int = 0) -> SessionError:
        """What to tell a person who has it open, and where to go on.

        Args:
            where: it is now; None: it was deleted.
            lost: decisions that were to be saved, and went with it if it was deleted.
        """
        name = self.directory.name
        if where is not None:
            return SessionError(
                f"Session {name} was moved or renamed while it was open.",
                f"It is in {where} now, with all that was decided: open it there.",
            )
        given = f"{lost} decisions" if lost > 1 else "decision"
        last = f" Your last {given} could not be saved." if lost else ""
        return SessionError(
            f"Session {name} was deleted while it was open.",
            f"The answers in it are gone with it.{last} It lay in {self.directory}; if there is a "
            "copy, put that back.",
        )


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
