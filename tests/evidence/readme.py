"""Writes the README's results from the studies that lie beside this file: `python -m tests.evidence.readme [--check]`.

A study is what `tui-al report SWEEP --out DIR` leaves as study.json. No number between the README's markers is written by hand;
with --check nothing is written, and the exit code tells whether it would have been.
"""

import sys
from pathlib import Path

from tui_al.report.claims import against_full, against_random
from tui_al.report.study import Study
from tui_al.report.study_markdown import (
    claims_tables,
    comparison_tables,
    curve_table,
    panel_title,
    settings_list,
    totals_table,
)

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
BEGIN, END = (
    "<!-- results: written by python -m tests.evidence.readme -->",
    "<!-- end of results -->",
)


def results(studies: list[Study]) -> str:
    """The section: for each panel its curves, what they are compared to, and the claims; settings folded away."""
    blocks = []
    for study in studies:
        for arms in study.panels().values():
            blocks.append(f"**{study.title}**: {panel_title(arms)}.")
            blocks.append(curve_table(arms))
            blocks += comparison_tables(arms) if against_random(arms) + against_full(arms) else []
            blocks += claims_tables(arms)
            folded = "\n\n".join([totals_table(arms), *settings_list(arms)])
            blocks.append(
                f"<details><summary>Seconds, labels needed, settings</summary>\n\n{folded}\n\n</details>"
            )
    return "\n\n".join(blocks) or "No study is stored yet."


def with_results(readme: str, studies: list[Study]) -> str:
    """The README with the section between its markers replaced; raises ValueError without markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md lacks the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{results(studies)}\n\n{END}{after}"


def stored() -> list[Study]:
    """The studies kept here, by name."""
    return [Study.from_json(path) for path in sorted(HERE.glob("*.json"))]


def main(arguments: list[str]) -> int:
    """Write, or check; the exit code."""
    readme = README.read_text(encoding="utf-8")
    written = with_results(readme, stored())
    if "--check" in arguments:
        return int(written != readme)
    README.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
