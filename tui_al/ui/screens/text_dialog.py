"""A short text asked for: written, or picked from a few."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings
from tui_al.ui.widgets.fields import TextField
from tui_al.ui.widgets.message_line import HintLine


class WriteDialog(ModalScreen[str | None]):
    """Dismissed with the text, or None when it was left by Escape. `picks` are offered below:
    arrows and Enter, or their digit."""

    BINDINGS = [b for b in bindings("dialog") if getattr(b, "action", "") == "cancel"]  # noqa: RUF012
    DEFAULT_CSS = """
    WriteDialog { align: center bottom; }
    WriteDialog > Vertical {
        width: 100%; height: auto; max-height: 60%; padding: 0 1; background: $surface; border: solid $border;
    }
    WriteDialog Input { height: 1; border: none; padding: 0; background: $panel; }
    WriteDialog OptionList { height: auto; max-height: 9; border: none; padding: 0; background: $surface; }
    """  # noqa: E501

    def __init__(self, title: str, value: str = "", picks: Sequence[str] = ()) -> None:
        super().__init__()
        self._title, self._value = title, value
        self._picks = tuple(picks)[:9]

    def compose(self) -> ComposeResult:
        """One field, the picks, what to press."""
        with Vertical() as window:
            window.border_title = safe(self._title)
            yield TextField(self._value, selected=True)
            if self._picks:
                rows = [
                    Option(Content.assemble((f"{n} ", "bold $text-accent"), safe(text)))
                    for n, text in enumerate(self._picks, start=1)
                ]
                yield OptionList(*rows, compact=True, markup=False)
            yield HintLine(
                "write, or pick by its number; enter saves, esc leaves"
                if self._picks
                else "enter saves, esc leaves"
            )

    def on_mount(self) -> None:
        """Writing goes into the field at once."""
        self.query_one(Input).focus()
        if self._picks:
            self.query_one(OptionList).highlighted = None

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        """A digit alone picks."""
        if self._picks and event.value.isdigit() and 0 < int(event.value) <= len(self._picks):
            self.dismiss(self._picks[int(event.value) - 1])

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._picks[event.option_index])

    def key_down(self) -> None:
        """From the field into the picks."""
        if self._picks and self.focused is self.query_one(Input):
            self.query_one(OptionList).focus()
            self.query_one(OptionList).highlighted = 0

    def action_cancel(self) -> None:
        """Escape."""
        self.dismiss(None)
