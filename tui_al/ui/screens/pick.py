"""A choice among named things, with a line on each; free text where that makes sense."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_al.core.text import cell_width, printable, shorten
from tui_al.ui.keys import bindings
from tui_al.ui.safe import safe
from tui_al.ui.widgets.fields import TextField


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: its value, and a line on it. `step` is a folder on the way, not yet an answer."""

    value: str
    summary: str = ""
    step: bool = False


#: Choices for what has been typed so far.
Chooser = Callable[[str], Sequence[Choice]]


def among(choices: Sequence[Choice]) -> Chooser:
    """Those whose name contains what was typed; then those whose line does."""

    def matching(typed: str) -> list[Choice]:
        wanted = typed.strip().lower()
        named = [choice for choice in choices if wanted in choice.value.lower()]
        described = [c for c in choices if c not in named and wanted in c.summary.lower()]
        return sorted(named, key=lambda c: not c.value.lower().startswith(wanted)) + described

    return matching


class PickDialog(ModalScreen[str | None]):
    """Dismissed with the value that was chosen, or None."""

    BINDINGS = [  # noqa: RUF012
        *(b for b in bindings("dialog") if isinstance(b, Binding) and b.action == "cancel"),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(8)", show=False, priority=True),
        Binding("pageup", "move(-8)", show=False, priority=True),
        Binding("tab", "complete", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    PickDialog { align: center middle; }
    PickDialog > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 100%;
        background: $surface; border: solid $border; padding: 0 1;
    }
    PickDialog TextField { background: $panel; }
    PickDialog OptionList { height: auto; max-height: 14; border: none; padding: 0; background: $surface; }
    PickDialog OptionList:focus { border: none; }
    PickDialog .hint { color: $text-muted; height: 1; }
    PickDialog:ansi OptionList { background: ansi_default; }
    """

    def __init__(
        self, title: str, chooser: Chooser, current: str, *, typed: str = "", free: str = ""
    ) -> None:
        """`free` says what free text means ("a Hub id or a path"); empty: only what is listed."""
        super().__init__()
        self._title, self._chooser, self._current = title, chooser, current
        self._typed, self._free = typed, free
        self._choices: list[Choice] = []

    def compose(self) -> ComposeResult:
        """What is typed, what there is, what to do."""
        with Vertical() as window:
            window.border_title = safe(self._title)
            yield TextField(self._typed, placeholder=self._free or "type to search")
            yield OptionList(compact=True, markup=False)
            yield Static("enter take  tab complete  esc close", classes="hint")

    def on_mount(self) -> None:
        """The list shows everything, on the current value."""
        self._refill(self._typed)
        for index, choice in enumerate(self._choices):
            if choice.value == self._current and not self._typed:
                self.query_one(OptionList).highlighted = index
        field = self.query_one(TextField)
        field.focus()
        field.cursor_position = len(field.value)

    def on_resize(self) -> None:
        """Lines on choices are cut to the width."""
        options = self.query_one(OptionList)
        marked = options.highlighted
        self._show()
        options.highlighted = marked

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        self._refill(event.value)

    def on_input_submitted(self) -> None:
        """Take what is marked."""
        marked = self.query_one(OptionList).highlighted
        if marked is not None and marked < len(self._choices):
            self._take(self._choices[marked])
        else:
            self.app.notify("Nothing there has this name.", markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """By mouse."""
        self._take(self._choices[event.option_index])

    def _take(self, choice: Choice) -> None:
        if choice.step:
            self._type(choice.value)
        else:
            self.dismiss(choice.value)

    def _type(self, text: str) -> None:
        field = self.query_one(TextField)
        field.value = text
        field.cursor_position = len(text)

    def action_move(self, by: int) -> None:
        """Up and down the list while the field keeps the letters."""
        options = self.query_one(OptionList)
        if self._choices:
            place = (options.highlighted or 0) + by
            options.highlighted = max(0, min(len(self._choices) - 1, place))

    def action_complete(self) -> None:
        """Put the marked one into the field."""
        marked = self.query_one(OptionList).highlighted
        if marked is not None and self._choices:
            self._type(self._choices[marked].value)

    def action_cancel(self) -> None:
        """Nothing was chosen."""
        self.dismiss(None)

    def _refill(self, typed: str) -> None:
        found = list(self._chooser(typed))
        text = typed.strip()
        if self._free and text and text not in [choice.value for choice in found]:
            as_typed = Choice(text, f"take it as {self._free}")
            exact = any(choice.value.startswith(text) for choice in found)
            found.insert(len(found) if exact else 0, as_typed)
        self._choices = found
        self._show()
        self.query_one(OptionList).highlighted = 0 if found else None

    def _show(self) -> None:
        options = self.query_one(OptionList)
        width = max(10, min(76, self.app.size.width) - 6)
        names = [printable(choice.value) for choice in self._choices]
        column = min(max((cell_width(name) for name in names), default=0), max(12, width // 2))
        rows = [
            Option(_row(name, choice.summary, column, width))
            for name, choice in zip(names, self._choices, strict=True)
        ]
        options.clear_options()
        options.add_options(rows)


def _row(name: str, summary: str, column: int, width: int) -> Content:
    shown = shorten(name, column)
    gap = " " * (column - cell_width(shown) + 2)
    line = shorten(printable(summary), max(0, width - column - 2))
    return Content.assemble(safe(shown), gap, (line, "$foreground-muted"))
