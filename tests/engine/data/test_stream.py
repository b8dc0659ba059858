"""Streams give the same rows as reading the whole file, a few at a time, and name the line where
they stop."""

import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import encodings, tables
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport, Table
from tui_al.errors import DataError

TEXTS = [f'text {i} — ünï 👍🏽, "quoted"' for i in range(25)]
TEXTS[3] = "two\nlines, and a \u2028 too"
LABELS = ["yes" if i % 3 else "no" for i in range(25)]
ROWS = [{"text": text, "label": label} for text, label in zip(TEXTS, LABELS, strict=True)]
SENTENCES = [[f"word{i}", "in", "Ulm"][: 1 + i % 3] for i in range(25)]


def csv_of(delimiter: str) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    lines = [f"text{delimiter}label"]
    lines += [f"{cell(row['text'])}{delimiter}{row['label']}" for row in ROWS]
    return "\r\n".join(lines) + "\r\n"


def conll() -> str:
    sentences = ("".join(f"{word} O\n" for word in words) for words in SENTENCES)
    return "# sent_id = 1\n-DOCSTART- O\n\n" + "\n".join(sentences)


CONTENTS = {
    "in.csv": csv_of(","),
    "in.tsv": "text\tlabel\n"
    + "".join(f'a "half {i}\t{label}\n' for i, label in enumerate(LABELS)),
    "semicolon.csv": csv_of(";"),
    "headerless.csv": "".join(f"{i},text {i}\n" for i in range(25)),
    "in.jsonl": "\n\n".join(json.dumps(row) for row in ROWS) + "\n",
    "in.json": json.dumps(ROWS, indent=1),
    "wrapped.json": ' {"data" : ' + json.dumps(ROWS, ensure_ascii=False) + "}",
    "in.txt": "\n".join(text.replace("\n", " ") for text in TEXTS) + "\r\n",
    "columns.txt": conll(),
    "in.conll": conll(),
    "bom.csv": "\ufeff" + csv_of(","),
}


TEXTS_OF = {
    "in.tsv": [f'a "half {i}' for i in range(25)],
    "headerless.csv": [f"text {i}" for i in range(25)],
}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of three rows, and reads of seven bytes."""
    monkeypatch.setattr(tables, "ROWS", 3)
    monkeypatch.setattr(encodings, "_READ", 7)


def joined(parts: list[Table]) -> tuple[dict[str, list[object]], list[int]]:
    names = {name for table in parts for name in table.columns}
    columns = {name: [cell for table in parts for cell in table.columns[name]] for name in names}
    return columns, [number for table in parts for number in table.numbers]


def assert_all_rows(name: str, parts: list[Table]) -> None:
    """Every row is there, in order, a few at a time."""
    columns, numbers = joined(parts)
    if parts[0].tagged:
        assert columns == {"tokens": SENTENCES, "tags": [["O"] * len(words) for words in SENTENCES]}
    else:
        expected = TEXTS_OF.get(name.removesuffix(".gz"), TEXTS)
        if ".txt" in name:
            expected = [text.replace("\n", " ") for text in TEXTS]
        assert columns["2" if "headerless" in name else "text"] == expected
        assert columns.get("label", LABELS) == LABELS
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 25
    assert len(parts) >= 8
    assert max(map(len, parts)) <= 4


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.usefixtures("few")
def test_a_stream_has_the_rows_of_the_file(name: str, packed: bool, tmp_path: Path) -> None:
    raw = CONTENTS[name].encode()
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(raw) if packed else raw)
    load_report = LoadReport()
    assert_all_rows(name, list(open_tables(path, path.name, DataConfig(str(path)), load_report)))
    assert len(load_report.notes) == len(set(load_report.notes)) <= 3


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "feather"])
@pytest.mark.usefixtures("few")
def test_binary_files(suffix: str, tmp_path: Path) -> None:
    table = pa.table({"text": TEXTS, "label": LABELS})
    path = tmp_path / f"in.{suffix}"
    if suffix == "parquet":
        pq.write_table(table, path)
    else:
        make = pa.ipc.new_file if suffix == "feather" else pa.ipc.new_stream
        with make(str(path), table.schema) as writer:
            writer.write_table(table)
    assert_all_rows(
        path.name, list(open_tables(path, path.name, DataConfig(str(path)), LoadReport()))
    )


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(content: str, kind: str | None = None) -> tuple[dict[str, list[object]], list[int]]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
        return joined(list(open_tables(Path("-"), "stdin", DataConfig("-"), LoadReport(), kind)))

    assert read("a\n\nb") == ({"text": ["a", "", "b"]}, [1, 2, 3])
    assert read('{"text": "a"}\n', "jsonl") == ({"text": ["a"]}, [1])
    assert read("text\tlabel\na\tx\n", "tsv") == ({"text": ["a"], "label": ["x"]}, [2])
    with pytest.raises(DataError, match="stdin is empty"):
        read("", "text")


def test_a_stream_reads_no_further_than_it_must(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "a"}\n' * 5_000 + "broken", encoding="utf-8")
    parts = open_tables(path, path.name, DataConfig(str(path)), LoadReport())
    assert [len(next(parts)) for _ in range(5)] == [1_000] * 5
    with pytest.raises(DataError, match=r"in\.jsonl:5001: not valid JSON"):
        next(parts)


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("in.jsonl", b'{"text": "a"}\n{"text": "caf\xe9"}\n', "in.jsonl:2: byte 0xe9 (offset 27 "
            "of the file) is not valid utf-8"),
        ("in.csv", b"text,label\na,b\nc\n", "in.csv:3: 1 field, but the first line has 2"),
        ("in.csv", b"", "in.csv is empty"),
        ("in.json", b'[{"text": "a"}, {"text"', "in.json:1: not valid JSON: it ends too early: "
            "the file is cut off"),
        ("in.json", b'[{"text": "a"}, 3]', "in.json row 2: 3 is not an object"),
        ("in.json", b'{"x": 3}', "in.json is an object with the keys 'x'"),
        ("in.conll", b"a O\nb\n", "in.conll:2: 1 column, but the other lines have 2"),
        ("in.xlsx", b"", "in.xlsx is not a readable Excel workbook"),
        ("in.docx", b"", "in.docx: the format '.docx' is unknown"),
        ("in.jsonl.gz", gzip.compress(b'{"text": "a"}\n' * 99, mtime=0)[:-9], "in.jsonl.gz: after "
            "line"),
        ("in.parquet", b"PAR1", "in.parquet is not a readable Parquet file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(name: str, raw: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(DataError) as error:
        list(open_tables(path, path.name, DataConfig(str(path)), LoadReport()))
    assert message in error.value.message
    with pytest.raises(DataError, match="cannot be read"):
        list(open_tables(tmp_path / "missing.txt", "missing.txt", DataConfig(""), LoadReport()))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Four times the rows, the same peak: a file is never held whole."""
    import tracemalloc

    def peak(rows: int, make: Callable[[int], str], name: str) -> int:
        path = tmp_path / name
        path.write_text(make(rows), encoding="utf-8")
        tracemalloc.start()
        for _ in open_tables(path, path.name, DataConfig(str(path)), LoadReport()):
            pass
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    for name, make in {
        "in.csv": lambda rows: "text,label\n" + "some words here,x\n" * rows,
        "in.jsonl": lambda rows: '{"text": "some words here"}\n' * rows,
        "in.json": lambda rows: "[" + ",".join(['{"text": "some words here"}'] * rows) + "]",
    }.items():
        assert peak(60_000, make, name) < 1.5 * peak(15_000, make, name), name
