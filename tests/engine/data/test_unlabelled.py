"""Data that nobody has labelled yet: task and labels as the person names them, words found in raw
texts."""

import pytest

from tests.engine.data.loading import Load
from tui_al.core.data.examples import Task
from tui_al.core.data.offsets import token_offsets
from tui_al.errors import ConfigError, DataError


def test_plain_texts_with_named_labels(load_text: Load) -> None:
    data = load_text("pool.txt", "first text\nsecond text\n", labels=("spam", "ham"))
    assert (data.task, data.labels) == (Task.CLASSIFICATION, ("spam", "ham"))
    assert [e.answer for e in data.train] == [None, None]


def test_named_labels_come_first_and_those_of_the_data_after(load_text: Load) -> None:
    data = load_text("a.csv", "text,label\none,b\ntwo,\nthree,a\n", labels=("z", "b"))
    assert data.labels == ("z", "b", "a")
    assert [e.answer for e in data.train] == ["b", None, "a"]


def test_raw_texts_are_split_into_words_that_lie_where_they_are(load_text: Load) -> None:
    text = "Dr. Anna Berg's  train to 東京 costs 1,200.50 €!"
    data = load_text("pool.txt", f"{text}\n", task="tagging", labels=("PER",))
    (example,) = data.train
    assert data.task is Task.TAGGING
    assert example.text == text
    assert example.tokens == (
        "Dr", ".", "Anna", "Berg", "'", "s", "train", "to", "東", "京", "costs", "1,200.50", "€", "!",  # noqa: E501
    )  # fmt: skip
    offsets = token_offsets(example.text, example.tokens)
    assert [text[a:b] for a, b in offsets] == list(example.tokens)
    assert any("split into words" in note for note in data.notes)


def test_a_table_s_text_column_can_be_tagged(load_text: Load) -> None:
    data = load_text("a.csv", "id,text\n1,Anna left\n2,Rain in Oslo\n", task="tagging")
    assert [e.tokens for e in data.train] == [("Anna", "left"), ("Rain", "in", "Oslo")]
    assert data.labels == ()


def test_tokens_without_tags_are_untagged(load_text: Load) -> None:
    data = load_text(
        "a.jsonl", '{"tokens": ["Anna", "left"]}\n{"tokens": ["Rain"]}\n', task="tagging"
    )
    assert [(e.tokens, e.answer) for e in data.train] == [
        (("Anna", "left"), None),
        (("Rain",), None),
    ]


def test_raw_texts_beside_a_tagged_test(load_folder: Load) -> None:
    conll = "Anna B-PER\nleft O\n\nOslo B-LOC\nis O\ncold O\n"
    data = load_folder(
        {"train.txt": "Ben came.\nRain in Bern\n", "test.conll": conll}, task="tagging"
    )
    assert [e.tokens for e in data.train] == [("Ben", "came", "."), ("Rain", "in", "Bern")]
    assert [e.answer for e in data.test] == [("B-PER", "O"), ("B-LOC", "O", "O")]
    assert data.labels == ("LOC", "PER")


def test_tagged_files_are_no_texts_to_classify(load_text: Load) -> None:
    with pytest.raises(DataError, match="tagged tokens"):
        load_text("a.conll", "Anna B-PER\nleft O\n", task="classification")


def test_an_unknown_task_is_refused(load_text: Load) -> None:
    with pytest.raises(ConfigError, match="task = 'ner' is unknown"):
        load_text("pool.txt", "a\n", task="ner")
