"""Numbers of a session against numbers worked by hand."""

from dataclasses import replace

import pytest

from tests.report.states import session
from tests.store.people import people_config
from tui_al.core.session.events import AuditEvaluated, RoundResult
from tui_al.core.session.state import RunState, SessionState
from tui_al.report import curves
from tui_al.report.markdown import render_markdown


def test_curve_is_mean_and_sample_deviation_by_round() -> None:
    curve = curves.curve("a", session({7: (0.4, 0.6, 0.7), 8: (0.5, 0.6, 0.9)}))
    assert curve.metric == "accuracy"
    assert list(curve.labels) == [50, 100, 150]
    assert curve.mean == pytest.approx((0.45, 0.6, 0.8))
    # two values d apart deviate by d / sqrt(2)
    assert curve.sd == pytest.approx((0.1 / 2**0.5, 0.0, 0.2 / 2**0.5))
    assert curve.seeds == (2, 2, 2)


def test_one_seed_has_no_deviation_and_says_so() -> None:
    curve = curves.curve("a", session({7: (0.4, 0.6)}))
    assert curve.sd == (0.0, 0.0)
    assert curve.seeds == (1, 1)


def test_rounds_that_only_some_runs_reached_count_those() -> None:
    curve = curves.curve("a", session({7: (0.4, 0.6, 0.7), 8: (0.5,)}))
    assert curve.seeds == (2, 1, 1)
    assert curve.mean == pytest.approx((0.45, 0.6, 0.7))


def test_other_metric_and_values_that_are_no_numbers() -> None:
    state = session({7: (0.4, float("nan"), 0.7)})
    assert curves.curve("a", state, "macro_f1").mean == pytest.approx((0.3, 0.6))
    assert curves.curve("a", state).labels == (50, 150)
    assert curves.curve("a", state, "unheard_of").labels == ()


def test_before_the_first_point_everything_is_empty() -> None:
    for state in (SessionState(), session({7: ()}, finish=False)):
        assert curves.curve("a", state).labels == ()
        assert curves.areas(state) == {}
        assert curves.round_rows(state) == []
        assert curves.mean_seconds(state) == {}


def test_what_the_scores_rest_on() -> None:
    state = session({7: (0.4,)})
    assert state.config is not None
    assert curves.measured_on(state) == "on 200 test texts"
    by_people = replace(state.config, loop=replace(state.config.loop, oracle="person"))
    labelled = replace(state, config=by_people)
    assert curves.measured_on(labelled) == "on 200 test texts"
    assert (
        curves.measured_on(replace(labelled, test=0))
        == "on texts drawn at random that could be answered"
    )


def test_figures_of_the_random_share_are_told_with_their_texts_and_interval() -> None:
    config = people_config()
    points = tuple(
        RoundResult(7, n, 20 * (n + 1), 0, {"accuracy": 1.0}, {}, {}, 0) for n in range(2)
    )
    audits = (
        AuditEvaluated(7, 0, "accuracy", 1.0, 0.398, 1.0, 4),
        AuditEvaluated(7, 1, "accuracy", 1.0, 0.768, 1.0, 14),
    )
    run = RunState(7, points=points, audits=audits)
    state = SessionState(config=config, task="classification", runs={7: run})
    few, enough = curves.round_rows(state)
    assert few.estimate is not None
    assert few.estimate.in_words(3) == "too few yet n=4"
    assert enough.estimate is not None
    assert enough.estimate.in_words(3) == "1.000 [.768, 1.000] n=14"
    assert curves.curve("anna", state).labels == (40,)  # what rests on four texts is not drawn
    assert curves.measured_on(state) == "on 14 texts drawn at random that could be answered"
    told = (
        "accuracy at the last point: 1.000 [.768, 1.000] n=14, texts drawn at random that "
        "could be answered"
    )
    assert curves.last_figure(state) == told
    page = render_markdown([("anna", state)])
    assert "| 1.000 [.768, 1.000] n=14 |" in page
    assert "too few yet n=4 |" in page
    assert "1.000 [.768, 1.000] n=14, texts drawn at random" in page
    unmeasured = replace(run, points=(replace(points[0], metrics={}),), audits=audits[:1])
    assert len(curves.round_rows(replace(state, runs={7: unmeasured}))) == 1


