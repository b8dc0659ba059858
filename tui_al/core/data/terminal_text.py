"""Foreign text (data, labels, paths, names) made fit to be shown: nothing in it can move the cursor
or turn the reading order."""

import re
from collections.abc import Mapping, Sequence

from rich.cells import cell_len, split_graphemes

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
        "±": "+/-", "·": "-", "…": "...", "→": "->", "–": "-", "—": "-", "−": "-", "×": "x",
        "≤": "<=", "≥": ">=", "Δ": "diff",
        "“": '"', "”": '"', "‘": "'", "’": "'",
        "✓": "v", "✗": "x", "▶": ">", "━": "#", "╸": "#", "─": "-",
    }
)  # fmt: skip

#: What stands between the words of a name, and a word with what stands before it.
_BETWEEN = " _·./,-"
_WORDS = re.compile(rf"[{_BETWEEN}]*[^{_BETWEEN}]+|[{_BETWEEN}]+$")


def printable(text: str, *, keep_newlines: bool = False) -> str:
    """Replace control, direction and line-separating characters, each by one visible character.

    The length stays the same, so offsets into the text (spans, tokens) stay right. A newline
    becomes "␊" unless it is kept."""
    return text.translate(_UNSAFE_BUT_NEWLINES if keep_newlines else _UNSAFE)


def ascii_only(text: str) -> str:
    """The text in ASCII: usual typographic signs spelt out ("±" as "+/-"), "?" for everything else.
    May be longer."""
    return text.translate(_PLAINER).encode("ascii", "replace").decode("ascii")


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """The text, cut to `width` columns with an ellipsis at the end if it is wider."""
    if cell_len(text) <= width:
        return text
    room = width - len(ellipsis)
    return "" if room < 0 else _within(_head(text, room) + ellipsis, width, ellipsis)


def shorten_middle(text: str, width: int, ellipsis: str = "…") -> str:
    """The text, cut to `width` columns with an ellipsis in its middle if it is wider: paths and
    names often differ at the end."""
    if cell_len(text) <= width:
        return text
    room = width - len(ellipsis)
    if room < 2:
        return shorten(text, width, ellipsis)
    head = _head(text, (room + 1) // 2)
    return _within(head + ellipsis + _tail(text, room - cell_len(head)), width, ellipsis)


def _within(cut: str, width: int, ellipsis: str) -> str:
    """The cut text; the ellipsis alone where a joiner at the cut makes both wider than each is."""
    return cut if cell_len(cut) <= width else ellipsis[: max(0, width)]


def without_common_parts(names: Sequence[str]) -> list[str]:
    """The names without the words that all begin or end with: "adapter" and "full" of
    "tickets-adapter" and "tickets-full". At least one word of each stays; a name that stands alone
    stays whole."""
    words = [_WORDS.findall(name) for name in names]
    least = min(map(len, words), default=0)
    if len(names) < 2 or not least or len(set(names)) < len(names):
        return list(names)
    first = next((i for i in range(least) if len({w[i] for w in words}) > 1), least)
    first = min(first, least - 1)
    left = least - first
    last = next((i for i in range(left) if len({w[-1 - i] for w in words}) > 1), left)
    last = min(last, left - 1)
    short = ["".join(w[first : len(w) - last]).strip(_BETWEEN) for w in words]
    return short if len(set(short)) == len(names) and all(short) else list(names)


def shorten_apart(names: Sequence[str], width: int, ellipsis: str = "…") -> list[str]:
    """Names cut to `width` columns each so that those which differ still do, as far as the width
    allows.

    A name is cut at its end where that keeps it apart from the others, else in its middle, else
    where it begins to differ."""
    cut = {name: shorten(name, width, ellipsis) for name in names}
    for group in _alike(cut):
        cut |= {name: shorten_middle(name, width, ellipsis) for name in group}
    for group in _alike(cut):
        cut |= _from_difference(group, width, ellipsis)
    return [cut[name] for name in names]


def _alike(cut: Mapping[str, str]) -> list[list[str]]:
    """Names that look the same when they are cut, together."""
    groups: dict[str, list[str]] = {}
    for name, shown in cut.items():
        groups.setdefault(shown, []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _from_difference(group: Sequence[str], width: int, ellipsis: str) -> dict[str, str]:
    """What the names of a group begin to differ with, behind a little of their beginning."""
    common = _same_start(group)
    room = width - len(ellipsis)
    head = _head(group[0][:common], max(0, room // 3))
    left = max(0, room - cell_len(head))
    cut = {
        name: _within(
            head + ellipsis + shorten(name[common:], left, ellipsis if left > 5 else ""),
            width,
            ellipsis,
        )
        for name in group
    }
    for alike in _alike(cut):
        if len(alike) < len(group):
            cut |= _from_difference(alike, width, ellipsis)
    return cut


def _same_start(texts: Sequence[str]) -> int:
    """How many characters all texts begin with alike."""
    first, last = min(texts), max(texts)
    pairs = enumerate(zip(first, last, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(first), len(last)))


def _head(text: str, width: int) -> str:
    """As much of the beginning as fits; what belongs to one picture stays together."""
    end = used = 0
    for _, after, columns in split_graphemes(text)[0]:
        if (used := used + columns) > width:
            break
        end = after
    return text[:end]


def _tail(text: str, width: int) -> str:
    """As much of the end as fits."""
    start, used = len(text), 0
    for before, _, columns in reversed(split_graphemes(text)[0]):
        if (used := used + columns) > width:
            break
        start = before
    return text[start:]
