"""How `simulate` shows a session as it runs: one interface, four displays."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console

from tui_al.cli.live import LiveDisplay
from tui_al.cli.plain_display import JsonDisplay, PlainDisplay, QuietDisplay
from tui_al.core.session.events import Recorded
from tui_al.core.session.state import SessionState

__all__ = ["Display", "JsonDisplay", "LiveDisplay", "PlainDisplay", "QuietDisplay", "choose"]


class Display(Protocol):
    """Used as a context manager around the work, so that the terminal is restored whatever
    happens."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def start(self, state: SessionState) -> None:
        """Once, before the work: what is known of the session by then."""

    def update(self, state: SessionState, new_events: Sequence[Recorded]) -> None:
        """As often as there is news; with no events it only moves the clock."""

    def finish(self, state: SessionState) -> None:
        """Once, after the work, also after failed runs: the results."""


def choose(
    name: str, stdout: Console, stderr: Console, *, as_json: bool = False, quiet: bool = False
) -> Display:
    """JSON if asked for, then quiet; else live on a terminal that can move its cursor, plain
    elsewhere."""
    if as_json:
        return JsonDisplay(stdout, stderr, name)
    if quiet:
        return QuietDisplay(stdout, name)
    if stdout.is_terminal and not stdout.is_dumb_terminal:
        return LiveDisplay(stdout, name)
    return PlainDisplay(stdout, name)
