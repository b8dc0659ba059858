"""The application: what it starts with, the keys of every screen, how it is left. Which screen
shows what is in `navigation`, what is said to the person in `message_app`."""

import asyncio
import contextlib
import gc
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import SystemCommand
from textual.driver import Driver
from textual.events import Event, Key, Paste
from textual.filter import LineFilter
from textual.screen import Screen

from tui_al.errors import SessionClosedError, TuiAlError
from tui_al.host.username import account
from tui_al.store.engine_lock import is_live
from tui_al.store.environment import explained
from tui_al.store.session import session_names
from tui_al.store.sweeps import at_work, sweep_names
from tui_al.ui.closed_screens import forget_closed
from tui_al.ui.escape import safe_rich
from tui_al.ui.keymap import Keymap
from tui_al.ui.keys import bindings
from tui_al.ui.leaving import keeps_running
from tui_al.ui.navigation import NavigatingApp
from tui_al.ui.screens.base import TALL, USUAL, WIDE, AppServices
from tui_al.ui.screens.dialogs import ConfirmDialog
from tui_al.ui.terminal import Terminal
from tui_al.ui.theme import DARK, LIGHT, AsciiFilter
from tui_al.ui.typing_order import Passed, TypingOrder

if TYPE_CHECKING:
    from tui_al.ui.annotation_worker import AnnotationWorker

#: Seconds that a thread which reads or folds may keep the others from running: a key should not
#: wait for it.
_LONGEST_TURN = 0.001


