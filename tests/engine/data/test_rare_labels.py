"""A class of a single row among frequent ones is told, with its place."""

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from tui_al.core.data.examples import Dataset
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.loading import load
from tui_al.engine.data.rare_labels import tell_rare_labels
from tui_al.engine.data.rows import Row
from tui_al.engine.data.tables import LoadReport


def told(data: Dataset) -> list[str]:
    return [warning for warning in data.warnings if warning.startswith("classes of a single row")]


def table(path: Path, labels: Sequence[str], last: str = "") -> Path:
    rows = "".join(f"letter {i} on paper,{label}\n" for i, label in enumerate(labels))
    path.write_text(f"text,label\n{rows}{last}", encoding="utf-8")
    return path


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_a_row_of_totals(tmp_path: Path, share: float) -> None:
    path = table(tmp_path / "a.csv", ["bill", "roof", "path"] * 12, "Total,36\n")
    data = load(DataConfig(str(path), test_share=share))
    assert data.labels == ("36", "bill", "path", "roof")  # kept: nobody can tell
    assert told(data) == [
        "classes of a single row, where most have 5 or more: '36' (a.csv:38); is each of them "
        "meant, and no total or typing error?"
    ]


def test_people_are_told_too(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", ["bill", "roof"] * 12, "a letter,bil\n")
    assert "'bil' (a.csv:26)" in told(load(DataConfig(str(path)), by_people=True))[0]
    named = DataConfig(str(path), labels=("bill", "roof", "bil"))
    assert told(load(named, by_people=True)) == []


@pytest.mark.parametrize(
    "labels",
    [
        ["bill", "roof"] * 12,
        ["bill", "roof", "path", "gate", "wall"] * 4 + ["mill"],  # all are rare
        [f"class {i}" for i in range(20)] + ["bill"] * 12,  # most are of a single row
    ],
)
def test_where_one_row_says_nothing(tmp_path: Path, labels: Sequence[str]) -> None:
    assert told(load(DataConfig(str(table(tmp_path / "a.csv", labels))))) == []


def test_answers_are_not_copied_to_be_counted() -> None:
    """Of millions of rows that took as much memory as the rows' own list."""
    rows = {"train": [Row("a", ("bill", "roof")[i % 2], (), "a.csv") for i in range(20_000)]}
    tracemalloc.start()
    tell_rare_labels(rows, (), LoadReport())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000
