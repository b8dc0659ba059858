"""Tables of tagged sentences: a token a row, lists as strings, words apart by blanks; and tables
that are none."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.data.loading import Load
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.errors import DataError

WORDS = (("Ann", "Lee", "ran", "home", ","), ("Rome", "is", "far"), ("the", "Ulm", "Post", "!"))
TAGS = (("B-PER", "I-PER", "O", "O", "O"), ("B-LOC", "O", "O"), ("O", "B-ORG", "I-ORG", "O"))
NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
NUMBERS = [[NAMES.index(tag) for tag in tags] for tags in TAGS]


def table(rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    """CSV lines; an empty row is a blank line."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    for row in rows:
        writer.writerow(row) if row else file.write("\n")
    return file.getvalue()


def token_rows(*, sparse: bool = False) -> list[tuple[str, str, str]]:
    """Sentence id, token, tag; `sparse` gives the id in the first row of a sentence only."""
    return [
        ("" if sparse and place else f"Sentence: {number}", token, tag)
        for number, (words, tags) in enumerate(zip(WORDS, TAGS, strict=True), start=1)
        for place, (token, tag) in enumerate(zip(words, tags, strict=True))
    ]


def check(data: Dataset) -> None:
    """All sentences with their entities are there."""
    assert data.task is Task.TAGGING
    assert [row.tokens for row in data.train] == list(WORDS)
    assert [row.answer for row in data.train] == list(TAGS)
    assert data.labels == ("LOC", "ORG", "PER")


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_a_token_a_row_with_the_sentence_beside_it(
    load_text: Load, sparse: bool, name: str
) -> None:
    rows = [("Sentence #", "Word", "Tag"), *token_rows(sparse=sparse)]
    data = load_text(name, table(rows, "\t" if name == "a.tsv" else ","))
    check(data)
    assert data.train[1].origin == f"{name}:7"


def test_what_was_taken_for_what_is_told(load_text: Load) -> None:
    data = load_text("a.csv", table([("Sentence #", "Word", "Tag"), *token_rows(sparse=True)]))
    assert (
        "a.csv: a token a row: tokens in 'Word' and tags in 'Tag' (guessed; --tokens-column and "
        "--tags-column override); "
        "sentences begin where 'Sentence #' has a value"
    ) in data.notes


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("border", [(), ("", "")])
def test_a_token_a_row_with_blank_lines(
    load_text: Load, header: bool, border: tuple[str, ...]
) -> None:
    rows: list[Sequence[str]] = [("word", "tag")] if header else []
    for words, tags in zip(WORDS, TAGS, strict=True):
        rows += [*zip(words, tags, strict=True), border]
    check(load_text("a.csv", table(rows)))


def test_a_token_a_row_with_numbers_of_tokens(load_text: Load) -> None:
    rows: list[Sequence[object]] = [("token_id", "pos", "form", "ner")]
    for words, tags in zip(WORDS, TAGS, strict=True):
        rows += [(i, "X", a, b) for i, (a, b) in enumerate(zip(words, tags, strict=True), start=1)]
    check(load_text("a.csv", table(rows)))


def test_sentences_that_are_counted_anew_in_every_document(load_text: Load) -> None:
    rows = [
        (f"doc{number}", 1, *row)
        for number in range(40)
        for row in (("Ann", "B-PER"), ("Lee", "I-PER"), ("ran", "O"))
    ]
    rows = [row for one in rows for row in (one, (one[0], 2, *one[2:]))]
    rows.sort(key=lambda row: (row[0], row[1]))
    data = load_text("a.csv", table([("doc", "sentence", "token", "tag"), *rows]))
    assert len(data.train) == 80
    assert {row.tokens for row in data.train} == {("Ann", "Lee", "ran")}


def test_long_files_are_grouped_over_the_borders_of_tables(load_text: Load) -> None:
    rows = [
        (number, f"{word}{number}", tag)
        for number in range(1_300)
        for word, tag in (("Ann", "B-PER"), ("Lee", "I-PER"), ("ran", "O"))
    ]
    data = load_text("a.csv", table([("sentence_id", "token", "tag"), *rows]))
    assert len(data.train) == 1_300
    assert all(len(row.tokens) == 3 for row in data.train)
    blank = [row for number in range(1_300) for row in (*rows[3 * number : 3 * number + 3], ())]
    data = load_text(
        "b.csv", table([("n", "token", "tag"), *[row[1:] and ("", *row[1:]) for row in blank]])
    )
    assert len(data.train) == 1_300
    assert data.train[777].tokens == ("Ann777", "Lee777", "ran777")


def test_a_token_a_row_in_json_lines_and_parquet(load_text: Load, tmp_path: Path) -> None:
    rows = [{"sentence_id": s, "token": a, "ner": b} for s, a, b in token_rows()]
    check(load_text("a.jsonl", "\n".join(map(json.dumps, rows))))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    check(load(DataConfig(str(path), test_share=0.0)))


def test_a_token_a_row_without_borders_is_asked_about(load_text: Load) -> None:
    rows = [row[1:] for row in token_rows()] * 5
    with pytest.raises(DataError, match="one sentence only of 60 tokens: are the blank lines"):
        load_text("a.csv", table([("word", "tag"), *rows]))


