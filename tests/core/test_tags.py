"""Tag sequences: hand-worked readings, and properties that hold for every sequence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.data.tags import (
    Scheme,
    is_tag,
    is_well_formed,
    scheme_of,
    spans_of,
    split_tag,
    tags_of,
    to_iob2,
)

ANY_TAG = st.one_of(
    st.just("O"), st.builds("{}-{}".format, st.sampled_from("BIELSU"), st.sampled_from("XY"))
)
ANY_SEQUENCE = st.lists(ANY_TAG, max_size=12)


@st.composite
def spans_and_length(draw: st.DrawFn) -> tuple[list[tuple[int, int, str]], int]:
    spans, position = [], 0
    for _ in range(draw(st.integers(0, 5))):
        start = position + draw(st.integers(0, 2))
        position = start + draw(st.integers(1, 4))
        spans.append((start, position, draw(st.sampled_from(["PER", "LOC", "a-b"]))))
    return spans, position + draw(st.integers(0, 2))


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("", []),
        ("O O", []),
        ("B-X I-X O", [(0, 2, "X")]),
        ("B-X B-X", [(0, 1, "X"), (1, 2, "X")]),
        ("I-X I-X O I-Y", [(0, 2, "X"), (3, 4, "Y")]),
        ("O I-X I-Y", [(1, 2, "X"), (2, 3, "Y")]),
        ("B-X I-Y I-Y", [(0, 1, "X"), (1, 3, "Y")]),
        ("B-X E-X I-X", [(0, 2, "X"), (2, 3, "X")]),
        ("S-X S-X B-Y E-Y", [(0, 1, "X"), (1, 2, "X"), (2, 4, "Y")]),
        ("O E-X E-X", [(1, 2, "X"), (2, 3, "X")]),
        ("U-X B-Y I-Y L-Y", [(0, 1, "X"), (1, 4, "Y")]),
        ("B-X E-Y", [(0, 1, "X"), (1, 2, "Y")]),
        ("I-a-b I-a-b", [(0, 2, "a-b")]),
    ],
)
def test_spans_are_read_as_the_conll_script_does(tags: str, spans: list[object]) -> None:
    assert spans_of(tags.split()) == spans


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        (Scheme.IOB1, "I-X I-X B-X I-Y O I-X"),
        (Scheme.IOB2, "B-X I-X B-X B-Y O B-X"),
        (Scheme.BIOES, "B-X E-X S-X S-Y O S-X"),
        (Scheme.BILOU, "B-X L-X U-X U-Y O U-X"),
    ],
)
def test_the_same_entities_in_every_scheme(scheme: Scheme, tags: str) -> None:
    spans = [(0, 2, "X"), (2, 3, "X"), (3, 4, "Y"), (5, 6, "X")]
    assert tags_of(spans, 6, scheme) == tuple(tags.split())
    assert spans_of(tags.split()) == spans
    assert scheme_of([tags.split()]) is scheme


def test_three_tokens_in_bioes() -> None:
    assert tags_of([(1, 4, "X")], 5, Scheme.BIOES) == ("O", "B-X", "I-X", "E-X", "O")


@pytest.mark.parametrize("tag", ["", "B", "B-", "B- ", "X-PER", "PER", "B_PER", "o", "-", "M-PER"])
def test_other_forms_are_no_tags(tag: str) -> None:
    assert not is_tag(tag)
    with pytest.raises(ValueError, match="is not a tag"):
        spans_of(["O", tag])


def test_types_may_hold_anything_after_the_dash() -> None:
    assert split_tag("I-a-b c") == ("I", "a-b c")


@pytest.mark.parametrize("spans", [[(0, 2, "X"), (1, 3, "X")], [(0, 4, "X")], [(1, 1, "X")]])
def test_spans_that_do_not_fit_are_refused(spans: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError, match="overlaps"):
        tags_of(spans, 3)


def test_one_broken_sentence_does_not_change_the_scheme() -> None:
    good = ["B-X", "I-X", "O"]
    assert scheme_of([good, good, ["O", "I-X", "O"]]) is Scheme.IOB2
    assert scheme_of([["I-X", "I-X"], ["O", "I-Y"], ["B-X", "O"]]) is Scheme.IOB1


def test_a_corpus_without_entities_counts_as_iob2() -> None:
    assert scheme_of([["O", "O"], []]) is Scheme.IOB2


def test_mixed_letters_are_refused() -> None:
    with pytest.raises(ValueError, match="mixed"):
        scheme_of([["S-X"], ["U-X"]])


@given(spans_and_length(), st.sampled_from(Scheme))
def test_writing_and_reading_is_the_identity(
    drawn: tuple[list[tuple[int, int, str]], int], scheme: Scheme
) -> None:
    spans, length = drawn
    tags = tags_of(spans, length, scheme)
    assert len(tags) == length
    assert spans_of(tags) == spans
    assert is_well_formed(tags, scheme)


@given(ANY_SEQUENCE)
def test_conversion_keeps_the_entities_and_is_idempotent(tags: list[str]) -> None:
    converted = to_iob2(tags)
    assert spans_of(converted) == spans_of(tags)
    assert to_iob2(converted) == converted
    assert [tag == "O" for tag in converted] == [tag == "O" for tag in tags]
    assert all(
        previous[2:] == tag[2:] and previous != "O"
        for previous, tag in zip(("O", *converted), converted, strict=False)
        if tag.startswith("I-")
    )
