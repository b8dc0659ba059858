"""Files as other programs and systems write them, tried by a stranger: read whole and told, or
refused with the true reason."""

import json
from pathlib import Path

import pytest

from tests.engine.data.loading import Load
from tui_al.core.data.examples import Dataset
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
from tui_al.errors import DataError

LABELS = ("kettle", "parcel", "billing")
TEXTS = [f"the thing number {n}, as it is" for n in range(12)]
ROWS = [(text, LABELS[n % 3]) for n, text in enumerate(TEXTS)]
CSV = "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in ROWS)


def pairs(data: Dataset) -> list[tuple[str, object]]:
    return [(example.text, example.answer) for example in data.train]


def told(data: Dataset, *words: str) -> bool:
    return any(all(w in line for w in words) for line in (*data.notes, *data.warnings))


def lines_of_json(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_lines_of_the_old_mac(load_text: Load) -> None:
    data = load_text("a.csv", CSV.replace("\n", "\r"))
    assert pairs(data) == ROWS
    assert data.train[1].origin == "a.csv:3"
    assert told(data, "carriage returns alone")
    assert [e.text for e in load_text("a.txt", "one\rtwo\rthree").train] == ["one", "two", "three"]
    tagged = load_text("a.conll", "Anna B-PER\rsings O\r\rBob B-PER\rreads O\r")
    assert [e.answer for e in tagged.train] == [("B-PER", "O")] * 2
    with pytest.raises(DataError, match=r"^a\.csv:3: byte 0xff"):
        load_text("a.csv", b"text,label\rone,x\r\xff,y\r")


def test_old_lines_go_on_past_the_first_piece(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"a text of some words\r" * 10_000)
    tables = open_tables(path, "a.txt", DataConfig(str(path)), LoadReport())
    assert sum(map(len, tables)) == 10_000


def test_a_carriage_return_among_line_feeds_is_named(load_text: Load) -> None:
    with pytest.raises(DataError, match=r"a\.csv:3: a carriage return stands alone"):
        load_text("a.csv", "text,label\none,x\ntwo,y\rthree,x\n")


@pytest.mark.parametrize("end", ["\x1a", "\0\0\0\n"])
def test_what_systems_write_after_the_last_line(load_text: Load, end: str) -> None:
    assert pairs(load_text("a.csv", CSV + end)) == ROWS


def test_what_stands_for_a_file_is_no_data(load_text: Load) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    with pytest.raises(DataError, match="pointer") as error:
        load_text("a.csv", pointer)
    assert "git lfs pull" in error.value.hint
    with pytest.raises(DataError, match="is a web page"):
        load_text("a.csv", "\n<!DOCTYPE html>\n<html><body>404</body></html>\n")


def test_one_true_of_cats_is_the_class(load_text: Load) -> None:
    for true, false in ((1.0, 0.0), (1, 0), (True, False)):
        rows = [
            {"text": text, "cats": {name: true if name == label else false for name in LABELS}}
            for text, label in ROWS
        ]
        data = load_text("a.jsonl", lines_of_json(*rows))
        assert pairs(data) == ROWS
        assert told(data, "cats", "one is true")
    several = [
        {"text": t, "cats": {"a": n % 2, "b": n % 3 == 0, "c": 1}} for n, t in enumerate(TEXTS)
    ]
    with pytest.raises(DataError, match="several"):
        load_text("a.jsonl", lines_of_json(*several))


def test_a_later_row_with_two_cats_is_named(load_text: Load) -> None:
    rows = [{"text": f"text {n}", "cats": {"a": n % 2, "b": 1 - n % 2}} for n in range(300)]
    rows.append({"text": "last", "cats": {"a": 1, "b": 1}})
    with pytest.raises(DataError, match=r"a\.jsonl:301: 2 labels, a, b"):
        load_text("a.jsonl", lines_of_json(*rows))


def test_columns_of_which_one_is_set_are_one_class(load_text: Load) -> None:
    rows = "".join(
        f'"{text}",{",".join(str(int(name == label)) for name in LABELS)}\n' for text, label in ROWS
    )
    with pytest.raises(DataError, match="one is 1 in every row"):
        load_text("a.csv", f"text,{','.join(LABELS)}\n{rows}")


def test_texts_by_label(load_text: Load) -> None:
    by_label = {"kettle": TEXTS[:3], "parcel": TEXTS[3:7], "billing": TEXTS[7:]}
    data = load_text("a.json", json.dumps(by_label))
    assert pairs(data) == [(text, label) for label, texts in by_label.items() for text in texts]
    assert told(data, "for each label", "kettle (3)", "billing (5)")
    even = {"kettle": TEXTS[:6], "parcel": TEXTS[6:]}
    assert told(load_text("a.json", json.dumps(even)), "read as columns", "if they are labels")
    with pytest.raises(DataError, match="different lengths"):
        load_text("a.json", json.dumps({"train": TEXTS[:5], "test": TEXTS[5:]}))


def test_pairs_beside_the_list_of_types(load_text: Load) -> None:
    pair = ["Anna lives in Berlin", {"entities": [[0, 4, "PER"], [14, 20, "LOC"]]}]
    content = {"classes": ["PER", "LOC"], "annotations": [pair, pair, None]}
    data = load_text("a.json", json.dumps(content))
    assert [e.answer for e in data.train] == [("B-PER", "O", "O", "B-LOC")] * 2
    assert told(data, "not read: classes")
    assert told(data, "left out: 1 of the annotations, which are null")


@pytest.mark.parametrize("data_first", [True, False])
def test_a_single_task_of_label_studio(load_text: Load, data_first: bool) -> None:
    region = {"start": 0, "end": 4, "labels": ["PER"]}
    result = [{"from_name": "l", "to_name": "text", "type": "labels", "value": region}]
    fields: dict[str, object] = {
        "data": {"text": "Anna sings"},
        "annotations": [{"id": 1, "result": result}],
    }
    keys = sorted(fields, reverse=data_first)
    data = load_text("a.json", json.dumps({"id": 1, **{key: fields[key] for key in keys}}))
    assert [(e.text, e.answer) for e in data.train] == [("Anna sings", ("B-PER", "O"))]


def test_the_array_with_the_rows_can_be_named(load_text: Load) -> None:
    rows = [{"row": {"text": text, "label": label}} for text, label in ROWS]
    content = json.dumps({"features": [{"name": "text"}], "rows": rows})
    with pytest.raises(DataError, match="several arrays") as error:
        load_text("a.json", content)
    assert "--subset rows" in error.value.hint
    assert pairs(load_text("a.json", content, subset="rows")) == ROWS


def test_dates_of_tweets_are_no_texts(load_text: Load) -> None:
    rows = "".join(
        f'"{n % 2 * 4}","Mon Apr 06 22:19:{10 + n} PDT 2009","short {n}"\n' for n in range(40)
    )
    assert load_text("a.csv", rows).train[3].text == "short 3"


@pytest.mark.parametrize("delimiter", ["|", ";", ",", "\t"])
def test_a_table_in_a_text_file(load_text: Load, delimiter: str) -> None:
    rows = [(text.replace(",", ""), label) for text, label in ROWS]
    content = "".join(delimiter.join(row) + "\n" for row in [("text", "label"), *rows])
    data = load_text("a.txt", content)
    assert pairs(data) == rows
    assert data.train[0].origin == "a.txt:2"
    assert told(data, "read as a table", "whole lines")


def test_columns_in_a_text_file_without_a_header_are_asked_about(load_text: Load) -> None:
    lines = "".join(f"{text}\t{label}\tA{n % 2}\n" for n, (text, label) in enumerate(ROWS))
    data = load_text("a.txt", lines)
    assert len(data.train) == len(ROWS)
    assert told(data, "read as one text", "tabs", "3 fields", "--delimiter")
    data = load_text("a.txt", lines, delimiter="tab", label_column="2")
    assert pairs(data) == ROWS


def test_texts_with_commas_are_no_table(load_text: Load) -> None:
    data = load_text("a.txt", "text, of a label\none, two\nthree, four\nfive, six\n")
    assert len(data.train) == 4
    assert not data.warnings


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("Exported by Tool 3.1\nDate: 2024-01-01\n\n", 4),
        ("# generated, by me, today\n", 2),
        ("Report,\nDate,\n,\n", 4),
    ],
)
def test_remarks_before_the_header_are_left_out_and_told(
    load_text: Load, before: str, line: int
) -> None:
    data = load_text("a.csv", before + CSV)
    assert pairs(data) == ROWS
    assert data.train[0].origin == f"a.csv:{line + 1}"
    assert told(data, f"line {line}", before.split("\n")[0])


