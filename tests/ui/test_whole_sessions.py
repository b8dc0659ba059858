"""From a file of bare texts to a model that others can use: made, labelled, exported and asked by
keys and commands alone."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from transformers import pipeline

from tests.cli.test_label import made
from tests.engine import tiny
from tests.helpers.command_line import Command, run_command
from tests.ui.driving import drive
from tests.ui.samples import Sample, names_in, unlabelled_events, unlabelled_tickets
from tests.ui.terminals import Tmux, end_engines, until
from tests.ui.typists import PilotTypist, TerminalTypist
from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.data.examples import Task
from tui_al.engine.worker.session_setup import open_or_create
from tui_al.host import process
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import DecisionLog
from tui_al.store.engine_lock import is_live
from tui_al.store.examples import ExampleReader
from tui_al.store.session import Session
from tui_al.ui.app import TuiAl

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked")]

SAMPLES: Mapping[Task, Callable[[Path], Sample]] = {
    Task.CLASSIFICATION: unlabelled_tickets,
    Task.TAGGING: unlabelled_events,
}

PIPELINES: Mapping[Task, Callable[[str], Any]] = {
    Task.CLASSIFICATION: partial(pipeline, "text-classification", truncation=True, device="cpu"),
    Task.TAGGING: partial(pipeline, "token-classification", aggregation_strategy="first",
        device="cpu"),
}  # fmt: skip

#: The models that the tiny encoder becomes within a second or two; it must learn its few labels by
#: heart.
SETTINGS: Mapping[str, Any] = {
    "acquisition_lr": 1e-2, "successor_lr": 2e-3, "head_lr": 1e-2, "epochs": 30, "batch_size": 8,
    "dropout": 0.0, "max_length": 48,
    "device": "cpu", "annotator": "anna", "session": "mine",
}  # fmt: skip


@pytest.fixture(params=list(SAMPLES), ids=lambda task: task.value)
def task(request: pytest.FixtureRequest) -> Task:
    found = request.param
    assert isinstance(found, Task)
    return found


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs `tui-al` with these arguments; sessions are in `tmp_path / "home"`."""
    monkeypatch.setenv("TUI_AL_HOME", str(tmp_path / "home"))
    return partial(run_command, capsys)


@pytest.fixture
def sample(tmp_path: Path, task: Task) -> Sample:
    """A file that nobody has labelled."""
    return SAMPLES[task](tmp_path)


@pytest.fixture
def settings(tmp_path: Path, task: Task, sample: Sample) -> dict[str, Any]:
    """What `tui-al label` is told, but for the file."""
    encoder = str(tiny.save_encoder("bert", tmp_path / "bert", sample.gold))
    kind = {} if task is Task.CLASSIFICATION else {"task": "tagging"}
    return {**SETTINGS, **kind, "acquisition": encoder, "successor": encoder}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose engine, one thread, ends with the test."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    home = tmp_path / "home"
    yield home
    end_engines(home)


def measured(directory: Path) -> bool:
    """Whether a successor is trained and kept."""
    with Session(directory) as session:
        run = session.state().runs
        return any(one.points and one.model_path for one in run.values())


