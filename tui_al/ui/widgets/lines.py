"""A widget of a few lines of text, written anew for each width, painted only when they differ."""

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Region, Size
from textual.widget import Widget

#: Columns to write for before the first layout.
_UNKNOWN = 80


class Lines(Widget):
    """Say in `lines` what to show; call `show_lines` when it may have changed. A line too long ends
    in an ellipsis.

    `title` is for the frame, where the screen gives it one.
    """

    DEFAULT_CSS = "Lines { height: auto; }"

    def __init__(self, title: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id or title or None)
        self.border_title = title
        self._shown: list[Content] = []

    def lines(self, width: int) -> list[Content]:
        """The lines for `width` columns, of which there is at least one: nothing can be wrapped to
        none."""
        raise NotImplementedError

    def show_lines(self) -> None:
        """Write the lines anew and paint the rows that differ; make room if there are more or
        fewer."""
        width = self.content_size.width
        fresh = self.lines(width or _UNKNOWN)
        if len(fresh) != len(self._shown):
            self.refresh(layout=True)
            return
        pairs = zip(fresh, self._shown, strict=True)
        changed = [Region(0, y, width, 1) for y, (new, old) in enumerate(pairs) if new != old]
        if changed:
            self.refresh(*changed)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many rows as there are lines."""
        return len(self.lines(max(1, width)))

    def render(self) -> Content:
        """The lines, one a row."""
        width = max(1, self.content_size.width)
        self._shown = self.lines(width)
        return Content("\n").join(line.truncate(width, ellipsis=True) for line in self._shown)

    def plain(self) -> str:
        """What is shown, for tests."""
        return "\n".join(line.plain for line in self.lines(max(1, self.content_size.width)))


def spread_out(left: Content, right: Content, width: int) -> Content:
    """`left` and `right` at the two ends of a line; `left` gives way."""
    room = width - right.cell_length - 2
    if room < 1:
        return right
    if left.cell_length > room:
        left = left.truncate(room, ellipsis=True)
    gap = width - left.cell_length - right.cell_length
    return Content.assemble(left, " " * gap, right)


def flow(parts: Sequence[Content], between: str, width: int) -> list[Content]:
    """The parts in rows of at most `width` columns; a part is broken only if it is wider than
    that."""
    rows: list[Content] = []
    for part in parts:
        joined = Content.assemble(rows[-1], between, part) if rows else part
        if rows and joined.cell_length <= width:
            rows[-1] = joined
        else:
            rows += part.wrap(width)
    return rows
