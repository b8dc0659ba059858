"""The fields of a form, one row each: a value to pick, a value to type, and what is wrong with
it."""

import unicodedata
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click, Key, Paste
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from tui_al.core.data.terminal_text import shorten
from tui_al.ui.escape import safe, safe_rich


class PickField(Widget, can_focus=True):
    """A value that is picked in a dialog; Enter, Space or the first letter of what is looked for
    opens it."""

    DEFAULT_CSS = """
    PickField { height: 1; width: 1fr; background: $surface; padding: 0; }
    PickField:focus { background: $primary; color: $background; text-style: bold; }
    PickField.-wrong { color: $text-error; }
    """
    BINDINGS = [Binding("enter,space", "ask", "Choose", show=False)]  # noqa: RUF012

    value = reactive("")

    @dataclass
    class Asked(Message):
        """The person wants to choose; `typed` is what they began with."""

        field: "PickField"
        typed: str = ""

        @property
        def control(self) -> "PickField":
            """The field."""
            return self.field

    def __init__(self, value: str, *, field: str) -> None:
        super().__init__()
        self.field = field
        self.set_reactive(PickField.value, value)

    def render(self) -> Content:
        """The value and a mark that says that there is a choice; another mark says where the keys
        go."""
        mark = "▸" if self.has_focus else " "
        shown = shorten(safe(self.value or "(guessed)").plain, max(1, self.size.width - 4))
        return Content.assemble(mark, safe(shown), " ▾")

    def action_ask(self) -> None:
        """Open the choice."""
        self.post_message(self.Asked(self))

    def on_click(self, event: Click) -> None:
        """As Enter."""
        event.stop()
        self.action_ask()

    def on_key(self, event: Key) -> None:
        """A letter opens the choice with it typed."""
        if event.character and (event.character.isalnum() or event.character in "/.~"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Asked(self, event.character))


#: Zero-width non-joiner and joiner.
_JOINERS = "\u200c\u200d"


class TextField(Input):
    """A value that is typed, one row high, which shows foreign text as it is."""

    DEFAULT_CSS = """
    TextField { width: 1fr; background: $surface; }
    TextField.-textual-compact { padding: 0 0 0 1; }
    TextField:focus { background: $panel; text-style: bold; }
    TextField.-wrong { color: $text-error; }
    """

    def __init__(
        self, value: str = "", *, field: str = "", placeholder: str = "", selected: bool = False
    ) -> None:
        """Where it is `selected`, the first letter that is typed takes the place of the value."""
        super().__init__(value, compact=True, placeholder=placeholder, select_on_focus=selected)
        self.field = field
        self.cursor_blink = False

    def on_key(self, event: Key) -> None:
        """Signs that join letters have no picture of their own, and are typed all the same: in
        Persian, Hindi, emoji."""
        if event.character is not None and event.character in _JOINERS:
            event.stop()
            event.prevent_default()
            self.replace(event.character, *self.selection)

    def on_paste(self, event: Paste) -> None:
        """All that is pasted, on one line; what would steer a terminal is left out. A person is
        told of both."""
        event.stop()
        event.prevent_default()
        lines = [line.strip() for line in event.text.replace("\t", " ").splitlines()]
        joined = " ".join(filter(None, lines)) if len(lines) > 1 else "".join(lines)
        plain = "".join(c for c in joined if unicodedata.category(c) not in ("Cc", "Cs"))
        self.replace(plain, *self.selection)
        said = ["Its lines are one line here."] * (len(lines) > 1)
        said += ["Control characters were left out."] * (plain != joined)
        if said:
            self.app.notify(" ".join(("Pasted.", *said)), markup=False)

    @property
    def _value(self) -> Text:
        """What Input paints: one visible character for each in the value."""
        text = safe_rich(self.value)
        text.overflow = "ignore"
        return text


class FormRow(Vertical):
    """Widgets side by side, with room beneath for what is wrong with them."""

    DEFAULT_CSS = """
    FormRow { height: auto; layout: vertical; }
    FormRow > Static.wrong { display: none; height: auto; padding-left: 14; color: $text-error; }
    FormRow.-wrong > Static.wrong { display: block; }
    """

    def __init__(self, *line: Widget, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._line = line
        self._wrong: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """The widgets, then the message."""
        yield from self._line
        yield Static("", classes="wrong")

    def show_wrong(self, messages: dict[str, str]) -> None:
        """Messages by field; none clears the row."""
        if messages == self._wrong:
            return
        self._wrong = messages
        self.set_class(bool(messages), "-wrong")
        text = "\n".join(f"✗ {message}" for message in messages.values())
        self.query_one("Static.wrong", Static).update(safe(text, keep_newlines=True))
        for widget in self.query("PickField, TextField"):
            widget.set_class(getattr(widget, "field", "") in messages, "-wrong")