def written(kind: str, values: Sequence[object]) -> str:
    """A list as other programs write it into a cell."""
    if kind == "repr":
        return str(list(values))
    if kind == "json":
        return json.dumps(values)
    if kind == "numpy":
        return "[" + "\n ".join(map(repr, values)) + "]"
    if kind == "array":
        return f"array({list(values)!r}, dtype=object)"
    return " ".join(map(str, values))


@pytest.mark.parametrize("tokens", ["repr", "json", "numpy", "array", "blanks"])
@pytest.mark.parametrize("tags", ["repr", "json", "numpy", "blanks"])
@pytest.mark.parametrize("header", [("tokens", "ner_tags"), ("sentence", "marks")])
def test_sequences_in_strings(
    load_text: Load, tokens: str, tags: str, header: tuple[str, str]
) -> None:
    rows = [(written(tokens, a), written(tags, b)) for a, b in zip(WORDS, TAGS, strict=True)]
    data = load_text("a.csv", table([header, *rows]))
    check(data)
    shape = "words apart by blanks" if tags == "blanks" else "lists written as strings"
    assert f"tags column: {header[1]} (guessed, {shape}; --tags-column overrides)" in data.notes


def test_tags_apart_by_commas(load_text: Load) -> None:
    rows = [(" ".join(a), ",".join(b)) for a, b in zip(WORDS, TAGS, strict=True)]
    check(load_text("a.csv", table([("sentence", "word_labels"), *rows])))


def test_quotes_and_brackets_in_tokens(load_text: Load) -> None:
    words = ["it's", '"', "[", "a, b", "\\", "Ann"]
    tags = ["O", "O", "O", "O", "O", "B-PER"]
    for kind in ("repr", "json"):
        rows = [(written(kind, words), written(kind, tags))] * 2
        data = load_text("a.csv", table([("tokens", "tags"), *rows]))
        assert data.train[0].tokens == tuple(words)


@pytest.mark.slow
def test_a_row_that_is_no_list_is_named(load_text: Load) -> None:
    rows = [
        (written("repr", a), written("repr", b)) for a, b in zip(WORDS, TAGS, strict=True)
    ] * 2_000
    with pytest.raises(
        DataError, match=r"a\.csv:6002: the column 'tokens' has lists .* 'Ann' is not a list"
    ):
        load_text("a.csv", table([("tokens", "tags"), *rows, ("Ann", "O")]))
    rows[5_500] = ("['Ann']", "['O', 'O']")
    with pytest.raises(DataError, match=r"a\.csv:5502: 1 token but 2 tags"):
        load_text("a.csv", table([("tokens", "tags"), *rows]))


def test_lists_under_other_names(load_text: Load) -> None:
    rows = [{"sent": a, "marks": b} for a, b in zip(WORDS, TAGS, strict=True)]
    check(load_text("a.jsonl", "\n".join(map(json.dumps, rows))))


def test_texts_with_a_label_and_slots_are_texts(load_text: Load) -> None:
    rows = [(" ".join(a), f"x{len(a) % 2}", " ".join(b)) for a, b in zip(WORDS, TAGS, strict=True)]
    content = table([("utterance", "intent", "slots"), *rows])
    data = load_text("a.csv", content)
    assert data.task is Task.CLASSIFICATION
    assert any(
        "--tokens-column utterance --tags-column slots reads those" in note for note in data.notes
    )
    check(load_text("a.csv", content, tokens_column="utterance", tags_column="slots"))


