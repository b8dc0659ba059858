"""The one gate by which text from data, labels, paths, models and errors reaches a widget.

Textual reads markup in every plain string it is given: `[/x]` in a tweet would crash the screen,
`[@click=app.quit]` would become a link, an escape sequence would reach the terminal. `Content` and
Rich's `Text` are taken as they are."""

from rich.text import Text
from textual.content import Content

from tui_al.core.data.terminal_text import printable


def safe(text: str, style: str = "", *, keep_newlines: bool = False) -> Content:
    """Foreign text for any Textual widget: as it is, at the same length. `style` is ours, e.g.
    "bold $error"."""
    shown = printable(text, keep_newlines=keep_newlines)
    return Content.styled(shown, style) if style else Content(shown)


def safe_rich(text: str, style: str = "", *, keep_newlines: bool = False) -> Text:
    """Foreign text for what speaks Rich, such as a cell of a DataTable; `style` is a Rich style."""
    shown = printable(text, keep_newlines=keep_newlines)
    return Text(shown, style=style, no_wrap=True, end="")
