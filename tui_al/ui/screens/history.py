"""The annotator's last decisions, the newest first; Enter goes back to the sample of any."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.data.caseless import fold_words, holds
from tui_al.core.data.terminal_text import printable, shorten
from tui_al.core.session.timestamps import local_clock
from tui_al.store.annotation_service import AnnotationService
from tui_al.ui.answers import answer_in_words
from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings
from tui_al.ui.screens.base import TuiScreen, is_up
from tui_al.ui.screens.label_access import LabelAccess
from tui_al.ui.screens.label_sample import Origin
from tui_al.ui.screens.text_dialog import WriteDialog
from tui_al.ui.widgets.key_bar import KeyBar

PAGE = 500  # decisions that are looked up at once
_TEXT = 200  # characters of a text that are looked at for a row


@dataclass(frozen=True, slots=True)
class Past:
    """A decision in words, and the sample that it is about: "" for one about the labels."""

    time: float
    what: str
    id: str
    text: str
    uid: str  #: of the decision


def told(decision: de.Decision, given: UserAnswer | None, text: str) -> str:
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


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the decisions, the newest first; `end` is the number of the last one looked at, None
    where none is left."""

    past: list[Past]
    end: int | None
    total: int  #: decisions that still hold, whether they are among those looked for or not


def recall(
    service: AnnotationService,
    words: Sequence[str] = (),
    before: int | None = None,
    wanted: int = PAGE,
) -> Page:
    """The last `wanted` decisions that still hold and that hold the folded words, of those with a
    number below `before`."""
    found: list[Past] = []
    total = 0
    end = None
    for record in service.label_state.decisions_of(service.client.annotator):
        total += 1
        if end is not None or (before is not None and record.seq >= before):
            continue
        about = record.decision.about
        example = service.example(about[0]) if about else None
        text = example.text if example else ""
        what = told(record.decision, service.label_state.given(record), text)
        if words and not holds(
            f"{what} {text} {service.label_state.note(about[0]) if about else ''}", words
        ):
            continue
        identity = about[0] if about else ""
        found.append(Past(record.time, what, identity, text[:_TEXT], record.uid))
        if len(found) == wanted:
            end = record.seq
    return Page(found, end, total)


@dataclass(frozen=True, slots=True)
class Left:
    """The history as it was left: what was looked for, how many rows there were, the decision that
    was marked."""

    words: str = ""
    rows: int = 0
    marked: str = ""


class HistoryScreen(TuiScreen):
    """A list of decisions, which grows where one comes to its end."""

    KEYS_OF = "history"
    BINDINGS = bindings("history")
    DEFAULT_CSS = """
    HistoryScreen OptionList { height: 1fr; border: none; padding: 0; background: $background; }
    """

    def __init__(self, label_screen: LabelAccess, left: Left | None = None) -> None:
        """`left` is one to go on with."""
        super().__init__()
        self._label_screen = label_screen
        self._past: list[Past] = []
        self._left = left or Left()
        self._words = self._left.words
        self._end: int | None = (
            None  # the number of the last decision looked at, where there are more
        )
        self._total: int | None = None  # decisions that hold; None before they are looked up
        self._asked = 0  # the answer to the last question counts

    def compose(self) -> ComposeResult:
        """How many there are; the list; keys."""
        yield Static("history", id="head", classes="title-row")
        yield OptionList(compact=True, markup=False)
        yield KeyBar(self.KEYS_OF)

    def on_mount(self) -> None:
        """Look it up."""
        self._list.focus()
        self._look_up(max(PAGE, self._left.rows))

    def on_resize(self) -> None:
        """Rows are cut to the width."""
        marked = self._list.highlighted
        self._show()
        self._list.highlighted = marked

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    def _look_up(self, wanted: int = PAGE, *, before: int | None = None) -> None:
        """From the newest one on, or as many older than `before` besides."""
        words = fold_words(self._words)
        self._asked += 1
        number = self._asked

        def take(page: Page) -> None:
            if is_up(self) and number == self._asked:
                self._take(page, more=before is not None)

        self._label_screen.ask(
            "history", lambda service: recall(service, words, before, wanted), then=take
        )

    def _take(self, page: Page, *, more: bool) -> None:
        marked = self._list.highlighted if more else None
        self._past = [*self._past, *page.past] if more else page.past
        self._end, self._total = page.end, page.total
        self._show()
        if marked is None and self._past:
            uids = [one.uid for one in self._past]
            marked = uids.index(self._left.marked) if self._left.marked in uids else 0
        self._list.highlighted = marked

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """At the end the next ones come."""
        if self._end is not None and event.option_index == len(self._past) - 1:
            end, self._end = self._end, None
            self._look_up(before=end)

    def _show(self) -> None:
        who = printable(self._label_screen.annotation_state.annotator)
        if self._total is None:
            return
        shown = self._total if self._end is None and not self._words else len(self._past)
        said = f"{shown:,} of {self._total:,} decisions"
        if shown == self._total:
            said = "1 decision" if shown == 1 else f"{shown:,} decisions"
        found = f" hold “{printable(self._words)}”" if self._words else ""
        more = "; the end of the list brings more" if self._end is not None else ""
        self.query_one("#head", Static).update(
            Content.assemble(
                ("history", "bold"), "  ", safe(who),
                (f"   {said}{found}, the newest first{more}", "$foreground-muted")
            )
        )  # fmt: skip
        width = max(20, self.app.size.width - 3)
        self._list.clear_options()
        self._list.add_options([Option(_row(one, width)) for one in self._past])
        if not self._past:
            nothing = "Nothing holds these words." if self._words else "Nothing is decided yet."
            self._list.add_option(Option(safe(f" {nothing}"), disabled=True))

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_open()

    def action_find(self) -> None:
        """/: those that hold words, in the text or in what was decided."""

        def search(words: str | None) -> None:
            if words is not None and words != self._words:
                self._words, self._left = words, Left()
                self._look_up()

        self.app.push_screen(
            WriteDialog("Words of the text or of the answer; none shows all", self._words), search
        )

    def action_open(self) -> None:
        """Enter: back to this sample, to answer it anew."""
        place = self._list.highlighted
        if place is None or place >= len(self._past):
            self.tui.say(
                "Nothing is decided yet." if self._total == 0 else "There is nothing to open."
            )
        elif not self._past[place].id:
            self.tui.say("This was about the labels: l on the label screen shows them.")
        else:
            left = Left(self._words, len(self._past), self._past[place].uid)
            label_screen = self._label_screen
            origin = Origin("the history", lambda: _show_again(label_screen, left))
            label_screen.sample.open(self._past[place].id, origin=origin)
            self.dismiss()

    def action_back(self) -> None:
        """Escape: back to labelling."""
        self.dismiss()


def _show_again(label_screen: LabelAccess, left: Left) -> None:
    label_screen.app.push_screen(HistoryScreen(label_screen, left))


def _row(one: Past, width: int) -> Content:
    clock = local_clock(one.time, "%d.%m. %H:%M")
    column = max(12, (width - 14) * 2 // 5)
    what = shorten(printable(one.what), column)
    gap = " " * (column - cell_len(what) + 2)
    text = shorten(printable(one.text), max(0, width - 14 - column - 2))
    return Content.assemble(
        (f" {clock}  ", "$foreground-muted"), safe(what, "bold"), gap, safe(text)
    )
