"""Where nothing is left to ask about: the engine trains once on all labels and waits, or a
simulated run ends, whatever asks and how."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine import tiny
from tests.store.people import people_config
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.data.offsets import tags_to_spans
from tui_al.core.query.strategies import STRATEGIES
from tui_al.core.session import events as ev
from tui_al.core.session.state import SessionState
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.engine.worker import runner
from tui_al.engine.worker.runner import run_session
from tui_al.engine.worker.session_io import StopSignal
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.session import Session

pytestmark = pytest.mark.slow

PATIENCE = 90.0
TEXTS = 12


@pytest.fixture(autouse=True)
def _one_thread_in_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "computing_threads", lambda: 1)


def few(task: Task, texts: int = TEXTS) -> Dataset:
    """The first texts of a toy data set, answers known."""
    whole = tiny.classified() if task is Task.CLASSIFICATION else tiny.tagged()
    return replace(whole, train=whole.train[:texts], test=whole.test[:6])


def made(home: Path, dataset: Dataset, config: ExperimentConfig) -> Path:
    """A session of these texts; of people, their answers are not in it."""
    by_people = config.loop.oracle == "person"
    if by_people:
        hidden = tuple(replace(e, answer=None) for e in dataset.train)
        dataset = replace(dataset, train=hidden, test=())
    created = ev.SessionCreated(
        config.to_dict(), dataset.task.value, dataset.labels, len(dataset.train), len(dataset.test),
        (), (), {},
    )  # fmt: skip
    with Session.create(home, "small", created, dataset) as session:
        return session.directory


class Engine:
    """An engine in a thread of the test's, and the person at the keys."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.error: Exception | None = None
        self.service = AnnotationService(directory, "anna")
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _work(self) -> None:
        try:
            with Session(self.directory) as session:
                run_session(session, lambda _: None, StopSignal())
        except Exception as error:
            self.error = error

    def until(self, met: Callable[[SessionState], Any]) -> None:
        """Wait for the engine; it must be at work meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while not met(self.service.state):
            if self.error:
                raise self.error
            assert time.monotonic() < deadline, self.service.state
            assert self._thread.is_alive()
            self.service.alive()
            time.sleep(0.05)
            self.service.refresh()

    def send(self, command: Any) -> None:
        with Session(self.directory) as session:
            session.send(command)

    def end(self) -> SessionState:
        """Ask for a last training; the state afterwards."""
        self.send("finish")
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        if self.error:
            raise self.error
        self.service.refresh()
        return self.service.state

    def close(self) -> None:
        if self._thread.is_alive():
            self.send("stop")
            self._thread.join(PATIENCE)
        self.service.close()


@pytest.fixture
def at_work(bert: Path, tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """Makes a session that people label; the engine is not started yet."""
    engines: list[Engine] = []

    def make(dataset: Dataset, strategy: str, precision: str = "fp32", **changes: Any) -> Engine:
        loop: dict[str, Any] = {
            "strategy": strategy,
            "batch": Amount(20, False),
            "seed_size": Amount(20, False),
            "mc_passes": 2,
        } | changes
        asker = loop.pop("asker", tiny.settings(bert, "head", epochs=1, precision=precision))
        config = replace(
            people_config(**loop),
            data=DataConfig("pool.txt", task=dataset.task.value, labels=dataset.labels),
            acquisition=asker,
            successor=tiny.settings(bert, "head", epochs=1, precision=precision),
            device="cpu",
        )
        engines.append(Engine(made(tmp_path / "home", dataset, config)))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def answer(service: AnnotationService, dataset: Dataset, most: int = TEXTS) -> int:
    """Answer from gold as many as there are; how many that was."""
    gold = {e.text: e for e in dataset.train}
    for done in range(most):
        item = service.take()
        if item is None:
            return done
        example = gold[item.example.text]
        assert example.answer is not None
        given: Any = example.answer
        if not isinstance(given, str):
            given = tags_to_spans(example.text, example.tokens, given)
        service.label(item, given)
    return most


def last(state: SessionState) -> ev.RoundResult:
    (run,) = state.runs.values()
    return run.points[-1]


def has_trained(state: SessionState) -> bool:
    return any(run.points for run in state.runs.values())


WAYS = [
    (task, name, precision)
    for task in Task
    for name, strategy in STRATEGIES.items()
    if task in strategy.tasks
    for precision in ("fp32", "bf16")
]


@pytest.mark.parametrize(("task", "strategy", "precision"), WAYS)
def test_people_use_up_the_pool(
    at_work: Callable[..., Engine], task: Task, strategy: str, precision: str
) -> None:
    dataset = few(task)
    engine = at_work(dataset, strategy, precision, audit_share=0.0)
    engine.start()
    engine.until(lambda state: engine.service.ranking == 0)
    assert engine.service.batch.size == TEXTS  # there are no 20
    assert answer(engine.service, dataset) == TEXTS
    engine.until(has_trained)
    assert last(engine.service.state).labels == TEXTS
    assert engine.service.take() is None
    engine.send("train")
    engine.until(lambda state: last(state).round == 1)
    state = engine.end()
    assert (state.ended, state.error) == ("finished", "")


def test_one_text_is_left_and_then_none(at_work: Callable[..., Engine]) -> None:
    dataset = few(Task.CLASSIFICATION)
    engine = at_work(
        dataset, "lc", "bf16", batch=Amount(11, False), seed_size=Amount(11, False), audit_share=0.0
    )
    engine.start()
    engine.until(lambda state: engine.service.ranking == 0)
    assert answer(engine.service, dataset, 11) == 11
    engine.until(has_trained)
    assert engine.service.batch.size == 1
    assert answer(engine.service, dataset) == 1
    engine.until(lambda state: last(state).labels == TEXTS)
    assert engine.end().ended == "finished"


def test_everything_is_labelled_before_the_engine_starts(at_work: Callable[..., Engine]) -> None:
    dataset = few(Task.CLASSIFICATION)
    engine = at_work(dataset, "lc", "bf16")
    for example in dataset.train:
        engine.service.label(engine.service.open(example.id), str(example.answer))
    engine.start()
    engine.until(has_trained)
    assert last(engine.service.state).labels == TEXTS - 1  # one is the audit's
    assert engine.end().ended == "finished"


@pytest.mark.parametrize("do", ["flag", "skip"])
def test_nothing_gets_a_label(at_work: Callable[..., Engine], do: str) -> None:
    dataset = few(Task.CLASSIFICATION)
    engine = at_work(dataset, "lc", "bf16")
    engine.start()
    engine.until(lambda state: engine.service.ranking == 0)
    seen = set()
    while (item := engine.service.take()) is not None and item.id not in seen:
        seen.add(item.id)
        engine.service.flag(item, "no label fits") if do == "flag" else engine.service.skip(item)
    assert len(seen) == TEXTS
    engine.send("train")
    time.sleep(1)
    state = engine.end()
    assert (state.ended, state.error) == ("finished", "")
    assert not has_trained(state)


def test_the_audit_takes_the_only_text(at_work: Callable[..., Engine]) -> None:
    dataset = few(Task.CLASSIFICATION, 1)
    engine = at_work(dataset, "lc", "bf16", audit_share=0.5)
    engine.start()
    engine.until(lambda state: engine.service.ranking == 0)
    assert answer(engine.service, dataset) == 1
    time.sleep(0.5)
    assert engine.end().ended == "finished"


def test_a_bag_of_words_asks_people(at_work: Callable[..., Engine]) -> None:
    dataset = few(Task.CLASSIFICATION)
    engine = at_work(
        dataset,
        "lc",
        asker=default_settings("tfidf", "head"),
        batch=Amount(4, False),
        seed_size=Amount(4, False),
    )
    engine.start()
    engine.until(lambda state: engine.service.ranking == 0)
    answer(engine.service, dataset, 6)
    engine.until(lambda state: (engine.service.ranking or 0) >= 1)
    item = engine.service.take()
    assert item is not None
    assert item.suggestion is not None or item.blind
    engine.service.put_back([item])
    answer(engine.service, dataset)
    engine.until(lambda state: has_trained(state) and last(state).labels == TEXTS - 1)
    states = engine.directory / "states.npy"  # of the successor's encoder
    engine.until(lambda state: states.exists())
    assert engine.end().ended == "finished"


def simulated(encoder: Path, strategy: str, precision: str, **changes: Any) -> ExperimentConfig:
    """Batches of 5 for longer than there are texts."""
    loop = LoopConfig(strategy, Amount(4, False), Amount(5, False), 9, mc_passes=2)
    return ExperimentConfig(
        DataConfig("small"),
        tiny.settings(encoder, changes.pop("tuning", "head"), epochs=1, precision=precision),
        tiny.settings(encoder, "head", epochs=2, precision=precision),
        replace(loop, **{n: changes.pop(n) for n in list(changes) if n in ("gauge",)}),
        **{"seeds": (7,), "device": "cpu", **changes},
    )


@pytest.mark.parametrize(("task", "strategy", "precision"), WAYS)
def test_a_simulated_run_uses_up_the_pool(
    bert: Path, tmp_path: Path, task: Task, strategy: str, precision: str
) -> None:
    config = simulated(bert, strategy, precision, gauge=3, seeds=(7, 8))
    with Session(made(tmp_path, few(task), config)) as session:
        state = run_session(session, lambda _: None, StopSignal())
    assert state.finished, state.failure
    for run in state.runs.values():
        assert [point.labels for point in run.points] == [4, 9, 12]


def test_the_adapter_that_asked_last_is_kept(bert: Path, tmp_path: Path) -> None:
    config = simulated(bert, "lc", "fp32", tuning="adapter")
    directory = made(tmp_path, few(Task.CLASSIFICATION), config)
    with Session(directory) as session:
        state = run_session(session, lambda _: None, StopSignal())
        saved = [e.event for e in session.events() if isinstance(e.event, ev.ModelSaved)]
    assert last(state).round == 2  # of 9
    assert {one.role for one in saved} == {"acquisition", "successor"}
    assert (directory / "models" / "seed-7" / "acquisition" / "adapter").is_dir()