class TuiAl(NavigatingApp):
    """`TuiAl(home)` opens on the sessions of `home`; with `open_session`, on that one; with `page`,
    on that page of the documentation. `annotator` labels, the account by default."""

    TITLE = "tui-al"
    BINDINGS = bindings("app")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-medium"), (WIDE, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (USUAL, "-usual"), (TALL, "-tall")]  # noqa: RUF012
    CSS = """
    Screen { background: $background; color: $foreground; }
    WriteDialog, ListDialog { background: transparent; }
    ConfirmDialog, NameDialog, ExportDialog, OverlayDialog { background: $background 60%; }
    .title-row { height: 1; background: $panel; padding: 0 1; }
    .muted { color: $text-muted; }
    OptionList:nocolor > .option-list--option-highlighted { text-style: bold reverse; }
    """

    def __init__(
        self,
        home: Path,
        open_session: Path | None = None,
        terminal: Terminal | None = None,
        annotator: str | None = None,
        keymap: Keymap | None = None,
        page: str = "",
    ) -> None:
        super().__init__()
        self.home = home
        self.annotator = annotator or account()
        keymap = keymap or Keymap()
        self.keymap_ids = keymap.keys  #: keys that the person changed, by id
        self.label_keys = keymap.labels  #: keys that the person gave to labels, by name
        self.set_keymap(dict(keymap.keys))
        #: Those opened; who ran the app waits for what they still have to write.
        self.annotation_workers: list[AnnotationWorker] = []
        self.terminal = terminal or Terminal()
        self.ascii = self.terminal.ascii
        self.remote = self.terminal.remote
        self.metric: str | None = (
            None  #: that curves show, where a session has it; None: its headline
        )
        self._events: asyncio.AbstractEventLoop | None = None
        self._leaving = False
        self.fatal: TuiAlError | None = None  #: what the machine did that the app could not outlive
        self.typing = TypingOrder(self, super().on_event)
        self._first = open_session
        self._page = page
        self._ascii_filter = AsciiFilter(enabled=self.ascii)
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = (LIGHT if self.terminal.light else DARK).name

    async def on_event(self, event: Event) -> None:
        """Keys and pastes in the order in which they come; all else as it comes."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            await self.typing.typed(event)
        else:
            await super().on_event(event)

    @on(Passed)
    def _key_passed(self, message: Passed) -> None:
        message.arrived.set()

    def get_line_filters(self) -> list[LineFilter]:
        """Textual's own, and ours for terminals without Unicode."""
        return [
            *super().get_line_filters(),
            *([self._ascii_filter] if self.ascii else []),
        ]

    def on_mount(self) -> None:
        """The session that was asked for, else the sessions; the first one is set up."""
        self.set_timer(1.0, _collect_garbage)
        self._events = asyncio.get_running_loop()
        if self._leaving:  # asked for before there was anything to leave
            self.exit()
            return
        sys.setswitchinterval(_LONGEST_TURN)
        if self._page:
            from tui_al.ui.screens.docs import DocsScreen

            self.push_screen(DocsScreen(self._page))
        elif self._first is not None:
            self.open_session(self._first)
        elif session_names(self.home) or sweep_names(self.home):
            self.to_home()
        else:
            from tui_al.ui.screens.setup import SetupScreen

            self.push_screen(SetupScreen())

    def get_driver_class(self) -> type[Driver]:
        """Ours for terminals; the environment may name another, as for a browser."""
        if os.name != "posix" or os.environ.get("TEXTUAL_DRIVER"):
            return super().get_driver_class()
        from tui_al.ui.driver import TerminalDriver

        return TerminalDriver

    def ask_to_leave(self) -> None:
        """From any thread: close, without a question; what keeps running is told if there is a
        terminal to tell it on."""
        self._leaving = True
        if self._events is not None:
            with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                # Behind what is under way: Textual does not take it well in the middle of mounting
                # a screen.
                self._events.call_soon_threadsafe(self.call_next, self._leave)

    async def _replace_screen(self, screen: Screen[Any]) -> Screen[Any]:
        """As Textual does it, which removes a screen that is closed; nothing is kept of it."""
        replaced = await super()._replace_screen(screen)
        forget_closed()
        return replaced

    def _handle_exception(self, error: Exception) -> None:
        """What ends a widget ends the app: with words where the machine is the reason, else with a
        traceback."""
        self.fatal = explained(error)
        if self.fatal is None:
            super()._handle_exception(error)
        else:
            self.exit(return_code=self.fatal.exit_code)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the keys of the screen and of the app, by name."""
        from tui_al.ui.keys import keys_of

        name = getattr(screen, "KEYS_OF", "")
        for key in (*keys_of(name, self.keymap_ids), *keys_of("app", self.keymap_ids)):
            if key.label and key.action != "palette":
                target = self if key.screen == "app" else screen
                yield SystemCommand(
                    f"{key.label} ({key.shown})", key.help, getattr(target, f"action_{key.action}")
                )

    def action_help(self) -> None:
        """Help on the keys of this screen."""
        from tui_al.ui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            nodes = (self.focused, self.screen)
            screens = [getattr(node, "KEYS_OF", "") for node in nodes]
            name = " ".join(
                ["help", self.theme, *screens]
            )  # kept, since making a screen takes most of the time
            if not self.is_screen_installed(name):
                self.install_screen(HelpScreen(screens, self.keymap_ids), name)
            self.push_screen(name)

    def action_palette(self) -> None:
        """All commands by name."""
        self.action_command_palette()

    def action_theme(self) -> None:
        """Dark, light and back."""
        self.theme = (LIGHT if self.theme == DARK.name else DARK).name

    def action_leave(self) -> None:
        """Leave; what is not on disk is waited for, or, where the disk fails, asked about."""
        unsaved = sum(worker.unsaved for worker in self.annotation_workers if worker.trouble)
        if unsaved:
            trouble = next(worker.trouble for worker in self.annotation_workers if worker.trouble)
            question = ConfirmDialog(
                f"{unsaved} decisions are not on disk. Leave without them?",
                f"{trouble}\nThat is so as long as the app is open.",
                yes="Leave",
                no="Stay",
            )
            self.push_screen(question, lambda sure: self._leave() if sure else None)
        else:
            self._leave()

    def _leave(self) -> None:
        """Engines keep running, which is said on the way out."""
        shown = [path for path in map(_directory_of, self.screen_stack) if path and is_live(path)]
        live = list(shown)
        with contextlib.suppress(
            SessionClosedError
        ):  # a home of another account, which says no names
            live = [*at_work(self.home), *shown]
        lines = keeps_running(self.home, live)
        self.exit(message=safe_rich("\n".join(lines), keep_newlines=True) if lines else None)

    async def action_quit(self) -> None:
        """Textual's own way out, by ctrl+q or from the palette."""
        self.action_leave()


def _directory_of(screen: Screen[object]) -> Path | None:
    """Of the session or sweep that a screen shows."""
    directory = getattr(screen, "directory", None)
    return directory if isinstance(directory, Path) else None


def _collect_garbage() -> None:
    """From now on, and without looking again at what is there for good: a hundred thousand objects,
    60 ms each time."""
    gc.freeze()
    gc.enable()


if TYPE_CHECKING:  # what screens ask of the app is there

    def _services(app: TuiAl) -> AppServices:
        return app
