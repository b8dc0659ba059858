"""What the app says to the person: passing messages, errors, what the machine refuses."""

from textual.app import App
from textual.content import Content
from textual.message import Message
from textual.timer import Timer

from tui_al.core.data.terminal_text import printable
from tui_al.errors import TuiAlError
from tui_al.store.environment import explained
from tui_al.ui.screens.dialogs import ErrorDialog
from tui_al.ui.widgets.message_line import MessageLine, Said, Severity


class MessageApp(App[None]):
    """An app that shows passing messages in the bottom row of each screen, and errors as
    dialogs."""

    def __init__(self) -> None:
        super().__init__()
        self.said: Said | None = None  #: the passing message that is up
        self._forget: Timer | None = None  # which takes it away

    def say(self, text: str, severity: Severity = "information") -> None:
        """A passing message in the bottom row, in the place of the one before; foreign text is
        welcome."""
        self.said = Said(printable(text), severity)
        if self._forget is not None:
            self._forget.stop()
        self._forget = self.set_timer(self.said.seconds, self._fall_silent)
        self._show_said()

    def _fall_silent(self) -> None:
        self.said = None
        self._show_said()

    def _show_said(self) -> None:
        for screen in self.screen_stack:
            for line in screen.query(MessageLine):
                line.told()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Severity = "information",
        timeout: float | None = None,  # noqa: ARG002
        markup: bool = True,
    ) -> None:
        """Textual's own messages, said as ours are: its windows would lie over what is read."""
        text = Content.from_markup(message).plain if markup else message
        self.say(f"{title} {text}".strip(), severity)

    def show_error(
        self, error: TuiAlError | str, hint: str = "", log_tail: tuple[str, ...] = ()
    ) -> None:
        """A dialog with what happened and what to do about it."""
        self.push_screen(ErrorDialog(error, hint, log_tail))

    async def _dispatch_message(self, message: Message) -> None:
        """As Textual does it; what the machine refuses on the way is shown, and the app goes on."""
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self.show_refusal(error):
                raise

    def show_refusal(self, error: Exception) -> bool:
        """A dialog for what the machine is the reason of; False for all other errors, which are
        ours."""
        told = explained(error)
        if told is None or not self.is_running or not self.screen_stack:
            return False
        self.show_error(told)
        return True
