"""Marking the entities of a text token by token: immutable states, and what an annotator can do to
them.

Everything is counted in tokens, so that half a token cannot be marked; `Editing.spans` turns it
into exact character offsets of the original text. What cannot be done raises `Refused` with the
reason, and changes nothing."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from tui_al.core.data.offsets import CharSpan, check_spans, token_offsets
from tui_al.core.data.word_split import Offsets, is_blank

_NAMED = 30  # characters of an entity that a reason quotes


class Refused(ValueError):
    """The state does not allow it; the message says why, and what is possible."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An entity: its first token, the token after its last, its type."""

    first: int
    after: int
    kind: str
    proposed: bool = False  #: by the model, and not yet accepted by the annotator
    confidence: float | None = None  #: of the model, while it is proposed


@dataclass(frozen=True, slots=True)
class Editing:
    """A text, its entities in order and apart, the token under the cursor, and the other end of a
    selection."""

    text: str
    offsets: tuple[Offsets, ...]
    marks: tuple[Mark, ...] = ()
    cursor: int = 0
    anchor: int | None = None

    @classmethod
    def of(
        cls,
        text: str,
        tokens: Sequence[str],
        spans: Iterable[CharSpan] = (),
        proposed: Iterable[tuple[CharSpan, float]] = (),
    ) -> Self:
        """Begin with entities that hold, and with the model's proposals, which must lie apart.

        Raises:
            ValueError: an entity is out of range, overlaps another, or does not begin and end where
            tokens do.
        """
        offsets = token_offsets(text, tokens)
        confidences = dict(proposed)
        firsts = {start: number for number, (start, end) in enumerate(offsets) if start < end}
        lasts = {end: number for number, (start, end) in enumerate(offsets) if start < end}
        marks = tuple(
            _marked(firsts.get(span[0]), lasts.get(span[1]), span, confidences)
            for span in check_spans(text, (*spans, *confidences))
        )
        return cls(text, offsets, marks, cursor=marks[0].first if marks else 0)

    @property
    def spans(self) -> tuple[CharSpan, ...]:
        """All entities by exact character offsets, in order: what is stored when the annotator
        accepts."""
        return tuple(self.span_of(mark) for mark in self.marks)

    @property
    def selection(self) -> tuple[int, int] | None:
        """First selected token and the one after the last; None while nothing is selected."""
        if self.anchor is None:
            return None
        return min(self.anchor, self.cursor), max(self.anchor, self.cursor) + 1

    @property
    def at_cursor(self) -> Mark | None:
        """The entity that the cursor is in."""
        return self.mark_at(self.cursor)

    def mark_at(self, token: int) -> Mark | None:
        """The entity that a token belongs to."""
        return next((mark for mark in self.marks if mark.first <= token < mark.after), None)

    def span_of(self, mark: Mark) -> CharSpan:
        """An entity by exact character offsets."""
        return self.offsets[mark.first][0], self.offsets[mark.after - 1][1], mark.kind

    def words(self, first: int, after: int) -> str:
        """The text from one token to before another."""
        return self.text[self.offsets[first][0] : self.offsets[after - 1][1]]

    # Moving. With a selection begun, it grows and shrinks along.

    def move_to(self, token: int) -> Self:
        """The cursor on a token; at the ends of the text it stays there."""
        return replace(self, cursor=max(0, min(len(self.offsets) - 1, token)))

    def move(self, by: int) -> Self:
        """The cursor some tokens on, or back."""
        return self.move_to(self.cursor + by)

    def move_word(self, by: int) -> Self:
        """To the beginning of the next word (1) or of this or the previous one (-1): see
        `_begins_word`."""
        place = self.cursor + by
        while 0 < place < len(self.offsets) - 1 and not self._begins_word(place):
            place += by
        return self.move_to(place)

    def move_entity(self, by: int) -> Self:
        """To the next (1) or previous (-1) entity; after the last comes the first again."""
        if not self.marks:
            raise Refused(
                "There is no entity to go to. A type key marks the word under the cursor."
            )
        firsts = [mark.first for mark in self.marks]
        if by > 0:
            return self.move_to(next((f for f in firsts if f > self.cursor), firsts[0]))
        here = self.at_cursor
        edge = here.first if here else self.cursor
        return self.move_to(next((f for f in reversed(firsts) if f < edge), firsts[-1]))

    def _begins_word(self, token: int) -> bool:
        """After a blank, and in scripts without blanks after a sign."""
        start = self.offsets[token][0]
        before = self.text[start - 1 : start]
        if not before or is_blank(before):
            return True
        wide = unicodedata.east_asian_width(before) in "WF"
        return wide and unicodedata.category(before).startswith("P")

    # Selecting.

    def select(self) -> Self:
        """Begin a selection at the cursor, or drop the one there is."""
        self._some_text()
        return replace(self, anchor=self.cursor if self.anchor is None else None)

    def drop_selection(self) -> Self:
        """Nothing is selected any more."""
        return replace(self, anchor=None)

    def extend(self, by: int) -> Self:
        """Move the cursor and select on the way."""
        self._some_text()
        return replace(self.move(by), anchor=self.cursor if self.anchor is None else self.anchor)

    # Changing entities.

    def set_kind(self, kind: str) -> Self:
        """The type of what is selected, of the entity under the cursor, or of the one token there:
        it becomes an entity."""
        self._some_text()
        here = self.at_cursor
        if self.selection is not None:
            first, after = self.selection
            same = next((m for m in self.marks if (m.first, m.after) == (first, after)), None)
            changed = self._put(Mark(first, after, kind), instead_of=same)
        elif here is not None:
            changed = self._put(Mark(here.first, here.after, kind), instead_of=here)
        else:
            changed = self._put(Mark(self.cursor, self.cursor + 1, kind))
        return replace(changed, anchor=None)

    def move_end(self, by: int) -> Self:
        """Grow (1) or shrink (-1) the entity under the cursor at its end."""
        here = self._entity_here("The end of an entity moves only with the cursor in it")
        return self._resized(here, here.first, here.after + by)

    def move_start(self, by: int) -> Self:
        """Grow (-1) or shrink (1) the entity under the cursor at its beginning."""
        here = self._entity_here("The start of an entity moves only with the cursor in it")
        return self._resized(here, here.first + by, here.after)

    def delete(self) -> Self:
        """Drop the selection, or else the entity under the cursor."""
        if self.anchor is not None:
            return replace(self, anchor=None)
        here = self._entity_here("There is no entity to delete under the cursor")
        return replace(self, marks=tuple(mark for mark in self.marks if mark is not here))

    def accept(self) -> Self:
        """Take the model's proposal under the cursor as it is, and go to the next one, if there is
        one."""
        here = self._entity_here("There is no proposal to accept under the cursor")
        if not here.proposed:
            raise Refused(f"{self._named(here)} is accepted already.")
        done = self._put(Mark(here.first, here.after, here.kind), instead_of=here)
        left = [mark.first for mark in done.marks if mark.proposed]
        return done.move_to(next((f for f in left if f > here.first), left[0])) if left else done

    def accept_all(self) -> Self:
        """Everything as it is drawn, for good.

        Raises:
            Refused: something is selected that has no type yet.
        """
        if self.selection is not None:
            raise Refused(
                f"{self._quoted(*self.selection)} is selected and has no type: give it one, or x "
                "drops the selection."
            )
        return replace(self, marks=tuple(Mark(m.first, m.after, m.kind) for m in self.marks))

    def _some_text(self) -> None:
        if not self.offsets:
            raise Refused("The text has no words: there is nothing to mark.")

    def _entity_here(self, otherwise: str) -> Mark:
        here = self.at_cursor
        if here is None:
            raise Refused(f"{otherwise}: tab goes to the next entity.")
        return here

    def _resized(self, mark: Mark, first: int, after: int) -> Self:
        if first < 0 or after > len(self.offsets):
            raise Refused("The text ends here: the entity cannot grow further.")
        if first >= after:
            raise Refused(f"{self._named(mark)} is one token: it cannot shrink. x deletes it.")
        changed = self._put(Mark(first, after, mark.kind), instead_of=mark)
        return changed.move_to(min(max(self.cursor, first), after - 1))

    def _put(self, new: Mark, instead_of: Mark | None = None) -> Self:
        """With the entity; the model's proposals give way to it, what the annotator made does
        not."""
        for token, verb in ((new.first, "begin"), (new.after - 1, "end")):
            if self.offsets[token][0] == self.offsets[token][1]:
                raise Refused(f"Token {token + 1} is empty: an entity cannot {verb} with it.")
        others = [mark for mark in self.marks if mark is not instead_of]
        in_the_way = [m for m in others if m.first < new.after and new.first < m.after]
        for mark in in_the_way:
            if not mark.proposed:
                raise Refused(
                    f"{self._quoted(new.first, new.after)} overlaps {self._named(mark)}: "
                    "move its borders with [ ] { }, or delete it with x."
                )
        kept = [mark for mark in others if mark not in in_the_way]
        return replace(self, marks=tuple(sorted([*kept, new], key=lambda mark: mark.first)))

    def _named(self, mark: Mark) -> str:
        return f"[{_cut(self.words(mark.first, mark.after))} {mark.kind}]"

    def _quoted(self, first: int, after: int) -> str:
        return f"“{_cut(self.words(first, after))}”"


