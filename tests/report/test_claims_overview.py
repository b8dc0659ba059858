"""The claims of several panels in two tables: counted, and one by one."""

from dataclasses import replace

from tests.report.test_study import PANEL, RANDOM
from tui_al.report.claims import claims
from tui_al.report.claims_overview import claims_overview

NEWS = [replace(one, data="ag_news", panel="ag_news") for one in PANEL]


def rows(block: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]


def test_each_verdict_counts_once_and_is_told_with_its_interval() -> None:
    _, counted, _, listed, meaning = claims_overview([PANEL, NEWS])
    table = {row[0]: row[1:] for row in rows(counted)[2:]}
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


def test_without_a_claim_there_is_no_table() -> None:
    assert claims_overview([[RANDOM]]) == []
    assert claims_overview([]) == []
