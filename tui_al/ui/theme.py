"""Two themes of our own, and a last filter that keeps a terminal without Unicode readable."""

import re
from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

#: A focused button is underlined as well as coloured.
_FOCUS = {"button-focus-text-style": "bold underline"}

DARK = Theme(
    name="tui-al-dark",
    primary="#5fafff",
    secondary="#87afaf",
    accent="#ffaf5f",
    warning="#e5c07b",
    error="#ff7a7a",
    success="#87d787",
    foreground="#d8d8d8",
    background="#161719",
    surface="#1c1d20",
    panel="#26282c",
    dark=True,
    variables={
        "border": "#5fafff",
        "border-blurred": "#4a4d53",
        "block-cursor-background": "#2c4a6e",
        "block-cursor-foreground": "#f0f0f0",
        **_FOCUS,
    },
)
LIGHT = Theme(
    name="tui-al-light",
    primary="#005faf",
    secondary="#005f5f",
    accent="#9a4a00",
    warning="#7a5500",
    error="#b00020",
    success="#1f6f1f",
    foreground="#1c1c1c",
    background="#fbfbf9",
    surface="#f3f3f0",
    panel="#e4e4df",
    dark=False,
    variables={
        "border": "#005faf",
        "border-blurred": "#a8a8a2",
        "block-cursor-background": "#cbdff2",
        "block-cursor-foreground": "#101010",
        **_FOCUS,
    },
)

_LINES = {
    **dict.fromkeys("─━═╌┄┈╴╶╸╺", "-"),
    **dict.fromkeys("│┃║╎┆┊╵╷╹╻▏▕▎▍▌▐", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝┏┓┗┛┣┫┳┻╋", "+"),
    **dict.fromkeys("▁▂▔", "_"),
    **dict.fromkeys("▃▄▅▆▇█▉▊▋▀▒▓■", "#"),
    "░": ":", "·": ".", "•": "*", "●": "*", "○": "o", "◐": "%", "✓": "v", "✗": "x", "✔": "v",
    "⚠": "!",
    "▶": ">", "▸": ">", "►": ">", "›": ">", "→": ">", "◀": "<", "←": "<", "▾": "v", "▼": "v",
    "↓": "v", "▲": "^", "▴": "^", "↑": "^",
    "…": ".", "–": "-", "—": "-", "−": "-", "×": "x", "≤": "<", "≥": ">", "≈": "~", "≠": "#",
    "◌": "o", "°": "'", "Δ": "d",
    "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u2424": "\\", "\u240a": "\\",
}  # fmt: skip


def ascii_cells(text: str) -> str:
    """The text in ASCII, at the same number of columns: lines and arrows become their likes, all
    else "?"."""
    if text.isascii():
        return text
    return "".join(_ascii(character) for character in text)


def _ascii(character: str) -> str:
    if character.isascii():
        return character
    return _LINES.get(character) or "?" * cell_len(character)


_PLUS_MINUS = "±"

#: Nothing is moved across them.
_BORDERS = set("│┃║|")

#: What takes its place, the best first: as much as there are blanks beside it that can be spared.
_SPELT = ("+/-", "+-")


def spell_plus_minus(segments: list[Segment]) -> list[Segment]:
    """A painted line with each "±" spelt out, at the same width: it takes blanks that are beside
    its number, and keeps one between words.

    Where none can be spared, as in the midst of a text, it becomes "?", as all that ASCII lacks:
    "~" would mean something else."""
    cells = [(one, segment) for segment in segments for one in segment.text]
    place = 0
    while place < len(cells):
        if cells[place][0] == _PLUS_MINUS:
            spelt, blank = _room(cells, place)
            sign = [(one, cells[place][1]) for one in spelt]
            parts = [(blank, blank + len(spelt) - 1, []), (place, place + 1, sign)]
            for start, end, new in sorted(
                parts, reverse=True
            ):  # from the right, so that places hold
                cells[start:end] = new
        place += 1
    return [
        Segment("".join(one for one, _ in run), segment.style, segment.control)
        for segment, run in ((key, list(group)) for key, group in groupby(cells, lambda c: c[1]))
    ]


def _room(cells: Sequence[tuple[str, Segment]], place: int) -> tuple[str, int]:
    """What the sign at `place` becomes, and where the blanks begin that go for it, one for each
    further character.

    Numbers are set to the right, so blanks before the number go first; then those behind it; last
    the one that is beside the sign."""
    before = "".join(one for one, _ in cells[:place])
    after = "".join(one for one, _ in cells[place + 1 :])
    number = re.search(r" *([^ ]+ ?)?$", before)
    behind = re.match(r" ?[^ ]*( *)", after)
    assert number and behind
    word = number.group(1) or ""
    spare_left = len(number.group(0)) - len(word) - (number.start() > 0)
    spare_right = len(behind.group(1)) - (behind.end() < len(after))
    for spelt in _SPELT:
        more = len(spelt) - 1
        if spare_left >= more:
            return spelt, place - len(word) - more
        if spare_right >= more:
            return spelt, place + 1 + behind.start(1)
        gaps = [gap for gap in re.finditer(" {2,}", before) if len(gap.group()) > more]
        if gaps and not set(before[gaps[-1].end() :]) & _BORDERS:  # all behind it moves
            return spelt, gaps[-1].end() - more
    if before.endswith(" ") and len(before.rstrip()) > 0:
        return _SPELT[-1], place - 1
    return "?", place


class AsciiFilter(LineFilter):
    """Applied to every painted line where the terminal shows no Unicode, so that no widget has to
    think of it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The line at the same width."""
        if any(_PLUS_MINUS in one.text for one in segments) and not any(
            one.control for one in segments
        ):
            segments = spell_plus_minus(segments)
        return [Segment(ascii_cells(text), style, control) for text, style, control in segments]
