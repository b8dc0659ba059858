"""The README's tables on speed are what the command writes from the stored tables."""

from pathlib import Path

import pytest

from tests.benchmarks.table import Table
from tests.evidence.speed import BEGIN, END, main, with_tables

TABLE = Table(
    "Training", "python -m x DATA", "one core", ("way", "a/s"), (("full", "12.5"),), ("A note.",)
)


def test_the_readme_is_up_to_date() -> None:
    assert main(["--check"]) == 0


def test_a_stored_table_comes_back_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    TABLE.tell(tmp_path / "speed" / "one.json")
    assert Table.read(tmp_path / "speed" / "one.json") == TABLE
    assert "| full | 12.5 |" in capsys.readouterr().out


def test_only_the_section_changes() -> None:
    text = with_tables(f"before 1.5\n{BEGIN}\nold\n{END}\nafter\n", [TABLE])
    assert text == (
        f"before 1.5\n{BEGIN}\n\n**Training** (one core): `python -m x DATA`\n\n"
        f"| way | a/s |\n| --- | ---: |\n| full | 12.5 |\n\nA note.\n\n{END}\nafter\n"
    )
    with pytest.raises(ValueError, match="lacks the lines"):
        with_tables("nothing", [])
