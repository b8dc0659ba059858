"""How many examples each label has, as bars in a few rows."""

from collections.abc import Mapping

from rich.cells import cell_len
from textual.content import Content

from tui_al.core.data.terminal_text import printable, shorten
from tui_al.ui.widgets import glyphs

_BAR = 8  # columns of the longest bar
_NAME = 16  # columns of a name at most


def bar(share: float, width: int, *, ascii_only: bool = False) -> str:
    """A bar of `share` (0 to 1) of `width` columns, in halves of a column; something if there is
    anything."""
    least = (1 if ascii_only else 0.5) / width
    filled, _ = glyphs.bar(max(share, least) if share > 0 else 0.0, width, ascii_only)
    return filled


def label_rows(
    counts: Mapping[str, int], width: int, rows: int, *, ascii_only: bool = False
) -> list[Content]:
    """The commonest labels first, as many as fit whole in `rows` of `width` columns; the last row
    says how many are left."""
    most = max(counts.values(), default=0)
    left = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines: list[Content] = []
    while left and len(lines) < rows:
        room = width - (len(f"+{len(counts)} more") if len(lines) == rows - 1 else 0)
        parts: list[tuple[str, str] | str] = []
        used = 0
        while left:
            label, count = left[0]
            name = shorten(printable(label) or "(empty)", _NAME)
            drawn = bar(count / most if most else 0.0, _BAR, ascii_only=ascii_only)
            need = cell_len(name) + len(drawn) + len(str(count)) + 4
            if used + need > room and (used or len(lines) == rows - 1):
                break
            parts += [f"{name} ", (drawn, "$primary"), (f" {count}", "$foreground-muted"), "  "]
            used += need
            left.pop(0)
        if left and len(lines) == rows - 1:
            parts.append((f"+{len(left)} more", "$foreground-muted"))
        lines.append(Content.assemble(*parts))
    return lines
