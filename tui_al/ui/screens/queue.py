"""A queue of samples to be judged one by one, beside the labelling: what disputes and conflicts
have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_al.core.annotation.decisions import DecisionRecord, UserAnswer
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import Sample, UndoResult
from tui_al.ui.screens.base import is_up
from tui_al.ui.screens.find_label import Finder, FindLabel, Row
from tui_al.ui.screens.label_access import LabelAccess
from tui_al.ui.screens.label_pending import Made
from tui_al.ui.screens.label_sample import Origin
from tui_al.ui.screens.scrolling import ScrollsText
from tui_al.ui.widgets.key_bar import KeyBar
from tui_al.ui.widgets.lines import Lines, spread_out
from tui_al.ui.widgets.sample_text import SampleText

T = TypeVar("T")


class Evidence(VerticalScroll, can_focus=False):
    """What is said about the sample; the screen writes it. Where it is long the keys that scroll
    the text go on to it."""

    DEFAULT_CSS = """
    Evidence { height: auto; max-height: 12; padding: 0 1; scrollbar-size: 1 1; }
    """

    def __init__(self, write: Callable[[int], list[Content]]) -> None:
        super().__init__(id="evidence")
        self._write = write

    def compose(self) -> ComposeResult:
        """All of it."""
        yield _Said(self._write)

    def show(self) -> None:
        """Of another case, or changed: from its beginning."""
        self.query_one(_Said).show_lines()
        self.scroll_home(animate=False, immediate=True)


class _Said(Lines):
    def __init__(self, write: Callable[[int], list[Content]]) -> None:
        super().__init__()
        self._write = write

    def lines(self, width: int) -> list[Content]:
        """As the screen has them."""
        return self._write(width)


@dataclass(slots=True, eq=False)
class _Judged:
    """A decision about the sample of a case."""

    id: str
    made: Made = field(default_factory=Made)
    saved: bool = False


class QueueScreen(ScrollsText, Generic[T]):
    """One case after the other; a decision goes on to the next, u takes back what was decided
    here."""

    DEFAULT_CSS = """
    QueueScreen {
        & SampleText { height: 1fr; }
        &.-short SampleText { border: none; padding: 0 1; }
        &.-short Evidence { max-height: 5; }
    }
    """

    def __init__(self, label_screen: LabelAccess, left: "QueueScreen[T] | None" = None) -> None:
        """`left` is one to go on with, which was closed when a sample of it was opened."""
        super().__init__()
        self.label_screen = label_screen
        self.cases: Sequence[T] = ()
        self.place = 0
        self.item: Sample | None = None  #: the sample of the case, once it has been fetched
        self._decided: list[_Judged] = left._decided if left else []  # the last one last
        self._first = left.item.id if left and left.item else ""  # the sample to begin with
        self._loaded = False

    # What each queue says of itself

    TITLE_OF = ""
    NOTHING = ""

    def load(self, service: AnnotationService) -> Any:
        """The cases, and whatever else is to be shown; in the background."""
        raise NotImplementedError

    def take(self, loaded: Any) -> Sequence[T]:
        """Keep what `load` found; the cases."""
        raise NotImplementedError

    def id_of(self, case: T) -> str:
        """Of the sample."""
        raise NotImplementedError

    def evidence(self, case: T, width: int) -> list[Content]:
        """What there is to know about the case."""
        raise NotImplementedError

    # The screen

    def compose(self) -> ComposeResult:
        """Which case; the text; the evidence; keys."""
        yield Static("", id="head", classes="title-row")
        yield SampleText(self.KEYS_OF)
        yield Evidence(self._lines)
        yield KeyBar(self.KEYS_OF)

    def on_mount(self) -> None:
        """Look the cases up."""
        self._reload(self._first)

    def on_resize(self) -> None:
        """The head is as wide as the screen."""
        self._show_head()

    @property
    def case(self) -> T | None:
        """The one before the person."""
        return self.cases[self.place] if self.place < len(self.cases) else None

    def head(self) -> str:
        """What the right end of the title says."""
        return ""

    def _reload(self, identity: str = "") -> None:
        """Look the cases up anew, and go to that of this sample."""

        def loaded(found: Any) -> None:
            if is_up(self):
                self._loaded = True
                self.cases = self.take(found)
                ids = [self.id_of(case) for case in self.cases]
                self._go(ids.index(identity) if identity in ids else 0)

        self.label_screen.ask("queue", self.load, then=loaded)

    def _go(self, place: int) -> None:
        self.place, self.item = place, None
        case = self.case
        if case is None:
            self._show()
            return
        identity = self.id_of(case)

        def fetched(item: Sample) -> None:
            if is_up(self) and self.case is case:
                self.item = item
                self._show()

        self.label_screen.ask("case", lambda service: service.look(identity), then=fetched)

    def _show(self) -> None:
        self._show_head()
        self.query_one(SampleText).show(self.item, self.NOTHING if self._loaded else "looking …")
        self.query_one(Evidence).show()

    def scrolled(self) -> Sequence[VerticalScroll]:
        """The text, then what is said about it."""
        return self.query_one(SampleText), self.query_one(Evidence)

    def _show_head(self) -> None:
        where = f"  {self.place + 1} of {len(self.cases)}" if self.cases and self.case else ""
        saved = sum(one.saved for one in self._decided)
        done = f" · {saved} decided" if saved else ""
        left = Content.assemble((self.TITLE_OF, "bold"), f"{where}{done}")
        right = Content.styled(self.head(), "$foreground-muted")
        self.query_one("#head", Static).update(
            spread_out(left, right, max(10, self.app.size.width - 2))
        )

    def _lines(self, width: int) -> list[Content]:
        case = self.case
        if case is None or self.item is None:
            return [Content("")]
        return self.evidence(case, width)

    # Deciding

    def decide(self, call: Callable[[AnnotationService, Sample], Sequence[DecisionRecord]]) -> None:
        """Put a decision about the case on record, and go to the next. It counts once it is on
        disk; refused, its case is back."""
        item = self.item
        if item is None:
            self.tui.say("There is nothing to decide here.")
            return
        judged = _Judged(item.id)

        def saved(_: object) -> None:
            judged.saved = True
            if is_up(self):
                self._show_head()

        def refused() -> None:
            if judged in self._decided:
                self._decided.remove(judged)
            if is_up(self):
                self._reload(item.id)

        self._decided.append(judged)
        self.label_screen.ask(
            "judge", judged.made.by(lambda service: call(service, item)), writes=True, then=saved,
            failed=refused
        )  # fmt: skip
        self.cases = [one for i, one in enumerate(self.cases) if i != self.place]
        self._go(self.place if self.place < len(self.cases) else 0)

    def answer(self, given: UserAnswer) -> None:
        """The case gets this answer."""
        raise NotImplementedError

    def action_ambiguous(self) -> None:
        """a: there is no one right answer."""
        self.decide(lambda service, item: service.ambiguous(item.id))

    def action_later(self) -> None:
        """space: the next one."""
        if self.cases:
            self._go((self.place + 1) % len(self.cases))
        else:
            self.tui.say("There is no other one.")

    def action_find(self) -> None:
        """/: another label, by its name; entities are edited on the label screen."""
        if self.item is None:
            self.tui.say("There is nothing to decide here.")
            return
        if self.label_screen.is_tagging:
            self.action_edit()
            return

        def take(row: Row | None) -> None:
            if row is not None:
                self.answer(row.label)

        known = self.label_screen.annotation_state
        finder = Finder(known.labels, may_add=False)
        self.app.push_screen(
            FindLabel(finder, counts=known.counts, descriptions=known.descriptions), take
        )

    def action_edit(self) -> None:
        """e: answer it anew on the label screen."""
        if self.item is None:
            self.tui.say("There is nothing to edit here.")
            return
        origin = Origin(f"the {self.TITLE_OF}", self._come_back)
        self.label_screen.sample.open(self.item.id, self.beginning(), origin=origin)
        self.dismiss()

    def _come_back(self) -> None:
        self.label_screen.app.push_screen(type(self)(self.label_screen, self))

    def beginning(self) -> UserAnswer | None:
        """What editing begins with where this annotator has not answered: the first answer there
        is."""
        return next((given.answer for given in self.item.answers), None) if self.item else None

    def action_undo(self) -> None:
        """u: what was decided here last."""
        if not self._decided:
            self.tui.say("Nothing was decided here yet: u on the label screen goes further back.")
            return
        judged = self._decided.pop()

        def undo(service: AnnotationService) -> UndoResult | None:
            undo_result = service.undo(judged.made.records)
            if undo_result is not None and undo_result.item is not None:
                service.put_back([undo_result.item])  # it is looked at here, not labelled
            return undo_result

        def undone(undo_result: UndoResult | None) -> None:
            if undo_result is None:
                self.tui.say("That was not saved, or is taken back already; nothing else is.")
            if is_up(self):
                self._reload(judged.id)

        def refused() -> None:
            self._decided.append(judged)

        self.label_screen.ask("judge", undo, writes=True, then=undone, failed=refused)

    def action_back(self) -> None:
        """Escape: back to labelling."""
        self.dismiss()
