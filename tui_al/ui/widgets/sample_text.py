"""The sample's text: whole, readable, scrolling when it is long."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from tui_al.store.samples import Sample
from tui_al.ui.escape import safe
from tui_al.ui.keys import key_name


class SampleText(VerticalScroll, can_focus=False):
    """Lines of a length that is good to read, with room around them where there is any.

    Where there are more than fit, the frame says which ones are in sight, and the keys that bring
    the others."""

    DEFAULT_CSS = """
    SampleText {
        height: 1fr; min-height: 2; padding: 1 2; border: round $border-blurred; border-title-color: $foreground-muted;
        border-subtitle-color: $foreground-muted; scrollbar-size: 1 1;
        & > Static { height: auto; max-width: 90; }
        &.-waiting > Static { color: $text-muted; }
    }
    """  # noqa: E501

    def __init__(self, keys_of: str) -> None:
        """`keys_of` names the screen whose keys scroll it."""
        super().__init__()
        self._keys_of = keys_of
        self._note, self._told = "", ""  # of the frame, as it is now

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="sample")

    def show(self, item: Sample | None, waiting: str = "") -> None:
        """A sample from its beginning, or why there is none."""
        self.set_class(item is None, "-waiting")
        text = waiting if item is None else item.example.text
        self.query_one("#sample", Static).update(safe(text, keep_newlines=True))
        self.scroll_home(animate=False, immediate=True)
        note = item.note if item else ""
        if note != self._note:  # setting a title paints the whole frame, even if it is the same
            self._note = note
            self.border_title = safe(f"note: {note}") if note else None

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Others are in sight."""
        super().watch_scroll_y(old_value, new_value)
        self._tell()

    def watch_virtual_size(self, size: Size) -> None:  # noqa: ARG002
        """There are more rows, or fewer."""
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        """Which rows are in sight, of how many; nothing where all are."""
        told = ""
        height = self.scrollable_content_region.height
        if self.max_scroll_y and height:
            rows = height + self.max_scroll_y
            top = round(self.scroll_y)
            names = [key_name(self, f"{self._keys_of}.text_{way}") for way in _WAYS]
            told = f"rows {top + 1}-{min(rows, top + height)} of {rows} · {' '.join(names)}"
        if told != self._told:
            self._told = told
            self.border_subtitle = Content(told) if told else None


_WAYS = ("up", "down", "page_up", "page_down")
