"""Spellings of tags: hand-worked translations, what is refused, and entities that survive every
spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_tags import spans_and_length
from tui_al.core.data.tag_notation import PLAIN, Form, Notation, notation_of, numbered
from tui_al.core.data.tags import Scheme, Span, spans_of, tags_of


def found(*sentences: str) -> Notation:
    notation = notation_of([sentence.split() for sentence in sentences])
    assert notation is not None
    return notation


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ("B-PER I-PER O", "B-PER I-PER O"),
        ("I-PER I-PER B-PER O", "I-PER I-PER B-PER O"),
        ("B-X M-X M-X E-X O S-X", "B-X I-X I-X E-X O S-X"),
        ("B-X M-X E-X O W-X", "B-X I-X E-X O S-X"),
        ("B-X I-X L-X O U-X", "B-X I-X L-X O U-X"),
        ("b-per i-per o", "B-per I-per O"),
        ("B_PER I_PER O", "B-PER I-PER O"),
        ("B:PER I:PER O", "B-PER I-PER O"),
        ("PER-B PER-I O LOC-B", "B-PER I-PER O B-LOC"),
        ("per_b per_i o", "B-per I-per O"),
        ("B-a-b I-a-b O", "B-a-b I-a-b O"),
        ("B I O B", "B-ENTITY I-ENTITY O B-ENTITY"),
        ("b i o", "B-ENTITY I-ENTITY O"),
        ("B M E O S", "B-ENTITY I-ENTITY E-ENTITY O S-ENTITY"),
        ("B I L O U", "B-ENTITY I-ENTITY L-ENTITY O U-ENTITY"),
        ("PER PER O LOC", "I-PER I-PER O I-LOC"),
        ("art-film O O person-actor", "I-art-film O O I-person-actor"),
        ("B-PER _ _", "B-PER O O"),
        ("(PER* *) * (LOC)", "B-PER I-PER O B-LOC"),
        ("(PER*) * * (LOC* * *)", "B-PER O O B-LOC I-LOC I-LOC"),
        ("O O", "O O"),
    ],
)
def test_spellings(tags: str, read: str) -> None:
    assert found(tags).read(tags.split()) == tuple(read.split())


@pytest.mark.parametrize(
    "tags",
    [
        "DET NOUN VERB",  # parts of speech: no O
        "",
        "3.1 4.2 O",
        "B-PER PER O LOC",  # neither the one nor the other
        "(PER* (LOC) *) x",
    ],
)
def test_no_notation(tags: str) -> None:
    assert notation_of([tags.split()]) is None


@pytest.mark.parametrize(
    ("sample", "later", "message"),
    [
        ("B-PER I-PER O", "O PER", "token 2 has the tag 'PER', which is not a tag"),
        ("B-PER I-PER O", "M-PER", "not a tag of a known form"),
        ("B-PER I-PER O", "b-PER", "not a tag of a known form"),
        ("PER O", "O B-PER", "token 2 has the tag 'B-PER', but the sentences before have types"),
        ("B I O", "O X", "token 2 has the tag 'X', but the sentences before have B, I and O only"),
        ("(PER*) *", "(PER* (LOC)", "token 2 has '\\(LOC\\)', where no such bracket can be"),
        ("(PER*) *", "*)", "token 1 has '\\*\\)'"),
        ("(PER*) *", "* (PER*", "'PER' is opened, but not closed"),
    ],
)
def test_a_tag_that_contradicts_the_sample(sample: str, later: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        found(sample).read(later.split())


def test_letters_that_the_sample_did_not_have_are_read() -> None:
    assert found("B-X I-X O").read(["S-X", "E-Y", "U-X"]) == ("S-X", "E-Y", "U-X")
    assert PLAIN.read(["B-X", "O"]) == ("B-X", "O")


def test_a_few_misfits_do_not_hide_the_form() -> None:
    notation = found("B-PER I-PER O B-LOC B-LOC I-LOC O oops")
    assert (notation.form, notation.one("oops")) == (Form.TYPED, None)


def test_numbers() -> None:
    assert found("1 2 0 0 3").form is Form.NUMBERS
    notation = numbered(["O", "B-PER", "I-PER", "B-LOC"])
    assert notation.read(["1", "2", "0", "3"]) == ("B-PER", "I-PER", "O", "B-LOC")
    assert numbered(["PER", "O"]).read(["1", "0"]) == ("O", "I-PER")
    with pytest.raises(ValueError, match="token 1 has the tag '4', but there are names for 0 to 3"):
        notation.read(["4"])


@pytest.mark.parametrize("names", [["kettle", "parcel"], ["B-PER", "I-PER"], ["0", "1"], []])
def test_names_of_numbers_are_tags(names: list[str]) -> None:
    with pytest.raises(ValueError, match=r"no tags|none of them is O"):
        numbered(names)


@pytest.mark.parametrize(
    ("tags", "note"),
    [
        ("B I O", "tags: B, I name no type: every entity is called ENTITY"),
        ("PER O", "tags: types alone, without B- and I-: neighbours of one type are read as one "
            "entity"),
        ("b_per i_per o", "tags: written as b_TYPE"),
        ("PER-B O", "tags: written as TYPE-B"),
        ("B-PER _", "tags: '_' read as O (no entity)"),
    ],
)  # fmt: skip
def test_what_was_decided_is_told(tags: str, note: str) -> None:
    assert found(tags).notes() == [note]


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("B-X M-X E-X", "BMES"),
        ("B-X M-X E-X W-X", "BMEWO"),
        ("X O", "IO (types alone)"),
        ("(X*) *", "brackets"),
        ("B-X I-X O", ""),
    ],
)
def test_schemes_without_a_name_elsewhere(tags: str, scheme: str) -> None:
    assert found(tags).scheme == scheme


def spelled(tags: tuple[str, ...], how: str) -> list[str]:
    """Tags of `core.data.tags` in another spelling."""
    if how == "small":
        return [tag[0].lower() + tag[1:] for tag in tags]
    if how == "underscore":
        return [tag.replace("-", "_", 1) for tag in tags]
    if how == "type first":
        return [tag if tag == "O" else f"{tag[2:]}-{tag[0]}" for tag in tags]
    if how == "BMES":
        return ["M" + tag[1:] if tag[0] == "I" else tag for tag in tags]
    return list(tags)


@given(
    spans_and_length(),
    st.sampled_from(Scheme),
    st.sampled_from(["plain", "small", "underscore", "type first"]),
)
def test_entities_survive_schemes_and_spellings(
    drawn: tuple[list[Span], int], scheme: Scheme, how: str
) -> None:
    spans, length = drawn
    written = spelled(tags_of(spans, length, scheme), how)
    notation = notation_of([[*written, "O" if how != "small" else "o"]])
    assert notation is not None
    assert spans_of(notation.read(written)) == spans


@given(spans_and_length())
def test_entities_survive_bmes(drawn: tuple[list[Span], int]) -> None:
    spans, length = drawn
    written = spelled(tags_of(spans, length, Scheme.BIOES), "BMES")
    notation = notation_of([["B-Q", "M-Q", "E-Q", "O"], written])
    assert notation is not None
    assert spans_of(notation.read(written)) == spans


@given(spans_and_length())
def test_entities_survive_brackets(drawn: tuple[list[Span], int]) -> None:
    spans, length = drawn
    written = ["*"] * length
    for start, end, kind in spans:
        written[start] = f"({kind}*"
        written[end - 1] += ")"
    notation = notation_of([["(Q*)", "*"], written])
    assert notation is not None
    assert spans_of(notation.read(written)) == spans


@given(spans_and_length())
def test_types_alone_merge_only_neighbours_of_one_type(drawn: tuple[list[Span], int]) -> None:
    spans, length = drawn
    written = ["O"] * length
    for start, end, kind in spans:
        written[start:end] = [kind] * (end - start)
    merged: list[Span] = []
    for start, end, kind in spans:
        if merged and merged[-1][1:] == (start, kind):
            merged[-1] = (merged[-1][0], end, kind)
        else:
            merged.append((start, end, kind))
    notation = notation_of([["Q", "O"], written])
    assert notation is not None
    assert spans_of(notation.read(written)) == merged
