"""What a killed process leaves half made goes, and nothing else does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.store.people import make_session, texts_pool
from tui_al.store.atomic_dirs import clear_unfinished, temp_dir
from tui_al.store.merging import merge_sessions
from tui_al.store.removal import remove_session
from tui_al.store.session import Session

POOL = texts_pool(["one", "two"])

_DYING = """
import os, signal, sys
from pathlib import Path
from tui_al.store.atomic_dirs import temp_dir
with temp_dir(Path(sys.argv[1]), "mine") as place:
    (place / "mine").mkdir()
    (place / "mine" / "session.db").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_goes_when_the_next_session_is_made(tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    sessions.mkdir()
    own = sessions / ".backup-20260101"
    own.mkdir()
    died = subprocess.run([sys.executable, "-c", _DYING, str(sessions)], check=False)
    assert died.returncode == -signal.SIGKILL
    (left,) = sessions.glob(".mine-*")
    with temp_dir(sessions, "other") as at_work:
        make_session(tmp_path, POOL, "next")
        assert not left.exists()
        assert at_work.is_dir()
        assert own.is_dir()
    assert sorted(p.name for p in sessions.iterdir()) == [".backup-20260101", "next"]


def test_a_session_that_is_made_leaves_no_trace_of_the_making(tmp_path: Path) -> None:
    directory = make_session(tmp_path, POOL)
    assert {p.name for p in directory.iterdir()} >= {"session.db", "examples.db"}
    assert not list(directory.glob("*.lock*"))
    remove_session(directory)
    assert list((tmp_path / "sessions").iterdir()) == []


def test_an_error_in_the_making_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), temp_dir(tmp_path, "mine") as place:
        (place / "part").mkdir()
        raise ValueError("no")
    clear_unfinished(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("again", ["merge", "delete"])
def test_what_was_left_goes_with_whatever_is_begun_next(tmp_path: Path, again: str) -> None:
    """Not only when a session is made: a merger that is killed over and over would fill the
    disk."""
    one, other = make_session(tmp_path, POOL, "one"), make_session(tmp_path, POOL, "other")
    sessions = tmp_path / "sessions"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", _DYING, str(sessions)], check=False)
    assert len(list(sessions.glob(".mine-*"))) == 1
    if again == "merge":
        with Session(one) as first, Session(other) as second:
            merge_sessions(tmp_path, [first, second], "both")
    else:
        remove_session(one)
    assert not list(sessions.glob(".*"))


def test_who_died_before_it_held_its_lock_is_cleared_away_a_minute_later(tmp_path: Path) -> None:
    for name, seconds in (("dead", 61), ("alive", 0)):
        making = tmp_path / f".{name}-12345678" / "at-work.lock.new"
        making.parent.mkdir()
        making.touch()
        os.utime(making, (time.time() - seconds,) * 2)
    clear_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".alive-12345678"]


_READING = """
import os, signal, sys
from pathlib import Path
from tui_al.core.session.events import ModelSaved
from tui_al.store.kept_models import copy_snapshot
session = Path(sys.argv[1])
with copy_snapshot(session, lambda: ModelSaved(1, 0, "successor", "model")) as (_, files):
    assert (files / "weights").read_text() == "w"
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_copy_of_a_model_that_a_killed_command_left_goes_with_the_next(tmp_path: Path) -> None:
    """A model may take gigabytes, and what lies among temporary files nobody looks for."""
    model, temporary = tmp_path / "session" / "model", tmp_path / "tmp"
    model.mkdir(parents=True)
    temporary.mkdir()
    (model / "weights").write_text("w")
    for end, left in (("die", 1), ("die", 1), ("live", 0)):
        subprocess.run(
            [sys.executable, "-c", _READING, str(model.parent), end],
            check=False,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        assert len(list(temporary.iterdir())) == left, end
