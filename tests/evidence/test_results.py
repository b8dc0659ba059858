"""The results are what the command writes from the stored studies, and nothing else of the pages
changes."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.docs.narrow import wide_rows
from tests.evidence import results as module
from tests.evidence.results import BEGIN, END, first_token_note, results, stored, with_results
from tests.report.test_study import PANEL
from tui_al.report.study import Study

STUDY = Study("s", "A study", tuple(PANEL))


@pytest.mark.slow
def test_readme_and_page_are_up_to_date() -> None:
    assert module.renew(check=True), "run `python -m tests.evidence.results`"


def test_every_number_comes_from_the_study() -> None:
    text = with_results(f"before\n\n{BEGIN}\nstale 9.99\n{END}\n\nafter 1.234\n", [STUDY])
    assert text.startswith("before\n")
    assert text.endswith("\n\nafter 1.234\n")
    assert "stale" not in text
    for told in (
        "## The paper's claims",
        "0.760 ± 0.010",
        "### Against random sampling",
        "### Labels needed, seconds, memory",
        "- As well: **held**.",
        "### Settings",
    ):
        assert " ".join(told.split()) in " ".join(text.split())
    assert with_results(text, [STUDY]) == text
    assert results([]) == "No study is stored yet."


def test_no_verdict_is_told_twice_and_no_table_is_wide() -> None:
    """A pair of arms stands in one row of the section of its claim, and nowhere else with a
    verdict."""
    text = module.RESULTS.read_text(encoding="utf-8")
    judged = [
        line for line in text.splitlines() if re.search(r"\| +(not )?(held|decidable) \|", line)
    ]
    assert len(judged) > 50
    assert len({(line, where) for line, where in _with_headings(text) if line in judged}) == len(
        judged
    )
    after = text.partition("## How the tables are read")[2]
    assert not re.search(r"\b(held|decidable)\b", after)
    assert wide_rows(text) == []


def _with_headings(text: str) -> list[tuple[str, str]]:
    found, heading = [], ""
    for line in text.splitlines():
        heading = line if line.startswith("#") else heading
        found.append((line, heading))
    return found


def test_nothing_in_the_results_is_typed_by_hand() -> None:
    """Outside of the markers there is no table and no measured number: those have decimals."""
    page = module.RESULTS.read_text(encoding="utf-8")
    readme = (
        module.README.read_text(encoding="utf-8")
        .partition("\n## Results\n")[2]
        .partition("\n## ")[0]
    )
    assert stored()
    for section in (page, readme):
        before, _, rest = section.partition(BEGIN)
        typed = before + rest.partition(END)[2]
        assert "|" not in typed
        assert not re.search(r"\d?\.\d", re.sub(r"```.*?```", "", typed, flags=re.DOTALL))


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README", "RESULTS"])
def test_a_page_that_differs_from_the_studies_is_found_out(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One digit is enough."""
    for name in ("README", "RESULTS"):  # of one small study, drawn elsewhere
        copy = tmp_path / f"{name}.md"
        copy.write_text(f"a\n{BEGIN}\n{END}\nb\n", encoding="utf-8")
        monkeypatch.setattr(module, name, copy)
    monkeypatch.setattr(module, "FIGURES", tmp_path / "figures")
    (tmp_path / "figures").mkdir()
    monkeypatch.setattr(module, "stored", lambda: [STUDY])
    assert not module.renew(check=True)
    module.renew(check=False)
    assert module.renew(check=True)
    changed: Path = getattr(module, page)
    text = changed.read_text(encoding="utf-8")
    place = re.search(r"[+0]\.?\d\.?\d\d", text).end() - 1  # type: ignore[union-attr]
    digit = str((int(text[place]) + 1) % 10)
    changed.write_text(text[:place] + digit + text[place + 1 :], encoding="utf-8")
    assert not module.renew(check=True)
    module.renew(check=False)
    assert changed.read_text(encoding="utf-8") == text


@pytest.mark.slow
def test_a_figure_that_is_not_the_studies_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study("a study", "A study", tuple(PANEL))
    monkeypatch.setattr(module, "FIGURES", tmp_path)
    assert not module.are_drawn([study])
    module.draw([study], tmp_path)
    assert module.are_drawn([study])
    (figure,) = tmp_path.glob("*")
    assert f"(../../tests/evidence/figures/{figure.name})" in results([study])
    figure.write_bytes(figure.read_bytes().replace(b"accuracy", b"accurate"))
    assert not module.are_drawn([study])
    module.draw([study], tmp_path)
    (tmp_path / "old.svg").touch()
    assert not module.are_drawn([study])


def test_a_page_without_the_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        with_results("nothing", [])


def test_studies_from_before_pooling_was_a_setting_are_told() -> None:
    """Their settings say nothing of what the heads read; newer ones do, and tagging reads every
    word anyway."""
    old = Study("o", "Old", tuple(PANEL))
    facts = {"successor": "minilm; full tuning: all weights; head on the mean of all tokens"}
    new = Study("n", "New", tuple(replace(arm, facts=facts) for arm in PANEL))
    tags = Study("t", "Tags", tuple(replace(arm, metric="entity_f1") for arm in PANEL))
    (line,) = first_token_note([old, tags])
    assert "the first token in all studies of classification below" in line
    assert line in results([old])
    assert 'the first token in "Old", as' in first_token_note([new, old])[0]
    assert first_token_note([new, tags]) == []
