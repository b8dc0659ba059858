"""Accounts and groups of this machine: their names, who is in which, and who may what with a
file."""

import contextlib
import grp
import os
import pwd
import stat
from functools import lru_cache
from pathlib import Path

from tui_al.errors import ConfigError


@lru_cache(maxsize=256)  # asked for each decision, and a directory service may be slow
def account_name(uid: int) -> str:
    """The account's name, or its number where it has none here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def this_account() -> str:
    """The account that this process acts as."""
    return account_name(os.geteuid())


def group_name(gid: int) -> str:
    """The group's name, or its number where it has none here."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def own_group(uid: int) -> int | None:
    """The group that an account has as its own; None where the machine does not know the
    account."""
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return None


def members(gid: int) -> set[str]:
    """Accounts in a group, as far as the machine lists them: named with it, or having it as their
    own."""
    own = {one.pw_name for one in pwd.getpwall() if one.pw_gid == gid}
    with contextlib.suppress(KeyError):
        own |= set(grp.getgrgid(gid).gr_mem)
    return own


def is_private(gid: int) -> bool:
    """Whether a group has a name and lists nobody but this account."""
    return group_name(gid) != str(gid) and not members(gid) - {this_account()}


def group_id(given: str, option: str) -> int:
    """The number of the group of this name or number, which this account can give its files to.

    Raises:
        ConfigError: there is no such group, or this account is not in it; the hint lists those that
        it is in.
    """
    mine = {os.getegid(), *os.getgroups()}
    allowed = ", ".join(sorted(group_name(gid) for gid in mine if not is_private(gid)))
    hint = (
        f"{this_account()} is in: {allowed}."
        if allowed
        else f"{this_account()} is in no group with others. An administrator can add you to one; "
        "log in again after that."
    )
    try:
        gid = grp.getgrnam(given).gr_gid
    except KeyError:
        if not given.isdecimal() or int(given) > 2**32 - 2:
            raise ConfigError(f"{option}: there is no group {given!r}.", hint) from None
        gid = int(given)
    if gid not in mine and os.geteuid() != 0:
        raise ConfigError(f"{option}: {this_account()} is not in group {group_name(gid)}.", hint)
    if is_private(gid):
        raise ConfigError(f"{option}: nobody else is in group {group_name(gid)}.", hint)
    return gid


def described(path: Path) -> str:
    """Who may what with a file, as "drwx------ anna lab"."""
    found = path.stat()
    return f"{stat.filemode(found.st_mode)} {account_name(found.st_uid)} {group_name(found.st_gid)}"
