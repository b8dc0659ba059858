"""What is counted and kept, what is counted and left out, and what cannot be learned from."""

import json

import pytest

from tests.engine.data.loading import Load
from tui_al.errors import DataError

HEAD = "text,label\n"


def test_empty_texts_are_left_out_and_named(load_folder: Load) -> None:
    data = load_folder(
        {"train.csv": HEAD + "a,x\n  ,y\nb,y\n\u3000,x\n", "test.csv": HEAD + "c,x\n,y\n"}
    )
    assert (len(data.train), len(data.test)) == (2, 1)
    assert "train: 2 empty texts left out (train.csv:3, train.csv:5)" in data.warnings
    assert "test: 1 empty text left out (test.csv:3)" in data.warnings


def test_long_texts_are_kept(load_text: Load) -> None:
    data = load_text("a.csv", HEAD + "w" * 20_001 + ",x\n" + "v" * 20_000 + ",y\n")
    assert len(data.train) == 2
    assert data.warnings == ("1 text of over 20,000 characters (a.csv:2)",)


def test_repeats_contradictions_and_leaks(load_folder: Load) -> None:
    data = load_folder(
        {
            "train.csv": HEAD + "a,x\nb,y\na,x\nc,x\nb,x\nd,\nd,x\n",
            "test.csv": HEAD + "a,x\nnew,y\n",
        }
    )
    assert len(data.train) == 7
    assert data.warnings == (
        "train: 3 rows repeat an earlier text (train.csv:4, train.csv:6, train.csv:8)",
        "train: 1 text with contradicting labels (train.csv:3 and train.csv:6)",
        "1 text of the test also in train (test.csv:2)",
    )


def test_labels_that_only_the_test_has(load_folder: Load) -> None:
    test = "".join(f"t{i},new{i}\n" for i in range(7))
    data = load_folder({"train.csv": HEAD + "a,x\nb,y\n", "test.csv": HEAD + test})
    assert data.warnings == (
        "7 labels of the test not in train: new0, new1, new2, new3, new4 and 2 more",
    )
    assert data.labels == (*(f"new{i}" for i in range(7)), "x", "y")


def test_entity_types_that_only_the_test_has(load_folder: Load) -> None:
    data = load_folder({"train.conll": "a B-X\n", "test.conll": "b B-Y\n"})
    assert data.warnings == ("1 entity type of the test not in train: Y",)
    assert data.labels == ("X", "Y")


@pytest.mark.parametrize("content", ["a,x\nb,x\n", "a,x\nb, x\n"])
def test_one_class_is_refused(load_text: Load, content: str) -> None:
    with pytest.raises(DataError, match="label 'x'"):
        load_text("a.csv", HEAD + content)


def test_white_space_around_labels(load_text: Load) -> None:
    data = load_text("a.csv", HEAD + "a,x\nb, x\nc,y \n")
    assert [row.answer for row in data.train] == ["x", "x", "y"]
    assert "spellings of one label became one: x (' x', 'x')" in data.notes


def test_nul_characters_and_broken_unicode(load_text: Load) -> None:
    rows = [
        {"text": "a\0b", "label": "x\0"},
        {"text": "c \ud800 d", "label": "y"},
        {"text": "fine 😀", "label": "x"},
    ]
    data = load_text("a.jsonl", "\n".join(map(json.dumps, rows)))
    assert [row.text for row in data.train] == ["ab", "c \ufffd d", "fine 😀"]
    assert data.labels == ("x", "y")
    assert data.warnings == (
        "2 rows with NUL characters or broken Unicode mended (a.jsonl:1, a.jsonl:2)",
    )


def test_nul_in_csv(load_text: Load) -> None:
    assert load_text("a.csv", HEAD + "a\0b,x\nc,y\n").train[0].text == "ab"


def test_nearly_as_many_labels_as_rows(load_text: Load) -> None:
    data = load_text("a.csv", HEAD + "".join(f"t {i},l{i}\n" for i in range(20)))
    assert "20 labels in 20 labelled rows: is this the label column?" in data.warnings


def test_only_empty_texts(load_text: Load) -> None:
    with pytest.raises(DataError, match="no row to train on"):
        load_text("a.csv", HEAD + " ,x\n ,y\n")


def test_values_that_are_no_strings(load_text: Load) -> None:
    data = load_text("a.jsonl", '{"text": "a", "label": true}\n{"text": "b", "label": false}\n')
    assert data.labels == ("false", "true")
