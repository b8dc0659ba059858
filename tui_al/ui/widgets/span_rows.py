"""The rows under a text whose entities are marked: what the cursor is on, the types with their
keys, what keys do."""

from collections.abc import Mapping, Sequence

from textual.content import Content

from tui_al.core.annotation.span_editing import Editing, Mark
from tui_al.core.data.terminal_text import printable, shorten
from tui_al.ui.escape import safe
from tui_al.ui.keys import display, key_name, keys_of, own_keys
from tui_al.ui.widgets.label_keys import Choice, probability
from tui_al.ui.widgets.lines import Lines, flow, spread_out
from tui_al.ui.widgets.span_text import COLOURS

#: What the keys do, as a reminder under the text: actions of the key table, and a word on them.
_REMINDERS = (
    (("left", "right"), "token"),
    (("word_back", "word"), "word"),
    (("entity",), "entity"),
    (("select",), "select"),
    (("shrink_end", "grow_end"), "end"),
    (("grow_start", "shrink_start"), "start"),
    (("delete",), "delete"),
    (("accept",), "accept"),
)

_QUOTED = 30  # columns of a quotation in the row on the cursor


class CursorRow(Lines):
    """What the cursor is on, or why the last key did nothing."""

    DEFAULT_CSS = "CursorRow { height: auto; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(id="cursor")
        self._state = Editing("", ())
        self._reason = ""

    def show(self, state: Editing, reason: str = "") -> None:
        """A state, and a refusal."""
        self._state, self._reason = state, reason
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """One row; a long reason takes more."""
        if self._reason:
            return safe(f"! {self._reason}", "$text-warning").wrap(max(10, width))
        state = self._state
        if not state.offsets:
            return [
                Content.styled(
                    "This text has no words: enter saves it without entities.", "$foreground-muted"
                )
            ]
        if state.selection is not None:
            return [self._left()]
        to_check = sum(mark.proposed for mark in state.marks)
        number = len(state.marks)
        amount = (
            f"{to_check} to check"
            if to_check
            else f"{number} {'entity' if number == 1 else 'entities'}"
        )
        right = f"token {state.cursor + 1} of {len(state.offsets)} · {amount}"
        return [spread_out(self._left(), Content.styled(right, "$foreground-muted"), width)]

    def _left(self) -> Content:
        state = self._state
        if state.selection is not None:
            first, after = state.selection
            tokens = "1 token" if after - first == 1 else f"{after - first} tokens"
            return Content.assemble(
                "selected ", _quote(state.words(first, after)), f", {tokens}: a type's key marks "
                    "it, x drops it"
            )  # fmt: skip
        word = _quote(state.words(state.cursor, state.cursor + 1))
        return Content.assemble(word, (" · ", "$foreground-muted"), self._entity(state.at_cursor))

    def _entity(self, mark: Mark | None) -> Content:
        if mark is None:
            return Content.styled("no entity", "$foreground-muted")
        kind = shorten(printable(mark.kind), _QUOTED)
        if not mark.proposed:
            return Content.assemble("in ", (kind, "bold"))
        sure = "" if mark.confidence is None else f" {probability(mark.confidence)}"
        return Content.assemble((f"{kind}?{sure}", "bold"), " of the model: a accepts")


class KindRow(Lines):
    """The types, with their keys and how many entities there are of each."""

    DEFAULT_CSS = "KindRow { height: auto; max-height: 4; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(id="kinds")
        self._choices: tuple[Choice, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._counts: Mapping[str, int] = {}
        self._here = ""

    def show(
        self,
        keyed: Sequence[Choice],
        labels: Sequence[str],
        counts: Mapping[str, int],
        state: Editing,
    ) -> None:
        """The types of the day; that of the entity under the cursor is marked."""
        self._choices, self._labels, self._counts = tuple(keyed), tuple(labels), counts
        self._here = state.at_cursor.kind if state.at_cursor else ""
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """Types in a row or more."""
        if not self._labels:
            adding = key_name(self, "label.labels")
            return [Content.styled(f"There is no type yet: {adding} adds some.", "$text-warning")]
        parts = []
        for choice in self._choices:
            colour = COLOURS[self._labels.index(choice.label) % len(COLOURS)]
            count = self._counts.get(choice.label, 0)
            look = "bold underline" if choice.label == self._here else "bold"
            parts.append(
                Content.assemble(
                    (display(choice.key), "bold $text-accent"), " ",
                    safe(shorten(printable(choice.label), _QUOTED), f"{look} $text-{colour}"),
                    (f" ×{count}", "$foreground-muted"),
                )
            )  # fmt: skip
        others = len(self._labels) - len(self._choices)
        if others > 0:
            finding = (key_name(self, "label.find"), "bold $text-accent")
            parts.append(Content.assemble(finding, f" {others} others by name"))
        return flow(parts, "   ", width)


class SpanKeys(Lines):
    """A reminder of the editor's keys."""

    DEFAULT_CSS = "SpanKeys { height: auto; max-height: 2; padding: 0 1; }"

    def lines(self, width: int) -> list[Content]:
        """As many as there are, in two rows at most."""
        shown = {key.action: key.shown for key in keys_of("spans", own_keys(self))}
        parts = [
            Content.assemble(
                ("".join(shown[action] for action in actions), "bold $foreground-muted"),
                (f" {word}", "$foreground-muted"),
            )
            for actions, word in _REMINDERS
        ]
        return flow(parts, "  ", width)[:2]


def _quote(text: str) -> Content:
    return Content.assemble("“", safe(shorten(printable(text), _QUOTED), "bold"), "”")
