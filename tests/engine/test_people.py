"""A real engine process for a person who labels: from an unlabelled file to a saved successor,
killed in between."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.engine import tiny
from tests.store.people import people_config
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.offsets import tags_to_spans
from tui_al.core.loop.first_ranking import first_ranking
from tui_al.core.session.events import ModelSaved
from tui_al.core.settings.experiment import Amount, DataConfig
from tui_al.core.stats.measured import FEWEST
from tui_al.engine.models.scoring import SCORING_BUDGET
from tui_al.engine.text import tokenizing
from tui_al.engine.worker import pool_analysis as pool_study
from tui_al.engine.worker.session_setup import open_or_create
from tui_al.errors import EngineStopped
from tui_al.host import process
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.engine_lock import is_live
from tui_al.store.file_hashes import hashes_of
from tui_al.store.session import Session

pytestmark = pytest.mark.slow

PATIENCE = 120.0


def wait_for(service: AnnotationService, met: Callable[[], bool]) -> None:
    """Until the engine has done it; the person at work is alive meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline, process.log_tail(service.directory)
        service.alive()
        time.sleep(0.1)
        service.refresh()


def label_some(service: AnnotationService, dataset: Dataset, amount: int) -> int:
    """Answer from gold; returns how many there were."""
    gold = {example.text: example for example in dataset.train}
    for done in range(amount):
        item = service.take()
        if item is None:
            return done
        example = gold[item.example.text]
        assert example.answer is not None
        answer = example.answer
        if not isinstance(answer, str):
            answer = tags_to_spans(example.text, example.tokens, answer)  # type: ignore[assignment]
        service.label(item, answer)  # type: ignore[arg-type]
    return amount


@pytest.fixture(params=[Task.CLASSIFICATION, Task.TAGGING])
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return tiny.classified() if request.param is Task.CLASSIFICATION else tiny.tagged()


@pytest.mark.usefixtures("forked")
def test_from_an_unlabelled_file_to_a_successor(
    tmp_path: Path, bert: Path, dataset: Dataset
) -> None:
    pool = tmp_path / "pool.txt"
    pool.write_text("".join(f"{e.text}\n" for e in dataset.train), encoding="utf-8")
    made = people_config(
        seed_size=Amount(12, percent=False), batch=Amount(6, percent=False), audit_share=0.2
    )
    config = replace(
        made,
        data=DataConfig(str(pool), task=dataset.task.value, labels=dataset.labels),
        acquisition=tiny.settings(bert, "adapter"),
        successor=tiny.settings(bert, "full"),
        device="cpu",
    )
    directory = process.create_session(tmp_path / "home", config, "mine")
    process.start_engine(directory)
    with AnnotationService(directory, "anna") as service:
        wait_for(service, lambda: service.ranking == 0)
        assert label_some(service, dataset, 12) == 12
        wait_for(service, lambda: service.ranking == 1)
        item = service.take()
        assert item is not None
        while item.blind:  # a random check: no suggestion
            service.skip(item)
            item = service.take()
            assert item is not None
        assert item.suggestion is not None
        assert item.percentile is not None
        assert label_some(service, dataset, 4) == 4
        before = service.label_state.answers()

        engine = service.state.engine
        assert engine is not None
        os.kill(engine.pid, signal.SIGKILL)
        wait_for(service, lambda: not is_live(directory))
        assert label_some(service, dataset, 3) == 3  # people go on without an engine
        service.add_label("another")
        process.start_engine(directory)
        wait_for(service, lambda: (service.ranking or 0) >= 2)
        assert before.items() <= service.label_state.answers().items()

        with Session(directory) as session:
            session.send("finish")
        wait_for(service, lambda: not is_live(directory))
        run = service.state.runs[service.seed]
        assert service.state.ended == "finished"
        audit = set(service.log.board("reserve"))
        assert run.points[-1].labels == len(service.label_state.answers().keys() - audit)
        headline = "accuracy" if dataset.task is Task.CLASSIFICATION else "entity_f1"
        audited = run.audits[-1]
        assert audited.metric == headline
        assert 0 <= audited.low <= audited.value <= audited.high <= 1
        assert audited.examples < FEWEST  # too few for a point on the curve
        assert run.points[-1].metrics == {}
        assert run.model_path is not None
        saved = json.loads((directory / run.model_path / "config.json").read_text())
        assert set(dataset.labels) <= {name.removeprefix("B-") for name in saved["label2id"]}
        assert any("another" in name for name in saved["label2id"])
        kept = sorted((directory / "models" / f"seed-{service.seed}").iterdir())
        with Session(directory) as session:
            events = [one.event for one in session.events() if isinstance(one.event, ModelSaved)]
        newest = {event.role: event for event in events}
        assert kept == sorted(directory / event.path for event in newest.values())
        assert len({event.path for event in events}) == len(events)  # none in place of another
        assert newest.keys() == {"acquisition", "successor"}
        for event in newest.values():
            assert hashes_of(directory / event.path) == event.hashes


