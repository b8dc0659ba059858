"""Small files out of which gigabytes would come: tables whose rows refer to one value, buffers that
are compressed, columns that hold nothing a million million times, cells that share a text, JSON
that nests. The bounds are lowered, so that what is too much is made in no time."""

import bz2
import gzip
import io
import json
import lzma
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.data.loading import Load
from tests.engine.data.test_damaged_tables import imported, predicted, simulated
from tests.engine.data.workbook import write_workbook
from tui_al.core import memory_bound
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import (
    allowance,
    json_values,
    load,
)
from tui_al.engine.data.encodings import TextStream
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.tables import LoadReport
from tui_al.errors import DataError, MachineError

TOO_MUCH = r"^a\.\w+ has [\d,]+ bytes and unpacks to more than"
LONG = "a long text " * 1000  # 12 kB


@pytest.fixture
def low(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 MB, or ten times what the file has; 2,000 rows."""
    monkeypatch.setattr(allowance, "_LARGE", 1 << 20)
    monkeypatch.setattr(allowance, "_MOST_TIMES", 10)
    monkeypatch.setattr(allowance, "_MANY_ROWS", 2_000)
    monkeypatch.setattr(allowance, "_ROWS_A_BYTE", 0)


def texts(column: Any) -> pa.Table:
    labels = pa.DictionaryArray.from_arrays(
        np.arange(len(column), dtype=np.int8) % 2, pa.array(["x", "y"])
    )
    return pa.table({"text": column, "label": labels})


def often(value: str, rows: int) -> Any:
    """One value in all rows."""
    return pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), pa.array([value]))


def nested(value: str, rows: int) -> Any:
    """A list of that one value, as often, in each of two rows."""
    return pa.ListArray.from_arrays(pa.array([0, rows, 2 * rows], pa.int32()),
        pa.array([value]).take(pa.array(np.zeros(2 * rows, dtype=np.int64))))  # fmt: skip


def as_arrow(path: Path, table: pa.Table, compression: str | None = None) -> None:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    kind = pa.ipc.new_file if path.suffix == ".feather" else pa.ipc.new_stream
    with kind(str(path), table.schema, options=options) as writer:
        writer.write_table(table)


@pytest.mark.usefixtures("low")
@pytest.mark.parametrize("read", [simulated, predicted, imported])
@pytest.mark.parametrize(
    "options",
    [{}, {"use_dictionary": False, "column_encoding": {"text": "DELTA_BYTE_ARRAY"}}],
    ids=["dictionary", "prefixes"],
)
def test_a_value_that_parquet_holds_once(
    tmp_path: Path, read: Callable[[Path], Any], options: dict[str, Any]
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(texts(pa.array([LONG] * 800)), path, compression="zstd", **options)
    assert path.stat().st_size < 20_000
    with pytest.raises(DataError, match=TOO_MUCH + r" 1,048,576\.") as caught:
        read(path)
    assert "as CSV or JSON lines" in caught.value.hint


@pytest.mark.usefixtures("low")
@pytest.mark.parametrize("read", [simulated, predicted, imported])
def test_rows_that_parquet_counts(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    """A run: "the first value, so many times"."""
    path = tmp_path / "a.parquet"
    pq.write_table(texts(often("text", 100_000)), path)
    with pytest.raises(DataError, match=TOO_MUCH + r" 2,000 rows\."):
        read(path)


@pytest.mark.usefixtures("low")
def test_a_list_that_parquet_holds_by_a_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"tokens": nested("word " * 50, 50_000)}), path, compression="zstd")
    with pytest.raises(DataError, match=TOO_MUCH + r" 1,048,576\."):
        imported(path)


@pytest.mark.usefixtures("low")
@pytest.mark.parametrize("name", ["a.arrow", "a.feather"])
@pytest.mark.parametrize("read", [simulated, predicted, imported])
@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_buffers_of_arrow_that_are_compressed(
    tmp_path: Path, name: str, read: Callable[[Path], Any], compression: str
) -> None:
    path = tmp_path / name
    as_arrow(path, texts(pa.array(["word " * 5_000] * 800)), compression)
    with pytest.raises(DataError, match=TOO_MUCH + r" 1,048,576\."):
        read(path)


VIEWS = np.tile(np.array([len(LONG), 0, 0, 0], "<i4"), 800)
VIEWS[1::4] = int.from_bytes(LONG[:4].encode(), "little")
#: Columns in which one value stands for many, by what Arrow calls them.
ONCE: dict[str, Callable[[], Any]] = {
    "dictionary": lambda: often(LONG, 800),
    "view": lambda: pa.Array.from_buffers(
        pa.string_view(), 800, [None, pa.py_buffer(VIEWS), pa.py_buffer(LONG.encode())]
    ),
    "list of fixed size": lambda: pa.FixedSizeListArray.from_arrays(pa.nulls(8 * 10**6), 10**4),
}  # fmt: skip


@pytest.mark.usefixtures("low")
@pytest.mark.parametrize("name", ["a.arrow", "a.feather"])
@pytest.mark.parametrize("kind", ONCE)
def test_a_value_that_arrow_holds_once(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    as_arrow(path, texts(ONCE[kind]()))
    assert path.stat().st_size < 50_000
    with pytest.raises(DataError, match=TOO_MUCH + r" 1,048,576\."):
        imported(path)


LEFT_OUT: dict[str, Callable[[], Any]] = {
    "run": lambda: pa.RunEndEncodedArray.from_arrays(pa.array([800], pa.int32()), pa.array([LONG])),
    "list view": lambda: pa.ListViewArray.from_arrays(
        pa.array([0] * 800, pa.int32()), pa.array([400] * 800, pa.int32()), pa.array(["word"] * 400)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ["a.arrow", "a.feather"])
@pytest.mark.parametrize("kind", LEFT_OUT)
def test_columns_whose_rows_cannot_be_told_apart_are_left_out(
    tmp_path: Path, name: str, kind: str
) -> None:
    path = tmp_path / name
    as_arrow(path, texts(pa.array(["one", "two"] * 400)).append_column("more", LEFT_OUT[kind]()))
    assert [one.text for one in imported(path).annotations] == ["one", "two"] * 400
    as_arrow(path, texts(LEFT_OUT[kind]()))
    with pytest.raises(DataError, match="has no column that looks like texts"):
        imported(path)


#: Reads a file with the bounds lowered; what it raises, why, and the MiB that it took.
READ = """
import resource, sys
from pathlib import Path
from tui_al.engine.data import allowance, arrow_file
from tui_al.errors import DataError, MachineError
allowance._LARGE, allowance._MOST_TIMES = 1 << 20, 10
path = Path(sys.argv[1])
read = arrow_file.parquet_batches if path.suffix == ".parquet" else arrow_file.arrow_batches
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    list(read(path, path.name, 1000))
except DataError as error:
    print(error.message, type(error.__context__).__name__)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before >> 10)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.arrow", "a.feather", "a.parquet", "dictionary.parquet"])
