"""Entities by keyboard: the text with its entities, what the cursor is on, and the types with their
keys."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.annotation.span_editing import EditHistory, Editing, Refused
from tui_al.core.data.offsets import CharSpan
from tui_al.store.samples import Sample
from tui_al.ui.escape import safe
from tui_al.ui.keys import bind, bindings
from tui_al.ui.widgets.answer_input import AnswerArea
from tui_al.ui.widgets.label_keys import Choice, choices
from tui_al.ui.widgets.span_rows import CursorRow, KindRow, SpanKeys
from tui_al.ui.widgets.span_text import SpanText


class SpanEditor(AnswerArea):
    """Marks entities by token; Enter accepts all of them. What it cannot do it says, below the
    text."""

    SHOWS_TEXT = True
    KEYS_OF = "spans"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("spans"),
        Binding("shift+right", "extend(1)", show=False),  # extras: they get lost in some terminals
        Binding("shift+left", "extend(-1)", show=False),
        Binding("shift+tab", "entity_back", show=False),
    ]
    DEFAULT_CSS = """
    SpanEditor { height: 1fr; layout: vertical; }
    """

    def __init__(self, keys: Sequence[str], own: Mapping[str, str]) -> None:
        """`keys` are for the types in turn, `own` those that the person gave to types by name."""
        super().__init__(id="answer")
        self._keys, self._own = tuple(keys), dict(own)
        for key in (*self._keys, *self._own.values()):
            bind(self, key, f"kind({key!r})")
        self._labels: tuple[str, ...] = ()
        self._counts: Mapping[str, int] = {}
        self._item: Sample | None = None
        self._blind = False
        self._sent = False
        self._history = EditHistory(Editing("", ()))
        self._given: Editing | None = None  # as the sample came
        self.choices: tuple[Choice, ...] = ()

    def compose(self) -> ComposeResult:
        """Text, cursor, types, keys."""
        yield SpanText()
        yield CursorRow()
        yield KindRow()
        yield SpanKeys()

    @property
    def state(self) -> Editing:
        """What is drawn."""
        return self._history.now

    def show(self, item: Sample | None, *, blind: bool) -> None:
        """A sample to be answered. When only the model's opinion is hidden or shown again, what was
        marked by hand stays."""
        before, self._item = self._item, item
        self._sent = False
        if item is None:
            return
        self.query_one(SpanText).border_title = safe(f"note: {item.note}") if item.note else None
        same = before is not None and (before.id, _said(before)) == (item.id, _said(item))
        if same and blind == self._blind:
            return
        self._blind = blind
        self._given = self._beginning(item, keep=same)
        self._history = EditHistory(self._given)
        self._choose()
        self.query_one(SpanText).start(self.state, self._labels)
        self._show_rows()

    def _beginning(self, item: Sample, *, keep: bool) -> Editing:
        """The sample with an earlier answer, with what was marked in it by hand, or with the
        model's proposals."""
        proposed = () if self._blind or item.blind else item.spans
        spans: tuple[CharSpan, ...] = ()
        if keep:
            state = self.state
            spans = tuple(state.span_of(mark) for mark in state.marks if not mark.proposed)
        elif isinstance(said := _said(item), tuple):
            spans, proposed = said, ()
        free = [
            (span, sure)
            for span, sure in proposed
            if all(span[1] <= a or b <= span[0] for a, b, _ in spans)
        ]
        return Editing.of(item.example.text, item.example.tokens, spans, free)

    def know(self, labels: Sequence[str], counts: Mapping[str, int]) -> None:
        """The types of the day."""
        fresh = tuple(labels) != self._labels
        self._labels, self._counts = tuple(labels), counts
        if fresh:
            self._choose()
            self.query_one(SpanText).know(self._labels)
        self._show_kinds()

    @property
    def unsaved(self) -> bool:
        """Whether anything was marked, or taken away."""
        return self._given is not None and self.state.marks != self._given.marks

    def take(self) -> str:
        """Enter: all entities as they are drawn."""
        if self._item is None:
            return "There is no sample yet."
        if self._sent:  # the key came twice before the next sample did
            return ""
        try:
            accepted = self.state.accept_all()
        except Refused as refused:
            self._say(str(refused))
            return ""
        untouched = self.state.marks == (self._given.marks if self._given else ())
        proposed = any(mark.proposed for mark in self.state.marks)
        self._sent = True
        self.give(accepted.spans, "suggestion" if untouched and proposed else "key")
        return ""

    def choose(self, label: str) -> None:
        """A type that was found by its name."""
        self._do(lambda state: state.set_kind(label))

    def undo(self) -> bool:
        """Take back the last change in this sample; False if there was none."""
        return self._turn(self._history.undo)

    def redo(self) -> bool:
        """Bring back what was undone in this sample; False if there is nothing."""
        return self._turn(self._history.redo)

    def action_kind(self, key: str) -> None:
        """A type's key marks."""
        label = next((choice.label for choice in self.choices if choice.key == key), None)
        if label is None:
            self._say("There is no type on this key.")
        else:
            self.choose(label)

    @on(SpanText.Pointed)
    def _pointed(self, message: SpanText.Pointed) -> None:
        """By mouse: the cursor, or a selection."""
        if message.first == message.last:
            self._do(lambda state: state.move_to(message.first))
        else:
            by = message.last - message.first
            self._do(lambda state: state.drop_selection().move_to(message.first).extend(by))

    def _choose(self) -> None:
        self.choices = choices(self._labels, None, blind=True, keys=self._keys, own=self._own)

    def _turn(self, turn: Callable[[], bool]) -> bool:
        if self._item is None or not turn():
            return False
        self.query_one(SpanText).change(self.state)
        self._show_rows()
        return True

    def _do(self, change: Callable[[Editing], Editing]) -> None:
        if self._item is None:
            return
        try:
            self._history.go(change(self.state))
        except Refused as refused:
            self._say(str(refused))
            return
        self.query_one(SpanText).change(self.state)
        self._show_rows()

    def _say(self, reason: str) -> None:
        """Until the next key that does something."""
        self.query_one(CursorRow).show(self.state, reason)

    def _show_rows(self) -> None:
        if self._item is None:
            return
        self.query_one(CursorRow).show(self.state)
        self._show_kinds()

    def _show_kinds(self) -> None:
        self.query_one(KindRow).show(self.choices, self._labels, self._counts, self.state)

    # The key table's actions

    def action_left(self) -> None:
        """The token before."""
        self._do(lambda state: state.move(-1))

    def action_right(self) -> None:
        """The next token."""
        self._do(lambda state: state.move(1))

    def action_up(self) -> None:
        """A row up."""
        self._by_rows(-1)

    def action_down(self) -> None:
        """A row down."""
        self._by_rows(1)

    def action_page_up(self) -> None:
        """As many rows up as there are in sight."""
        self._by_rows(-self.query_one(SpanText).page)

    def action_page_down(self) -> None:
        """As many rows down."""
        self._by_rows(self.query_one(SpanText).page)

    def _by_rows(self, by: int) -> None:
        text = self.query_one(SpanText)
        if self._item is not None and not text.scroll_in_token(by):
            self._history.go(self.state.move_to(text.row_move(by)))
            text.keep_column(self.state)
            self._show_rows()

    def action_first(self) -> None:
        """The first token."""
        self._do(lambda state: state.move_to(0))

    def action_last(self) -> None:
        """The last token."""
        self._do(lambda state: state.move_to(len(state.offsets) - 1))

    def action_word(self) -> None:
        """The next word."""
        self._do(lambda state: state.move_word(1))

    def action_word_back(self) -> None:
        """The beginning of this word, or of the one before."""
        self._do(lambda state: state.move_word(-1))

    def action_entity(self) -> None:
        """The next entity."""
        self._do(lambda state: state.move_entity(1))

    def action_entity_back(self) -> None:
        """The entity before."""
        self._do(lambda state: state.move_entity(-1))

    def action_select(self) -> None:
        """Begin a selection, or drop it."""
        self._do(Editing.select)

    def action_extend(self, by: int) -> None:
        """Select one more token."""
        self._do(lambda state: state.extend(by))

    def action_grow_end(self) -> None:
        """One more token at the end."""
        self._do(lambda state: state.move_end(1))

    def action_shrink_end(self) -> None:
        """One token less at the end."""
        self._do(lambda state: state.move_end(-1))

    def action_grow_start(self) -> None:
        """One more token at the start."""
        self._do(lambda state: state.move_start(-1))

    def action_shrink_start(self) -> None:
        """One token less at the start."""
        self._do(lambda state: state.move_start(1))

    def action_delete(self) -> None:
        """Delete the entity, or drop the selection."""
        self._do(Editing.delete)

    def action_accept(self) -> None:
        """Accept the proposal under the cursor."""
        self._do(Editing.accept)


def _said(item: Sample) -> UserAnswer | None:
    """The entities that a sample begins with, if not with the model's."""
    return next((x for x in (item.beginning, item.answer, item.in_data) if x is not None), None)
