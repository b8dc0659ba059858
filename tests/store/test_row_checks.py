"""Rows with checksums: one that was changed, is lost or cannot be read costs itself alone, and is
told of."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.report import states
from tests.store.labelled_sessions import TICKETS, Clock, by_people, simulated
from tui_al.core.annotation import decisions as de
from tui_al.core.session import events as ev
from tui_al.errors import SessionError
from tui_al.store.annotations import labels_of
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.resuming import check_whole
from tui_al.store.session import Session


def change(session: Session, *statements: str) -> None:
    """What some other program does to the log."""
    db = sqlite3.connect(session.directory / "session.db", isolation_level=None)
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


#: How a row of `table` is spoilt, by number; what is then said of it.
SPOILT = {
    "a value changed": ("UPDATE {} SET body = replace(body, 'return', 'rEturn') WHERE seq = {}",
        "does not "
        "agree "
        "with "
        "its checksum"),
    "the time changed": ("UPDATE {} SET time = time + 1 WHERE seq = {}", "does not agree"),
    "no JSON, unverified": ("UPDATE {} SET body = '{{', checksum = NULL WHERE seq = {}",
        "cannot be "
        "read"),
    "not UTF-8": ("UPDATE {} SET body = CAST(x'ff00fe' AS TEXT) WHERE seq = {}", "not UTF-8"),
    "gone": ("DELETE FROM {} WHERE seq = {}", "is missing"),
}  # fmt: skip


class TestDecisions:
    @pytest.mark.parametrize("how", SPOILT)
    @pytest.mark.parametrize("number", [2, 4])
    def test_one_bad_row_costs_one_row(self, people: Session, how: str, number: int) -> None:
        statement, why = SPOILT[how]
        change(people, statement.format("decisions", number))
        with DecisionLog(people.directory) as log:
            assert [one.seq for one in log.read()] == [n for n in (1, 2, 3, 4) if n != number]
            (bad,) = log.bad
            assert (bad.table, bad.seq) == ("decisions", number)
            assert why in bad.why
            told = "1 row of 4 of session desk is damaged and left out: tui-al check desk"
            assert log.damage == (told,)
            assert log.read(after=4) == []
            assert log.damage == (told,)
        labels = labels_of(people)
        assert [one.id for one in labels.annotations] == [
            x for n, x in enumerate("abcd", 1) if n != number
        ]
        assert labels.damage == (told,)
        with pytest.raises(SessionError, match=f"damaged .row {number} of decisions") as caught:
            check_whole(people, people.state())
        assert "tui-al check desk --repair NEW" in caught.value.hint

    def test_what_is_appended_after_a_loss_still_tells_of_it(self, people: Session) -> None:
        change(
            people,
            "DELETE FROM decisions WHERE seq >= 3",
            "UPDATE sqlite_sequence SET seq = 2 WHERE name = 'decisions'",
        )
        with DecisionLog(people.directory) as log:
            (new,) = log.append(Client.new("anna"), de.Skip("e"))
            assert new.seq == 5
        with DecisionLog(people.directory) as log:
            assert [one.seq for one in log.read()] == [1, 2, 5]
            assert [(one.seq, one.why) for one in log.bad] == [(4, "is missing")]

    def test_a_kind_of_a_newer_version_is_told_of_and_stops_no_engine(
        self, people: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with DecisionLog(people.directory) as log:
            log.append(Client.new("anna"), de.Skip("e"), de.Skip("f"))
        monkeypatch.delitem(de._KINDS, "skip")
        with DecisionLog(people.directory) as log:
            assert [one.seq for one in log.read()] == [1, 2, 3, 4]
            assert (
                "2 rows of 6 of session desk are of a kind that only a newer tui-al"
                in log.damage[0]
            )
        check_whole(people, people.state())

    def test_an_undo_of_a_damaged_row(self, people: Session) -> None:
        change(people, "UPDATE decisions SET body = '{' WHERE seq = 4")
        with DecisionLog(people.directory) as log:
            log.append(Client.new("anna"), de.Undo("m4"))
            assert [one.seq for one in log.read()] == [1, 2, 3, 5]


class TestEvents:
    @pytest.mark.parametrize("how", SPOILT)
    def test_one_bad_row_costs_one_row(self, tmp_path: Path, how: str) -> None:
        session = simulated(tmp_path, "first", TICKETS, (7,))
        session.append(*states.run_events(7, [0.5, 0.6, 0.7]))
        whole, statement = session.state(), SPOILT[how][0]
        points = [r.seq for r in session.events() if isinstance(r.event, ev.RoundResult)]
        change(
            session,
            statement.format("events", points[1]).replace("return", "0.6").replace("rEturn", "0.9"),
        )
        state = session.state()
        assert [p.round for p in state.runs[7].points] == [0, 2]
        assert [row.seq for row in state.bad_rows] == [points[1]]
        rows = whole.seq
        told = f"1 row of {rows} of session first is damaged and left out: tui-al check first"
        assert state.damage == (told,)
        assert session.state(state).damage == (told,)
        assert session.state(whole).bad_rows == ()  # it was read before
        with pytest.raises(SessionError, match=f"row {points[1]} of events"):
            check_whole(session, state)

    def test_the_first_row_is_there_twice(self, tmp_path: Path) -> None:
        session = simulated(tmp_path, "first", TICKETS, (7,))
        created = session.created()
        change(session, "UPDATE events SET body = '{' WHERE seq = 1")
        assert session.created() == created
        assert session.state().config is not None
        assert session.state().damage
        change(session, "DELETE FROM meta WHERE key = 'created'")
        for read in (session.created, session.state):
            with pytest.raises(SessionError, match="the event that says what it is is damaged"):
                read()

    def test_what_the_session_is_is_said_once(self, tmp_path: Path) -> None:
        session = simulated(tmp_path, "first", TICKETS, (7,))
        session.append(ev.RunStarted(7))
        before = session.state()
        other = {**session.created().config, "seeds": [9]}
        session.append(replace(session.created(), config=other, labels=("x", "y")))
        for state in (session.state(), session.state(before)):
            assert (list(state.runs), state.labels) == ([7], before.labels)
            assert state.runs == before.runs
            [row] = state.bad_rows
            assert (
                str(row)
                == f"row {before.seq + 1} of events says anew what the session is, as only the "
                "first row may"
            )
            assert "is damaged and left out: tui-al check first" in state.damage[0]
            with pytest.raises(SessionError, match="says anew"):
                check_whole(session, state)

    def test_progress_goes_without_being_missed(self, tmp_path: Path) -> None:
        session = simulated(tmp_path, "first", TICKETS, (7,))
        session.append(ev.RunStarted(7))
        for step in range(3):
            session.append(ev.Progress(7, 0, "evaluate", step, 3, 1.0))
        assert len(session.events()) == 5
        session.append(*states.run_events(7, [0.5])[1:])
        session.append(ev.WarningRaised("later"))
        assert not any(isinstance(r.event, ev.Progress) for r in session.events())
        assert session.state().bad_rows == ()

    @pytest.mark.parametrize(
        "body",
        [
            '{"kind": "point", "seed": 7}',
            '{"kind": "run_started", "seed": "x"}',
            "[]",
            '"a"',
            "7",
            '{"kind": "run_started", "seed": 8}',
        ],
    )
    def test_a_crafted_event_is_left_out(self, tmp_path: Path, body: str) -> None:
        session = simulated(tmp_path, "first", TICKETS, (7, 8))
        change(
            session,
            f"INSERT INTO events (time, kind, seed, body) VALUES (1.0, 'point', 7, '{body}')",
        )
        state = session.state()
        assert [row.seq for row in state.bad_rows] == [2]
        assert not state.runs[7].points


class TestOlderPrograms:
    """Of sessions that lack the columns, and rows that an older program appends to those that have
    them."""

    def older(self, session: Session) -> None:
        for table in ("events", "decisions"):
            for column in ("checksum", "previous"):
                change(session, f"ALTER TABLE {table} DROP COLUMN {column}")
        (session.directory / "session.last").unlink()

    def test_they_are_read_and_written_as_ever(self, people: Session) -> None:
        before = people.events(), labels_of(people).annotations
        self.older(people)
        with Session(people.directory) as session:
            assert (session.events(), labels_of(session).annotations) == before
            assert session.state().bad_rows == ()
            session.append(ev.WarningRaised("new"))
        Clock(people, "n", 10.0).label("bert", "e", "return")
        change(
            people,
            "INSERT INTO events (time, kind, seed, body) VALUES (1.0, 'warned', NULL, "
            '\'{"kind": "warned", "message": "old"}\')',
        )
        with Session(people.directory) as session, DecisionLog(people.directory) as log:
            session.append(ev.WarningRaised("newer"))
            state = session.state()
            assert state.warnings[-3:] == ("new", "old", "newer")
            assert state.bad_rows == ()
            assert len(log.read()) == 5
            assert list(log.bad) == []
            change(people, "UPDATE decisions SET annotator = 'carl' WHERE seq = 5")
            log.read()
            assert [row.seq for row in log.bad] == [5]


def test_a_link_in_place_of_the_note_of_last_rows_is_not_followed(
    people: Session, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (people.directory / "session.last").unlink()
    (people.directory / "session.last").symlink_to(precious)
    with pytest.raises(SessionError, match=r"session\.last is a link"):
        Clock(people, "n", 10.0).label("anna", "e", "return")
    assert precious.read_text() == "mine"


@pytest.mark.parametrize(
    "spoil", [lambda p: p.write_bytes(b""), lambda p: p.write_bytes(b"\xff" * 80), Path.unlink]
)
def test_without_a_sound_note_of_last_rows(
    people: Session, spoil: Callable[[Path], object]
) -> None:
    spoil(people.directory / "session.last")
    with DecisionLog(people.directory) as log:
        assert len(log.read()) == 4
        assert log.bad == ()
