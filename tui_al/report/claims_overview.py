"""What several panels, or several studies, say of the paper's claims together: how often each held, and every single verdict."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from tui_al.core.stats.paired_tests import Verdict, stratified_difference
from tui_al.report.claims import Claim, claims
from tui_al.report.markdown import escape, table
from tui_al.report.study import ArmResult
from tui_al.report.study_markdown import MEANINGS, difference_text


def claims_overview(panels: Sequence[Sequence[ArmResult]]) -> list[str]:
    """Two tables: a row for each claim with its verdicts counted and all its evidence taken together, and a row for each verdict.

    Empty where no panel speaks to a claim. A claim is judged once for each pair of arms, so the counts are of pairs that share
    data, seeds and models: no sample of independent trials. What several studies say of the very same runs counts once.
    """
    found = _once([(arms[0].data, claim) for arms in panels for claim in claims(arms)])
    if not found:
        return []
    texts = list(dict.fromkeys(claim.text for _, claim in found))
    return [
        "**The paper's claims, counted**",
        _counted(texts, found),
        "Taken together: for each seed of a data set the mean over the pairs of arms that speak to the claim (strategies), the data sets "
        "counting alike; Student's interval of 95 % from the spread of seeds within data sets (Satterthwaite's degrees of freedom). It "
        "holds for these data sets, not for data sets at large.",
        "**The paper's claims, one by one**",
        _listed(texts, found),
        MEANINGS,
    ]


def _once(found: Sequence[tuple[str, Claim]]) -> list[tuple[str, Claim]]:
    """Without what is told again of the same runs: sweeps can have arms in common."""
    kept: dict[tuple[object, ...], tuple[str, Claim]] = {}
    for data, claim in found:
        runs = tuple(claim.by_seed.items()) or claim.evidence
        kept.setdefault((data, claim.text, runs), (data, claim))
    return list(kept.values())


def _counted(texts: Sequence[str], found: Sequence[tuple[str, Claim]]) -> str:
    body = []
    for text in texts:
        own = [(data, claim) for data, claim in found if claim.text == text]
        counts = Counter(claim.verdict for _, claim in own)
        data = ", ".join(dict.fromkeys(escape(name) for name, _ in own))
        body.append(
            [escape(text), *(str(counts[verdict]) for verdict in Verdict), data, *_together(own)]
        )
    return table(["claim", *(str(one) for one in Verdict), "data", "together, 95 %", "verdict"], body)  # fmt: skip


def _together(own: Sequence[tuple[str, Claim]]) -> tuple[str, str]:
    """The difference over all pairs of arms and data sets, and its verdict; nothing of a single seed."""
    strata: dict[str, dict[int, list[float]]] = {}
    for data, claim in own:
        for seed, value in claim.by_seed.items():
            strata.setdefault(data, {}).setdefault(seed, []).append(value)
    found = stratified_difference([[fmean(v) for v in seeds.values()] for seeds in strata.values()])
    if found is None:
        return "–", "–"
    claim = own[0][1]
    return difference_text(found, claim.unit), str(claim.judge(found))


def _listed(texts: Sequence[str], found: Sequence[tuple[str, Claim]]) -> str:
    body = [
        [escape(text), escape(data), escape(claim.evidence), str(claim.verdict), difference_text(claim.difference, claim.unit), str(claim.difference.pairs)]
        for text in texts
        for data, claim in found
        if claim.text == text
    ]  # fmt: skip
    return table(["claim", "data", "on", "verdict", "difference, 95 %", "seeds"], body)
