"""Reports as Markdown, CSV and JSON, against numbers worked by hand."""

import csv
import io
import json
from dataclasses import replace

import pytest

from tests.report.states import config, created, recorded, run_events, session
from tui_al.core.session import events as ev
from tui_al.core.session.state import SessionState, fold
from tui_al.core.settings.model_catalog import default_settings
from tui_al.errors import ConfigError
from tui_al.report.markdown import escape, seconds
from tui_al.report.settings import facts, learner
from tui_al.report.tables import finished_event, render

FIRST = session({7: (0.4, 0.6, 0.7), 8: (0.5, 0.6, 0.9)})
SECOND = session({7: (0.4, 0.7, 0.74), 8: (0.5, 0.7, 0.92), 9: (0.1, 0.2, 0.3)}, strategy="bald")


def cells(text: str, first: str) -> list[str]:
    """The cells of the table row that begins with this one."""
    (row,) = (line for line in text.split("\n") if line.startswith(f"| {first} "))
    return [cell.strip() for cell in row.strip("|").split("|")]


def failed() -> SessionState:
    experiment = config(seeds=(7, 8))
    events = [
        created(experiment),
        ev.EngineStarted(1, "host", "cpu", False, {}),
        *run_events(7, (0.4, 0.6)),
        *run_events(8, (0.5,), finish=False),
        ev.RunFailed(8, "Out of memory.", "Use a smaller batch size."),
        ev.EngineFinished("failed"),
    ]
    return fold(recorded(events))


def test_markdown_table_of_rounds() -> None:
    text = render([("first", FIRST)])
    assert text.startswith("## first\n")
    assert text.endswith("\n")
    assert cells(text, "0") == [
        "0",
        "50",
        "0.450 ± 0.071",
        "0.350",
        "–",
        "–",
        "20.0",
        "0.5",
        "50",
        "2",
    ]
    assert cells(text, "2") == [
        "2",
        "150",
        "0.800 ± 0.141",
        "0.700",
        "12.0",
        "1.5",
        "30.0",
        "0.5",
        "50",
        "2",
    ]
    # trapezoids: (.4+.6)/2, (.6+.7)/2 -> .575 and (.5+.6)/2, (.6+.9)/2 -> .65
    assert "**0.613 ± 0.053**" in text
    # 20 + 30 + 30 for the successor, 24 + 3 + 80 + 1.5 in all
    assert "train successor 80.0 s" in text
    assert "**108 s** in all" in text
    assert "## Comparison" not in text


def gauged(seed: int, round_: int, wd: float, floor: float | None) -> ev.MismatchMeasured:
    floors = 0 if floor is None else 1
    return ev.MismatchMeasured(
        seed, round_, 50 * round_, 400, "lc", wd, 10 * wd, floor, floor, floors
    )


def test_markdown_tells_the_mismatch_and_its_floor() -> None:
    experiment = config(seeds=(7, 8))
    readings = [
        gauged(7, 1, 0.01, None), gauged(7, 2, 0.02, None), gauged(8, 1, 0.03, 0.005),
        gauged(8, 2, 0.04, 0.006),
    ]  # fmt: skip
    runs = [*run_events(7, (0.4, 0.6, 0.7)), *run_events(8, (0.5, 0.6, 0.9))]
    text = render([("one", fold(recorded([created(experiment), *runs, *readings])))])
    (table,) = (block for block in text.split("\n\n") if "floor WD" in block and "|" in block)
    assert cells(table, "2") == ["2", "100", "0.0300", "0.0060", "0.3000", "0.0060"]
    assert "lc scores of 400 unlabelled texts" in text
    one = render([("one", fold(recorded([created(experiment), *runs, *readings[:2]])))])
    assert "Mismatch (floor: needs 2 seeds)" in one
    assert "Mismatch" not in render([("first", FIRST)])


def test_markdown_prints_the_choices_that_the_result_depends_on() -> None:
    text = render([("second", SECOND)])
    for choice in (
        "adapter after attention, as in the paper",
        "reduction factor 16",
        "budget unit**: examples",
        "T = 10 passes, p = 0.1",
        "at most 256 sub-tokens",
        "cold start",
        "learning rate 0.0002, head 0.002",
        "learning rate 0.002, head 0.002",
        "device**: cpu (Example 9000, 2 cores)",
        "tui-al 0.1.0, python 3.11.9, torch 2.13.0",
        "1,000 to train on, 200 to test on",
        "7, 8, 9",
        "Warning: 3 rows are duplicates",
    ):
        assert choice in text


def test_a_frozen_trunk_is_named() -> None:
    config = default_settings("minilm", "adapter")
    assert "frozen" not in learner(config)
    assert "the lowest 4 layers frozen" in learner(replace(config, trunk_layers=4))
    assert "; all layers frozen" in learner(replace(config, tuning="head", trunk_layers="auto"))
    assert "the lowest two thirds of the layers frozen" in learner(
        replace(config, trunk_layers="auto")
    )


def test_people_are_not_given_a_number_of_rounds() -> None:
    state = SessionState(config=config((7,), oracle="person"), task="classification")
    (batch,) = [text for name, text in facts(state) if name == "batch"]
    assert batch.endswith(", after which the rest is ranked anew")
    assert "query rounds" in dict(facts(SECOND))["batch"]


