"""The other end of `shim.c`: makes the n-th call below a directory fail, in a process that has the
shim preloaded."""

import errno
import mmap
import os
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

WRITE, SYNC, TRUNCATE, CREATE, RENAME, MKDIR, LOCK, OPEN, READ, REMOVE = (1 << n for n in range(10))
_TAKES_ROOM = WRITE | SYNC | TRUNCATE | CREATE | RENAME | MKDIR

#: What a file system refuses with each of these.
KINDS = {
    errno.ENOSPC: _TAKES_ROOM,
    errno.EDQUOT: _TAKES_ROOM,
    errno.EIO: _TAKES_ROOM | REMOVE,
    errno.EROFS: (_TAKES_ROOM & ~SYNC) | REMOVE,
    errno.ENOLCK: LOCK,
    errno.EMFILE: CREATE | OPEN,
}

#: Every kind of call.
ALL = (1 << 10) - 1

_LAYOUT = struct.Struct("22q")


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
    """The calls that fail, and with what.

    `at` is the first of them, counted from 1 (0: none fails), `many` their number, unless they fail
    `forever`. They are of the kinds that `KINDS` has for the errno, where `kinds` does not say
    which.
    """

    at: int = 0
    number: int = errno.ENOSPC
    forever: bool = False
    many: int = 1
    kinds: int = 0

    def __str__(self) -> str:
        since = (
            " and all after it"
            if self.forever
            else f" to {self.at + self.many - 1}" * (self.many > 1)
        )
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
        kinds, many = fault.kinds or KINDS[fault.number], 0 if fault.forever else fault.many
        self._mapped[:] = _LAYOUT.pack(0, fault.at, fault.number, many, kinds, 0, *[0] * 16)

    @property
    def calls(self) -> int:
        """Of the kinds that the fault is about, so far."""
        return int(_LAYOUT.unpack(self._mapped[:])[0])

    @property
    def failed(self) -> int:
        """Calls that failed."""
        return int(_LAYOUT.unpack(self._mapped[:])[5])

    def counts(self) -> tuple[int, ...]:
        """Calls so far, by the bit of their kind."""
        return tuple(_LAYOUT.unpack(self._mapped[:])[6:])

    def environment(self, shim: Path, directory: Path) -> dict[str, str]:
        """For processes whose calls below `directory` are to fail."""
        return {
            **os.environ, "LD_PRELOAD": str(shim), "FAULTS_CONTROL": str(self.path),
            "FAULTS_DIRECTORY": str(directory),
            "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
            "CUDA_VISIBLE_DEVICES": "",
        }  # fmt: skip
