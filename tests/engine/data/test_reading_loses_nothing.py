"""Rows in are rows told of, in every format and by `load` and `predict` alike; and no file is held
whole to be read."""

import csv
import gzip
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.data.workbook import write_workbook
from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
from tui_al.engine.jobs.prediction import Texts
from tui_al.errors import DataError

Rows = list[tuple[str, str]]

_WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\x1f"),
    min_size=1,
    max_size=12,
)
_TEXT = st.lists(_WORDS, max_size=6).map(" ".join)
_HARD = st.one_of(
    _TEXT,
    st.sampled_from(
        [
            '"',
            '"open',
            'an inch is 1"',
            ", ;",
            "a\nb",
            "\t",
            "# x",
            "sep=;",
            "[1]",
            "{",
            "O",
            "a O",
            "__label__x y",
        ]
    ),
)
_LABEL = st.sampled_from(["red", "green", "blue", " red", '"green"', "", "  "])
ROWS = st.lists(st.tuples(_HARD, _LABEL), min_size=8, max_size=30)
QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def delimited(delimiter: str, quoting: int = csv.QUOTE_MINIMAL) -> Callable[[Path, Rows], None]:
    def write(path: Path, rows: Rows) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
            writer.writerows([("text", "label"), *rows])

    return write


def json_lines(path: Path, rows: Rows) -> None:
    lines = (json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows)
    path.write_text("\n\n".join(lines), encoding="utf-8")


def shaped(shape: Callable[[Rows], object]) -> Callable[[Path, Rows], None]:
    def write(path: Path, rows: Rows) -> None:
        path.write_text(json.dumps(shape(rows), ensure_ascii=False), encoding="utf-8")

    return write


def objects(rows: Rows) -> list[dict[str, str]]:
    return [{"text": text, "label": label} for text, label in rows]


def by_column(rows: Rows) -> dict[str, list[str]]:
    texts, labels = zip(*rows, strict=True)
    return {"text": list(texts), "label": list(labels)}


def parquet(path: Path, rows: Rows) -> None:
    pq.write_table(pa.table(by_column(rows)), path)


def arrow(path: Path, rows: Rows) -> None:
    table = pa.table(by_column(rows))
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)


def compressed(path: Path, rows: Rows) -> None:
    plain = path.with_name("plain.csv")
    delimited(",")(plain, rows)
    path.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    "comma.csv": delimited(","),
    "semicolon.csv": delimited(";"),
    "bar.csv": delimited("|"),
    "quoted.csv": delimited(",", csv.QUOTE_ALL),
    "quoted.tsv": delimited("\t", csv.QUOTE_ALL),
    "lines.jsonl": json_lines,
    "lines.json": json_lines,
    "array.json": shaped(objects),
    "inside.json": shaped(lambda rows: {"version": 1, "rows": objects(rows), "by": ["x"]}),
    "columns.json": shaped(by_column),
    "table.parquet": parquet,
    "table.arrow": arrow,
    "packed.csv.gz": compressed,
}


def counted(pattern: str, told: tuple[str, ...]) -> int:
    found = (re.search(pattern, line) for line in told)
    return sum(int(match[1].replace(",", "")) for match in found if match)


def assert_accounted_for(path: Path, rows: Rows) -> None:
    """Every row is read, or among those told of; `predict` has them all, with the same texts."""
    config = DataConfig(str(path), text_column="text", label_column="label", test_share=0.0)
    try:
        data = load(config)
    except DataError as error:
        assert "training rows have the label" in str(error) or "no row to train on" in str(error)
        return
    left_out = counted(r"(\d[\d,]*) empty texts? left out", data.warnings)
    assert len(data.train) + left_out == len(rows)
    unlabelled = counted(r"(\d[\d,]*) of [\d,]+ training rows? unlabelled", data.notes)
    assert sum(example.answer is not None for example in data.train) + unlabelled == len(data.train)
    assert set(data.labels) <= {"red", "green", "blue"}
    load_report = LoadReport()
    tables = open_tables(path, path.name, config, load_report)
    predicted = [e for _, es in Texts(Task.CLASSIFICATION, tables, config, load_report) for e in es]
    assert len(predicted) == len(rows)
    kept = [(e.text, e.origin) for e in predicted if e.text.strip()]
    assert kept == [(e.text, e.origin) for e in data.train]
    texts = [text.replace("\r\n", "\n") for text, _ in rows if text.strip()]
    assert [text for text, _ in kept] == texts


@pytest.mark.parametrize("name", WRITERS)
@QUICK
@given(rows=ROWS)
def test_rows_in_are_rows_told_of(name: str, rows: Rows, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](path, rows)
    assert_accounted_for(path, rows)


