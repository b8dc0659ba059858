"""What all screens have in common."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.message import Message
from textual.screen import Screen

if TYPE_CHECKING:
    from tui_al.ui.app import TuiAl


#: From so many columns and rows on a screen is "-wide" and "-tall" in the stylesheets; with fewer
#: rows than USUAL it is "-short".
WIDE, TALL, USUAL = 100, 32, 20


def is_up(screen: Screen[Any]) -> bool:
    """Whether a screen is shown, or lies under what is; one that was dismissed can be attached
    still, while its widgets go."""
    return screen.is_attached and screen in screen.app.screen_stack


class TuiScreen(Screen[None]):
    """A screen of `TuiAl`: name its rows of the key table in `KEYS_OF`, and end `compose` with
    `KeyBar(self.KEYS_OF)`."""

    KEYS_OF: ClassVar[str] = ""

    @property
    def tui(self) -> "TuiAl":
        """The app, with its own type."""
        return cast("TuiAl", self.app)

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
