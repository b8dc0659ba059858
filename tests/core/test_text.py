"""Foreign text is made harmless without changing its length."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_al.core.data.terminal_text import (
    ascii_only,
    printable,
    shorten,
    shorten_apart,
    shorten_middle,
    without_common_parts,
)

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
    assert ascii_only("1 ± 2 → “ok” … é") == '1 +/- 2 -> "ok" ... ?'


def test_shorten() -> None:
    assert shorten("banking", 7) == "banking"
    assert shorten("banking", 5) == "bank…"
    assert shorten("漢字漢字", 5) == "漢字…"
    assert shorten("漢字漢字", 4) == "漢…"
    assert shorten("banking", 5, "...") == "ba..."
    assert shorten("banking", 2, "...") == ""
    assert shorten("👩‍👩‍👧👩‍👩‍👧", 3) == "👩‍👩‍👧…"
    assert shorten("❤️❤️", 3) == "❤️…"


def test_shorten_middle_keeps_both_ends() -> None:
    assert shorten_middle("banking", 7) == "banking"
    assert shorten_middle("banking77", 6) == "ban…77"
    assert shorten_middle("漢字漢字", 6) == "漢…字"
    assert shorten_middle("banking", 1) == "…"


#: Text with what takes no column, one or two, and what only counts together with its neighbour.
CELLS = st.lists(
    st.sampled_from([*"ab-/", "漢", "é", "e\u0301", "❤\ufe0f", "👩\u200d👧", "\u200d"])
).map("".join)


@given(CELLS, st.integers(0, 12))
def test_cut_text_is_never_wider_as_the_terminal_counts(text: str, width: int) -> None:
    for cut in (shorten, shorten_middle):
        assert cell_len(cut(text, width)) <= max(width, 0)
        assert cell_len(text) > width or cut(text, width) == text


@given(st.lists(CELLS, max_size=5), st.integers(1, 12))
def test_names_cut_together_are_never_wider(names: list[str], width: int) -> None:
    assert all(cell_len(cut) <= width for cut in shorten_apart(names, width))


def test_names_are_cut_where_they_do_not_differ() -> None:
    assert shorten_apart(["lc", "bt"], 5) == ["lc", "bt"]
    assert shorten_apart(["random-full", "lc-adapter"], 7) == ["random…", "lc-ada…"]
    ends = ["banking77-full-lc", "banking77-full-bt", "tickets"]
    assert shorten_apart(ends, 10) == ["banki…l-lc", "banki…l-bt", "tickets"]
    within = ["a" * 20 + "-adapter-" + "z" * 20, "a" * 20 + "-full-" + "z" * 20]
    first, second = shorten_apart(within, 14)
    assert ("adapter"[:3] in first, "full"[:3] in second) == (True, True)
    twins = [f"{'a' * 20}{n}{'b' * 20}{m}{'c' * 20}" for n in "12" for m in "34"]
    assert len(set(shorten_apart(twins[::3], 10))) == 2


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["tickets-adapter", "tickets-full"], ["adapter", "full"]),
        (["full · lc", "full · bt", "random"], ["full · lc", "full · bt", "random"]),
        (["full · lc", "full · bt"], ["lc", "bt"]),
        (["a-lc-2026", "a-bt-2026"], ["lc", "bt"]),
        (["tickets-lc", "tickets-lc-2"], ["lc", "lc-2"]),
        (["tickets", "tickets-2"], ["tickets", "tickets-2"]),
        (["one"], ["one"]),
        ([], []),
        (["same", "same"], ["same", "same"]),
        (["--", "-"], ["--", "-"]),
        (["x.1", "x-1"], ["x.1", "x-1"]),
    ],
)
def test_words_that_all_names_have_are_left_out(names: list[str], short: list[str]) -> None:
    assert without_common_parts(names) == short


@given(st.lists(st.text("ab-_ ·", max_size=8), unique=True, max_size=5))
def test_what_is_left_of_names_tells_them_apart(names: list[str]) -> None:
    short = without_common_parts(names)
    assert len(set(short)) == len(names)
    assert all(a in b for a, b in zip(short, names, strict=True))
