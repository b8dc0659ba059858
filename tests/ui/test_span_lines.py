"""Rows of a text with its entities: every character of a token is drawn once, in order, and no row
is wider than allowed."""

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.core.unicode_texts import tagged_texts
from tui_al.core.annotation.span_editing import Editing, Refused
from tui_al.core.data.offsets import CharSpan
from tui_al.core.data.terminal_text import printable
from tui_al.core.data.word_split import words_of
from tui_al.ui.widgets.span_lines import CARRIER, Layout, Row


def of(text: str, spans: tuple[CharSpan, ...] = (), **options: object) -> Editing:
    return Editing.of(text, words_of(text), spans, **options)  # type: ignore[arg-type]


def rows(state: Editing, width: int) -> list[str]:
    layout = Layout(state, width)
    return ["".join(piece.text for piece in layout.pieces(i)) for i in range(len(layout.rows))]


def test_entities_have_brackets_and_a_type_and_proposals_a_question_mark() -> None:
    state = of("Anna Berg went to Lille.", ((0, 9, "PER"),), proposed=[((18, 23, "LOC"), 0.4)])
    assert rows(state, 80) == ["[Anna Berg PER] went to [Lille LOC?]."]


def test_rows_break_at_blanks_and_keep_words_with_their_signs() -> None:
    assert rows(of("one two, three four"), 8) == ["one two,", "three", "four"]
    assert rows(of("one (two) three"), 9) == ["one (two)", "three"]
    assert rows(of("at Lille.", ((3, 8, "LOC"),)), 12) == [
        "at",
        "[Lille LOC].",
    ]


def test_scripts_without_blanks_break_between_characters_but_before_no_sign() -> None:
    assert rows(of("今日は雨です"), 6) == ["今日は", "雨です"]
    assert rows(of("今日は、雨です"), 6) == ["今日", "は、雨", "です"]


def test_line_breaks_and_indentation_of_the_text_are_kept() -> None:
    assert rows(of("one\n  two\r\n\r\nthree\u2028four"), 20) == [
        "one",
        "  two",
        "",
        "three",
        "four",
    ]
    assert rows(of("a" + "\t" * 50 + "b"), 20) == ["a        b"]


def test_a_word_wider_than_a_row_is_cut() -> None:
    state = of("so " + "x" * 25 + " it", ((3, 28, "PER"),))
    assert rows(state, 10) == ["so", "[" + "x" * 9, "x" * 10, "x" * 6 + " PER", "]", "it"]
    layout = Layout(state, 10)
    assert layout.rows[1:5] == [Row(1, 2), Row(1, 2, 1), Row(1, 2, 2), Row(1, 2, 3)]
    assert [layout.row_of(token) for token in range(3)] == [0, 1, 5]


def test_what_has_no_picture_of_its_own_is_drawn_on_a_carrier() -> None:
    assert rows(Editing.of("\u0301 \u200d x", ["\u0301", "\u200d", "x"]), 20) == [
        f"{CARRIER}\u0301 {CARRIER}\u200d x"
    ]
    assert rows(Editing.of("a  b", ["a", "", "b"]), 20) == [f"a {CARRIER} b"]


def test_columns_and_tokens_find_each_other() -> None:
    layout = Layout(of("Anna Berg went\nhome", ((0, 9, "PER"),)), 40)
    assert [layout.column_of(token) for token in range(4)] == [1, 6, 16, 0]
    assert [layout.token_at(0, column) for column in (0, 4, 5, 8, 12, 16, 99)] == [
        0,
        0,
        1,
        1,
        1,
        2,
        2,
    ]
    assert Layout(of("a\n\nb"), 40).token_at(1, 0) is None


@given(tagged_texts(("PER", "場所")), st.integers(2, 30))
def test_every_token_is_drawn_once_and_in_order_and_no_row_is_too_wide(
    tagged: tuple[str, tuple[str, ...], tuple[CharSpan, ...]], width: int
) -> None:
    text, tokens, spans = tagged
    layout = Layout(Editing.of(text, tokens, spans), width)
    drawn = [""] * len(tokens)
    order = []
    for number in range(len(layout.rows)):
        pieces = layout.pieces(number)
        assert cell_len("".join(piece.text for piece in pieces)) <= width
        for piece in pieces:
            if piece.role == "token":
                drawn[piece.token] += piece.text
                order.append(piece.token)
    assert [text.removeprefix(CARRIER) for text in drawn] == [printable(token) for token in tokens]
    assert order == sorted(order)


@given(
    tagged_texts(),
    st.integers(2, 30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), st.sampled_from(["A", "BB BB", ""]))),
)
@example(  # the first row looks ahead to where the third one begins
    (
        "e\u0301\u200b0\ufffee\u0301\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7",
        ("e\u0301", "0", "\ufffe", "e\u0301", "\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"),
        ((5, 11, "PER"),),
    ),
    12,
    [(3, 0, "A"), (5, 0, "A"), (5, 0, "")],
)
def test_rows_after_changes_are_those_of_a_fresh_start(
    tagged: tuple[str, tuple[str, ...], tuple[CharSpan, ...]],
    width: int,
    changes: list[tuple[int, int, str]],
) -> None:
    text, tokens, spans = tagged
    state = Editing.of(text, tokens, (), [(span, 0.5) for span in spans])
    layout = Layout(state, width)
    for place, length, kind in changes:
        try:
            state = state.move_to(place)
            state = state.extend(length).set_kind(kind) if kind else state.delete()
        except Refused:
            continue
        layout.change(state)
        assert layout.rows == Layout(state, width).rows