def test_a_figure_on_a_test_set_says_how_many_texts_it_has() -> None:
    point = RoundResult(7, 0, 20, 0, {"accuracy": 1.0}, {}, {}, 0)
    state = SessionState(test=14, task="classification", runs={7: RunState(7, points=(point,))})
    assert (
        curves.last_figure(state)
        == "accuracy at the last point: 1.000 [.768, 1.000] n=14, test texts"
    )
    tagging = replace(
        state,
        task="tagging",
        runs={7: RunState(7, points=(replace(point, metrics={"entity_f1": 0.5}),))},
    )
    assert curves.last_figure(tagging) == "entity F1 at the last point: .500 n=14, test texts"


def test_area_is_the_mean_height() -> None:
    areas = curves.areas(session({7: (0.4, 0.6, 0.7), 8: (0.5,)}))
    # trapezoids of width 50: (0.4 + 0.6) / 2 = 0.5 and (0.6 + 0.7) / 2 = 0.65
    assert areas == {7: pytest.approx(0.575), 8: 0.5}


def test_rows_of_rounds() -> None:
    first, second = curves.round_rows(session({7: (0.4, 0.6), 8: (0.5, 0.8)}))
    assert (first.round, first.labels, first.queried, first.runs) == (0, 50, 50, 2)
    assert first.seconds == {"train successor": 20.0, "evaluate": 0.5}
    assert second.macro_f1 == pytest.approx(0.6)
    assert list(second.seconds) == [
        "train acquisition",
        "score pool",
        "train successor",
        "evaluate",
    ]


def test_seconds_are_summed_over_rounds_and_averaged_over_runs() -> None:
    state = session({7: (0.4, 0.6, 0.7), 8: (0.5, 0.8)})
    # train successor: 20 + 30 + 30 and 20 + 30; acquisition 2 x 12 and 12
    assert curves.mean_seconds(state, ("train successor",)) == {"train successor": 65.0}
    assert curves.mean_seconds(state)["train acquisition"] == 18.0


def test_paired_difference_goes_seed_by_seed() -> None:
    base = session({7: (0.4, 0.6, 0.7), 8: (0.5, 0.6, 0.9)})
    other = session({9: (0.1, 0.1, 0.1), 7: (0.4, 0.7, 0.74), 8: (0.5, 0.7, 0.92)})
    paired = curves.paired(base, other, "accuracy")
    assert paired is not None
    assert paired.seeds == (7, 8)
    # at the end: +0.04 and +0.02; their mean, and 0.02 / sqrt(2)
    assert paired.final.mean == pytest.approx(0.03)
    assert paired.final.sd == pytest.approx(0.02 / 2**0.5)
    # differences (0, .1, .04) and (0, .1, .02): mean heights .06 and .055
    assert paired.area.mean == pytest.approx(0.0575)


def test_pairs_meet_at_the_last_number_of_labels_that_both_have() -> None:
    base, other = session({7: (0.4, 0.6)}), session({7: (0.5, 0.7, 0.9)})
    paired = curves.paired(base, other, "accuracy")
    assert paired is not None
    assert paired.final.mean == pytest.approx(0.1)
    assert curves.paired(base, session({8: (0.4,)}), "accuracy") is None


def test_a_budget_in_tokens_is_counted_in_words() -> None:
    state = session({7: (0.4, 0.6)}, budget_unit="tokens")
    run = state.runs[7]
    points = tuple(replace(point, tokens=point.labels * 11) for point in run.points)
    state = replace(state, runs={7: replace(run, points=points)})
    curve = curves.curve("a", state)
    assert (curve.unit, curve.labels) == ("words", (550, 1100))


def test_planned_labels_are_those_of_all_rounds() -> None:
    # 5 % of the texts to train on, and two rounds of 50; never more than there are
    state = session({7: (0.4,)})
    assert state.train == 1000
    assert curves.planned_labels(state) == 150
    assert curves.planned_labels(session({7: (0.4,)}, rounds=40)) == 1000
    assert curves.planned_labels(SessionState()) is None
    assert curves.planned_labels(session({7: (0.4,)}, budget_unit="tokens")) is None
