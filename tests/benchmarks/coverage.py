"""How often 95 % intervals cover the truth: `python -m tests.benchmarks.coverage`. Takes about
three minutes.

What the choices in `tui_al.core.stats.intervals` and `tui_al.core.stats.audit_sample` rest on. Ours
are the functions of the package; the rivals are written out here. A share's coverage is exact
(summed over the binomial distribution), the others' is simulated."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom, norm

from tui_al.core.stats.audit_sample import compare_entities, entity_f1_interval
from tui_al.core.stats.intervals import Interval, paired_difference, share_interval

Z = float(norm.ppf(0.975))
Limits = tuple[float, float]

#: No more entities in a sentence than this.
LONGEST = 20


def main() -> None:
    """Print the tables."""
    table("One share, n 10 to 200, p .5 to .99", shares())
    table("Paired difference, n 10 to 200, difference 0 to .2, discordance .02 to .35", paired())
    table("Entity F1, 10 to 160 sentences, F1 of about .5 to .95", entities())


def table(title: str, rows: dict[str, NDArray[np.float64]]) -> None:
    """Mean, least, distance from .95 and share within .93 to .97 of each method's coverages."""
    print(f"\n{title}\n{'':22}mean   least  rms distance  within .93-.97")
    for name, covered in rows.items():
        within = np.mean((covered >= 0.93) & (covered <= 0.97))
        distance = np.sqrt(np.mean((covered - 0.95) ** 2))
        print(
            f"{name:20} {covered.mean():.4f}  {covered.min():.3f}  {distance:.4f}        "
            f"{within:.3f}"
        )


def shares() -> dict[str, NDArray[np.float64]]:
    """Exact coverage at every size and true share."""
    methods: dict[str, Callable[[int, int], Limits]] = {
        "Wilson (ours)": lambda x, n: limits(share_interval(x / n, n)),
        "Jeffreys": jeffreys,
        "mid-P": mid_p,
        "Agresti-Coull": agresti_coull,
        "Clopper-Pearson": clopper_pearson,
    }
    truths = np.linspace(0.5, 0.99, 246)
    covered: dict[str, list[float]] = {name: [] for name in methods}
    for n in range(10, 201, 5):
        hits = np.arange(n + 1)
        likely = binom.pmf(hits, n, truths[:, None])  # (truths, hits)
        for name, method in methods.items():
            low, high = np.array([method(int(x), n) for x in hits]).T
            inside = (low <= truths[:, None]) & (truths[:, None] <= high)
            covered[name] += list((likely * inside).sum(axis=1))
    return {name: np.array(values) for name, values in covered.items()}


def jeffreys(x: int, n: int) -> Limits:
    """Equal tails of the posterior under Jeffreys' prior."""
    low, high = beta.ppf([0.025, 0.975], x + 0.5, n - x + 0.5)
    return (0.0 if x == 0 else low), (1.0 if x == n else high)


def mid_p(x: int, n: int) -> Limits:
    """Where half the seen value's probability and all beyond it are 2.5 %, by bisection."""

    def bisect(too_low: Callable[[float], bool]) -> float:
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if too_low(middle) else (low, middle)
        return low

    def tail(p: float) -> float:
        return float(binom.cdf(x, n, p) - binom.pmf(x, n, p) / 2)

    low = 0.0 if x == 0 else bisect(lambda p: 1 - tail(p) < 0.025)
    return low, 1.0 if x == n else bisect(lambda p: tail(p) > 0.025)


def agresti_coull(x: int, n: int) -> Limits:
    """Wald's at z^2 examples more, half of them hits."""
    share = (x + Z**2 / 2) / (n + Z**2)
    half = Z * np.sqrt(share * (1 - share) / (n + Z**2))
    return share - half, share + half


def clopper_pearson(x: int, n: int) -> Limits:
    """The exact one: never below 95 %."""
    low = 0.0 if x == 0 else beta.ppf(0.025, x, n - x + 1)
    return low, 1.0 if x == n else beta.ppf(0.975, x + 1, n - x)


def paired() -> dict[str, NDArray[np.float64]]:
    """Simulated coverage over sizes, differences, discordances and accuracies."""
    methods: dict[str, Callable[[int, int, int, int], Limits]] = {
        "Tango (ours)": lambda a, b, c, d: limits(paired_difference(b, c, a + b + c + d)),
        "Newcombe": newcombe,
        "Bonett-Price": bonett_price,
    }
    rng = np.random.default_rng(1)
    covered: dict[str, list[float]] = {name: [] for name in methods}
    for n in (10, 20, 50, 100, 200):
        for difference in (0.0, 0.03, 0.1, 0.2):
            for discordance in (0.02, 0.05, 0.1, 0.2, 0.35):
                for accuracy in (0.5, 0.7, 0.85, 0.95):
                    only_first = (discordance + difference) / 2
                    only_second = only_first - difference
                    both = accuracy - only_first
                    neither = 1 - both - only_first - only_second
                    cells = np.array([both, only_first, only_second, neither])
                    if (cells < 0).any():
                        continue
                    tables, counts = np.unique(
                        rng.multinomial(n, cells, 2_000), axis=0, return_counts=True
                    )
                    for name, method in methods.items():
                        inside = [
                            low - 1e-9 <= difference <= high + 1e-9
                            for low, high in (method(*map(int, row)) for row in tables)
                        ]
                        covered[name].append(float(np.average(inside, weights=counts)))
    return {name: np.array(values) for name, values in covered.items()}


