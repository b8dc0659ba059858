"""A disk of its own to fill and to make read-only."""

import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path


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
