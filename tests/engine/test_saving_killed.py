"""Killed in the middle of saving a model, an engine leaves one half at most, and none once the next
is saved."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from tests.engine import tiny
from tests.faults.test_environment import no_more_files
from tui_al.core.data.examples import Dataset
from tui_al.core.session import events as ev
from tui_al.core.session.state import RunState
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.engine.models import checkpoint
from tui_al.engine.worker import model_saver
from tui_al.engine.worker.model_saver import ModelSaver
from tui_al.store.file_hashes import hashes_of

pytestmark = pytest.mark.slow


def point(round_: int) -> ev.RoundResult:
    return ev.RoundResult(7, round_, 10, 0, {}, {}, {}, 0)


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], object]) -> None:
    """Do it in a process of its own, which is to be killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def hidden(directory: Path) -> list[Path]:
    return [path for path in directory.rglob(".*") if path.is_dir() or path.suffix]


@pytest.mark.parametrize("oracle", ["gold", "person"])
def test_what_a_killed_engine_left(
    bert: Path,
    classified: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    oracle: Literal["gold", "person"],
) -> None:
    learner = tiny.learner(bert, "head", classified)
    tiny.fit(learner, range(12))
    settings = tiny.settings(bert, "head", start="warm")
    config = ExperimentConfig(
        DataConfig("things"), settings, settings,
        LoopConfig("lc", Amount(10, False), Amount(10, False), 3, oracle=oracle), (7,),
        device="cpu",
    )  # fmt: skip
    learner.config = replace(learner.config, start="warm")
    mine = ModelSaver(
        tmp_path, RunState(7), config, {"successor": learner, "acquisition": learner}, 100
    )
    models = tmp_path / "models" / "seed-7"

    def save() -> tuple[ev.Event, ...]:
        found = mine.keep(point(3))
        mine.tidy_models(found)
        return found

    for place, name in ((checkpoint, "replace_dir"), (json, "dumps"), (checkpoint, "replace_dir")):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, die)
            killed(save)
        assert len(hidden(models)) == 1
    (saved,) = save()
    assert isinstance(saved, ev.ModelSaved)
    assert hidden(models) == []
    assert hashes_of(tmp_path / saved.path) == saved.hashes
    with monkeypatch.context() as patched:  # while the one before is taken away
        patched.setattr(shutil, "rmtree", _only_old(shutil.rmtree))
        killed(save)
    assert len(hidden(models)) == 1
    (again,) = save()
    assert isinstance(again, ev.ModelSaved)
    assert hidden(models) == []
    assert [path.name for path in models.iterdir()] == [Path(again.path).name]
    finished = ev.PhaseFinished(7, 3, ev.Phase.TRAIN_SUCCESSOR, 1.0, 0)
    for _ in range(2):
        with monkeypatch.context() as patched:
            patched.setattr(model_saver, "sha256_of", die)
            killed(lambda: mine.keep(finished))
        assert len(hidden(tmp_path / "warm")) == 1
    mine.keep(finished)
    assert list((tmp_path / "warm" / ".making").iterdir()) == []
    with no_more_files():  # the run is finished all the same
        mine.tidy()
    mine.tidy()
    assert [path.name for path in (tmp_path / "warm").iterdir()] == []


def _only_old(remove: Callable[..., None]) -> Callable[..., None]:
    def removed(path: Path, **given: object) -> None:
        if "-old-" in path.name and path.exists():
            die()
        remove(path, **given)

    return removed