def test_what_is_unpacked_in_one_piece_gets_no_memory(tmp_path: Path, name: str) -> None:
    """A batch, a page, and the rows of a batch in Python of 300 MB; 130 may be asked for. In a
    process of its own: this one has memory that it had before."""
    path = tmp_path / name
    table = texts(pa.array(["word " * 5_000_000] * 12, pa.large_string()))
    if name.endswith("parquet"):
        pq.write_table(table, path, compression="zstd", write_statistics=False,
            use_dictionary=name.startswith("dictionary"), data_page_size=1 << 30)  # fmt: skip
    else:
        as_arrow(path, table, "zstd")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
    )
    said, taken = done.stdout.splitlines()
    assert re.fullmatch(r".* and unpacks to more than 1,048,576\. ArrowMemoryError", said)
    assert int(taken) < 200


@pytest.mark.usefixtures("low")
@pytest.mark.parametrize("name", ["a.arrow", "a.feather"])
@pytest.mark.parametrize("read", [predicted, imported])
def test_rows_without_anything_in_them(
    tmp_path: Path, name: str, read: Callable[[Path], Any]
) -> None:
    """A hundred million of them take no byte."""
    path = tmp_path / name
    as_arrow(path, pa.table({"text": pa.nulls(10**8)}))
    with pytest.raises(DataError, match=TOO_MUCH + r" 2,000 rows\."):
        read(path)


