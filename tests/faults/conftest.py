"""A disk of its own to fill and to make read-only, and the command line in this process."""

import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.faults.small_disk import Disk
from tests.helpers.command_line import Command, run_command


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs `tui-al` with these arguments in this process."""
    monkeypatch.setenv("COLUMNS", "100")
    return partial(run_command, capfd)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """The disk, mounted; skips where this account may not mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=4m", "none", str(place)]
    if (
        os.geteuid()
        or subprocess.run(["mount", *options], check=False, capture_output=True).returncode
    ):
        pytest.skip("needs the right to mount a small file system")
    yield Disk(place)
    subprocess.run(["umount", "--lazy", str(place)], check=True)
