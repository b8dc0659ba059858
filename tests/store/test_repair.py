"""`tui-al check`: what is wrong is told row by row; what is sound goes into a new session that
works."""

import random
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.report import states
from tests.store.labelled_sessions import TICKETS, Clock, by_people, simulated
from tui_al.cli.app import app
from tui_al.core.annotation import decisions as de
from tui_al.core.session import events as ev
from tui_al.errors import TuiAlError
from tui_al.store.annotations import labels_of
from tui_al.store.checking import check
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.file_hashes import hashes_of
from tui_al.store.resuming import check_whole
from tui_al.store.session import Session


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home)])


def change(session: Session, *statements: str, file: str = "session.db") -> None:
    db = sqlite3.connect(session.directory / file, isolation_level=None)
    for statement in statements:
        db.execute(statement)
    db.close()


@pytest.fixture
def people(tmp_path: Path) -> Session:
    session = by_people(tmp_path, "desk")
    clock = Clock(session)
    for identity in "abcd":
        clock.label("anna", identity, "return")
    return session


def test_a_sound_one(tmp_path: Path, people: Session) -> None:
    done = run(tmp_path, "check", "desk")
    assert done.exit_code == 0
    assert "desk is sound: events: 1, decisions: 4, examples: 8" in done.stdout


def test_what_is_wrong_is_told_and_the_rest_goes_on(tmp_path: Path, people: Session) -> None:
    change(
        people,
        "UPDATE decisions SET body = replace(body, 'return', 'rEturn') WHERE seq = 2",
        "DELETE FROM decisions WHERE seq = 3",
    )
    change(people, "UPDATE examples SET text = 'x' WHERE id = 'd'", file="examples.db")
    before = (people.directory / "session.db").read_bytes()
    done = run(tmp_path, "check", "desk")
    assert done.exit_code == 5
    for line in (
        "row 2 of decisions does not agree with its checksum",
        "row 3 of decisions is missing",
        "row 3 of examples of train is damaged",
        "tui-al check desk --repair NEW",
    ):
        assert line in done.stdout
    done = run(tmp_path, "check", "desk", "--repair", "desk-2")
    assert done.exit_code == 0
    assert (
        "lost: row 2 of decisions does not agree with its checksum; it seems to say 'rEturn' of "
        "'text b'" in done.stdout
    )
    assert "desk-2: events: 1, decisions: 2, examples: 7, models: 0" in done.stdout
    assert (people.directory / "session.db").read_bytes() == before
    with Session.open(tmp_path, "desk-2") as session:
        assert session.state().damage == ()
        assert [one.id for one in labels_of(session).annotations] == ["a"]  # the text of d is lost
        check_whole(session, session.state())
        with DecisionLog(session.directory) as log:
            log.append(Client.new("anna"), de.Label(("b",), "return"))
        assert len(labels_of(session).annotations) == 2
    assert run(tmp_path, "check", "desk", "--repair", "desk-2").exit_code == 1
    for command in (
        ["sessions"],
        ["report", "desk-2"],
        ["export", "desk-2", "--out", str(tmp_path / "a.jsonl")],
    ):
        assert run(tmp_path, *command).exit_code == 0


def test_a_simulation_goes_on_from_the_last_sound_round(tmp_path: Path) -> None:
    session = simulated(tmp_path, "first", TICKETS, (7, 8))
    ids = ("a", "b")
    for seed in (7, 8):
        session.append(ev.RunStarted(seed))
        for round_ in range(3):
            session.append(
                ev.QuerySelected(seed, round_, "lc", ids),
                ev.Labelled(seed, round_, ids, ("return",) * 2, ("gold",) * 2),
                *[one for one in states.run_events(seed, [0.5]) if isinstance(one, ev.RoundResult)],
            )  # fmt: skip
        session.append(ev.RunFinished(seed, "rounds"))
    session.append(ev.SessionFinished())
    rows = [
        r.seq for r in session.events() if isinstance(r.event, ev.Labelled) and r.event.seed == 8
    ]
    change(session, f"UPDATE events SET body = '{{' WHERE seq = {rows[1]}")
    done = run(tmp_path, "check", "first", "--repair", "second")
    assert "lost: seed 8 is kept up to its last sound round" in done.stdout
    assert "lost: seed 7" not in done.stdout
    with Session.open(tmp_path, "second") as repaired:
        state = repaired.state()
        assert [len(state.runs[seed].points) for seed in (7, 8)] == [3, 1]
        assert len(state.runs[8].queries) == 1
        assert not state.finished
        assert [one.time for one in repaired.events()[1:4]] == [
            one.time for one in session.events()[1:4]
        ]


