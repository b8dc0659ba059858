"""Whole labelling sessions in real terminals, by an annotator that answers from gold labels: long,
killed again and again, in pairs."""

import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine import tiny
from tests.helpers.processes import Forks
from tests.ui.annotator import Annotator, Engine, RealEngine, labelled_by_script, tickets
from tests.ui.labelling import LabellingSession, people
from tests.ui.terminals import Tmux, until
from tui_al.core.annotation.decisions import Label
from tui_al.core.session.state import RunState
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[ExitStack]:
    """Terminals and engines that end with the test."""
    with ExitStack() as stack:
        yield stack


def sit_down(
    room: ExitStack, tmp_path: Path, forked: Forks, session: LabellingSession, name: str = "anna"
) -> Annotator:
    place = tmp_path / name
    place.mkdir()
    tmux = room.enter_context(Tmux(place, session.directory.parent.parent, (80, 24)))
    annotator = Annotator(tmux, forked, tmp_path, session, name)
    annotator.open()
    room.callback(annotator.kill)
    return annotator


def start_engine(room: ExitStack, session: LabellingSession) -> Engine:
    engine = Engine(session.directory)
    room.callback(engine.kill)
    engine.start()
    return engine


def test_three_hundred_tickets_in_a_row_with_a_key_each(
    tmp_path: Path, forked: Forks, room: ExitStack
) -> None:
    session = labelled_by_script(tmp_path / "home", tickets(320, 10))
    start_engine(room, session)
    annotator = sit_down(room, tmp_path, forked, session)
    sample = ("", "")
    for _ in range(300):
        sample = annotator.sample(other_than=sample[0])
        annotator.answer(sample)
    annotator.sees_saved(300)
    assert session.labels_in_order() == annotator.done
    print(f"\nkeys per label, 10 labels: {annotator.keys / 300:.2f}")
    assert annotator.keys / 300 <= 1.2


#: How often something is killed, and the seed of when and what.
KILLS, SEED = 51, 2024


def on_record(session: LabellingSession) -> list[tuple[str, object]]:
    """What was decided, as the script knows it: labels by text, and undos."""
    with DecisionLog(session.directory) as log:
        return [
            (session.text(r.decision.ids[0]), r.decision.answer)
            if isinstance(r.decision, Label)
            else (r.decision.kind, None)
            for r in log.read()
        ]


def run_of(session: LabellingSession) -> RunState:
    with Session(session.directory) as opened:
        (run,) = opened.state().runs.values()
    return run


def real_engine(
    room: ExitStack, case: Path, forked: Forks, session: LabellingSession
) -> RealEngine:
    engine = RealEngine(session.directory, forked, case)
    room.callback(engine.kill)
    engine.start()
    return engine


def test_killed_again_and_again_every_label_shown_as_saved_is_there_and_can_be_undone(
    tmp_path: Path, forked: Forks, room: ExitStack
) -> None:
    """The app, the real engine that trains and ranks meanwhile, or both."""
    data = tickets(320, 10)
    encoder = tiny.save_encoder("bert", tmp_path / "bert", (e.text for e in data.train), width=32)
    learners = [tiny.settings(encoder, tuning, max_length=32) for tuning in ("adapter", "full")]
    experiment = replace(people("6"), acquisition=learners[0], successor=learners[1], device="cpu")
    session = labelled_by_script(tmp_path / "home", data, experiment)
    engine = real_engine(room, tmp_path / "engines", forked, session)
    annotator = sit_down(room, tmp_path, forked, session)
    chance = random.Random(SEED)
    killed = {"app": 0, "engine": 0, "both": 0}
    at_work: Counter[str] = Counter()
    sample = ("", "")
    for _ in range(KILLS):
        for _ in range(chance.randint(1, 4)):
            sample = annotator.sample(other_than=sample[0])
            annotator.answer(sample)
        time.sleep(chance.choice((0.0, 0.01, 0.03, 0.06)))
        shown = annotator.saved()
        victim = chance.choice(tuple(killed))
        killed[victim] += 1
        if victim != "app":
            engine.kill()
            at_work[run_of(session).phase or "waiting or getting ready"] += 1
            engine.start()
        if victim != "engine":
            annotator.kill()
            there = on_record(session)
            # a label may be lost on its way to the disk, but none that was shown as saved, and none
            # before another
            assert shown <= len(there) <= len(annotator.done)
            assert there == annotator.done[: len(there)]
            annotator.done[len(there) :] = []
            annotator.open()
            annotator.sees_saved(len(there))
            sample = ("", "")  # the last one may come again: its label was not on disk
    print(f"\nkilled: {killed}; the engine when it was at: {dict(at_work)}")
    assert killed["engine"] + killed["both"] >= 20
    assert min(killed.values()) >= 10
    annotator.sees_saved(len(annotator.done))
    assert on_record(session) == annotator.done
    # and the engine has come to models of these labels all the same
    until(lambda: run_of(session).model_path, 60, annotator.tmux.screen)

    for back in range(1, 13):  # the undo history, with the app killed on the way
        annotator.press("u")
        expected = len(annotator.done) - back
        annotator.sees_saved(expected)
        assert annotator.sample() == annotator.done[expected]
        if back % 4 == 0:
            annotator.kill()
            engine.kill()
            engine.start()
            annotator.open()
            annotator.sees_saved(expected)
    assert session.answers() == {
        identity: label
        for identity, label in session.answers().items()
        if (session.text(identity), label) in annotator.done[:-12]
    }
    assert len(session.answers()) == len(annotator.done) - 12


def test_two_at_once_answer_no_sample_twice_and_lose_nothing(
    tmp_path: Path, forked: Forks, room: ExitStack
) -> None:
    session = labelled_by_script(tmp_path / "home", tickets(320, 10))
    start_engine(room, session)
    pair = [sit_down(room, tmp_path, forked, session, name) for name in ("anna", "bob")]
    trouble: list[BaseException] = []

    def label(annotator: Annotator) -> None:
        try:
            sample = ("", "")
            for _ in range(40):
                sample = annotator.sample(other_than=sample[0])
                annotator.answer(sample)
        except BaseException as error:
            trouble.append(error)

    threads = [threading.Thread(target=label, args=(annotator,)) for annotator in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble, trouble[0]
    for annotator in pair:
        annotator.sees_saved(80)
    with DecisionLog(session.directory) as log:
        records = [r for r in log.read() if isinstance(r.decision, Label)]
    ids = [identity for record in records for identity in record.decision.about]
    assert len(ids) == len(set(ids)) == 80
    for annotator in pair:
        mine = [r.decision for r in records if r.annotator == annotator.name]
        assert [
            (session.text(d.about[0]), d.answer) for d in mine if isinstance(d, Label)
        ] == annotator.done
