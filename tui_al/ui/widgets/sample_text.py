"""The sample's text: whole, readable, scrolling when it is long."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui_al.store.samples import Item
from tui_al.ui.safe import safe


class SampleText(VerticalScroll, can_focus=False):
    """Lines of a length that is good to read, with room around them where there is any."""

    DEFAULT_CSS = """
    SampleText {
        height: 1fr; min-height: 2; padding: 1 2; border: round $border-blurred; border-title-color: $foreground-muted;
        & > Static { height: auto; max-width: 90; }
        &.-waiting > Static { color: $text-muted; }
    }
    """

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="sample")

    def show(self, item: Item | None, waiting: str = "") -> None:
        """A sample from its beginning, or why there is none."""
        self.set_class(item is None, "-waiting")
        text = waiting if item is None else item.example.text
        self.query_one("#sample", Static).update(safe(text, keep_newlines=True))
        self.scroll_home(animate=False)
        self.border_title = safe(f"note: {item.note}") if item and item.note else None
