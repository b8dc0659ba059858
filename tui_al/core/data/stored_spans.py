"""Entities as files of other programs store them: offsets that may count UTF-16 units, often with
the text that they cover.

JavaScript counts a character beyond the Basic Multilingual Plane, such as most emoji, as two;
Python counts it as one. What a file stores beside an entity tells which of the two it means, and
whether its offsets belong to this text at all."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

from tui_al.core.data.offsets import CharSpan, check_spans, trim_span
from tui_al.core.data.word_split import is_blank

_LAST_OF_ONE_UNIT = "\uffff"


class Mark(NamedTuple):
    """An entity as it is stored: first offset, offset after the last, type, and the text it is said
    to cover, if any."""

    start: int
    end: int
    kind: str
    text: str | None = None


class Unit(StrEnum):
    """What the offsets of a file count."""

    CHARACTERS = "characters"
    UTF16 = "UTF-16 units"


class StoredTextError(ValueError):
    """What stands at an entity's offsets is not what the file says that it covers."""


def unit_of(items: Iterable[tuple[str, Sequence[Mark]]]) -> Unit:
    """What the offsets of texts count, by the stored texts that fit only one way; characters where
    nothing speaks against it."""
    only_utf16 = False
    for text, marks in items:
        if text.isascii() or max(text) <= _LAST_OF_ONE_UNIT or all(m.text is None for m in marks):
            continue
        if _fit(text, marks):
            if not _fit(text, _in_characters(text, marks)):
                return Unit.CHARACTERS
        elif _fit(text, _in_characters(text, marks)):
            only_utf16 = True
    return Unit.UTF16 if only_utf16 else Unit.CHARACTERS


def resolve(
    text: str, marks: Sequence[Mark], unit: Unit = Unit.CHARACTERS
) -> tuple[tuple[CharSpan, ...], bool]:
    """The entities of a text in characters, in order, without blanks at their borders; and whether
    offsets were converted.

    They are converted where the file counts UTF-16 units, and where the stored texts of this one
    text fit only so.

    Raises:
        StoredTextError: the stored text of an entity is not what stands there.
        OverlapError: two entities share a character.
        ValueError: an entity is empty, outside the text or without a type.
    """
    converted = False
    if marks and not text.isascii() and max(text) > _LAST_OF_ONE_UNIT:
        other = _in_characters(text, marks)
        if unit is Unit.UTF16 or (not _fit(text, marks) and _fit(text, other)):
            _check_inside(marks, other)
            converted, marks = other != tuple(marks), other
    spans = check_spans(text, [trim_span(text, mark[:3]) for mark in marks])
    for mark in marks:
        if not _fits(text, mark):
            covered = text[mark.start : mark.end]
            raise StoredTextError(
                f"entity {mark.start}-{mark.end} ({mark.kind}) is {covered!r:.60} in the text, "
                f"but {mark.text!r:.60} in the file"
            )
    return spans, converted


def _check_inside(marks: Sequence[Mark], converted: Sequence[Mark]) -> None:
    for mark, other in zip(marks, converted, strict=True):
        if other.start < 0 or other.end < 0:
            raise ValueError(
                f"entity {mark.start}-{mark.end} ({mark.kind}), counted in UTF-16 units, is "
                "outside the text or cuts a character"
            )


def _fit(text: str, marks: Sequence[Mark]) -> bool:
    return all(_fits(text, mark) for mark in marks)


def _fits(text: str, mark: Mark) -> bool:
    """Whether the stored text, if there is one, stands there; blanks and line breaks are passed
    over, which many programs change."""
    if mark.text is None:
        return True
    return 0 <= mark.start < mark.end <= len(text) and _without_blanks(
        text[mark.start : mark.end]
    ) == _without_blanks(mark.text)


def _without_blanks(text: str) -> str:
    return "".join(character for character in text if not is_blank(character))


def _in_characters(text: str, marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Offsets in UTF-16 units as characters; -1 for one outside the text or inside a character,
    which fits nothing."""
    places = accumulate((1 + (c > _LAST_OF_ONE_UNIT) for c in text), initial=0)
    known = {units: character for character, units in enumerate(places)}
    return tuple(
        mark._replace(start=known.get(mark.start, -1), end=known.get(mark.end, -1))
        for mark in marks
    )
