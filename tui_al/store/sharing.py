"""Sessions that several accounts work on: who may open what on disk, and how it is told where somebody may not.

A session belongs to its account alone (mode 0700). A shared one is open to its group as well: directories 2770, which what is
made in them inherits the group from, and files 0660. SQLite gives its side files the mode of the database. Whatever process makes
files in a session goes by `umask_for`, or makes them by `open_file`, so that no account's own umask closes them to the others.
"""

import contextlib
import grp
import os
import pwd
import stat
from pathlib import Path

from tui_al.errors import ConfigError, SessionClosedError, SessionError
from tui_al.store.strangers import check_tree, open_regular

_DIRECTORY, _FILE = 0o2770, 0o660
_GROUP_MAY = stat.S_IRGRP | stat.S_IWGRP | stat.S_IXGRP


def is_shared(directory: Path) -> bool:
    """Whether what lies in a directory is its group's: made so by `share`, or by who administers the home."""
    mode = directory.stat().st_mode
    return bool(mode & stat.S_ISGID) and mode & _GROUP_MAY == _GROUP_MAY


def share(directory: Path) -> None:
    """Open a session to its group; OSError where it is another account's, SessionError where something there leads out of it."""
    check_tree(directory)
    for parent, _, names in os.walk(directory):
        os.chmod(parent, _DIRECTORY)  # noqa: PTH101
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(_FILE)


def umask_for(directory: Path) -> int:
    """The umask for a process that makes files in a session: none for others, and for its group where it is shared."""
    return 0o007 if is_shared(directory) else 0o077


def open_file(path: Path, flags: int) -> int:
    """A descriptor of a file in a session, made if need be, with the mode that the session's files have. Raises as `open_regular`."""
    descriptor = open_regular(path, flags | os.O_CREAT)
    if is_shared(path.parent) and os.fstat(descriptor).st_uid == os.geteuid():
        os.fchmod(descriptor, _FILE)
    return descriptor


def fit(descriptor: int, directory: Path) -> None:
    """Give a new file the mode that files in this directory have, whatever it was made with."""
    os.fchmod(descriptor, _FILE if is_shared(directory) else 0o600)


def make_directory(directory: Path) -> None:
    """Make a directory of a home, and those above it: this account's alone, and where the home is its group's, the group's too.

    It is closed because names of sessions and sweeps tell something already. OSError where it cannot be made.
    """
    if directory.is_dir():
        return
    make_directory(directory.parent)
    with contextlib.suppress(FileExistsError):  # another process was quicker
        directory.mkdir(mode=0o700)
        if is_shared(directory.parent):
            directory.chmod(_DIRECTORY)


def check_can_be_shared(home: Path) -> None:
    """Raise ConfigError where a session of this home would be open to nobody else: the group is the wrong one, or the way there is shut."""
    place = home
    while not place.exists():
        place = place.parent
    inherited = place.stat().st_mode & stat.S_ISGID
    gid = place.stat().st_gid if inherited else os.getegid()
    name, others = group_name(gid), members(gid) - {account_name(os.geteuid())}
    how = (
        f"As administrator: chgrp GROUP {home}; chmod 2770 {home}. Everybody who labels has to be in GROUP; "
        "`id` shows whose groups you are in."
    )
    if not others:
        raise ConfigError(
            f"--shared: a session in {home} would belong to group {name}, which nobody else is in.",
            how,
        )
    for step in (place.absolute(), *place.absolute().parents):
        found = step.stat()
        needed = stat.S_IXGRP if found.st_gid == gid else stat.S_IXOTH
        if not found.st_mode & needed and not _has_acl(step):
            raise ConfigError(
                f"--shared: {step} is closed to group {name} ({described(step)}), so nobody else could reach the session.",
                f"Choose a --home that the group can reach, e.g. /srv/labelling. {how}",
            )


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


def _closed(step: Path, what: str) -> SessionError:
    me, owner = account_name(os.geteuid()), account_name(step.stat().st_uid)
    group = step.stat().st_gid
    shared = step.stat().st_mode & stat.S_IXGRP
    inside = group in {os.getegid(), *os.getgroups()}
    if shared and not inside:
        hint = f"Only group {group_name(group)} may, and {me} is not in it. An administrator can add you; log in again after that."
    else:
        hint = f"{owner} can open a session to a group: `tui-al label SESSION --shared`."
    return SessionClosedError(f"{what} is closed to {me}: {step} ({described(step)}).", hint)


def described(path: Path) -> str:
    """Who may what with a file, as "drwx------ anna lab"."""
    found = path.stat()
    return f"{stat.filemode(found.st_mode)} {account_name(found.st_uid)} {group_name(found.st_gid)}"


def _has_acl(path: Path) -> bool:
    """Whether more is said of who may than the mode tells."""
    try:
        return bool(os.getxattr(path, "system.posix_acl_access"))
    except OSError:
        return False


def account_name(uid: int) -> str:
    """The account's name, or its number where it has none here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """The group's name, or its number where it has none here."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def members(gid: int) -> set[str]:
    """Accounts in a group: listed with it, or having it as their own."""
    own = {one.pw_name for one in pwd.getpwall() if one.pw_gid == gid}
    with contextlib.suppress(KeyError):
        own |= set(grp.getgrgid(gid).gr_mem)
    return own
