"""The README's results are what the command writes from the stored studies, and nothing else of the README changes."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.evidence import readme, sections
from tests.evidence.readme import BEGIN, END, first_token_note, main, results, stored, with_results
from tests.evidence.sections import README
from tests.report.test_study import PANEL
from tui_al.report.study import Study


def test_the_readme_is_up_to_date() -> None:
    assert main(["--check"]) == 0
    assert with_results(README.read_text(encoding="utf-8"), stored()) == README.read_text("utf-8")


def test_every_number_comes_from_the_study() -> None:
    study = Study("s", "A study", tuple(PANEL))
    text = with_results(f"before\n\n{BEGIN}\nstale 9.99\n{END}\n\nafter 1.234\n", [study])
    assert text.startswith("before\n")
    assert text.endswith("\n\nafter 1.234\n")
    assert "stale" not in text
    for told in (
        "**The paper's claims, counted**",
        "0.760 ± 0.010",
        "**Against random sampling**",
        "**Claims**",
        "| held |",
        "<details>",
    ):
        assert " ".join(told.split()) in " ".join(text.split())
    assert with_results(text, [study]) == text
    assert results([]) == "No study is stored yet."


def test_nothing_in_the_results_is_typed_by_hand() -> None:
    """Outside of the markers the section has no table and no measured number: those have decimals."""
    section = (
        README.read_text(encoding="utf-8").partition("\n## Results\n")[2].partition("\n## ")[0]
    )
    before, _, rest = section.partition(BEGIN)
    typed = before + rest.partition(END)[2]
    assert stored()
    assert "|" not in typed
    assert not re.search(r"\d?\.\d", re.sub(r"```.*?```", "", typed, flags=re.DOTALL))


def test_a_readme_that_differs_from_the_studies_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One digit is enough."""
    changed = tmp_path / "README.md"
    text = README.read_text(encoding="utf-8")
    place = text.index(BEGIN) + re.search(r"0\.\d\d\d ±", text[text.index(BEGIN) :]).start() + 4  # type: ignore[union-attr]
    digit = str((int(text[place]) + 1) % 10)
    changed.write_text(text[:place] + digit + text[place + 1 :], encoding="utf-8")
    monkeypatch.setattr(sections, "README", changed)
    assert main(["--check"]) == 1
    assert main([]) == 0
    assert changed.read_text(encoding="utf-8") == text


def test_a_figure_that_is_not_the_studies_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study("a study", "A study", tuple(PANEL))
    monkeypatch.setattr(readme, "FIGURES", tmp_path)
    assert not readme.are_drawn([study])
    readme.draw([study], tmp_path)
    assert readme.are_drawn([study])
    (figure,) = tmp_path.glob("*")
    assert f"(tests/evidence/figures/{figure.name})" in results([study])
    figure.write_bytes(figure.read_bytes().replace(b"accuracy", b"accurate"))
    assert not readme.are_drawn([study])
    readme.draw([study], tmp_path)
    (tmp_path / "old.svg").touch()
    assert not readme.are_drawn([study])


def test_a_readme_without_the_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        with_results("nothing", [])


def test_studies_from_before_pooling_was_a_setting_are_told() -> None:
    """Their settings say nothing of what the heads read; newer ones do, and tagging reads every word anyway."""
    old = Study("o", "Old", tuple(PANEL))
    facts = {"successor": "minilm; full tuning: all weights; head on the mean of all tokens"}
    new = Study("n", "New", tuple(replace(arm, facts=facts) for arm in PANEL))
    tags = Study("t", "Tags", tuple(replace(arm, metric="entity_f1") for arm in PANEL))
    (line,) = first_token_note([old, tags])
    assert "the first token in all studies of classification below" in line
    assert line in results([old])
    assert 'the first token in "Old", as' in first_token_note([new, old])[0]
    assert first_token_note([new, tags]) == []
