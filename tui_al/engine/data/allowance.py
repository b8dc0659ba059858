"""How much may come out of a file that is packed, or that says one thing many times: far more than
is in it is made to fill memory and time.

A gzip of a quarter of a megabyte can hold 256 MiB; a Parquet or Arrow file, or a workbook, holds a
value once and refers to it from a million rows. So whoever unpacks such a file takes what comes
out from an allowance, which depends on its size."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

from tui_al.core.limits import memory_left
from tui_al.core.memory_bound import bounded_memory
from tui_al.errors import DataError
from tui_al.store.environment import of_memory

T = TypeVar("T")

#: Unpacked, a file may be so many times as large as packed, and this large in any case. Text that
#: repeats itself packs to a hundredth; what is made to fill memory and time, to a ten-thousandth.
_MOST_TIMES, _LARGE = 1000, 1 << 28

#: Rows, or lines, to each byte of the file, and so many in any case: those that differ from one
#: another take more than a quarter of a byte, however well they are packed.
_ROWS_A_BYTE, _MANY_ROWS = 4, 1_000_000

#: Bytes that libraries take of the system at once, however little they need.
_OVERHEAD = 1 << 27

_UNPACK = (
    "Files that are made to fill a machine do so. If it is meant, unpack it yourself and name the "
    "unpacked file."
)
_SAVE_AS_TEXT = (
    "Files that are made to fill a machine do so. If it is meant, save it as CSV or JSON lines, "
    "and name that file."
)


class Allowance:
    """What may still come out of a file.

    Args:
        path: of the file, whose size counts.
        name: what it is called in messages.
        table: whether it is a table of a binary format, and not packed text.
    """

    def __init__(self, path: Path, name: str, *, table: bool = False) -> None:
        self._name = name
        self._advice, self._unit = (_SAVE_AS_TEXT, "rows") if table else (_UNPACK, "lines")
        self.packed = path.stat().st_size
        self.bytes = max(_LARGE, _MOST_TIMES * self.packed)  #: all that may come out of it
        self.rows = max(_MANY_ROWS, _ROWS_A_BYTE * self.packed)  #: likewise
        self._taken = self._rows = 0

    def take(self, size: int, rows: int) -> None:
        """So many bytes come out of it, and rows or lines; DataError where that is more than there
        may be."""
        self._taken += size
        self._rows += rows
        self.check(self._taken, self._rows)

    def check(self, size: int, rows: int = 0) -> None:
        """DataError where a file of so many bytes and rows would be more than there may be."""
        if size <= self.bytes and rows <= self.rows:
            return
        self.refuse(f"{self.bytes:,}" if size > self.bytes else f"{self.rows:,} {self._unit}")

    def refuse(self, most: str) -> NoReturn:
        """Raise DataError: more comes out of it than `most` says."""
        raise DataError(
            f"{self._name} has {self.packed:,} bytes and unpacks to more than {most}.",
            self._advice,
        )


def within_memory(items: Iterator[T], name: str, allowance: Allowance | None = None) -> Iterator[T]:
    """The items of a file, each of them made in no more memory than the machine has left; nothing
    is bounded while they are used.

    Args:
        items: what is read of it, piece by piece.
        name: what it is called in messages.
        allowance: of the file, if a piece is made in no more than about that: twice, as it is
            unpacked and as it is handed on.

    Raises:
        MachineError: there is not enough memory.
        DataError: a piece takes more than it may.
    """
    most = None if allowance is None else 2 * allowance.bytes + _OVERHEAD
    while True:
        left = memory_left()
        try:
            with bounded_memory(most):
                item = next(items, None)
        except MemoryError as error:
            if allowance is not None and most is not None and (left is None or most < left):
                allowance.refuse(f"{allowance.bytes:,}")
            raise of_memory(name) from error
        if item is None:
            return
        yield item


@contextmanager
def memory_told(name: str) -> Iterator[None]:
    """Within it, no more memory is taken than the machine has left; MachineError of the file called
    `name` where that is not enough."""
    try:
        with bounded_memory():
            yield
    except MemoryError as error:
        raise of_memory(name) from error
