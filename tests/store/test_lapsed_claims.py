"""A client that was suspended for too long: its claims are void, and it finds out before it
answers."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.store.people import make_session, people_config, put_up_ranking, texts_pool
from tui_al.core.annotation import decisions as de
from tui_al.errors import SampleTakenError
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import CLIENT_SECONDS
from tui_al.store.samples import Sample

POOL = texts_pool([f"text number {n}" for n in range(30)], ("refund", "repair"))
IDS = [example.id for example in POOL.train]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    directory = make_session(tmp_path, POOL)
    put_up_ranking(directory, [{"id": i} for i in IDS])
    return directory


def take(service: AnnotationService, amount: int = 1) -> list[Sample]:
    items = [service.take() for _ in range(amount)]
    assert None not in items
    return [item for item in items if item is not None]


def sleep(service: AnnotationService) -> None:
    """As if it had been suspended for a little longer than claims last."""
    with sqlite3.connect(service.directory / "session.db") as db:
        db.execute(
            "UPDATE clients SET seen = seen - ? WHERE client = ?",
            (CLIENT_SECONDS + 1, service.client.name),
        )
    db.close()


def test_an_answer_to_a_sample_that_another_has_answered_is_refused_unless_insisted_on(
    session: Path,
) -> None:
    with AnnotationService(session, "anna") as anna, AnnotationService(session, "ben") as ben:
        (item,) = take(anna)
        sleep(anna)
        (same,) = take(ben)
        assert same.id == item.id
        ben.label(same, "repair")
        late: Sequence[Callable[[], object]] = (
            lambda: anna.label(item, "refund"),
            lambda: anna.flag(item, "odd"),
        )
        for decide in late:
            with pytest.raises(SampleTakenError, match="ben has answered this sample meanwhile"):
                decide()
        assert [r.annotator for r in anna.log.read()] == ["ben"]
        anna.label(item, "refund", anyway=True)
        anna.refresh()
        assert anna.conflicts() == [item.id]


def test_a_sample_that_another_has_on_the_screen_is_theirs(session: Path) -> None:
    with AnnotationService(session, "anna") as anna, AnnotationService(session, "ben") as ben:
        (item,) = take(anna)
        sleep(anna)
        (same,) = take(ben)
        with pytest.raises(SampleTakenError, match="ben has this sample before them now"):
            anna.label(item, "refund")
        ben.label(same, "repair")  # anna's sign of life did not bring her claim back
        assert ben.label_state.answers() == {item.id: "repair"}


def test_the_same_annotator_at_another_terminal(session: Path) -> None:
    with AnnotationService(session, "anna") as anna, AnnotationService(session, "anna") as again:
        (item,) = take(anna)
        sleep(anna)
        again.label(take(again)[0], "repair")
        with pytest.raises(SampleTakenError, match="You have answered this sample at another"):
            anna.label(item, "refund")


def test_what_nobody_took_is_claimed_again_and_the_rest_is_given_up(session: Path) -> None:
    with AnnotationService(session, "anna") as anna, AnnotationService(session, "ben") as ben:
        held = [item.id for item in take(anna, 2)]
        sleep(anna)
        theirs = take(ben)
        anna.alive()
        assert anna.lost() == {held[0]}  # the other one is claimed again
        assert anna.lost() == frozenset()
        assert [item.id for item in take(anna, 2)] == IDS[2:4]
        assert theirs[0].id == IDS[0]
    with AnnotationService(session, "carla") as carla, AnnotationService(session, "ben") as ben:
        item = take(carla)[0]
        sleep(carla)
        carla.alive()
        assert carla.lost() == frozenset()
        assert take(ben)[0].id == IDS[1]  # the one before it is carla's again
        carla.label(item, "refund")
        assert carla.label_state.answers() == {IDS[0]: "refund"}


def test_a_sample_for_two_annotators_is_taken_by_the_second_only(tmp_path: Path) -> None:
    session = make_session(tmp_path, POOL, config=people_config(overlap=1.0))
    put_up_ranking(session, [{"id": i} for i in IDS])
    with (
        AnnotationService(session, "anna") as anna,
        AnnotationService(session, "ben") as ben,
        AnnotationService(session, "carla") as carla,
    ):
        one, two = take(anna, 2)
        sleep(anna)
        ben.label(take(ben)[0], "repair")
        anna.label(one, "refund")  # two may
        sleep(anna)
        ben.label(take(ben)[0], "repair")
        carla.label(take(carla)[0], "repair")
        answered = {i: len(carla.label_state.votes(i)) for i in (one.id, two.id)}
        assert answered == {one.id: 2, two.id: 2}
        with pytest.raises(SampleTakenError):
            anna.label(two, "refund")


def test_an_undone_answer_is_held_beside_those_of_others(session: Path) -> None:
    with AnnotationService(session, "anna") as anna, AnnotationService(session, "ben") as ben:
        (item,) = take(anna)
        anna.label(item, "refund")
        ben.label(ben.open(item.id), "repair", anyway=True)  # by hand, from a search
        undo_result = anna.undo()
        assert undo_result is not None
        assert undo_result.item is not None
        anna.label(undo_result.item, "repair")
        anna.undo()
        sleep(anna)
        with AnnotationService(session, "carla") as carla:
            carla.label(carla.open(item.id), "repair", anyway=True)
        with pytest.raises(SampleTakenError, match="has answered"):
            anna.label(undo_result.item, "refund")


def test_a_note_leaves_the_sample_in_hand(session: Path) -> None:
    with AnnotationService(session, "anna") as anna:
        (item,) = take(anna)
        (record,) = anna.note(item, "odd")
        assert isinstance(record.decision, de.Note)
        assert item.id not in [other.id for other in take(anna, 8)]


def test_no_more_is_claimed_than_is_asked_for(session: Path) -> None:
    with AnnotationService(session, "anna") as anna, AnnotationService(session, "ben") as ben:
        assert anna.take_some(0) == []  # and none is claimed for it
        assert [item.id for item in anna.take_some(3)] == IDS[:3]
        assert ben.log.claimed(ben.client).keys() == set(IDS[:3])
        assert [item.id for item in take(ben)] == [IDS[3]]


def test_what_others_decided_is_told_though_a_decision_has_read_it(session: Path) -> None:
    with AnnotationService(session, "anna") as anna, AnnotationService(session, "ben") as ben:
        one, two = take(anna, 2)
        ben.label(ben.open(two.id), "repair", anyway=True)  # by hand, from a search
        anna.label(one, "refund")
        assert anna.refresh() == {two.id}
        assert anna.refresh() == set()
