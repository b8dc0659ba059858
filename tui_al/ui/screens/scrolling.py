"""Keys that move a long text on the screens that show one."""

from collections.abc import Sequence

from textual.containers import VerticalScroll

from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.widgets.sample_text import SampleText


class ScrollsText(TuiScreen):
    """A screen with a `SampleText`; the table in `keys.py` has the same four keys for each."""

    def action_text_up(self) -> None:
        """A row up."""
        self._move(-1, page=False)

    def action_text_down(self) -> None:
        """A row down."""
        self._move(1, page=False)

    def action_text_page_up(self) -> None:
        """A screenful up."""
        self._move(-1, page=True)

    def action_text_page_down(self) -> None:
        """A screenful down."""
        self._move(1, page=True)

    def scrolled(self) -> Sequence[VerticalScroll]:
        """What the keys scroll, from above: where one is at its end, they go on to the next."""
        return (self.query_one(SampleText),)

    def _move(self, way: int, *, page: bool) -> None:
        """Where all of it is in sight nothing is said: that would lie over it."""
        parts = self.scrolled()
        for part in parts if way > 0 else reversed(parts):
            if part.scroll_y < part.max_scroll_y if way > 0 else part.scroll_y > 0:
                rows = max(1, part.scrollable_content_region.height - 1) if page else 1
                part.scroll_relative(y=way * rows, animate=False, immediate=True)
                return
