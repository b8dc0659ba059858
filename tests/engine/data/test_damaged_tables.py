"""Damaged Parquet and Arrow files: an error that names the file, wherever they are read; never a
traceback, never a dead process."""

import datetime
import json
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
from tui_al.engine.jobs.annotation_files import read_annotations
from tui_al.engine.jobs.annotation_tables import TABLE_FORMATS
from tui_al.engine.jobs.prediction import Texts
from tui_al.errors import DataError
from tui_al.store.formats.reading import DEFAULTS, Read, ReadOptions

TEXTS = ["one two", "three", "four five six", "seven"]


def simulated(path: Path) -> None:
    load(DataConfig(str(path), test_share=0.0))


def predicted(path: Path) -> None:
    config, load_report = DataConfig(str(path)), LoadReport()
    list(
        Texts(
            Task.CLASSIFICATION,
            open_tables(path, path.name, config, load_report),
            config,
            load_report,
        )
    )


def imported(path: Path, options: ReadOptions = DEFAULTS) -> Read:
    form = TABLE_FORMATS["datasets" if path.is_dir() else "parquet"]
    return read_annotations(path, form, Task.CLASSIFICATION, options, DataConfig(str(path)))


def not_utf8() -> pa.Table:
    """A column of strings, one of which holds a byte that is in no UTF-8."""
    texts = pa.array([text.encode() for text in TEXTS[:-1]] + [b"se\xffen"])
    text = pa.StringArray.from_buffers(len(texts), *texts.buffers()[1:])
    return pa.table({"text": text, "label": ["x", "y", "x", "y"]})


def write(path: Path, table: pa.Table) -> None:
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        kind = pa.ipc.new_file if path.suffix == ".feather" else pa.ipc.new_stream
        with kind(str(path), table.schema) as writer:
            writer.write_table(table)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.feather"])
@pytest.mark.parametrize("read", [simulated, predicted, imported])
def test_strings_that_are_no_utf8(tmp_path: Path, name: str, read: Callable[[Path], Any]) -> None:
    write(tmp_path / name, not_utf8())
    with pytest.raises(DataError, match=rf"^{name} is not a readable \w+ file: .*UTF8") as caught:
        read(tmp_path / name)
    assert "\xff" not in caught.value.message


@pytest.mark.parametrize("name", ["a.arrow", "a.feather"])
@pytest.mark.parametrize("read", [simulated, predicted, imported])
def test_offsets_beyond_the_file(tmp_path: Path, name: str, read: Callable[[Path], Any]) -> None:
    """Followed unchecked they lead beyond the memory of the process."""
    path = tmp_path / name
    write(path, pa.table({"text": TEXTS, "label": ["x", "y", "x", "y"]}))
    offsets = struct.pack("<5i", 0, 7, 12, 25, 30)
    content = path.read_bytes()
    assert content.count(offsets) == 1
    path.write_bytes(
        content.replace(offsets, struct.pack("<5i", 0, 7, 2**30, 2**30 + 9, 2**31 - 1))
    )
    with pytest.raises(DataError, match=f"^{name} is not a readable Arrow file"):
        read(path)


@pytest.mark.parametrize("name", ["a.arrow", "a.feather", "a.parquet"])
def test_a_file_that_is_cut_off(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, pa.table({"text": TEXTS * 500, "label": ["x", "y", "x", "y"] * 500}))
    content = path.read_bytes()
    for length in range(9, len(content) - 9, len(content) // 20):
        path.write_bytes(content[:length])
        for read in (simulated, predicted, imported):
            with pytest.raises(DataError, match=f"^{name} "):
                read(path)


def test_a_time_out_of_range_is_a_row_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    moments = pa.array([0, 2**62, 1_000_000, None], pa.int64()).cast(pa.timestamp("us", "UTC"))
    table = pa.table({"text": TEXTS, "label": ["x", "y", "x", "y"], "time": moments})
    pq.write_table(table, path)
    with pytest.raises(DataError, match=r"^a.parquet row 2: a value is out of range"):
        imported(path)
    read = imported(path, ReadOptions(leave_out_misfits=True))
    assert [one.text for one in read.annotations] == ["one two", "four five six", "seven"]
    assert [one.time for one in read.annotations] == [0, 1, 0]
    assert read.left_out.total == 1


def test_a_time_without_a_zone_is_utc(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    request.addfinalizer(time.tzset)  # after monkeypatch has put the variable back
    time.tzset()
    moment = datetime.datetime(2026, 1, 31, 12)
    table = pa.table({"text": TEXTS, "label": ["x", "y"] * 2, "time": [moment] * 4})
    pq.write_table(table, tmp_path / "a.parquet")
    utc = moment.replace(tzinfo=datetime.UTC).timestamp()
    assert {one.time for one in imported(tmp_path / "a.parquet").annotations} == {utc}


def test_arrow_files_are_imported(tmp_path: Path) -> None:
    write(tmp_path / "a.arrow", pa.table({"text": TEXTS, "label": ["x", "y", "x", "y"]}))
    read = imported(tmp_path / "a.arrow")
    assert [(one.text, one.answer) for one in read.annotations][:2] == [
        ("one two", "x"),
        ("three", "y"),
    ]


def saved(path: Path) -> Path:
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["ham", "spam"])}
    )
    rows = {"text": TEXTS, "label": [0, 1, 0, 1]}
    datasets.Dataset.from_dict(rows, features=features).save_to_disk(path)
    return path


@pytest.mark.parametrize("name", ["../data-00000-of-00001.arrow", "/etc/passwd", "..", 5, None])
def test_a_saved_data_set_names_files_of_its_own_only(tmp_path: Path, name: object) -> None:
    folder = saved(tmp_path / "one")
    assert [one.answer for one in imported(folder).annotations] == ["ham", "spam", "ham", "spam"]
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}]}))
    for read in (simulated, imported):
        with pytest.raises(DataError, match=r"state.json: .* is not a name of a file beside it"):
            read(folder)


def test_a_damaged_file_of_a_saved_data_set(tmp_path: Path) -> None:
    folder = saved(tmp_path / "one")
    (data,) = folder.glob("*.arrow")
    data.write_bytes(data.read_bytes().replace(b"seven", b"se\xffen"))
    for read in (simulated, imported):
        with pytest.raises(DataError, match=rf"^{data.name} is not a readable Arrow file: .*UTF8"):
            read(folder)
