"""Writes the results from the studies that lie beside this file: `python -m tests.evidence.results
[--check]`.

A study is what `tui-al report SWEEP --out DIR` leaves as study.json. All results go to
`tui_al/docs/results.md`, the claims of the paper also to the README, and the figures in `figures/`
are drawn from the same studies. No number between the markers is written by hand; with --check
nothing is written, and the exit code tells whether it would have been."""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.docs.narrow import narrow, notes_once
from tests.docs.sections import PAGES, ROOT, replaced, run, write
from tests.evidence.claims_overview import HOW_TAKEN_TOGETHER, claims_sections, headline_table
from tui_al.report.figures import save_figure
from tui_al.report.markdown import escape
from tui_al.report.score_studies import scores_blocks
from tui_al.report.study import ArmResult, Study
from tui_al.report.study_markdown import (
    MEANINGS,
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
README, RESULTS = ROOT / "README.md", PAGES / "results.md"
BEGIN, END = (
    "<!-- results: written by python -m tests.evidence.results -->",
    "<!-- end of results -->",
)

#: A sentence under each table of curves, told once for all.
_AREA = "Area: the normalised area under the curve, which is its mean height."

#: What stands over and under tables of totals, and what takes its place.
_SHORTER = {
    r"train acquisition, s": "acquisition, s", r"score pool, s": "scoring, s",
    r"train successor, s": "successor, s",
    r"peak memory, GB": "peak, GB", r"\nLabels to [\d.]+: where": "\nLabels to a height: where",
}  # fmt: skip


def results(studies: list[Study]) -> str:
    """The section: each claim with its verdicts, how tables are read, then each panel's figure,
    tables and settings."""
    panels = [arms for study in studies for arms in study.panels().values()]
    blocks = [block for study in studies for block in _study(study)]
    notes, rest = notes_once(blocks, caption="on the test set")
    found = claims_sections(panels)
    said = ["## The paper's claims", f"{HOW_TAKEN_TOGETHER} {MEANINGS}", *found] if found else []
    how = ["## How the tables are read", *notes] if notes else []
    text = "\n\n".join([*first_token_note(studies), *said, *how, *rest])
    return narrow(text) or "No study is stored yet."


def headline(studies: list[Study]) -> str:
    """The README's table."""
    panels = [arms for study in studies for arms in study.panels().values()]
    return headline_table(panels) or "No study is stored yet."


def _study(study: Study) -> Iterator[str]:
    for name, arms in figures(study):
        title = escape(panel_title(arms))
        yield f"## {escape(study.title)}: {title}"
        yield f"![{title}](../../tests/evidence/figures/{name})"
        yield from (curve_table(arms), explained(arms).replace(f" {_AREA}", ""), _AREA)
        for block in [*comparison_tables(arms), *mismatch_table(arms)]:
            yield _with_heading(block)
        yield from ("### Labels needed, seconds, memory", _short(totals_table(arms)))
        yield from map(_with_heading, settings_list(arms))
    yield from map(_with_heading, scores_blocks(study.scores))


def _with_heading(block: str) -> str:
    """A line in bold at the top becomes a heading."""
    return re.sub(r"\A\*\*(.*?)\*\*", r"### \1", block)


def _short(totals: str) -> str:
    """Headings that fit side by side, and the same note under each table."""
    for long, short in _SHORTER.items():
        totals = re.sub(long, short, totals)
    return totals


def first_token_note(studies: list[Study]) -> list[str]:
    """What the heads of classifiers read in studies from before there was a choice, whose settings
    do not tell; [] without any."""
    classifying = [s for s in studies if any(arm.metric == "accuracy" for arm in s.arms)]
    told = [
        s
        for s in classifying
        if any("head on the" in how for a in s.arms for how in a.facts.values())
    ]
    old = [f'"{study.title}"' for study in classifying if study not in told]
    if not old:
        return []
    which = f"in {'; '.join(old)}" if told else "in all studies of classification below"
    return [
        f"Heads of classifiers read the first token {which}, as every head did when they were "
        "run; those of the bundled encoders now "
        "read the mean of all tokens, which learns more from few labels (see [What a head "
        "reads](benchmarks.md#what-a-head-reads)), so "
        "the same commands give other figures today."
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


def with_results(page: str, studies: list[Study]) -> str:
    """The page of results with its section renewed."""
    return replaced(page, BEGIN, END, results(studies))


def stored() -> list[Study]:
    """The studies kept here, by name."""
    return [Study.from_json(path) for path in sorted(HERE.glob("*.json"))]


def renew(*, check: bool) -> bool:
    """Write figures, results and the README's table, or with `check` only look; whether all were up
    to date."""
    studies = stored()
    drawn = are_drawn(studies)
    if not drawn and not check:
        for old in FIGURES.glob("*"):
            old.unlink()
        draw(studies, FIGURES)
    table = write(README, lambda page: replaced(page, BEGIN, END, headline(studies)), check=check)
    page = write(RESULTS, lambda page: with_results(page, studies), check=check)
    return drawn and table and page


if __name__ == "__main__":
    sys.exit(run(renew))
