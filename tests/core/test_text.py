"""Foreign text is made harmless without changing its length."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.text import ascii_only, cell_width, printable, shorten

DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text(st.characters(exclude_categories=())))
def test_length_stays_and_nothing_dangerous_is_left(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in shown)
    assert not set(shown) & set(DIRECTION)
    shown.encode("utf-8")


@given(st.text(st.characters(categories=("L", "N", "P", "S", "M", "Zs"))))
def test_ordinary_text_is_untouched(text: str) -> None:
    assert printable(text) == text


def test_each_kind_has_its_picture() -> None:
    assert printable("\x1b[2J\x07\t\x7f") == "␛[2J␇␉␡"
    assert printable("a\nb\r") == "a␊b␍"
    assert printable("a\nb\r", keep_newlines=True) == "a\nb␍"
    assert printable("\x9b1m\u202egnp.exe\u2069") == "\ufffd1m\ufffdgnp.exe\ufffd"
    assert printable("x\u2028y\ud800") == "x\u2424y\ufffd"


def test_ascii_spells_signs_out() -> None:
    assert ascii_only("1 ± 2 → “ok” … é") == '1 +- 2 -> "ok" ... ?'


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("漢字", 4), ("e\u0301", 1), ("", 0), ("\u200dx", 1)]
)
def test_cells(text: str, width: int) -> None:
    assert cell_width(text) == width


def test_shorten() -> None:
    assert shorten("banking", 7) == "banking"
    assert shorten("banking", 5) == "bank…"
    assert shorten("漢字漢字", 5) == "漢字…"
    assert shorten("漢字漢字", 4) == "漢…"
    assert shorten("banking", 5, "...") == "ba..."
    assert shorten("banking", 2, "...") == ""
