"""The README's results are what the command writes from the stored studies, and nothing else of the README changes."""

import pytest

from tests.evidence.readme import BEGIN, END, README, main, results, stored, with_results
from tests.report.test_study import PANEL
from tui_al.report.study import Study


def test_the_readme_is_up_to_date() -> None:
    assert main(["--check"]) == 0
    assert with_results(README.read_text(encoding="utf-8"), stored()) == README.read_text("utf-8")


def test_every_number_comes_from_the_study() -> None:
    study = Study("s", "A study", tuple(PANEL))
    text = with_results(f"before\n\n{BEGIN}\nold\n{END}\n\nafter 1.234\n", [study])
    assert text.startswith("before\n")
    assert text.endswith("\n\nafter 1.234\n")
    assert "old" not in text
    for told in (
        "0.760 ± 0.010",
        "**Against random sampling**",
        "**Claims**",
        "| held |",
        "<details>",
    ):
        assert " ".join(told.split()) in " ".join(text.split())
    assert with_results(text, [study]) == text
    assert results([]) == "No study is stored yet."


def test_a_readme_without_the_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        with_results("nothing", [])
