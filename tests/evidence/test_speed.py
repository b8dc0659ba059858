"""The tables of benchmarks are what the command writes from the stored tables."""

from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import table_1
from tests.benchmarks.table import Table
from tests.evidence.speed import BEGIN, END, renew, with_tables

TABLE = Table(
    "Training", "python -m x DATA", "one core", ("way", "a/s"), (("full", "12.5"),), ("A note.",)
)


def test_the_page_is_up_to_date() -> None:
    assert renew(check=True), "run `python -m tests.evidence.speed`"


def test_a_stored_table_comes_back_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    TABLE.tell(tmp_path / "speed" / "one.json")
    assert Table.read(tmp_path / "speed" / "one.json") == TABLE
    assert "| full | 12.5 |" in capsys.readouterr().out


def test_only_the_section_changes() -> None:
    text = with_tables(f"before 1.5\n{BEGIN}\nold\n{END}\nafter\n", [TABLE])
    assert text == (
        f"before 1.5\n{BEGIN}\n\n### Training\n\n`python -m x DATA`: one core.\n\n"
        f"| way | a/s |\n| --- | ---: |\n| full | 12.5 |\n\nA note.\n\n{END}\nafter\n"
    )
    with pytest.raises(ValueError, match="lacks the lines"):
        with_tables("nothing", [])


def test_the_paper_s_savings_stand_beside_those_measured() -> None:
    def way(tuning: str, layers: int, seconds: list[float], saved: list[float]) -> dict[str, Any]:
        trainings = [{"seconds": [one, one + 2, one + 1]} for one in seconds]
        return {
            "learner": {"tuning": tuning},
            "layers": layers,
            "trainings": trainings,
            "savings": saved,
        }

    ways = [
        way("full", 0, [10, 20, 30], [0, 0, 0]),
        way("adapter", 0, [6, 12, 18], [0.3, 0.4, 0.5]),
        way("adapter", 4, [1, 2, 3], [0.9]),
    ]
    assert table_1.rows("banking77", {"ways": ways}) == [
        ("banking77", "full", "11.0", "21.0", "31.0", "", ""),
        # the paper's: 1 - (23 + 71 + 140) / (30 + 89 + 178) = 1 - 234 / 297
        ("banking77", "adapter", "7.0", "13.0", "19.0", "40.0 ± 10.0", "21.2"),
        ("banking77", "adapter, 4 layers frozen", "2.0", "3.0", "4.0", "90.0", ""),
    ]
