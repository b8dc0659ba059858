"""Who exported, imported and copied what, and where to: in `tui-al history`, with the numbers."""

import getpass
import json
from functools import partial
from pathlib import Path

import pytest

from tests.helpers.command_line import Command, run_command
from tests.store.labelled_sessions import TICKETS, Clock, by_people
from tui_al.core.session import events as ev
from tui_al.store.history import Entry, history
from tui_al.store.session import Session


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUI_AL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    with by_people(tmp_path / "home", "people", TICKETS) as session:
        clock = Clock(session)
        clock.label("ann", "a", "return")
        clock.label("bob", "a", "complaint")
        clock.label("ann", "b", "return")
        return session.directory


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `tui-al` with these arguments in this process."""
    return partial(run_command, capsys)


def actions(directory: Path) -> list[Entry]:
    kinds = ("exported", "imported", "copied")
    return [one for one in history(directory).entries if one.action in kinds]


def test_exports_imports_and_copies_are_on_record(
    directory: Path, tmp_path: Path, run: Command
) -> None:
    given = tmp_path / "given.jsonl"
    rows = (
        {"text": TICKETS.train[2].text, "label": "return"},
        {"text": "quite new", "label": "other"},
    )
    given.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run("export", "people", "--out", "all.csv", "--each").code == 0
    assert run("import", "people", "given.jsonl", "--add-labels", "--add-examples").code == 0
    assert run("backup", "people", "copy").code == 0
    found = actions(directory)
    assert [one.action for one in found] == ["exported", "imported", "copied"]
    assert {one.account for one in found} == {getpass.getuser()}
    assert found[0].detail == f"{tmp_path / 'all.csv'} (csv): annotations: 3, examples: 2"
    assert (
        found[1].detail
        == f"{given} (jsonl): annotations: 2, new decisions: 1, new labels: 1, new texts: 1"
    )
    assert found[2].detail.startswith(f"{tmp_path / 'copy'}: ")
    said = run("history", "people")
    assert said.code == 0
    assert str(tmp_path / "all.csv") in said.out


def test_what_cannot_be_put_on_record_is_exported_and_told(
    directory: Path, tmp_path: Path, run: Command
) -> None:
    with Session(directory) as session:
        session.append(ev.RunStarted(7))
        session._db.execute("UPDATE events SET body = '{' WHERE kind = 'run_started'")
    said = run("export", "people", "--out", "all.csv")
    assert said.code == 0
    assert "not in the session's history: exported" in said.err
    assert (tmp_path / "all.csv").exists()
    assert not actions(directory)
