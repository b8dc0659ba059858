"""Which sessions to compare a curve with."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import SelectionList, Static
from textual.widgets.selection_list import Selection

from tui_al.core.data.terminal_text import printable, shorten_apart
from tui_al.core.session.state import SessionState
from tui_al.core.stats.measured import TOO_FEW
from tui_al.report.curves import curve
from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings
from tui_al.ui.widgets.status import what_it_is


class _Choices(SelectionList[str]):
    """Space marks; Enter is left to the dialog."""

    BINDINGS: ClassVar[list[BindingType]] = [("enter", "screen.show", "show")]


class OverlayDialog(ModalScreen[tuple[str, ...] | None]):
    """Dismissed with the names to compare with, or None to leave things as they are."""

    BINDINGS = bindings("dialog")
    DEFAULT_CSS = """
    OverlayDialog { align: center middle; }
    OverlayDialog > Vertical {
        width: 90; max-width: 96%; height: auto; max-height: 90%;
        padding: 0 1; background: $surface; border: solid $border;
    }
    OverlayDialog SelectionList {
        height: auto; max-height: 100%; border: none; padding: 0; background: $surface;
    }
    OverlayDialog Static { height: 1; color: $foreground-muted; dock: bottom; }
    """

    def __init__(
        self, sessions: Sequence[tuple[str, str, SessionState, bool]], beneath: str
    ) -> None:
        """`beneath` is what the session that is compared is shown as."""
        super().__init__()
        self._sessions, self._beneath = sessions, beneath

    def compose(self) -> ComposeResult:
        """One row a session: what it is shown as, last value, what it is."""
        labels = [printable(label) for _, label, *_ in self._sessions]
        widest = min(30, max(map(cell_len, labels)))
        cut = shorten_apart([*labels, printable(self._beneath)], widest)[:-1]
        with Vertical() as window:
            window.border_title = "compare with"
            yield _Choices(
                *(
                    Selection(_row(label, state, widest), name, chosen)
                    for label, (name, _, state, chosen) in zip(cut, self._sessions, strict=True)
                ),
                compact=True,
            )
            yield Static("space marks · enter shows · esc leaves things as they are")

    def action_show(self) -> None:
        """Enter."""
        self.dismiss(tuple(self.query_one(_Choices).selected))

    def action_yes(self) -> None:
        """y is as good as Enter."""
        self.action_show()

    def action_no(self) -> None:
        """Leave things as they are."""
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Leave things as they are."""
        self.dismiss(None)


def _row(name: str, state: SessionState, width: int) -> Content:
    drawn = curve(name, state)
    last = f"{drawn.mean[-1]:.3f} at {drawn.labels[-1]:,.0f}" if drawn.mean else TOO_FEW
    about = what_it_is(state.config) if state.config else ""
    label = safe(name).truncate(width, pad=True)
    return Content.assemble(label, "  ", f"{last:<16}", safe(about, "$foreground-muted"))
