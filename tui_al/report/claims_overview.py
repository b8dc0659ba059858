"""What several panels, or several studies, say of the paper's claims together: how often each held, and every single verdict."""

from collections import Counter
from collections.abc import Sequence

from tui_al.core.comparisons import Verdict
from tui_al.report.claims import Claim, claims
from tui_al.report.markdown import escape, table
from tui_al.report.study import ArmResult
from tui_al.report.study_markdown import MEANINGS, estimate


def claims_overview(panels: Sequence[Sequence[ArmResult]]) -> list[str]:
    """Two tables: a row for each claim with its verdicts counted, and a row for each verdict with its interval.

    Empty where no panel speaks to a claim. A claim is judged once for each pair of arms, so the counts are of pairs that share
    data, seeds and models: no sample of independent trials.
    """
    found = [(arms[0].data, claim) for arms in panels for claim in claims(arms)]
    if not found:
        return []
    texts = list(dict.fromkeys(claim.text for _, claim in found))
    return [
        "**The paper's claims, counted**",
        _counted(texts, found),
        "**The paper's claims, one by one**",
        _listed(texts, found),
        MEANINGS,
    ]


def _counted(texts: Sequence[str], found: Sequence[tuple[str, Claim]]) -> str:
    body = []
    for text in texts:
        own = [(data, claim) for data, claim in found if claim.text == text]
        counts = Counter(claim.verdict for _, claim in own)
        data = ", ".join(dict.fromkeys(escape(name) for name, _ in own))
        body.append([escape(text), *(str(counts[verdict]) for verdict in Verdict), data])
    return table(["claim", *(str(verdict) for verdict in Verdict), "data"], body)


def _listed(texts: Sequence[str], found: Sequence[tuple[str, Claim]]) -> str:
    body = [
        [escape(text), escape(data), escape(claim.evidence), str(claim.verdict), estimate(claim), str(claim.difference.pairs)]
        for text in texts
        for data, claim in found
        if claim.text == text
    ]  # fmt: skip
    return table(["claim", "data", "on", "verdict", "difference, 95 %", "seeds"], body)
