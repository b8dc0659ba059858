"""Marking entities by tokens: every key's meaning, every refusal, and what holds after any keys at
all."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.unicode_texts import tagged_texts
from tui_al.core.annotation.span_editing import EditHistory, Editing, Mark, Refused
from tui_al.core.data.offsets import spans_to_tags, tags_to_spans, token_offsets
from tui_al.core.data.terminal_text import printable

TEXT = "Yesterday Anna Berg of Nordic Rail met engineers in Oslo ."
TOKENS = TEXT.split()
ANNA, BERG, OF, NORDIC, RAIL, OSLO = 1, 2, 3, 4, 5, 9

PROPOSED = (((10, 14, "PER"), 0.9), ((52, 56, "LOC"), 0.4))


def editing(**options: object) -> Editing:
    return Editing.of(TEXT, TOKENS, **options)  # type: ignore[arg-type]


def at(state: Editing, token: int) -> Editing:
    return state.move_to(token)


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return str(caught.value)


def test_the_model_s_proposals_are_drawn_and_marked_as_such_with_the_cursor_on_the_first() -> None:
    state = editing(proposed=PROPOSED)
    assert state.marks == (Mark(1, 2, "PER", True, 0.9), Mark(9, 10, "LOC", True, 0.4))
    assert state.cursor == ANNA
    assert state.spans == ((10, 14, "PER"), (52, 56, "LOC"))


def test_an_earlier_answer_is_drawn_as_accepted() -> None:
    assert editing(spans=((10, 19, "PER"),)).marks == (Mark(1, 3, "PER"),)


def test_spans_that_split_tokens_overlap_or_lie_outside_are_named() -> None:
    for spans, reason in (
        (((11, 14, "PER"),), "entity 11-14 .PER. does not begin and end where tokens do"),
        (((10, 19, "PER"), (15, 19, "PER")), "overlaps"),
        (((0, 99, "PER"),), "outside the text"),
    ):
        with pytest.raises(ValueError, match=reason):
            editing(spans=spans)


def test_moving_stops_at_the_ends() -> None:
    assert editing().move(-1).cursor == 0
    assert editing().move(3).cursor == 3
    assert editing().move(99).cursor == 10


@pytest.mark.parametrize(
    ("text", "tokens", "stops"),
    [
        ("I don't know", ["I", "don", "'", "t", "know"], [1, 4, 4]),
        ("今日。明日も、雨", list("今日。明日も、雨"), [3, 7, 7]),
        ("a\n(b)", ["a", "(", "b", ")"], [1, 3]),
    ],
)
def test_moving_by_word_goes_over_the_tokens_of_one_word(
    text: str, tokens: list[str], stops: list[int]
) -> None:
    state = Editing.of(text, tokens)
    found = []
    for _ in stops:
        state = state.move_word(1)
        found.append(state.cursor)
    assert found == stops


def test_moving_a_word_back_goes_to_its_beginning_first() -> None:
    state = Editing.of("I don't know", ["I", "don", "'", "t", "know"])
    assert [at(state, place).move_word(-1).cursor for place in (4, 3, 1, 0)] == [1, 1, 0, 0]


def test_moving_by_entity_goes_round() -> None:
    state = editing(spans=((10, 19, "PER"), (23, 34, "ORG"), (52, 56, "LOC")))
    forth = [at(state, place).move_entity(1).cursor for place in (0, 1, 2, 4, 9, 10)]
    assert forth == [1, 4, 4, 9, 1, 1]
    back = [at(state, place).move_entity(-1).cursor for place in (0, 2, 5, 8, 10)]
    assert back == [9, 9, 1, 4, 9]
    assert "no entity to go to" in refusal(lambda: editing().move_entity(1))


def test_a_type_key_marks_the_word_the_selection_or_changes_the_entity() -> None:
    one = at(editing(), OSLO).set_kind("LOC")
    assert one.spans == ((52, 56, "LOC"),)
    two = at(one, ANNA).select().move(1)
    assert two.selection == (1, 3)
    two = two.set_kind("PER")
    assert two.spans == ((10, 19, "PER"), (52, 56, "LOC"))
    assert two.selection is None
    assert at(two, ANNA).set_kind("ORG").spans[0] == (10, 19, "ORG")


def test_selecting_backwards_and_with_extend_is_the_same() -> None:
    back = at(editing(), BERG).select().move(-1)
    assert back.selection == at(editing(), ANNA).extend(1).selection == (1, 3)
    assert back.select().selection is None


def test_a_type_key_on_an_exactly_selected_entity_changes_it() -> None:
    state = editing(spans=((10, 19, "PER"),))
    assert at(state, ANNA).extend(1).set_kind("ORG").spans == ((10, 19, "ORG"),)


def test_an_entity_grows_and_shrinks_at_both_ends_and_keeps_the_cursor() -> None:
    state = at(editing(spans=((23, 34, "ORG"),)), RAIL)
    assert state.move_end(1).spans == ((23, 38, "ORG"),)
    assert state.move_end(-1).spans == ((23, 29, "ORG"),)
    assert state.move_end(-1).cursor == NORDIC
    assert state.move_start(-1).spans == ((20, 34, "ORG"),)
    assert at(state, NORDIC).move_start(1).spans == ((30, 34, "ORG"),)
    assert at(state, NORDIC).move_start(1).cursor == RAIL


def test_what_the_annotator_made_is_not_overlapped_and_the_reason_names_both() -> None:
    state = editing(spans=((10, 14, "PER"), (23, 34, "ORG")))
    assert refusal(lambda: at(state, ANNA).extend(2).set_kind("PER")) == (
        "“Anna Berg of” overlaps [Anna PER]: move its borders with [ ] { }, or delete it with x."
    )
    grown = at(state, NORDIC).move_start(-1).move_start(-1)
    assert "overlaps [Anna PER]" in refusal(lambda: grown.move_start(-1))
    assert at(state, ANNA).move_end(1).move_end(1).spans[0] == (10, 22, "PER")


def test_the_model_s_proposals_give_way_to_the_annotator() -> None:
    state = editing(proposed=PROPOSED)
    assert at(state, 0).extend(2).set_kind("PER").marks == (
        Mark(0, 3, "PER"),
        Mark(9, 10, "LOC", True, 0.4),
    )


def test_changing_a_proposal_accepts_it() -> None:
    state = editing(proposed=PROPOSED)
    for changed in (state.set_kind("PER"), state.set_kind("ORG"), state.move_end(1)):
        assert [mark.proposed for mark in changed.marks] == [False, True]


def test_accepting_goes_to_the_next_proposal() -> None:
    state = editing(proposed=PROPOSED).accept()
    assert [mark.proposed for mark in state.marks] == [False, True]
    assert state.cursor == OSLO
    assert "[Anna PER] is accepted already." in refusal(lambda: at(state, ANNA).accept())
    assert not any(mark.proposed for mark in state.accept().marks)
    assert "no proposal to accept" in refusal(lambda: at(state, 0).accept())


def test_enter_accepts_everything_but_a_selection_without_type() -> None:
    state = editing(proposed=PROPOSED)
    assert state.accept_all().marks == (Mark(1, 2, "PER"), Mark(9, 10, "LOC"))
    assert refusal(lambda: at(state, 4).extend(1).accept_all()) == (
        "“Nordic Rail” is selected and has no type: give it one, or x drops the selection."
    )


def test_delete_drops_the_selection_first_and_then_the_entity() -> None:
    state = editing(proposed=PROPOSED).extend(3)
    assert state.delete().selection is None
    assert state.delete().marks == state.marks
    assert at(state.delete(), ANNA).delete().spans == ((52, 56, "LOC"),)
    assert "no entity to delete" in refusal(lambda: editing().delete())


def test_borders_say_why_they_do_not_move() -> None:
    state = at(editing(), 0).set_kind("PER")
    assert "one token: it cannot shrink. x deletes it." in refusal(lambda: state.move_end(-1))
    assert "one token: it cannot shrink" in refusal(lambda: state.move_start(1))
    assert "The text ends here" in refusal(lambda: state.move_start(-1))
    assert "only with the cursor in it" in refusal(lambda: editing().move_end(1))
    last = at(editing(), 10).set_kind("PER")
    assert "The text ends here" in refusal(lambda: last.move_end(1))


def test_a_text_without_words_has_nothing_to_mark() -> None:
    empty = Editing.of("", [])
    assert empty.move(1).move_word(1).cursor == 0
    assert empty.accept_all().spans == ()
    for call in (empty.select, lambda: empty.set_kind("PER"), lambda: empty.extend(1)):
        assert "nothing to mark" in refusal(call)


def test_an_empty_token_begins_and_ends_no_entity() -> None:
    state = Editing.of("a  b", ["a", "", "b"])
    assert state.extend(2).set_kind("X").spans == ((0, 4, "X"),)
    assert "Token 2 is empty: an entity cannot begin with it." in refusal(
        lambda: at(state, 1).set_kind("X")
    )
    assert "cannot end with it" in refusal(lambda: state.extend(1).set_kind("X"))


ACTIONS: dict[str, Callable[[Editing], Editing]] = {
    "left": lambda s: s.move(-1),
    "right": lambda s: s.move(1),
    "far": lambda s: s.move(4),
    "word": lambda s: s.move_word(1),
    "word back": lambda s: s.move_word(-1),
    "entity": lambda s: s.move_entity(1),
    "entity back": lambda s: s.move_entity(-1),
    "select": lambda s: s.select(),
    "extend": lambda s: s.extend(1),
    "extend back": lambda s: s.extend(-1),
    "PER": lambda s: s.set_kind("PER"),
    "LOC": lambda s: s.set_kind("LOC"),
    "grow": lambda s: s.move_end(1),
    "shrink": lambda s: s.move_end(-1),
    "grow start": lambda s: s.move_start(-1),
    "shrink start": lambda s: s.move_start(1),
    "delete": lambda s: s.delete(),
    "accept": lambda s: s.accept(),
    "accept all": lambda s: s.accept_all(),
}
KEYS = st.lists(st.sampled_from(sorted(ACTIONS)), max_size=40)


@given(tagged_texts(("PER", "場所")), KEYS, st.booleans())
def test_after_any_keys_the_entities_are_apart_whole_tokens_and_exact_offsets(
    tagged: tuple[str, tuple[str, ...], tuple[tuple[int, int, str], ...]],
    keys: list[str],
    proposed: bool,
) -> None:
    text, tokens, spans = tagged
    state = Editing.of(
        text, tokens, () if proposed else spans, [(s, 0.5) for s in spans] if proposed else ()
    )
    assert state.spans == spans
    history = EditHistory(state)
    for key in keys:
        before = history.now
        try:
            history.go(ACTIONS[key](history.now))
        except Refused:
            assert history.now == before
        now = history.now
        assert 0 <= now.cursor < max(1, len(tokens))
        tags = spans_to_tags(text, tokens, now.spans)  # raises unless whole tokens, apart
        assert tags_to_spans(text, tokens, tags) == now.spans
    # what is sanitised for the screen has the same words at the same places
    shown = printable(text, keep_newlines=True)
    for start, end, _ in history.now.spans:
        assert printable(text[start:end], keep_newlines=True) == shown[start:end]
    last = history.now.marks
    while history.undo():
        pass
    assert history.now.spans == spans
    while history.redo():
        pass
    assert history.now.marks == last


def test_undo_takes_back_changes_of_entities_only_and_a_new_change_ends_redoing() -> None:
    history = EditHistory(editing())
    assert not history.undo()
    history.go(history.now.set_kind("PER"))
    history.go(history.now.move(3))
    history.go(history.now.set_kind("ORG"))
    history.go(history.now.move(1).select())
    assert history.undo()
    assert list(history.now.spans) == [(0, 9, "PER")]
    assert history.now.cursor == OF
    assert history.now.anchor is None
    assert history.redo()
    assert len(history.now.spans) == 2
    assert history.undo()
    history.go(at(history.now, OSLO).set_kind("LOC"))
    assert not history.redo()
    assert token_offsets(TEXT, TOKENS)[OSLO] == (52, 56)
