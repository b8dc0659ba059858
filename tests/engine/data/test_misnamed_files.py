"""Files whose name says another kind than they hold: read all the same, or refused by what they
are."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.data.workbook import write_workbook
from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.loading import load
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
from tui_al.engine.jobs.annotation_files import guessed_format, read_annotations
from tui_al.errors import DataError
from tui_al.store.formats import TEXT_FORMATS
from tui_al.store.formats.reading import ReadOptions

ROWS = [
    {"text": f"letter {i}, about {'a bill' if i % 2 else 'the roof'}", "label": "ab"[i % 2]}
    for i in range(12)
]
PAIRS = sorted((row["text"], row["label"]) for row in ROWS)
TABLE = "text;label\n" + "".join(f"{row['text']};{row['label']}\n" for row in ROWS)

JSON = {
    "one line": json.dumps(ROWS),
    "indented": json.dumps(ROWS, indent=2),
    "an object a line": "".join(json.dumps(row) + "\n" for row in ROWS),
    "columns": json.dumps({key: [row[key] for row in ROWS] for key in ("text", "label")}),
    "with a mark": "\ufeff" + json.dumps({"data": ROWS}, indent=1),
}


@pytest.mark.parametrize("suffix", ["csv", "tsv", "tab", "txt", "conll", "json", "jsonl"])
@pytest.mark.parametrize("shape", JSON)
def test_json_is_read_whatever_its_name(tmp_path: Path, shape: str, suffix: str) -> None:
    if (shape, suffix) == ("columns", "jsonl"):
        return  # a line with an object is what such a file holds
    path = tmp_path / f"a.{suffix}"
    path.write_text(JSON[shape], encoding="utf-8")
    data = load(DataConfig(str(path), test_share=0))
    assert sorted((one.text, one.answer) for one in data.train) == PAIRS
    lines = shape == "an object a line"
    told = (
        "a.{}: read as JSON lines, an object on each" if lines else
        "a.{}: read as one JSON value, not an object a line"
    ).format(suffix)  # fmt: skip
    assert (told in data.notes) == (suffix != ("jsonl" if lines else "json"))


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt", "a.csv"])
@pytest.mark.parametrize("shape", ["indented", "an object a line"])
def test_json_is_imported_whatever_its_name(tmp_path: Path, shape: str, name: str) -> None:
    path = tmp_path / name
    path.write_text(JSON[shape], encoding="utf-8")
    config = DataConfig(str(path))
    known = TEXT_FORMATS[guessed_format(path, config) or ""]
    read = read_annotations(path, known, Task.CLASSIFICATION, ReadOptions(), config)
    assert sorted((one.text, str(one.answer)) for one in read.annotations) == PAIRS
    own = {"indented": "a.json", "an object a line": "a.jsonl"}[shape]
    assert any(": read as " in note for note in read.notes) == (name != own)


@pytest.mark.parametrize(
    "text",
    [
        '[see above] {"a": 1}',
        "{name} asked",
        '"quoted": yes',
        "[1] a footnote",
        '{"text": "only this line is an object"}\nbut not this one\n',
    ],
)
def test_texts_with_brackets_stay_texts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{text}\na second text\n", encoding="utf-8")
    data = load(DataConfig(str(path)), by_people=True)
    assert [one.text for one in data.train] == [*text.splitlines(), "a second text"]


def test_tags_are_recognised_in_a_file_called_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Ana B-PER\nsleeps O\n. O\n\nOslo B-LOC\nis O\nfar O\n\n" * 3, encoding="utf-8")
    data = load(DataConfig(str(path), test_share=0))
    assert (data.task, data.labels, len(data.train)) == (Task.TAGGING, ("LOC", "PER"), 6)
    assert "a.csv: read as CoNLL columns (a token and its tag a line)" in data.notes


def contents(folder: Path) -> dict[str, bytes]:
    """Files by what messages call them."""
    book, table, archive = folder / "book", folder / "table", io.BytesIO()
    write_workbook(book, {"one": [["text", "label"], ["a", "b"]]})
    pq.write_table(pa.table({"text": ["a"], "label": ["b"]}), table)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.csv", TABLE)
    return {
        "a table with semicolons between its columns": TABLE.encode(),
        "a table with tabs between its columns": TABLE.replace(";", "\t").encode("utf-16"),
        "JSON": JSON["indented"].encode(),
        "JSON, an object a line": JSON["an object a line"].encode(),
        "plain text": b"a text\nand another\n",
        "a web page": b"<!DOCTYPE html><html><table><tr><td>a",
        "gzip-compressed": gzip.compress(b"text,label\na,b\n"),
        "a zip archive or an Excel workbook": archive.getvalue(),
        "a Parquet file": table.read_bytes(),
        "a document of an office program": book.read_bytes(),
    }


OWN = {
    "a.xlsx": ("a document of an office program", "a zip archive or an Excel workbook"),
    "a.zip": ("a zip archive or an Excel workbook",),
    "a.csv.gz": ("gzip-compressed",),
    "a.parquet": ("a Parquet file",),
    "a.arrow": (),
    "a.jsonl.zst": (),
    "a.csv.bz2": (),
    "a.csv.xz": (),
    "a.json": ("JSON", "JSON, an object a line"),
    "a.jsonl": ("JSON", "JSON, an object a line"),
}


@pytest.mark.parametrize("name", OWN)
def test_other_kinds_are_refused_by_what_they_are(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for what, raw in contents(tmp_path).items():
        if what in OWN[name]:
            continue
        path.write_bytes(raw)
        with pytest.raises(DataError) as caught:
            list(open_tables(path, name, DataConfig(name), LoadReport()))
        if what == "a document of an office program" and name != "a.zip":
            what = "a zip archive or an Excel workbook"
        assert caught.value.message == f"{name} is {what}, whatever its name says."
        assert caught.value.hint


def test_one_broken_line_is_no_other_kind(tmp_path: Path) -> None:
    """The first line of JSON lines may be the broken one, and is told and left out as any other."""
    path = tmp_path / "a.jsonl"
    for broken in ("oops", '{"text": "cut'):
        path.write_text(f"{broken}\n{JSON['an object a line']}", encoding="utf-8")
        with pytest.raises(DataError, match=r"a\.jsonl:1: not valid JSON") as caught:
            load(DataConfig(str(path)))
        assert "--skip-mismatched" in caught.value.hint
        data = load(DataConfig(str(path), misfits="leave out", test_share=0))
        assert sorted((one.text, one.answer) for one in data.train) == PAIRS
        assert "a.jsonl: left out: 1 that are not valid JSON (a.jsonl:1)" in data.warnings
