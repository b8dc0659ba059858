"""When answers were given, in every format that says it: right values, and what is none is named
with its place."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.store.formats.reading import read_file
from tests.store.formats.test_round_trips import FORMATS
from tui_al.core.data.examples import Task
from tui_al.core.session.timestamps import to_iso
from tui_al.errors import DataError
from tui_al.store.formats.reading import Read, ReadOptions

Write = Callable[[Path, list[Any]], None]


def lines(row: Callable[[Any], dict[str, Any]]) -> Write:
    def write(path: Path, times: list[Any]) -> None:
        rows = [{"text": f"t{n}", **row(when)} for n, when in enumerate(times)]
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    return write


def tasks(path: Path, times: list[Any]) -> None:
    region = {"type": "choices", "from_name": "c", "to_name": "t", "value": {"choices": ["x"]}}
    made = [
        {"data": {"text": f"t{n}"}, "annotations": [{"result": [region], "created_at": when,
            "updated_at": when}]}
        for n, when in enumerate(times)
    ]  # fmt: skip
    path.write_text(json.dumps(made), encoding="utf-8")


def minimal(path: Path, times: list[Any]) -> None:
    rows = [
        {"text": f"t{n}", "label": "x", "annotation_id": n, "updated_at": t}
        for n, t in enumerate(times)
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")


def comma_separated(path: Path, times: list[Any]) -> None:
    cells = ["" if when is None else when for when in times]
    rows = "".join(f"t{n},x,{when}\n" for n, when in enumerate(cells))
    path.write_text(f"text,label,time\n{rows}", encoding="utf-8")


def parquet(path: Path, times: list[Any]) -> None:
    texts = [f"t{n}" for n in range(len(times))]
    pq.write_table(pa.table({"text": texts, "label": ["x"] * len(times), "time": times}), path)


#: By name: format, how it is written, and the name of its file.
IMPORTERS: dict[str, tuple[str, Write, str]] = {
    "jsonl": ("jsonl", lines(lambda t: {"label": "x", "time": t}), "a.jsonl"),
    "prodigy": ("prodigy", lines(lambda t: {"label": "x", "answer": "accept", "_timestamp": t}),
        "a.jsonl"),
    "doccano": ("doccano", lines(lambda t: {"label": ["x"], "time": t}), "a.jsonl"),
    "label-studio": ("label-studio", tasks, "a.json"),
    "label-studio-min": ("jsonl", minimal, "a.json"),
    "csv": ("csv", comma_separated, "a.csv"),
    "parquet": ("parquet", parquet, "a.parquet"),
}  # fmt: skip

SECONDS = 1_700_000_000
RIGHT = [
    ([SECONDS, SECONDS + 1], [1.7e9, 1.7e9 + 1]),
    ([SECONDS + 0.25, 1.5], [1.7e9 + 0.25, 1.5]),
    ([to_iso(SECONDS), "2023-11-14T23:13:21+01:00"], [1.7e9, 1.7e9 + 1]),
    ([to_iso(SECONDS), None], [1.7e9, 0.0]),
    ([to_iso(SECONDS), ""], [1.7e9, 0.0]),
    ([SECONDS * 1000, SECONDS * 1000 + 1500], [1.7e9, 1.7e9 + 1.5]),
    ([SECONDS * 1000 + 0.5, None], [1.7e9 + 0.0005, 0.0]),
]
WRONG = [
    -1, 1e11, 1e18, float("nan"), float("inf"), SECONDS * 1000, 4_102_444_800,
    "noon", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    "2023-02-30",
]  # fmt: skip
CONVERTED = "times count milliseconds and were converted to seconds"


def read(name: str, times: list[Any], folder: Path, *, lenient: bool = False) -> Read:
    known, write, file = IMPORTERS[name]
    write(folder / file, times)
    options = ReadOptions(leave_out_misfits=lenient)
    return read_file(FORMATS[known], folder / file, Task.CLASSIFICATION, options)


@pytest.mark.parametrize("name", IMPORTERS)
@pytest.mark.parametrize(("times", "wanted"), RIGHT)
def test_right_times(name: str, times: list[Any], wanted: list[float], tmp_path: Path) -> None:
    found = read(name, times, tmp_path)
    assert [one.time for one in found.annotations] == pytest.approx(wanted, abs=1e-6)
    numbers = [one for one in times if isinstance(one, int | float)]
    assert (CONVERTED in found.notes) == (bool(numbers) and min(numbers) > 1e11)


@pytest.mark.parametrize("name", IMPORTERS)
@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_is_no_time_is_refused_with_its_place(name: str, wrong: Any, tmp_path: Path) -> None:
    """Beside one that is; leaving it out costs its row and nothing else."""
    times = [to_iso(SECONDS) if isinstance(wrong, str) else SECONDS, wrong]
    with pytest.raises(DataError) as error:
        read(name, times, tmp_path)
    place = {
        "label-studio": "a.json row 2",
        "label-studio-min": "a.json row 2",
        "csv": "a.csv:3",
        "parquet": "a.parquet row 2",
    }
    assert error.value.message.startswith(f"{place.get(name, 'a.jsonl:2')}: ")
    assert "not a time" in error.value.message
    assert ("it may be in milliseconds" in error.value.message) == (wrong == SECONDS * 1000)
    found = read(name, times, tmp_path, lenient=True)
    assert [(one.text, one.time) for one in found.annotations] == [("t0", 1.7e9)]
    assert found.left_out.total == 1


@pytest.mark.parametrize("name", IMPORTERS)
def test_seconds_after_milliseconds_are_no_evidence_for_either(name: str, tmp_path: Path) -> None:
    """Among the first items they refuse the milliseconds; far behind them they are refused
    themselves."""
    with pytest.raises(DataError, match="it may be in milliseconds"):
        read(name, [SECONDS * 1000, SECONDS], tmp_path)
    late = [*[SECONDS * 1000 + n for n in range(200)], SECONDS]
    with pytest.raises(DataError, match="not a time in milliseconds, as the first of the file are"):
        read(name, late, tmp_path)
    found = read(name, late, tmp_path, lenient=True)
    assert [one.time for one in found.annotations] == [
        (SECONDS * 1000 + n) / 1000 for n in range(200)
    ]
