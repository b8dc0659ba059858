"""Two themes of our own, and a last filter that keeps a terminal without Unicode readable."""

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
    "░": ":", "·": ".", "•": "*", "●": "*", "○": "o", "◐": "%", "✓": "v", "✗": "x", "✔": "v", "⚠": "!",
    "▶": ">", "▸": ">", "►": ">", "›": ">", "→": ">", "◀": "<", "←": "<", "▾": "v", "▼": "v", "↓": "v", "▲": "^", "▴": "^", "↑": "^",
    "…": ".", "–": "-", "—": "-", "−": "-", "±": "~", "×": "x", "≤": "<", "≥": ">", "≈": "~", "°": "'", "Δ": "d",
    "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u2424": "\\", "\u240a": "\\",
}  # fmt: skip


def ascii_cells(text: str) -> str:
    """The text in ASCII, at the same number of columns: lines and arrows become their likes, all else "?"."""
    if text.isascii():
        return text
    return "".join(_ascii(character) for character in text)


def _ascii(character: str) -> str:
    if character.isascii():
        return character
    return _LINES.get(character) or "?" * cell_len(character)


class AsciiFilter(LineFilter):
    """Applied to every painted line where the terminal shows no Unicode, so that no widget has to think of it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Each segment at the same width."""
        return [Segment(ascii_cells(text), style, control) for text, style, control in segments]
