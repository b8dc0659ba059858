"""Which account did what with a session, and when; what somebody decided under another's name
stands out."""

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui_al.core.data.terminal_text import printable
from tui_al.core.session.timestamps import local_clock
from tui_al.errors import TuiAlError
from tui_al.store.history import Entry, History, by_day, history, under_other_names
from tui_al.ui.escape import safe
from tui_al.ui.jobs import JobDone, Jobs
from tui_al.ui.keys import bindings
from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.widgets.key_bar import KeyBar
from tui_al.ui.widgets.lines_view import LinesView

#: Columns before what was done.
_CLOCK = len(" 31.12. 23:59  ")


class ActionsScreen(TuiScreen):
    """The history of one session, the newest last."""

    KEYS_OF = "actions"
    BINDINGS = bindings("actions")

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._history: History | None = None
        self._each = False
        self._jobs = Jobs(self)

    def compose(self) -> ComposeResult:
        """How much was done; the lines; keys."""
        yield Static(id="head", classes="title-row")
        yield LinesView(hang=_CLOCK, id="actions")
        yield KeyBar(self.KEYS_OF)

    def on_mount(self) -> None:
        """Look it up."""
        self.query_one(LinesView).focus()
        self._jobs.start("history", lambda: history(self._directory))
        self._show()

    @on(JobDone)
    def _job_done(self, done: JobDone) -> None:
        if not self._jobs.is_last(done):
            return
        try:
            self._history = done.result()
        except TuiAlError as error:
            self.tui.show_error(error)
        self._show()

    def action_each(self) -> None:
        """e: every decision, or how many a day."""
        self._each = not self._each
        self._show()

    def action_back(self) -> None:
        """Escape: back to the sessions."""
        self.dismiss()

    def _show(self) -> None:
        name = safe(self._directory.name)
        said = "reading …"
        if self._history is not None:
            entries = self._history.entries
            shown = entries if self._each else by_day(entries)
            several = [
                _several(annotator, by) for annotator, by in under_other_names(entries).items()
            ]
            told = [safe(f" {line}", "$text-warning") for line in self._history.damage]
            self.query_one(LinesView).replace([*map(_line, shown), *several, *told])
            said = "every decision" if self._each else "decisions by day"
        self.query_one("#head", Static).update(
            Content.assemble(
                ("who did what", "bold"), "  ", name,
                (f"   {said}, the newest last", "$foreground-muted")
            )
        )  # fmt: skip


def _line(one: Entry) -> Content:
    account = safe(printable(one.account or "not noted"), "bold")
    other = safe(f" as {printable(one.annotator)}", "bold $text-warning") if one.as_another else ""
    if one.annotator and not one.account:
        other = safe(f" as {printable(one.annotator)}")
    many = f" {one.count:,}" if one.count > 1 else ""
    until = f" until {local_clock(one.until, '%H:%M')}" if one.count > 1 else ""
    return Content.assemble(
        (f" {local_clock(one.time, '%d.%m. %H:%M')}  ", "$foreground-muted"), account, other,
        safe(f"  {one.action}{many}{until}"),
        safe(f"  {printable(one.detail)}" if one.detail else "", "$foreground-muted"),
    )  # fmt: skip


def _several(annotator: str, by: dict[str, int]) -> Content:
    parts = ", ".join(f"{printable(account)} {count:,}" for account, count in by.items())
    return safe(f" annotator {printable(annotator)}, by account: {parts}", "$text-warning")
