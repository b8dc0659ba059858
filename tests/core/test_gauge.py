"""The mismatch gauge: what it measures, that it moves no query, its noise floor, and runs that were
cut off."""

from dataclasses import replace

import numpy as np
import pytest

from tests.core.learner_double import LearnerDouble
from tests.core.test_loop import SEED, TestResume, configured, doubles, drive, of_kind, texts
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.loop.mismatch_monitor import MismatchMonitor, monitor_of
from tui_al.core.loop.oracle import SimulatedOracle, labelled_rows
from tui_al.core.loop.simulation import Models, run
from tui_al.core.progress import TrainingProgress
from tui_al.core.query.strategies import STRATEGIES, least_confidence
from tui_al.core.session import events as ev
from tui_al.core.session.state import RunState
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.stats.score_distance import distances
from tui_al.errors import ConfigError, EngineStopped

DATA = texts(80)
CONFIG = configured(seed_size="10", batch="5", rounds=3, gauge=60)


def gauge(size: int = 60) -> MismatchMonitor:
    found = monitor_of(size, DATA, labelled_rows(DATA))
    assert found is not None
    return found


def unheard(_: TrainingProgress) -> None:
    pass


def with_gauge(config: ExperimentConfig, size: int) -> ExperimentConfig:
    return replace(config, loop=replace(config.loop, gauge=size))


@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name != "mnlp"])
def test_it_moves_no_query_and_no_point(strategy: str) -> None:
    config = configured(strategy, seed_size="10", batch="5", rounds=3)
    on, _ = drive(with_gauge(config, 60), DATA)
    off, _ = drive(with_gauge(config, 0), DATA)
    assert of_kind(on, ev.QuerySelected) == of_kind(off, ev.QuerySelected)
    assert [p.metrics for p in of_kind(on, ev.RoundResult)] == [
        p.metrics for p in of_kind(off, ev.RoundResult)
    ]
    assert bool(of_kind(on, ev.MismatchMeasured)) == (strategy != "random")
    assert not of_kind(off, ev.MismatchMeasured)
    assert {p.sample for p in of_kind(off, ev.RoundResult)} == {()}


@pytest.mark.parametrize("strategy", ["lc", "bt", "bald"])
def test_both_models_learned_from_the_same_labels_and_score_the_same_texts(strategy: str) -> None:
    """Each reading again, from models that are trained for it alone."""
    config = configured(strategy, seed_size="10", batch="5", rounds=3, gauge=60)
    events, _ = drive(config, DATA)
    row_of = {example.id: row for row, example in enumerate(DATA.train)}
    models = doubles(DATA)
    acquisition, successor = models.acquisition, models.successor
    assert isinstance(acquisition, LearnerDouble)
    assert isinstance(successor, LearnerDouble)
    drive(config, DATA, models)
    labelled: list[str] = []
    readings = {reading.round: reading for reading in of_kind(events, ev.MismatchMeasured)}
    assert list(readings) == [1, 2, 3]
    for round_, query in enumerate(of_kind(events, ev.QuerySelected)):
        if round_:
            open_ = [row for row in gauge().rows if DATA.train[row].id not in labelled]
            scores = []
            for learner, fit in ((successor, round_ - 1), (acquisition, round_ - 1)):
                alone = LearnerDouble(DATA, fits=[learner.fits[fit]])
                predictions = alone.predict("train", np.array(open_), unheard)
                scores.append(least_confidence(predictions))
                assert learner.fits[fit][0] == [row_of[identity] for identity in labelled]
            expected = distances(scores[0], scores[1])
            reading = readings[round_]
            assert reading.wasserstein == pytest.approx(expected.wasserstein, abs=1e-5)
            assert reading.kl == pytest.approx(expected.kl, rel=1e-2)
            assert (reading.labels, reading.texts) == (len(labelled), len(open_))
            assert (reading.floor_kl, reading.floors) == (None, 0)
        labelled += query.ids


