"""Files that a person writes by hand, or a program in one piece: read whole, if they are as small
as such files are."""

from pathlib import Path

#: Bytes of a file of settings.
SETTINGS = 1 << 24


def read_small(path: Path, most: int = SETTINGS) -> str:
    """The text of a file in UTF-8, with or without a byte-order mark; line ends stay as they are.

    Raises:
        OSError: it cannot be read.
        ValueError: it has more than `most` bytes, or they are not UTF-8.
    """
    return read_small_bytes(path, most).decode("utf-8-sig")


def read_small_bytes(path: Path, most: int = SETTINGS) -> bytes:
    """The bytes of such a file. Raises OSError and ValueError as `read_small`."""
    with path.open("rb") as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise ValueError(f"it has more than {most:,} bytes")
    return found
