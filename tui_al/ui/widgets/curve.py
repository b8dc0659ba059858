"""The learning curve: turns the drawing of `tui_al.report.plot` into strips, at most once a second, over SSH every three."""

import time
from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar

from rich.segment import Segment as RichSegment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tui_al.report.curves import Curve
from tui_al.report.plot import Line, Series, draw, plain_text
from tui_al.ui.widgets.glyphs import is_ascii

#: Series that have a colour of their own; later ones take them again, their dashes and marks differ.
COLOURS = 6


class CurvePlot(Widget):
    """Curves with bands and a legend; the first one is in front."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "curve--text",
        "curve--title",
        "curve--axis",
        *(f"curve--series{i}" for i in range(COLOURS)),
        *(f"curve--band{i}" for i in range(COLOURS)),
    }
    DEFAULT_CSS = """
    CurvePlot {
        height: 1fr;
        & .curve--text { color: $foreground; }
        & .curve--title { color: $foreground; text-style: bold; }
        & .curve--axis { color: $foreground-muted; }
        & .curve--series0 { color: $primary; text-style: bold; }
        & .curve--series1 { color: $warning; }
        & .curve--series2 { color: $success; }
        & .curve--series3 { color: $error; }
        & .curve--series4 { color: $accent; }
        & .curve--series5 { color: $secondary; }
        & .curve--band0 { color: $primary 55%; }
        & .curve--band1 { color: $warning 55%; }
        & .curve--band2 { color: $success 55%; }
        & .curve--band3 { color: $error 55%; }
        & .curve--band4 { color: $accent 55%; }
        & .curve--band5 { color: $secondary 55%; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._series: tuple[Series, ...] = ()
        self._title = ""
        self._x_label = "labels"
        self._lines: list[Line] = []
        self._drawn_for: tuple[Size, bool] | None = None
        self._drawn_at = float("-inf")
        self._later: Timer | None = None

    def show(self, curves: Sequence[Curve], title: str) -> None:
        """Show these curves from the next redraw on; the first one names the axis."""
        series = tuple(Series(c.name, c.labels, c.mean, c.sd) for c in curves)
        x_label = curves[0].unit if curves else "labels"
        if (series, title, x_label) == (self._series, self._title, self._x_label):
            return
        self._series, self._title, self._x_label = series, title, x_label
        least = 3.0 if getattr(self.app, "remote", False) else 1.0
        wait = least - (time.monotonic() - self._drawn_at)
        if wait <= 0:
            self._redraw()
        elif self._later is None:
            self._later = self.set_timer(wait, self._redraw)

    def plain(self) -> str:
        """The drawing as plain text, for tests and the clipboard."""
        return plain_text(self._drawing())

    def render_line(self, y: int) -> Strip:
        lines = self._drawing()
        segments = [
            RichSegment(text, self._style(style))
            for text, style in (lines[y] if y < len(lines) else ())
        ]
        return Strip(segments).extend_cell_length(self.size.width, self.rich_style)

    def _style(self, name: str) -> Style:
        for kind in ("series", "band"):
            if name.startswith(kind):
                name = f"{kind}{int(name.removeprefix(kind)) % COLOURS}"
        return self.get_component_rich_style(f"curve--{name}")

    def _drawing(self) -> list[Line]:
        wanted = (self.size, is_ascii(self))
        if self._drawn_for != wanted:
            self._lines = draw(
                self._series,
                self.size.width,
                self.size.height,
                title=self._title,
                x_label=self._x_label,
                unicode=not wanted[1],
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