def test_the_same_model_twice_has_no_mismatch() -> None:
    table = [0.5 + row / 200 for row in range(80)]
    twins = Models(LearnerDouble(DATA, table=table), LearnerDouble(DATA, table=table))
    for reading in of_kind(drive(CONFIG, DATA, twins)[0], ev.MismatchMeasured):
        assert (reading.wasserstein, reading.kl) == (0, 0)


def run_state(seed: int, events: list[ev.Event]) -> RunState:
    points, queries = of_kind(events, ev.RoundResult), of_kind(events, ev.QuerySelected)
    return RunState(seed, points=tuple(points), queries=tuple(queries))


def test_another_seeds_successor_gives_the_floor() -> None:
    """On the texts that neither run had labelled by then."""
    earlier = run_state(8, drive(CONFIG, DATA, seed=8)[0])
    log: list[ev.Event] = []
    models = doubles(DATA)
    oracle = SimulatedOracle(DATA, SEED, 0.0)
    run(
        SEED, CONFIG, DATA, labelled_rows(DATA), models, RunState(SEED), oracle.answer, log.append,
        others=[earlier, RunState(9)],
    )  # fmt: skip
    mine = run_state(SEED, log)
    for reading in of_kind(log, ev.MismatchMeasured):
        known = {
            i for one in (mine,
                earlier) for q in one.queries if q.round < reading.round for i in q.ids
        }  # fmt: skip
        apart = [place for place, identity in enumerate(gauge().ids) if identity not in known]
        samples = [np.array(one.points[reading.round - 1].sample)[apart] for one in (mine, earlier)]
        expected = distances(*samples)
        assert reading.floors == 1
        assert reading.floor_wasserstein == pytest.approx(expected.wasserstein)
        assert reading.floor_kl == pytest.approx(expected.kl)
    assert len(of_kind(log, ev.MismatchMeasured)) == 3


@pytest.mark.slow
def test_cut_off_after_any_event_the_readings_are_the_same() -> None:
    config = configured(seed_size="10", batch="10", rounds=2, gauge=60)
    whole, _ = drive(config, DATA)
    expected = TestResume.state(config, DATA, whole).gauges
    assert [g.round for g in expected] == [1, 2]
    for cut in range(1, len(whole)):
        log: list[ev.Event] = []
        with pytest.raises(EngineStopped):
            drive(config, DATA, log=log, stop_after=cut)
        drive(config, DATA, log=log, state=TestResume.state(config, DATA, log))
        assert TestResume.state(config, DATA, log).gauges == expected, f"after {whole[cut - 1]}"


def test_the_sample_is_of_the_pool_alone_and_the_same_for_every_seed() -> None:
    partly = texts(80, unlabelled=30)
    found = monitor_of(60, partly, labelled_rows(partly))
    assert found is not None
    assert set(found.rows) <= set(labelled_rows(partly))
    assert len(found.rows) == 60
    assert found.ids == tuple(partly.train[row].id for row in found.rows)
    again = monitor_of(60, partly, labelled_rows(partly))
    assert again is not None
    assert found.ids == again.ids
    assert len(gauge(500).rows) == 80
    assert monitor_of(0, DATA, labelled_rows(DATA)) is None
    sentences = Dataset("w", Task.TAGGING, ("X",), DATA.train, ())
    tagging = monitor_of(60, sentences, labelled_rows(DATA))
    assert tagging is not None
    assert (gauge().score.name, tagging.score.name) == ("lc", "mnlp")


def test_too_few_texts_say_nothing() -> None:
    events, _ = drive(configured(seed_size="2", batch="2", gauge=500), texts(21))
    assert not of_kind(events, ev.MismatchMeasured)
    events, _ = drive(configured(seed_size="2", batch="2", gauge=500), texts(22))
    assert [g.round for g in of_kind(events, ev.MismatchMeasured)] == [1]


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(ConfigError, match="gauge = -1 is out of range"):
        configured(gauge=-1)
