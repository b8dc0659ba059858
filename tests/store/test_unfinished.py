"""What a killed process leaves half made goes, and nothing else does."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.people import make_session, texts_pool
from tui_al.store.removal import remove_session
from tui_al.store.unfinished import clear_unfinished, under_way

POOL = texts_pool(["one", "two"])

_DYING = """
import os, signal, sys
from pathlib import Path
from tui_al.store.unfinished import under_way
with under_way(Path(sys.argv[1]), "mine") as place:
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
    with under_way(sessions, "other") as at_work:
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
    with pytest.raises(ValueError, match="no"), under_way(tmp_path, "mine") as place:
        (place / "part").mkdir()
        raise ValueError("no")
    clear_unfinished(tmp_path)
    assert list(tmp_path.iterdir()) == []
