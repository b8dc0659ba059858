"""Files of the exchange formats: whole or not at all on writing, messages with lines on reading."""

import contextlib
import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui_al.errors import DataError
from tui_al.store.environment import unwritable
from tui_al.store.formats.reading import ItemError, Reason

#: A value of a JSON file, and where it stands, as "labels.jsonl:3".
Placed = tuple[object, str]

# Keys of an object around the array that matters.
_WRAPPERS = ("data", "items", "examples", "annotations", "rows")


def write_text(path: Path, pieces: Iterable[str]) -> None:
    """Write the pieces in UTF-8; the file appears when it is complete. Raises DataError if the system refuses."""
    making = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with making.open("w", encoding="utf-8", newline="") as file:
            for piece in pieces:
                file.write(piece)
        making.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            making.unlink()
        raise unwritable(path, error, DataError) from error


def read_text(path: Path) -> str:
    """The file's text: UTF-8, with or without a byte-order mark, `.gz` unpacked; line ends stay as they are."""
    try:
        raw = path.read_bytes()
        if path.suffix.lower() == ".gz":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
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


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are not blank with their numbers from 1, split at line feeds only."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.removesuffix("\r")


def json_items(path: Path) -> Iterator[Placed]:
    """The values of a JSON file that holds one array (or an object around one), or of JSON lines; each with its place.

    A line that is no JSON is an ItemError. DataError for an array that is not whole.
    """
    text = read_text(path)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        if not text.lstrip().startswith("[") or error.msg == "Extra data":
            yield from _lines(text, path.name)
            return
        raise DataError(
            f"{path.name}:{error.lineno}: not valid JSON: {error.msg} (column {error.colno}).",
            "Export the file again.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path.name} cannot be read as JSON: {error}.", "Export the file again."
        ) from error
    yield from _array(found, path.name, len(text.strip().split("\n")) == 1)


def _lines(text: str, name: str) -> Iterator[Placed]:
    for number, line in numbered_lines(text):
        place = f"{name}:{number}"
        found: object
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            found = ItemError(
                f"{place}: not valid JSON: {error}.",
                "Every line is one complete object.",
                Reason.BROKEN,
            )
        yield found, place


def _array(found: object, name: str, one_line: bool) -> Iterator[Placed]:
    if isinstance(found, dict):
        inner = next((found[key] for key in _WRAPPERS if isinstance(found.get(key), list)), None)
        if inner is None or "text" in found or isinstance(found.get("data"), dict):
            yield found, f"{name}:1" if one_line else f"{name} item 1"
            return
        found = inner
    if not isinstance(found, list) or (len(found) == 2 and isinstance(found[0], str)):
        yield found, f"{name}:1"  # a single item, such as a text with its entities
        return
    for number, item in enumerate(found, start=1):
        yield item, f"{name} item {number}"


def dumped(value: object, *, indent: int | None = None) -> str:
    """JSON as it is written here: every script readable, nothing but JSON's own numbers."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
