"""A screen as SVG that looks the same wherever it is opened.

Braille dots, blocks and frames are drawn as shapes, because few fonts have all of them at the width
of a letter; the rest is text, each run held to its columns.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

#: Pixels of a column and of a row, and of the margin round the screen.
COLUMN, ROW, MARGIN = 9.0, 19.0, 10.0
_FONT = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
_SIZE, _BASELINE = 14.5, 14.0

#: From a cell's middle: to the left, right, top, bottom. Heavy lines are thicker.
_LINES = {
    "─": "lr", "╌": "lr", "━": "lr", "╸": "l", "╺": "r", "│": "tb", "╭": "rb", "╮": "lb", "╰": "rt",
    "╯": "lt", "┌": "rb", "┐": "lb",
    "└": "rt", "┘": "lt", "├": "tbr", "┤": "tbl", "┬": "lrb", "┴": "lrt", "┼": "lrtb", "╶": "r",
    "╴": "l", "╵": "t", "╷": "b",
}  # fmt: skip
_HEAVY = "━╸╺"
_BLOCKS_UP, _BLOCKS_RIGHT = "▁▂▃▄▅▆▇█", "▏▎▍▌▋▊▉█"
_BRAILLE_ROWS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def svg(strips: Sequence[Strip], width: int, background: str, foreground: str, title: str) -> str:
    """The strips of a screen `width` columns wide; colours of the terminal as #rrggbb."""
    body = [
        part
        for y, strip in enumerate(strips)
        for part in row_shapes(strip, y, background, foreground)
    ]
    return document(body, (width, len(strips)), background, title)


def document(body: Sequence[str], size: tuple[int, int], background: str, title: str) -> str:
    """A picture of a screen of `size` columns and rows, made of what `row_shapes` gives."""
    width, height = size
    across, down = width * COLUMN + 2 * MARGIN, height * ROW + 2 * MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:g} {down:g}" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{across:g}" height="{down:g}" rx="6" fill="{background}"/>\n'
        f'<g transform="translate({MARGIN:g} {MARGIN:g})" font-family="{_FONT}" '
        f'font-size="{_SIZE:g}">\n'
    )
    return head + "\n".join(body) + "\n</g>\n</svg>\n"


def row_shapes(strip: Strip, y: int, background: str, foreground: str) -> Iterator[str]:
    """Backgrounds first, so that no cell covers its neighbour's letters."""
    segments = [s for s in strip if s.text and not s.control]
    runs = []
    column = 0
    for (ink, paper, bold, underlined), group in groupby(
        segments, key=lambda s: _look(s, background, foreground)
    ):
        text = "".join(segment.text for segment in group)
        runs.append((column, text, ink, bold, underlined))
        width = cell_len(text)
        if paper != background:
            yield (
                f'<rect x="{column * COLUMN:g}" y="{y * ROW:g}" width="{width * COLUMN:g}" '
                f'height="{ROW:g}" '
                f'fill="{paper}" shape-rendering="crispEdges"/>'
            )
        column += width
    for column, text, ink, bold, underlined in runs:
        yield from _run(text, column, y, ink, bold=bold, underlined=underlined)


def _look(segment: Segment, background: str, foreground: str) -> tuple[str, str, bool, bool]:
    """Ink, paper, and whether it is bold and underlined."""
    style = segment.style or Style()
    ink = (
        style.color.get_truecolor().hex
        if style.color and not style.color.is_default
        else foreground
    )
    paper = (
        style.bgcolor.get_truecolor().hex
        if style.bgcolor and not style.bgcolor.is_default
        else background
    )
    if style.reverse:
        ink, paper = paper, ink
    return ink, paper, bool(style.bold), bool(style.underline)


def _run(
    text: str, column: int, y: int, ink: str, *, bold: bool, underlined: bool
) -> Iterator[str]:
    paths: list[str] = []
    lines: list[str] = []
    thick: list[str] = []
    for drawn, group in groupby(text, key=_is_drawn):
        part = "".join(group)
        if drawn:
            for place, character in enumerate(part):
                x = (column + place) * COLUMN
                if character in _LINES:
                    (thick if character in _HEAVY else lines).append(_line(character, x, y * ROW))
                else:
                    paths.append(_shape(character, x, y * ROW))
        else:
            for word in re.finditer(r"\S+(?: \S+)*", part):
                place = column + cell_len(part[: word.start()])
                yield _text(word.group(), place, y, ink, bold=bold, underlined=underlined)
        column += cell_len(part)
    if paths:
        yield f'<path fill="{ink}" d="{"".join(paths)}"/>'
    for strokes, width in ((lines, 1.1), (thick, 2.6)):
        if strokes:
            yield (
                f'<path stroke="{ink}" stroke-width="{width}" fill="none" d="{"".join(strokes)}"/>'
            )


def _is_drawn(character: str) -> bool:
    return (
        character in _LINES
        or character in _BLOCKS_UP
        or character in _BLOCKS_RIGHT
        or 0x2800 <= ord(character) <= 0x28FF
    )


def _text(part: str, column: int, y: int, ink: str, *, bold: bool, underlined: bool) -> str:
    attributes = ' font-weight="bold"' * bold + ' text-decoration="underline"' * underlined
    return (
        f'<text x="{column * COLUMN:g}" y="{y * ROW + _BASELINE:g}" fill="{ink}"{attributes} '
        f'textLength="{cell_len(part) * COLUMN:g}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(part)}</text>'
    )


def _shape(character: str, x: float, y: float) -> str:
    """A block, or the dots of a Braille cell."""
    if character in _BLOCKS_UP:
        tall = ROW * (_BLOCKS_UP.index(character) + 1) / 8
        return _box(x, y + ROW - tall, COLUMN, tall)
    if character in _BLOCKS_RIGHT:
        return _box(x, y, COLUMN * (_BLOCKS_RIGHT.index(character) + 1) / 8, ROW)
    dots = ord(character) - 0x2800
    size = 2.8
    return "".join(
        _box(x + (2 * right + 1) * COLUMN / 4 - size / 2, y + (2 * down + 1) * ROW / 8 - size / 2,
            size, size)
        for down, pair in enumerate(_BRAILLE_ROWS)
        for right, bit in enumerate(pair)
        if dots & bit
    )  # fmt: skip


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:g} {y:g}h{width:g}v{height:g}h{-width:g}z"


def _line(character: str, x: float, y: float) -> str:
    middle_x, middle_y = x + COLUMN / 2, y + ROW / 2
    ends = {
        "l": (x, middle_y),
        "r": (x + COLUMN, middle_y),
        "t": (middle_x, y),
        "b": (middle_x, y + ROW),
    }
    return "".join(
        f"M{middle_x:g} {middle_y:g}L{ends[way][0]:g} {ends[way][1]:g}" for way in _LINES[character]
    )
