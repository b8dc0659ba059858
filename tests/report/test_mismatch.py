"""The table of a comparison of scores, its reading, and its picture."""

from pathlib import Path

import numpy as np
import pytest

from tui_al.core.stats.score_distance import agreement, distances
from tui_al.report.mismatch import (
    SeedNumbers,
    picture_lines,
    plain,
    reading,
    save_histograms,
    table,
)

NAMES = ("minilm:full", "minilm:adapter")
FIRST = np.array([0.0, 0.0, 1.0, 1.0])
SECOND = np.array([0.0, 1.0, 1.0, 1.0])


def numbers(seed: int, first: np.ndarray, second: np.ndarray, again: np.ndarray) -> SeedNumbers:
    rng = np.random.default_rng
    return SeedNumbers(
        seed,
        distances(first, second),
        agreement(first, second, 1, rng(0)),
        distances(first, again),
        agreement(first, again, 1, rng(0)),
    )


def test_table_of_one_seed() -> None:
    heading, between, floor, chance = table(NAMES, [numbers(7, FIRST, SECOND, FIRST)])
    assert heading.split() == ["WD", "KL", "Spearman", "Kendall", "overlap"]
    # WD .25; KL .5 log 2 + .5 log 2/3 = .14384; ranks 1.5 1.5 3.5 3.5 and 1 3 3 3: 1/sqrt(3)
    assert between.startswith("minilm:full | minilm:adapter")
    # the first asks about text 2 or 3, the second about 1, 2 or 3: the order that breaks ties has 1
    # before both
    assert between.split()[-5:] == ["0.25000", "0.14384", "0.58", "0.58", "0.0%"]
    assert floor.startswith("noise floor: two seeds of minilm:full")
    assert floor.split()[-5:] == ["0.00000", "0.00000", "1.00", "1.00", "100.0%"]
    assert chance.split() == ["unrelated", "rankings", "25.0%"]
    assert len({len(line) for line in (heading, between, floor, chance)}) == 1


def test_table_of_several_seeds_has_deviations() -> None:
    both = [numbers(7, FIRST, SECOND, FIRST), numbers(8, FIRST, FIRST + 0.75, FIRST)]
    between = table(NAMES, both)[1]
    # WD .25 and .75
    assert "0.50000 ± 0.35355" in between
    level = [numbers(7, FIRST, np.ones(4), FIRST)]
    assert table(NAMES, level)[1].split()[-3:-1] == ["none", "none"]  # no ranking to correlate


def test_reading_names_everything_the_numbers_depend_on() -> None:
    told = "\n".join(reading([numbers(7, FIRST, SECOND, FIRST)]))
    for part in (
        "64 shared bins",
        "1e-09",
        "entropy(first, second)",
        "nats",
        "raw scores, 4 a model",
        "1 texts",
    ):
        assert part in told


def test_plain_numbers() -> None:
    found = plain([numbers(7, FIRST, SECOND, FIRST)], {"first": FIRST, "second": SECOND})
    assert found["seeds"][0]["between"]["wasserstein"] == 0.25
    assert found["seeds"][0]["seed"] == 7
    assert len(found["histogram"]["edges"]) == 65
    assert found["histogram"]["shares"]["first"][0] == 0.5
    assert found["histogram"]["shares"]["second"][-1] == 0.75


def test_pictures(tmp_path: Path) -> None:
    lines = picture_lines(NAMES, (FIRST, SECOND, FIRST))
    assert all(name in lines[0] for name in (*NAMES, "minilm:full, other seed"))
    assert "75.0%" in lines[-1]
    pytest.importorskip("matplotlib")
    save_histograms(NAMES, (FIRST, SECOND, FIRST), tmp_path / "a.svg", "tickets: bald")
    svg = (tmp_path / "a.svg").read_text()
    assert all(f"<!-- {text} -->" in svg for text in (*NAMES, "tickets: bald", "share of the pool"))
