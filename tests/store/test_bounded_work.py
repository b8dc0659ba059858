"""What a key costs does not grow with what was decided before: counted in SQLite's own steps, which
no busy machine changes."""

import json
import sys
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.store.people import make_session, people_config, texts_pool
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.annotation.label_state import LabelState
from tui_al.core.session import events as ev
from tui_al.host.process import why_not_at_work
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.lock_file import EXIT_FILE
from tui_al.store.session import Session

_POOL, _RANKED = 2_400, 200


def _session(home: Path, decided: int) -> Path:
    """Others have decided about so many texts, and taken every tenth answer back."""
    pool = texts_pool([f"text {number}" for number in range(_POOL)], ("a", "b"))
    config = people_config()
    created = ev.SessionCreated(
        config.to_dict(), pool.task.value, pool.labels, _POOL, 0, (), (), {}
    )
    ids = [example.id for example in pool.train]
    with Session.create(home, f"decided-{decided}", created, pool) as session:
        directory = session.directory
    with DecisionLog(directory) as log:
        records = [_record(de.Label((identity,), "a")) for identity in ids[:decided]]
        records += [_record(de.Undo(record.uid)) for record in records[::10]]
        log.insert(records, Client.new("ben"))
        rows = [{"id": identity} for identity in ids[-_RANKED:]]
        log.publish("ranking", 0, {"rows": rows, "labels": 0})
    return directory


def _record(decision: de.Decision) -> DecisionRecord:
    return DecisionRecord(0, 1.0, "ben", uuid.uuid4().hex, decision)


def _steps(db: Any, call: Callable[[], object]) -> int:
    counted = 0

    def step() -> int:
        nonlocal counted
        counted += 1
        return 0

    db.set_progress_handler(step, 1)
    call()
    db.set_progress_handler(None, 1)
    return counted


def _costs(directory: Path) -> dict[str, int]:
    """Steps of what is done at each key, and each second."""
    with AnnotationService(directory, "anna") as service:
        item = service.take()
        assert item is not None
        costs = {"label": _steps(service.log._db, lambda: service.label(item, "b"))}
        costs["take"] = _steps(service.log._db, lambda: service.take_some(12))
        costs["undo"] = _steps(service.log._db, service.undo)
        costs["look for decisions"] = _steps(service.log._db, service.refresh)
        costs["look at the session"] = _steps(service._session._db, service.refresh)
    return costs


@pytest.mark.parametrize("earlier", [False, True])
def test_keys_and_looks_cost_the_same_after_thousands_of_decisions(
    tmp_path: Path, earlier: bool
) -> None:
    few, many = _session(tmp_path, 20), _session(tmp_path, 2_000)
    if earlier:  # a session of a version that kept no index
        for directory in (few, many):
            with closing(DecisionLog(directory)) as log:
                log._db.execute("DROP INDEX IF EXISTS open_claims")
    before, after = _costs(few), _costs(many)
    assert {name: after[name] / before[name] for name in before} == pytest.approx(
        dict.fromkeys(before, 1), abs=0.25
    )


def test_a_session_with_its_index_is_opened_again(tmp_path: Path) -> None:
    directory = _session(tmp_path, 20)
    for _ in range(2):
        with AnnotationService(directory, "anna") as service:
            assert service.take() is not None


def _calls_a_decision(directory: Path, renamings: int) -> float:
    """Python functions called to read and fold a decision, of 1,000 with so many renamings among
    them."""
    records = [_record(de.Label((f"{number:x}",), "a", 1.5, "key")) for number in range(1_000)]
    for number in range(renamings):
        records.insert(number * 20, _record(de.RenameLabel(f"b{number}", f"b{number + 1}")))
    calls = 0

    def count(_: object, what: str, __: object) -> None:
        nonlocal calls
        calls += what == "call"

    with DecisionLog(directory) as log:
        log.insert(records)
        label_state = LabelState(("a",))
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            label_state.apply(log.read())
        finally:
            sys.setprofile(before)
    assert label_state.counts["a"] == 1_000
    return calls / 1_000


def test_a_decision_is_read_and_folded_in_a_few_calls(tmp_path: Path) -> None:
    """With hundreds of thousands of them it is what opening a session takes; of renamings that all
    look for is found once."""
    few = _calls_a_decision(make_session(tmp_path, texts_pool(["a"]), "plain"), 0)
    many = _calls_a_decision(make_session(tmp_path, texts_pool(["a"]), "renamed"), 40)
    assert few < 16
    assert many < 26


def test_why_no_engine_is_at_work_is_found_without_a_look_at_the_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The label screen asks for it every second for a while, the list of sessions twice for
    each."""
    directory = _session(tmp_path, 20)
    with Session(directory) as session:
        session.append(ev.EngineStarted(1, "here", "cpu", False, {}))
        state = session.state()
    note = {"began": state.updated + 1, "ended": state.updated + 2, "code": -9, "pid": 1}
    (directory / EXIT_FILE).write_text(json.dumps(note))
    looks: list[object] = []
    monkeypatch.setattr("tui_al.store.session.label_changes", lambda *about: looks.append(about))
    cause, _ = why_not_at_work(directory, state)
    assert "killed" in cause
    assert looks == []
