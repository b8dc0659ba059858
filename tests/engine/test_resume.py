"""Killed at any moment and started again, a session ends as if nothing had happened."""

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine import tiny
from tests.helpers.attempts import Attempt, Attempts
from tests.helpers.processes import Forks
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import (
    Amount,
    DataConfig,
    ExperimentConfig,
    LoopConfig,
)
from tui_al.engine.data import load
from tui_al.engine.worker.session_setup import open_or_create
from tui_al.store.file_hashes import hashes_of
from tui_al.store.session import Session

#: Events that say what an engine did, not what came of it.
_ENGINE = (ev.EngineStarted, ev.EngineFinished, ev.RunStarted)


@pytest.fixture
def attempts(forked: Forks, tmp_path: Path) -> Attempts:
    """Engines that are killed."""
    return Attempts(forked, tmp_path / "attempts")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT that knows the words of both bundled data sets."""
    data = [
        load(DataConfig(name, train_limit=150, test_limit=60)) for name in ("tickets", "events")
    ]
    texts = [e.text for one in data for e in (*one.train, *one.test)]
    return tiny.save_encoder("bert", tmp_path_factory.mktemp("resume") / "encoder", texts, width=32)


def experiment(
    encoder: Path, source: str = "tickets", strategy: str = "lc", seeds: tuple[int, ...] = (7, 8),
    rounds: int = 4, start: str = "cold", trunk_layers: int = 0,
) -> ExperimentConfig:  # fmt: skip
    given = {
        "epochs": 2, "dropout": 0.1, "start": start, "max_length": 24, "trunk_layers": trunk_layers,
    }  # fmt: skip
    return ExperimentConfig(
        data=DataConfig(source, train_limit=150, test_limit=60),
        acquisition=tiny.settings(encoder, "adapter", **given),
        successor=tiny.settings(encoder, "full", **given),
        loop=LoopConfig(strategy, Amount(10, False), Amount(10, False), rounds, label_noise=0.1),
        seeds=seeds,
        device="cpu",
    )


def created(home: Path, config: ExperimentConfig) -> Path:
    with open_or_create(home, config, {}, "made") as session:
        return session.directory


def outcome(directory: Path) -> list[tuple[object, ...]]:
    """Everything that a killed session must have in common with an undisturbed one, in order."""
    with Session(directory) as session:
        assert session.state().finished
        told: list[tuple[object, ...]] = []
        for record in session.events():
            match record.event:
                case ev.QuerySelected() as e:
                    told.append(("queried", e.seed, e.round, e.strategy, e.ids, e.scores, e.pool))
                case ev.Labelled() as e:
                    told.append(("labelled", e.seed, e.round, e.ids, e.answers, e.by))
                case ev.RoundResult() as e:
                    told.append(
                        (
                            "point",
                            e.seed,
                            e.round,
                            e.labels,
                            e.tokens,
                            dict(e.metrics),
                            dict(e.counts),
                        )
                    )
                case ev.ModelSaved() as e:
                    assert hashes_of(directory / e.path) == e.hashes
                    told.append(("model", e.seed, e.round, e.role, e.path))
                case ev.RunFinished() as e:
                    told.append(("finished", e.seed, e.reason))
    return told


def assert_no_round_was_repeated(directory: Path, config: ExperimentConfig) -> None:
    with Session(directory) as session:
        events = [record.event for record in session.events()]
    for kind in (ev.RoundResult, ev.QuerySelected, ev.Labelled):
        rounds = [(e.seed, e.round) for e in events if isinstance(e, kind)]
        assert rounds == [(s, r) for s in config.seeds for r in range(config.loop.rounds + 1)], kind
    open_rounds: set[tuple[int, int]] = set()
    for e in events:
        if isinstance(e, ev.RoundResult):
            open_rounds.add((e.seed, e.round))
        elif isinstance(e, ev.PhaseStarted):
            assert (e.seed, e.round) not in open_rounds


def assert_points_have_all_phases(directory: Path) -> None:
    """Also those of rounds that were cut off: what was spent before counts."""
    with Session(directory) as session:
        runs = session.state().runs.values()
    for point in (p for run in runs for p in run.points):
        phases = {"train successor", "evaluate"}
        if point.round:
            phases |= {"train acquisition", "score pool"}
        assert set(point.seconds) == phases, point.round
        assert all(seconds > 0 for seconds in point.seconds.values())


def survive(
    attempts: Attempts, made: Path, work: Path, kills: int, rng: np.random.Generator, longest: float
) -> list[Path]:
    """Work on copies of a session under so many kills, each copy until it is finished."""
    finished: list[Path] = []
    killed = 0
    while killed < kills:
        directory = Path(shutil.copytree(made, work / f"copy-{len(finished)}"))
        while True:
            plan: dict[str, Any] = {}
            if killed < kills:
                if rng.random() < 0.5:
                    plan["events"] = int(rng.integers(1, 16))
                else:
                    plan["seconds"] = float(rng.uniform(0.0, longest))
            answer = attempts.attempt(directory, **plan)
            assert answer.code in (0, -9), answer
            if answer.code == 0:
                break
            killed += 1
        finished.append(directory)
    return finished


@pytest.mark.slow
def test_twenty_four_kills_change_nothing(
    attempts: Attempts, encoder: Path, tmp_path: Path
) -> None:
    config = experiment(encoder)
    made = created(tmp_path, config)
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    began = time.monotonic()
    answer = attempts.attempt(whole)
    took = (
        time.monotonic() - began
    )  # the slower the machine, the later the kills: all phases are to be hit
    assert answer.code == 0
    expected = outcome(whole)
    assert len([one for one in expected if one[0] == "point"]) == 10

    attempts.phases.clear()
    longest = max(1.2, 0.5 * took)
    finished = survive(attempts, made, tmp_path, 24, np.random.default_rng(20), longest=longest)
    assert sum(attempts.phases.values()) >= 20
    for directory in finished:
        assert outcome(directory) == expected
        assert_no_round_was_repeated(directory, config)
        assert_points_have_all_phases(directory)
        for seed in config.seeds:
            assert (
                directory / "models" / f"seed-{seed}" / "successor" / "model.safetensors"
            ).is_file()
    assert {"train acquisition", "train successor"} <= attempts.phases.keys()
    saved = [d / "models/seed-7/successor/model.safetensors" for d in (whole, *finished)]
    assert len({path.read_bytes() for path in saved}) == 1


@pytest.mark.slow
def test_a_kill_right_after_an_event_changes_nothing(
    attempts: Attempts, encoder: Path, tmp_path: Path
) -> None:
    """One seed, one round: the engine dies right after its third event, its seventh, and so on."""
    config = experiment(encoder, seeds=(7,), rounds=1)
    made = created(tmp_path, config)
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    assert attempts.attempt(whole).code == 0
    expected = outcome(whole)
    for events in range(3, 100, 4):
        directory = Path(shutil.copytree(made, tmp_path / f"copy-{events}"))
        answer = attempts.attempt(directory, events=events)
        if answer.code == 0:
            break
        again = attempts.attempt(directory)
        assert again.code == 0, events
        assert outcome(directory) == expected, events
        assert_no_round_was_repeated(directory, config)
    assert events > 18


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["lc", "random"])
def test_a_warm_start_survives_kills(
    attempts: Attempts, encoder: Path, tmp_path: Path, strategy: str
) -> None:
    config = experiment(encoder, strategy=strategy, start="warm", rounds=3)
    made = created(tmp_path, config)
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    killed_while_saving = whole / "warm" / ".making"
    killed_while_saving.mkdir(parents=True)
    (killed_while_saving / ".tmpN5MQAE").write_bytes(b"half")
    assert attempts.attempt(whole).code == 0
    assert not list((whole / "warm").iterdir())
    expected = outcome(whole)
    cold = created(tmp_path / "cold", experiment(encoder, strategy=strategy, rounds=3))
    assert attempts.attempt(cold).code == 0
    assert outcome(cold) != expected  # warm is another thing
    for directory in survive(attempts, made, tmp_path, 10, np.random.default_rng(3), longest=0.8):
        assert outcome(directory) == expected
        assert not list((directory / "warm").iterdir())


@pytest.mark.slow
def test_damaged_weights_of_a_warm_start_are_not_gone_on_from(
    attempts: Attempts, encoder: Path, tmp_path: Path
) -> None:
    config = experiment(encoder, start="warm", rounds=2, seeds=(7,))
    made = created(tmp_path, config)
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    assert attempts.attempt(whole).code == 0
    with Session(made) as session:
        while not session.state().runs[7].points:
            attempts.attempt(made, events=30)
    files = {path: path.read_bytes() for path in sorted((made / "warm").glob("*.safetensors"))}
    for path, raw in files.items():
        path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    attempts.attempt(made)
    with Session(made) as session:
        run = session.state().runs[7]
    assert run.status == "failed"
    assert any(f"{path} is damaged" in run.error for path in files)
    assert "Put the file back from a backup" in run.hint
    apart = Path(shutil.copytree(made, tmp_path / "apart"))
    for path, raw in files.items():
        path.write_bytes(raw)
        (apart / "warm" / path.name).unlink()
    assert attempts.attempt(made).code == 0
    assert outcome(made) == outcome(whole)
    assert attempts.attempt(apart).code == 0
    with Session(apart) as session:
        said = session.state().warnings
    assert any("weights of the successor after round" in one for one in said)


@pytest.mark.slow
def test_tagging_survives_kills(attempts: Attempts, encoder: Path, tmp_path: Path) -> None:
    config = experiment(encoder, "events", "mnlp", seeds=(9,), rounds=3)
    made = created(tmp_path, config)
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    assert attempts.attempt(whole).code == 0
    expected = outcome(whole)
    assert any("entity_f1" in one[5] for one in expected if one[0] == "point")  # type: ignore[operator]
    for directory in survive(attempts, made, tmp_path, 6, np.random.default_rng(4), longest=0.8):
        assert outcome(directory) == expected
        assert_no_round_was_repeated(directory, config)


@pytest.mark.slow
def test_monte_carlo_dropout_survives_kills(
    attempts: Attempts, encoder: Path, tmp_path: Path
) -> None:
    config = experiment(encoder, strategy="bald", seeds=(9,), rounds=2)
    made = created(tmp_path, config)
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    assert attempts.attempt(whole).code == 0
    expected = outcome(whole)
    for directory in survive(attempts, made, tmp_path, 5, np.random.default_rng(5), longest=0.8):
        assert outcome(directory) == expected


@pytest.mark.slow
@pytest.mark.parametrize(("source", "strategy"), [("tickets", "random"), ("events", "bald")])
def test_a_frozen_trunk_survives_kills(
    attempts: Attempts, encoder: Path, tmp_path: Path, source: str, strategy: str
) -> None:
    """What is kept of it is gone with the process, and is made again to the last bit, in whatever
    order it is asked for."""
    config = experiment(encoder, source, strategy, seeds=(9,), rounds=2, trunk_layers=1)
    made = created(tmp_path, config)
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    assert attempts.attempt(whole).code == 0
    expected = outcome(whole)
    saved = [whole / "models/seed-9/successor/model.safetensors"]
    for directory in survive(attempts, made, tmp_path, 5, np.random.default_rng(6), longest=0.8):
        assert outcome(directory) == expected
        saved.append(directory / "models/seed-9/successor/model.safetensors")
    assert len({path.read_bytes() for path in saved}) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("start", "layers"), [("cold", 1), ("warm", 0)])
def test_heads_on_the_mean_survive_kills(
    attempts: Attempts, encoder: Path, tmp_path: Path, start: str, layers: int
) -> None:
    config = experiment(encoder, seeds=(9,), rounds=2, start=start, trunk_layers=layers)
    mean = {
        role: replace(getattr(config, role), pooling="mean")
        for role in ("acquisition", "successor")
    }
    made = created(tmp_path, replace(config, **mean))
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    assert attempts.attempt(whole).code == 0
    expected = outcome(whole)
    kept = [whole]
    for directory in survive(attempts, made, tmp_path, 4, np.random.default_rng(7), longest=0.8):
        assert outcome(directory) == expected
        kept.append(directory)
    for part in ("0_Transformer", "2_Dense"):
        place = f"models/seed-9/successor/{part}/model.safetensors"
        assert len({(directory / place).read_bytes() for directory in kept}) == 1


@pytest.mark.slow
def test_a_finished_session_is_left_alone(
    attempts: Attempts, encoder: Path, tmp_path: Path
) -> None:
    directory = created(tmp_path, experiment(encoder, seeds=(7,), rounds=1))
    assert attempts.attempt(directory).code == 0
    with Session(directory) as session:
        before = session.events()
    answer = attempts.attempt(directory)
    assert answer == Attempt(0, 0, "")
    with Session(directory) as session:
        assert session.events() == before
