"""Comparisons of scores in a report: the paper's Table 4, by hand, and the way through a study's
JSON."""

from dataclasses import asdict
from pathlib import Path

import pytest

from tests.report.test_study import FULL
from tui_al.errors import DataError
from tui_al.report.score_studies import ScoreStudy, SeedScores, scores_blocks
from tui_al.report.study import Study
from tui_al.report.study_markdown import render_study

STUDY = ScoreStudy(
    "banking77", "minilm:full", "minilm:adapter", "bald", 200, 3800, 40, 64, 1e-9,
    {"scored": "3,800 texts", "device": "cpu"},
    (
        SeedScores(1, 0.001, 0.10, 0.0004, 0.02, 0.5, 0.25, 0.75),
        SeedScores(2, 0.003, 0.30, 0.0006, 0.04, None, 0.75, 0.75),
    ),
)  # fmt: skip


def cells(study: ScoreStudy) -> list[str]:
    row = scores_blocks([study])[1].splitlines()[-1]
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_the_table_by_hand() -> None:
    assert cells(STUDY) == [
        "banking77", "bald", "minilm:full / minilm:adapter", "200",
        "0.00200 ± 0.00141", "0.00050 ± 0.00014", "0.2000 ± 0.1414", "0.0300 ± 0.0141",
        "0.50", "0.50 ± 0.35", "0.75 ± 0.00", "2", "0.0007 / 0.0071",
    ]  # fmt: skip
    page = "\n".join(scores_blocks([STUDY]))
    assert "64 shared bins, 1e-09 added" in page
    assert "scored: 3,800 texts; device: cpu" in page


@pytest.mark.parametrize(
    "change", [{"score": "lc"}, {"second": "minilm:head"}, {"data": "tickets"}]
)
def test_the_papers_numbers_stand_beside_the_same_comparison_only(change: dict[str, str]) -> None:
    assert cells(ScoreStudy(**{**asdict(STUDY), **change, "seeds": STUDY.seeds}))[-1] == "–"


def test_they_go_with_the_study(tmp_path: Path) -> None:
    study = Study("s", "S", (FULL,), scores=(STUDY,))
    path = tmp_path / "study.json"
    path.write_text(study.to_json())
    assert Study.from_json(path).scores == (STUDY,)
    assert "the paper's Table 4" in render_study(study)
    assert "Table 4" not in render_study(Study("s", "S", (FULL,)))
    path.write_text(study.to_json().replace('"floor_wd"', '"floor"'))
    with pytest.raises(DataError, match="is not a study"):
        Study.from_json(path)
