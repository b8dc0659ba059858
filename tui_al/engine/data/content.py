"""What a file holds, by how it begins, whatever its name says."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from tui_al.errors import DataError

_READ = 1 << 14  # bytes that are looked at
_ZEROS = 4_096  # zero bytes with which no text begins
_LINES = 20  # lines of them

#: How files begin that are called so.
_GZ, _BZ2, _XZ, _ZST = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
_PARQUET, ARROW_MARK = b"PAR1", b"ARROW1"
_ARROW_STREAM = b"\xff\xff\xff\xff"  # before the schema of a stream
_BEGINNINGS = {
    ".gz": (_GZ,),
    ".bz2": (_BZ2,),
    ".xz": (_XZ, b"\x5d\x00\x00"),  # the second of lzma's old format
    ".zst": (_ZST,),
    ".zip": (b"PK",),
    ".xlsx": (b"PK",),
    ".parquet": (_PARQUET,),
    ".arrow": (ARROW_MARK, _ARROW_STREAM),
}

#: First bytes of files that are no text, and what such a file is to be called.
_MAGIC = {
    _GZ: ("gzip-compressed", ".gz"),
    _BZ2: ("bzip2-compressed", ".bz2"),
    _XZ: ("xz-compressed", ".xz"),
    _ZST: ("zstd-compressed", ".zst"),
    b"PK\x03\x04": ("a zip archive or an Excel workbook", ".zip or .xlsx"),
    _PARQUET: ("a Parquet file", ".parquet"),
    ARROW_MARK: ("an Arrow file", ".arrow"),
    b"{\\rtf": ("an RTF document", ".rtf; save it as .txt"),
    b"%PDF": ("a PDF document", ".pdf"),
    b"\xd0\xcf\x11\xe0": ("an old Office document", ".xls; save it as .xlsx or .csv"),
}

#: How an array of objects begins, and an object whose first key is complete.
_JSON = re.compile(r'\s*(?:\[\s*\{\s*["}]|\{\s*"(?:[^"\\]|\\.)*"\s*:)')
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_TABLES = {
    "\t": ("a table with tabs between its columns", ".tsv"),
    ",": ("a table with commas between its columns", ".csv"),
    ";": ("a table with semicolons between its columns", ".csv"),
}


def refuse_binary(name: str, head: bytes) -> None:
    """DataError for bytes that begin as a file of another kind does, or that stand for a file which
    is elsewhere."""
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        raise DataError(
            f"{name} is only a pointer to the file, which Git LFS keeps elsewhere.",
            "Get the file itself with `git lfs pull`, or download it.",
        )
    if _is_page(head) and not name.lower().endswith(".txt"):  # pages may be the texts
        raise _web_page(name)
    for magic, (what, suffix) in _MAGIC.items():
        if head.startswith(magic):
            raise _misnamed(name, what, suffix)
    if len(head) > _ZEROS and not head.strip(b"\0"):
        raise DataError(
            f"{name} begins with {len(head):,} zero bytes, which are not text.",
            "Its content was never written, or is lost: copy or export it again.",
        )


def refuse_misnamed(path: Path, name: str, suffix: str) -> None:
    """DataError for a file that does not begin as its name says, but as one of a kind that is
    known; nothing where it cannot be read or told.

    Args:
        path: the file.
        name: what it is called in messages.
        suffix: of the kind that the name says, one of `_BEGINNINGS`.
    """
    if not path.is_file():  # what is read from a pipe cannot be read again
        return
    try:
        with path.open("rb") as file:
            head = file.read(_READ)
    except OSError:
        return  # said where it is opened
    if not head or head.startswith(_BEGINNINGS[suffix]):
        return
    refuse_binary(name, head)
    if _is_page(head):
        raise _web_page(name)
    if (text := _text_of(head)) is not None:
        raise _misnamed(name, *_kind_of_text(text))


def refuse_no_json(name: str, head: Sequence[str]) -> None:
    """DataError for a file called as JSON of whose first lines none is, or begins or ends as JSON
    does."""
    lines = [line for line in head[:_LINES] if line.strip()]
    if lines and not any(map(_may_be_json, lines)):
        raise _misnamed(name, *_kind_of_text("".join(lines)))


def misnamed_text(name: str, text: str, hint: str) -> DataError:
    """The error for a text file that is not what its name says, from its first lines."""
    error = _misnamed(name, *_kind_of_text(text))
    error.hint += f" {hint}"
    return error


def _may_be_json(line: str) -> bool:
    plain = line.strip("\0\ufeff \t\r\n")
    return plain[:1] in tuple('{["}]') or plain[-1:] in tuple("}]") or _is_json(plain)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def begins_as_json(text: str) -> bool:
    """Whether a text begins as an array of objects does, or as an object."""
    return _JSON.match(text.lstrip("\ufeff")) is not None


def _misnamed(name: str, what: str, suffix: str) -> DataError:
    return DataError(
        f"{name} is {what}, whatever its name says.", f"Files of that kind end in {suffix}."
    )


def _web_page(name: str) -> DataError:
    return DataError(
        f"{name} is a web page, whatever its name says.",
        "Was the page of the file downloaded instead of the file?",
    )


def _is_page(head: bytes) -> bool:
    return head[:99].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _text_of(head: bytes) -> str | None:
    """Bytes of a text as characters; None for bytes that are no text."""
    codec = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = head.decode(codec, errors="replace")
    binary = _CONTROL.search(text) or text.count("\ufffd") > len(text) / 10
    return None if binary else text


def _kind_of_text(text: str) -> tuple[str, str]:
    """What a text is, and how such files end."""
    lines = text.splitlines()
    lines = [line for line in (lines[:-1] or lines)[:_LINES] if line.strip()]
    if begins_as_json(text):
        apart = len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines[:2])
        return ("JSON, an object a line", ".jsonl") if apart else ("JSON", ".json")
    for delimiter, found in _TABLES.items():
        if lines and all(delimiter in line for line in lines):
            return found
    return "plain text", ".txt"
