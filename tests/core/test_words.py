"""Splitting raw text into words, in many scripts."""

import pytest
from hypothesis import given

from tests.core.unicode_texts import TEXTS
from tui_al.core.data.offsets import token_offsets
from tui_al.core.data.word_split import is_blank, split_words, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Where is my order?", ["Where", "is", "my", "order", "?"]),
        ("don't", ["don", "'", "t"]),
        ("$1,234.56, ok.", ["$", "1,234.56", ",", "ok", "."]),
        ("3.5.2024 v1.2 10kg COVID19", ["3.5.2024", "v1.2", "10kg", "COVID19"]),
        ("a.b 1. ,2", ["a", ".", "b", "1", ".", ",", "2"]),
        ("e\u0301t\u00e9 हिन्दी", ["e\u0301t\u00e9", "हिन्दी"]),
        ("مرحبا، العالم", ["مرحبا", "،", "العالم"]),
        ("日本語ー2か月", ["日", "本", "語", "ー", "2", "か", "月"]),
        ("한국어 서울", ["한국어", "서울"]),
        ("ดีวั", ["ดี", "วั"]),
        ("ok👩\u200d👩\u200d👧!🇩🇪🇫🇷👍🏽", ["ok", "👩\u200d👩\u200d👧", "!", "🇩🇪", "🇫🇷", "👍🏽"]),
        ("1\ufe0f\u20e3 ❤\ufe0f\u200d🔥", ["1\ufe0f\u20e3", "❤\ufe0f\u200d🔥"]),
        ("a\u200bb\ufeffc\u00a0d\u3000e\t\r\nf", ["a", "b", "c", "d", "e", "f"]),
        ("co\u00adop می\u200cروم", ["co\u00adop", "می\u200cروم"]),
        ("\u0301 x", ["\u0301", "x"]),
        ("\x1b[2J", ["\x1b", "[", "2J"]),
        ("snake_case", ["snake_case"]),
        ("", []),
        (" \n\u200b", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert list(words_of(text)) == words


@given(TEXTS)
def test_every_character_but_blanks_is_in_exactly_one_word(text: str) -> None:
    covered = [place for start, end in split_words(text) for place in range(start, end)]
    assert covered == [place for place, character in enumerate(text) if not is_blank(character)]


@given(TEXTS)
def test_the_words_are_found_where_they_were_split(text: str) -> None:
    assert list(token_offsets(text, words_of(text))) == split_words(text)