def newcombe(a: int, b: int, c: int, d: int) -> Limits:
    """Newcombe's square-and-add (1998, method 10)."""
    n = a + b + c + d
    first, second = share_interval((a + b) / n, n), share_interval((a + c) / n, n)
    product = (a + b) * (c + d) * (a + c) * (b + d)
    excess = a * d - b * c
    phi = 0.0
    if product:
        phi = (max(excess - n / 2, 0) if excess > 0 else excess) / np.sqrt(product)
    difference = first.value - second.value
    down = (first.value - first.low, second.high - second.value)
    up = (first.high - first.value, second.value - second.low)
    halves = [np.sqrt(p**2 - 2 * phi * p * q + q**2) for p, q in (down, up)]
    return difference - halves[0], difference + halves[1]


def bonett_price(a: int, b: int, c: int, d: int) -> Limits:
    """Wald's with one example added to each discordant cell (2012)."""
    n = a + b + c + d + 2
    p, q = (b + 1) / n, (c + 1) / n
    half = Z * np.sqrt((p + q - (p - q) ** 2) / n)
    return p - q - half, p - q + half


def entities() -> dict[str, NDArray[np.float64]]:
    """Simulated coverage of F1 (ours and a bootstrap over sentences) and of the difference of two
    models' F1."""
    rng = np.random.default_rng(5)
    covered: dict[str, list[float]] = {
        "F1 (ours)": [],
        "F1, bootstrap": [],
        "difference (ours)": [],
    }
    for n in (10, 20, 40, 80, 160):
        for mean in (0.7, 1.7):
            for p, q in ((0.5, 0.5), (0.7, 0.6), (0.9, 0.9), (0.95, 0.85)):
                for clustering in (0.05, 0.3):
                    gold, *sides = sentences(300_000, mean, (p, q), clustering, rng)
                    truths = [
                        2 * right.sum() / (right.sum() + (gold + wrong).sum())
                        for right, wrong in sides
                    ]
                    hits: dict[str, list[bool]] = {name: [] for name in covered}
                    for _ in range(150):
                        gold, *sides = sentences(n, mean, (p, q), clustering, rng)
                        there = written(gold, 0 * gold)
                        first, second = (written(*side) for side in sides)
                        interval = entity_f1_interval(there, first)
                        comparison = compare_entities(there, first, second)
                        if interval is None or comparison is None:
                            continue
                        hits["F1 (ours)"].append(truths[0] in interval)
                        low, high = bootstrap(sides[0][0], gold + sides[0][1], rng)
                        hits["F1, bootstrap"].append(low <= truths[0] <= high)
                        gap = truths[0] - truths[1]
                        hits["difference (ours)"].append(gap in comparison.difference)
                    for name, values in hits.items():
                        covered[name].append(float(np.mean(values)))
    return {name: np.array(values) for name, values in covered.items()}


Counts = NDArray[np.int64]


def sentences(
    n: int, mean: float, rates: tuple[float, float], clustering: float, rng: np.random.Generator
) -> list[Any]:
    """Gold entities (n,), and of two models their right and their wrong ones, (n,) each; a sentence
    is hard for both or neither."""
    gold = np.minimum(rng.poisson(mean * rng.gamma(1, 1, n)), LONGEST)
    difficulty = rng.normal(0, 1, n)
    sides = []
    for rate in rates:
        rank = norm.cdf(0.8 * difficulty + 0.6 * rng.normal(0, 1, n))
        odds = (1 - clustering) / clustering
        right = rng.binomial(gold, beta.ppf(rank, rate * odds, (1 - rate) * odds))
        wrong = rng.poisson(mean * (1 - rate) * 0.9, n) * (rng.random(n) < 0.6)
        sides.append((right, np.minimum(wrong, LONGEST)))
    return [gold, *sides]


def written(right: Counts, wrong: Counts) -> list[tuple[str, ...]]:
    """Sentences with so many entities where gold has them, and so many where it has none."""
    return [
        ("B-X",) * r + ("O",) * (LONGEST - r) + ("B-X",) * w + ("O",) * (LONGEST - w)
        for r, w in zip(right.tolist(), wrong.tolist(), strict=True)
    ]


def bootstrap(right: Counts, distinct: Counts, rng: np.random.Generator) -> Limits:
    """Percentiles of F1 over 300 resamples of sentences."""
    chosen = rng.integers(0, len(right), (300, len(right)))
    r, u = right[chosen].sum(axis=1), distinct[chosen].sum(axis=1)
    low, high = np.quantile(2 * r / np.maximum(r + u, 1), [0.025, 0.975])
    return float(low), float(high)


def limits(interval: Interval) -> Limits:
    """Both ends."""
    return interval.low, interval.high


if __name__ == "__main__":
    main()
