"""The learning curve: turns the drawing of `tui_al.report.plot` into strips, at most once a second,
over SSH every three.

Drawing brings numpy, which takes as long to import as half a first frame: so it is imported with
the first curve."""

import time
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.visual import Visual
from textual.widget import Widget

from tui_al.report.curves import Curve
from tui_al.ui.widgets.glyphs import is_ascii

if TYPE_CHECKING:
    from tui_al.report.plot import Segment, Series

#: By series: its colour; later ones take them again, their dashes and marks differ.
_COLOURS = ("$primary", "$warning", "$success", "$error", "$accent", "$secondary")

_STYLES = {"text": "", "title": "bold", "axis": "$foreground-muted", "series0": "bold $primary"}


def style_of(name: str) -> str:
    """Our colours for the words of `tui_al.report.plot`; a band is a paler likeness of its line."""
    if name in _STYLES:
        return _STYLES[name]
    kind = name.rstrip("0123456789")
    colour = _COLOURS[int(name.removeprefix(kind)) % len(_COLOURS)]
    return f"{colour} 55%" if kind == "band" else colour


class CurvePlot(Widget):
    """Curves with bands and a legend; the first one is in front."""

    DEFAULT_CSS = "CurvePlot { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._series: tuple[Series, ...] | None = None  #: None before there is anything to tell
        self._title = self._nothing = ""
        self._x_label = "labels"
        self._planned: float | None = None
        self._lines: list[list[Segment]] = []
        self._drawn_for: tuple[Size, bool] | None = None
        self._drawn_at = float("-inf")
        self._later: Timer | None = None

    def show(
        self,
        curves: Sequence[Curve],
        title: str,
        nothing: str = "no points yet",
        planned: float | None = None,
    ) -> None:
        """Show these curves from the next redraw on; the first one names the axis. `nothing` stands
        where none has a point; the axis reaches to what is `planned`."""
        from tui_al.report.plot import Series

        series = tuple(Series(c.name, c.labels, c.mean, c.sd) for c in curves)
        x_label = curves[0].unit if curves else "labels"
        wanted = (series, title, x_label, nothing, planned)
        if wanted == (self._series, self._title, self._x_label, self._nothing, self._planned):
            return
        self._series, self._title, self._x_label, self._nothing, self._planned = wanted
        least = 3.0 if getattr(self.app, "remote", False) else 1.0
        wait = least - (time.monotonic() - self._drawn_at)
        if wait <= 0:
            self._redraw()
        elif self._later is None:
            self._later = self.set_timer(wait, self._redraw)

    def hurry(self) -> None:
        """Draw what comes next at once: a person waits for it."""
        self._drawn_at = float("-inf")

    def plain(self) -> str:
        """The drawing as plain text, for tests."""
        from tui_al.report.plot import plain_text

        return plain_text(self._drawing())

    def render_line(self, y: int) -> Strip:
        lines, width = self._drawing(), self.size.width
        if y >= len(lines):
            return Strip.blank(width, self.rich_style)
        line = Content.assemble(*((text, style_of(style)) for text, style in lines[y]))
        strips = Visual.to_strips(self, line, width, 1, self.visual_style)
        return strips[0] if strips else Strip.blank(width, self.rich_style)

    def _drawing(self) -> "list[list[Segment]]":
        if self._series is None:
            return []
        from tui_al.report.plot import draw

        wanted = (self.size, is_ascii(self))
        if self._drawn_for != wanted:
            self._lines = draw(
                self._series,
                self.size.width,
                self.size.height,
                title=self._title,
                x_label=self._x_label,
                unicode=not wanted[1],
                nothing=self._nothing,
                planned=self._planned,
            )
            self._drawn_for = wanted
        return self._lines

    def _redraw(self) -> None:
        """Draw anew, and paint the rows that differ."""
        self._later = None
        self._drawn_at = time.monotonic()
        before, width = self._lines, self.size.width
        self._drawn_for = None
        pairs = zip_longest(self._drawing(), before)
        changed = [Region(0, y, width, 1) for y, (new, old) in enumerate(pairs) if new != old]
        if changed:
            self.refresh(*changed)
