"""Arrays that an engine keeps in a session, so that it need not compute them again: checked when
they are read, for flipped bits too.

A file is what `numpy.save` writes, and behind it a mark and the checksum of the values. Older
programs wrote no checksum."""

import logging
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_al.errors import SessionError
from tui_al.store.atomic_files import replacing
from tui_al.store.strangers import check_file

log = logging.getLogger(__name__)

_MARK = b"crc32"
_AT_ONCE = 2**24  # bytes


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array with its checksum; the file appears whole or not at all. Raises OSError."""
    array = np.ascontiguousarray(array)
    with replacing(path) as stream:
        np.save(stream, array, allow_pickle=False)
        stream.write(_MARK + _checksum(array).to_bytes(4, "little"))


def read_array(path: Path, shape: tuple[int, ...], dtype: Any) -> NDArray[Any] | None:
    """The array of a file, as a map of it; None where there is none, or one that is not sound,
    which is logged.

    -1 in `shape` stands for any size.
    """
    try:
        found = open_array(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, SessionError) as error:
        log.warning("%s is not used, and made anew: %s", path, error)
        return None
    fits = len(found.shape) == len(shape) and all(
        wanted in (-1, there) for wanted, there in zip(shape, found.shape, strict=True)
    )
    if found.dtype != dtype or not fits:
        log.warning("%s is of other data, and made anew: %s of %s", path, found.shape, found.dtype)
        return None
    return found


def open_array(path: Path) -> NDArray[Any]:
    """The array of a file, as a map of it. Raises OSError, SessionError for what is not a file,
    ValueError for what is damaged."""
    check_file(path)
    try:
        found: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        status = path.stat()
        sound = _is_sound(path, status.st_mtime_ns, status.st_size, status.st_ino)
    except OSError:
        raise
    except (
        Exception
    ) as error:  # numpy reads a header with Python's own parser, whose errors are many
        raise ValueError(f"it is not an array ({error})") from error
    if not sound:
        raise ValueError("its checksum is another")
    return found


@lru_cache(maxsize=8)
def _is_sound(path: Path, *_: int) -> bool:
    """Whether the checksum is that of the values; looked at once as long as the file stays as it
    is."""
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    with path.open("rb") as stream:
        stream.seek(array.offset + array.nbytes)
        written = stream.read(len(_MARK) + 5)
    return not written or written == _MARK + _checksum(array).to_bytes(4, "little")


def _checksum(array: NDArray[Any]) -> int:
    """Of shape, kind and values."""
    checksum = zlib.crc32(f"{array.shape} {array.dtype.str}".encode())
    flat = array.reshape(-1).view(np.uint8)
    for start in range(0, len(flat), _AT_ONCE):
        checksum = zlib.crc32(flat[start : start + _AT_ONCE].tobytes(), checksum)
    return checksum