def test_rows_before_a_header_inside_are_no_remarks(load_text: Load) -> None:
    data = load_text("a.csv", '"a thing, it is",kettle\n' * 3 + CSV)
    assert len(data.train) == 3 + 1 + len(ROWS)
    assert not told(data, "taken to stand on line")


@pytest.mark.parametrize("written", ["NA", "N/A", "#N/A", "nan", "NaN", "NULL", "null", "<NA>"])
def test_labels_for_a_missing_one_are_none(load_text: Load, written: str) -> None:
    content = CSV + f"one more,{written}\nand one, {written}\n"
    data = load_text("a.csv", content)
    assert pairs(data) == [*ROWS, ("one more", None), ("and one", None)]
    assert data.labels == ("billing", "kettle", "parcel")
    assert told(data, f"{written!r} in 2 rows, first a.csv:14", "unlabelled", "--labels")
    assert told(data, "2 of 14 training rows unlabelled")
    kept = load_text("a.csv", content, labels=(*LABELS, written))
    assert written in kept.labels


@pytest.mark.parametrize("written", ["None", "none", "-", "?"])
def test_labels_that_may_be_missing_ones_stay_and_are_told(load_text: Load, written: str) -> None:
    data = load_text("a.csv", CSV + f"one more,{written}\n")
    assert data.train[-1].answer == written
    assert told(data, f"{written!r} in 1 row, first a.csv:14", "may stand for no label")


def test_json_lines_that_are_called_csv(load_text: Load) -> None:
    data = load_text("a.csv", lines_of_json(*({"text": t, "label": n} for t, n in ROWS)))
    assert pairs(data) == ROWS
    assert told(data, "read as JSON lines")
