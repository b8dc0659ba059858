"""A model's directory before anything in it is read: files of its own, of sizes that a model has.
Imports no torch."""

import os
import stat
from pathlib import Path

from tui_al.errors import ModelError

#: Bytes that a file may have by how its name ends; weights are as large as they are. The largest
#: known tokenizer.json has 34 MB.
_LARGEST = dict.fromkeys((".json", ".txt", ".model", ".codes", ".jinja", ".tiktoken"), 2**27)

_KINDS = (
    (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)  # fmt: skip


def check_entries(directory: Path, name: str, folder: Path | None = None) -> None:
    """Raise ModelError where a file in a model's directory is none of its own, or larger than such
    a file is.

    A link may lead to another file of the directory, and in the Hub's cache to the file of that
    content. Others would put files of the reader's in the place of a vocabulary, and so into what
    is saved and exported."""
    own = directory.resolve()
    roots = [own, own.parent.parent / "blobs"] if own.parent.name == "snapshots" else [own]
    for entry in sorted(_entries(folder or directory), key=lambda one: one.name):
        path = Path(entry.path)
        shown = path.relative_to(directory)
        if entry.is_symlink():
            try:
                target = path.resolve()
            except (OSError, RuntimeError) as error:  # the second where links lead to each other
                raise ModelError(
                    f"model: {name} is refused: {shown} is a link that leads nowhere.",
                    f"Remove it from {folder or directory}.",
                ) from error
            if not any(target.is_relative_to(root) for root in roots):
                raise ModelError(
                    f"model: {name} is refused: {shown} is a link to {target}, outside of the "
                    "model's directory.",
                    "Put the file itself there, or give the directory that it lies in.",
                )
        try:
            found = path.stat()
        except OSError:
            continue  # a link to nowhere: whoever needs the file says so
        for is_one, what in _KINDS:
            if is_one(found.st_mode):
                raise ModelError(
                    f"model: {name} is refused: {shown} is {what}, not a file.",
                    f"Remove it from {folder or directory}.",
                )
        most = _LARGEST.get(path.suffix)
        if most is not None and stat.S_ISREG(found.st_mode) and found.st_size > most:
            raise ModelError(
                f"model: {name} is refused: {shown} has {found.st_size:,} bytes; {most:,} are "
                "allowed.",
                "Such a file of an encoder is far smaller: download or save the model again.",
            )


def _entries(directory: Path) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []  # of a folder that is only named: whoever needs a file in it says so
