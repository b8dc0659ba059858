"""Which columns are taken, what is said about it, and what the person can override."""

import pytest

from tests.engine.data.loading import Load
from tui_al.core.data.examples import Task
from tui_al.errors import DataError


def csv(header: str, *rows: str) -> str:
    return "\n".join((header, *rows)) + "\n"


def test_guesses_are_told_with_the_option_that_overrides_them(load_text: Load) -> None:
    data = load_text("a.csv", csv("id,body,intent", "1,hello there,greet", "2,bye now,leave"))
    assert data.notes == (
        "text column: body (guessed; --text-column overrides)",
        "label column: intent (guessed; --label-column overrides)",
    )


def test_the_longer_of_two_text_columns(load_text: Load) -> None:
    rows = (
        "War ends,It ended on Monday after long talks,World",
        "Cup won,They won it again,Sports",
    )
    data = load_text("a.csv", csv("title,description,class", *rows))
    assert data.train[1].text == "They won it again"
    assert any("description (guessed: longer than title;" in note for note in data.notes)


def test_content_decides_where_names_do_not(load_text: Load) -> None:
    rows = [f"{i},the long words of row {i},{'ab'[i % 2]}" for i in range(8)]
    data = load_text("a.csv", csv("nr,foo,bar", *rows))
    assert data.train[0].text == "the long words of row 0"
    assert data.labels == ("a", "b")


def test_a_word_in_the_name_counts(load_text: Load) -> None:
    rows = ("u1,short,1,good", "u2,tiny,0,bad", "u3,small,1,good")
    data = load_text("a.csv", csv("user,review_text,stars,Sentiment Class", *rows))
    assert data.train[0].text == "short"
    assert data.labels == ("bad", "good")


def test_names_of_labels_win_over_their_numbers(load_text: Load) -> None:
    data = load_text("a.csv", csv("text,label,label_text", "aa bb,0,no", "cc dd,1,yes"))
    assert data.labels == ("no", "yes")
    assert data.train[0].text == "aa bb"


def test_overrides_win(load_text: Load) -> None:
    content = csv("text,label,summary,mood", "long long text,a,s1,m", "another text,b,s2,n")
    data = load_text("a.csv", content, text_column="summary", label_column="mood")
    assert [(row.text, row.answer) for row in data.train] == [("s1", "m"), ("s2", "n")]
    assert data.notes == ()


@pytest.mark.parametrize("option", ["text_column", "label_column", "tokens_column", "tags_column"])
def test_a_missing_column_lists_those_there_are(load_text: Load, option: str) -> None:
    with pytest.raises(DataError, match="no column 'nope'") as caught:
        load_text("a.csv", csv("text,label", "a,x", "b,y"), **{option: "nope"})
    assert caught.value.hint.startswith("It has text, label.")
    assert f"--{option.replace('_', '-')}" in caught.value.hint


def test_one_column_cannot_be_both(load_text: Load) -> None:
    with pytest.raises(DataError, match="both the text and the label"):
        load_text("a.csv", csv("text,label", "a,x"), text_column="label", label_column="label")


def test_no_text_at_all(load_text: Load) -> None:
    with pytest.raises(DataError, match="no column that looks like texts"):
        load_text("a.jsonl", '{"x": 1.5}\n{"x": 2.5}\n')


def test_no_label_column_is_said_loudly(load_text: Load) -> None:
    data = load_text("a.csv", csv("text,score", "a,0.1", "b,0.2", "c,0.7"))
    assert data.labels == ()
    assert any("no label column was found among text, score" in note for note in data.notes)


def test_several_labels_a_text_are_refused(load_text: Load) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl:1: the column 'labels' holds a list"):
        load_text("a.jsonl", '{"text": "a", "labels": ["x", "y"]}\n')


def test_texts_and_tags_side_by_side(load_text: Load) -> None:
    row = '{"text": "a b", "label": "%s", "tokens": ["a", "b"], "tags": ["B-X", "O"]}\n'
    content = row % "p" + row % "q"
    data = load_text("a.jsonl", content)
    assert data.task is Task.CLASSIFICATION
    assert any("--tags-column" in note for note in data.notes)
    tagged = load_text("a.jsonl", content, tokens_column="tokens")
    assert tagged.task is Task.TAGGING
    assert tagged.labels == ("X",)
