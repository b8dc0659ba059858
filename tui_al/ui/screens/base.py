"""What all screens have in common."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from textual.message import Message
from textual.screen import Screen

from tui_al.errors import TuiAlError

if TYPE_CHECKING:
    from tui_al.ui.annotation_worker import AnnotationWorker
    from tui_al.ui.typing_order import TypingOrder
    from tui_al.ui.widgets.message_line import Severity


#: From so many columns and rows on a screen is "-wide" and "-tall" in the stylesheets; with fewer
#: rows than USUAL it is "-short".
WIDE, TALL, USUAL = 100, 32, 20


def is_up(screen: Screen[Any]) -> bool:
    """Whether a screen is shown, or lies under what is; one that was dismissed can be attached
    still, while its widgets go."""
    return screen.is_attached and screen in screen.app.screen_stack


class AppServices(Protocol):
    """What screens ask of the app that shows them (`app.TuiAl`, which they need not know)."""

    home: Path
    annotator: str
    annotation_workers: "list[AnnotationWorker]"
    metric: str | None
    ascii: bool
    remote: bool
    keymap_ids: Mapping[str, str]
    label_keys: Mapping[str, str]
    typing: "TypingOrder"

    def say(self, text: str, severity: "Severity" = "information") -> None:
        """A passing message in the bottom row."""

    def show_error(
        self, error: TuiAlError | str, hint: str = "", log_tail: tuple[str, ...] = ()
    ) -> None:
        """A dialog with what happened and what to do about it."""

    def show_refusal(self, error: Exception) -> bool:
        """A dialog for what the machine is the reason of; False for all other errors."""

    def open_session(self, directory: Path) -> None:
        """The screen of a session or sweep."""

    def open_labelling(self, directory: Path) -> None:
        """The samples of a session."""

    def show_run(self, directory: Path) -> None:
        """A session's run, in the place of the screen that is shown."""

    def show_results(self, directory: Path) -> None:
        """A session's results, in the place of the screen that is shown."""

    def to_home(self) -> None:
        """The list that a session was opened from."""

    def to_sessions(self) -> None:
        """The list of all sessions and sweeps."""

    def action_leave(self) -> None:
        """Leave the app."""


class TuiScreen(Screen[None]):
    """A screen of `TuiAl`: name its rows of the key table in `KEYS_OF`, and end `compose` with
    `KeyBar(self.KEYS_OF)`."""

    KEYS_OF: ClassVar[str] = ""

    @property
    def tui(self) -> AppServices:
        """The app, by what screens may ask of it."""
        return cast("AppServices", self.app)

    async def _dispatch_message(self, message: Message) -> None:
        """As Textual does it; what the machine refuses on the way is shown, and the screen goes
        on."""
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self.tui.show_refusal(error):
                raise

    def action_back(self) -> None:
        """Escape: to the list of sessions."""
        self.tui.to_home()
