"""How differently two models see one pool: the distances between their scores, and what that does
to the queries.

The paper's Table 4 compares the BALD scores of the fully tuned and the adapted model by Wasserstein
distance and Kullback-Leibler divergence, and leaves open how the latter is computed from samples;
`Distances` prints our reading with the numbers. Both compare *distributions*: two models can have
the same one and still ask about different texts, which `Agreement` tells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len

from tui_al.core.arrays import FloatArray
from tui_al.core.query.strategies import select

#: Histogram bins over the pooled range of both scores.
BINS = 64

#: Added to each bin's share, so that a bin which only the other model fills does not make the
#: divergence infinite.
SMOOTHING = 1e-9

_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Distances:
    """Between two samples of scores on the same pool."""

    wasserstein: float  #: of the raw scores, in their unit
    kl: float  #: of the histograms, the first from the second, nats
    size: int  #: scores a side
    bins: int = BINS
    smoothing: float = SMOOTHING


@dataclass(frozen=True, slots=True)
class Agreement:
    """Between two models' rankings of the same pool."""

    spearman: float | None  #: None where one gives all texts the same score
    kendall: float | None
    overlap: float  #: share of the first model's query that the second would ask about too
    by_chance: float  #: the overlap to be expected of unrelated rankings
    batch: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares of several samples in the same bins."""

    edges: FloatArray  # (bins + 1,)
    shares: FloatArray  # (samples, bins), rows sum to 1


def distances(full: FloatArray, other: FloatArray) -> Distances:
    """Wasserstein distance, and KL(full || other) over shared histograms, of two models' scores,
        (pool,) each.

    Raises:
        ValueError: scores are missing, not finite, or not of the same pool.
    """
    from scipy.stats import (  # here, as the label screen would wait for it otherwise
        entropy,
        wasserstein_distance,
    )

    _check(full, other)
    first, second = histogram([full, other]).shares + SMOOTHING
    return Distances(
        wasserstein=float(wasserstein_distance(full, other)),
        kl=float(entropy(first, second)),
        size=len(full),
    )


def agreement(
    full: FloatArray, other: FloatArray, batch: int, rng: np.random.Generator
) -> Agreement:
    """Rank correlations, and the overlap of the two queries of `batch` texts; ties are broken the
    same way for both.

    Raises:
        ValueError: as for `distances`, or the batch is not 1 to the pool's size.
    """
    from scipy.stats import kendalltau, spearmanr

    _check(full, other)
    if not 1 <= batch <= len(full):
        raise ValueError(f"a batch of {batch} from a pool of {len(full)}")
    constant = np.ptp(full) == 0 or np.ptp(other) == 0
    order = rng.permutation(
        len(full)
    )  # one order for both, so that equal scores are no disagreement
    ones = np.ones(len(full), dtype=np.int64)
    queries = [
        set(select(scores[order], ones, batch, np.random.default_rng(0)).tolist())
        for scores in (full, other)
    ]
    return Agreement(
        spearman=None if constant else float(spearmanr(full, other).statistic),
        kendall=None if constant else float(kendalltau(full, other).statistic),
        overlap=len(queries[0] & queries[1]) / batch,
        by_chance=batch / len(full),
        batch=batch,
    )


def histogram(samples: Sequence[FloatArray], bins: int = BINS) -> Histogram:
    """Shares of each sample in equal bins from the least to the greatest of all scores."""
    pooled = np.concatenate(samples)
    edges = np.histogram_bin_edges(pooled, bins)
    counts = np.array([np.histogram(scores, edges)[0] for scores in samples], dtype=np.float64)
    return Histogram(edges, counts / counts.sum(axis=1, keepdims=True))


def histogram_lines(
    names: Sequence[str], samples: Sequence[FloatArray], bins: int = 16, width: int = 24
) -> list[str]:
    """The histograms side by side as text: one line a bin, one bar a sample, all bars on one
    scale."""
    shown = histogram(samples, bins)
    most = float(shown.shares.max())
    widths = [max(width + 7, cell_len(name)) for name in names]
    heading = "  ".join(
        name + " " * (columns - cell_len(name)) for name, columns in zip(names, widths, strict=True)
    )
    lines = [f"{'score from':>12}  {heading}".rstrip()]
    for start, column in zip(shown.edges[:-1], shown.shares.T, strict=True):
        bars = [
            f"{share:6.1%} {_bar(share / most, width)}".ljust(columns)
            for share, columns in zip(column, widths, strict=True)
        ]
        lines.append(f"{start:12.5f}  {'  '.join(bars)}".rstrip())
    return lines


def _bar(share: float, width: int) -> str:
    eighths = round(share * width * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def _check(full: FloatArray, other: FloatArray) -> None:
    if len(full) != len(other) or not len(full):
        raise ValueError(f"scores of {len(full)} and {len(other)} texts are not of one pool")
    if not (np.isfinite(full).all() and np.isfinite(other).all()):
        raise ValueError("scores are not finite")
