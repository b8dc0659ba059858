"""The other end of `shim.c`: makes the n-th call below a directory fail, in a process that has the shim preloaded."""

import errno
import mmap
import os
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

WRITE, SYNC, TRUNCATE, CREATE, RENAME, MKDIR, LOCK = (1 << bit for bit in range(7))
_TAKES_ROOM = WRITE | SYNC | TRUNCATE | CREATE | RENAME | MKDIR

#: What a file system refuses with each of these.
KINDS = {
    errno.ENOSPC: _TAKES_ROOM,
    errno.EDQUOT: _TAKES_ROOM,
    errno.EIO: _TAKES_ROOM,
    errno.EROFS: _TAKES_ROOM & ~SYNC,
    errno.ENOLCK: LOCK,
}

_LAYOUT = struct.Struct("6q")


def compile_shim(place: Path) -> Path | None:
    """The shared library, made in `place`; None without a compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    made = place / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-o", str(made), str(source), "-ldl"], check=True
    )
    return made


@dataclass(frozen=True)
class Fault:
    """The call that fails, and with what; `at` 0: none."""

    at: int = 0
    number: int = errno.ENOSPC
    forever: bool = False

    def __str__(self) -> str:
        since = " and all after it" if self.forever else ""
        return f"{errno.errorcode[self.number]} at call {self.at}{since}"


class Control:
    """The file that is mapped in all processes with the shim."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(_LAYOUT.size))
        with path.open("r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), _LAYOUT.size)

    def arm(self, fault: Fault) -> None:
        """From now on; counts anew."""
        kinds = KINDS[fault.number]
        self._mapped[:] = _LAYOUT.pack(0, fault.at, fault.number, fault.forever, kinds, 0)

    @property
    def calls(self) -> int:
        """Of the kinds that the fault is about, so far."""
        return int(_LAYOUT.unpack(self._mapped[:])[0])

    @property
    def failed(self) -> int:
        """Calls that failed."""
        return int(_LAYOUT.unpack(self._mapped[:])[5])

    def environment(self, shim: Path, directory: Path) -> dict[str, str]:
        """For processes whose calls below `directory` are to fail."""
        return {
            **os.environ, "LD_PRELOAD": str(shim), "FAULTS_CONTROL": str(self.path), "FAULTS_DIRECTORY": str(directory),
            "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "CUDA_VISIBLE_DEVICES": "",
        }  # fmt: skip