async def test_by_keys_in_the_app(
    home: Path, tmp_path: Path, task: Task, sample: Sample, settings: dict[str, Any],
    command: Command
) -> None:  # fmt: skip
    config = made(source=str(sample.file), **settings)
    with open_or_create(home, config, {}, "mine") as session:
        directory = session.directory
    process.start_engine(directory)
    async with drive(TuiAl(home, directory, annotator="anna"), (100, 30)) as pilot:
        typist = PilotTypist(pilot, sample.gold)
        for _ in range(20):
            await typist.answer()
        assert (typist.taken, typist.corrected) == (0, 0)  # there is no model yet
        await typist.until(lambda: typist.shows("saved ✓ 20") and measured(directory))
        while not (typist.taken or typist.corrected or len(typist.answers) == 30):
            await typist.answer()
        amount = len(typist.answers)
        await typist.until(lambda: typist.shows(f"saved ✓ {amount}"))
        assert typist.taken + typist.corrected
    assert process.stop_engine(directory)
    check_labels(directory, typist.answers)
    check_model(command, tmp_path, directory, task, sample, typist.answers[:20])


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_by_commands_in_a_terminal(
    home: Path, tmp_path: Path, task: Task, sample: Sample, settings: dict[str, Any],
    command: Command
) -> None:  # fmt: skip
    options = [
        text
        for name, value in settings.items()
        for text in (f"--{name.replace('_', '-')}", str(value))
    ]
    directory = home / "sessions" / "mine"
    with Tmux(tmp_path, home, (80, 24)) as tmux:
        tmux.run("label", str(sample.file), *options)
        typist = TerminalTypist(tmux, sample.gold)
        for _ in range(20):
            typist.answer()
        tmux.sees("saved ✓ 20")
        until(lambda: measured(directory), 60, tmux.screen)
        tmux.press("q")
        tmux.sees("`tui-al attach mine` shows it again.")
        tmux.run("stop", "mine")
        until(tmux.ended, 30, tmux.screen)
        assert not is_live(directory)
    check_labels(directory, typist.answers)
    check_model(command, tmp_path, directory, task, sample, typist.answers)


def check_labels(directory: Path, answers: list[tuple[str, UserAnswer]]) -> None:
    """On record is what was answered, entities by exact offsets; the labels are those that were
    added on the way."""
    with AnnotationService(directory, "who looks") as service:
        stored = {
            example.text: answer
            for identity, answer in service.label_state.answers().items()
            if (example := service.example(identity)) is not None
        }
        labels = service.label_state.labels
    assert stored == dict(answers)
    assert list(labels) == list(
        dict.fromkeys(name for _, given in answers for name in names_in(given))
    )


def check_model(
    command: Command,
    folder: Path,
    directory: Path,
    task: Task,
    sample: Sample,
    learned: list[tuple[str, UserAnswer]],
) -> None:
    """Of what it learned from, the model says what the person said: exported, and by `tui-al
    predict`."""
    with (
        DecisionLog(directory) as log,
        closing(ExampleReader(directory / "examples.db")) as examples,
    ):
        kept = [examples.get(identity) for identity in log.board("reserve")]
    audit = {example.text for example in kept if example is not None}
    right = {text: given for text, given in learned if text not in audit}
    assert len(right) >= 15

    assert command("export-model", "mine", "--out", folder / "model")[0] == 0
    ask = PIPELINES[task](str(folder / "model"))
    of_pipeline = {text: given_by(ask(text)) for text in right}
    assert command("predict", "mine", sample.file, "--out", folder / "labelled.jsonl")[0] == 0
    lines = (folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()
    predicted = {row["text"]: given_in(row) for row in map(json.loads, lines)}
    assert list(predicted) == list(sample.gold)  # a line for each text, in order
    names = {name for _, given in learned for name in names_in(given)}
    assert {name for given in predicted.values() for name in names_in(given)} <= names
    for found in (of_pipeline, predicted):
        assert (
            agreement(right, found) >= 0.6
        )  # with other names, or names mixed up, next to nothing


def agreement(right: Mapping[str, UserAnswer], found: Mapping[str, UserAnswer]) -> float:
    """The share of texts with the right class; for entities F1."""
    expected = {(text, one) for text, given in right.items() for one in parts_of(given)}
    got = {(text, one) for text in right for one in parts_of(found[text])}
    return 2 * len(expected & got) / (len(expected) + len(got))


def parts_of(given: UserAnswer) -> tuple[object, ...]:
    """A class alone, or each entity."""
    return (given,) if isinstance(given, str) else given


def given_in(row: Mapping[str, Any]) -> UserAnswer:
    """A line of `tui-al predict`, as people answer."""
    if "label" in row:
        return str(row["label"])
    return tuple((e["start"], e["end"], e["label"]) for e in row["entities"])


def given_by(found: list[Mapping[str, Any]]) -> UserAnswer:
    """What a pipeline says of one text, as people answer."""
    if found and "label" in found[0]:
        return str(found[0]["label"])
    return tuple((e["start"], e["end"], e["entity_group"]) for e in found)
