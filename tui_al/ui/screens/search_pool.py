"""Samples of the pool by words, or those nearest to the one before the person: first examples of labels never seen."""

from collections.abc import Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_al.core.labelling import Status
from tui_al.core.tasks import Example
from tui_al.core.text import printable, shorten
from tui_al.errors import TuiAlError
from tui_al.store.workbench import Workbench
from tui_al.ui.keys import bindings
from tui_al.ui.safe import safe
from tui_al.ui.screens.label_aside import LabelAside
from tui_al.ui.widgets.fields import TextField

#: Seconds after the last letter when the search begins, and how many hits are shown.
_PAUSE, _HITS = 0.15, 50

_SHOWN = 400  # characters of a text that are looked at for a row
_MARKS = {
    Status.OPEN: " ", Status.SKIPPED: "○", Status.LABELLED: "✓", Status.UNCLEAR: "?", Status.CONFLICT: "≠", Status.AMBIGUOUS: "~",
}  # fmt: skip

Hits = list[tuple[Example, Status]]


class SearchPool(ModalScreen[str | None]):
    """Dismissed with the id of the sample to be labelled now, or None."""

    BINDINGS = [  # noqa: RUF012
        *(b for b in bindings("dialog") if isinstance(b, Binding) and b.action == "cancel"),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(8)", show=False, priority=True),
        Binding("pageup", "move(-8)", show=False, priority=True),
        Binding("tab", "nearest", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    SearchPool { align: center middle; }
    SearchPool > Vertical {
        width: 110; max-width: 100%; height: 30; max-height: 100%; background: $surface; border: solid $border; padding: 0 1;
    }
    SearchPool TextField { background: $panel; }
    SearchPool OptionList { height: 1fr; border: none; padding: 0; background: $surface; }
    SearchPool Static { color: $text-muted; height: 1; }
    """

    def __init__(self, desk: LabelAside) -> None:
        super().__init__()
        self._desk = desk
        self._hits: Hits = []
        self._words: tuple[str, ...] = ()
        self._asked = 0  # searches begun: the answer to the last one counts
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Words, what was found, what to do."""
        with Vertical() as window:
            window.border_title = "Search the pool"
            yield TextField("", placeholder="words that it holds")
            yield Static("", id="found")
            yield OptionList(compact=True, markup=False)
            yield Static("enter label it now  tab nearest to this sample  esc close")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(TextField).focus()

    def on_resize(self) -> None:
        """Rows are cut to the width."""
        marked = self._list.highlighted
        self._show()
        self._list.highlighted = marked

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    def _say(self, text: str) -> None:
        self.query_one("#found", Static).update(safe(text))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_PAUSE, partial(self._search, event.value))

    def _search(self, words: str) -> None:
        wanted = tuple(words.split())
        if wanted:
            self._ask(lambda bench: bench.search(words, _HITS), wanted, "holds all these words")

    def action_nearest(self) -> None:
        """Tab: the neighbours of the sample on the label screen."""
        item = self._desk.item
        if item is None:
            self._say("There is no sample to find neighbours of.")
            return
        self._ask(lambda bench: _nearest(bench, item.id), (), "is like the sample before you")

    def _ask(
        self, call: Callable[[Workbench], Hits | str], words: tuple[str, ...], what: str
    ) -> None:
        self._asked += 1
        number = self._asked

        def show(found: Hits | str) -> None:
            if number != self._asked or not self.is_attached:
                return
            self._hits = [] if isinstance(found, str) else found
            self._words = words
            self._show()
            self._list.highlighted = 0 if self._hits else None
            if isinstance(found, str):
                self._say(found)
            elif not found:
                self._say(f"Nothing in the pool {what}.")
            else:
                more = " at least" if len(found) == _HITS else ""
                self._say(f"{len(found)}{more} found")

        self._say("searching …")
        self._desk.ask("search", call, then=show)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        marked = self._list.highlighted
        if marked is None or marked >= len(self._hits):
            self._say("Nothing is found yet that could be labelled: type words, or tab.")
            return
        self.dismiss(self._hits[marked][0].id)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._hits[event.option_index][0].id)

    def action_move(self, by: int) -> None:
        """Along the list."""
        if self._hits:
            place = (self._list.highlighted or 0) + by
            self._list.highlighted = max(0, min(len(self._hits) - 1, place))

    def action_cancel(self) -> None:
        """Back to the sample."""
        self.dismiss(None)

    def _show(self) -> None:
        width = max(16, min(110, self.app.size.width) - 6)
        self._list.clear_options()
        self._list.add_options(
            [Option(hit_row(example.text, status, self._words, width)) for example, status in self._hits]
        )  # fmt: skip


def _nearest(bench: Workbench, identity: str) -> Hits | str:
    try:
        return bench.nearest(identity, _HITS)
    except TuiAlError as error:
        return f"{error.message} {error.hint}"


def hit_row(text: str, status: Status, words: tuple[str, ...], width: int) -> Content:
    """Where it stands, and the text from shortly before the first word on, the words underlined."""
    lowered = text.lower()
    places = [place for word in words if (place := lowered.find(word.lower())) >= 0]
    start = max(0, min(places, default=0) - width // 3)
    part = printable(text[start : start + _SHOWN])
    shown = shorten(("…" if start else "") + part, max(4, width - 2))
    row = Content(shown)
    for word in words:
        place = shown.lower().find(word.lower())
        if place >= 0 and word:
            row = row.stylize("bold underline $text-accent", place, place + len(word))
    return Content.assemble((f"{_MARKS[status]} ", "$text-primary"), row)
