"""Curves with bands, drawn as text: a pure function from numbers to lines of styled pieces, for any
terminal.

The same picture serves `tui-al report` and the app. Styles are plain words ("series0", "band0",
"axis", "text"), which the place that shows it turns into its own colours. Nothing depends on
colour: each series has its own dashes and its own mark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len

from tui_al.core.data.terminal_text import ascii_only, printable, shorten, shorten_apart
from tui_al.report.axes import Axis, budget_axis, short_number, value_axis
from tui_al.report.raster import Canvas, sample

#: A plot smaller than this is not drawn.
LEAST_WIDTH, LEAST_HEIGHT = 20, 5

#: Cells between two marks on a line, so that its dashes can be seen.
_BETWEEN_MARKS = 5


class Segment(NamedTuple):
    """A piece of a line. `style` is "text", "axis", "title", or "series" or "band" with the number
    of the series."""

    text: str
    style: str


Line = list[Segment]


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: `y` at each `x`, and half the height of its band (empty or zeros: no band).

    Points that are not finite are left out; the order of points does not matter.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    spread: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Points:
    """A series made fit to draw: finite, sorted, strictly increasing x."""

    name: str
    owner: int
    x: tuple[float, ...]
    y: tuple[float, ...]
    spread: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What surrounds the canvas."""

    x: Axis
    y: Axis
    margin: int  #: columns left of the canvas: names of values, a space and the axis
    unicode: bool


