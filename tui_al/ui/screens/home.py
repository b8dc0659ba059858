"""The sessions and sweeps: live ones first, then the last used; what each is and how far it got."""

from pathlib import Path

from textual import on
from textual.content import Content

from tui_al.errors import TuiAlError
from tui_al.store.removal import Loss, loss_of, remove_session, remove_sweep
from tui_al.store.session import Session
from tui_al.store.sweeps import worker_of
from tui_al.ui.escape import safe
from tui_al.ui.jobs import JobDone, Jobs
from tui_al.ui.keys import bindings
from tui_al.ui.leaving import what_is_lost
from tui_al.ui.screens.dialogs import ConfirmDialog, NameDialog
from tui_al.ui.screens.list_screen import ListScreen
from tui_al.ui.start_session import continue_session
from tui_al.ui.summaries import Summary
from tui_al.ui.sweep_summaries import Known, Row, SweepSummary, read_home

_WELCOME = (
    "No session yet.\n\n"
    "A session is one experiment: a small acquisition model chooses which texts to label, the "
    "model you want to ship (the "
    "successor) learns from them, round after round.\n\n"
    "Press n to set one up: a sample experiment is filled in, and Enter starts it."
)


class HomeScreen(ListScreen):
    """What there is in the app's home."""

    KEYS_OF = "home"
    BINDINGS = bindings("home")
    EMPTY = _WELCOME

    def __init__(self) -> None:
        super().__init__()
        self._jobs = Jobs(self)
        self._asked_to_stop: set[Path] = set()

    @property
    def place(self) -> Path:
        """The app's home."""
        return self.tui.home

    def read(self, known: Known) -> list[Row]:
        """Sessions and sweeps."""
        return read_home(self.tui.home, known)

    def heading(self, width: int) -> Content:
        """How many there are, and where."""
        told = []
        sweeps = sum(isinstance(row, SweepSummary) for row in self.sessions)
        for count, word in ((len(self.sessions) - sweeps, "session"), (sweeps, "sweep")):
            if count:
                told.append(f"{count} {word}{'s' * (count != 1)}")
        if told:
            told.append(f"{sum(row.live for row in self.sessions)} running")
        title = Content.assemble(("tui-al", "bold"), "  ", ", ".join(told), "  ")
        room = max(4, width - len(title.plain))
        return title + safe(str(self.tui.home), "$foreground-muted").truncate(room)

    def _marked_or_say(self) -> Row | None:
        if self.marked is None:
            self.tui.say("There is no session yet: press n to set one up.")
        return self.marked

    def action_open(self) -> None:
        """Run or results of the marked session, or the arms of a sweep; with none, set one up."""
        if self.marked is None:
            self.action_new()
        else:
            self.open(self.marked)

    def action_new(self) -> None:
        """A new session, from the sample experiment."""
        from tui_al.ui.screens.setup import SetupScreen

        self.app.push_screen(SetupScreen())

    def action_again(self) -> None:
        """A new session, from the marked one's settings."""
        from tui_al.ui.screens.setup import SetupScreen

        marked = self._marked_or_say()
        if isinstance(marked, SweepSummary):
            self.tui.say(f"{marked.label} is a sweep: open it, and copy one of its arms.")
        elif isinstance(marked, Summary) and marked.state.config:
            self.app.push_screen(SetupScreen(marked.state.config))
        elif marked:
            self.tui.say(f"{marked.label} cannot be read, so there is nothing to copy.")

    def action_resume(self) -> None:
        """Start an engine on the marked session."""
        marked = self._marked_or_say()
        if isinstance(marked, SweepSummary):
            self.tui.say(
                f"{marked.label} is a sweep: `tui-al sweep` with its file goes on with it."
            )
        elif isinstance(marked, Summary):
            why_not = (
                "is running already"
                if marked.live
                else "is finished"
                if marked.state.finished
                else "cannot be read"
                if marked.trouble
                else ""
            )
            if why_not:
                self.tui.say(f"{marked.label} {why_not}: nothing to resume.")
                return
            directory = marked.directory
            self._asked_to_stop.discard(directory)
            self._jobs.start("resume", lambda: (continue_session(directory), directory)[1])

    @on(JobDone)
    def _job_done(self, done: JobDone) -> None:
        if not self._jobs.is_last(done):
            return
        try:
            result = done.result()
        except TuiAlError as error:
            self.tui.show_error(error)
            self.look_now()
            return
        if done.job == "resume":
            self.tui.open_session(result)
        elif done.job == "loss":
            self._ask_to_delete(*result)
        else:
            self.tui.say(result)
            self.look_now()

    def action_stop(self) -> None:
        """Ask the marked session's engine to stop."""
        marked = self._marked_or_say()
        if marked is None:
            return
        if not marked.live:
            self.tui.say(f"{marked.label} is not running.")
            return
        if isinstance(marked, SweepSummary):
            at = worker_of(marked.directory)
            where = f"where it runs ({at})" if at else "where it runs"
            self.tui.say(f"{marked.label} is a sweep: Ctrl-C {where} stops it.")
            return
        label, directory = marked.label, marked.directory

        def stop() -> str:
            with Session(directory) as session:
                session.send("stop")
            self._asked_to_stop.add(directory)
            return f"{label} stops at the next safe point."

        self.app.push_screen(
            ConfirmDialog(f"Stop {label}?", "Nothing is lost; it can be resumed.", yes="Stop",
                no="Keep running"),
            lambda yes: self._jobs.start("stop", stop) if yes else None,
        )  # fmt: skip

    def action_actions(self) -> None:
        """Which account did what with the marked session."""
        from tui_al.ui.screens.actions import ActionsScreen

        marked = self._marked_or_say()
        if isinstance(marked, SweepSummary):
            self.tui.say(f"{marked.label} is a sweep: each of its sessions has its own history.")
        elif marked:
            self.app.push_screen(ActionsScreen(marked.directory))

    def action_delete(self) -> None:
        """Delete the marked session or sweep, after a question that says what goes with it."""
        marked = self._marked_or_say()
        if marked is None:
            return
        if marked.live:
            stops = marked.directory in self._asked_to_stop
            why_not = (
                "is about to stop: press d again then" if stops else "is running: stop it first (s)"
            )
            self.tui.say(f"{marked.label} {why_not}.")
            return
        self._jobs.start("loss", lambda: (marked, loss_of(marked.directory)))

    def _ask_to_delete(self, row: Row, loss: Loss) -> None:
        is_sweep = isinstance(row, SweepSummary)
        remove = remove_sweep if is_sweep else remove_session

        def delete() -> str:
            remove(row.directory)
            return f"{row.label} is deleted."

        def answered(yes: bool | None) -> None:
            if yes:
                self._jobs.start("delete", delete)

        question = f"Delete {'sweep ' * is_sweep}{row.label}?"
        detail = f"{row.about}\n\n{what_is_lost(loss)}"
        if loss.is_dear:
            dialog: NameDialog | ConfirmDialog = NameDialog(
                question, detail, row.label, yes="deletes it"
            )
        else:
            dialog = ConfirmDialog(question, detail, yes="Delete", no="Keep")
        self.app.push_screen(dialog, answered)
