"""`tui-al share`, `unshare`, `history`, and `--shared` of the commands that make
sessions."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tui_al.cli.console import Page, aligned
from tui_al.core.session.timestamps import is_date, local_clock, to_iso
from tui_al.errors import SessionError
from tui_al.store.accounts import group_id, group_name
from tui_al.store.home import home_directory
from tui_al.store.shared_homes import check_can_be_shared
from tui_al.store.sharing import group_of

if TYPE_CHECKING:
    from tui_al.store.history import Entry

_CLOCK = "%Y-%m-%d %H:%M"


def group_to_share_with(given: str | None, directory: Path) -> int | None:
    """The group of `--shared` for a session or sweep in `directory`, which may not be there yet;
    None where none is given.

    Raises ConfigError where it cannot be shared with this group, before anything is made.
    """
    if given is None:
        return None
    group = group_id(given, "--shared")
    _tell(check_can_be_shared(directory, group, "--shared"))
    return group


def share_where_it_was_not(directory: Path, group: int | None) -> None:
    """Share what was there before, if a group is given that it is not shared with."""
    from tui_al.store.session_sharing import share_with_group

    if group is not None and group_of(directory) != group:
        share_with_group(directory, group, "--shared")


def share_session(name: str, given: str, home: Path | None) -> None:
    """Open a session or sweep to a group, and say so."""
    from tui_al.store.session_sharing import share_with_group
    from tui_al.store.sweeps import find

    directory = find(home_directory(home), name)
    group = group_id(given, "GROUP")
    _tell(share_with_group(directory, group, "GROUP"))
    _page().say(
        f"{directory.name} is shared with group {group_name(group)}: they open it with "
        f"tui-al attach {directory.name} --home {directory.parent.parent}"
    )


def unshare_session(name: str, home: Path | None) -> None:
    """Close a session or sweep to all but its owner, and say so."""
    from tui_al.store.session_sharing import take_back_from_group
    from tui_al.store.sweeps import find

    directory = find(home_directory(home), name)
    _tell(take_back_from_group(directory))
    _page().say(f"{directory.name} is its owner's alone")


def tell_history(name: str | None, home: Path | None, *, each: bool, as_json: bool) -> None:
    """Who did what, for people or for programs."""
    if name is None:
        _tell_home(home_directory(home), as_json=as_json)
        return
    from tui_al.store.history import by_day, history, under_other_names
    from tui_al.store.sweeps import find, is_sweep

    directory = find(home_directory(home), name)
    if is_sweep(directory):
        raise SessionError(
            f"{directory.name} is a sweep: each of its sessions has its own history.",
            f"Give their paths: {directory / 'sessions'}/...",
        )
    found = history(directory)
    _tell(found.damage)
    if as_json:
        _say_json(_plain(one) for one in found.entries)
        return
    entries = found.entries if each else by_day(found.entries)
    page = _page()
    for line in aligned([list(_row(one)) for one in entries], right=()):
        page.say(line)
    for annotator, by in under_other_names(found.entries).items():
        parts = ", ".join(f"{account} {count:,}" for account, count in by.items())
        page.say(f"annotator {annotator}, by account: {parts}")


def who(one: "Entry") -> str:
    """The account, and under which name it decided where that is another."""
    account = one.account or "not noted"
    return (
        f"{account} as {one.annotator}" if one.annotator and one.annotator != account else account
    )


def _row(one: "Entry") -> Iterator[str]:
    yield local_clock(one.time, _CLOCK)
    yield who(one)
    until = f" until {local_clock(one.until, '%H:%M')}" if one.count > 1 else ""
    yield f"{one.action} {one.count:,}{until}" if one.count > 1 else one.action
    yield one.detail


def _plain(one: "Entry") -> Mapping[str, Any]:
    at = to_iso(one.time) if is_date(one.time) else None
    return {
        "time": at, "account": one.account or None, "annotator": one.annotator or None,
        "action": one.action,
        "detail": one.detail,
    }  # fmt: skip


def _tell_home(home: Path, *, as_json: bool) -> None:
    from tui_al.store.home_history import FILE, read_home_history
    from tui_al.store.sharing import check_home

    check_home(home)
    found = read_home_history(home)
    if found.damaged:
        _tell([f"{home / FILE}: {found.damaged:,} lines cannot be read, and are left out"])
    if as_json:
        _say_json(
            {**asdict(one), "time": to_iso(one.time) if is_date(one.time) else None}
            for one in found.entries
        )
        return
    page = _page()
    if not found.entries:
        page.say(
            f"nothing was deleted, renamed or shared in {home} yet; of a session: tui-al history "
            "SESSION"
        )
        return
    rows = [
        [
            local_clock(one.time, _CLOCK),
            one.account,
            f"{one.action} {one.what} {one.name}",
            one.detail,
        ]
        for one in found.entries
    ]
    for line in aligned(rows, right=()):
        page.say(line)


def _say_json(rows: Iterable[Mapping[str, Any]]) -> None:
    console = Console(soft_wrap=True)
    for row in rows:
        console.print(json.dumps(row, ensure_ascii=True), markup=False, highlight=False)


def _page() -> Page:
    return Page(Console(soft_wrap=True))


def _tell(notes: Iterable[str]) -> None:
    page = Page(Console(stderr=True, soft_wrap=True))
    for note in notes:
        page.say(f"note: {note}", "yellow")
