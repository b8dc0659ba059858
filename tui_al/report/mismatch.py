"""What a comparison of two models' scores says: a table with the noise floor beside it, everything
the numbers depend on, a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tui_al.core.arrays import FloatArray
from tui_al.core.stats.score_distance import (
    BINS,
    SMOOTHING,
    Agreement,
    Distances,
    histogram,
    histogram_lines,
)
from tui_al.report.curves import MeanStd
from tui_al.report.figures import drawable, new_drawing


@dataclass(frozen=True, slots=True)
class SeedNumbers:
    """One seed: between the two models, and between two seeds of the first."""

    seed: int
    between: Distances
    ranking: Agreement
    floor: Distances
    floor_ranking: Agreement


_COLUMNS = ("WD", "KL", "Spearman", "Kendall", "overlap")


def table(names: tuple[str, str], seeds: Sequence[SeedNumbers]) -> list[str]:
    """Distances and agreement, mean and standard deviation over the seeds, the floor and what
    chance gives below."""
    rows = {
        f"{names[0]} | {names[1]}": [_numbers(s.between, s.ranking) for s in seeds],
        f"noise floor: two seeds of {names[0]}": [
            _numbers(s.floor, s.floor_ranking) for s in seeds
        ],
    }
    width = max(map(len, rows))
    cells = 19 if len(seeds) > 1 else 10
    lines = [" " * width + "".join(column.rjust(cells) for column in _COLUMNS)]
    for name, values in rows.items():
        spreads = [MeanStd.of(v[k] for v in values if v[k] is not None) for k in _COLUMNS]  # type: ignore[misc]
        lines.append(
            name.ljust(width)
            + "".join(
                _cell(column, spread).rjust(cells)
                for column, spread in zip(_COLUMNS, spreads, strict=True)
            )
        )
    chance = seeds[0].ranking.by_chance
    blanks = "".join("".rjust(cells) for _ in _COLUMNS[:-1])
    return [*lines, "unrelated rankings".ljust(width) + blanks + f"{chance:.1%}".rjust(cells)]


def reading(seeds: Sequence[SeedNumbers]) -> list[str]:
    """How the numbers are computed; they mean nothing without it."""
    first = seeds[0]
    return [
        f"WD: scipy.stats.wasserstein_distance of the raw scores, {first.between.size:,} a model",
        f"KL: scipy.stats.entropy(first, second) in nats; {BINS} shared bins over the pooled "
        f"range, {SMOOTHING:g} added to each share",
        f"overlap: of the {first.ranking.batch} texts that each would ask about",
    ]


def picture_lines(names: tuple[str, str], samples: Sequence[FloatArray]) -> list[str]:
    """The histograms as text: both models, and the first one's other seed."""
    return histogram_lines([*names, f"{names[0]}, other seed"], samples)


def plain(seeds: Sequence[SeedNumbers], samples: Mapping[str, FloatArray]) -> dict[str, Any]:
    """The numbers for JSON, with the histogram that KL is computed from."""
    shown = histogram(list(samples.values()))
    shares = {name: row.tolist() for name, row in zip(samples, shown.shares, strict=True)}
    return {
        "seeds": [asdict(s) for s in seeds],
        "histogram": {"edges": shown.edges.tolist(), "shares": shares},
    }


def save_histograms(
    names: tuple[str, str], samples: Sequence[FloatArray], path: Path, title: str
) -> None:
    """Draw the histograms as steps into a .png or .svg; raises ConfigError without matplotlib or
    for other suffixes."""
    drawing = new_drawing(path)
    axes = drawing.axes
    shown = histogram(samples)
    styles = zip((*names, f"{names[0]}, other seed"), shown.shares, ("-", "--", ":"), strict=True)
    for name, shares, dashes in styles:
        axes.stairs(shares, shown.edges, label=drawable(name), linestyle=dashes, linewidth=1.4)
    axes.set_xlabel("score")
    axes.set_ylabel("share of the pool")
    axes.set_yscale("log")
    axes.set_title(drawable(title).strip())
    axes.legend(frameon=False)
    drawing.write()


def _numbers(found: Distances, ranking: Agreement) -> dict[str, float | None]:
    values = (found.wasserstein, found.kl, ranking.spearman, ranking.kendall, ranking.overlap)
    return dict(zip(_COLUMNS, values, strict=True))


def _cell(column: str, spread: MeanStd | None) -> str:
    if spread is None:
        return "none"
    if column == "overlap":
        shown = f"{spread.mean:.1%}"
        return shown if spread.n < 2 else f"{shown} ± {100 * spread.sd:.1f}"
    digits = 2 if column in ("Spearman", "Kendall") else 5
    shown = f"{spread.mean:.{digits}f}"
    return shown if spread.n < 2 else f"{shown} ± {spread.sd:.{digits}f}"
