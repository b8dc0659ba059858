"""The sessions: live ones first."""

from textual.app import ComposeResult
from textual.widgets import Static

from tui_al.ui.keys import bindings
from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.widgets.key_bar import KeyBar


class HomeScreen(TuiScreen):
    """What there is, and how far each got."""

    KEYS_OF = "home"
    BINDINGS = bindings("home")

    def compose(self) -> ComposeResult:
        """One row a session."""
        yield Static("tui-al", classes="title-row")
        yield KeyBar(self.KEYS_OF)
