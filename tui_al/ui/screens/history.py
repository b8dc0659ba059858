"""The annotator's last decisions, the newest first; Enter goes back to the sample of any."""

import time
from dataclasses import dataclass

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_al.core import decisions as de
from tui_al.core.decisions import Given
from tui_al.core.text import printable, shorten
from tui_al.store.workbench import Workbench
from tui_al.ui.answers import answer_in_words
from tui_al.ui.keys import bindings
from tui_al.ui.safe import safe
from tui_al.ui.screens.base import TuiScreen, is_up
from tui_al.ui.screens.label_aside import LabelAside
from tui_al.ui.widgets.key_bar import KeyBar

_LAST = 500  # decisions that are shown
_TEXT = 200  # characters of a text that are looked at for a row


@dataclass(frozen=True, slots=True)
class Past:
    """A decision in words, and the sample that it is about: "" for one about the labels."""

    time: float
    what: str
    id: str
    text: str


def told(decision: de.Decision, given: Given | None, text: str) -> str:
    """What was decided, in a few words."""
    match decision:
        case de.Label():
            return f"→ {answer_in_words(given, text)}"
        case de.Settle():
            return f"settled → {answer_in_words(given, text)}"
        case de.Skip():
            return "skipped"
        case de.Flag(reason=reason):
            return f"unclear: {reason}" if reason else "unclear"
        case de.Note(text=note):
            return f"note: {note}"
        case de.Confirm():
            return "confirmed"
        case de.Ambiguous():
            return "truly ambiguous"
        case de.Unfold():
            return "near-duplicates asked apart"
        case de.AddLabel(name):
            return f"label {name} added"
        case de.RenameLabel(name, new):
            return f"label {name} renamed to {new}"
        case de.MergeLabels(name, into):
            return f"label {name} merged into {into}"
        case de.DescribeLabel(name):
            return f"label {name} described"
        case _:
            return decision.kind


def recall(bench: Workbench, last: int = _LAST) -> list[Past]:
    """The last decisions that still hold, the newest first."""
    found = []
    for record in bench.labelling.decisions_of(bench.client.annotator):
        about = record.decision.about
        example = bench.example(about[0]) if about else None
        text = example.text if example else ""
        given = bench.labelling.given(record)
        what = told(record.decision, given, text)
        found.append(Past(record.time, what, about[0] if about else "", text[:_TEXT]))
        if len(found) == last:
            break
    return found


class HistoryScreen(TuiScreen):
    """A list of decisions."""

    KEYS_OF = "history"
    BINDINGS = bindings("history")
    DEFAULT_CSS = """
    HistoryScreen OptionList { height: 1fr; border: none; padding: 0; background: $background; }
    """

    def __init__(self, desk: LabelAside) -> None:
        super().__init__()
        self._desk = desk
        self._past: list[Past] = []

    def compose(self) -> ComposeResult:
        """How many there are; the list; keys."""
        yield Static("history", id="head", classes="title-row")
        yield OptionList(compact=True, markup=False)
        yield KeyBar(self.KEYS_OF)

    def on_mount(self) -> None:
        """Look it up."""
        self._list.focus()
        self._desk.ask("history", recall, then=self._take)

    def on_resize(self) -> None:
        """Rows are cut to the width."""
        marked = self._list.highlighted
        self._show()
        self._list.highlighted = marked

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    def _take(self, past: list[Past]) -> None:
        if not is_up(self):
            return
        self._past = past
        self._show()
        self._list.highlighted = 0 if past else None

    def _show(self) -> None:
        who = printable(self._desk.overview.annotator)
        shown = f"the last {_LAST} decisions" if len(self._past) == _LAST else f"{len(self._past)} decisions"  # fmt: skip
        self.query_one("#head", Static).update(
            Content.assemble(("history", "bold"), "  ", safe(who), (f"   {shown}, the newest first", "$foreground-muted"))
        )  # fmt: skip
        width = max(20, self.app.size.width - 3)
        self._list.clear_options()
        self._list.add_options([Option(_row(one, width)) for one in self._past])
        if not self._past:
            self._list.add_option(Option(" Nothing is decided yet.", disabled=True))

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Enter: back to this sample, to answer it anew."""
        place = self._list.highlighted
        if place is None or place >= len(self._past):
            self.tui.say("Nothing is decided yet.")
        elif not self._past[place].id:
            self.tui.say("This was about the labels: l on the label screen shows them.")
        else:
            self._desk.open(self._past[place].id)
            self.dismiss()

    def action_back(self) -> None:
        """Escape: back to labelling."""
        self.dismiss()


def _row(one: Past, width: int) -> Content:
    clock = time.strftime("%d.%m. %H:%M", time.localtime(one.time))
    column = max(12, (width - 14) * 2 // 5)
    what = shorten(printable(one.what), column)
    gap = " " * (column - cell_len(what) + 2)
    text = shorten(printable(one.text), max(0, width - 14 - column - 2))
    return Content.assemble(
        (f" {clock}  ", "$foreground-muted"), safe(what, "bold"), gap, safe(text)
    )
