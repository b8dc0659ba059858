"""What a shell offers behind Tab, asked as a shell asks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.labelled_sessions import by_people
from tui_al.cli import completion
from tui_al.store.sweeps import SweepRecord, write_record

#: As it is installed: shells ask by the name of the command.
PROGRAM = Path(sys.executable).with_name("tui-al")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two sessions, a sweep, and a working directory with files and a folder."""
    for name in ("desk-anna", "desk-ben"):
        by_people(tmp_path / "home", name).close()
    write_record(tmp_path / "home" / "sweeps" / "depth", SweepRecord("depth", "", (), (), 1, 1))
    work = tmp_path / "work"
    (work / "texts").mkdir(parents=True)
    for name in ("tickets.csv", "other.csv", ".hidden.csv"):
        (work / name).write_text("text\n")
    monkeypatch.chdir(work)
    monkeypatch.setenv("TUI_AL_HOME", str(tmp_path / "home"))
    return work


def offered(*words: str) -> list[str]:
    """What bash is told behind these words, the last of which is not finished."""
    asked = {
        "_TUI_AL_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["tui-al", *words]),
        "COMP_CWORD": str(len(words)),
    }
    run = subprocess.run(
        [PROGRAM],
        env={**os.environ, **asked}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.stderr == ""
    return run.stdout.split()


class TestOffers:
    def test_sessions_at_commands_for_one(self, place: Path) -> None:
        assert place.is_dir()
        assert offered("stop", "de") == ["desk-ben", "desk-anna"]

    def test_sweeps_too_where_they_are_taken(self, place: Path) -> None:
        assert place.is_dir()
        assert completion.sessions_and_sweeps("de") == ["desk-ben", "desk-anna", "depth"]

    def test_data_sets_and_files(self, place: Path) -> None:
        assert place.is_dir()
        assert completion.datasets_and_files("t") == ["tickets", "texts/", "tickets.csv"]
        assert ".hidden.csv" not in completion.datasets_and_files("")
        assert completion.datasets_and_files(".h") == [".hidden.csv"]
        assert completion.datasets_and_files("./t") == ["./texts/", "./tickets.csv"]

    def test_values_of_settings(self, place: Path) -> None:
        assert place.is_dir()
        assert offered("simulate", "tickets", "--strategy", "b") == ["bt", "bald"]
        assert {"minilm", "tfidf"} <= set(offered("simulate", "tickets", "--acquisition", ""))
        assert "adapter" in offered("simulate", "tickets", "--acquisition-tuning", "a")


def test_a_home_that_may_not_be_read_offers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sessions").write_text("a file in its place")
    monkeypatch.setenv("TUI_AL_HOME", str(tmp_path))
    assert completion.sessions_and_sweeps("") == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_real_bash_completes(place: Path) -> None:
    """With the script that `--show-completion` prints."""
    assert place.is_dir()
    script = (
        'eval "$(tui-al --show-completion bash)"\n'
        "COMP_WORDS=(tui-al report desk-a) COMP_CWORD=2\n"
        "$(complete -p tui-al | grep -o '_tui_al[a-z_]*') tui-al\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    run = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (run.stdout, run.stderr) == ("desk-anna\n", "")
