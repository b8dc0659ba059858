"""Texts with a checksum each: one that was changed or lost is left out and told of, and no engine
starts on what is left."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.store.labelled_sessions import TICKETS, Clock, by_people
from tui_al.core.data.examples import Example
from tui_al.core.session.damage import BadRow
from tui_al.errors import SessionError
from tui_al.store.annotations import labels_of
from tui_al.store.examples import ExampleReader, append_examples, read_examples
from tui_al.store.session import Session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    made = by_people(tmp_path, "desk")
    for identity in "abc":
        Clock(made, identity).label("anna", identity, "return")
    return made


def change(session: Session, statement: str) -> None:
    db = sqlite3.connect(session.directory / "examples.db", isolation_level=None)
    db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE examples SET text = 'text B' WHERE id = 'b'", "UPDATE examples SET answer = "
            "'\"return\"' WHERE id = 'b'",
        "UPDATE examples SET text = CAST(x'ff' AS TEXT) WHERE id = 'b'", "DELETE FROM examples "
            "WHERE id = 'b'",
        "UPDATE examples SET id = 'z' WHERE id = 'b'", "UPDATE examples SET answer = '{' WHERE id "
            "= 'b'",
    ],
)  # fmt: skip
def test_one_bad_text_costs_one_text(session: Session, statement: str) -> None:
    change(session, statement)
    with pytest.raises(SessionError, match="data of session desk is damaged"):
        session.dataset()
    left_out: list[BadRow] = []
    assert [one.id for one in session.dataset(left_out).train] == list("acdefg")
    assert [(one.table, one.seq) for one in left_out] == [("examples", 1)]
    labels = labels_of(session)
    assert [one.id for one in labels.annotations] == ["a", "c"]
    assert labels.damage == (
        "1 row of 8 of session desk is damaged and left out: tui-al check desk",
    )
    with contextlib.closing(ExampleReader(session.directory / "examples.db")) as reader:
        assert reader.get("z") is None
        assert [one.id for one in reader.at([0, 1, 2])] == ["a", "c"]
        assert reader.get("b") is None
        assert [one.id for one in reader.search("text", 9)] == list("acdef")


def test_the_last_texts_are_missed(session: Session) -> None:
    change(session, "DELETE FROM examples WHERE split = 'train' AND position >= 5")
    left_out: list[BadRow] = []
    session.dataset(left_out)
    assert [one.seq for one in left_out] == [5, 6]


def test_facts_that_were_changed(session: Session) -> None:
    change(session, "UPDATE dataset SET value = '[\"complaint\", \"reTurn\"]' WHERE key = 'labels'")
    for left_out in (None, list[BadRow]()):
        with pytest.raises(SessionError, match="facts about the data"):
            session.dataset(left_out)


@pytest.mark.parametrize("size", [1, 999, 1000, 1001, 2500])
def test_many_texts_and_more_later(tmp_path: Path, size: int, session: Session) -> None:
    path = session.directory / "examples.db"
    append_examples(path, [Example(f"n{i}", f"new {i}", "return") for i in range(size)])
    append_examples(path, [Example("last", "the last", "return")])
    assert len(session.dataset().train) == len(TICKETS.train) + size + 1
    change(session, f"UPDATE examples SET text = 'x' WHERE id = 'n{size - 1}'")
    left_out: list[BadRow] = []
    session.dataset(left_out)
    assert [one.seq for one in left_out] == [len(TICKETS.train) + size - 1]


def test_an_older_file_is_read_and_added_to(session: Session) -> None:
    change(session, "DROP TABLE sums")
    assert session.dataset() == TICKETS
    path = session.directory / "examples.db"
    append_examples(path, [Example("n", "new", "return")])
    assert read_examples(path).train[-1].id == "n"
    change(session, "UPDATE examples SET tokens = '[1]' WHERE id = 'b'")
    left_out: list[BadRow] = []
    session.dataset(left_out)
    assert [one.seq for one in left_out] == [1]  # what cannot be is seen without a checksum


def test_texts_that_an_older_program_added(session: Session) -> None:
    change(session, "INSERT INTO examples VALUES ('train', 7, 'n', 'new', NULL, NULL, '')")
    assert [one.id for one in session.dataset().train] == list("abcdefgn")
