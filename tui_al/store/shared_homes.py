"""The way to a shared session: its home and the directory of sessions let the group pass, and show
it no other name.

A home of one account that holds a shared session is 0710, and so is the directory of sessions in
it: members of the group reach by its name what is shared, and can list nothing. A home that is its
group's (3770) shows all names to the group. Directories outside of the home are never changed.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tui_al.errors import ConfigError
from tui_al.store.accounts import described, group_name, is_private, own_group
from tui_al.store.sharing import group_of, is_shared

_FOLDERS = ("sessions", "sweeps")
_PASS, _CLOSED = 0o710, 0o700


def home_of(directory: Path) -> Path | None:
    """The home that a session or sweep lies in; None for one that lies elsewhere, as a backup."""
    return directory.parent.parent if directory.parent.name in _FOLDERS else None


def check_can_be_shared(directory: Path, group: int, option: str) -> list[str]:
    """What to tell where a session or sweep in `directory`, which may not be there yet, is to be
    shared with a group.

    Raises:
        ConfigError: the group cannot reach it, and the way cannot be opened.
    """
    for above in _way(directory)[:1]:
        if not above.parent.is_dir():
            raise ConfigError(
                f"{option}: {above.parent} is not there, and would be made for this account alone.",
                f"Make it first, so that group {group_name(group)} can pass it.",
            )
    for step in _steps(directory):
        if _may_pass(step, group) or (step in _way(directory) and _can_open(step, group)):
            continue
        name = group_name(group)
        found = step.stat()
        if step in _way(directory) and found.st_uid in (os.geteuid(), 0) and found.st_mode & 0o070:
            raise ConfigError(
                f"{option}: {step} is open to group {group_name(found.st_gid)} already "
                f"({described(step)}), and a home to one group only.",
                f"Share it with {group_name(found.st_gid)}, or make a session for {name} in "
                "another --home.",
            )
        raise ConfigError(
            f"{option}: {step} is closed to group {name} ({described(step)}), so nobody else "
            "could reach the session.",
            "Choose a --home that the group can reach, e.g. /srv/labelling; its directories need "
            "at least the right to pass "
            f"(as their owner: chmod o+x, or chgrp {name} and chmod g+x).",
        )
    return list(_told(directory))


def open_way(directory: Path, group: int) -> None:
    """Let the group pass the directories of the home above a session or sweep. OSError where that
    is refused."""
    for step in _way(directory):
        if not _may_pass(step, group) and _can_open(step, group):
            os.chown(step, -1, group)
            step.chmod(_PASS)


def close_way(directory: Path, group: int) -> None:
    """Close again what `open_way` opened, unless something else in there is shared with the
    group."""
    home = home_of(directory)
    if home is None:
        return
    for folder in (home / name for name in _FOLDERS):
        if _is_passage(folder, group) and not any(_shared_with(folder, group)):
            _close(folder)
    if _is_passage(home, group) and not any(_is_passage(home / one, group) for one in _FOLDERS):
        _close(home)


def _steps(directory: Path) -> Iterator[Path]:
    """The directories above that are there, the nearest first."""
    for step in directory.absolute().parents:
        if os.path.isdir(step):  # noqa: PTH112 - one that is closed to this account is none for it
            yield step


def _way(directory: Path) -> list[Path]:
    """The directories of the home above a session or sweep, the outermost first."""
    home = home_of(directory.absolute())
    return [] if home is None else [home, directory.absolute().parent]


def _may_pass(step: Path, group: int) -> bool:
    found = step.stat()
    needed = stat.S_IXGRP if found.st_gid == group else stat.S_IXOTH
    return bool(found.st_mode & needed) or _has_acl(step)


def _can_open(step: Path, group: int) -> bool:
    """Whether it is this account's, and open to no other group."""
    found = step.stat()
    free = found.st_gid == group or not found.st_mode & 0o070 or is_private(found.st_gid)
    return free and os.geteuid() in (0, found.st_uid)


def _told(directory: Path) -> Iterator[str]:
    for step in _way(directory):
        if step.is_dir() and is_shared(step) and not step.stat().st_mode & stat.S_ISVTX:
            yield (
                f"who is in group {group_name(step.stat().st_gid)} can rename or remove what lies "
                f"in {step}, also what is closed to them; "
                f"its owner prevents that with: chmod 3770 {step}"
            )


def _is_passage(step: Path, group: int) -> bool:
    """Whether it is as `open_way` leaves it."""
    if not step.is_dir():
        return False
    found = step.stat()
    mine = os.geteuid() in (0, found.st_uid)
    return mine and found.st_gid == group and stat.S_IMODE(found.st_mode) & 0o777 == _PASS


def _shared_with(folder: Path, group: int) -> Iterator[bool]:
    for one in folder.iterdir():
        if one.is_dir() and not one.is_symlink() and group_of(one) == group:
            yield True


def _close(step: Path) -> None:
    step.chmod(_CLOSED)
    own = own_group(step.stat().st_uid)
    if own is not None:
        os.chown(step, -1, own)


def _has_acl(step: Path) -> bool:
    """Whether more is said of who may than the mode tells."""
    try:
        return bool(os.getxattr(step, "system.posix_acl_access"))
    except OSError:
        return False
