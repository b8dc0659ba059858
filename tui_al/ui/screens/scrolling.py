"""Keys that move a long text on the screens that show one."""

from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.widgets.sample_text import SampleText


class ScrollsText(TuiScreen):
    """A screen with a `SampleText`; the table in `keys.py` has the same four keys for each."""

    def action_text_up(self) -> None:
        """A row up."""
        self._move(-1)

    def action_text_down(self) -> None:
        """A row down."""
        self._move(1)

    def action_text_page_up(self) -> None:
        """A screenful up."""
        self._move(-self.query_one(SampleText).page)

    def action_text_page_down(self) -> None:
        """A screenful down."""
        self._move(self.query_one(SampleText).page)

    def _move(self, rows: int) -> None:
        """Where all of it is in sight nothing is said: that would lie over it."""
        self.query_one(SampleText).scroll_relative(y=rows, animate=False, immediate=True)
