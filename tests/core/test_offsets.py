"""Tokens, tags and character offsets: worked examples, reasons of refusal, and properties over hard
Unicode."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.unicode_texts import TEXTS, tagged_texts
from tui_al.core.annotation.records import Annotation, labels_used
from tui_al.core.data.offsets import (
    CharSpan,
    check_spans,
    spans_to_tags,
    tags_to_spans,
    token_offsets,
    trim_span,
)
from tui_al.core.data.terminal_text import printable
from tui_al.core.data.word_split import split_words, words_of

TEXT = "Anna  flew to New York."
TOKENS = ("Anna", "flew", "to", "New", "York", ".")


def test_tokens_are_found_in_order() -> None:
    assert token_offsets(TEXT, TOKENS) == ((0, 4), (6, 10), (11, 13), (14, 17), (18, 22), (22, 23))
    assert token_offsets("a a a", ("a", "a")) == ((0, 1), (2, 3))
    assert token_offsets("", ()) == ()


def test_tokens_joined_by_blanks_are_found_whatever_they_hold() -> None:
    assert token_offsets("a  b", ("a", "", "b")) == ((0, 1), (2, 2), (3, 4))
    assert token_offsets("a   b", ("a", " ", "b")) == ((0, 1), (2, 3), (4, 5))


@pytest.mark.parametrize(
    ("text", "tokens", "reason"),
    [
        ("Anna flew", ("Anna", "fled"), "token 2, 'fled', is not in the text at character 4"),
        (
            "this is",
            ("is",),
            "token 1, 'is', is not in the text at character 0",
        ),  # not the end of "this"
        ("a b", ("b", "a"), "token 1, 'b'"),
        ("a", ("a", "a"), "token 2, 'a', is not in the text at character 1, where there is ''"),
    ],
)
def test_a_token_elsewhere_is_refused(text: str, tokens: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        token_offsets(text, tokens)


def test_tags_and_spans_of_a_sentence() -> None:
    spans = ((0, 4, "PER"), (14, 22, "LOC"))
    tags = ("B-PER", "O", "O", "B-LOC", "I-LOC", "O")
    assert spans_to_tags(TEXT, TOKENS, spans) == tags
    assert tags_to_spans(TEXT, TOKENS, tags) == spans
    assert tags_to_spans(TEXT, TOKENS, ("S-PER", "O", "O", "B-LOC", "E-LOC", "O")) == spans
    assert spans_to_tags(TEXT, TOKENS, reversed(spans)) == tags


def test_neighbours_of_one_type_stay_two() -> None:
    spans = ((14, 17, "LOC"), (18, 22, "LOC"))
    assert spans_to_tags(TEXT, TOKENS, spans)[3:5] == ("B-LOC", "B-LOC")


@pytest.mark.parametrize(
    ("spans", "reason"),
    [
        ([(1, 4, "PER")], "'nna' (1-4, PER) begins inside the token 'Anna' (0-4): tokens are "
            "marked whole"),
        ([(14, 20, "LOC")], "'New Yo' (14-20, LOC) ends inside the token 'York' (18-22)"),
        ([(0, 5, "PER")], "'Anna ' (0-5, PER) ends at character 5, where no token does"),
        ([(5, 10, "X")], "' flew' (5-10, X) begins at character 5, where no token does"),
        ([(0, 10, "X"), (6, 13, "Y")], "'flew to' (6-13, Y) overlaps 'Anna  flew' (0-10, X)"),
        ([(3, 3, "X")], "entity 3-3 (X) is empty or outside the text, which has 23 characters"),
        ([(22, 24, "X")], "entity 22-24 (X) is empty or outside the text"),
        ([(-1, 4, "X")], "entity -1-4 (X)"),
        ([(0, 4, "")], "has no type"),
    ],
)  # fmt: skip
def test_entities_that_do_not_fit_are_refused_with_the_reason(
    spans: list[CharSpan], reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        spans_to_tags(TEXT, TOKENS, spans)


def test_tags_must_be_as_many_as_tokens() -> None:
    with pytest.raises(ValueError, match="2 tokens but 1 tags"):
        tags_to_spans("a b", ("a", "b"), ("O",))


def test_blanks_at_the_borders_are_trimmed() -> None:
    assert trim_span(TEXT, (4, 11, "X")) == (6, 10, "X")
    assert trim_span("a \u200b\ufeff b", (1, 5, "X")) == (5, 5, "X")
    assert trim_span("a ", (1, 3, "X")) == (1, 3, "X")


def test_labels_used() -> None:
    annotations = [
        Annotation("1", "a b", "refund"),
        Annotation("2", "a b", ((0, 1, "X"), (2, 3, "Y"))),
        Annotation("3", "a b"),
    ]
    assert labels_used(annotations) == {"refund", "X", "Y"}


@given(tagged_texts())
def test_tags_and_back_is_the_identity(
    drawn: tuple[str, tuple[str, ...], tuple[CharSpan, ...]],
) -> None:
    text, tokens, spans = drawn
    assert check_spans(text, spans) == spans
    tags = spans_to_tags(text, tokens, spans)
    assert tags_to_spans(text, tokens, tags) == spans


@given(tagged_texts())
def test_offsets_point_at_the_same_words_in_what_is_shown(
    drawn: tuple[str, tuple[str, ...], tuple[CharSpan, ...]],
) -> None:
    text, tokens, spans = drawn
    shown = printable(text)
    for (start, end), token in zip(token_offsets(text, tokens), tokens, strict=True):
        assert text[start:end] == token
        assert shown[start:end] == printable(token)
    assert check_spans(shown, spans) == spans


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=8))
def test_any_tokens_joined_by_blanks_are_found(tokens: list[str]) -> None:
    text = " ".join(tokens)
    assert [text[start:end] for start, end in token_offsets(text, tokens)] == tokens


@given(TEXTS)
def test_a_half_token_is_always_refused(text: str) -> None:
    tokens = words_of(text)
    for start, end in split_words(text):
        if end - start > 1:
            with pytest.raises(ValueError, match="inside the token"):
                spans_to_tags(text, tokens, [(start, end - 1, "X")])
