"""Files of the exchange formats: whole or not at all on writing, messages with lines on reading."""

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tui_al.errors import DataError

#: An object of a JSON file, and where it stands, as "labels.jsonl:3".
Placed = tuple[dict[str, Any], str]


def write_text(path: Path, pieces: Iterable[str]) -> None:
    """Write the pieces in UTF-8; the file appears when it is complete. Raises DataError if the system refuses."""
    making = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with making.open("w", encoding="utf-8", newline="") as file:
            for piece in pieces:
                file.write(piece)
        making.replace(path)
    except OSError as error:
        making.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> DataError:
    """The error for a place that cannot be written to."""
    return DataError(
        f"{path} cannot be written: {error.strerror or error}.",
        "Give a file in a directory that exists and has room.",
    )


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


def json_lines(path: Path) -> Iterator[Placed]:
    """The objects of a JSON lines file."""
    for number, line in numbered_lines(read_text(path)):
        place = f"{path.name}:{number}"
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{place}: not valid JSON: {error}.", "Every line is one complete object."
            ) from error
        yield _object(found, place), place


def json_array(path: Path) -> Iterator[Placed]:
    """The objects of a JSON file that holds one array, or of JSON lines."""
    text = read_text(path)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            yield from json_lines(path)
            return
        raise DataError(
            f"{path.name}:{error.lineno}: not valid JSON: {error.msg} (column {error.colno}).",
            "Export the file again.",
        ) from error
    except RecursionError as error:
        raise DataError(f"{path.name}: nested too deeply.", "Export the file again.") from error
    for number, item in enumerate(found if isinstance(found, list) else [found], start=1):
        place = f"{path.name} item {number}"
        yield _object(item, place), place


def dumped(value: object, *, indent: int | None = None) -> str:
    """JSON as it is written here: every script readable, nothing but JSON's own numbers."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def _object(found: object, place: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise DataError(
            f"{place}: {json.dumps(found, ensure_ascii=False)[:40]} is no object.",
            'Every item is an object, as {"text": ..., "label": ...}.',
        )
    return found