@pytest.mark.parametrize("name", ["a.arrow", "a.feather"])
def test_lengths_that_arrow_has_no_memory_for(tmp_path: Path, name: str) -> None:
    """Of the body, and of a buffer unpacked: a million million bytes."""
    path = tmp_path / name
    as_arrow(path, texts(pa.array(["word " * 500, "pear " * 500] * 4)), "zstd")
    content = path.read_bytes()
    unpacked = (8 * 2500).to_bytes(8, "little")
    assert unpacked in content
    path.write_bytes(content.replace(unpacked, (10**12).to_bytes(8, "little")))
    with pytest.raises(DataError, match=TOO_MUCH + r" 268,435,456\."):
        load(DataConfig(str(path)))


def test_what_repeats_itself_a_little_is_read(tmp_path: Path) -> None:
    """The same tables, of a size that real data have."""
    expected = [(LONG, "xy"[n % 2]) for n in range(40)]
    column = pa.array([LONG] * 40)
    pq.write_table(texts(column), tmp_path / "a.parquet", compression="zstd")
    as_arrow(tmp_path / "a.feather", texts(column), "lz4")
    as_arrow(tmp_path / "a.arrow", texts(often(LONG, 40)))
    for name in ("a.parquet", "a.feather", "a.arrow"):
        found = load(DataConfig(str(tmp_path / name), test_share=0.0)).train
        assert [(one.text.strip(), one.answer) for one in found] == [
            (text.strip(), label) for text, label in expected
        ]


def test_a_workbook_whose_cells_share_a_long_text(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = [["text", "label"], *([f"{n}", "xy"[n % 2]] for n in range(9))]
    write_workbook(path, {"one": rows})
    shared = f'<sst xmlns="{MAIN}"><si><t>text</t></si><si><t>{LONG * 30}</t></si></sst>'
    cells = "".join('<row><c t="s"><v>1</v></c><c><v>2</v></c></row>' for _ in range(1000))
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'
    _replace(path, {"xl/sharedStrings.xml": shared, "xl/worksheets/sheet1.xml": sheet})
    with pytest.raises(DataError, match=TOO_MUCH + r" 268,435,456\."):
        load(DataConfig(str(path)))


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ('<row r="1048577"><c r="A1048577"><v>1</v></c></row>', "1,048,577 rows"),
        ('<row r="1"><c r="xfd1048576"><v>1</v></c></row>', "17,179,869,184 cells"),
        ('<row r="1048576"/><row r="2"><c a=">" r = \'XFD2\'><v>1</v></c></row>', "17,1.* cells"),
        ("<row>" + "<c/>" * 20 + '</row><row r="1048575"/><row><c><v>1</v></c></row>', "20,9.* ce"),
    ],
)
def test_a_workbook_of_many_rows_or_cells(tmp_path: Path, cells: str, said: str) -> None:
    """However their places are written, or left to follow from the one before."""
    path = tmp_path / "a.xlsx"
    write_workbook(path, {"one": [["text"], ["x"]]})
    sheet = f'<x:worksheet xmlns:x="{MAIN}" xmlns="{MAIN}"><sheetData>{cells}</sheetData>'
    _replace(path, {"xl/worksheets/sheet1.xml": f"{sheet}</x:worksheet>"})
    with pytest.raises(DataError, match=f"a.xlsx: a sheet has {said}"):
        load(DataConfig(str(path)))


@pytest.mark.usefixtures("low")
def test_a_workbook_of_cells_that_come_out_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, {"one": [["text"], ["x"]]})
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row>{"<c/>" * 2_000}</row></sheetData>'
    _replace(path, {"xl/worksheets/sheet1.xml": f"{sheet}</worksheet>"})
    with pytest.raises(DataError, match=TOO_MUCH + r" 2,000 rows\."):
        load(DataConfig(str(path)))


