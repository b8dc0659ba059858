"""The pages of `tui_al/docs` say what is there."""

import re
from pathlib import Path

import pytest

from tui_al import errors

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "tui_al" / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", page.read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_campaigns_that_a_page_names_can_be_run(page: Path) -> None:
    for module in re.findall(r"python -m ([\w.]+)", page.read_text(encoding="utf-8")):
        path = ROOT / (module.replace(".", "/") + ".py")
        assert "__main__" in path.read_text(encoding="utf-8"), module


def test_every_exit_code_is_in_the_table() -> None:
    text = (ROOT / "tui_al" / "docs" / "faults.md").read_text(encoding="utf-8")
    codes = {one.exit_code for one in vars(errors).values() if isinstance(one, type)
             and issubclass(one, errors.TuiAlError)}  # fmt: skip
    table = text.partition("## Exit codes")[2].partition("\n## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.M)} == codes | {0}
