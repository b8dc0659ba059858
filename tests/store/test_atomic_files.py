"""A file appears whole or not at all; nothing that is planted is followed, and what killed writers
left goes."""

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tui_al.store.atomic_files import replacing, write_file

_WRITING = """
import os, signal, sys
from pathlib import Path
from tui_al.store.atomic_files import replacing
with replacing(Path(sys.argv[1])) as stream:
    stream.write(b"half")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_killed_writers_left_goes_with_the_next(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    write_file(path, "old")
    for _ in range(3):
        died = subprocess.run([sys.executable, "-c", _WRITING, str(path)], check=False)
        assert died.returncode == -signal.SIGKILL
        assert path.read_text() == "old"
        assert len(list(tmp_path.iterdir())) == 2  # one leftover at most
    with replacing(path) as at_work:
        at_work.write(b"slow")
        write_file(path, "quick")  # by another process meanwhile
        assert path.read_text() == "quick"
        assert len(list(tmp_path.iterdir())) == 2
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"rates.json": "slow"}


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    write_file(path, "old")
    with pytest.raises(ValueError, match="no"), replacing(path) as stream:
        stream.write(b"half")
        raise ValueError("no")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"rates.json": "old"}


def test_what_is_planted_under_the_names_that_can_be_known_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary, path = tmp_path / "canary", tmp_path / "out.jsonl"
    canary.write_text("private")
    tokens = iter(["00000000", "00000001"])
    monkeypatch.setattr(secrets, "token_hex", lambda _: next(tokens))
    for name in ("out.jsonl", "out.jsonl.part", f".out.jsonl-{os.getpid()}"):
        (tmp_path / name).symlink_to(canary)
    write_file(path, "ours")
    assert canary.read_text() == "private"
    assert not path.is_symlink()
    assert path.read_text() == "ours"
    (tmp_path / ".out.jsonl-00000001.part").symlink_to(canary)
    with pytest.raises(FileExistsError):
        write_file(path, "again")
    assert canary.read_text() == "private"
    assert path.read_text() == "ours"
