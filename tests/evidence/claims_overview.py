"""What all studies together say of the paper's claims: a row for each in the README, a section for
each among the results.

A claim is judged once for each pair of arms, and such pairs share data, seeds and models: their
counts are no sample of independent trials. What several studies say of the very same runs counts
once.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from tui_al.core.stats.paired_tests import PairedDifference, Verdict, stratified_difference
from tui_al.report.claims import Claim, claims
from tui_al.report.markdown import escape, table
from tui_al.report.study import ArmResult
from tui_al.report.study_markdown import difference_text

#: Ends of texts that are no claims of the paper.
_OURS = ("(open question)", "(our option)")

HOW_TAKEN_TOGETHER = (
    "Taken together: for each seed of a data set the mean over the pairs of arms that speak to "
    "the claim, the data sets counting "
    "alike; Student's interval of 95 % from the spread of seeds within data sets (Satterthwaite's "
    "degrees of freedom). It holds for "
    "these data sets, not for data sets at large."
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A claim, or two that are judged on the same differences ("as well", "no worse"): who says
    what of it."""

    texts: tuple[str, ...]
    found: tuple[
        tuple[tuple[str, Claim], ...], ...
    ]  #: for each text: data set and claim of each pair of arms

    @property
    def is_the_paper_s(self) -> bool:
        """Whether the paper claims it; else it is a question of ours."""
        return not self.texts[0].endswith(_OURS)

    @property
    def data(self) -> list[str]:
        """The data sets."""
        return list(dict.fromkeys(name for name, _ in self.found[0]))

    def together(self) -> PairedDifference | None:
        """The difference over all pairs of arms and data sets; None of a single seed."""
        strata: dict[str, dict[int, list[float]]] = {}
        for data, claim in self.found[0]:
            for seed, value in claim.by_seed.items():
                strata.setdefault(data, {}).setdefault(seed, []).append(value)
        return stratified_difference(
            [[fmean(values) for values in seeds.values()] for seeds in strata.values()]
        )

    def verdict(self, number: int) -> str:
        """Of the text of that number, all evidence taken together."""
        found = self.together()
        return "–" if found is None else str(self.found[number][0][1].judge(found))

    def difference(self) -> str:
        """The difference that the verdicts rest on, with its interval."""
        found = self.together()
        return "–" if found is None else difference_text(found, self.found[0][0][1].unit)


def evidence(panels: Sequence[Sequence[ArmResult]]) -> list[Evidence]:
    """What the panels say, claim by claim, in the order in which they come."""
    found = _once([(arms[0].data, claim) for arms in panels for claim in claims(arms)])
    by_text: dict[str, list[tuple[str, Claim]]] = {}
    for data, claim in found:
        by_text.setdefault(claim.text, []).append((data, claim))
    by_runs: dict[tuple[object, ...], list[str]] = {}
    for text, own in by_text.items():
        by_runs.setdefault(tuple(_runs(data, claim) for data, claim in own), []).append(text)
    return [
        Evidence(tuple(texts), tuple(tuple(by_text[text]) for text in texts))
        for texts in by_runs.values()
    ]


def headline_table(panels: Sequence[Sequence[ArmResult]]) -> str:
    """A row for each claim of the paper: verdict, difference with its interval, n and data sets; ""
    without any."""
    rows = []
    for one in evidence(panels):
        if one.is_the_paper_s:
            found = one.together()
            pairs = "–" if found is None else str(found.pairs)
            rows.append(
                [escape(one.texts[0]), one.verdict(0), one.difference(), pairs, str(len(one.data))]
            )
    header = ["claim of the paper", "here", "difference, 95 %", "n", "sets"]
    return table(header, rows) if rows else ""


def claims_sections(panels: Sequence[Sequence[ArmResult]]) -> list[str]:
    """A heading for each claim, its verdicts, and a table of the pairs of arms that speak to it."""
    return [block for one in evidence(panels) for block in _section(one)]


def _section(one: Evidence) -> list[str]:
    unit = "time saved" if one.found[0][0][1].unit == "%" else "difference of area"
    together = f"taken together, {unit}: {one.difference()}."
    counts = [_counts(one, number) for number in range(len(one.texts))]
    if len(one.texts) == 1:
        said = f"**{one.verdict(0).capitalize()}**, {together} {counts[0]}"
    else:
        lines = [
            f"- {_short(text).capitalize()}: **{one.verdict(number)}**. {counts[number]}"
            for number, text in enumerate(one.texts)
        ]
        said = "\n".join([*lines, f"- {together.capitalize()}"])
    return [f"### {escape(one.texts[0])}", said, _table(one)]


def _table(one: Evidence) -> str:
    """A row for each pair of arms; the number of seeds only where it is not the same for all."""
    verdicts = ["verdict"] if len(one.texts) == 1 else [_short(text) for text in one.texts]
    pairs = [str(claim.difference.pairs) for _, claim in one.found[0]]
    alike = len(set(pairs)) == 1
    body = [
        [escape(data), escape(claim.evidence), difference_text(claim.difference, claim.unit)]
        + [str(own[row][1].verdict) for own in one.found]
        + [pairs[row]] * (not alike)
        for row, (data, claim) in enumerate(one.found[0])
    ]
    drawn = table(["data", "arms", "difference, 95 %", *verdicts, *["seeds"] * (not alike)], body)
    return f"{drawn}\n\nSeeds: {pairs[0]} each." if alike else drawn


def _short(text: str) -> str:
    return "as well" if "asks as well as" in text else "no worse"


def _counts(one: Evidence, number: int) -> str:
    counts = Counter(claim.verdict for _, claim in one.found[number])
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
    return f"One by one: {told}."


def _once(found: Sequence[tuple[str, Claim]]) -> list[tuple[str, Claim]]:
    """Without what is told again of the same runs: sweeps can have arms in common."""
    kept: dict[tuple[object, ...], tuple[str, Claim]] = {}
    for data, claim in found:
        kept.setdefault((claim.text, *_runs(data, claim)), (data, claim))
    return list(kept.values())


def _runs(data: str, claim: Claim) -> tuple[object, ...]:
    return (data, tuple(claim.by_seed.items()) or claim.evidence)
