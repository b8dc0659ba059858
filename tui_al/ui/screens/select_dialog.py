"""A choice among named things, with a line on each; free text where that makes sense."""

from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from tui_al.core.data.terminal_text import printable, shorten
from tui_al.ui.choices import Choice, Chooser
from tui_al.ui.escape import safe
from tui_al.ui.screens.list_dialog import ListDialog
from tui_al.ui.widgets.fields import TextField


class PickDialog(ListDialog[str]):
    """Dismissed with the value that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    PickDialog OptionList:focus { border: none; }
    PickDialog:ansi OptionList { background: ansi_default; }
    """

    def __init__(
        self, title: str, chooser: Chooser, current: str, *, typed: str = "", free: str = ""
    ) -> None:
        """`free` says what free text means ("a Hub id or a path"); empty: only what is listed."""
        hint = "enter take  tab complete  esc close"
        super().__init__(title, free or "type to search", hint, typed)
        self._chooser, self._current, self._free = chooser, current, free
        self._choices: list[Choice] = []

    def on_mount(self) -> None:
        """The list shows everything, on the current value."""
        self._refill(self._typed)
        for index, choice in enumerate(self._choices):
            if choice.value == self._current and not self._typed:
                self._list.highlighted = index
        field = self.query_one(TextField)
        field.cursor_position = len(field.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        self._refill(event.value)

    def say_nothing_marked(self) -> None:
        """Nothing has the name that was typed."""
        self.app.notify("Nothing there has this name.", markup=False)

    def take(self, place: int) -> None:
        """An answer; or a step on the way, which is gone on from."""
        choice = self._choices[place]
        if choice.step:
            self._type(choice.value)
        else:
            super().take(place)

    def chosen(self, place: int) -> str:
        """The value."""
        return self._choices[place].value

    def _type(self, text: str) -> None:
        field = self.query_one(TextField)
        field.value = text
        field.cursor_position = len(text)

    def action_complete(self) -> None:
        """Put the marked one into the field."""
        marked = self._list.highlighted
        if marked is not None and self._choices:
            self._type(self._choices[marked].value)

    def _refill(self, typed: str) -> None:
        found = list(self._chooser(typed))
        text = typed.strip()
        if self._free and text and text not in [choice.value for choice in found]:
            as_typed = Choice(text, f"take it as {self._free}")
            exact = any(choice.value.startswith(text) for choice in found)
            found.insert(len(found) if exact else 0, as_typed)
        self._choices = found
        self.show_rows()

    def drawn(self, width: int) -> list[Content]:
        """Names and the lines on them, in columns."""
        names = [printable(choice.value) for choice in self._choices]
        column = min(max((cell_len(name) for name in names), default=0), max(12, width // 2))
        return [
            _row(name, choice.summary, column, width)
            for name, choice in zip(names, self._choices, strict=True)
        ]


def _row(name: str, summary: str, column: int, width: int) -> Content:
    shown = shorten(name, column)
    gap = " " * (column - cell_len(shown) + 2)
    line = shorten(printable(summary), max(0, width - column - 2))
    return Content.assemble(safe(shown), gap, (line, "$foreground-muted"))
