"""What a session's directory may hold, whoever made it: files of its own and directories, and
nothing that leads out of it.

A session can come from anybody: as an archive, on a disk, from a colleague. A link in it, under the
name of a file that is read or written here, would lead to a file of the reader's; a pipe would
hang; a view or a trigger in the place of a table would answer in its stead. So every file of a
session is opened through this module, or after one of its checks.

    check_files    the directory itself, at every opening: costs one listing
    check_tree     all levels, before an engine works there or a copy is made
    check_schema   a SQLite file: plain tables and indices only
    open_regular   a single file
    copy_files     a directory's files, to where they may be read for long
"""

import contextlib
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from tui_al.errors import SessionError
from tui_al.store.environment import of_os

#: Entries and levels of a session: a thousand seeds have some 20,000 files, three levels down.
_MOST_ENTRIES, _MOST_LEVELS = 200_000, 12

_KINDS = (
    (stat.S_ISLNK, "a link"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
)  # fmt: skip

#: In the SQL of a table, what computes or calls something; in that of an index, anything but
#: columns and a plain condition.
_COMPUTES = re.compile(r"\b(?:virtual|check|generated|as|collate)\b|\bdefault\s*\(", re.IGNORECASE)
_TABLE = re.compile(r"create\s+table\b", re.IGNORECASE)
_INDEX = re.compile(
    r"create\s+(?:unique\s+)?index\s+\w+\s+on\s+\w+\s*\([\w\s,]+\)(?:\s+where\s+(?:not\s+\w+|\w+\s+is\s+(?:not\s+)?null))?\s*",
    re.IGNORECASE,
)

#: Bytes of a path that an event names; an engine's own have fewer than a hundred.
_LONGEST = 1_000

#: What an engine writes into, below a session.
_DIRECTORIES = ("models", "models/seed-*", "warm")

#: Ends a journal of a transaction over several files. SQLite reads the file that is named before
#: it, wherever that lies, and deletes it.
_SEVERAL_FILES = bytes.fromhex("d9d505f920a163d7")


def check_files(directory: Path) -> None:
    """Raise SessionError where an entry of this directory is not a file of its own and no
    directory."""
    for entry in _entries(directory):
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile, as SQLite's side files
            _check(Path(entry.path), entry.stat(follow_symlinks=False))


def check_tree(directory: Path) -> None:
    """As `check_files`, for all directories below too; also where there are too many, or a file
    in the place of a directory. MachineError where a directory cannot be listed."""
    try:
        for _ in _files(directory):
            pass
        for pattern in _DIRECTORIES:
            for place in directory.glob(pattern):
                if not place.is_dir():
                    raise _file_for_directory(place)
    except OSError as error:
        raise of_os(error, directory) from error


def check_schema(db: sqlite3.Connection, path: Path) -> None:
    """Raise SessionError where a SQLite file has more than plain tables and indices; lets it call
    no function that it names."""
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_master"):
        plain = sql is None or (
            isinstance(sql, str)
            and (
                (kind == "table" and _TABLE.match(sql) and not _COMPUTES.search(sql))
                or (kind == "index" and _INDEX.fullmatch(sql) is not None)
            )
        )
        if not plain:
            raise SessionError(
                f"Session {path.parent.name} is not opened: {path.name} has the {kind} "
                f"{str(name)[:60]!r}, which no tui-al makes.",
                "Such a thing can change what is read and written behind the program's back. Ask "
                "whoever gave it to you for another copy.",
            )


def check_file(path: Path) -> None:
    """Raise SessionError where a file is a link, has a second name, or is none; FileNotFoundError
    where there is nothing."""
    _check(path, path.lstat())


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a file of the session's own; made with mode 0600 where the flags say so.

    Raises:
        SessionError: it is a link, has a second name somewhere, or is not a file.
        OSError: it cannot be opened, FileNotFoundError among others.
    """
    with contextlib.suppress(FileNotFoundError):  # before it is opened: a device may act on that
        _check(path, path.lstat())
    # no link is followed and no pipe waited for, whoever puts one there in between
    safe = flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, safe, 0o600)
    try:
        _check(path, os.fstat(descriptor))
    except SessionError:
        os.close(descriptor)
        raise
    return descriptor


def read_bytes(path: Path, most: int, *, end: bool = False) -> bytes:
    """At most so many bytes of a file of the session's own, the last ones if `end`. Raises as
    `open_regular`."""
    with open(open_regular(path), "rb") as stream:
        if end:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - most))
        return stream.read(most)


def inside(directory: Path, named: str) -> Path:
    """The path that an event names, from the session's directory; SessionError where it leads out
    of it, or through a file."""
    parts = Path(named).parts
    if not parts or Path(named).is_absolute() or ".." in parts or not _can_be(parts):
        raise SessionError(
            f"Session {directory.name} names a place outside of it: {named[:200]!r}.",
            "What a session keeps lies in its own directory; nothing else is read. Ask whoever "
            "gave it to you.",
        )
    place = directory
    for part in parts:
        place = place / part
        try:
            _check(place, place.lstat())
        except FileNotFoundError:
            continue
        except NotADirectoryError:
            raise _file_for_directory(place.parent) from None
    return place


def _file_for_directory(place: Path) -> SessionError:
    return SessionError(
        f"{place} is a file, where a session has a directory.",
        "Move it away; if the session came from somebody else, ask them for another copy, made "
        "by: tui-al backup.",
    )


def _can_be(parts: tuple[str, ...]) -> bool:
    """Whether there can be a file of that name."""
    try:
        encoded = [os.fsencode(part) for part in parts]
    except UnicodeEncodeError:
        return False
    return (
        not any(b"\0" in one or len(one) > 255 for one in encoded)
        and sum(map(len, encoded)) < _LONGEST
    )


def copy_files(source: Path, target: Path, names: Collection[str] = ()) -> None:
    """Copy the files below `source`, those of these names (with /) if there are any, to the new
    directory `target`.

    Raises:
        SessionError: something there is no file of its own, or there is no room for all.
        OSError: a file cannot be read or written.
    """
    found = [path for path, _ in _files(source)]
    if names:
        found = [path for path in found if path.relative_to(source).as_posix() in names]
    target.mkdir()
    sizes = {path: path.lstat().st_size for path in found}
    size = sum(sizes.values())
    free = shutil.disk_usage(target).free
    if size > free:
        largest = max(sizes, key=lambda path: sizes[path])
        raise SessionError(
            f"{source} holds {size / 1e9:,.1f} GB, {largest.relative_to(source)} alone "
            f"{sizes[largest] / 1e9:,.1f} GB; {target.parent} has room for "
            f"{free / 1e9:,.1f} GB.",
            "If that file is meant, set TMPDIR to a directory on a larger disk.",
        )
    for path in found:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        _copy(path, copy)


def _files(directory: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every file below; raises SessionError for whatever is none."""
    waiting, count = [(directory, 0)], 0
    while waiting:
        place, level = waiting.pop()
        for entry in _entries(place):
            count += 1
            if count > _MOST_ENTRIES or level > _MOST_LEVELS:
                raise SessionError(
                    f"{directory} is not a session's: it has more than {_MOST_ENTRIES:,} "
                    "entries, or "
                    f"more than {_MOST_LEVELS} levels.",
                    "Remove what does not belong there.",
                )
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            path = Path(entry.path)
            _check(path, found)
            if stat.S_ISDIR(found.st_mode):
                waiting.append((path, level + 1))
            else:
                yield path, found


def _entries(directory: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []  # whoever opens a file there says so


def _copy(source: Path, target: Path) -> None:
    with open(open_regular(source), "rb") as reader, target.open("xb") as writer:
        shutil.copyfileobj(reader, writer, 2**20)


def _check(path: Path, found: os.stat_result) -> None:
    mode = found.st_mode
    if stat.S_ISDIR(mode):
        return
    if not stat.S_ISREG(mode):
        what = next((name for is_one, name in _KINDS if is_one(mode)), "no file")
        raise SessionError(
            f"{path} is {what}, which has no place in a session: nothing is read or written "
            "through it.",
            "If you put it there, put the file itself in its place; if the session came from "
            "somebody else, ask them what it is.",
        )
    if found.st_nlink > 1:
        raise SessionError(
            f"{path} is also the file of another name (a hard link): what is written there would "
            "change both.",
            f"Make a copy of its own: cp {path} {path}.new && mv {path}.new {path}. If it came "
            "from somebody else, ask them first.",
        )
    if path.name.endswith("-journal"):
        _check_journal(path)


def _check_journal(path: Path) -> None:
    """Raise SessionError for a journal of SQLite's that names another file."""
    with contextlib.suppress(PermissionError):  # then SQLite cannot read it either
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            stream.seek(max(0, os.fstat(descriptor).st_size - len(_SEVERAL_FILES)))
            if stream.read(len(_SEVERAL_FILES)) == _SEVERAL_FILES:
                raise SessionError(
                    f"{path} names a file outside of the session, which SQLite would delete; no "
                    "tui-al makes such a journal.",
                    "Ask whoever gave the session to you for another copy, made by: tui-al backup.",
                )
