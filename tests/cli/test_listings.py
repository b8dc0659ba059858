"""`tui-al sessions`, where people label."""

from pathlib import Path

import pytest

from tests.ui.labelling import SEED, labelling_session
from tests.ui.sessions import LABELS
from tui_al.cli.listings import list_sessions
from tui_al.core.annotation.decisions import Label
from tui_al.core.session import events as ev
from tui_al.store.decisions import Client, DecisionLog


def test_sessions_that_people_label_are_listed_by_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = labelling_session(tmp_path)
    made.recording.append(ev.AuditEvaluated(SEED, 1, "accuracy", 0.831, 0.78, 0.88, 41))
    with DecisionLog(made.directory) as log:
        log.append(Client.new("anna"), *(Label((i,), LABELS[0]) for i in made.ids[:3]))
    list_sessions(tmp_path)
    _, row = capsys.readouterr().out.splitlines()
    assert row.split() == [
        "tickets-anna",
        "new",
        "3",
        "labelled",
        ".83",
        "[.78,",
        ".88]",
        "n=41",
        "classification",
    ]


def test_why_an_engine_failed_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = labelling_session(tmp_path)
    made.recording.append(ev.EngineFinished("failed", "model: x is gone.", "Put it back."))
    list_sessions(tmp_path)
    *_, told = capsys.readouterr().out.splitlines()
    assert told == "tickets-anna failed: model: x is gone. Put it back."
