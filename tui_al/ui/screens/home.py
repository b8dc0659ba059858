"""The sessions: live ones first, then the last used; what each is and how far it got."""

import contextlib

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_al.core.text import printable, shorten
from tui_al.errors import TuiAlError
from tui_al.store.removal import remove_session
from tui_al.store.session import Session
from tui_al.ui.jobs import JobDone, Jobs
from tui_al.ui.keys import bindings
from tui_al.ui.launching import continue_session
from tui_al.ui.safe import safe
from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.screens.dialogs import ConfirmDialog
from tui_al.ui.summaries import Summary, Watcher
from tui_al.ui.widgets.key_bar import KeyBar

_STYLES = {"●": "bold $success", "◐": "bold $warning", "✗": "bold $error", "✓": "$primary"}

_WELCOME = (
    "No session yet.\n\n"
    "A session is one experiment: a small acquisition model chooses which texts to label, the model you want to ship (the "
    "successor) learns from them, round after round.\n\n"
    "Press n to set one up: a sample experiment is filled in, and Enter starts it."
)


class HomeScreen(TuiScreen):
    """What there is. It reads the sessions only while it is to be seen."""

    KEYS_OF = "home"
    BINDINGS = bindings("home")
    AUTO_FOCUS = "OptionList"
    CSS = """
    HomeScreen OptionList { height: 1fr; border: none; padding: 0; background: $background; }
    HomeScreen OptionList:focus { border: none; background-tint: $background 0%; }
    HomeScreen #welcome { height: 1fr; max-width: 90; padding: 1 2; display: none; }
    HomeScreen.-empty #welcome { display: block; }
    HomeScreen.-empty OptionList { display: none; }
    HomeScreen #offer { height: 1; padding: 0 1; background: $surface; color: $text-success; display: none; }
    HomeScreen.-running #offer { display: block; }
    HomeScreen.-short #offer { display: none; }
    HomeScreen #about { height: auto; max-height: 3; padding: 0 1; background: $surface; color: $text-muted; }
    HomeScreen.-short #about { display: none; }
    HomeScreen #about.-failed { display: block; max-height: 6; }
    """

    class Read(Message):
        """The sessions were read; from the watcher's thread."""

        def __init__(self, sessions: list[Summary]) -> None:
            super().__init__()
            self.sessions = sessions

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[Summary] = []
        self._watcher: Watcher | None = None
        self._jobs = Jobs(self)

    def compose(self) -> ComposeResult:
        """A row a session, and beneath what the marked one is about."""
        yield Static(id="title", classes="title-row")
        yield Static(id="offer")
        yield OptionList(compact=True, markup=False)
        yield Static(_WELCOME, id="welcome")
        yield Static(id="about")
        yield KeyBar(self.KEYS_OF)

    def on_screen_resume(self) -> None:
        """Seen (again): look what there is."""
        if self._watcher is None:
            self._watcher = Watcher(self.tui.home, self._deliver)
            self._watcher.start()

    def on_screen_suspend(self) -> None:
        """Another screen lies on top: read no more."""
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher = None

    def on_unmount(self) -> None:
        """The app leaves."""
        self.on_screen_suspend()

    def on_resize(self) -> None:
        """Rows are made for the width."""
        self._show(self.marked.name if self.marked else "")

    def _deliver(self, sessions: list[Summary]) -> None:
        with contextlib.suppress(RuntimeError):  # the app's loop is closed
            self.post_message(self.Read(sessions))

    def on_home_screen_read(self, event: Read) -> None:
        """Show them; the cursor stays on its session."""
        marked = self.marked
        self.sessions = event.sessions
        self._show(marked.name if marked else "")

    def _show(self, marked: str) -> None:
        options = self.query_one(OptionList)
        self.set_class(not self.sessions, "-empty")
        width = self.size.width - 3
        longest = max((cell_len(printable(s.label)) for s in self.sessions), default=0)
        progress = max((len(s.progress) for s in self.sessions), default=0)
        options.clear_options()
        score = max((len(s.score) for s in self.sessions), default=0)
        options.add_options(
            [Option(row(s, width, longest, progress, score)) for s in self.sessions]
        )
        names = [s.name for s in self.sessions]
        if names:
            options.highlighted = names.index(marked) if marked in names else 0
            if self.focused is None:
                options.focus()  # it could not take the focus while it was empty
        self._show_about()
        self._show_title(width)

    def _show_title(self, width: int) -> None:
        live = [s.label for s in self.sessions if s.live]
        count = len(self.sessions)
        told = f"{count} {'session' if count == 1 else 'sessions'}, {len(live)} running"
        title = Content.assemble(("tui-al", "bold"), "  ", told if count else "", "  ")
        where = safe(str(self.tui.home), "$foreground-muted").truncate(
            max(4, width - len(title.plain))
        )
        self.query_one("#title", Static).update(title + where)
        self.set_class(bool(live), "-running")
        if live:
            what = live[0] if len(live) == 1 else f"{len(live)} sessions"
            verb = "is" if len(live) == 1 else "are"
            self.query_one("#offer", Static).update(
                safe(f"{what} {verb} running. Enter on it to watch.")
            )

    @property
    def marked(self) -> Summary | None:
        """The session under the cursor."""
        options = self.query_one(OptionList)
        place = options.highlighted
        shown = [s.name for s in self.sessions]
        return self.sessions[place] if place is not None and place < len(shown) else None

    @on(OptionList.OptionHighlighted)
    def _show_about(self) -> None:
        marked = self.marked
        text = safe(marked.about) if marked else Content("")
        cause, hint = marked.failure if marked else ("", "")
        if cause:
            text = Content.assemble(text, "\n", safe(f"✗ {cause}", "$text-error"), " ", safe(hint))
        about = self.query_one("#about", Static)
        about.set_class(bool(cause), "-failed")
        about.update(text)

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_open()

    def _marked_or_say(self) -> Summary | None:
        if self.marked is None:
            self.tui.say("There is no session yet: press n to set one up.")
        return self.marked

    def action_open(self) -> None:
        """Run or results of the marked session; with none, set one up."""
        if self.marked is None:
            self.action_new()
        elif self.marked.trouble:
            self.tui.show_error(
                f"Session {self.marked.label} cannot be read: {self.marked.trouble}",
                f"It lies in {self.marked.directory}.",
            )
        else:
            self.tui.open_session(self.marked.directory)

    def action_new(self) -> None:
        """A new session, from the sample experiment."""
        from tui_al.ui.screens.setup import SetupScreen

        self.app.push_screen(SetupScreen())

    def action_again(self) -> None:
        """A new session, from the marked one's settings."""
        from tui_al.ui.screens.setup import SetupScreen

        marked = self._marked_or_say()
        if marked and marked.state.config:
            self.app.push_screen(SetupScreen(marked.state.config))
        elif marked:
            self.tui.say(f"{marked.label} cannot be read, so there is nothing to copy.")

    def action_resume(self) -> None:
        """Start an engine on the marked session."""
        marked = self._marked_or_say()
        if marked is None:
            return
        if marked.live or marked.state.finished or marked.trouble:
            reason = (
                "is running already"
                if marked.live
                else "is finished"
                if marked.state.finished
                else "cannot be read"
            )
            self.tui.say(f"{marked.label} {reason}: nothing to resume.")
            return
        directory = marked.directory
        self._jobs.start("resume", lambda: (continue_session(directory), directory)[1])

    @on(JobDone)
    def _job_done(self, done: JobDone) -> None:
        try:
            directory = done.result()
        except TuiAlError as error:
            self.tui.show_error(error)
        else:
            self.tui.open_session(directory)

    def action_stop(self) -> None:
        """Ask the marked session's engine to stop."""
        marked = self._marked_or_say()
        if marked is None:
            return
        if not marked.live:
            self.tui.say(f"{marked.label} is not running.")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                with Session(marked.directory) as session:
                    session.send("stop")
                self.tui.say(f"{marked.label} stops at the next safe point.")

        self.app.push_screen(
            ConfirmDialog(f"Stop {marked.label}?", "Nothing is lost; it can be resumed.", yes="Stop", no="Keep running"),
            answered,
        )  # fmt: skip

    def action_delete(self) -> None:
        """Delete the marked session, after a question."""
        marked = self._marked_or_say()
        if marked is None:
            return
        if marked.live:
            self.tui.say(f"{marked.label} is running: stop it first (s).")
            return

        def answered(yes: bool | None) -> None:
            if not yes:
                return
            try:
                remove_session(marked.directory)
            except TuiAlError as error:
                self.tui.show_error(error)
            else:
                self.tui.say(f"{marked.label} is deleted.")
            if self._watcher is not None:
                self._watcher.look_now()

        self.app.push_screen(
            ConfirmDialog(f"Delete {marked.label}?", f"{marked.about}\nIts results and models go too; this cannot be undone.", yes="Delete", no="Keep"),
            answered,
        )  # fmt: skip


def row(summary: Summary, width: int, longest: int, progress: int = 21, score: int = 5) -> Content:
    """A session in one line of `width` columns; the names are `longest` wide, and so on. What matters least goes first where it is narrow."""
    name_width = max(10, min(36, width - progress - 32)) if width >= 60 else max(8, width // 2 - 4)
    name_width = min(name_width, max(8, longest))
    name = shorten(printable(summary.label), name_width)
    name += " " * (name_width - cell_len(name))
    parts: list[Content | str] = [
        Content.styled(summary.mark, _STYLES.get(summary.mark, "")),
        " ",
        safe(name, "bold" if summary.live else ""),
    ]
    left = width - 2 - name_width
    for text, column in (
        (summary.progress, progress),
        (summary.score, score),
        (summary.when, left),
    ):
        if not column or (width < 60 and text == summary.progress):
            continue
        column = min(column, left - 2)
        if column < 4:
            break
        shown = shorten(printable(text), column)
        padded = shown + " " * (column - cell_len(shown))
        parts += ["  ", safe(padded)]
        left -= column + 2
    return Content.assemble(*parts)
