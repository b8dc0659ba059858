"""A view of many lines that scrolls and stays at its end."""

from collections import deque
from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

_KEPT = 2000


class LinesView(ScrollView, can_focus=True):
    """Many lines, painted as they come into sight; stays at the end while it is there.

    Long lines are wrapped, so that nothing is out of sight sideways. A heading, if there is one,
    stays in the first row. `title` is for the frame, where the screen gives it one; without
    `follow` it stays where it is. Rows that a line goes on in begin `hang` columns further in.
    """

    DEFAULT_CSS = """
    LinesView {
        height: 1fr; scrollbar-size: 1 1; scrollbar-gutter: stable; overflow-x: hidden;
        scrollbar-color: $border-blurred; scrollbar-background: $background;
    }
    """

    def __init__(
        self,
        title: str = "",
        *,
        follow: bool = True,
        hang: int = 0,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id or title or None)
        self.border_title = title
        self._follow, self._hang = follow, hang
        self.heading: Content | None = None
        self._kept: deque[Content] = deque(maxlen=_KEPT)
        self._wrapped: list[Content] = []
        self._width = 0  # that they are wrapped for
        self._region = Size(0, 0)  # that they were last laid out in
        self._going_to_end = False

    def write(self, lines: Iterable[Content]) -> None:
        """Add lines at the end."""
        self._kept.extend(lines)
        self._wrap_anew()

    def replace(self, lines: Sequence[Content]) -> None:
        """Show these lines and no others."""
        if list(self._kept) != list(lines)[-_KEPT:]:
            self._kept = deque(lines, maxlen=_KEPT)
            self._wrap_anew()

    def plain(self) -> str:
        """All lines, for tests."""
        return "\n".join(line.plain for line in self._kept)

    def notify_style_update(self) -> None:
        """Colours may be others now."""
        super().notify_style_update()
        self.refresh()

    def on_resize(self) -> None:
        """Wrap for the new width; where it was only hidden for a while, all is as it was."""
        if self.scrollable_content_region.size != self._region:
            self._wrap_anew()

    def _wrap_anew(self) -> None:
        width = self.scrollable_content_region.width
        if width < 1:
            return
        self._region = self.scrollable_content_region.size
        at_end = self._follow and (
            self._going_to_end or self.is_vertical_scroll_end or not self._wrapped
        )
        self._wrap_for(width)
        self.virtual_size = Size(width, self._rows)
        if at_end:
            self._going_to_end = True
            self.call_after_refresh(self._to_end)
        self.refresh()

    def _wrap_for(self, width: int) -> None:
        self._width = max(1, width)
        self._wrapped = [part for line in self._kept for part in self._wrap(line, self._width)]

    @property
    def _rows(self) -> int:
        return len(self._wrapped) + (self.heading is not None)

    def _to_end(self) -> None:
        self._going_to_end = False
        self.scroll_end(animate=False)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Where it is as high as its lines: the rows that they take at that width.

        It is their virtual size as well; told now, because told later it would lay out the screen
        again."""
        self._wrap_for(width - self.styles.scrollbar_size_vertical)
        self.set_reactive(LinesView.virtual_size, Size(self._width, self._rows))
        return self._rows

    def _wrap(self, line: Content, width: int) -> list[Content]:
        if not self._hang or line.cell_length <= width or width < 2 * self._hang:
            return line.wrap(width)
        head, rest = line[: self._hang], line[self._hang :].wrap(width - self._hang)
        return [
            Content.assemble(" " * self._hang if i else head, row) for i, row in enumerate(rest)
        ]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        line = self._line_at(y)
        strips = [] if line is None else Visual.to_strips(self, line, width, 1, self.visual_style)
        return strips[0] if strips else Strip.blank(width, self.rich_style)

    def _line_at(self, y: int) -> Content | None:
        if self.heading is not None:
            if y == 0:
                return self.heading
            y -= 1
        position = y + self.scroll_offset.y
        return self._wrapped[position] if position < len(self._wrapped) else None
