"""Comparisons within a panel, and what they say about each claim of the paper: held, not held, or
not decidable."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tui_al.core.stats.metrics import normalized_area
from tui_al.core.stats.paired_tests import (
    PairedDifference,
    Verdict,
    holm,
    is_not_below,
    is_positive,
    is_within,
    paired_difference,
)
from tui_al.report.study import ArmResult

#: Areas that differ by less than this are as good as equal: one point of accuracy or F1.
MARGIN = 0.01

#: The paper's mean saving of training time by adapters, in percent (section 4).
PAPER_SAVING = 20.84


@dataclass(frozen=True, slots=True)
class Contrast:
    """One arm against another, over the seeds that both ran: the difference of their areas under
    the curve."""

    arm: str
    base: str
    difference: PairedDifference
    by_seed: Mapping[int, float]  #: what the difference is of
    p_holm: float | None = (
        None  #: corrected within its family: all contrasts of a panel against the same kind of base
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of the paper (or the question that it leaves open), and what these runs say about
    it."""

    text: str
    evidence: str  #: which arms
    judge: Callable[[PairedDifference], Verdict]
    difference: PairedDifference
    by_seed: Mapping[int, float]  #: what the difference is of
    unit: str = ""  #: "%" for savings; areas have none

    @property
    def verdict(self) -> Verdict:
        """What the difference says."""
        return self.judge(self.difference)


def against_random(panel: Sequence[ArmResult]) -> list[Contrast]:
    """Every asking arm against random sampling."""
    base = next((arm for arm in panel if arm.strategy == "random"), None)
    others = [arm for arm in panel if arm.strategy != "random"]
    return _corrected([_contrast(arm, base) for arm in others]) if base else []


def against_full(panel: Sequence[ArmResult]) -> list[Contrast]:
    """Every other acquisition model against full tuning, with the same strategy."""
    found = []
    for arm in panel:
        base = _find(panel, arm.strategy, "full")
        if arm.acquisition not in ("", "full") and base is not None:
            found.append(_contrast(arm, base))
    return _corrected(found)


def claims(panel: Sequence[ArmResult]) -> list[Claim]:
    """The paper's claims that a panel can speak to."""
    found = [*_same_as_full(panel), *_mismatch(panel), *_not_below_random(panel)]
    found += [*_strategies(panel), *_savings(panel)]
    return found


def _same_as_full(panel: Sequence[ArmResult]) -> list[Claim]:
    """Section 5: an adapter performs comparably at each iteration; the same asked of kinds that the
    paper leaves out.

    Twice: whether it is equal, and whether it is no worse, which is what one wants to know before
    saving the time."""
    texts = {
        "mismatched": "",
        "bag of words": "TF-IDF with logistic regression asks as well as a fully tuned model "
        "(open question)",
        "adapter on a trunk": "An adapter above a frozen trunk asks as well as a fully tuned "
        "model (our option)",
        "head": "A frozen encoder with a linear head asks as well as a fully tuned model (open "
        "question)",
        "upper": "Tuning the upper layers only asks as well as tuning all (open question)",
    }
    found = []
    for arm in panel:
        base = _find(panel, arm.strategy, "full")
        text = texts.get(
            arm.acquisition, f"{_article(arm.acquisition)} asks as well as a fully tuned model"
        )
        if text and base is not None and arm.acquisition not in ("", "full"):
            found.append(_claim(text, arm, base, lambda d: is_within(d, MARGIN)))
            no_worse = text.replace("asks as well as", "asks no worse than")
            found.append(_claim(no_worse, arm, base, lambda d: is_not_below(d, MARGIN)))
    return found


def _mismatch(panel: Sequence[ArmResult]) -> list[Claim]:
    """Section 5: DistilBERT performs worse than all other set-ups, by acquisition-successor
    mismatch."""
    found = []
    for arm in panel:
        if arm.acquisition != "mismatched":
            continue
        for kind in ("full", "adapter"):
            base = _find(panel, arm.strategy, kind)
            if base is not None:
                text = "An acquisition model of another architecture asks worse"
                found.append(_claim(text, base, arm, is_positive))
    return found


