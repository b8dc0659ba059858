"""CoNLL columns, and lists of tokens and tags: schemes, repairs, refusals."""

import json

import pytest

from tests.engine.data.loading import Load
from tui_al.core.data.examples import Task
from tui_al.errors import DataError


def lines(*sentences: str) -> str:
    """`"Ann/B-PER ran/O"` as token lines."""
    return "\n\n".join(
        "\n".join(word.replace("/", " ") for word in sentence.split()) for sentence in sentences
    )


def test_conll(load_text: Load) -> None:
    data = load_text("a.conll", lines("Ann/B-PER Lee/I-PER ran/O", "In/O Rome/B-LOC") + "\n")
    assert data.task is Task.TAGGING
    assert data.labels == ("LOC", "PER")
    assert data.tags == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    first, second = data.train
    assert first.tokens == ("Ann", "Lee", "ran")
    assert first.text == "Ann Lee ran"
    assert first.answer == ("B-PER", "I-PER", "O")
    assert (first.origin, second.origin) == ("a.conll:1", "a.conll:5")
    assert not data.warnings


def test_first_and_last_of_four_columns_documents_and_comments(load_text: Load) -> None:
    content = (
        "# sent_id = 1\n-DOCSTART- -X- -X- O\n\nAnn NNP I-NP I-PER\nran VBD I-VP O\n\n"
        "-DOCSTART- -X- -X- O\n\n# sent_id = 2\n# NN I-NP O\nRome NNP I-NP I-LOC\n"
    )
    data = load_text("eng.train", content)
    assert [example.tokens for example in data.train] == [("Ann", "ran"), ("#", "Rome")]
    assert data.train[0].answer == ("B-PER", "O")
    assert "eng.train: 2 -DOCSTART- lines skipped" in data.notes
    assert "eng.train: 2 comment lines skipped" in data.notes
    assert "tags: IOB1 converted to IOB2" in data.notes
    chunks = load_text("eng.train", content, tags_column="3")
    assert chunks.labels == ("NP", "VP")
    with pytest.raises(DataError, match="no column '5'"):
        load_text("eng.train", content, tags_column="5")


@pytest.mark.parametrize(
    ("scheme", "sentence"),
    [
        ("IOB1", "a/I-X b/I-X c/B-X d/O e/I-Y"),
        ("BIOES", "a/B-X b/E-X c/S-X d/O e/S-Y"),
        ("BILOU", "a/B-X b/L-X c/U-X d/O e/U-Y"),
    ],
)
def test_schemes_become_iob2(load_text: Load, scheme: str, sentence: str) -> None:
    data = load_text("a.bio", lines(sentence))
    assert data.train[0].answer == ("B-X", "I-X", "B-X", "O", "B-Y")
    assert f"tags: {scheme} converted to IOB2" in data.notes
    assert not data.warnings


def test_malformed_sequences_are_repaired_and_counted(load_text: Load) -> None:
    data = load_text("a.iob", lines("a/B-X b/I-X", "a/B-X c/B-X", "O/O d/I-X e/I-Y", "f/B-Y b/I-Y"))
    assert data.train[2].answer == ("O", "B-X", "B-Y")
    assert data.warnings == ("1 tag sequence malformed, read as the CoNLL script does (a.iob:7)",)


def test_text_file_that_looks_like_conll(load_text: Load) -> None:
    data = load_text("a.txt", lines("Ann/B-PER ran/O"))
    assert data.train[0].answer == ("B-PER", "O")
    assert any("read as CoNLL columns" in note for note in data.notes)


def test_tabs_keep_spaces_inside_tokens(load_text: Load) -> None:
    data = load_text("a.conll", "10 000\tB-N\nmen\tO\n\n\u00a0\tO\nx\tO\n")
    assert data.train[0].tokens == ("10 000", "men")
    assert data.train[1].tokens == ("\u00a0", "x")
    assert any("1 sentence with an empty token" in warning for warning in data.warnings)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a O\nb\n", r"a\.conll:2: 1 column, but the other lines have 2, apart by blanks"),
        ("a O\nb B-PER\nc PER\nd B-X\ne I-X\nf B-X\n", r"a\.conll:1: token 3 has the tag 'PER'"),
        ("a S-X\nb U-X\n", "no single scheme"),
        ("a O\nb O\n", "no entity"),
        ("\n\n-DOCSTART- O\n\n", "no tokens"),
    ],
)
def test_bad_conll_is_refused(load_text: Load, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_text("a.conll", content)


def test_lists_in_json_lines(load_text: Load) -> None:
    rows = [
        {"id": 1, "words": ["Ann", "ran"], "pos_tags": ["N", "V"], "ner_tags": ["B-PER", "O"]},
        {"id": 2, "words": ["Bo", "too"], "pos_tags": ["N", "R"], "ner_tags": None},
    ]
    data = load_text("a.jsonl", "\n".join(map(json.dumps, rows)))
    assert [example.answer for example in data.train] == [("B-PER", "O"), None]
    assert "1 of 2 training rows unlabelled" in data.notes
    assert "tokens column: words (guessed; --tokens-column overrides)" in data.notes
    assert "tags column: ner_tags (guessed; --tags-column overrides)" in data.notes


@pytest.mark.parametrize(
    ("tokens", "tags", "message"),
    [
        (["a", "b"], ["O"], r"a\.jsonl:1: 2 tokens but 1 tag\."),
        (["a"], ["x"], "token 1 has the tag 'x'"),
    ],
)
def test_tokens_and_tags_that_do_not_pair(
    load_text: Load, tokens: list[str], tags: list[object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        load_text("a.jsonl", json.dumps({"tokens": tokens, "tags": tags}))


def test_a_cell_that_is_no_list_of_tokens(load_text: Load) -> None:
    content = json.dumps({"sent": 3, "marks": "O O"})
    with pytest.raises(DataError, match="not a list"):
        load_text("a.jsonl", content, tokens_column="sent", tags_column="marks")
