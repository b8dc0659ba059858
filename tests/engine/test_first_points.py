"""Sessions of a sweep that start from the same seed set: the first computes round 0's point, the
others take it over."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine import tiny
from tests.engine.test_resume import outcome
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.engine.data import load
from tui_al.engine.worker import runner
from tui_al.engine.worker.runner import Sharing, run_session
from tui_al.engine.worker.session_io import StopSignal
from tui_al.engine.worker.session_setup import open_or_create
from tui_al.errors import EngineStopped
from tui_al.store.session import Session

pytestmark = pytest.mark.slow

DATA = DataConfig("tickets", train_limit=90, test_limit=40)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "computing_threads", lambda: 1)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [e.text for e in load(DATA).train]
    return tiny.save_encoder("bert", tmp_path_factory.mktemp("first") / "small", texts, width=32)


def experiment(encoder: Path, strategy: str = "lc", **changes: Any) -> ExperimentConfig:
    given: dict[str, Any] = {"epochs": 2, "dropout": 0.1, "max_length": 24} | changes
    return ExperimentConfig(
        DATA,
        acquisition=tiny.settings(encoder, "adapter", **given),
        successor=tiny.settings(encoder, "full", **given),
        loop=LoopConfig(strategy, Amount(10, False), Amount(10, False), 1, label_noise=0.2),
        seeds=(7, 8),
        device="cpu",
        save_models=False,
    )


def ran(home: Path, name: str, config: ExperimentConfig, sharing: Sharing | None = None) -> Path:
    with open_or_create(home, config, {}, name) as session:
        run_session(session, lambda _: None, StopSignal(), sharing=sharing)
        return session.directory


def events(directory: Path) -> list[ev.Event]:
    with Session(directory) as session:
        return [record.event for record in session.events()]


def first_points(directory: Path) -> dict[int, ev.RoundResult]:
    return {e.seed: e for e in events(directory) if isinstance(e, ev.RoundResult) and e.round == 0}


def trained_first(directory: Path) -> set[int]:
    """Seeds whose round 0 trained a model."""
    return {e.seed for e in events(directory) if isinstance(e, ev.PhaseStarted) and e.round == 0}


def by_seed(told: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return sorted(told, key=lambda one: one[1])  # type: ignore[arg-type, return-value]  # stable


def test_a_shared_first_point_changes_nothing_else(encoder: Path, tmp_path: Path) -> None:
    sharing = Sharing(tmp_path / "first")
    alone = {s: ran(tmp_path, f"alone-{s}", experiment(encoder, s)) for s in ("lc", "random")}
    giver = ran(tmp_path, "giver", experiment(encoder, "lc"), sharing)
    taker = ran(tmp_path, "taker", experiment(encoder, "random"), replace(sharing, ahead=1))
    assert outcome(giver) == outcome(alone["lc"])
    assert by_seed(outcome(taker)) == by_seed(outcome(alone["random"]))

    assert trained_first(alone["random"]) == trained_first(giver) == {7, 8}
    assert trained_first(taker) == set()
    given, taken = first_points(giver), first_points(taker)
    assert {p.shared_from for p in given.values()} == {""}
    assert {p.shared_from for p in taken.values()} == {"giver"}
    for seed in (7, 8):
        assert taken[seed] == replace(given[seed], shared_from="giver")  # seconds and memory too
    # the taker began one further, so that two at work at once do not want the same point
    assert [e.seed for e in events(taker) if isinstance(e, ev.RunStarted)] == [8, 7]


def test_what_would_train_another_model_shares_nothing(encoder: Path, tmp_path: Path) -> None:
    sharing = Sharing(tmp_path / "first")
    base = replace(experiment(encoder, "random"), seeds=(7,))
    base = replace(base, loop=replace(base.loop, rounds=0))
    assert trained_first(ran(tmp_path, "giver", base, sharing)) == {7}
    assert trained_first(ran(tmp_path, "taker", base, sharing)) == set()
    others = {
        "epochs": replace(base, successor=replace(base.successor, epochs=3)),
        "labels": replace(base, loop=replace(base.loop, seed_size=Amount(12, False))),
        "noise": replace(base, loop=replace(base.loop, label_noise=0.0)),
        "gauge": replace(
            base, loop=replace(base.loop, gauge=20)
        ),  # its texts' scores go with the point
        "test": replace(base, data=replace(DATA, test_limit=39)),
        "warm": replace(base, successor=replace(base.successor, start="warm")),
    }
    for name, config in others.items():
        assert trained_first(ran(tmp_path, name, config, sharing)) == {7}, name
    assert (
        len(list((tmp_path / "first").glob("*.json"))) == 6
    )  # of the giver, and of all but the warm one


def test_a_successor_that_asks_itself_is_trained_to_the_point_that_it_took_over(
    encoder: Path, tmp_path: Path
) -> None:
    """Its own first point's model asks at once; after one that was taken over it is trained to the
    same model first."""
    sharing = Sharing(tmp_path / "first")
    base = experiment(encoder, "lc")
    config = replace(base, acquisition=base.successor)
    alone = ran(tmp_path, "alone", config)
    ran(tmp_path, "giver", experiment(encoder, "random"), sharing)
    taker = ran(tmp_path, "taker", config, sharing)
    assert outcome(taker) == outcome(alone)

    def trained(directory: Path) -> list[tuple[int, str]]:
        return [
            (e.round, e.phase)
            for e in events(directory)
            if isinstance(e, ev.PhaseStarted) and e.seed == 7 and "train" in e.phase
        ]

    assert trained(alone) == [(0, "train successor"), (1, "train successor")]
    assert trained(taker) == [(1, "train acquisition"), (1, "train successor")]


def test_a_point_whose_session_was_cut_off_before_it_was_recorded_is_its_own(
    encoder: Path, tmp_path: Path
) -> None:
    sharing = Sharing(tmp_path / "first")
    config = replace(experiment(encoder), seeds=(7,))
    ran(tmp_path / "one", "same", config, sharing)
    again = ran(tmp_path / "two", "same", config, sharing)
    assert trained_first(again) == set()
    assert first_points(again)[7].shared_from == ""


def test_who_waits_for_a_point_can_be_stopped(encoder: Path, tmp_path: Path) -> None:
    """The one that computes it holds a lock; the other looks for commands meanwhile."""
    import fcntl

    folder = tmp_path / "first"
    config = replace(experiment(encoder), seeds=(7,))
    ran(tmp_path / "one", "giver", config, Sharing(folder))
    (lock,) = folder.glob("*.lock")
    (folder / f"{lock.stem}.json").unlink()
    with (
        lock.open() as held,
        open_or_create(tmp_path / "two", config, {}, "taker") as session,
    ):
        fcntl.flock(held, fcntl.LOCK_EX)
        stop = StopSignal(requested=True)
        with pytest.raises(EngineStopped):
            run_session(session, lambda _: None, stop, sharing=Sharing(folder))
        assert not any(isinstance(r.event, ev.PhaseStarted) for r in session.events())


def test_the_gauge_changes_no_query_and_is_shared_with_the_point(
    encoder: Path, tmp_path: Path
) -> None:
    """Real models, with dropout in training; random sampling measures the first point for the one
    that asks."""
    sharing = Sharing(tmp_path / "first")
    config = experiment(encoder, "lc")
    config = replace(config, loop=replace(config.loop, rounds=2))
    off = replace(config, loop=replace(config.loop, gauge=0))
    alone = ran(tmp_path, "alone", off)
    random = replace(config, loop=replace(config.loop, strategy="random"))
    ran(tmp_path, "giver", random, sharing)
    taker = ran(tmp_path, "taker", config, sharing)
    assert outcome(taker) == outcome(alone)
    gauges = [e for e in events(taker) if isinstance(e, ev.MismatchMeasured)]
    assert [(g.seed, g.round, g.labels, g.floors) for g in gauges] == [
        (7, 1, 10, 0), (7, 2, 20, 0), (8, 1, 10, 1), (8, 2, 20, 1),
    ]  # fmt: skip
    assert all(g.wasserstein > 0 and g.kl > 0 for g in gauges)
    assert not any(isinstance(e, ev.MismatchMeasured) for e in events(alone))
    assert trained_first(taker) == set()
