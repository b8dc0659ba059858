"""Sessions that several accounts work on: who may open what on disk, and how it is told where
somebody may not.

A session belongs to its account alone (mode 0700). A shared one is open to a group as well:
directories 2770, which what is made in them inherits the group from, and files 0660. No process's
umask matters: SQLite gives its side files the mode of the database, and all else is made by
`open_file` and `make_directory`, or given its mode by `fit` and `fit_tree` before it gets its name.

`share` may run while an engine works. Whoever makes a file looks at the directory's mode after the
file is there, and `share` sets the modes of directories before it looks through them for the last
time, so one of the two finds every file."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tui_al.errors import SessionClosedError, SessionError
from tui_al.store.accounts import account_name, described, group_name, own_group, this_account
from tui_al.store.strangers import check_tree, open_regular

_DIRECTORY, _FILE = 0o2770, 0o660
_OWN_DIRECTORY, _OWN_FILE = 0o700, 0o600
_GROUP_MAY = stat.S_IRGRP | stat.S_IWGRP | stat.S_IXGRP

#: Directories of names: in those of a group only its owner can move or remove an entry.
_FOLDERS = ("sessions", "sweeps")

#: Times to look through a session that an engine changes meanwhile.
_PASSES = 20


def is_shared(directory: Path) -> bool:
    """Whether what lies in a directory is its group's: made so by `share`, or by who administers
    the home."""
    return _is_shared(directory.stat())


def _is_shared(found: os.stat_result) -> bool:
    return bool(found.st_mode & stat.S_ISGID) and found.st_mode & _GROUP_MAY == _GROUP_MAY


def group_of(directory: Path) -> int | None:
    """The group that a session or sweep is shared with; None if it is its account's alone."""
    found = directory.stat()
    return found.st_gid if _is_shared(found) else None


def share(directory: Path, group: int) -> None:
    """Open a session or a sweep, with all that is in it, to a group. No SQLite file of it may be
    open in this process.

    Raises:
        SessionError: it is another account's, or something there leads out of it.
        OSError: the file system refuses.
    """
    check_owner(directory, "share it")
    check_tree(directory)
    _set_all(directory, group, _DIRECTORY, _FILE)


def take_back(directory: Path) -> int:
    """Make a session or sweep its account's alone again. No SQLite file of it may be open in this
    process.

    Returns:
        How many files and directories in it still belong to other accounts. They are closed by the
        directory around them.

    Raises:
        As `share`.
    """
    check_owner(directory, "take it back")
    check_tree(directory)
    found = directory.stat()
    own = own_group(found.st_uid)
    directory.chmod(_OWN_DIRECTORY)  # first, and at once
    return _set_all(directory, found.st_gid if own is None else own, _OWN_DIRECTORY, _OWN_FILE)


def check_owner(directory: Path, to_do: str) -> None:
    """Raise SessionError where a session or sweep is another account's: `to_do` says what only its
    owner can."""
    owner = directory.stat().st_uid
    if os.geteuid() not in (0, owner):
        raise SessionError(
            f"{directory.name} is {account_name(owner)}'s: only {account_name(owner)} can {to_do}.",
            "Its group can work in it; see the page on sharing in the documentation.",
        )


def open_file(path: Path, flags: int) -> int:
    """A descriptor of a file in a session, made if need be, with the mode that the session's files
    have. Raises as `open_regular`."""
    descriptor = open_regular(path, flags | os.O_CREAT)
    fit(descriptor, path.parent)
    return descriptor


def fit(descriptor: int, directory: Path) -> None:
    """Give a file that was made in a shared directory the mode and group of what is in there; all
    others stay as they are."""
    around = directory.stat()
    if _is_shared(around) and os.fstat(descriptor).st_uid == os.geteuid():
        _set(descriptor, around.st_gid, _FILE)


def fit_tree(new: Path) -> None:
    """As `fit`, of a directory with all that is in it; call it again when it has its name. It may
    hold no open SQLite file."""
    with contextlib.suppress(FileNotFoundError):
        if (group := group_of(new.parent)) is not None:
            _set_all(new, group, _DIRECTORY, _FILE)


