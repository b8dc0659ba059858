"""Files of the exchange formats: whole or not at all on writing, messages with lines on reading."""

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterable
from pathlib import Path

from tui_al.core.small_files import read_small_bytes
from tui_al.errors import DataError
from tui_al.store.atomic_files import replacing
from tui_al.store.environment import unwritable

#: Bytes of a file that is read whole, unpacked.
_LARGEST = 1 << 28


def write_text(path: Path, pieces: Iterable[str]) -> None:
    """Write the pieces in UTF-8; the file appears when it is complete. Raises DataError if the
    system refuses."""
    try:
        with replacing(path) as file:
            for piece in pieces:
                file.write(piece.encode())
    except OSError as error:
        raise unwritable(path, error, DataError) from error


def read_text(path: Path) -> str:
    """The file's text: UTF-8, with or without a byte-order mark, `.gz` unpacked; line ends stay as
    they are."""
    try:
        raw = read_small_bytes(path, _LARGEST)
        if path.suffix.lower() == ".gz":
            with gzip.open(io.BytesIO(raw)) as file:
                raw = file.read(_LARGEST + 1)
            if len(raw) > _LARGEST:
                raise ValueError(f"it unpacks to more than {_LARGEST:,} bytes")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.",
            "Check the path and its permissions.",
        ) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path.name}:{line}: byte {raw[error.start]:#04x} is not valid UTF-8.",
            "Save the file as UTF-8, or export it again.",
        ) from error


def has_mark(path: Path) -> bool:
    """Whether a file that can be read begins with a byte-order mark."""
    with path.open("rb") as file:
        return file.read(3) == codecs.BOM_UTF8


def dumped(value: object, *, indent: int | None = None) -> str:
    """JSON as it is written here: every script readable, nothing but JSON's own numbers."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
