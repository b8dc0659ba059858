"""Compressed files as streams of bytes, unpacked piece by piece; the memory they take does not grow
with their content."""

import bz2
import gzip
import lzma
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import pyarrow as pa

from tui_al.engine.data.allowance import Allowance
from tui_al.engine.data.content import refuse_misnamed
from tui_al.engine.data.tables import some
from tui_al.engine.data.zip_members import check_members
from tui_al.errors import DataError

#: What can go wrong while bytes are unpacked. `zipfile` raises nearly anything for a damaged
#: directory of members: RuntimeError where they are encrypted, NotImplementedError (one of these)
#: for methods it does not know, ValueError for names and sizes.
UNPACKING_ERRORS = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException,
    RuntimeError, ValueError, IndexError,
    OverflowError, struct.error, MemoryError,  # of .xz: its dictionary may be as large as it says
)  # fmt: skip


class ByteStream(Protocol):
    """What decoding needs of a file."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; b"" at the end."""

    def close(self) -> None:
        """Let go of the file."""


class _Bounded:
    """What is unpacked, as far as it may."""

    def __init__(self, stream: ByteStream, path: Path, name: str) -> None:
        self._stream, self._allowance = stream, Allowance(path, name)

    def read(self, size: int, /) -> bytes:
        """As the stream. Raises DataError where there comes far more out of a file than is in
        it."""
        piece = self._stream.read(size)
        self._allowance.take(len(piece), piece.count(b"\n"))
        return piece

    def close(self) -> None:
        self._stream.close()


class _Member:
    """The data file of a .zip archive."""

    def __init__(self, path: Path) -> None:
        self._archive, member = _opened(path)
        try:
            self._file = self._archive.open(member)
        except BaseException:
            self._archive.close()
            raise

    def read(self, size: int, /) -> bytes:
        return self._file.read(size)

    def close(self) -> None:
        self._file.close()
        self._archive.close()


def _zstd(path: Path) -> Any:
    return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")


_OPENERS: dict[str, Callable[..., Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _zstd,
}

#: Suffixes of compressed files.
PACKED = (*_OPENERS, ".zip")


def unpacked_name(path: Path) -> str:
    """What the file would be called without compression; a .zip is called as the one data file in
    it.

    Raises:
        DataError: a .zip without a data file, or with several.
    """
    suffix = path.suffix.lower()
    if suffix not in PACKED:
        return path.name
    if suffix == ".zip" and path.is_file():
        found = path.stat()
        return _name_within(path, (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))
    return path.stem


@lru_cache(maxsize=1024)
def _name_within(path: Path, state: tuple[int, ...]) -> str:  # noqa: ARG001  # keys the cache
    """What the data file in a .zip is called. It is asked for several times on the way to the
    file, and the list of members may be long: it is read once for each `state` of the file."""
    refuse_misnamed(path, path.name, ".zip")
    archive, member = _opened(path)
    archive.close()
    return PurePosixPath(member.filename).name


def open_bytes(path: Path, name: str) -> ByteStream:
    """The file's unpacked bytes; standard input for the path "-"."""
    if str(path) == "-":
        return sys.stdin.buffer
    suffix = path.suffix.lower()
    opener = _OPENERS.get(suffix)
    if suffix in PACKED:
        refuse_misnamed(path, name, suffix)
    try:
        if suffix == ".zip":
            return _Bounded(_Member(path), path, name)
        return _Bounded(opener(path), path, name) if opener else path.open("rb")
    except UNPACKING_ERRORS as error:
        raise cannot_open(path, name, error) from error


def cannot_open(path: Path, name: str, error: Exception) -> DataError:
    """The error for a file that the system, or its unpacker, refuses."""
    if isinstance(error, OSError) and error.strerror:
        return DataError(
            f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions."
        )
    return DataError(
        f"{name} cannot be unpacked: {reason_of(error)}.", "Compress or copy it again."
    )


def reason_of(error: Exception) -> str:
    """What an error while unpacking says; memory that is not there says nothing."""
    return "it takes more memory than there is" if isinstance(error, MemoryError) else str(error)


def _opened(path: Path) -> tuple[zipfile.ZipFile, zipfile.ZipInfo]:
    """An archive, which the caller closes, and the data file in it; DataError where none or several
    are."""
    try:
        archive = zipfile.ZipFile(path)
    except UNPACKING_ERRORS as error:
        raise _incomplete(path, error) from error
    try:
        return archive, _data_file(path, archive)
    except BaseException:
        archive.close()
        raise


def _incomplete(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path.name} is not a complete zip archive: {error}.", "Compress or copy it again."
    )


def _data_file(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one data file of an archive; what systems put beside it, and README and licence, do not
    count."""
    try:
        check_members(path.name, archive.infolist())
        members = [info for info in archive.infolist() if _is_content(info)]
    except UNPACKING_ERRORS as error:
        raise _incomplete(path, error) from error
    if any(info.filename == "[Content_Types].xml" for info in members):
        raise DataError(
            f"{path.name} is a document of an office program, whatever its name says.",
            "An Excel workbook ends in .xlsx; save others as .txt or .csv.",
        )
    if len(members) != 1:
        names = some([info.filename for info in members]) or "nothing"
        raise DataError(
            f"{path.name} holds {names}, where one data file is read.",
            "Unpack it, and name the file or the folder.",
        )
    if members[0].flag_bits & 1:
        raise DataError(f"{path.name} is encrypted.", "Unpack it with its password first.")
    return members[0]


def _is_content(info: zipfile.ZipInfo) -> bool:
    place = PurePosixPath(info.filename)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in place.parts)
    is_file = place.name and not info.filename.endswith("/")  # is_dir() fails without a name
    return bool(is_file) and not hidden and not is_documentation(place.name)


def is_documentation(name: str) -> bool:
    """Whether a file is called as those are that describe a data set: README.txt, LICENSE,
    CITATION.cff."""
    stem = name.split(".")[0].upper()
    return stem in ("README", "LICENSE", "LICENCE", "CITATION", "CHANGELOG", "NOTICE", "COPYING")
