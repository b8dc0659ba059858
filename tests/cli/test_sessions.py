"""`tui-al sessions` and `rm`, and names by their beginning."""

import contextlib
import io
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.store.labelled_sessions import Clock, by_people
from tests.store.test_migrations import stored
from tests.ui.labelling import SEED, labelling_session
from tests.ui.sessions import LABELS
from tui_al.cli.app import app
from tui_al.cli.sessions import list_as_json, list_sessions, remove
from tui_al.core.annotation.decisions import Label
from tui_al.core.session import events as ev
from tui_al.errors import ConfigError, SessionError
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.session import Session, session_names
from tui_al.store.sweeps import SweepRecord, find, write_record


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


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Sessions first, second-a, second-b; in second-a a label by hand, which no export wrote."""
    for name in ("first", "second-a", "second-b"):
        by_people(tmp_path, name).close()
    with Session.open(tmp_path, "second-a") as session:
        Clock(session).label("anna", "a", "return")
    return tmp_path


def call(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home)])


def test_as_json_each_session_is_an_object(home: Path) -> None:
    result = call(home, "sessions", "--json")
    found = {one["name"]: one for one in map(json.loads, result.stdout.splitlines())}
    assert set(found) == {"first", "second-a", "second-b"}
    assert found["second-a"]["labelled"] == 1
    assert found["first"]["labelled"] == 0
    assert found["first"]["path"] == str(home / "sessions" / "first")
    one = found["first"]
    assert (one["kind"], one["state"], one["task"], one["oracle"], one["last"]) == (
        "session", "new", "classification", "person", [],
    )  # fmt: skip


def test_as_json_a_simulation_has_its_last_points(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    list_as_json(stored(tmp_path / "home"))
    found = {one["name"]: one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    assert found["simulation"]["last"] == [
        {"seed": 7, "round": 2, "labels": 150, "accuracy": 0.7, "macro_f1": pytest.approx(0.6)},
        {"seed": 8, "round": 1, "labels": 100, "accuracy": 0.8, "macro_f1": pytest.approx(0.7)},
    ]


class TestBeginnings:
    """A name's beginning will do where it is one name's alone."""

    def test_of_one_name(self, home: Path) -> None:
        assert find(home, "f") == home / "sessions" / "first"
        with Session.open(home, "second-b") as session:
            assert session.name == "second-b"
        assert "first" in call(home, "report", "fir").stdout

    def test_of_several(self, home: Path) -> None:
        with pytest.raises(SessionError, match=r"'second-' is the beginning of 2 names: second-"):
            find(home, "second-")
        with pytest.raises(SessionError, match="Give more of the name"):
            Session.open(home, "s")

    def test_a_whole_name_is_meant_though_another_begins_with_it(self, home: Path) -> None:
        by_people(home, "second").close()
        assert find(home, "second").name == "second"

    def test_a_sweep_counts_too(self, home: Path) -> None:
        write_record(home / "sweeps" / "fine", SweepRecord("fine", "Fine", (), (), 1, 1))
        assert find(home, "fin") == home / "sweeps" / "fine"
        with pytest.raises(SessionError, match="first, fine"):
            find(home, "fi")

    def test_of_none(self, home: Path) -> None:
        with pytest.raises(SessionError, match="There is no session 'zeta'"):
            find(home, "zeta")


class TestDeleting:
    """What is lost is told first, and labels by hand die by their whole name only."""

    def test_without_a_terminal_nobody_is_asked(self, home: Path) -> None:
        result = call(home, "rm", "second-a")
        assert isinstance(result.exception, ConfigError)
        assert "1 text labelled by hand" in result.stderr
        assert "of these labels 1 is in no exported file" in result.stderr
        assert (home / "sessions" / "second-a").is_dir()

    def test_yes_deletes(self, home: Path) -> None:
        result = call(home, "rm", "second-a", "--yes")
        assert (result.exit_code, result.stdout) == (0, "second-a is deleted.\n")
        assert session_names(home) == ["second-b", "first"]

    def test_a_beginning_is_not_enough(self, home: Path) -> None:
        with pytest.raises(SessionError, match="'second-b' is only the beginning of second-bb"):
            (home / "sessions" / "second-b").rename(home / "sessions" / "second-bb")
            remove("second-b", home, yes=True)
        assert "second-bb" in session_names(home)

    @pytest.mark.parametrize(
        ("name", "answer", "stays"),
        [
            ("second-a", "y\n", True), ("second-a", "second-a\n", False),
            ("second-a", "\n", True), ("first", "\n", True), ("first", "y\n", False),
        ],
    )  # fmt: skip
    def test_a_person_is_asked(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, name: str, answer: str, stays: bool
    ) -> None:
        typed = io.StringIO(answer)
        for stream in (typed, sys.stderr):
            monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(sys, "stdin", typed)
        refused = pytest.raises(ConfigError, match=f"{name} is kept")
        with refused if stays else contextlib.nullcontext():
            remove(name, home, yes=False)
        assert (name in session_names(home)) == stays

    def test_a_sweep(self, home: Path) -> None:
        write_record(home / "sweeps" / "fine", SweepRecord("fine", "Fine", (), (), 1, 1))
        assert call(home, "rm", "fine", "--yes").stdout == "fine is deleted.\n"
        assert not (home / "sweeps" / "fine").exists()
