"""Every number has one source: what screens, commands and reports say of the same session is the
same."""

import csv
import fcntl
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ui.driving import drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.labelling import SEED, LabellingSession, labelling_session, people
from tests.ui.sessions import LABELS, Recording, config, dataset, record
from tui_al.cli import listings
from tui_al.cli.listings import list_datasets
from tui_al.cli.reports import report_on
from tui_al.cli.sessions import list_sessions
from tui_al.core.annotation.batch import lacking
from tui_al.core.annotation.decisions import AddLabel, Label, RenameLabel
from tui_al.core.data.examples import Task
from tui_al.core.session import events as ev
from tui_al.core.settings.dataset_catalog import NAMED_SETS
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.host import process
from tui_al.report.gauges import evaluated, gauge_rows
from tui_al.report.tables import finished_event, render
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.annotations import labels_of
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.session import Session
from tui_al.store.training_labels import LabelledPool
from tui_al.ui.app import TuiAl
from tui_al.ui.summaries import read_one
from tui_al.ui.widgets.progress import NowPanel
from tui_al.ui.widgets.result_facts import Facts
from tui_al.ui.widgets.status import TitleRow, how_far


def stopped(home: Path) -> Recording:
    """Seed 1 finished, seed 2 stopped in its fourth round, of which three are finished."""
    recording = record(home, "halfway")
    recording.start()
    recording.rounds(1, 6)
    recording.append(ev.RunFinished(1, "rounds"))
    recording.rounds(2, 3)
    recording.phase(2, 4, ev.Phase.TRAIN_ACQUISITION, done=0.5)
    recording.append(ev.EngineFinished("stopped"))
    return recording


def listed(home: Path, capsys: pytest.CaptureFixture[str], name: str) -> str:
    list_sessions(home)
    return next(line for line in capsys.readouterr().out.splitlines() if name in line)