class EditHistory:
    """The states of one text on the way to its answer. Only changes of the entities count as
    steps."""

    def __init__(self, start: Editing) -> None:
        self.now = start
        self._past: list[Editing] = []
        self._future: list[Editing] = []

    def go(self, new: Editing) -> None:
        """Take a new state."""
        if new.marks != self.now.marks:
            self._past.append(self.now)
            self._future.clear()
        self.now = new

    def undo(self) -> bool:
        """Back to before the last change; False if there was none."""
        return self._swap(self._past, self._future)

    def redo(self) -> bool:
        """Forward again; False if nothing was undone, or something else was changed since."""
        return self._swap(self._future, self._past)

    def _swap(self, source: list[Editing], target: list[Editing]) -> bool:
        if not source:
            return False
        target.append(self.now)
        self.now = replace(source.pop(), anchor=None)
        return True


def _marked(
    first: int | None, last: int | None, span: CharSpan, confidences: Mapping[CharSpan, float]
) -> Mark:
    start, end, kind = span
    if first is None or last is None:
        raise ValueError(
            f"entity {start}-{end} ({kind}) does not begin and end where tokens do: tokens are "
            "marked whole"
        )
    return Mark(first, last + 1, kind, span in confidences, confidences.get(span))


def _cut(text: str) -> str:
    return text if len(text) <= _NAMED else text[: _NAMED - 1] + "…"
