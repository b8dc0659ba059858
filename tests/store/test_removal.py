"""Deleting a session: all of it, or nothing."""

import fcntl
from pathlib import Path

import pytest

from tests.ui.sessions import record
from tui_al.errors import SessionError
from tui_al.store.removal import remove_session
from tui_al.store.session import session_names


def test_a_session_is_gone_with_everything_in_it(tmp_path: Path) -> None:
    recording = record(tmp_path, "old")
    recording.session.close()
    record(tmp_path, "kept").session.close()
    remove_session(recording.directory)
    assert session_names(tmp_path) == ["kept"]
    assert [path.name for path in (tmp_path / "sessions").iterdir()] == ["kept"]


def test_a_session_at_work_stays(tmp_path: Path) -> None:
    recording = record(tmp_path, "live")
    recording.session.close()
    with (recording.directory / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SessionError, match="An engine is at work"):
            remove_session(recording.directory)
    assert session_names(tmp_path) == ["live"]


def test_what_is_no_session_stays(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("two years")
    with pytest.raises(SessionError, match="is not a session"):
        remove_session(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "two years"