def test_the_pool_is_studied_once(tmp_path: Path, bert: Path) -> None:
    texts = [
        "the cat sleeps today",
        "The cat sleeps, today!",
        "pure copper melts",
        "the cat sleeps today.",
    ]
    examples = tuple(Example(i, t) for i, t in zip(example_ids(texts), texts, strict=True))
    dataset = Dataset("pool", Task.CLASSIFICATION, (), examples, ())

    def looked(audit: list[int]) -> list[int]:
        found = pool_study.near_duplicates(tmp_path, dataset, np.arange(4), np.array(audit, int))
        return [int(group) for group in found]

    assert looked(audit=[3]) == [0, 0, 2, 3]  # the audit stays apart
    assert looked(audit=[]) == [0, 0, 2, 3]  # read from the file


def test_states_are_made_in_pieces_and_once(
    tmp_path: Path, bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["the cat sleeps today", "The cat sleeps, today!", "pure copper melts"]
    examples = tuple(Example(i, t) for i, t in zip(example_ids(texts), texts, strict=True))
    dataset = Dataset("pool", Task.CLASSIFICATION, (), examples, ())
    directory = tmp_path / "sessions" / "one"
    directory.mkdir(parents=True)
    monkeypatch.setattr(pool_study, "_PIECE", 0.0)
    monkeypatch.setitem(SCORING_BUDGET, "cpu", 1)  # each text a batch of its own

    def pieces() -> list[None]:
        return list(
            pool_study.mean_states(directory, dataset, tiny.settings(bert, "adapter"), tiny.CPU)
        )

    monkeypatch.setattr(tokenizing, "_CHUNK", 1)  # and before that a piece of the sub-tokens
    assert len(pieces()) == 1 + 3 + 3
    assert pieces() == []
    states = np.load(directory / "states.npy")
    assert states.shape == (3, tiny.WIDTH)
    likeness = states.astype(np.float32) @ states[0].astype(np.float32)
    assert likeness[0] == pytest.approx(1, abs=0.01)
    assert likeness[1] > likeness[2]


def test_an_engine_that_looks_for_near_duplicates_can_be_stopped(tmp_path: Path) -> None:
    texts = [f"text number {number}" for number in range(10)]
    examples = tuple(Example(i, t) for i, t in zip(example_ids(texts), texts, strict=True))
    dataset, pool = Dataset("pool", Task.CLASSIFICATION, ("a",), examples, ()), np.arange(10)

    def stop() -> None:
        raise EngineStopped("stopped", "")

    with pytest.raises(EngineStopped):
        pool_study.near_duplicates(tmp_path, dataset, pool, pool[:0], stop)
    assert list(tmp_path.iterdir()) == []


def test_the_first_samples_are_there_before_an_engine_is(tmp_path: Path, bert: Path) -> None:
    pool = tmp_path / "pool.txt"
    pool.write_text("".join(f"text number {n}\n" for n in range(30)), encoding="utf-8")
    config = replace(
        people_config(audit_share=0.2),
        data=DataConfig(str(pool), task="classification", labels=("a", "b")),
        acquisition=tiny.settings(bert, "adapter"),
        successor=tiny.settings(bert, "full"),
        device="cpu",
    )
    with open_or_create(tmp_path / "home", config, {}, "mine") as session:
        directory, data = session.directory, session.dataset()
    first = first_ranking(config, data)
    with AnnotationService(directory, "anna") as service:
        assert (service.ranking, service.ranked) == (0, first.ranked)
        assert service.log.board("reserve") == first.reserve
        asked = [item.id for item in service.take_some(40)]
        assert asked == [row["id"] for row in first.rows]
        assert len(set(asked)) >= 24


def test_entities_stand_for_equal_texts_only(tmp_path: Path) -> None:
    texts = ["Anna Berg left Oslo", " Anna Berg left Oslo!", "Anna Berg left Oslo", "Omar left"]
    examples = tuple(
        Example(i, t, None, tuple(t.split()))
        for i, t in zip(example_ids(texts), texts, strict=True)
    )
    dataset, pool = Dataset("pool", Task.TAGGING, ("PER",), examples, ()), np.arange(4)
    # in the second text, the first one's offsets would cut words in two
    found = pool_study.near_duplicates(tmp_path, dataset, pool, pool[:0])
    assert found.tolist() == [0, 1, 0, 3]