def test_the_gpu_is_named() -> None:
    assert SECOND.engine is not None
    state = replace(SECOND, engine=replace(SECOND.engine, device="cuda:0"))
    assert "device**: cuda:0 (H200)" in render([("second", state)])
    unknown = replace(state, engine=replace(SECOND.engine, device="cuda:1"))
    assert "device**: cuda:1\n" in render([("second", unknown)])


def test_one_seed_prints_no_deviation() -> None:
    text = render([("one", session({7: (0.4, 0.6)}))])
    assert cells(text, "0")[2] == "0.400"
    assert "**0.500**" in text


def test_comparison_is_paired_by_seed() -> None:
    text = render([("first", FIRST), ("second", SECOND)]).split("## Comparison")[1]
    assert cells(text, "first")[1:] == [
        "0.800 ± 0.141",
        "150",
        "0.613 ± 0.053",
        "27.0",
        "80.0",
        "–",
        "–",
        "–",
    ]
    # seeds 7 and 8: +.04 and +.02 at the end; seed 9 has nobody to be compared with
    assert cells(text, "second")[6:] == ["+0.030 ± 0.014", "+0.057 ± 0.004", "2"]


def test_comparison_of_unlike_sessions_says_so() -> None:
    other = replace(SECOND, task="tagging")
    assert "Of another task" in render([("first", FIRST), ("ner", other)])
    assert SECOND.config is not None
    elsewhere = replace(
        SECOND, config=replace(SECOND.config, data=replace(SECOND.config.data, source="banking77"))
    )
    assert "not on the same data" in render([("first", FIRST), ("second", elsewhere)])


def test_failures_are_named_and_their_points_stay() -> None:
    text = render([("broken", failed())])
    assert "**Failed**: seed 8, after 1 point: Out of memory. Use a smaller batch size." in text
    assert cells(text, "0")[-1] == "2"
    assert cells(text, "1")[-1] == "1"


def test_nothing_finished_yet() -> None:
    text = render([("new", session({7: ()}, finish=False))])
    assert "No round is finished yet." in text
    assert "Not finished: seed 7 (running), 0 points." in text
    assert render([("empty", SessionState())], "csv").count("\n") == 1


def test_csv_is_tidy() -> None:
    rows = list(csv.DictReader(io.StringIO(render([("first", FIRST), ("second", SECOND)], "csv"))))
    assert len(rows) == 2 * 3 + 3 * 3
    row = next(r for r in rows if (r["session"], r["seed"], r["round"]) == ("second", "8", "2"))
    assert float(row["accuracy"]) == 0.92
    assert float(row["seconds_train_acquisition"]) == 12.0
    assert (row["labels"], row["queried"], row["count_return"], row["status"]) == (
        "150",
        "50",
        "140",
        "finished",
    )
    first = next(r for r in rows if r["round"] == "0")
    assert first["seconds_train_acquisition"] == ""


def test_json_has_every_point_with_its_query() -> None:
    (plain,) = json.loads(render([("first", FIRST)], "json"))
    assert plain["session"] == "first"
    assert plain["config"]["loop"]["strategy"] == "lc"
    assert [run["seed"] for run in plain["runs"]] == [7, 8]
    point = plain["runs"][1]["points"][2]
    assert (point["round"], point["labels"], point["accuracy"]) == (2, 150, 0.9)
    assert point["seconds"]["score pool"] == 1.5
    assert point["counts"] == {"complaint": 10, "return": 140}
    assert point["queried"][:2] == ["8-2-0", "8-2-1"]
    assert len(point["queried"]) == 50


def test_json_stays_valid_with_numbers_that_are_none() -> None:
    text = render([("nan", session({7: (0.4, float("nan"))}))], "json")
    assert json.loads(text)[0]["runs"][0]["points"][1]["accuracy"] is None


def test_finished_event() -> None:
    event = finished_event("first", FIRST)
    assert (event["kind"], event["session"]) == ("finished", "first")
    assert event["runs"][0]["seed"] == 7
    assert event["runs"][0]["status"] == "finished"
    assert [p["labels"] for p in event["runs"][0]["points"]] == [50, 100, 150]
    assert [p["accuracy"] for p in event["runs"][1]["points"]] == [0.5, 0.6, 0.9]
    assert finished_event("broken", failed())["runs"][1]["error"] == "Out of memory."


def test_unknown_format() -> None:
    with pytest.raises(ConfigError, match="'xml'") as caught:
        render([], "xml")
    assert "md, csv, json" in caught.value.hint


def test_foreign_text_stays_text() -> None:
    assert escape("a|b*c*<i>[x](y)\n\x1b") == r"a\|b\*c\*\<i\>\[x\](y)␊␛"
    assert escape("ag_news _x_") == r"ag_news \_x\_"


def test_seconds() -> None:
    assert (seconds(1.44), seconds(1203.4)) == ("1.4", "1,203")


def test_a_first_point_that_another_session_computed_is_told() -> None:
    run = FIRST.runs[7]
    points = (replace(run.points[0], shared_from="the *other*"), *run.points[1:])
    state = replace(FIRST, runs={**FIRST.runs, 7: replace(run, points=points)})
    text = render([("first", state)])
    assert r"- Round 0 of seed 7 was computed by the \*other\*: the same seed set" in text
    assert "Round 0" not in render([("first", FIRST)])
