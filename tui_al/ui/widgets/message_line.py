"""Where passing messages are shown: in the place of keys or hints, so that they lie over nothing
that is read."""

from dataclasses import dataclass
from typing import Literal

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui_al.ui.escape import safe

Severity = Literal["information", "warning", "error"]

_STYLES = {
    "information": "bold $text-primary",
    "warning": "bold $text-warning",
    "error": "bold $text-error",
}
_MARKS = {"information": "", "warning": "⚠ ", "error": "✗ "}


@dataclass(frozen=True, slots=True)
class Said:
    """A passing message; foreign text is welcome."""

    text: str
    severity: Severity = "information"

    @property
    def seconds(self) -> float:
        """How long it stays: as long as it takes to be read."""
        return max(5.0, len(self.text) / 12)

    def shown(self) -> Content:
        """As it is painted; a mark as well as a colour tells an error."""
        return safe(_MARKS[self.severity] + self.text, _STYLES[self.severity])


class MessageLine(Widget):
    """Shows the app's message as long as there is one, in as many rows as it needs; else what
    `usual` says, in one."""

    DEFAULT_CSS = "MessageLine { height: auto; }"

    @property
    def said(self) -> Said | None:
        """What is to be told now."""
        return getattr(self.app, "said", None)

    def usual(self) -> Content:
        """Shown while there is no message."""
        raise NotImplementedError

    def rows(self, width: int) -> list[Content]:
        """The message in `width` columns, at most a third of the screen."""
        if self.said is None:
            return []
        most = max(1, self.app.size.height // 3)
        rows = list(self.said.shown().wrap(max(1, width)))
        if len(rows) > most:
            rows = [*rows[: most - 1], rows[most - 1].truncate(max(1, width - 1)) + "…"]
        return rows

    def told(self) -> None:
        """There is another message, or none any more."""
        rows = max(1, len(self.rows(self.content_size.width)))
        self.refresh(layout=rows != self.content_size.height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """The keys need one row."""
        return max(1, len(self.rows(width)))

    def render(self) -> Content:
        """The message, else the usual."""
        rows = self.rows(self.content_size.width)
        return Content("\n").join(rows) if rows else self.usual()


class HintLine(MessageLine):
    """A hint of what to press, which gives way to messages."""

    DEFAULT_CSS = "HintLine { height: auto; color: $text-muted; }"

    def __init__(self, hint: str) -> None:
        super().__init__(classes="hint")
        self._hint = hint

    def usual(self) -> Content:
        """The hint."""
        return safe(self._hint)
