"""What a .zip may hold for its data file to be read. Nothing of it is ever unpacked to the disk, so
its names lead nowhere; a name that tries to is told all the same, and not read."""

import re
import stat
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from tui_al.errors import DataError

#: Members of an archive, whatever they are: listing and telling of more takes long.
_MOST_MEMBERS = 100_000

#: How a path of Windows begins that is absolute.
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")

#: Suffixes of files that hold other files, and are not read; .zip is, but not within another.
_ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tzst", ".7z", ".rar", ".cab", ".jar")


def check_members(name: str, members: Sequence[zipfile.ZipInfo]) -> None:
    """Raise DataError where an archive has a member that leads out of it, a link, one name twice,
    or far too many members."""
    if len(members) > _MOST_MEMBERS:
        raise DataError(
            f"{name} holds {len(members):,} members, where one data file is read.",
            "Unpack it, and name the file or the folder.",
        )
    names = Counter(info.filename for info in members)
    for info in members:
        shown = repr(info.filename[:200])
        place = PurePosixPath(info.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or _DRIVE.match(info.filename):
            raise DataError(
                f"{name} has a member that leads out of it: {shown}.",
                "Such a name can overwrite files where an archive is unpacked. Ask whoever made it "
                "for another, or take the data file out with a program that you trust.",
            )
        if stat.S_ISLNK(info.external_attr >> 16):
            raise DataError(
                f"{name}: its member {shown} is a link, and no data.",
                "Put the file itself into the archive (without `zip --symlinks`).",
            )
        if names[info.filename] > 1:
            raise DataError(
                f"{name} holds {shown} {names[info.filename]:,} times, and which is meant cannot "
                "be told.",
                "Unpack it, and name the file.",
            )


def what_is_nested(name: str, inner: str, packed: Sequence[str]) -> tuple[str, str] | None:
    """What to tell, and to advise, of a file that is an archive, or of a compressed one whose
    content is an archive or compressed once more; None for all others.

    Args:
        name: of the file, in messages.
        inner: what it is called without its compression.
        packed: the suffixes of compressed files.
    """
    suffix = Path(inner).suffix.lower()
    if suffix in _ARCHIVES:
        what = "is an archive" if inner == name else f"holds another archive, {inner}"
        advice = "Unpack it, and name the data file or the folder in it."
        return f"{name} {what}, which is not read.", advice
    if suffix in packed and inner != name:
        return (
            f"{name} holds a file that is compressed once more, {inner}.",
            "Unpack it once, and name the file in it.",
        )
    return None
