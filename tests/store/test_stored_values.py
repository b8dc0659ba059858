"""Whatever values stand in a session's rows: every reader gives an answer or an error of ours, and
the sound rows survive."""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.labelled_sessions import EVENTS, TICKETS, Clock, by_people, simulated
from tui_al.cli.export_labels import FORMATS, ExportOptions, export_labels
from tui_al.cli.reports import report_on
from tui_al.cli.sessions import list_sessions
from tui_al.core.annotation import decisions as de
from tui_al.core.data.examples import Task
from tui_al.core.session import events as ev
from tui_al.errors import TuiAlError
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.annotations import labels_of
from tui_al.store.checking import check
from tui_al.store.session import Session
from tui_al.ui.screens.history import _row, recall
from tui_al.ui.widgets.log import tell

NUMBERS = st.one_of(
    st.integers(-3, 3), st.sampled_from([10**400, -(10**400), 2**63, -(2**63) - 1, 2**63 - 1, 1e308,
        1.7e12, -1e18]), st.floats(),
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(["a", "b", "return", "\ud800", "x\0y", "\x1b[31m", "anna", ""]),
    st.text(max_size=4),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
#: Times as they can be in a column that takes any type.
TIMES = st.sampled_from(
    [1.0, 1.7e12, -1e18, 1e18, float("inf"), float("-inf"), "noon", b"\xff", 2**63 - 1]
)

DECISIONS = [
    de.Label(("e",), "complaint"), de.Label(("e",), ((0, 4, "PER"),)), de.Skip("e"),
    de.Flag("e", "why"), de.Note("e", "n"), de.Settle("e", "complaint"),
    de.Confirm("e"), de.Ambiguous("e"), de.Unfold(("e",)), de.AddLabel("n", "d"),
    de.RenameLabel("n", "m"), de.MergeLabels("n", "m"), de.DescribeLabel("n", "d"),
    de.Undo("u"), de.Redo("u"),
]  # fmt: skip


@st.composite
def bodies(draw: st.DrawFn, records: list[Any]) -> tuple[str, str]:
    """Kind and body of a row: a sound record with a value of any kind in it, or no record at
    all."""
    record = draw(st.sampled_from(records))
    plain: Any = asdict(record)
    if draw(st.integers(0, 4)):
        plain[draw(st.sampled_from(sorted(plain)))] = draw(VALUES)
    elif draw(st.booleans()):
        plain = draw(VALUES)
    return record.kind, json.dumps(plain)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("templates")
    for name, data in (("classes", TICKETS), ("tags", EVENTS)):
        with by_people(home, name, data) as session:
            answer = "return" if data is TICKETS else ((0, 4, "PER"),)
            Clock(session).label("anna", "a", answer)
    with simulated(home, "simulation", TICKETS) as session:
        session.append(ev.RunStarted(7), ev.Labelled(7, 0, ("a",), ("return",), ("gold",)))
    return home


@contextlib.contextmanager
def changed(
    templates: Path, tmp: Path, name: str, statement: str, rows: list[Any]
) -> Iterator[Path]:
    """A home with the session of a template, and rows in it that no program of ours wrote."""
    home = tmp / "home"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(templates / "sessions" / name, home / "sessions" / name)
    db = sqlite3.connect(home / "sessions" / name / "session.db", isolation_level=None)
    for row in rows:
        db.execute(statement, row)
    db.close()
    yield home


def read_all(home: Path, name: str, task: Task) -> None:
    """All readers; an error that is not ours is not caught."""
    ours = contextlib.suppress(TuiAlError)
    list_sessions(home)
    for form in ("md", "csv", "json"):
        with ours:
            report_on([name], form, home / f"report.{form}", None, home)
    for form, known in FORMATS.items():
        if task in known.tasks:
            with ours:
                export_labels(name, ExportOptions(home / form, form, each=True, flagged=True), home)
    found = check(home / "sessions" / name)
    for one in found.salvaged.events:
        tell(one.event)
    with ours, AnnotationService(home / "sessions" / name, "anna") as service:
        for past in recall(service).past:
            _row(past, 80)
    with Session(home / "sessions" / name) as session, ours:
        assert "a" in {one.id for one in labels_of(session, each=True).annotations}


SETTINGS = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@SETTINGS
@given(
    rows=st.lists(st.tuples(TIMES, bodies(DECISIONS)), min_size=1, max_size=5),
    name=st.sampled_from(["classes", "tags"]),
)
def test_decisions(templates: Path, tmp_path: Path, rows: list[Any], name: str) -> None:
    statement = (
        "INSERT INTO decisions (uid, time, annotator, kind, body) VALUES (?, ?, 'anna', ?, ?)"
    )
    values = [(f"u{number}", when, *body) for number, (when, body) in enumerate(rows)]
    with changed(templates, tmp_path, name, statement, values) as home:
        read_all(home, name, Task.CLASSIFICATION if name == "classes" else Task.TAGGING)


def test_a_report_shows_half_a_character_as_such(tmp_path: Path) -> None:
    with simulated(tmp_path, "first", TICKETS) as session:
        session.append(ev.RunFailed(7, "caf\ud800", "h"))
    report_on(["first"], "json", tmp_path / "a.json", None, tmp_path)
    assert "caf\\ud800" in (tmp_path / "a.json").read_text()
