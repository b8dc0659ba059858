"""The program's own looks at a database file leave SQLite's locks on it alone: closing any
descriptor of a file gives up the process's locks."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.labelled_sessions import TICKETS, by_people
from tui_al.core.session import events as ev
from tui_al.store import database
from tui_al.store.environment import of_sqlite

#: Another program that opens the log, writes a command, and closes it: as the last one it would
#: take the write-ahead log away.
_OTHER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("INSERT INTO commands (time, name) VALUES (1, 'stop')")
print(db.execute("SELECT count(*) FROM events").fetchone()[0])
db.close()
"""


def told(path: Path, _: Path) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    of_sqlite(error, path)


def copied(path: Path, place: Path) -> None:
    for number in range(2):  # the second time from what is open already
        (place / str(number)).mkdir()
        database._copied(path, place / str(number) / path.name)


@pytest.mark.parametrize("look", [told, copied])
def test_an_open_connection_keeps_its_locks(
    look: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    def other() -> int:
        done = subprocess.run(
            [sys.executable, "-c", _OTHER, str(path)], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    with by_people(tmp_path, "people", TICKETS) as session:
        path = session.directory / "session.db"
        session.append(ev.RunStarted(7))
        before = len(session.events())
        look(path, tmp_path)
        assert other() == before
        assert session.commands()[-1][1] == "stop", "the connection reads a log that was taken away"
        session.append(ev.RunStarted(8))
        assert other() == before + 1, "what was written went to a log that was taken away"