@pytest.mark.slow
async def test_how_far_a_session_is(
    home: Path, engine: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = stopped(home)
    row = listed(home, capsys, "halfway")
    assert "round 4/6, seed 2/2" in row
    assert how_far(recording.session.state()) == "round 4/6 · seed 2/2"
    async with drive(TuiAl(home), (120, 40)) as pilot:
        await until(pilot, lambda: "halfway" in shown(pilot.app))
        assert "round 4/6, seed 2/2" in shown(pilot.app)
        await pilot.press("enter")
        await until(pilot, lambda: "round 4/6 · seed 2/2" in shown(pilot.app))


@pytest.mark.slow
@pytest.mark.parametrize("finished", [True, False])
async def test_the_last_figure(
    home: Path, engine: FakeEngine, capsys: pytest.CaptureFixture[str], finished: bool
) -> None:
    recording = record(home, "one") if finished else stopped(home)
    if finished:
        recording.finish()
    name, state = recording.directory.name, recording.session.state()
    score = read_one(recording.directory).score
    assert re.fullmatch(r"\.\d{3}", score)
    assert score in listed(home, capsys, name)
    last = {run["points"][-1]["round"] for run in finished_event(name, state)["runs"]}
    furthest = [
        run["points"][-1]["accuracy"]
        for run in finished_event(name, state)["runs"]
        if run["points"][-1]["round"] == max(last)
    ]
    assert f"{sum(furthest) / len(furthest):.3f}".lstrip("0") == score
    (stored,) = json.loads(render([(name, state)], "json"))
    assert [run["points"][-1]["accuracy"] for run in stored["runs"]][: len(furthest)] == furthest
    rows = list(csv.DictReader(io.StringIO(render([(name, state)], "csv"))))
    table = [float(r["accuracy"]) for r in rows if int(r["round"]) == max(last)]
    assert table == furthest
    assert re.search(rf"\| +0\{score}", render([(name, state)]))
    async with drive(TuiAl(home, recording.directory), (120, 40)) as pilot:
        if not finished:
            await until(pilot, lambda: "4/6" in shown(pilot.app))
            await pilot.press("r")
        await until(pilot, lambda: pilot.app.screen.query(Facts))
        facts = pilot.app.screen.query_one(Facts)
        await until(pilot, lambda: re.search(rf"accuracy +0\{score}", facts.plain()))
        assert f"{len(furthest)} of 2 seeds" in facts.plain()


@pytest.mark.slow
async def test_labels_that_people_made_count_everywhere(home: Path, engine: FakeEngine) -> None:
    made = labelling_session(home)
    made.rank(0)
    with DecisionLog(made.directory) as log:
        anna = Client.new("anna")
        log.append(anna, AddLabel("warranty"), RenameLabel(LABELS[0], "bills"))
        log.append(anna, Label((made.ids[0],), "warranty"), Label((made.ids[1],), LABELS[1]))
    made.recording.start()
    made.recording.append(
        ev.RunStarted(SEED),
        ev.RoundResult(SEED, 0, 2, 0, {"accuracy": 0.5},
            {"bills": 0, LABELS[1]: 1, LABELS[2]: 0, "warranty": 1}, {}, 0),
    )  # fmt: skip
    names = ("bills", LABELS[1], LABELS[2], "warranty")
    with Session(made.directory) as session:
        state = session.state()
        assert set(state.classes) == set(names)
        assert [label.name for label in labels_of(session).header.labels] == list(state.classes)
        assert session.state(state).classes == state.classes
    assert "classification, 4 classes" in render([("mine", state)])
    (row,) = csv.DictReader(io.StringIO(render([("mine", state)], "csv")))
    assert {name.removeprefix("count_") for name in row if name.startswith("count_")} == set(names)
    async with drive(TuiAl(home, made.directory, annotator="anna"), (120, 40)) as pilot:
        await until(pilot, lambda: made.text(made.ids[2]) in shown(pilot.app))
        await pilot.press("l")
        await until(pilot, lambda: "labels  4" in shown(pilot.app))
        await pilot.press("escape", "e")
        await until(pilot, lambda: pilot.app.screen.query(TitleRow))
        await pilot.press("r")
        await until(pilot, lambda: "4 classes" in pilot.app.screen.query_one(Facts).plain())


@pytest.mark.parametrize("note", ['{"code": -9, "began": 0}', None])
def test_a_report_says_what_became_of_an_engine_that_was_cut_off(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    note: str | None,
) -> None:
    monkeypatch.setattr(process, "_NOTE_SECONDS", 3600.0)  # however long this takes
    recording = record(home, "cut")
    recording.start()
    recording.rounds(1, 2)
    if note:
        (recording.directory / "engine.exit").write_text(note)
    word = "died" if note else "stopped"  # without a note it may yet be on its way
    assert read_one(recording.directory).status == word
    assert f" {word} " in listed(home, capsys, "cut")
    report_on(["cut"], "md", None, None, home)
    assert f"Not finished: seed 1 ({word})" in capsys.readouterr().out
    report_on(["cut"], "json", None, None, home)
    [told] = json.loads(capsys.readouterr().out)
    assert (told["status"], told["runs"][0]["status"]) == (word, word)
    report_on(["cut"], "csv", None, None, home)
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert {row["status"] for row in rows} == {word}
    with (recording.directory / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        report_on(["cut"], "json", None, None, home)
        assert json.loads(capsys.readouterr().out)[0]["status"] == "running"


def test_a_report_counts_what_people_labelled(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = labelling_session(home)
    made.recording.start()
    with DecisionLog(made.directory) as log:
        log.append(Client.new("anna"), *(Label((i,), LABELS[0]) for i in made.ids[:3]))
    name = made.directory.name
    assert "3 labelled" in listed(home, capsys, name)
    report_on([name], "md", None, None, home)
    assert "**labelled by hand**: 3 texts" in capsys.readouterr().out
    report_on([name], "json", None, None, home)
    assert json.loads(capsys.readouterr().out)[0]["labelled"] == 3


def test_a_session_that_ended_early_does_not_claim_all_rounds(home: Path) -> None:
    recording = record(home, "early", experiment=config(seeds=(1,)))
    recording.start()
    recording.rounds(1, 4)
    recording.append(ev.RunFinished(1, "pool"), ev.SessionFinished(), ev.EngineFinished("finished"))
    assert read_one(recording.directory).progress == "4 of 6 rounds"


async def test_an_evaluation_says_what_its_texts_are(home: Path, engine: FakeEngine) -> None:
    recording = record(home, "one", experiment=config(seeds=(1,)))
    recording.start()
    recording.append(
        ev.RunStarted(1),
        ev.PhaseStarted(1, 0, "evaluate", 70),
        ev.Progress(1, 0, "evaluate", 35, 70, 100.0),
    )
    assert evaluated(recording.session.state(), 20) == ""
    async with drive(TuiAl(home, recording.directory), (120, 40)) as pilot:
        await until(pilot, lambda: "35 of 70" in shown(pilot.app))
        assert "on 20 test texts" in shown(pilot.app)
        assert "20 test + 50 mismatch" in pilot.app.screen.query_one(NowPanel).plain()


def test_one_model_has_no_mismatch_with_itself(home: Path) -> None:
    base = config(seeds=(1,))
    for experiment, rows in ((base, 1), (replace(base, acquisition=base.successor), 0)):
        recording = record(home, f"with-{rows}", experiment=experiment)
        recording.start()
        recording.rounds(1, 1)
        recording.gauge(1, 1)
        state = recording.session.state()
        assert len(gauge_rows(state)) == rows
        assert ("WD" in render([("x", state)])) == bool(rows)


@pytest.mark.slow
def test_sizes_of_the_named_sets(capsys: pytest.CaptureFixture[str]) -> None:
    list_datasets(None)
    out = capsys.readouterr().out
    for name, known in NAMED_SETS.items():
        row = next(line.split() for line in out.splitlines() if line.split()[:1] == [name])
        sizes = [listings._rows(known.train_size), listings._rows(known.test_size)]
        assert row[2:4] == sizes
        assert "0" not in sizes
        if known.bundled:
            data = load(DataConfig(name))
            assert (len(data.train), len(data.test)) == (known.train_size, known.test_size)


@pytest.mark.slow
async def test_what_is_missing_is_said_while_all_labels_are_of_one_class(
    home: Path, engine: FakeEngine
) -> None:
    made = labelling_session(home)
    made.recording.start()
    made.recording.append(ev.RunStarted(SEED))
    made.rank(0)
    with DecisionLog(made.directory) as log:
        log.append(Client.new("anna"), *(Label((i,), LABELS[0]) for i in made.ids[:12]))
    made.recording.session.close()
    with (made.directory / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        async with drive(TuiAl(home), (100, 30)) as pilot:
            await until(pilot, lambda: "waiting for labels of 2 classes" in shown(pilot.app))
            await pilot.press("enter")
            await until(pilot, lambda: "engine needs labels of 2 classes" in shown(pilot.app))
            assert "about to train" not in shown(pilot.app)
            with DecisionLog(made.directory) as log:
                log.append(Client.new("ben"), Label((made.ids[12],), LABELS[1]))
            await until(pilot, lambda: "engine about to train" in shown(pilot.app), 20)


def test_what_a_model_needs_before_it_can_learn() -> None:
    assert lacking(["a", "a", "a"], Task.CLASSIFICATION) == "labels of 2 classes"
    assert lacking([], Task.CLASSIFICATION) == "labels of 2 classes"
    assert lacking(["a", "a", "b"], Task.CLASSIFICATION) == ""
    assert lacking([(), ()], Task.TAGGING) == "a first entity"
    assert lacking([(), ((0, 3, "PER"),)], Task.TAGGING) == ""


@pytest.mark.parametrize(
    ("in_data", "others", "lacks"),
    [
        (LABELS[1], "", False),  # the data has the second class
        (LABELS[0], "", True),
        (LABELS[1], "overruled", True),  # people say that what the data says is of the first class
        (LABELS[0], "pool", False),
        (LABELS[0], "reserve", True),  # it is known of a text only that nothing is trained on
    ],
)
def test_labels_of_the_data_count_for_what_the_engine_needs(
    home: Path, in_data: str, others: str, lacks: bool
) -> None:
    data = dataset()
    train = tuple(replace(e, answer=None if n > 1 else in_data) for n, e in enumerate(data.train))
    made = LabellingSession(
        record(home, "partly", experiment=people(), data=replace(data, train=train))
    )
    made.recording.start()
    made.recording.append(ev.RunStarted(SEED))
    in_pool, reserved = made.ids[2:], made.ids[12:13]
    made.rank(0, in_pool, audit=reserved)
    more = {"overruled": made.ids[:2], "pool": in_pool[11:12], "reserve": reserved, "": []}[others]
    other = LABELS[0] if others == "overruled" else LABELS[1]
    with DecisionLog(made.directory) as log:
        log.append(
            Client.new("anna"),
            *(Label((i,), LABELS[0]) for i in in_pool[:10]),
            *(Label((i,), other) for i in more),
        )
        rows = [n for n, e in enumerate(train) if e.id in reserved]
        pool = np.arange(2, len(train))
        engine = LabelledPool(log, replace(data, train=train), pool, np.array(rows))
        answers = engine.snapshot().answers.values()
    expected = "labels of 2 classes" if lacks else ""
    assert lacking((a for a in answers if isinstance(a, str)), Task.CLASSIFICATION) == expected
    assert read_one(made.directory).lacks == expected
    with AnnotationService(made.directory, "anna") as service:
        assert service.lacks() == expected


async def test_an_engine_that_has_labels_of_the_data_is_about_to_train(
    home: Path, engine: FakeEngine
) -> None:
    data = dataset()
    half = tuple(replace(e, answer=None) if n % 2 else e for n, e in enumerate(data.train))
    made = LabellingSession(
        record(home, "half", experiment=people(), data=replace(data, train=half))
    )
    made.recording.start()
    made.recording.append(ev.RunStarted(SEED))
    made.rank(0, made.ids[1::2])
    with DecisionLog(made.directory) as log:
        log.append(Client.new("anna"), *(Label((i,), LABELS[0]) for i in made.ids[1:24:2]))
    made.recording.session.close()
    with (made.directory / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        async with drive(TuiAl(home, made.directory, annotator="anna"), (100, 30)) as pilot:
            await until(pilot, lambda: "engine about to train" in shown(pilot.app))


@pytest.mark.slow
async def test_how_much_is_to_go_after_labels_of_an_earlier_round_were_taken_back(
    home: Path, engine: FakeEngine
) -> None:
    made = labelling_session(home)
    made.recording.start()
    made.recording.append(ev.RunStarted(SEED))
    made.rank(0)
    with DecisionLog(made.directory) as log:
        log.append(
            Client.new("anna"), *(Label((i,), LABELS[n % 2]) for n, i in enumerate(made.ids[:10]))
        )
    made.rank(1)
    made.recording.session.close()
    with (made.directory / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        async with drive(TuiAl(home, annotator="anna"), (100, 30)) as pilot:
            await until(pilot, lambda: "waiting for you: 10" in shown(pilot.app))
            await pilot.press("enter")
            await until(pilot, lambda: "round 2 · 1 of 10" in shown(pilot.app))
            await pilot.press("u")
            await until(pilot, lambda: "round 2 · 11 to go" in shown(pilot.app))
            assert "engine waits for 11 more" in shown(pilot.app)
            assert read_one(made.directory).wanted == 11


def test_a_label_of_the_data_that_a_person_changed_is_no_part_of_a_batch(home: Path) -> None:
    data = dataset()
    half = tuple(replace(e, answer=None) if n % 2 else e for n, e in enumerate(data.train))
    made = LabellingSession(
        record(home, "half", experiment=people(), data=replace(data, train=half))
    )
    made.recording.start()
    made.recording.append(ev.RunStarted(SEED))
    made.rank(0, made.ids[1::2])
    with DecisionLog(made.directory) as log:
        log.append(
            Client.new("anna"), Label((made.ids[0],), LABELS[1]), Label((made.ids[1],), LABELS[2])
        )
    with AnnotationService(made.directory, "anna") as service:
        assert (service.closed, service.batch.size) == (1, 10)
    summary = read_one(made.directory)
    assert (summary.labelled, summary.wanted) == (2, 9)
    with DecisionLog(made.directory) as log:
        log.append(Client.new("ben"), Label((made.ids[3],), LABELS[2]))
    assert read_one(made.directory, summary).wanted == 8