def test_a_workbook_that_says_it_is_large_and_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, {"one": [["text", "label"], ["the cat", "x"], ["the pear", "y"]]})
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    said = sheet.replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    _replace(path, {"xl/worksheets/sheet1.xml": said})
    found = load(DataConfig(str(path), test_share=0.0)).train
    assert [one.text for one in found] == ["the cat", "the pear"]


def _replace(path: Path, parts: dict[str, str]) -> None:
    """Parts of a workbook by others, or new ones."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content |= {name: text.encode() for name, text in parts.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in content.items():
            archive.writestr(name, body)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.txt"])
@pytest.mark.parametrize("opening", ["[", '{"a":', '{"text": [', '[{"text":'])
def test_json_that_nests(load_text: Load, name: str, opening: str) -> None:
    content = opening * 100_000
    try:
        found = load_text(name, content)
    except DataError as error:
        assert error.message.startswith(name)
    else:
        assert name in ("a.csv", "a.txt") and len(found.train) <= 1


@pytest.mark.usefixtures("low")
@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_lines_that_come_out_of_nothing(load_text: Load, suffix: str) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gz": gzip.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
    }
    with pytest.raises(DataError, match=r"^a\.csv\.\w+ has [\d,]+ bytes and .* 2,000 lines\."):
        load_text(f"a.csv.{suffix}", packers[suffix](b"text,label\n" + b"a,b\nc,d\n" * 1_500))


@pytest.mark.usefixtures("low")
def test_values_of_json_that_come_out_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps(["a", "b"] * 1_500).encode()))
    with pytest.raises(DataError, match=r"^a\.json\.gz has [\d,]+ bytes and .* 2,000 lines\."):
        load(DataConfig(str(path)))


def test_a_long_value_of_json_is_not_read_from_its_beginning_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    class Counting(json.JSONDecoder):
        def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
            tried.append(len(s) - idx)
            return super().raw_decode(s, idx)

    monkeypatch.setattr(json, "JSONDecoder", Counting)
    values = ["a text " * 3_000_000, "short"]
    stream = TextStream(io.BytesIO(json.dumps(values).encode()), "a.json", "utf-8", LoadReport())
    text = json_values.JsonText(Lines(stream, "a.json"))
    text.take("[")
    assert text.value() == values[0]
    assert text.take(",") == ","
    assert text.value() == values[1]
    assert sum(tried) < 3 * len(values[0])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", ",".join(f"c{n}" for n in range(10_001)) + "\n" + "1," * 10_000 + "1\n"),
        ("a.jsonl", "".join(f'{{"k{n}": 1, "l{n}": 2, "a": 3}}\n' for n in range(5_000))),
        ("a.json", json.dumps([{f"k{n}_{k}": 1 for k in range(101)} for n in range(100)])),
    ],
    ids=["csv", "jsonl", "json"],
)
def test_columns_without_end(load_text: Load, name: str, content: str) -> None:
    """Objects that have no field in common make a column each, with a cell for every row."""
    with pytest.raises(DataError, match=rf"{name} has 1\d,\d\d\d columns; at most 10,000 are read"):
        load_text(name, content)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a.csv", simulated),
        ("a.csv", predicted),
        ("a.parquet", simulated),
        ("a.parquet", predicted),
        ("a.parquet", imported),
    ],
)
def test_data_for_which_there_is_no_memory_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, read: Callable[[Path], Any]
) -> None:
    """Before the system ends processes to get some."""
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(texts(pa.array(["a b", "c d"] * 500)), path)
    else:
        path.write_text("text,label\n" + "a b,x\nc d,y\n" * 500)
    read(path)
    monkeypatch.setattr(memory_bound, "memory_left", lambda: 1 << 26)
    with pytest.raises(MachineError, match=rf"{name}: there is not enough memory"):
        read(path)