def make_directory(directory: Path) -> None:
    """Make a directory of a home or session, and those above it: this account's alone, or the
    group's where the one above is.

    It is closed because names of sessions and sweeps tell something already. OSError where it
    cannot be made."""
    new = not directory.is_dir()
    if new:
        make_directory(directory.parent)
        with contextlib.suppress(FileExistsError):  # another process was quicker
            directory.mkdir(mode=_OWN_DIRECTORY)
    found, above = directory.stat(), directory.parent.stat()
    if found.st_uid == os.geteuid() and _is_shared(above) and (new or _is_shared(found)):
        os.chown(directory, -1, above.st_gid)
        directory.chmod(_mode(directory, _DIRECTORY))  # also of one that an older program made


def refusal(path: Path, what: str = "") -> SessionError | None:
    """Why this account may not read a session's file; None if it may, or where there is none.

    `what` names the thing that it is a part of, by default the session.
    """
    what = what or f"Session {path.parent.name}"
    for step in reversed(path.absolute().parents):
        if not step.is_dir():
            return None
        if not os.access(step, os.X_OK, effective_ids=True):
            return _closed(step, what)
    if path.exists() and not os.access(path, os.R_OK, effective_ids=True):
        return _closed(path, what)
    return None


def check_home(home: Path) -> None:
    """Raise SessionError where a home is closed to this account."""
    if closed := refusal(home / "sessions" / "any", f"Home {home}"):
        raise closed


def check_list(folder: Path) -> None:
    """Raise SessionClosedError where this account can use a session of the folder by its name, and
    may not know the names."""
    if folder.is_dir() and not os.access(folder, os.R_OK, effective_ids=True):
        owner = account_name(folder.stat().st_uid)
        raise SessionClosedError(
            f"Which {folder.name} there are in {folder.parent} is {owner}'s alone to see "
            f"({described(folder)}).",
            f"Name the one that {owner} has shared with you, as in `tui-al attach NAME --home "
            f"{folder.parent}`.",
        )


def _closed(step: Path, what: str) -> SessionError:
    me, owner = this_account(), account_name(step.stat().st_uid)
    group = step.stat().st_gid
    shared = step.stat().st_mode & stat.S_IXGRP
    inside = group in {os.getegid(), *os.getgroups()}
    if shared and not inside:
        hint = (
            f"Only group {group_name(group)} may, and {me} is not in it. An administrator can "
            "add you; log in again after that."
        )
    else:
        hint = f"{owner} can open a session to a group: `tui-al share SESSION GROUP`."
    return SessionClosedError(f"{what} is closed to {me}: {step} ({described(step)}).", hint)


def _set_all(top: Path, group: int, of_directories: int, of_files: int) -> int:
    """Set group and modes of all below, until a look through finds nothing to set; how many things
    are another account's.

    Everything is opened before it is changed, and no link followed: others may write in there.
    """
    for _ in range(_PASSES):
        changed = others = 0
        for path, descriptor in _opened(top):
            mode = os.fstat(descriptor).st_mode
            wanted = _mode(path, of_directories) if stat.S_ISDIR(mode) else of_files
            if os.geteuid() not in (0, os.fstat(descriptor).st_uid):
                others += 1
            else:
                changed += _set(descriptor, group, wanted)
        if not changed:
            break
    return others


def _mode(directory: Path, mode: int) -> int:
    """With the sticky bit for a shared directory of names; a session may have such a name
    itself."""
    folder = directory.name in _FOLDERS and directory.parent.name not in _FOLDERS
    return mode | stat.S_ISVTX if folder and mode & stat.S_ISGID else mode


def _opened(top: Path) -> Iterator[tuple[Path, int]]:
    """The directory and all below, each open while it is looked at; links and what is not a file
    are passed over."""
    safe = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    for parent, _, names, inside in os.fwalk(top, follow_symlinks=False):
        yield Path(parent), inside
        for name in names:
            with contextlib.suppress(
                OSError
            ):  # gone meanwhile, a link, or another's file that is closed
                descriptor = os.open(name, safe, dir_fd=inside)
                try:
                    found = os.fstat(descriptor)
                    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
                        yield Path(parent, name), descriptor
                finally:
                    os.close(descriptor)


def _set(descriptor: int, group: int, mode: int) -> bool:
    """Whether anything had to be set. Group first: a file of the right mode is then surely of the
    right group."""
    found = os.fstat(descriptor)
    if found.st_gid == group and stat.S_IMODE(found.st_mode) == mode:
        return False
    if found.st_gid != group:
        os.fchown(descriptor, -1, group)
    os.fchmod(descriptor, mode)
    return True
