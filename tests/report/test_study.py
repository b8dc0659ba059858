"""Studies: arms as plain numbers, contrasts and claims by hand, the page, and the way through
JSON."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.report import states
from tui_al.core.session import events as ev
from tui_al.core.session.state import fold
from tui_al.core.settings.model_catalog import default_settings
from tui_al.errors import DataError
from tui_al.report.claims import Claim, against_full, against_random, claims
from tui_al.report.study import ArmResult, Study, StudyPoint, arm_result, kind_of
from tui_al.report.study_markdown import panel_curves, render_study

SEEDS = (1, 2, 3)


def arm(
    strategy: str, kind: str, heights: tuple[float, float, float], *, data: str = "banking77",
    train: float = 10.0, slope: float = 0.1,
) -> ArmResult:  # fmt: skip
    """An arm whose three seeds' curves are straight lines, 100 to 200 labels, of these mean
    heights."""
    return ArmResult(
        label=f"{kind} {strategy}".strip(),
        panel=data,
        strategy=strategy,
        successor="minilm full",
        acquisition=kind,
        metric="accuracy",
        unit="labels",
        data=data,
        facts={"data": data, "strategy": strategy, "budget unit": "examples"},
        runs={
            seed: (
                StudyPoint(100, {"accuracy": height - slope}, {"train successor": 5.0}, 10**9),
                StudyPoint(
                    200,
                    {"accuracy": height + slope},
                    {"train acquisition": train, "train successor": 9.0},
                    2 * 10**9,
                ),
            )
            for seed, height in zip(SEEDS, heights, strict=True)
        },
    )


RANDOM = arm("random", "", (0.70, 0.71, 0.72))
FULL = arm("lc", "full", (0.75, 0.76, 0.77))
ADAPTER = arm("lc", "adapter", (0.752, 0.759, 0.771), train=7.5)
HEAD = arm("lc", "head", (0.75, 0.70, 0.77))
SMALL = arm("lc", "mismatched", (0.72, 0.73, 0.742))
BT = arm("bt", "full", (0.70, 0.709, 0.721))
PANEL = [RANDOM, FULL, ADAPTER, HEAD, SMALL, BT]


def test_contrasts_are_paired_by_seed_and_corrected_within_their_family() -> None:
    found = {c.arm: c for c in against_random(PANEL)}
    assert list(found) == ["full lc", "adapter lc", "head lc", "mismatched lc", "full bt"]
    assert found["full lc"].difference.mean == pytest.approx(0.05)
    assert found["full lc"].difference.sd == pytest.approx(0.0, abs=1e-12)
    assert found["full bt"].difference.mean == pytest.approx(0.0, abs=1e-12)
    full = {c.arm: c for c in against_full(PANEL)}
    assert list(full) == ["adapter lc", "head lc", "mismatched lc"]
    # differences .002, -.001, .001: mean 2/3000, sd .0015275, t = .7559, p of two degrees .5286, as
    # one of three
    adapter = full["adapter lc"]
    assert adapter.difference.mean == pytest.approx(0.002 / 3)
    assert adapter.difference.p == pytest.approx(0.5286, abs=1e-3)
    # of the three, head's comes second: t = 1, p = .42265, times two; adapter's third, and may not
    # be lower
    assert full["head lc"].p_holm == adapter.p_holm == pytest.approx(0.8453, abs=1e-4)


def test_only_points_and_seeds_that_both_have_are_compared() -> None:
    short = replace(FULL, runs={1: FULL.runs[1][:1], 9: FULL.runs[2][:1]})
    (contrast,) = against_random([RANDOM, short])
    assert contrast.difference.pairs == 1
    assert contrast.difference.mean == pytest.approx(0.05)
    assert contrast.p_holm is None


def verdicts(panel: list[ArmResult]) -> dict[tuple[str, str], str]:
    return {(c.text.split(" (")[0], c.evidence): str(c.verdict) for c in claims(panel)}


def test_every_claim_of_the_paper_is_judged() -> None:
    found = verdicts(PANEL)
    same = "An adapter asks as well as a fully tuned model"
    assert found[same, "adapter lc against full lc"] == "held"
    head = "A frozen encoder with a linear head asks as well as a fully tuned model"
    assert found[head, "head lc against full lc"] == "not decidable"
    no_worse = "An adapter asks no worse than a fully tuned model"
    assert found[no_worse, "adapter lc against full lc"] == "held"
    worse = "An acquisition model of another architecture asks worse"
    assert found[worse, "full lc against mismatched lc"] == "held"
    assert found[worse, "adapter lc against mismatched lc"] == "held"
    random = "Random sampling does not outperform a strategy"
    assert found[random, "full lc against random"] == "held"
    assert found["lc does better than bt on banking77", "full lc against full bt"] == "held"
    assert found["An adapter trains in less time", "adapter lc against full lc"] == "held"
    saving = next(c for c in claims(PANEL) if c.unit == "%")
    assert saving.difference.mean == pytest.approx(25.0)


def test_where_the_successor_asks_itself_its_trainings_are_the_acquisition_models() -> None:
    """It trained for 5 s on the 100 labels that it asked the next 100 with; an adapter that took 4
    s saves 20 %."""
    itself = replace(
        FULL,
        runs={
            seed: (first, replace(last, seconds={"train successor": 9.0}))
            for seed, (first, last) in FULL.runs.items()
        },
    )
    assert itself.asks_itself and not FULL.asks_itself and not RANDOM.asks_itself
    assert itself.acquisition_training() == dict.fromkeys(SEEDS, 5.0)
    assert FULL.acquisition_training() == dict.fromkeys(SEEDS, 10.0)
    quick = arm("lc", "adapter", (0.75, 0.76, 0.77), train=4.0)
    (saving,) = (c for c in claims([itself, quick]) if c.unit == "%")
    assert saving.difference.mean == pytest.approx(20.0)
    assert "the successor itself asks" in render_study(Study("s", "S", (itself, quick)))
    assert "the successor itself asks" not in render_study(Study("s", "S", (FULL, quick)))


def test_a_run_that_was_cut_off_has_no_area() -> None:
    """Its points are early ones, so its curve would be too low on average."""
    cut = replace(FULL, runs={**FULL.runs, 3: FULL.runs[3][:1]})
    assert list(cut.areas()) == [1, 2]
    assert FULL.areas() == pytest.approx({1: 0.75, 2: 0.76, 3: 0.77})
    assert cut.areas() == pytest.approx({1: 0.75, 2: 0.76})
    assert [c.difference.pairs for c in against_random([RANDOM, cut])] == [2]
    assert [c.difference.pairs for c in against_random([replace(RANDOM, runs=cut.runs), FULL])] == [
        2
    ]


def test_claims_can_fail() -> None:
    bad = arm("lc", "full", (0.60, 0.61, 0.62))
    slow = arm("lc", "adapter", (0.55, 0.56, 0.571), train=20.0)
    good = arm("lc", "mismatched", (0.70, 0.71, 0.72))
    found = verdicts([RANDOM, bad, slow, good])
    assert set(found.values()) == {"not held"}
    assert len(found) == 2 + 2 + 2 + 1  # adapter, mismatch, random, time


def test_better_is_no_worse_though_it_is_not_equal() -> None:
    better = arm("lc", "adapter", (0.77, 0.781, 0.79))
    found = verdicts([FULL, better])
    evidence = "adapter lc against full lc"
    assert found["An adapter asks as well as a fully tuned model", evidence] == "not held"
    assert found["An adapter asks no worse than a fully tuned model", evidence] == "held"


def test_what_a_panel_cannot_speak_to_is_no_claim() -> None:
    assert claims([RANDOM]) == []
    news = [replace(a, data="ag_news") for a in PANEL]
    texts = {c.text for c in claims(news)}
    assert "On AG News random sampling does worse" in texts
    assert "bt does better than lc on ag_news" in texts
    nothing: list[Claim] = claims([FULL, replace(ADAPTER, runs={9: ADAPTER.runs[1]})])
    assert {str(c.verdict) for c in nothing} == {"not decidable"}


def test_the_page_holds_all_of_it() -> None:
    study = Study("s", "A study", tuple(PANEL), ("one is left out",))
    page = render_study(study, {"banking77": "figures/1.png"})
    lines = [" ".join(line.replace("|", " ").split()) for line in page.splitlines()]
    assert "# A study" in lines
    assert "![banking77, successor minilm full](figures/1.png)" in lines
    assert (
        "100 0.610 ± 0.010 0.660 ± 0.010 0.661 ± 0.010 0.640 ± 0.036 0.631 ± 0.011 0.610 ± 0.011"
        in lines
    )
    assert (
        "area 0.710 ± 0.010 0.760 ± 0.010 0.761 ± 0.010 0.740 ± 0.036 0.731 ± 0.011 0.710 ± 0.011"
        in lines
    )
    # random ends at .80, .81 and .82: every run reaches .80; full does on lines from .65, .66 and
    # .67, up by .2 over 100 labels three values: 27 resamples, whose lowest and highest means are
    # the values' own, each with 1/27 of them
    assert "full lc 170 ± 5 [165, 175] 10.0 – 14.0 – 2.0" in lines
    assert any(line.startswith("random 195 ± 5 [190, 200] ") for line in lines)
    assert "- **budget unit**: examples" in lines
    assert "- **strategy**, full lc, adapter lc, head lc, mismatched lc: lc" in lines
    assert "Note: one is left out" in lines


def test_a_run_that_never_got_there_leaves_no_interval() -> None:
    """Random ends at .80; of the others, lines from .60 to .80, .59 to .79 and .61 to .81, two
    do."""
    low = arm("lc", "full", (0.70, 0.69, 0.71))
    page = render_study(Study("s", "S", (RANDOM, low)))
    row = next(
        " ".join(line.split())
        for line in page.splitlines()
        if line.startswith("| full lc | "[:9]) and "seeds)" in line
    )
    assert "| full lc | 198 ± 4 (2 of 3 seeds) |" in row


def test_the_mismatch_of_each_arm_over_rounds_and_seeds(tmp_path: Path) -> None:
    """Of a run the mean over its rounds, here one; then over the seeds: .01, .02, .03."""

    def gauged(one: ArmResult) -> ArmResult:
        runs = {}
        for seed, (first, last) in one.runs.items():
            found = {"wd": seed / 100, "kl": seed / 10} | ({} if seed == 1 else {"floor_wd": 0.004})
            runs[seed] = (replace(first, mismatch=found), last)
        return replace(one, runs=runs)

    study = Study("s", "S", (RANDOM, gauged(ADAPTER)))
    lines = [" ".join(line.split()) for line in render_study(study).splitlines()]
    assert "| adapter lc | 0.0200 ± 0.0100 | 0.0040 ± 0.0000 | 0.2000 ± 0.1000 | – |" in lines
    assert not any(line.startswith("| random | –") for line in lines)
    (tmp_path / "study.json").write_text(study.to_json())
    assert Study.from_json(tmp_path / "study.json").to_json() == study.to_json()
    assert "Mismatch" not in render_study(Study("s", "S", (RANDOM, ADAPTER)))


def test_a_reading_belongs_to_the_point_that_its_models_learned_from() -> None:
    reading = ev.MismatchMeasured(7, 2, 100, 400, "lc", 0.01, 0.1, None, None, 0)
    events = [*states.session_events({7: [0.5, 0.6, 0.7]}), reading]
    found = arm_result("mine", fold(states.recorded(events)))
    assert found is not None
    assert [dict(p.mismatch) for p in found.runs[7]] == [{}, {"wd": 0.01, "kl": 0.1}, {}]


def test_what_is_not_finished_is_told() -> None:
    page = render_study(Study("s", "S", (replace(FULL, missing="seed 3 failed"), RANDOM)))
    assert "**Not complete**: full lc (seed 3 failed)." in page


def test_the_way_through_json_changes_nothing(tmp_path: Path) -> None:
    study = Study("s", "A study", tuple(PANEL), ("a note",))
    path = tmp_path / "study.json"
    path.write_text(study.to_json())
    again = Study.from_json(path)
    assert render_study(again) == render_study(study)
    assert again.to_json() == study.to_json()
    path.write_text('{"name": "x"}')
    with pytest.raises(DataError, match="is not a study"):
        Study.from_json(path)


def test_a_panels_labels_leave_out_what_all_of_them_begin_with() -> None:
    def labels(*given: str) -> list[str]:
        arms = tuple(replace(FULL, label=label) for label in given)
        return [arm.label for arm in Study("s", "S", arms).panels()["banking77"]]

    assert labels("banking77 · random", "banking77 · full · lc") == ["random", "full · lc"]
    assert labels("full · lc", "full · bt") == ["lc", "bt"]
    assert labels("full · lc", "full") == ["full · lc", "full"]  # nothing would be left
    assert labels("full lc", "full bt") == ["full lc", "full bt"]
    assert labels("news · full · lc") == ["news · full · lc"]


def test_an_arm_from_a_session() -> None:
    state = states.session({7: [0.5, 0.6, 0.7], 8: [0.52, 0.6, 0.74]})
    found = arm_result("mine", state)
    assert found is not None
    assert (found.strategy, found.acquisition, found.metric) == ("lc", "adapter", "accuracy")
    assert found.values(7) == [0.5, 0.6, 0.7]
    assert [p.labels for p in found.runs[8]] == [50, 100, 150]
    assert found.seconds(("train acquisition",)) == {7: 24.0, 8: 24.0}
    assert found.areas()[7] == pytest.approx(0.6)
    only = arm_result("mine", state, seeds=[8])
    assert only is not None
    assert list(only.runs) == [8]
    (curve,) = panel_curves([found])
    assert list(curve.labels) == [50, 100, 150]
    assert curve.mean == pytest.approx((0.51, 0.6, 0.72))


def test_kinds_of_acquisition_models() -> None:
    def kind(model: str, tuning: str, trunk: int = 0) -> str:
        return kind_of(
            replace(default_settings(model, tuning), trunk_layers=trunk),
            default_settings("minilm", "full"),
        )

    assert kind("minilm", "full") == "full"
    assert kind("minilm", "full", 4) == "upper"
    assert kind("minilm", "head") == "head"
    assert kind("minilm", "adapter") == "adapter"
    assert kind("minilm", "adapter", 4) == "adapter on a trunk"
    assert kind("tfidf", "head") == "bag of words"
    assert kind("minilm-3", "full") == kind("electra-base", "adapter") == "mismatched"
