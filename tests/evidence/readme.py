"""Writes the README's results from the studies that lie beside this file: `python -m tests.evidence.readme [--check]`.

A study is what `tui-al report SWEEP --out DIR` leaves as study.json. No number between the README's markers is written by hand, and
the figures in `figures/` are drawn from the same studies; with --check nothing is written, and the exit code tells whether it would
have been.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.evidence.sections import replaced, write
from tui_al.report.claims_overview import claims_overview
from tui_al.report.figures import save_figure
from tui_al.report.markdown import escape
from tui_al.report.score_studies import scores_blocks
from tui_al.report.study import ArmResult, Study
from tui_al.report.study_markdown import (
    claims_tables,
    comparison_tables,
    curve_table,
    explained,
    mismatch_table,
    panel_curves,
    panel_title,
    settings_list,
    totals_table,
)

HERE = Path(__file__).parent
FIGURES = HERE / "figures"
BEGIN, END = (
    "<!-- results: written by python -m tests.evidence.readme -->",
    "<!-- end of results -->",
)


def results(studies: list[Study]) -> str:
    """The section: the claims of all studies together, then each panel's curves and comparisons; the rest is folded away."""
    panels = [arms for study in studies for arms in study.panels().values()]
    blocks = []
    overview = claims_overview(panels)
    blocks += first_token_note(studies)
    if overview:
        blocks += [*overview[:3], _folded("Every verdict with its interval", overview[3:])]
    for study in studies:
        for name, arms in figures(study):
            title = escape(panel_title(arms))
            blocks += [f"**{escape(study.title)}**: {title}.", f"![{title}](tests/evidence/figures/{name})"]  # fmt: skip
            blocks += [curve_table(arms), explained(arms), *comparison_tables(arms)]
            blocks += mismatch_table(arms)
            rest = [totals_table(arms), *claims_tables(arms), *settings_list(arms)]
            blocks.append(_folded("Labels needed, seconds, claims, settings", rest))
        blocks += scores_blocks(study.scores)
    return "\n\n".join(blocks) or "No study is stored yet."


def first_token_note(studies: list[Study]) -> list[str]:
    """What the heads of classifiers read in studies from before there was a choice, whose settings do not tell; [] without any."""
    classifying = [s for s in studies if any(arm.metric == "accuracy" for arm in s.arms)]
    told = [s for s in classifying if any("head on the" in how for a in s.arms for how in a.facts.values())]  # fmt: skip
    old = [f'"{study.title}"' for study in classifying if study not in told]
    if not old:
        return []
    which = f"in {'; '.join(old)}" if told else "in all studies of classification below"
    return [
        f"Heads of classifiers read the first token {which}, as every head did when they were run; those of the bundled encoders now "
        'read the mean of all tokens, which learns more from few labels (see "What a head reads"), so the same commands give other figures today.'
    ]


def figures(study: Study) -> Iterator[tuple[str, list[ArmResult]]]:
    """The name of each panel's figure, and the panel."""
    for arms in study.panels().values():
        yield re.sub(r"[^\w.-]+", "-", f"{study.name}-{arms[0].data}") + ".svg", arms


def draw(studies: list[Study], folder: Path) -> None:
    """Draw every panel into the folder; the same numbers give the same files."""
    for study in studies:
        for name, arms in figures(study):
            save_figure(panel_curves(arms), folder / name, f"{study.title}, {arms[0].data}")


def are_drawn(studies: list[Study]) -> bool:
    """Whether the figures that are kept are those of the studies."""
    with tempfile.TemporaryDirectory() as fresh:
        draw(studies, Path(fresh))
        return _contents(Path(fresh)) == _contents(FIGURES)


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*")}


def _folded(summary: str, blocks: list[str]) -> str:
    inside = "\n\n".join(blocks)
    return f"<details><summary>{summary}</summary>\n\n{inside}\n\n</details>"


def with_results(readme: str, studies: list[Study]) -> str:
    """The README with its section renewed."""
    return replaced(readme, BEGIN, END, results(studies))


def stored() -> list[Study]:
    """The studies kept here, by name."""
    return [Study.from_json(path) for path in sorted(HERE.glob("*.json"))]


def main(arguments: list[str]) -> int:
    """Write, or check; the exit code."""
    studies = stored()
    if "--check" not in arguments:
        for old in FIGURES.glob("*"):
            old.unlink()
        draw(studies, FIGURES)
    elif not are_drawn(studies):
        return 1
    return write(lambda readme: with_results(readme, studies), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
