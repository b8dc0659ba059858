"""What kind of file system holds a path. On those of a network SQLite's write-ahead log is not
safe: its index is memory shared by the processes of one machine."""

import os
from functools import lru_cache
from pathlib import Path

#: The kernel's list of mounts; where there is none, nothing is known of any path.
MOUNTS = Path("/proc/self/mountinfo")

#: Beginnings of the kinds that other machines can write to at the same time.
_NETWORK = (
    "nfs", "cifs", "smb", "lustre", "gpfs", "beegfs", "ceph", "afs", "9p", "panfs", "glusterfs",
    "ocfs2", "gfs2", "pvfs", "orangefs",
    "ncpfs", "coda", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.davfs",
    "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse",
    "fuse.juicefs", "fuse.beegfs", "fuse.moosefs", "fuse.mfs", "fuse.lizardfs", "fuse.quobyte",
    "fuse.smbnetfs", "fuse.goofys",
    "fuse.blobfuse", "fuse.weka", "wekafs", "vboxsf", "prl_fs", "virtiofs", "drvfs",
)  # fmt: skip


def file_system(path: Path) -> str:
    """The kind of the file system that holds `path`, or will: ext4, nfs4, fuse.sshfs, ...; "" if
    that cannot be told."""
    place = path.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return _kind_of(os.path.realpath(place), place.stat().st_dev, MOUNTS)
    except OSError:
        return ""


def is_network(path: Path) -> bool:
    """Whether other machines may write to the file system that holds `path`."""
    return file_system(path).startswith(_NETWORK)


@lru_cache(maxsize=64)
def _kind_of(place: str, device: int, mounts: Path) -> str:  # noqa: ARG001 - tells one mount from the next
    """Of the mount whose point is the longest beginning of `place`, the last one where several lie
    over each other."""
    found = ("", "")
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        point = _unescaped(before.split(" ")[4])
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(found[0]):
            found = (point, after.split(" ")[0])
    return found[1]


def _unescaped(text: str) -> str:
    r"""The kernel writes blanks, tabs, line breaks and backslashes as \040, \011, \012 and \134."""
    for octal, character in (("040", " "), ("011", "\t"), ("012", "\n"), ("134", "\\")):
        text = text.replace(f"\\{octal}", character)
    return text
