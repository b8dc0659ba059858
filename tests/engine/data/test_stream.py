"""Streams give the same rows as reading the whole file, a few at a time, and name the line where they stop."""

import gzip
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tui_al.core.config import DataConfig
from tui_al.engine.data import stream
from tui_al.engine.data.readers import read_table
from tui_al.engine.data.stream import stream_tables
from tui_al.engine.data.tables import Findings, Table
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


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of three rows, and reads of seven characters."""
    monkeypatch.setattr(stream, "ROWS", 3)
    monkeypatch.setattr(stream, "_READ", 7)


def joined(tables: list[Table]) -> tuple[dict[str, list[object]], list[int]]:
    names = {name for table in tables for name in table.columns}
    columns = {name: [cell for table in tables for cell in table.columns[name]] for name in names}
    return columns, [number for table in tables for number in table.numbers]


def assert_like_the_whole(path: Path, tables: list[Table]) -> None:
    whole = read_table(path, path.name, DataConfig(str(path)), Findings())
    columns, numbers = joined(tables)
    assert columns == {name: list(cells) for name, cells in whole.columns.items()}
    assert numbers == list(whole.numbers)
    assert {table.tagged for table in tables} == {whole.tagged}
    assert len(tables) >= 8
    assert max(map(len, tables)) <= 4
    assert tables[-1].origin(len(tables[-1]) - 1) == whole.origin(len(whole) - 1)


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.usefixtures("few")
def test_a_stream_has_the_rows_of_the_file(name: str, packed: bool, tmp_path: Path) -> None:
    raw = CONTENTS[name].encode()
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(raw) if packed else raw)
    findings = Findings()
    tables = list(stream_tables(path, DataConfig(str(path)), findings))
    assert_like_the_whole(path, tables)
    assert len(findings.notes) == len(set(findings.notes)) <= 3


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
    assert_like_the_whole(path, list(stream_tables(path, DataConfig(str(path)), Findings())))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(content: str, kind: str | None = None) -> tuple[dict[str, list[object]], list[int]]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
        return joined(list(stream_tables(Path("-"), DataConfig("-"), Findings(), kind)))

    assert read("a\n\nb") == ({"text": ["a", "", "b"]}, [1, 2, 3])
    assert read('{"text": "a"}\n', "jsonl") == ({"text": ["a"]}, [1])
    assert read("text\tlabel\na\tx\n", "tsv") == ({"text": ["a"], "label": ["x"]}, [2])
    assert read("", "text") == ({}, [])


def test_a_stream_reads_no_further_than_it_must(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "a"}\n' * 5_000 + "broken", encoding="utf-8")
    tables = stream_tables(path, DataConfig(str(path)), Findings())
    assert [len(next(tables)) for _ in range(5)] == [1_000] * 5
    with pytest.raises(DataError, match=r"in\.jsonl:5001: not valid JSON"):
        next(tables)


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("in.jsonl", b'{"text": "a"}\n{"text": "caf\xe9"}\n', "in.jsonl: after line 0: not valid utf-8"),
        ("in.csv", b"text,label\na,b\nc\n", "in.csv:3: 1 fields, but the first line has 2"),
        ("in.csv", b"", "in.csv is empty"),
        ("in.json", b'[{"text": "a"}, {"text"', "in.json row 2: not valid JSON, or the file is cut off"),
        ("in.json", b'[{"text": "a"}, 3]', "in.json row 2: 3 is no object"),
        ("in.json", b'{"text": "a"}', "in.json holds no array of objects"),
        ("in.conll", b"a O\nb\n", "in.conll:2: 1 column, but the lines before have 2"),
        ("in.xlsx", b"", "in.xlsx: the format '.xlsx' is unknown"),
        ("in.jsonl.gz", gzip.compress(b'{"text": "a"}\n' * 99, mtime=0)[:-9], "in.jsonl.gz: after line"),
        ("in.parquet", b"PAR1", "in.parquet is no readable Parquet file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(name: str, raw: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(DataError) as error:
        list(stream_tables(path, DataConfig(str(path)), Findings()))
    assert message in error.value.message
    with pytest.raises(DataError, match="cannot be read"):
        list(stream_tables(tmp_path / "missing.txt", DataConfig(""), Findings()))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Ten times the rows, the same peak: a file is never held whole."""
    import tracemalloc

    def peak(rows: int, make: Callable[[int], str], name: str) -> int:
        path = tmp_path / name
        path.write_text(make(rows), encoding="utf-8")
        tracemalloc.start()
        for _ in stream_tables(path, DataConfig(str(path)), Findings()):
            pass
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    for name, make in {
        "in.csv": lambda rows: "text,label\n" + "some words here,x\n" * rows,
        "in.jsonl": lambda rows: '{"text": "some words here"}\n' * rows,
        "in.json": lambda rows: "[" + ",".join(['{"text": "some words here"}'] * rows) + "]",
    }.items():
        assert peak(30_000, make, name) < 1.5 * peak(3_000, make, name), name
