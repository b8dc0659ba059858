"""On a network's file system sessions keep SQLite's plain journal, which is safe there; elsewhere
its write-ahead log."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.store.labelled_sessions import by_people
from tui_al.store import file_systems
from tui_al.store.database import connect
from tui_al.store.file_systems import file_system, is_network
from tui_al.store.session import Session

_LINE = "{number} 27 0:22 / {point} rw,relatime shared:5 - {kind} source rw"


def mounts(path: Path, points: dict[str, str]) -> Path:
    lines = [_LINE.format(number=n, point=p, kind=k) for n, (p, k) in enumerate(points.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("kind", "network"),
    [("nfs", True), ("nfs4", True), ("cifs", True), ("smb3", True), ("fuse.sshfs", True),
        ("lustre", True), ("9p", True),
     ("ceph", True), ("ext4", False), ("xfs", False), ("btrfs", False), ("tmpfs", False),
     ("overlay", False), ("fuseblk", False),
     ("zfs", False)],
)  # fmt: skip
def test_a_networks_file_system_is_known_by_its_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, network: bool
) -> None:
    home = tmp_path / "shared dir"
    (home / "inner").mkdir(parents=True)
    (tmp_path / "shared").mkdir()
    listed = {"/": "ext4", str(home).replace(" ", r"\040"): kind, str(tmp_path / "shared"): "xfs"}
    monkeypatch.setattr(file_systems, "MOUNTS", mounts(tmp_path / f"mounts-{kind}", listed))
    assert (file_system(home / "inner" / "not yet"), is_network(home / "inner")) == (kind, network)
    assert file_system(tmp_path / "shared directory") == "ext4"


def test_the_longest_mount_counts_and_of_two_at_one_place_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    path = tmp_path / "mounts"
    lines = [(tmp_path, "nfs4"), (place, "ext4"), (place, "tmpfs"), ("/", "xfs")]
    path.write_text("".join(_LINE.format(number=1, point=p, kind=k) + "\n" for p, k in lines))
    monkeypatch.setattr(file_systems, "MOUNTS", path)
    assert (file_system(place), file_system(tmp_path / "a"), file_system(Path("/"))) == (
        "tmpfs",
        "nfs4",
        "xfs",
    )
    monkeypatch.setattr(file_systems, "MOUNTS", tmp_path / "none")
    assert (file_system(place), is_network(place)) == ("", False)


def test_the_kernels_own_list_is_read() -> None:
    assert file_system(Path("/proc/self")) == "proc"


def journal(path: Path) -> str:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return str(db.execute("PRAGMA journal_mode").fetchone()[0])


def test_a_session_has_the_journal_that_its_file_system_carries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = mounts(tmp_path / "local", {"/": "ext4"})
    remote = mounts(tmp_path / "remote", {"/": "ext4", str(tmp_path): "nfs4"})
    monkeypatch.setattr(file_systems, "MOUNTS", remote)
    with by_people(tmp_path / "home", "mine") as session:
        path = session.directory / "session.db"
        assert journal(path) == "delete"
        session.send("pause")
        assert not path.with_name("session.db-wal").exists()
        with Session(path.parent) as another:  # several at once, as ever
            another.send("stop")
            assert [name for _, name in session.commands()] == ["pause", "stop"]
    monkeypatch.setattr(file_systems, "MOUNTS", local)  # moved to a local disk
    Session(path.parent).close()
    assert journal(path) == "wal"
    with contextlib.closing(connect(path)) as open_elsewhere:
        open_elsewhere.execute("SELECT 1 FROM meta").fetchone()
        monkeypatch.setattr(file_systems, "MOUNTS", remote)  # and back, while somebody has it open
        with Session(path.parent) as session:
            session.send("resume")
        assert journal(path) == "wal"
    Session(path.parent).close()
    assert journal(path) == "delete"
    with Session(path.parent) as session:
        assert len(session.commands()) == 3