@pytest.mark.slow
def test_pages_that_cannot_be_read_are_gone_around(tmp_path: Path) -> None:
    session = by_people(tmp_path, "desk")
    clock = Clock(session)
    for number in range(300):
        clock.decide("anna", de.Note("abcdef"[number % 6], f"{number} " + "x" * 200))
    session.close()
    path = session.directory / "session.db"
    whole = bytearray(path.read_bytes())
    place = whole.rindex(b"150 xxxx") // 4096 * 4096
    whole[place : place + 4096] = random.Random(1).randbytes(4096)
    path.write_bytes(whole)
    found = check(session.directory)
    lost = [one.seq for one in found.salvaged.bad]
    assert 1 < len(lost) < 40
    assert 151 in lost
    kept = [one.seq for one in found.salvaged.decisions]
    assert sorted([*kept, *lost]) == list(range(1, 301))
    done = run(tmp_path, "check", "desk", "--repair", "two")
    assert f"decisions: {len(kept)}, examples: 8" in done.stdout
    assert run(tmp_path, "check", "two").exit_code == 0


@pytest.mark.parametrize("spoil", ["empty", "no database", "first events"])
def test_what_cannot_be_repaired_says_so(tmp_path: Path, people: Session, spoil: str) -> None:
    people.close()
    if spoil == "first events":
        change(people, "DELETE FROM events", "DELETE FROM meta WHERE key = 'created'")
    else:
        (people.directory / "session.db").write_bytes(
            b"" if spoil == "empty" else b"no database" * 999
        )
    assert run(tmp_path, "check", "desk").exit_code == 5
    done = run(tmp_path, "check", "desk", "--repair", "two")
    assert isinstance(done.exception, TuiAlError)
    assert done.exception.exit_code == 5
    assert sorted(path.name for path in (tmp_path / "sessions").iterdir()) == ["desk"]
    listed = run(tmp_path, "sessions")
    assert listed.exit_code == 0
    assert "desk" in listed.stdout
    assert "damaged" in listed.stdout


def test_models(tmp_path: Path) -> None:
    session = simulated(tmp_path, "first", TICKETS, (7,))
    session.append(*states.run_events(7, [0.5], finish=False)[:1])
    for role in ("successor", "acquisition"):
        place = session.directory / "models" / "7" / role
        place.mkdir(parents=True)
        (place / "weights").write_text(role)
        session.append(ev.ModelSaved(7, 0, role, f"models/7/{role}", hashes_of(place)))
    assert check(session.directory).faults == ()
    (session.directory / "models/7/acquisition/weights").write_text("acquisitioN")
    (session.directory / "models" / ".old-123").mkdir()
    found = check(session.directory)
    assert ["is not as it was saved" in one for one in found.faults] == [True]
    assert found.notes == ("models/.old-123 is left over from a process that was killed",)
    done = run(tmp_path, "check", "first", "--repair", "second")
    assert "models: 1" in done.stdout
    assert "lost: the model in models/7/acquisition" in done.stdout
    assert (tmp_path / "sessions/second/models/7/successor/weights").read_text() == "successor"


def test_one_bad_session_hides_no_other(tmp_path: Path, people: Session) -> None:
    for number, body in enumerate(["[]", '{"kind": 7}', "{"]):
        crafted = by_people(tmp_path, f"bad-{number}")
        change(
            crafted,
            f"UPDATE events SET body = '{body}', checksum = NULL",
            "DELETE FROM meta WHERE key = 'created'",
        )
        crafted.close()
    done = run(tmp_path, "sessions")
    assert done.exit_code == 0
    assert [
        line.split()[1] for line in done.stdout.splitlines() if line.strip().startswith("bad")
    ] == ["damaged"] * 3
    assert "desk" in done.stdout
