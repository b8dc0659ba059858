"""Samples of the pool by words, or those nearest to the one before the person: first examples of
labels never seen."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static

from tui_al.core.annotation.label_state import Status
from tui_al.core.data.caseless import fold_words, places
from tui_al.core.data.terminal_text import printable, shorten
from tui_al.errors import TuiAlError
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import Hit
from tui_al.ui.escape import safe
from tui_al.ui.screens.base import is_up
from tui_al.ui.screens.label_access import LabelAccess
from tui_al.ui.screens.list_dialog import ListDialog

#: Seconds after the last letter when the search begins, and how many hits are shown.
_PAUSE, _HITS = 0.15, 50

_SHOWN = 400  # characters of a text that are looked at for a row
_MARKS = {
    Status.OPEN: " ", Status.SKIPPED: "○", Status.LABELLED: "✓", Status.UNCLEAR: "?",
    Status.CONFLICT: "≠", Status.AMBIGUOUS: "~",
}  # fmt: skip

_IN_DATA = "="  # the data has a label for it

Hits = list[Hit]


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it was left: what was typed, or the sample whose neighbours were asked for; and
    the sample that was marked."""

    typed: str
    like: str
    marked: str


class SearchPool(ListDialog[Search]):
    """Dismissed with the search, whose marked sample is to be shown now, or None; `left` is one to
    go on with."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "nearest", show=False, priority=True)]
    DEFAULT_CSS = """
    SearchPool > Vertical { width: 110; height: 30; }
    SearchPool OptionList { height: 1fr; max-height: 100%; }
    SearchPool #found { color: $text-muted; height: 1; }
    """
    WIDTH = 110

    def __init__(self, label_screen: LabelAccess, left: Search | None = None) -> None:
        super().__init__(
            "Search the pool",
            "words that it holds",
            "enter label it now  tab nearest to this sample  esc close",
            left.typed if left else "",
        )
        self._left = left
        self._like = ""  # the sample whose neighbours are shown
        self._label_screen = label_screen
        self._hits: Hits = []
        self._words: tuple[str, ...] = ()
        self._asked = 0  # searches begun: the answer to the last one counts
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        """Go on where it was left."""
        if self._left is not None and self._left.like:
            self._find_nearest(self._left.like)
        elif self._left is not None:
            self._search(self._left.typed)

    def between(self) -> ComposeResult:
        """How much was found."""
        yield Static("", id="found")

    def _say(self, text: str) -> None:
        self.query_one("#found", Static).update(safe(text))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if self._left is not None and event.value == self._left.typed:
            return  # it was put there to begin with
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_PAUSE, partial(self._search, event.value))

    def _search(self, words: str) -> None:
        wanted = fold_words(words)
        self._like, self._timer = "", None
        if wanted:
            self._ask(lambda service: service.search(words, _HITS), wanted, "holds all these words")

    def action_nearest(self) -> None:
        """Tab: the neighbours of the sample on the label screen."""
        item = self._label_screen.item
        if item is None:
            self._say("There is no sample to find neighbours of.")
            return
        self._find_nearest(item.id)

    def _find_nearest(self, identity: str) -> None:
        self._like = identity
        self._ask(lambda service: _nearest(service, identity), (), "is like the sample before you")

    def _ask(
        self, call: Callable[[AnnotationService], Hits | str], words: tuple[str, ...], what: str
    ) -> None:
        self._asked += 1
        number = self._asked

        def show(found: Hits | str) -> None:
            if number != self._asked or not is_up(self):
                return
            self._hits = [] if isinstance(found, str) else found
            self._words = words
            self.show_rows()
            self._mark_again()
            if isinstance(found, str):
                self._say(found)
            elif not found:
                self._say(f"Nothing in the pool {what}.")
            else:
                more = " at least" if len(found) == _HITS else ""
                self._say(f"{len(found)}{more} found")

        self._say("searching …")
        self._label_screen.ask("search", call, then=show)

    def _mark_again(self) -> None:
        """The row that was marked when the search was left."""
        marked, self._left = self._left.marked if self._left else "", None
        ids = [hit.example.id for hit in self._hits]
        if marked in ids:
            self.query_one(OptionList).highlighted = ids.index(marked)

    def drawn(self, width: int) -> list[Content]:
        """What was found, the words marked."""
        return [hit_row(hit, self._words, width) for hit in self._hits]

    def take(self, place: int) -> None:
        """What is listed may be of what was typed before."""
        if self._timer is None:
            super().take(place)
        else:
            self._say("searching …")

    def chosen(self, place: int) -> Search:
        """The search, with this sample marked."""
        typed = "" if self._like else self.query_one(Input).value
        return Search(typed, self._like, self._hits[place].example.id)

    def say_nothing_marked(self) -> None:
        """Nothing was searched for, or found."""
        self._say("Nothing is found yet that could be labelled: type words, or tab.")


def _nearest(service: AnnotationService, identity: str) -> Hits | str:
    try:
        return service.nearest(identity, _HITS)
    except TuiAlError as error:
        return f"{error.message} {error.hint}"


def hit_row(hit: Hit, words: tuple[str, ...], width: int) -> Content:
    """Where it stands, and the text from shortly before the first word on; the words, which are
    folded, underlined."""
    text = hit.example.text
    found = [next(places(text, word), (len(text), 0))[0] for word in words]
    start = max(0, min(found, default=0) - width // 3)
    start = 0 if start >= len(text) else start
    part = text[start : start + _SHOWN]
    head = "…" if start else ""
    shown = shorten(head + printable(part), max(4, width - 2))
    row = Content(shown)
    for word in words:
        for first, after in places(part, word):
            if len(head) + after <= len(shown):
                row = row.stylize(
                    "bold underline $text-accent", len(head) + first, len(head) + after
                )
    waits = hit.status in (Status.OPEN, Status.SKIPPED)
    mark = _IN_DATA if hit.in_data and waits else _MARKS[hit.status]
    return Content.assemble((f"{mark} ", "$text-primary"), row)
