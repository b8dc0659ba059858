"""The decisions of a session are read once for what is made of them: with hundreds of thousands
each reading takes seconds."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

import tui_al
from tests.store.people import make_session, texts_pool
from tests.store.test_migrations import stored
from tui_al.cli.reports import report_on
from tui_al.core.annotation import decisions as de
from tui_al.core.session.events import ActionTaken
from tui_al.store import decisions
from tui_al.store import session as session_module
from tui_al.store.decision_rows import DecisionRows, read_decisions
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.event_log import EventRows, read_events
from tui_al.store.resuming import check_whole
from tui_al.store.session import Session
from tui_al.store.training_labels import LabelledPool

POOL = texts_pool(["pay me", "mend it", "pay now"])
DECIDED = 3


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many decisions each reading gave, as they are read."""
    given: list[int] = []

    def counted(db: sqlite3.Connection, directory: Path, after: int = 0) -> DecisionRows:
        found = read_decisions(db, directory, after)
        given.append(len(found.records))
        return found

    monkeypatch.setattr(decisions, "read_decisions", counted)
    return given


def _labelled(home: Path) -> Path:
    directory = make_session(home, POOL)
    with DecisionLog(directory) as log:
        client = Client.new("anna")
        for example, answer in zip(POOL.train, ("refund", "repair", "refund"), strict=True):
            log.append(client, de.Label((example.id,), answer))
    return directory


def test_an_engine_learns_from_what_it_has_checked(tmp_path: Path, rows: list[int]) -> None:
    directory = _labelled(tmp_path)
    pool = np.arange(len(POOL.train))
    with Session(directory) as session, DecisionLog(directory) as log:
        checked = check_whole(session, session.state())
        labelled = LabelledPool(log, POOL, pool, pool[:0], checked)
        found = labelled.snapshot()
        assert found.answers == {0: "refund", 1: "repair", 2: "refund"}
        assert sum(rows) == DECIDED
        log.append(Client.new("ben"), de.Label((POOL.train[1].id,), "refund"))
        assert 1 not in labelled.snapshot().answers  # they differ
        assert sum(rows) == DECIDED + 1


def test_a_report_reads_them_once_and_tells_of_their_damage(
    tmp_path: Path, rows: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    directory = _labelled(tmp_path)
    with DecisionLog(directory) as log:
        log._db.execute(
            "UPDATE decisions SET body = replace(body, 'refund', 'repair') WHERE seq = 1"
        )
    report_on(["people"], "md", None, None, tmp_path)
    assert sum(rows) == DECIDED - 1
    shown = capsys.readouterr().out
    assert "1 row of 3 of session people is damaged and left out" in " ".join(shown.split())


@pytest.mark.parametrize("name", ["labelled", "simulation"])
def test_a_notebook_that_takes_the_labels_out_again_and_again_reads_the_events_once_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run = tui_al.open_session(name, stored(tmp_path))
    first = run.labels()
    given: list[int] = []

    def counted(db: sqlite3.Connection, directory: Path, after: int = 0) -> EventRows:
        found = read_events(db, directory, after)
        given.append(len(found.recorded))
        return found

    monkeypatch.setattr(session_module, "read_events", counted)
    for _ in range(3):
        assert run.labels().rows == first.rows
    times = len(given)
    with Session(run.directory) as opened:
        events = opened.events()
    assert times == 3
    assert given[:times] == [len(events)] * 3
    assert sum(isinstance(one.event, ActionTaken) for one in events) == 1
