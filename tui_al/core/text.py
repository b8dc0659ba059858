"""Foreign text (data, labels, paths, names) made fit to be shown: nothing in it can move the cursor or turn the reading order."""

import unicodedata

#: Shown in place of a character that has no picture of its own.
REPLACEMENT = "\ufffd"

_CONTROL_PICTURES = 0x2400
_UNSAFE = {
    **{code: chr(_CONTROL_PICTURES + code) for code in range(0x20)},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), REPLACEMENT),
    **dict.fromkeys((0x061C, 0x200E, 0x200F), REPLACEMENT),  # marks of direction
    **dict.fromkeys(range(0x202A, 0x202F), REPLACEMENT),  # embeddings and overrides of direction
    **dict.fromkeys(range(0x2066, 0x206A), REPLACEMENT),  # isolates of direction
    0x2028: "\u2424",
    0x2029: "\u2424",
    **dict.fromkeys(range(0xD800, 0xE000), REPLACEMENT),  # lone surrogates cannot be encoded
}
_UNSAFE_BUT_NEWLINES = {code: shown for code, shown in _UNSAFE.items() if code != 0x0A}

_PLAINER = str.maketrans(
    {
        "±": "+-", "·": "-", "…": "...", "→": "->", "–": "-", "—": "-", "−": "-", "×": "x", "≤": "<=", "≥": ">=",
        "“": '"', "”": '"', "‘": "'", "’": "'",
        "✓": "v", "✗": "x", "▶": ">", "━": "#", "╸": "#", "─": "-",
    }
)  # fmt: skip


def printable(text: str, *, keep_newlines: bool = False) -> str:
    """Replace control, direction and line-separating characters, each by one visible character.

    The length stays the same, so offsets into the text (spans, tokens) stay right. A newline becomes "␊" unless it is kept.
    """
    return text.translate(_UNSAFE_BUT_NEWLINES if keep_newlines else _UNSAFE)


def ascii_only(text: str) -> str:
    """The text in ASCII: usual typographic signs spelt out ("±" as "+-"), "?" for everything else. May be longer."""
    return text.translate(_PLAINER).encode("ascii", "replace").decode("ascii")


def cell_width(text: str) -> int:
    """Columns the text takes on a terminal: 2 for wide characters, 0 for combining ones and joiners."""
    return sum(_width(character) for character in text)


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """The text, cut to `width` columns with an ellipsis at the end if it is wider."""
    if cell_width(text) <= width:
        return text
    if width < len(ellipsis):
        return ""
    kept, used = "", len(ellipsis)
    for character in text:
        used += _width(character)
        if used > width:
            break
        kept += character
    return kept + ellipsis


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