def _not_below_random(panel: Sequence[ArmResult]) -> list[Claim]:
    """Appendix A.4: random sampling never outperforms a strategy; on AG News it does much worse."""
    base = next((arm for arm in panel if arm.strategy == "random"), None)
    if base is None:
        return []
    found = []
    for arm in panel:
        if arm.acquisition not in ("full", "adapter") or arm.strategy == "random":
            continue
        text = "Random sampling does not outperform a strategy"
        found.append(_claim(text, arm, base, lambda d: is_not_below(d, MARGIN)))
        if arm.data == "ag_news":
            text = "On AG News random sampling does worse"
            found.append(_claim(text, arm, base, is_positive))
    return found


def _strategies(panel: Sequence[ArmResult]) -> list[Claim]:
    """Appendix A.4: breaking ties does better on AG News, least confidence on Banking77 and
    MASSIVE."""
    better, worse = {
        "ag_news": ("bt", "lc"), "banking77": ("lc", "bt"), "massive": ("lc", "bt"),
    }.get(panel[0].data, ("", ""))  # fmt: skip
    found = []
    for kind in ("full", "adapter"):
        first, second = _find(panel, better, kind), _find(panel, worse, kind)
        if first is not None and second is not None:
            text = f"{better} does better than {worse} on {first.data}"
            found.append(_claim(text, first, second, is_positive))
    return found


def _savings(panel: Sequence[ArmResult]) -> list[Claim]:
    """Table 1: an adapter trains in less time; the paper's mean saving is 20.84 %."""
    found = []
    for arm in panel:
        base = _find(panel, arm.strategy, "full")
        if arm.acquisition != "adapter" or base is None:
            continue
        mine, theirs = arm.acquisition_training(), base.acquisition_training()
        saved = {
            seed: 100 * (1 - mine[seed] / theirs[seed])
            for seed in mine
            if theirs.get(seed) and len(arm.runs[seed]) == len(base.runs[seed])
        }
        if saved:
            text = f"An adapter trains in less time (the paper: {PAPER_SAVING} % less)"
            evidence = f"{arm.label} against {base.label}"
            difference = paired_difference(list(saved.values()))
            found.append(Claim(text, evidence, is_positive, difference, saved, "%"))
    return found


def _claim(
    text: str, arm: ArmResult, base: ArmResult, judge: Callable[[PairedDifference], Verdict]
) -> Claim:
    evidence = f"{arm.label} against {base.label}"
    contrast = _contrast(arm, base)
    if contrast is None:
        nothing = PairedDifference(float("nan"), 0.0, None, None, None, 0)
        return Claim(text, evidence, judge, nothing, {})
    return Claim(text, evidence, judge, contrast.difference, contrast.by_seed)


def _contrast(arm: ArmResult, base: ArmResult) -> Contrast | None:
    """Seed by seed, over the points of whole runs at the same number of labels; None where no seed
    has one."""
    differences = {}
    for seed, points in arm.whole.items():
        theirs = {p.labels: p.metrics[base.metric] for p in base.whole.get(seed, ())}
        shared = [(p.labels, p.metrics[arm.metric]) for p in points if p.labels in theirs]
        if shared and arm.metric == base.metric:
            labels = [spent for spent, _ in shared]
            apart = [value - theirs[spent] for spent, value in shared]
            differences[seed] = normalized_area(labels, apart)
    if not differences:
        return None
    found = paired_difference(list(differences.values()))
    return Contrast(arm.label, base.label, found, differences)


def _corrected(contrasts: Sequence[Contrast | None]) -> list[Contrast]:
    found = [contrast for contrast in contrasts if contrast is not None]
    tested = [c for c in found if c.difference.p is not None]
    corrected = holm([c.difference.p or 0.0 for c in tested])
    by_label = {(c.arm, c.base): p for c, p in zip(tested, corrected, strict=True)}
    return [replace(c, p_holm=by_label.get((c.arm, c.base))) for c in found]


def _find(panel: Sequence[ArmResult], strategy: str, kind: str) -> ArmResult | None:
    return next((a for a in panel if (a.strategy, a.acquisition) == (strategy, kind)), None)


def _article(kind: str) -> str:
    return "An adapter" if kind == "adapter" else kind
