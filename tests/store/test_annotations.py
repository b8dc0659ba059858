"""What a session has to export: hand-made logs, and what should come out of them."""

from pathlib import Path

import pytest

from tests.store.labelled_sessions import EVENTS, TICKETS, Clock, by_people, labelled, simulated
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.records import Annotation, Label, Status
from tui_al.errors import SessionError
from tui_al.store.annotations import labels_of


def test_a_simulation_has_the_labels_of_one_run(tmp_path: Path) -> None:
    with simulated(tmp_path, "s", EVENTS) as session:
        assert labels_of(session).annotations == []
        labelled(session, 8, ("b", ("B-PER", "O", "B-LOC", "I-LOC")))
        labelled(session, 8, ("c", ("O",)), by="noise")
        found = labels_of(session)
        assert (found.seed, found.seeds) == (8, (8,))
        assert [(a.id, a.answer, a.annotator) for a in found.annotations] == [
            ("b", ((0, 4, "PER"), (11, 19, "LOC")), "gold"),
            ("c", (), "noise"),
        ]
        assert all(a.time > 1e9 for a in found.annotations)
        assert labels_of(session, seed=7).annotations == []
        with pytest.raises(SessionError, match="no run with the seed 3") as error:
            labels_of(session, seed=3)
        assert "7, 8" in error.value.hint


def test_what_counts_and_what_everybody_said(tmp_path: Path) -> None:
    with by_people(tmp_path, "s") as session:
        clock = Clock(session)
        clock.label("ann", "a", "return")  # 1
        clock.label("ann", "b", "return")  # 2
        clock.label("bob", "b", "complaint")  # 3, they differ
        clock.label("ann", "c", "return")
        clock.label("bob", "c", "complaint")  # 5
        clock.decide("eve", de.Settle("c", "complaint"), de.Note("c", "see rules"))  # 6, 7
        clock.decide("ann", de.Flag("d", "half a text"), de.Note("d", "?"))  # 8, 9
        clock.decide("ann", de.Skip("e"))  # 10
        undone = clock.label("ann", "f", "return")
        clock.decide("ann", de.Undo(undone), de.RenameLabel("return", "send back"))
        clock.decide("bob", de.DescribeLabel("complaint", "angry"))
        found = labels_of(session)
        everybody = labels_of(session, each=True, given=True)
    assert found.header.labels == (Label("complaint", "angry"), Label("send back"))
    assert found.header.session == "s"
    assert found.left_out == {
        "on which annotators differ": 1,
        "that are ambiguous": 0,
        "that came labelled": 1,
    }
    assert found.annotations == [
        Annotation("a", "text a", "send back", (), "ann", 1),
        Annotation("c", "text c", "complaint", (), "eve", 6, "see rules"),
        Annotation("d", "text d", None, (), "ann", 8, "?", Status.UNCLEAR, "half a text"),
        Annotation("e", "text e", None, (), "ann", 10, status=Status.SKIPPED),
    ]
    assert [(a.id, a.annotator, a.answer, a.note) for a in everybody.annotations] == [
        ("a", "ann", "send back", ""),
        ("b", "ann", "send back", ""),
        ("b", "bob", "complaint", ""),
        ("c", "ann", "send back", ""),
        ("c", "bob", "complaint", ""),
        ("c", "eve", "complaint", "see rules"),
        ("d", "ann", None, "?"),
        ("e", "ann", None, ""),
        ("g", "data", "return", ""),
    ]
    assert everybody.left_out == {}


def test_folded_examples_each_have_the_answer(tmp_path: Path) -> None:
    with by_people(tmp_path, "s", TICKETS) as session:
        Clock(session).decide("ann", de.Label(("a", "b", "c"), "return"))
        assert [a.id for a in labels_of(session).annotations] == ["a", "b", "c"]
