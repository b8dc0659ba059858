"""Where to write a session's table and curve."""

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings
from tui_al.ui.widgets.fields import TextField


class ExportDialog(ModalScreen[Path | None]):
    """Dismissed with a folder, or None."""

    BINDINGS = bindings("dialog")
    DEFAULT_CSS = """
    ExportDialog { align: center middle; }
    ExportDialog > Vertical {
        width: 72; max-width: 96%; height: auto; max-height: 96%;
        padding: 0 1; background: $surface; border: solid $border;
    }
    ExportDialog Static { height: auto; }
    ExportDialog #trouble { color: $text-error; }
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._session = name

    def compose(self) -> ComposeResult:
        """One field, filled in."""
        with Vertical() as window:
            window.border_title = "export"
            yield Static(
                safe(f"Folder for {self._session}.md, .csv and, with matplotlib, .svg and .png:")
            )
            yield TextField(str(Path.cwd()), selected=True)
            yield Static(id="trouble")
            yield Static("enter writes · esc leaves", classes="muted")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Check that it can be a folder."""
        folder = Path(event.value.strip()).expanduser().absolute()
        if not event.value.strip() or (folder.exists() and not folder.is_dir()):
            self.query_one("#trouble", Static).update(safe(f"{event.value!r} is not a folder."))
        else:
            self.dismiss(folder)

    def action_yes(self) -> None:
        """Only letters here; Enter writes."""

    def action_no(self) -> None:
        """Leave."""
        self.dismiss(None)

    def action_cancel(self) -> None:
        """Leave."""
        self.dismiss(None)
