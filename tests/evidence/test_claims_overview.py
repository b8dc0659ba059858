"""The claims of several panels: a row for each in the README, a section for each among the
results."""

from collections.abc import Sequence
from dataclasses import replace

from tests.evidence.claims_overview import claims_sections, evidence, headline_table
from tests.report.test_study import PANEL, RANDOM
from tui_al.report.claims import claims
from tui_al.report.study import ArmResult

NEWS = [replace(one, data="ag_news", panel="ag_news") for one in PANEL]
SAME = "An adapter asks as well as a fully tuned model"


def rows(block: str) -> list[list[str]]:
    lines = [line for line in block.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def sections(panels: Sequence[Sequence[ArmResult]]) -> dict[str, list[str]]:
    """Blocks below each heading."""
    found: dict[str, list[str]] = {}
    for block in claims_sections(panels):
        if block.startswith("### "):
            found[block.removeprefix("### ")] = []
        else:
            found[list(found)[-1]].append(block)
    return found


def test_each_verdict_is_told_once_with_its_interval() -> None:
    found = sections([PANEL, NEWS])
    said, table = found[SAME]
    assert (
        said.splitlines()[0]
        == "- As well: **held**. One by one: 2 held, 0 not held, 0 not decidable."
    )
    assert said.splitlines()[1].startswith("- No worse: **held**.")
    # differences .002, -.001, .001: mean .00067, sd .00153, times 4.3027 over the root of three
    assert rows(table)[2] == [
        "banking77",
        "adapter lc against full lc",
        "+0.0007 [-0.0031, +0.0045]",
        "held",
        "held",
    ]
    assert table.endswith("Seeds: 3 each.")
    head = "A frozen encoder with a linear head asks as well as a fully tuned model (open question)"
    assert (
        found[head][0].splitlines()[0]
        == "- As well: **not decidable**. One by one: 0 held, 0 not held, 2 not decidable."
    )
    single = found["lc does better than bt on banking77"][0]
    assert single.startswith("**Held**, taken together, difference of area: ")
    assert single.endswith("One by one: 1 held, 0 not held, 0 not decidable.")
    verdicts = sum(len(row) - 3 for blocks in found.values() for row in rows(blocks[1])[2:])
    assert verdicts == len(claims(PANEL)) + len(claims(NEWS))


def test_all_the_evidence_is_taken_together() -> None:
    """By hand: the differences are .002, -.001, .001 on both data sets: s² is 7/3 e-6, the error
    sqrt(2/3 s²) / 2, t of four degrees."""
    table = {row[0]: row[1:] for row in rows(headline_table([PANEL, NEWS]))[2:]}
    half = 2.776445 * (2 / 3 * 7e-6 / 3) ** 0.5 / 2
    mean = 0.002 / 3
    told = f"{mean:+.4f} [{mean - half:+.4f}, {mean + half:+.4f}]"
    assert table[SAME] == ["held", told, "6", "2"]
    saved = table["An adapter trains in less time (the paper: 20.84 % less)"]
    assert saved == ["held", "25.0 % [25, 25]", "6", "2"]
    # both acquisition models against random: means over the two pairs of a seed, not six seeds
    other = [one for one in PANEL if one.strategy in ("random", "lc")]
    alone = {row[0]: row[1:] for row in rows(headline_table([other]))[2:]}
    assert alone["Random sampling does not outperform a strategy"] == [
        "held",
        "+0.0503 [+0.0484, +0.0522]",
        "3",
        "1",
    ]


def test_the_readme_has_a_line_for_each_claim_of_the_paper_and_none_for_our_questions() -> None:
    texts = [row[0] for row in rows(headline_table([PANEL, NEWS]))[2:]]
    assert SAME in texts
    assert not any("question" in text or "no worse" in text for text in texts)
    assert len(texts) == len(set(texts))


def test_what_two_studies_say_of_the_same_runs_counts_once() -> None:
    again = [replace(one, label=f"other · {one.label}", panel="again") for one in PANEL]
    assert claims_sections([PANEL, again]) == claims_sections([PANEL])


def test_arms_with_different_numbers_of_seeds_have_them_in_the_table() -> None:
    fewer = [
        replace(one, data="ag_news", runs={s: one.runs[s] for s in list(one.runs)[:2]})
        for one in PANEL
    ]
    table = sections([PANEL, fewer])[SAME][1]
    assert [row[-1] for row in rows(table)] == ["seeds", "----:", "3", "2"]
    assert "each." not in table


def test_one_seed_decides_nothing() -> None:
    single = [replace(one, runs={1: one.runs[1]}) for one in PANEL]
    for row in rows(headline_table([single]))[2:]:
        assert row[1:] == ["–", "–", "–", "1"]
    for said, table in sections([single]).values():
        assert "**–**" in said
        assert {cell for row in rows(table)[2:] for cell in row[3:]} == {"not decidable"}


def test_without_a_claim_there_is_no_table() -> None:
    assert evidence([[RANDOM]]) == []
    assert headline_table([]) == ""
    assert claims_sections([]) == []
