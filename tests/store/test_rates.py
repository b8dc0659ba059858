"""Rates of this machine: what sessions tell, what is kept of it."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.report.states import session
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.store import throughput
from tui_al.store.throughput import Rate

LEARNER = LearnerConfig("m", "adapter", 1e-3, 1e-3, epochs=2)


def test_the_newest_figure_counts_and_what_was_not_measured_stays(tmp_path: Path) -> None:
    other = replace(LEARNER, trunk_layers=2)
    throughput.record(
        tmp_path, [Rate.here("cpu", LEARNER, 10.0, 20.0), Rate.here("cpu", other, 1.0, 2.0)]
    )
    throughput.record(
        tmp_path, [Rate.here("cpu", LEARNER, 12.0, None), Rate.here("cuda", LEARNER, 99.0, 98.0)]
    )
    known = throughput.load(tmp_path)
    found = {(r.device, r.trunk_layers): (r.training, r.scoring) for r in known.values()}
    assert found == {("cpu", 0): (12.0, 20.0), ("cpu", 2): (1.0, 2.0), ("cuda", 0): (99.0, 98.0)}
    assert [path.name for path in tmp_path.iterdir()] == ["rates.json"]


def test_an_older_figure_is_kept_for_the_threads_of_the_newer_one(tmp_path: Path) -> None:
    throughput.record(tmp_path, [Rate.here("cpu", LEARNER, 10.0, 20.0, threads=1)])
    throughput.record(tmp_path, [Rate.here("cpu", LEARNER, 30.0, None, threads=2)])
    (rate,) = throughput.load(tmp_path).values()
    assert (rate.training, rate.scoring, rate.threads) == (30.0, 40.0, 2)
    assert (rate.share(4), replace(rate, device="cuda").share(4)) == (2.0, 1.0)


def test_a_home_that_cannot_be_written_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    throughput.record(tmp_path / "file", [Rate.here("cpu", LEARNER, 1.0, 1.0)])
    assert throughput.load(tmp_path / "file") == {}


def test_what_a_session_tells() -> None:
    """50, 100, 150 labels of 1,000, 8 epochs; the acquisition model reads 5 sub-tokens a text, the
    successor 10.

    Successor: 300 * 8 * 10 in 20 + 30 + 30 s, tested on 3 * 200 * 10 in 1.5 s. Acquisition: 150 * 8
    * 5 in 24 s, scored 950 + 900 texts in 3 s.
    """
    state = session({7: (0.4, 0.6, 0.7)})
    acquisition, successor = throughput.observed(
        state, {"acquisition": 5.0, "successor": 10.0}, 1000
    )
    assert (successor.model, successor.tuning, successor.device) == ("minilm", "full", "cpu")
    assert successor.training == pytest.approx(300)
    assert successor.scoring == pytest.approx(4000)
    assert (successor.threads, acquisition.threads) == (1, 1)  # the double's engine tells none
    engine = state.engine
    assert engine is not None
    two = replace(state, engine=replace(engine, manifest={**engine.manifest, "threads": 2}))
    assert {
        r.threads for r in throughput.observed(two, {"acquisition": 5.0, "successor": 10.0}, 1000)
    } == {2}
    assert acquisition.tuning == "adapter"
    assert acquisition.training == pytest.approx(250)
    assert acquisition.scoring == pytest.approx(1850 * 5 / 3)
    bald = session({7: (0.4, 0.6, 0.7)}, strategy="bald")
    assert (
        throughput.observed(bald, {"acquisition": 5.0, "successor": 10.0}, 1000)[0].scoring is None
    )


def test_points_of_another_session_and_short_work_tell_nothing() -> None:
    state = session({7: (0.4,)})
    assert [
        r.tuning for r in throughput.observed(state, {"acquisition": 5.0, "successor": 10.0}, 1000)
    ] == ["full"]
    run = state.runs[7]
    shared = replace(run, points=(replace(run.points[0], shared_from="other"),))
    assert not throughput.observed(
        replace(state, runs={7: shared}), {"acquisition": 5.0, "successor": 10.0}, 1000
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"training": "quick"}, {"training": -1.0}, {"training": 1e400}, {"scoring": [1]},
        {"threads": 0}, {"threads": 10**30},
        {"model": None}, {"device": 3}, {"trunk_layers": {}}, None, 7, [], "rate",
    ],
)  # fmt: skip
def test_a_wrong_entry_is_left_out_and_the_others_stay(
    tmp_path: Path, wrong: object, caplog: pytest.LogCaptureFixture
) -> None:
    good = asdict(throughput.Rate.here("cpu", default_settings("minilm", "full"), 100.0, 200.0, 2))
    bad = good | {"tuning": "head"} | wrong if isinstance(wrong, dict) else wrong
    path = tmp_path / "rates.json"
    path.write_text(json.dumps([bad, good]))
    (found,) = throughput.load(tmp_path).values()
    assert asdict(found) == good
    assert "left out" in caplog.text
    throughput.record(tmp_path, [replace(found, training=150.0)])
    assert [one["training"] for one in json.loads(path.read_text())] == [150.0]


@pytest.mark.parametrize("text", ["", "{}", "[" * 10_000, "\x00", '{"a": 1}', "[1"])
def test_a_file_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "rates.json").write_text(text)
    assert throughput.load(tmp_path) == {}


def test_what_was_measured_with_another_pooling_is_another_rate(tmp_path: Path) -> None:
    first, mean = (
        default_settings("minilm", "full", pooling=pooling) for pooling in ("first", "mean")
    )
    throughput.record(tmp_path, [throughput.Rate.here("cpu", first, 100.0, 200.0)])
    known = throughput.load(tmp_path)
    assert throughput.Rate.here("cpu", first, None, None).key in known
    assert throughput.Rate.here("cpu", mean, None, None).key not in known


def test_nothing_of_it_fails_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(throughput, "observed", refuse)
    throughput.record_observed(tmp_path, None, {}, 0)  # type: ignore[arg-type]
