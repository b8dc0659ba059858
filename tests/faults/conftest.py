"""A disk of its own to fill and to make read-only, and the command line in this process."""

import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui_al.cli import main


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs `tui-al` with these arguments in this process; it must end in words, never in a
    traceback."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["tui-al", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        logging.captureWarnings(False)
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Said(int(left.value.code or 0), out, err)

    return run


@dataclass
class Disk:
    """A file system of 4 MB in memory."""

    path: Path

    def fill(self) -> None:
        """Leave no room at all."""
        with contextlib.suppress(OSError), (self.path / "filler").open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def clear(self) -> None:
        (self.path / "filler").unlink()

    def mount(self, how: str) -> None:
        """Again, as "ro" or "rw"."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.path)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
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
