"""`tui-al merge`: sessions labelled on separate machines, as one."""

import contextlib
from pathlib import Path

from rich.console import Console

from tui_al.cli.console import Page
from tui_al.errors import ConfigError
from tui_al.store.home import home_directory
from tui_al.store.merging import merge_sessions
from tui_al.store.session import Session


def merge(names: list[str], into: str, home: Path | None) -> None:
    """Merge two sessions or more into a new one, and say what it holds."""
    if len(names) < 2:
        raise ConfigError("merge: one session alone is given.", "Name two or more.")
    place = home_directory(home)
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(Session.open(place, name)) for name in names]
        merged = merge_sessions(place, sessions, into)
    page = Page(Console(soft_wrap=True))
    page.say(
        f"{into}: decisions: {merged.decisions:,}, annotators: "
        f"{', '.join(merged.annotators) or 'none'}, "
        f"labelled: {merged.labelled:,}"
    )
    for change in merged.followed:
        page.say(
            f"label {change.name!r} is called {change.new!r}, as it was renamed in one of the "
            "sessions; "
            f"who renamed it can undo that in {into}"
        )
    if merged.apart:
        page.say(
            f"renamed in different ways: {', '.join(map(repr, merged.apart))} are all labels of "
            f"{into} now; "
            f"`tui-al label {into}` has a screen to merge them"
        )
    if merged.conflicts:
        page.say(
            f"annotators differ on {merged.conflicts:,}: `tui-al label {into}` has a screen to "
            "settle them"
        )
