"""What the tests of the commands share."""

from functools import partial
from pathlib import Path

import pytest

from tests.helpers.command_line import Command, run_command


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs `tui-al` with these arguments; exit code, stdout and stderr. Sessions are in `tmp_path /
    "home"`."""
    monkeypatch.setenv("TUI_AL_HOME", str(tmp_path / "home"))
    return partial(run_command, capsys)
