"""What happened in a session, as sentences, and what its engine printed."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tui_al.core import events as ev
from tui_al.report.curves import metric_name
from tui_al.ui.safe import safe

_KEPT = 2000
_LONGEST = 1000
_TAIL_BYTES = 64_000


class Told(NamedTuple):
    """An event in words; `style` repeats what the words say."""

    text: str
    style: str = ""


def tell(event: ev.Event, headline: str = "accuracy") -> Told | None:
    """A sentence on the event; None for what is of no interest to people."""
    match event:
        case ev.SessionCreated():
            return Told(
                f"created: {event.task}, {len(event.labels)} labels, "
                f"{event.train:,} to train on, {event.test:,} to test on"
            )
        case ev.EngineStarted():
            goes = "engine goes on" if event.resumed else "engine started"
            return Told(f"{goes} on {event.device}, process {event.pid} of {event.host}", "bold")
        case ev.EngineFinished():
            return Told(f"engine left: {event.reason}", "bold")
        case ev.EnginePaused():
            return Told("paused" if event.paused else "goes on", "bold")
        case ev.SessionFinished():
            return Told("every run is finished", "bold $text-success")
        case ev.Warned():
            return Told(f"warning: {event.message}", "$text-warning")
        case _:
            return _tell_of_run(event, headline)


def _tell_of_run(event: ev.Event, headline: str) -> Told | None:
    match event:
        case ev.RunStarted():
            after = event.resumed_after
            return Told(
                f"seed {event.seed}: begins" if after is None else f"seed {event.seed}: goes on after round {after}"
            )  # fmt: skip
        case ev.Queried():
            how = f" of {event.pool:,} by {event.strategy}" if event.round else " as seed set"
            return Told(f"{_at(event.seed, event.round)}: asked about {len(event.ids):,}{how}")
        case ev.PhaseFinished():
            return Told(
                f"{_at(event.seed, event.round)}: {event.phase}, {event.seconds:,.1f} s",
                "$foreground-muted",
            )
        case ev.Point():
            value = event.metrics.get(headline)
            shown = "" if value is None else f"{metric_name(headline)} {value:.3f} with "
            return Told(
                f"{_at(event.seed, event.round)}: {shown}{event.labels:,} labels", "$text-success"
            )
        case ev.ModelSaved():
            return Told(f"seed {event.seed}: {event.role} saved in {event.path}")
        case ev.RunFinished():
            why = "all rounds done" if event.reason == "rounds" else "nothing is left to ask about"
            return Told(f"seed {event.seed}: finished, {why}")
        case ev.RunFailed():
            return Told(f"seed {event.seed}: failed: {event.error} {event.hint}", "$text-error")
        case _:
            return None


def _at(seed: int, round_: int) -> str:
    return f"seed {seed}, round {round_}"


def tail(path: Path) -> tuple[str, ...]:
    """The last lines of a text file, or why there are none."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - _TAIL_BYTES))
            text = log.read().decode(errors="replace")
    except OSError as error:
        return (f"{path.name}: {error.strerror or error}",)
    lines = text.splitlines()
    return tuple(lines[1:] if size > _TAIL_BYTES else lines) or (f"{path.name} is empty",)


class LinesView(ScrollView, can_focus=True):
    """Many lines, one a row, painted as they come into sight; stays at the end while it is there.

    Long lines are wrapped, so that nothing is out of sight sideways.
    """

    DEFAULT_CSS = """
    LinesView {
        height: 1fr; scrollbar-size: 1 1; overflow-x: hidden;
        scrollbar-color: $border-blurred; scrollbar-background: $background;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._kept: deque[Content] = deque(maxlen=_KEPT)
        self._wrapped: list[Content] = []
        self._going_to_end = False

    def write(self, lines: Iterable[Content]) -> None:
        """Add lines at the end."""
        self._kept.extend(lines)
        self._wrap_anew()

    def replace(self, lines: Sequence[Content]) -> None:
        """Show these lines and no others."""
        if list(self._kept) != list(lines)[-_KEPT:]:
            self._kept = deque(lines, maxlen=_KEPT)
            self._wrap_anew()

    def plain(self) -> str:
        """All lines, for tests."""
        return "\n".join(line.plain for line in self._kept)

    def notify_style_update(self) -> None:
        """Colours may be others now."""
        super().notify_style_update()
        self.refresh()

    def on_resize(self) -> None:
        """Wrap for the new width."""
        self._wrap_anew()

    def _wrap_anew(self) -> None:
        width = self.scrollable_content_region.width
        if width < 1:
            return
        at_end = self._going_to_end or self.is_vertical_scroll_end or not self._wrapped
        self._wrapped = [part for line in self._kept for part in line.wrap(width)]
        self.virtual_size = Size(width, len(self._wrapped))
        if at_end:
            self._going_to_end = True
            self.call_after_refresh(self._to_end)
        self.refresh()

    def _to_end(self) -> None:
        self._going_to_end = False
        self.scroll_end(animate=False)

    def render_line(self, y: int) -> Strip:
        position = y + self.scroll_offset.y
        width = self.size.width
        if position >= len(self._wrapped):
            return Strip.blank(width, self.rich_style)
        strips = Visual.to_strips(self, self._wrapped[position], width, 1, self.visual_style)
        return strips[0] if strips else Strip.blank(width, self.rich_style)


class EventLog(LinesView):
    """The story of a session."""

    def tell(self, news: Iterable[ev.Recorded], headline: str) -> None:
        """Add what happened."""
        lines = []
        for one in news:
            told = tell(one.event, headline)
            if told:
                clock = time.strftime("%H:%M:%S", time.localtime(one.time))
                lines.append(
                    Content.assemble(
                        (f"{clock}  ", "$foreground-muted"), safe(told.text[:_LONGEST], told.style)
                    )
                )
        if lines:
            self.write(lines)
