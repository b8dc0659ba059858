"""Entities as files store them: what offsets count, and whether they cover what the file says."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.unicode_texts import TEXTS, tagged_texts
from tui_al.core.data.offsets import OverlapError, spans_to_tags, tags_to_spans, words_within
from tui_al.core.data.stored_spans import Mark, StoredTextError, Unit, resolve, unit_of
from tui_al.core.data.word_split import is_blank, words_of

FIRE = "🔥 Anna flew to Ulm"


def utf16(text: str, place: int) -> int:
    """The place as JavaScript counts it."""
    return len(text[:place].encode("utf-16-le")) // 2


def test_offsets_in_utf16_units_are_converted_by_what_is_stored() -> None:
    marks = [Mark(3, 7, "PER", "Anna"), Mark(16, 19, "LOC", "Ulm")]
    assert resolve(FIRE, marks) == (((2, 6, "PER"), (15, 18, "LOC")), True)
    counted = [Mark(2, 6, "PER", "Anna"), Mark(15, 18, "LOC", "Ulm")]
    assert resolve(FIRE, counted) == (((2, 6, "PER"), (15, 18, "LOC")), False)


def test_one_text_tells_the_unit_of_a_file() -> None:
    plain = ("Anna", [Mark(0, 4, "PER", "Anna")])
    either = ("🔥 aa", [Mark(3, 4, "X", "a")])  # an "a" stands at 3, and at 3 units too
    only = (FIRE, [Mark(3, 7, "PER", "Anna")])
    assert unit_of([plain, either]) is Unit.CHARACTERS
    assert unit_of([plain, either, only]) is Unit.UTF16
    assert unit_of([only, (FIRE, [Mark(2, 6, "PER", "Anna")])]) is Unit.CHARACTERS  # both: by text
    assert resolve(*either, Unit.CHARACTERS) == (((3, 4, "X"),), False)
    assert resolve(*either, Unit.UTF16) == (((2, 3, "X"),), True)
    assert resolve(FIRE, [Mark(3, 7, "PER")], Unit.UTF16) == (((2, 6, "PER"),), True)


@pytest.mark.parametrize(
    ("marks", "unit", "kind", "message"),
    [
        ([Mark(7, 11, "PER", "Anna")], Unit.CHARACTERS, StoredTextError,
         "entity 7-11 (PER) is 'flew' in the text, but 'Anna' in the file"),
        ([Mark(2, 6, "A"), Mark(5, 8, "B")], Unit.CHARACTERS, OverlapError, "overlaps"),
        ([Mark(2, 6, "A"), Mark(2, 6, "A")], Unit.CHARACTERS, OverlapError, "overlaps"),
        ([Mark(2, 99, "A")], Unit.CHARACTERS, ValueError, "outside the text"),
        ([Mark(1, 2, "A")], Unit.CHARACTERS, ValueError, "is empty"),  # a blank alone
        ([Mark(1, 7, "A")], Unit.UTF16, ValueError, "entity 1-7 (A), counted in UTF-16 units"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    marks: list[Mark], unit: Unit, kind: type[ValueError], message: str
) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        resolve(FIRE, marks, unit)


def test_blanks_in_stored_texts_may_differ() -> None:
    marks = [Mark(0, 9, "LOC", "New York")]
    assert resolve("New\n York", marks) == (((0, 9, "LOC"),), False)
    apart = "é\u200bé"  # a blank that does not show, and words that a program joined
    assert resolve(apart, [Mark(0, 3, "PER", "é é")]) == (((0, 3, "PER"),), False)


@given(tagged_texts(), st.booleans(), st.booleans())
def test_both_units_give_the_same_entities(
    tagged: tuple[str, tuple[str, ...], tuple[tuple[int, int, str], ...]],
    in_utf16: bool,
    stored: bool,
) -> None:
    text, _, spans = tagged
    marks = [
        Mark(
            utf16(text, start) if in_utf16 else start,
            utf16(text, end) if in_utf16 else end,
            kind,
            text[start:end] if stored else None,
        )
        for start, end, kind in spans
    ]
    unit = Unit.UTF16 if in_utf16 else Unit.CHARACTERS
    found, converted = resolve(text, marks, unit)
    assert found == spans
    assert not converted or in_utf16


@given(TEXTS, st.data())
def test_words_are_split_where_entities_end(text: str, data: st.DataObject) -> None:
    """Any entities that do not overlap become tags of whole words and come back; all other borders
    stay."""
    borders = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = [
        (start, end, "X")
        for start, end in zip(borders[::2], borders[1::2], strict=False)
        if not is_blank(text[start]) and not is_blank(text[end - 1])
    ]
    words, split = words_within(text, spans)
    assert tags_to_spans(text, words, spans_to_tags(text, words, spans)) == tuple(spans)
    assert "".join(words) == "".join(words_of(text))
    assert (split == 0) == (words == words_of(text))


def test_a_word_with_an_entity_inside() -> None:
    assert words_within("Berlinreise nach Rom", [(0, 6, "LOC"), (17, 20, "LOC")]) == (
        ("Berlin", "reise", "nach", "Rom"), 1,
    )  # fmt: skip
    assert words_within("Berlin", []) == (("Berlin",), 0)
