"""Words in texts, whatever their case and encoding."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.data.caseless import fold, fold_words, holds, places

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("ÄRGER", "viel ärger damit"),
        ("ärger", "VIEL ÄRGER"),
        ("a\u0308rger", "\u00c4rger"),
        ("\u00e4rger", "A\u0308RGER"),
        ("strasse", "Große Straße 9"),
        ("STRASSE", "straße"),
        ("straße", "STRASSE"),
        ("groẞ", "GROSS"),
        ("istanbul", "İSTANBUL'da"),
        ("İstanbul", "istanbul"),
        ("ISPARTA", "ısparta"),
        ("ısparta", "ISPARTA"),
        ("οδοσ", "ΟΔΟΣ"),
        ("ΟΔΟΣ", "οδος"),
        ("hotel", "ＨＯＴＥＬ 東京"),
        ("カード", "ｶｰﾄﾞが届かない"),
        ("각하", "\u1100\u1161\u11a8하"),
        ("weiterleiten", "weiter\u00adleiten"),
        ("❤", "lieb ❤\ufe0f"),
        ("file", "the ﬁle"),
        ("мир", "МИР"),
    ],
)
def test_found(typed: str, text: str) -> None:
    (word,) = fold_words(typed)
    assert holds(text, (word,))
    (start, after), *_ = places(text, word)
    assert fold(text[start:after]) == word


@pytest.mark.parametrize(
    ("typed", "text"),
    [("arger", "Ärger"), ("gru", "gru\u0308n"), ("schon", "schön"), ("%", "100"), ("_", "a b"),
        ("ü", "u")],
)  # fmt: skip
def test_not_found(typed: str, text: str) -> None:
    assert not holds(text, fold_words(typed))
    assert not list(places(text, fold(typed)))


def test_every_word_must_be_there() -> None:
    words = fold_words("  Karte ÄRGER karte ")
    assert words == ("karte", "ärger")
    assert holds("Ärger mit der KARTE", words)
    assert not holds("Ärger", words)
    assert list(places("ärger ÄRGER", "ärger")) == [(0, 5), (6, 11)]


@given(TEXT)
def test_folding_again_changes_nothing_and_case_and_encoding_do_not_matter(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    for form in ("NFC", "NFD"):
        assert fold(unicodedata.normalize(form, text)) == folded


@given(TEXT, st.integers(0, 30), st.integers(1, 8))
def test_a_part_of_a_text_is_found_where_it_is(text: str, start: int, size: int) -> None:
    word = fold(text[start : start + size])
    for first, after in places(text, word):
        assert word in fold(text[first:after])
