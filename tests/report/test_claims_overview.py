"""The claims of several panels in two tables: counted, and one by one."""

from dataclasses import replace

from tests.report.test_study import PANEL, RANDOM
from tui_al.report.claims import claims
from tui_al.report.claims_overview import claims_overview

NEWS = [replace(one, data="ag_news", panel="ag_news") for one in PANEL]


def rows(block: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]


def test_each_verdict_counts_once_and_is_told_with_its_interval() -> None:
    _, counted, together, _, listed, meaning = claims_overview([PANEL, NEWS])
    assert "data sets counting alike" in together
    table = {row[0]: row[1:5] for row in rows(counted)[2:]}
    same = "An adapter asks as well as a fully tuned model"
    assert table[same] == ["2", "0", "0", "banking77, ag_news"]
    head = "A frozen encoder with a linear head asks as well as a fully tuned model (open question)"
    assert table[head] == ["0", "0", "2", "banking77, ag_news"]
    assert table["lc does better than bt on banking77"] == ["1", "0", "0", "banking77"]
    total = sum(int(cell) for row in table.values() for cell in row[:3])
    every = rows(listed)[2:]
    assert total == len(every) == len(claims(PANEL)) + len(claims(NEWS))
    (told,) = (row for row in every if row[0] == same and row[1] == "banking77")
    # differences .002, -.001, .001: mean .00067, sd .00153, times 4.3027 over the root of three
    assert told[2:] == ["adapter lc against full lc", "held", "+0.0007 [-0.0031, +0.0045]", "3"]
    assert "± 0.01 of area" in meaning


def test_all_the_evidence_is_taken_together() -> None:
    """By hand: the differences are .002, -.001, .001 on both data sets: s² is 7/3 e-6, the error sqrt(2/3 s²) / 2, t of four degrees."""
    table = {row[0]: row[1:] for row in rows(claims_overview([PANEL, NEWS])[1])[2:]}
    half = 2.776445 * (2 / 3 * 7e-6 / 3) ** 0.5 / 2
    same = table["An adapter asks as well as a fully tuned model"]
    mean = 0.002 / 3
    assert same[4:] == [f"{mean:+.4f} [{mean - half:+.4f}, {mean + half:+.4f}]", "held"]
    saved = table["An adapter trains in less time (the paper: 20.84 % less)"]
    assert saved[4:] == ["25.0 % [25, 25]", "held"]
    # both acquisition models against random: means over the two pairs of a seed, not six seeds
    other = [one for one in PANEL if one.strategy in ("random", "lc")]
    alone = {row[0]: row[1:] for row in rows(claims_overview([other])[1])[2:]}
    assert alone["Random sampling does not outperform a strategy"][4:] == ["+0.0503 [+0.0484, +0.0522]", "held"]  # fmt: skip


def test_what_two_studies_say_of_the_same_runs_counts_once() -> None:
    again = [replace(one, label=f"other · {one.label}", panel="again") for one in PANEL]
    assert claims_overview([PANEL, again]) == claims_overview([PANEL])


def test_one_seed_decides_nothing() -> None:
    single = [replace(one, runs={1: one.runs[1]}) for one in PANEL]
    for row in rows(claims_overview([single])[1])[2:]:
        assert row[1:4] == ["0", "0", row[3]]
        assert row[5:] == ["–", "–"]


def test_without_a_claim_there_is_no_table() -> None:
    assert claims_overview([[RANDOM]]) == []
    assert claims_overview([]) == []
