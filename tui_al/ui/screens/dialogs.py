"""Small windows over a screen: a question, an error, a text to read."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Click
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tui_al.core.data.terminal_text import printable
from tui_al.errors import TuiAlError
from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings
from tui_al.ui.widgets.fields import TextField
from tui_al.ui.widgets.lines_view import LinesView

_DIALOG_CSS = """
{name} {{ align: center middle; }}
{name} > Vertical {{
    width: 100; max-width: 96%; height: auto; max-height: 96%;
    padding: 0 1; background: $surface; border: solid {border};
}}
{name} VerticalScroll {{ height: auto; max-height: 100%; }}
{name} Horizontal {{ height: 1; margin-top: 1; align-horizontal: right; dock: bottom; }}
{name} Button {{ margin-left: 2; min-width: 10; background: $panel; }}
{name} Button:focus {{ background: $primary; color: $background; text-style: bold underline; }}
{name} Static {{ height: auto; }}
"""


class ConfirmDialog(ModalScreen[bool]):
    """A question with two answers; dismissed with True for yes. The safe answer (no) has the
    focus."""

    BINDINGS = bindings("dialog")
    DEFAULT_CSS = _DIALOG_CSS.format(name="ConfirmDialog", border="$warning")

    def __init__(
        self, question: str, detail: str = "", *, yes: str = "Yes", no: str = "No"
    ) -> None:
        super().__init__()
        self._question, self._detail = question, detail
        self._yes, self._no = yes, no

    def compose(self) -> ComposeResult:
        """Question, detail, two buttons."""
        with Vertical():
            with VerticalScroll(can_focus=False):
                yield Static(safe(self._question, "bold", keep_newlines=True))
                if self._detail:
                    yield Static(safe(self._detail, keep_newlines=True))
                yield Static("")
            with Horizontal():
                yield Button(safe(f"{self._no} (n)"), id="no", compact=True)
                yield Button(safe(f"{self._yes} (y)"), id="yes", compact=True)

    def on_mount(self) -> None:
        """The safe answer is one Enter away."""
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """By mouse, or by Enter on the focused one."""
        self.dismiss(event.button.id == "yes")

    def action_yes(self) -> None:
        """y."""
        self.dismiss(True)

    def action_no(self) -> None:
        """n."""
        self.dismiss(False)

    def action_cancel(self) -> None:
        """Escape backs out of everything."""
        self.dismiss(False)


class NameDialog(ModalScreen[bool]):
    """A question that only the name of the thing, typed, answers with yes; dismissed with True
    then."""

    BINDINGS = [b for b in bindings("dialog") if getattr(b, "action", "") == "cancel"]  # noqa: RUF012
    DEFAULT_CSS = (
        _DIALOG_CSS.format(name="NameDialog", border="$error")
        + """
    NameDialog Input { height: 1; border: none; padding: 0 1; margin-top: 1; background: $panel; }
    NameDialog #hint { color: $text-muted; }
    """
    )

    def __init__(self, question: str, detail: str, name: str, *, yes: str) -> None:
        """`yes` says what the name does: "deletes it"."""
        super().__init__()
        self._question, self._detail, self._wanted, self._yes = question, detail, name, yes

    def compose(self) -> ComposeResult:
        """Question, detail, a field for the name."""
        with Vertical():
            with VerticalScroll(can_focus=False):
                yield Static(safe(self._question, "bold", keep_newlines=True))
                yield Static(safe(self._detail, keep_newlines=True))
            yield TextField(placeholder="name")
            yield Static(id="hint")

    def on_mount(self) -> None:
        """Type at once; nothing is typed yet, so Enter alone does no harm."""
        self.query_one(Input).focus()
        self._say("")

    def _say(self, wrong: str) -> None:
        told = f"type {printable(self._wanted)} and press enter, which {self._yes} · esc keeps it"
        self.query_one("#hint", Static).update(
            Content.assemble(safe(f"{wrong} ", "$text-error") if wrong else "", safe(told))
        )

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip() == self._wanted:
            self.dismiss(True)
        else:
            self._say(f"{event.value.strip()!r} is not its name." if event.value.strip() else "")

    def action_cancel(self) -> None:
        """Escape backs out of everything."""
        self.dismiss(False)


class TextDialog(ModalScreen[None]):
    """Something to read, which scrolls if it is long; any of Enter, Escape, y and n closes it, and
    a click beneath.

    One widget that knows its rows, because a help that comes at once is one that is asked for.
    """

    BINDINGS = [*bindings("dialog"), ("enter", "cancel", "close")]  # noqa: RUF012
    DEFAULT_CSS = """
    TextDialog { align: center middle; }
    TextDialog > LinesView {
        width: 100; max-width: 96%; height: auto; max-height: 96%;
        padding: 0 1; background: $surface; border: solid $border; scrollbar-background: $surface;
        border-subtitle-align: right; border-subtitle-color: $foreground-muted;
    }
    """

    def __init__(self, title: str, body: Content | str, *, hang: int = 0) -> None:
        super().__init__()
        self._title, self._hang = title, hang
        self._body = body if isinstance(body, Content) else safe(body, keep_newlines=True)

    def compose(self) -> ComposeResult:
        """Title in the border, text, how to close it."""
        lines = LinesView(follow=False, hang=self._hang)
        lines.border_title, lines.border_subtitle = safe(self._title), "enter closes"
        lines.replace(self._body.split("\n", allow_blank=True))
        yield lines

    def on_click(self, event: Click) -> None:
        """The line beneath does what it says."""
        if event.widget is not None and event.screen_y == event.widget.region.bottom - 1:
            self.dismiss(None)

    def action_yes(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_no(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Close."""
        self.dismiss(None)


class ErrorDialog(TextDialog):
    """What happened and what to do about it."""

    DEFAULT_CSS = "ErrorDialog > LinesView { border: solid $error; }"

    def __init__(
        self, error: TuiAlError | str, hint: str = "", log_tail: tuple[str, ...] = ()
    ) -> None:
        if isinstance(error, TuiAlError):
            message, hint = error.message, hint or error.hint
        else:
            message = error
        lines = [safe(message, "bold", keep_newlines=True)]
        if hint:
            lines.append(safe(hint, keep_newlines=True))
        if log_tail:
            lines += [Content(""), Content.styled("The end of engine.log:", "bold")]
            lines += [safe(line) for line in log_tail]
        super().__init__("Error", Content("\n").join(lines))