@QUICK
@given(rows=ROWS)
def test_rows_of_a_workbook(rows: Rows, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    kept = [
        (re.sub(r"_x[0-9A-Fa-f]{4}_", "", t).replace("\ufffe", "").replace("\uffff", ""), lb)
        for t, lb in rows
    ]
    filled = [(text, label) for text, label in kept if text or label]
    if filled:
        write_workbook(path, {"one": [("text", "label"), *filled]})
        assert_accounted_for(path, filled)


@QUICK
@given(rows=st.lists(st.tuples(_TEXT, st.sampled_from(["red", "green"])), min_size=6, max_size=20))
def test_lines_of_text(rows: Rows, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for form in ("{text}", "__label__{label} {text}"):
        lines = [form.format(text=" ".join(text.split()), label=label) for text, label in rows]
        path.write_text("\n".join(lines), encoding="utf-8")
        if not "".join(lines).strip():
            continue
        try:
            data = load(DataConfig(str(path), test_share=0.0))
        except DataError as error:
            assert re.search("training rows have the label|no row to train on", str(error))
            continue
        left_out = counted(r"(\d[\d,]*) empty texts? left out", data.warnings)
        ended = len(lines) - (lines[-1] == "")  # no line after the last line break
        assert len(data.train) + left_out == ended
        assert sum(e.answer is not None for e in data.train) == (
            len(data.train) if "label" in form else 0
        )


@QUICK
@given(rows=ROWS)
def test_files_of_a_class_folder(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("classes")
    for i, (text, _) in enumerate(rows):
        place = folder / f"class {i % 2}"
        place.mkdir(exist_ok=True)
        (place / f"{i}.txt").write_text(text, encoding="utf-8")
    try:
        data = load(DataConfig(str(folder), test_share=0.0))
    except DataError as error:
        assert re.search("training rows have the label|no row to train on", str(error))
        return
    left_out = counted(r"(\d[\d,]*) empty texts? left out", data.warnings)
    assert len(data.train) + left_out == len(rows)


@given(
    st.binary(max_size=300),
    st.sampled_from(
        ["csv", "tsv", "txt", "json", "jsonl", "conll", "xlsx", "csv.gz", "csv.zst", "zip"]
    ),
)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_are_read_or_refused_with_the_file_s_name(
    tmp_path: Path, content: bytes, suffix: str
) -> None:
    path = tmp_path / f"odd.{suffix}"
    path.write_bytes(content)
    try:
        load(DataConfig(str(path)))
    except DataError as error:
        assert "odd" in str(error)


NOTES = re.compile("text column|label column|no label column|there is no test split|unlabelled")


@pytest.mark.parametrize("name", WRITERS)
def test_load_and_predict_guess_and_tell_alike(name: str, tmp_path: Path) -> None:
    rows = [
        (f"the {what} of order {i}, {i % 7} of them", "abc"[i % 3])
        for i, what in enumerate(["lid", "bill"] * 20)
    ]
    path = tmp_path / name
    WRITERS[name](path, rows)
    data = load(DataConfig(str(path), test_share=0.0))
    load_report = LoadReport()
    config = DataConfig(str(path))
    tables = open_tables(path, path.name, config, load_report)
    predicted = [e for _, es in Texts(Task.CLASSIFICATION, tables, config, load_report) for e in es]
    assert [e.text for e in predicted] == [e.text for e in data.train] == [text for text, _ in rows]
    assert [note for note in data.notes if "text column" in note] == [
        note for note in load_report.notes if "text column" in note
    ]
    about_the_file = [note for note in data.notes if not NOTES.search(note)]
    assert about_the_file == [note for note in load_report.notes if not NOTES.search(note)]
    assert list(data.warnings) == load_report.warnings == []


READ_IN_PIECES = """
import resource, sys
from pathlib import Path
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.data.examples import Task
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
path = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = sum(len(table) for table in open_tables(path, path.name, DataConfig(str(path)), LoadReport()))
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""  # noqa: E501


@pytest.mark.slow
@pytest.mark.parametrize("name", ["big.csv.gz", "big.jsonl.gz", "big.json.gz"])
def test_a_file_far_larger_than_the_memory_it_takes(name: str, tmp_path: Path) -> None:
    """120 MB of text in a few hundred kilobytes of gzip, as a careless or a hostile sender has
    it."""
    text = "the same words again and again " * 32
    row = {
        "big.csv.gz": f"{text},red\n",
        "big.jsonl.gz": json.dumps({"text": text, "label": "red"}) + "\n",
        "big.json.gz": json.dumps({"text": text, "label": "red"}) + ",",
    }[name].encode()
    count = 120_000
    path = tmp_path / name
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(
            {"big.csv.gz": b"text,label\n", "big.json.gz": b'{"version": 1, "rows": ['}.get(
                name, b""
            )
        )
        for _ in range(count // 1000):
            file.write(row * 1000)
        if "json.gz" in name:
            file.write(b'{"text": "last", "label": "green"}]}')
            count += 1
    done = subprocess.run(
        [sys.executable, "-c", READ_IN_PIECES, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    rows, mebibytes = map(int, done.stdout.split())
    assert rows == count
    assert mebibytes < 50


def test_standard_input_is_read_as_a_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(f"text {i}", "ab"[i % 2]) for i in range(20)]
    path = tmp_path / "a.csv"
    delimited(";")(path, rows)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    told, piped = LoadReport(), LoadReport()
    of_file = list(open_tables(path, "a.csv", DataConfig(""), told))
    of_pipe = list(open_tables(Path("-"), "a.csv", DataConfig(""), piped, "csv"))
    assert of_file == of_pipe
    assert told == piped