def draw(
    series: Sequence[Series],
    width: int,
    height: int,
    *,
    title: str = "",
    x_label: str = "labels",
    unicode: bool = True,
    bounds: tuple[float, float] | None = (0.0, 1.0),
    nothing: str = "no points yet",
    planned: float | None = None,
) -> list[Line]:
    """Draw the series into `height` lines of at most `width` columns.

    The first series is in front. Bands show y ± spread, cut to `bounds`, which is where values can
    lie at all (None: anywhere). The horizontal axis reaches to what is `planned` and says so, where
    that is beyond the points. With `unicode` off every character is ASCII. `nothing` is written
    where there is no point to draw. Below 20 x 5 there are only empty lines."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return [[] for _ in range(max(0, height))]
    points = [_cleaned(one, owner) for owner, one in enumerate(series)]
    head: list[Line] = []
    if title and height >= LEAST_HEIGHT + 1:
        head = [[Segment(_fit(title, width, unicode), "title")]]
    legend = _legend(points, width, _legend_room(height - len(head)), unicode)
    rows = height - len(head) - len(legend) - 2
    spent = [value for one in points for value in one.x]
    if planned is not None and spent and planned > max(spent):
        spent.append(planned)
        x_label = f"{x_label}, {planned:,.0f} planned"
    frame = _frame(points, spent, width, rows, unicode, bounds)
    canvas = Canvas(rows, width - frame.margin, unicode)
    for one in reversed(points):
        _draw_series(canvas, frame, one, bounds)
    body = _body(canvas, frame)
    if not any(one.x for one in points):
        _write_over(body, frame, nothing, width)
    return [*head, *body, *_foot(frame, canvas.columns, x_label), *legend]


def plain_text(lines: Sequence[Line]) -> str:
    """The drawing without styles."""
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines)


def _cleaned(one: Series, owner: int) -> _Points:
    spread = one.spread or (0.0,) * len(one.x)
    by_x = {
        float(x): (float(y), float(s) if math.isfinite(s) and s > 0 else 0.0)
        for x, y, s in zip(one.x, one.y, spread, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    }
    order = sorted(by_x)
    return _Points(
        one.name,
        owner,
        tuple(order),
        tuple(by_x[x][0] for x in order),
        tuple(by_x[x][1] for x in order),
    )


def _frame(
    points: Sequence[_Points],
    spent: Sequence[float],
    width: int,
    rows: int,
    unicode: bool,
    bounds: tuple[float, float] | None,
) -> _Frame:
    low, high = bounds or (-math.inf, math.inf)
    values = [value for one in points for value in one.y]
    for one in points:
        for value, spread in zip(one.y, one.spread, strict=True):
            values += [max(value - spread, min(low, value)), min(value + spread, max(high, value))]
    y = value_axis(values, rows, bounds)
    margin = max(map(len, y.names), default=0) + 2
    columns = width - margin
    most = max(1, columns // 7)
    x = budget_axis(spent, most)
    while most > 1 and not _fits(x, columns):
        most -= 1
        x = budget_axis(spent, most)
    return _Frame(x, y, margin, unicode)


def _fits(axis: Axis, columns: int) -> bool:
    """Whether the names stand apart, two columns at least."""
    end = -2
    for tick, name in zip(axis.ticks, axis.names, strict=True):
        start = _name_start(axis, tick, name, columns)
        if start < end + 2:
            return False
        end = start + len(name)
    return True


def _name_start(axis: Axis, tick: float, name: str, columns: int) -> int:
    centred = axis.position(tick, columns) - (len(name) - 1) // 2
    return max(0, min(columns - len(name), centred))


def _draw_series(
    canvas: Canvas, frame: _Frame, one: _Points, bounds: tuple[float, float] | None
) -> None:
    if not one.x:
        return
    down, across = canvas.dots
    left = frame.x.position(one.x[0], across)
    right = frame.x.position(one.x[-1], across)
    at = np.linspace(one.x[0], one.x[-1], right - left + 1)
    mean = np.interp(at, one.x, one.y)
    spread = np.interp(at, one.x, one.spread)
    low, high = bounds or (-math.inf, math.inf)

    def rows(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        return down - 1 - frame.y.positions(values, down)

    if spread.any():
        upper = np.minimum(mean + spread, np.maximum(mean, high))
        lower = np.maximum(mean - spread, np.minimum(mean, low))
        canvas.band(one.owner, left, rows(upper), rows(lower))
    canvas.line(one.owner, left, rows(mean))
    last = -_BETWEEN_MARKS
    per_cell = across // canvas.columns
    columns = frame.x.positions(one.x, across)
    for column, row in zip(columns.tolist(), rows(np.array(one.y)).tolist(), strict=True):
        if column // per_cell - last >= _BETWEEN_MARKS or column == right:
            canvas.mark(one.owner, row, column)
            last = column // per_cell


def _body(canvas: Canvas, frame: _Frame) -> list[Line]:
    upright, tick_sign = ("│", "┤") if frame.unicode else ("|", "+")
    named = {
        canvas.rows - 1 - frame.y.position(tick, canvas.rows): name
        for tick, name in zip(frame.y.ticks, frame.y.names, strict=True)
    }
    lines = []
    for row, runs in enumerate(canvas.runs()):
        name = named.get(row, "")
        sign = tick_sign if name else upright
        line = [Segment(f"{name:>{frame.margin - 2}} {sign}", "axis"), *map(Segment._make, runs)]
        lines.append(line if line[-1].text.strip() else line[:-1])
    return lines


def _write_over(body: list[Line], frame: _Frame, message: str, width: int) -> None:
    row = (len(body) - 1) // 2
    room = width - frame.margin
    padding = " " * ((room - len(message)) // 2)
    body[row] = [body[row][0], Segment(padding + message[:room], "text")]


def _foot(frame: _Frame, columns: int, x_label: str) -> list[Line]:
    corner, level, tick_sign = ("└", "─", "┬") if frame.unicode else ("+", "-", "+")
    axis, names = [level] * columns, [" "] * columns
    label = _fit(x_label, columns, frame.unicode)
    free = columns - cell_len(label) - 1
    if free < 2 * cell_len(label):
        label, free = "", columns
    for tick, name in zip(frame.x.ticks, frame.x.names, strict=True):
        at = frame.x.position(tick, columns)
        start = min(_name_start(frame.x, tick, name, columns), free - len(name))
        if start + len(name) > at:  # the name still stands under its tick
            axis[at] = tick_sign
            names[start : start + len(name)] = name
    names[columns - cell_len(label) :] = label
    margin = " " * (frame.margin - 1)
    return [
        [Segment(f"{margin}{corner}{''.join(axis)}", "axis")],
        [Segment(f"{margin} {''.join(names)}".rstrip(), "axis")],
    ]


def _legend_room(height: int) -> int:
    """Lines that the legend may take of a plot of this height."""
    return 0 if height < 7 else max(1, height // 5)


def _legend(points: Sequence[_Points], width: int, most: int, unicode: bool) -> list[Line]:
    """Line, mark, name and last value of each series, in as many lines as needed; what has no room
    is counted."""
    if not most or not points:
        return []
    named = _names(points, width, unicode)
    entries = [_entry(one, name, width, unicode) for one, name in zip(points, named, strict=True)]
    lines = _flow(entries, width)
    shown = len(entries)
    while len(lines) > most and shown > 0:
        shown -= 1
        more = [Segment(f"and {len(entries) - shown} more", "text")]
        lines = _flow([*entries[:shown], more], width)
    if not shown and len(points) > 1:  # the first one is what the plot is about
        more = [Segment(f"and {len(points) - 1} more", "text")]
        room = width - len(more[0].text) - 3
        name = _names(points, room, unicode)[0]
        return _flow([_entry(points[0], name, room, unicode), more], width)[:most]
    return lines


def _flow(entries: Sequence[Line], width: int) -> list[Line]:
    lines: list[Line] = []
    used = width
    for entry in entries:
        size = sum(cell_len(segment.text) for segment in entry)
        if used + 3 + size > width:
            lines.append(list(entry))
            used = size
        else:
            lines[-1] += [Segment("   ", "text"), *entry]
            used += 3 + size
    return lines


def _names(points: Sequence[_Points], width: int, unicode: bool) -> list[str]:
    """The series' names, cut so that each fits into a line with its value and is still told from
    the others."""
    shown = [printable(one.name) if unicode else ascii_only(printable(one.name)) for one in points]
    taken = max(cell_len(sample(one.owner, unicode=unicode)) for one in points) + 1
    most = max(len(_value(one, unicode)) for one in points)
    room = max(width - taken - most, min(width - taken, 6))
    return shorten_apart(shown, max(1, room), "…" if unicode else "...")


def _entry(one: _Points, name: str, width: int, unicode: bool) -> Line:
    line = sample(one.owner, unicode=unicode)
    value = _value(one, unicode)
    room = width - cell_len(line) - 1
    if cell_len(name) + len(value) > room:
        value = ""
    return [Segment(line, f"series{one.owner}"), Segment(f" {name}{value}", "text")]


def _value(one: _Points, unicode: bool) -> str:
    """ "  .741 ±.012", of the last point."""
    if not one.y:
        return ""
    spread = f" {'±' if unicode else '+/-'}{short_number(one.spread[-1], 3)}"
    return f"  {short_number(one.y[-1], 3)}{spread if one.spread[-1] else ''}"


def _fit(text: str, width: int, unicode: bool) -> str:
    shown = printable(text)
    return shorten(shown, width) if unicode else shorten(ascii_only(shown), width, "...")
