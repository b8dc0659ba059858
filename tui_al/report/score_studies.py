"""What `tui-al compare-scores --sweep` keeps of a comparison, and the table that a report makes of
several: the paper's Table 4."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tui_al.report.curves import MeanStd
from tui_al.report.markdown import escape, table

#: The paper's Table 4, WD and KL of BALD scores, full tuning against adapter (ELECTRA-base).
PAPER = {
    "ag_news": (0.0004, 0.0469),
    "banking77": (0.0007, 0.0071),
    "massive": (0.0006, 0.01),
    "conll2003": (0.0007, 0.0034),
}


@dataclass(frozen=True, slots=True)
class SeedScores:
    """One seed: between the two models, and between two seeds of the first (floor)."""

    seed: int
    wd: float
    kl: float
    floor_wd: float
    floor_kl: float
    spearman: float | None
    overlap: float
    floor_overlap: float


@dataclass(frozen=True, slots=True)
class ScoreStudy:
    """Two models' scores on one pool, over some seeds, with what the numbers depend on."""

    data: str
    first: str  #: "minilm:full"
    second: str
    score: str
    labels: int
    scored: int
    batch: int
    bins: int
    smoothing: float
    facts: Mapping[str, str]
    seeds: tuple[SeedScores, ...]

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The inverse of `dataclasses.asdict`; raises TypeError or KeyError for anything else."""
        return cls(**{**plain, "seeds": tuple(SeedScores(**seed) for seed in plain["seeds"])})


def scores_blocks(studies: Sequence[ScoreStudy]) -> list[str]:
    """The table with a row for each data set and pair, and how its numbers are computed; nothing
    without any."""
    if not studies:
        return []
    header = [
        "data",
        "score",
        "models",
        "labels",
        "WD",
        "floor WD",
        "KL",
        "floor KL",
        "Spearman",
        "overlap",
        "floor overlap",
        "seeds",
        "paper's WD / KL",
    ]
    first = studies[0]
    facts = [
        f"- **{escape(study.data)}, {escape(study.first)} and {escape(study.second)}**: "
        + "; ".join(f"{name}: {escape(value)}" for name, value in study.facts.items())
        for study in studies
    ]
    return [
        "**Scores of two models on one pool** (the paper's Table 4)",
        table(header, [_row(study) for study in studies]),
        "WD: Wasserstein distance of the raw scores; KL: of the first model's histogram from the "
        f"second's, in nats, {first.bins} shared "
        f"bins, {first.smoothing:g} added to each share; overlap: of the queries of both (sizes "
        "below). Floor: the same between two "
        "seeds of the first model. Means over the seeds ± sample standard deviation.",
        "\n".join(facts),
    ]


def _row(study: ScoreStudy) -> list[str]:
    def spread(name: str, digits: int) -> str:
        found = MeanStd.of(v for s in study.seeds if (v := getattr(s, name)) is not None)
        if found is None:
            return "–"
        return f"{found.mean:.{digits}f}" + (f" ± {found.sd:.{digits}f}" if found.n > 1 else "")

    pair = (study.first.partition(":")[2], study.second.partition(":")[2])
    told = PAPER.get(study.data) if study.score == "bald" and pair == ("full", "adapter") else None
    return [
        escape(study.data),
        study.score,
        f"{escape(study.first)} / {escape(study.second)}",
        f"{study.labels:,}",
        spread("wd", 5),
        spread("floor_wd", 5),
        spread("kl", 4),
        spread("floor_kl", 4),
        spread("spearman", 2),
        spread("overlap", 2),
        spread("floor_overlap", 2),
        str(len(study.seeds)),
        f"{told[0]:g} / {told[1]:g}" if told else "–",
    ]
