"""Sessions labelled apart become one: nothing is lost, nothing doubled, and the order of time
counts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.labelled_sessions import EVENTS, TICKETS, Clock, by_people, simulated
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.annotation.label_state import LabelState, Status
from tui_al.core.data.examples import Example
from tui_al.errors import ConfigError, SessionError
from tui_al.store.decisions import DecisionLog
from tui_al.store.merging import Merged, merge_sessions
from tui_al.store.session import Session, session_names


def log_of(home: Path, name: str) -> list[DecisionRecord]:
    """Its decisions in order; their numbers may have gaps, which mean nothing."""
    with Session.open(home, name) as session, DecisionLog(session.directory) as log:
        return [replace(record, seq=place) for place, record in enumerate(log.read(), start=1)]


def merged(home: Path, names: Sequence[str], into: str) -> Merged:
    sessions = [Session.open(home, name) for name in names]
    try:
        return merge_sessions(home, sessions, into)
    finally:
        for session in sessions:
            session.close()


def test_two_annotators_on_two_machines(tmp_path: Path) -> None:
    with by_people(tmp_path, "one") as one, by_people(tmp_path, "two") as two:
        ann, bob = Clock(one, "A"), Clock(two, "B", start=0.5)
        ann.label("ann", "a", "return")  # 1
        bob.label("bob", "a", "complaint")  # 1.5
        wrong = ann.label("ann", "b", "complaint")  # 2
        bob.label("bob", "c", "return")  # 2.5
        ann.decide("ann", de.Undo(wrong), de.Flag("d", "odd"))  # 3, 4
        bob.decide("bob", de.AddLabel("other"), de.Label(("e",), "other"), de.Note("e", "!"))
    result = merged(tmp_path, ["one", "two"], "both")
    assert result == Merged(9, ("ann", "bob"), labelled=2, conflicts=1)
    records = log_of(tmp_path, "both")
    assert [r.time for r in records] == [1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5.5]
    label_state = LabelState(TICKETS.labels)
    label_state.apply(records)
    assert label_state.label_status("a").status is Status.CONFLICT
    assert {who: r.decision for who, r in label_state.votes("a").items()} == {
        "ann": de.Label(("a",), "return"),
        "bob": de.Label(("a",), "complaint"),
    }
    assert label_state.label_status("b").status is Status.OPEN  # undone, on the other machine too
    assert label_state.answers() == {"c": "return", "e": "other"}
    assert label_state.note("e") == "!"
    with Session.open(tmp_path, "both") as session:
        assert session.dataset() == TICKETS
        assert session.state().notes[-1] == "merged from one, two"
    assert sorted(session_names(tmp_path)) == ["both", "one", "two"]
    assert sorted(p.name for p in (tmp_path / "sessions").iterdir()) == ["both", "one", "two"]


def test_merging_again_adds_nothing_but_what_is_new(tmp_path: Path) -> None:
    with by_people(tmp_path, "one") as one, by_people(tmp_path, "two") as two:
        ann, bob = Clock(one, "A"), Clock(two, "B", start=0.5)
        ann.label("ann", "a", "return")
        bob.label("bob", "b", "return")
        merged(tmp_path, ["one", "two"], "both")
        again = merged(tmp_path, ["both", "two", "one", "both"], "again")
        assert log_of(tmp_path, "again") == log_of(tmp_path, "both")
        assert again.decisions == 2
        ann.label("ann", "c", "return")
        merged(tmp_path, ["both", "one", "two"], "third")
        assert [r.uid for r in log_of(tmp_path, "third")] == ["A1", "B1", "A2"]


def test_the_last_word_of_somebody_who_worked_on_both(tmp_path: Path) -> None:
    with by_people(tmp_path, "one") as one, by_people(tmp_path, "two") as two:
        Clock(one, "A", start=10).label("ann", "a", "return")  # at 11
        Clock(two, "B").label("ann", "a", "complaint")  # at 1
    for names in (["one", "two"], ["two", "one"]):
        merged(tmp_path, names, "-".join(names))
        label_state = LabelState(TICKETS.labels)
        label_state.apply(log_of(tmp_path, "-".join(names)))
        assert label_state.answers() == {"a": "return"}


def test_a_clock_that_went_back_does_not_turn_a_log_around(tmp_path: Path) -> None:
    with by_people(tmp_path, "one") as one, by_people(tmp_path, "two") as two:
        clock = Clock(one, "A", start=100)
        clock.label("ann", "a", "return")
        clock.now = 50
        clock.label("ann", "a", "complaint")  # later, though the clock says 51
        Clock(two, "B", start=70).label("bob", "b", "return")
    merged(tmp_path, ["one", "two"], "both")
    assert [r.uid for r in log_of(tmp_path, "both")] == ["B71", "A101", "A51"]


def test_labels_that_only_the_other_began_with(tmp_path: Path) -> None:
    by_people(tmp_path, "one").close()
    with by_people(tmp_path, "two", replace(TICKETS, labels=("praise", "return"))) as two:
        Clock(two, "B").label("bob", "a", "praise")
    merged(tmp_path, ["one", "two"], "both")
    merged(tmp_path, ["both", "two"], "again")
    assert len(log_of(tmp_path, "again")) == 2
    label_state = LabelState(TICKETS.labels)
    label_state.apply(log_of(tmp_path, "both"))
    assert label_state.labels == ("complaint", "return", "praise")


def label_status(home: Path, name: str) -> LabelState:
    label_state = LabelState(TICKETS.labels)
    label_state.apply(log_of(home, name))
    return label_state


@pytest.mark.parametrize(
    "change", [de.RenameLabel("return", "refund"), de.MergeLabels("return", "complaint")]
)
def test_a_label_renamed_on_one_machine_is_renamed_in_what_another_said(
    tmp_path: Path, change: de.RenameLabel | de.MergeLabels
) -> None:
    new = change.new if isinstance(change, de.RenameLabel) else change.into
    with by_people(tmp_path, "one") as one, by_people(tmp_path, "two") as two:
        ann, bob = Clock(one, "A"), Clock(two, "B", start=0.5)
        ann.label("ann", "a", "return")  # 1
        ann.decide("ann", change)  # 2
        ann.label("ann", "b", new)  # 3
        bob.label("bob", "b", "return")  # 1.5
        bob.label("bob", "c", "return")  # 2.5, after it was renamed
        bob.label("bob", "a", "return")  # 3.5
        result = merged(tmp_path, ["one", "two"], "both")
        assert result.followed == (de.RenameLabel("return", new),)
        assert (result.apart, result.conflicts) == ((), 0)
        label_state = label_status(tmp_path, "both")
        assert label_state.answers() == dict.fromkeys("abc", new)
        assert "return" not in label_state.labels
        assert merged(tmp_path, ["both", "two", "one"], "again").followed == ()
        assert log_of(tmp_path, "again") == log_of(tmp_path, "both")
        bob.label("bob", "d", "return")  # goes on by the old name
        merged(tmp_path, ["both", "two"], "later")
        assert label_status(tmp_path, "later").answers() == dict.fromkeys("abcd", new)
    target = label_state.undoable("ann")
    assert target is not None
    assert target.decision == de.RenameLabel("return", new)
    with Session.open(tmp_path, "both") as both:
        Clock(both, "U", start=9).decide("ann", de.Undo(target.uid))
    label_state = label_status(tmp_path, "both")
    assert label_state.answers()["c"] == "return"
    assert merged(tmp_path, ["both", "two"], "undone").followed == ()


def test_a_label_renamed_differently_on_two_machines_stays_one_label(tmp_path: Path) -> None:
    with by_people(tmp_path, "one") as one, by_people(tmp_path, "two") as two:
        ann, bob = Clock(one, "A"), Clock(two, "B", start=0.5)
        ann.decide("ann", de.RenameLabel("return", "refund"))
        bob.decide("bob", de.RenameLabel("return", "send back"))
        ann.label("ann", "a", "refund")
        bob.label("bob", "a", "send back")
        bob.label("bob", "b", "send back")
    result = merged(tmp_path, ["one", "two"], "both")
    assert result.followed == (de.RenameLabel("send back", "refund"),)
    assert (result.apart, result.conflicts) == ((), 0)
    assert label_status(tmp_path, "both").answers() == {"a": "refund", "b": "refund"}


def test_a_name_that_stood_for_two_labels_is_told(tmp_path: Path) -> None:
    with by_people(tmp_path, "one") as one, by_people(tmp_path, "two") as two:
        ann = Clock(one, "A")
        ann.decide("ann", de.RenameLabel("return", "refund"), de.AddLabel("return"))
        ann.decide("ann", de.RenameLabel("return", "send back"))
        Clock(two, "B", start=8).label("bob", "a", "return")
    result = merged(tmp_path, ["one", "two"], "both")
    assert (result.followed, result.apart) == ((), ("return", "refund", "send back"))
    assert label_status(tmp_path, "both").answers() == {"a": "return"}


def test_a_label_in_use_that_nobody_renamed_is_left_alone(tmp_path: Path) -> None:
    with by_people(tmp_path, "one") as one, by_people(tmp_path, "two") as two:
        bob = Clock(two, "B")
        added = bob.decide("bob", de.AddLabel("other"))
        bob.label("bob", "a", "other")
        bob.decide("bob", de.Undo(added))
        Clock(one, "A").decide("ann", de.RenameLabel("return", "refund"))
    result = merged(tmp_path, ["one", "two"], "both")
    assert (result.followed, result.apart) == ((), ())
    assert label_status(tmp_path, "both").labels == ("complaint", "refund", "other")


def test_sessions_that_do_not_fit(tmp_path: Path) -> None:
    other = replace(TICKETS, train=(*TICKETS.train, Example("x", "only here")))
    with by_people(tmp_path, "one") as one, by_people(tmp_path, "more", other) as more:
        Clock(one).label("ann", "a", "return")
        Clock(more, "n").label("ann", "x", "return")
    simulated(tmp_path, "sim", TICKETS).close()
    by_people(tmp_path, "events", EVENTS).close()
    for names, message in [
        (["one", "more"], "more has decisions about 1 texts that one does not have"),
        (["one", "sim"], "sim is a simulated experiment"),
        (["one", "events"], "Session events is about tagging, one about classification"),
    ]:
        with pytest.raises(SessionError, match=message):
            merged(tmp_path, names, "both")
    with pytest.raises(SessionError, match="more exists already"):
        merged(tmp_path, ["one", "one"], "more")
    with pytest.raises(ConfigError, match="not a usable name"):
        merged(tmp_path, ["one", "one"], "../x")
    assert merged(tmp_path, ["more", "one"], "both").labelled == 2  # the first one's texts count
    assert len(list((tmp_path / "sessions").iterdir())) == 5


_DECISIONS = st.one_of(
    st.builds(
        lambda i, a: de.Label((i,), a), st.sampled_from("abc"), st.sampled_from(TICKETS.labels)
    ),
    st.builds(de.Flag, st.sampled_from("abc")),
    st.builds(de.Skip, st.sampled_from("abc")),
    st.just(de.Undo("")),
)


@pytest.mark.slow
@given(st.lists(st.tuples(st.booleans(), _DECISIONS), max_size=12))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_apart_and_merged_is_the_same_as_together(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, de.Decision]]
) -> None:
    """Two people take turns, each on a machine of their own, or both at one session."""
    home = tmp_path_factory.mktemp("merge")
    with by_people(home, "l") as left, by_people(home, "r") as right, by_people(home, "t") as both:
        clocks = {True: Clock(left, "L"), False: Clock(right, "R")}
        last: dict[bool, str] = {}
        for time, (at_left, step) in enumerate(steps, start=1):
            clock = clocks[at_left]
            clock.now = time - 1
            decision = de.Undo(last.get(at_left, "none")) if isinstance(step, de.Undo) else step
            who = "ann" if at_left else "bob"
            uid = clock.decide(who, decision)
            if not isinstance(step, de.Undo):
                last[at_left] = uid
            with DecisionLog(both.directory) as log:
                log.insert([DecisionRecord(0, float(time), who, uid, decision)])
    merged(home, ["l", "r"], "m")
    assert log_of(home, "m") == log_of(home, "t")
