"""Annotations into a labelling session: found, compared with what is there, put on record once."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.labelled_sessions import EVENTS, TICKETS, Clock, by_people, simulated
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.records import Annotation, Status
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.errors import DataError, MachineError, SessionError
from tui_al.store import database, importing
from tui_al.store.annotations import labels_of
from tui_al.store.database import Database
from tui_al.store.examples import append_examples
from tui_al.store.import_rules import (
    CONTRADICTING,
    MISFITS,
    OVERRULED,
    OWN,
    REPEATED,
    SAME,
    SKIPPED,
    TEST,
    UNKNOWN_BARE,
    Imported,
    ImportOptions,
)
from tui_al.store.importing import import_annotations
from tui_al.store.session import Session


def put(session: Session, *annotations: Annotation, **import_options: object) -> Imported:
    return import_annotations(session, annotations, ImportOptions(**import_options))  # type: ignore[arg-type]


def counted(result: Imported) -> dict[str, int]:
    return result.left_out.counts


def said(session: Session) -> list[tuple[object, ...]]:
    return [
        (a.id, a.annotator, a.answer, a.time, a.status.value, a.note, a.reason)
        for a in labels_of(session, each=True).annotations
    ]


def test_new_texts_are_told_of_where_the_machine_refuses_the_rest_which_the_same_import_adds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PATIENCE", 0.1)
    both = (Annotation("", "new", "return"), Annotation("a", "", "complaint", (), "ann", 5.5))
    with by_people(tmp_path, "s") as session:
        with contextlib.closing(Database(session.directory / "session.db")) as other:

            def append_and_lock(path: Path, examples: Sequence[Example]) -> None:
                append_examples(path, examples)
                other.execute("BEGIN IMMEDIATE")

            monkeypatch.setattr(importing, "append_examples", append_and_lock)
            with pytest.raises(MachineError, match="another program has locked it") as caught:
                put(session, *both, add_examples=True)
        assert "New texts (1) are in the session with their labels" in caught.value.hint
        monkeypatch.undo()
        assert said(session) == []
        again = put(session, *both, add_examples=True)
        assert (again.examples, again.decisions) == (0, 1)
        assert [one[:3] for one in said(session)] == [("a", "ann", "complaint")]


def test_by_id_by_text_and_with_everything_kept(tmp_path: Path) -> None:
    given = [
        Annotation("a", "text a", "return", (), "ann", 5.5, "sure"),
        Annotation("", "text b", "complaint", (), "bob", 6.0),
        Annotation("c", "", None, (), "ann", 7.0, "", Status.UNCLEAR, "half"),
        Annotation("d", "", None, (), "ann", 8.0, "", Status.SKIPPED),
    ]
    with by_people(tmp_path, "s") as session:
        result = put(session, *given)
        assert (result.decisions, counted(result)) == (5, {})
        assert said(session) == [
            ("a", "ann", "return", 5.5, "labelled", "sure", ""),
            ("b", "bob", "complaint", 6.0, "labelled", "", ""),
            ("c", "ann", None, 7.0, "unclear", "", "half"),
            ("d", "ann", None, 8.0, "skipped", "", ""),
        ]
        again = put(session, *given)
        assert (again.decisions, counted(again)) == (0, {"the same as here": 4})
        exported = labels_of(session, each=True).annotations
        assert counted(put(session, *exported)) == {"the same as here": 4}


def test_what_was_decided_here_later_stands(tmp_path: Path) -> None:
    with by_people(tmp_path, "s") as session:
        clock = Clock(session, start=100)
        clock.label("ann", "a", "return")  # at 101
        old, new = (Annotation("a", "", "complaint", (), "ann", when) for when in (100.0, 102.0))
        assert counted(put(session, old)) == {"older than what the annotator says here": 1}
        assert put(session, new).decisions == 1
        clock.now = 200
        clock.label("ann", "a", "return")
        assert counted(put(session, new)) == {"older than what the annotator says here": 1}
        assert labels_of(session).annotations[0].answer == "return"


def test_a_file_without_times_counts_once_even_if_it_was_undone(tmp_path: Path) -> None:
    plain = Annotation("", "text a", "return")
    with by_people(tmp_path, "s") as session:
        assert put(session, plain, annotator="eve").decisions == 1
        Clock(session, start=2e9).label("eve", "a", "complaint")
        result = put(session, plain, annotator="eve")
        assert (result.decisions, counted(result)) == (0, {"imported before": 1})
        assert [(a.annotator, a.answer) for a in labels_of(session).annotations] == [
            ("eve", "complaint")
        ]


def test_several_annotators_of_one_example_all_count(tmp_path: Path) -> None:
    with by_people(tmp_path, "s") as session:
        put(session, *(Annotation("a", "", "return", (), who, 5.0) for who in ("ann", "bob")))
        assert [row[1] for row in said(session)] == ["ann", "bob"]


def test_equal_texts_are_dealt_out_in_order(tmp_path: Path) -> None:
    twice = tuple(Example(name, "again") for name in ("x", "x-2"))
    data = Dataset("d", Task.CLASSIFICATION, ("p", "q"), twice, ())
    with by_people(tmp_path, "s", data) as session:
        put(session, *(Annotation("", "again", label) for label in ("p", "q", "q")))
        assert [(row[0], row[2]) for row in said(session)] == [("x", "p"), ("x-2", "q")]


def test_unknown_labels_are_listed_or_added(tmp_path: Path) -> None:
    given = [
        Annotation(name, "", label) for name, label in zip("abc", ["z", "return", "y"], strict=True)
    ]
    with by_people(tmp_path, "s") as session:
        with pytest.raises(DataError, match=r"does not know: y, z\.") as error:
            put(session, *given)
        assert "It has complaint, return." in error.value.hint
        assert said(session) == []
        result = put(session, *given, add_labels=True)
        assert (result.labels, result.decisions) == (("y", "z"), 3)
        assert labels_of(session).header.names == ("complaint", "return", "y", "z")


def test_renamed_labels_are_known_by_their_old_names(tmp_path: Path) -> None:
    with by_people(tmp_path, "s") as session:
        Clock(session).decide("ann", de.RenameLabel("return", "send back"))
        put(session, Annotation("a", "", "return"))
        assert labels_of(session).annotations[0].answer == "send back"


def test_entities_find_their_place_in_the_text(tmp_path: Path) -> None:
    """From CoNLL, whose words are joined by single blanks, to the text as it is."""
    words = EVENTS.train[1].tokens
    given = Annotation("", " ".join(words), ((0, 4, "PER"), (10, 18, "LOC")), words)
    with by_people(tmp_path, "s", EVENTS) as session:
        assert put(session, given).decisions == 1
        (found,) = labels_of(session).annotations
        assert (found.id, found.answer) == ("b", ((0, 4, "PER"), (11, 19, "LOC")))
        assert found.text[11:19] == "New York"


def test_half_words_are_refused_or_left_out(tmp_path: Path) -> None:
    good = Annotation("a", EVENTS.train[0].text, ((0, 4, "PER"),), origin="in.jsonl:1")
    bad = replace(good, answer=((0, 3, "PER"),), origin="in.jsonl:2")
    with by_people(tmp_path, "s", EVENTS) as session:
        with pytest.raises(DataError) as error:
            put(session, good, bad, bad)
        assert error.value.message == (
            "in.jsonl:2: entity 'Ann' (0-3, PER) ends inside the token 'Anna' (0-4): tokens are "
            "marked whole; and 1 more."
        )
        assert said(session) == []
        result = put(session, good, bad, leave_out_misfits=True)
        assert (result.decisions, counted(result)) == (
            1,
            {MISFITS: 1},
        )


def test_texts_that_are_not_in_the_session(tmp_path: Path) -> None:
    given = [
        Annotation("", "new", "return", origin="in.csv:2"),
        Annotation("", "new", "complaint", origin="in.csv:3"),
        Annotation("", "newer"),
        Annotation("t", "test", "return"),
    ]
    with by_people(tmp_path, "s") as session:
        assert counted(put(session, *given)) == {
            "of the test set": 1,
            "of texts that the session does not have (--add-examples adds them)": 3,
        }
        result = put(session, *given, add_examples=True)
        assert (result.examples, counted(result)) == (
            0,
            {TEST: 1, UNKNOWN_BARE: 1, CONTRADICTING: 2},
        )
        result = put(session, *given, add_examples=True, last_wins=True)
        assert (result.examples, result.decisions) == (1, 0)
        assert counted(result) == {TEST: 1, UNKNOWN_BARE: 1, OVERRULED: 1}
        added = session.dataset().train[-1]
        assert (added.text, added.answer, added.origin) == ("new", "complaint", "in.csv:3")
        assert session.dataset().train[:-1] == TICKETS.train
        assert put(session, *given, add_examples=True).examples == 0  # it is there now


def test_new_sentences_are_split_into_words(tmp_path: Path) -> None:
    data = replace(EVENTS, train=(*EVENTS.train, Example("z", "x", ("O",), ("x",))))
    with by_people(tmp_path, "s", data) as session:
        given = Annotation("", "Eva, of Rome", ((0, 3, "PER"), (8, 12, "LOC")))
        put(session, given, add_examples=True)
        added = session.dataset().train[-1]
        assert added.tokens == ("Eva", ",", "of", "Rome")
        assert added.answer == ("B-PER", "O", "O", "B-LOC")


def test_sessions_that_take_nothing(tmp_path: Path) -> None:
    new = Annotation("", "new", "return")
    with simulated(tmp_path, "sim", TICKETS) as session, pytest.raises(SessionError, match="simul"):
        put(session, new)
    hidden = replace(TICKETS, train=(Example("a", "x", "return"), Example("b", "y", "complaint")))
    with by_people(tmp_path, "s", hidden) as session:
        with pytest.raises(SessionError, match="hidden answers"):
            put(session, new, add_examples=True)
        assert put(session, Annotation("a", "", "complaint")).decisions == 1
    with by_people(tmp_path, "live") as session, session.engine_lock(), pytest.raises(
        SessionError, match="An engine is at work"
    ):  # fmt: skip
        put(session, new, add_examples=True)


def test_an_answer_given_here_is_replaced_only_with_a_word(tmp_path: Path) -> None:
    """Without a time it stands; a later answer replaces it, and that is counted."""
    with by_people(tmp_path, "s") as session:
        Clock(session, start=100).label("ann", "a", "return")
        other = Annotation("a", "", "complaint", (), "ann", origin="in.csv:2")
        assert counted(put(session, other)) == {OWN: 1}
        assert labels_of(session).annotations[0].answer == "return"
        flag = Annotation("a", "", None, (), "ann", status=Status.UNCLEAR, reason="?")
        skip = replace(flag, status=Status.SKIPPED, reason="")
        assert counted(put(session, flag)) == {OWN: 1}
        assert counted(put(session, skip)) == {SKIPPED: 1}
        result = put(session, replace(other, time=200.0))
        assert (result.answers, result.replaced.told()) == (
            1, ["1 answers given here replaced by the file's, of ann (in.csv:2)"],
        )  # fmt: skip
        assert labels_of(session).annotations[0].answer == "complaint"


def test_answers_without_a_time_replace_others_on_request_or_if_imported(tmp_path: Path) -> None:
    answers = [Annotation("a", "", label, origin=label) for label in ("return", "complaint")]
    with by_people(tmp_path, "s") as session:
        assert put(session, answers[0]).answers == 1
        result = put(session, answers[1])  # the file was corrected
        assert (result.answers, result.replaced.total) == (1, 1)
    with by_people(tmp_path, "t") as session:
        Clock(session, start=100).label("import", "a", "return")
        assert counted(put(session, answers[1])) == {OWN: 1}
        assert put(session, answers[1], replace=True).replaced.total == 1
        assert labels_of(session).annotations[0].answer == "complaint"


def test_contradictions_in_a_file_are_told(tmp_path: Path) -> None:
    def said_by(who: str, label: str, when: float = 0.0) -> Annotation:
        return Annotation("a", "", label, (), who, when)

    with by_people(tmp_path, "s") as session:
        timeless = [said_by("ann", "return"), said_by("ann", "return"), said_by("ann", "complaint")]
        result = put(session, *timeless, said_by("bob", "return"))
        assert (result.answers, counted(result)) == (1, {CONTRADICTING: 3})
        result = put(session, *timeless, last_wins=True)
        assert (result.answers, counted(result)) == (1, {OVERRULED: 2})
        assert [row[1:3] for row in said(session)] == [("bob", "return"), ("ann", "complaint")]
    with by_people(tmp_path, "t") as session:
        timed = [said_by("ann", "return", 9.0), said_by("ann", "complaint", 5.0)]
        result = put(session, *timed, said_by("ann", "return", 9.0))
        assert counted(result) == {CONTRADICTING: 3}  # the newest is there twice
        result = put(session, *timed)
        assert (result.answers, counted(result)) == (1, {OVERRULED: 1})
        assert [row[2] for row in said(session)] == ["return"]
        assert counted(put(session, timed[0], timed[0])) == {REPEATED: 1, SAME: 1}


def test_labels_that_are_not_known_can_be_left_out(tmp_path: Path) -> None:
    with by_people(tmp_path, "s") as session:
        given = [Annotation("a", "", "return"), Annotation("b", "", "z", origin="in.csv:3")]
        result = put(session, *given, leave_out_misfits=True)
        assert (result.answers, result.left_out.told()) == (
            1,
            [
                "1 with labels that the session does not know, as z (--add-labels adds them) "
                "(in.csv:3)"
            ],
        )


def test_new_sentences_are_split_where_entities_end(tmp_path: Path) -> None:
    data = replace(EVENTS, train=(*EVENTS.train, Example("z", "x", ("O",), ("x",))))
    with by_people(tmp_path, "s", data) as session:
        put(session, Annotation("", "Romreise", ((0, 3, "LOC"),)), add_examples=True)
        added = session.dataset().train[-1]
        assert (added.tokens, added.answer) == (("Rom", "reise"), ("B-LOC", "O"))


def test_an_answer_to_a_test_text_is_none_to_a_new_text_that_reads_the_same(tmp_path: Path) -> None:
    both = (
        Annotation("", "newer", "return"),
        Annotation("t", "newer", None, status=Status.UNCLEAR),
    )
    with by_people(tmp_path, "s") as session:
        put(session, *both, add_examples=True, last_wins=True)
        again = put(session, *both, add_examples=True, last_wins=True)
        assert (again.decisions, again.examples) == (0, 0)


_ANNOTATIONS = st.builds(
    Annotation,
    id=st.sampled_from(["a", "b", "t", ""]),
    text=st.sampled_from(["text c", "new", "newer"]),
    answer=st.sampled_from([None, "return", "complaint"]),
    tokens=st.just(()),
    annotator=st.sampled_from(["", "ann"]),
    time=st.sampled_from([0.0, 50.0, 150.0, 151.0]),
    note=st.sampled_from(["", "n", "m"]),
    status=st.sampled_from(Status),
)


@pytest.mark.slow
@given(
    files=st.lists(st.lists(_ANNOTATIONS, max_size=6), min_size=1, max_size=2),
    flags=st.fixed_dictionaries(
        {name: st.booleans() for name in ("add_examples", "last_wins", "replace")}
    ),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_annotation_and_note_is_told_of(
    files: list[list[Annotation]], flags: dict[str, bool], tmp_path: Path
) -> None:
    home = tmp_path / str(len(list(tmp_path.iterdir())))
    with by_people(home, "s") as session:
        clock = Clock(session, start=99)
        clock.label("ann", "a", "return")
        clock.decide("import", de.Note("b", "mine"))
        for given_now in files:
            result = put(session, *given_now, **flags)
            told = result.answers + result.examples + result.notes_only + result.left_out.total
            assert told == len(given_now)
            notes = result.notes + result.notes_left_out.total
            assert notes == sum(bool(a.note) for a in given_now)
            before = said(session)
            again = put(session, *given_now, **flags)
            assert (again.decisions, said(session)) == (0, before)
