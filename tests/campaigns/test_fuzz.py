"""What fuzzing has found stays mended, every seed is read or refused in its own words, and the
campaign itself sees what it should."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.campaigns.forked import CLEAN, DEATH, HANG, MEMORY, OURS, TRACEBACK, Limits, outcomes
from tests.campaigns.fuzz import write_files
from tests.campaigns.fuzz_targets import TARGETS, run_all
from tests.campaigns.mutation import mutated
from tui_al.errors import DataError

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
INPUTS = sorted(path for path in CORPUS.glob("*/*") if path.is_dir())

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="inputs run in forked processes"),
]


def test_the_corpus(tmp_path: Path) -> None:
    """Each input of `tests/corpus/TARGET/WHAT/` in every way that its target reads."""
    assert INPUTS

    def work(number: int) -> None:
        place = tmp_path / "input"
        source = INPUTS[number]
        files = (p for p in source.rglob("*") if p.is_file())
        write_files(place, {str(p.relative_to(source)): p.read_bytes() for p in files})
        run_all(TARGETS[source.parent.name].works(place))

    found = list(outcomes(len(INPUTS), work, set(), Limits(), traced=False))
    bad = {
        str(INPUTS[o.number].relative_to(CORPUS)): o for o in found if o.kind not in (CLEAN, OURS)
    }
    assert (bad, len(found)) == ({}, len(INPUTS))


def test_the_corpus_is_small() -> None:
    sizes = [path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()]
    assert max(sizes) < 8_192
    assert sum(sizes) < 200_000


@pytest.mark.parametrize("name", ["csv", "json", "arrow", "zip", "conll"])
def test_a_short_excerpt_of_the_campaign(name: str, tmp_path: Path) -> None:
    """Fifteen seeded mutations, without coverage, so that every run tries the same."""
    target, chance = TARGETS[name], random.Random(f"excerpt {name}")
    seeds = list(target.seeds())

    def mutant() -> dict[str, bytes]:
        files = dict(chance.choice(seeds))
        return {key: mutated(content, [content], chance) for key, content in files.items()}

    inputs = [mutant() for _ in range(15)]

    def work(number: int) -> None:
        write_files(tmp_path / "input", inputs[number])
        ways = list(target.works(tmp_path / "input"))
        ways[number % len(ways)]()

    found = list(outcomes(len(inputs), work, set(), Limits(), traced=False))
    assert [o for o in found if o.kind not in (CLEAN, OURS)] == []


def _allocate() -> None:
    bytearray(8 << 30)


def _refuse() -> None:
    raise DataError("no", "nothing")


def _spin() -> None:
    while True:
        pass


@pytest.mark.parametrize("name", ["session", "keys", "sweep", "names"])
def test_a_target_has_files_to_begin_with(name: str) -> None:
    assert all(TARGETS[name].seeds())


def test_what_becomes_of_an_input_is_seen() -> None:
    works: list[Callable[[], object]] = [
        lambda: None,
        _refuse,
        lambda: 1 // 0,
        _allocate,
        lambda: os.kill(os.getpid(), signal.SIGSEGV),
        _spin,
        lambda: time.sleep(5),
        lambda: None,
    ]
    limits = Limits(seconds=0.3, patience=1, memory=1 << 30)

    def work(number: int) -> None:
        works[number]()

    found = list(outcomes(len(works), work, set(), limits, traced=False))
    assert [o.kind for o in found] == [CLEAN, OURS, TRACEBACK, MEMORY, DEATH, HANG, HANG, CLEAN]
    assert found[2].detail.startswith("ZeroDivisionError")
    assert [o.number for o in found] == list(range(len(works)))


def test_lines_that_are_reached_are_seen(tmp_path: Path) -> None:
    write_files(tmp_path / "input", TARGETS["csv"].seeds()[0])
    seen: set[str] = set()

    def work(_: int) -> None:
        run_all(TARGETS["csv"].works(tmp_path / "input")[:1])

    first, second = outcomes(2, work, seen, Limits())
    assert any(line.startswith("/engine/data/delimited.py:") for line in first.lines)
    assert second.lines == ()
    assert seen == set(first.lines)
