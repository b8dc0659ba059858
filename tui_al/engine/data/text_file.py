"""Text files to text: decompression, byte-order marks, encodings, and errors that name the place."""

import codecs
import gzip
import zlib
from pathlib import Path

from tui_al.errors import DataError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 4096  # bytes looked at for UTF-16 without a mark


def read_text(path: Path, name: str, encoding: str) -> str:
    """The whole file, without a byte-order mark; `.gz` is unpacked. Raises DataError, also for a file without content."""
    raw = _read_bytes(path, name)
    if not raw.strip():
        raise DataError(f"{name} is empty.", "Name a file that has at least one row.")
    codec = codec_of(encoding)
    if codec == "utf-8":
        raw = raw.removeprefix(codecs.BOM_UTF8)
        _refuse_utf16(name, raw)
    try:
        return raw.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{name}:{line}: byte {raw[error.start]:#04x} (offset {error.start:,} of the file) is not valid {codec}.",
            f"If the file is in another encoding, name it: --encoding {_other_encoding(raw, codec)}",
        ) from error
    except UnicodeError as error:  # UTF-16 and UTF-32 without a mark
        raise DataError(
            f"{name} cannot be read as {codec}: {error}.", "Name its encoding with --encoding."
        ) from error


def lines_of(text: str) -> list[str]:
    """Lines as editors number them: split at line feeds only, so that U+2028 and the like stay in the text."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions."
        ) from error
    if path.suffix.lower() != ".gz":
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{name} is no complete gzip file: {error}.", "Compress or copy it again."
        ) from error


def codec_of(encoding: str) -> str:
    """The codec's own name; DataError for one that Python does not have."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError as error:
        raise DataError(
            f"--encoding: {encoding!r} is unknown.",
            "Usual ones are utf-8, cp1252, latin-1 and utf-16.",
        ) from error
    return "utf-8" if name == "utf-8-sig" else name


def _refuse_utf16(name: str, raw: bytes) -> None:
    """UTF-16 often decodes as UTF-8 without an error, into text full of NULs; so it is looked for first."""
    guess = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    sample = raw[:_SAMPLE]
    if guess is None and sample.count(0) > len(sample) / 4:
        guess = "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"
    if guess:
        raise DataError(
            f"{name}:1: the bytes from offset 0 on are {guess.upper()}, not UTF-8.",
            f"Name the encoding: --encoding {guess}",
        )


def _other_encoding(raw: bytes, refused: str) -> str:
    for guess in ("utf-8", "cp1252"):
        if guess != refused:
            try:
                raw.decode(guess)
            except UnicodeDecodeError:
                continue
            return guess
    return "latin-1"