@pytest.mark.parametrize(
    "rows",
    [
        [("text", "label"), *((f"patient {i} has it", "OAB"[i % 3]) for i in range(12))],
        [("text", "label"), *((f"case {i} of it", ("B-12", "B-6", "O")[i % 3]) for i in range(12))],
        [("date", "author", "label"), *((f"d{i // 4}", f"ann{i % 5}", ("none",
            "hate")[i % 2]) for i in range(12))],
        [("sentence_id", "word", "text", "label"),
            *((i // 2, f"w{i % 5}", f"the text number {i}", "BI"[i % 2]) for i in range(12))],
        [("text", "labels"), *((f"text of {i}", ("['a']",
            "['b', 'c']")[i % 2]) for i in range(12))],
    ],
)  # fmt: skip
def test_labels_are_no_tags(load_text: Load, rows: list[tuple[object, ...]]) -> None:
    """Tables of labels stay what they were, whatever else is said of them."""
    try:
        data = load_text("a.csv", table(rows))
    except DataError as error:
        assert "token" not in str(error)
    else:
        assert data.task is Task.CLASSIFICATION


def numbered_rows(**more: object) -> str:
    rows = [{"tokens": a, "ner_tags": b, **more} for a, b in zip(WORDS, NUMBERS, strict=True)]
    return "\n".join(map(json.dumps, rows))


def test_numbers_need_names(load_text: Load) -> None:
    with pytest.raises(DataError, match="the tags are numbers, and nothing names them") as caught:
        load_text("a.jsonl", numbered_rows())
    assert "labels.txt" in str(caught.value)
    assert "--labels O,B-PER,I-PER" in str(caught.value)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("labels.txt", "\n".join(NAMES) + "\n"),
        ("tags.txt", "".join(f"{i} {name}\n" for i, name in enumerate(NAMES))),
        ("label_list.txt", "".join(f"{name}\t{i}\n" for i, name in enumerate(NAMES))),
        ("label2id.json", json.dumps({name: i for i, name in enumerate(NAMES)})),
        ("id2label.json", json.dumps({str(i): name for i, name in enumerate(NAMES)})),
        ("config.json", json.dumps({"id2label": {str(i): name for i, name in enumerate(NAMES)}})),
        ("labels.json", json.dumps(NAMES)),
        ("dataset_infos.json",
            json.dumps({"x": {"features": {"ner_tags": {"feature": {"names": NAMES}}}}})),
        (
            "README.md",
            "---\ndataset_info:\n  features:\n  - name: ner_tags\n    sequence:\n      "
                "class_label:\n        names:\n"
            + "".join(f"          '{i}': {name}\n" for i, name in enumerate(NAMES))
            + "---\n# A data set\n",
        ),
    ],
)  # fmt: skip
def test_names_in_a_file_beside_the_data(
    load_text: Load, tmp_path: Path, file: str, content: str
) -> None:
    (tmp_path / file).write_text(content, encoding="utf-8")
    data = load_text("a.jsonl", numbered_rows())
    check(data)
    assert (
        f"tags: numbers, named by {file}: 0 O, 1 B-PER, 2 I-PER, 3 B-LOC, 4 I-LOC and 2 more"
        in data.notes
    )


def test_a_file_that_names_no_tags_is_not_used(load_text: Load, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("kettle\nparcel\n", encoding="utf-8")
    with pytest.raises(DataError, match="nothing names them"):
        load_text("a.jsonl", numbered_rows())


@pytest.mark.parametrize("more", [{"names": NAMES}, {"tag_names": TAGS[0], "label_list": NAMES}])
def test_names_in_a_column(load_text: Load, more: dict[str, object]) -> None:
    check(load_text("a.jsonl", numbered_rows(**more)))


def test_names_beside_the_numbers(load_text: Load) -> None:
    rows = [
        {"tokens": a, "ner_tags": n, "ner_tags_text": b}
        for a, n, b in zip(WORDS, NUMBERS, TAGS, strict=True)
    ]
    check(load_text("a.jsonl", "\n".join(map(json.dumps, rows))))


@pytest.mark.parametrize("labels", [NAMES, ("PER", "LOC", "ORG")])
def test_names_from_the_person(load_text: Load, tmp_path: Path, labels: tuple[str, ...]) -> None:
    data = load_text("a.jsonl", numbered_rows(), labels=labels)
    check(data)
    assert any("named by --labels" in note for note in data.notes)
    config = DataConfig(str(tmp_path / "a.jsonl"), test_share=0.0, labels=labels)
    assert load(config, by_people=True).labels == ("PER", "LOC", "ORG")


def test_a_number_without_a_name_is_named(load_text: Load) -> None:
    with pytest.raises(
        DataError, match=r"a\.jsonl:3: token 2 has the tag '5', but there are names for 0 to 4"
    ):
        load_text("a.jsonl", numbered_rows(), labels=NAMES[:5])


def test_numbers_in_strings_and_in_token_lines(load_text: Load) -> None:
    rows = [(str(list(a)), str(b)) for a, b in zip(WORDS, NUMBERS, strict=True)]
    data = load_text("a.csv", table([("tokens", "ner_tags"), *rows]), labels=NAMES)
    assert [row.answer for row in data.train] == list(TAGS)
    blocks = [
        "".join(f"{word} {number}\n" for word, number in zip(a, b, strict=True))
        for a, b in zip(WORDS, NUMBERS, strict=True)
    ]
    data = load_text("a.conll", "\n".join(blocks), labels=NAMES)
    assert [row.answer for row in data.train] == list(TAGS)


def test_names_from_the_person_for_numbers_of_classes(load_text: Load) -> None:
    content = table([("text", "label"), *((f"text {i} it is", i % 3) for i in range(12))])
    data = load_text("a.csv", content, labels=("kettle", "parcel", "billing"))
    assert data.labels == ("billing", "kettle", "parcel")
    assert [row.answer for row in data.train[:3]] == ["kettle", "parcel", "billing"]
    assert "labels are named by --labels: 0 kettle, 1 parcel, 2 billing" in data.notes
    assert load_text("a.csv", content, labels=("0", "1", "2")).train[0].answer == "0"


def test_a_folder_with_names_tells_them_once(load_folder: Load) -> None:
    names = "\n".join(NAMES)
    data = load_folder(
        {"train.jsonl": numbered_rows(), "test.jsonl": numbered_rows(), "labels.txt": names}
    )
    check(data)
    assert len(data.test) == len(WORDS)
    assert len(data.notes) == len(set(data.notes))
    assert sum("named by labels.txt" in note for note in data.notes) == 1
