"""The fold over annotators' decisions: standings, names that change, undo and redo, counts; checked
against a slow twin."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import Decision, DecisionRecord
from tui_al.core.annotation.label_state import LabelState, Status, wants_two
from tui_al.core.session.serialization import record_of


class Log:
    """A log under way: `add` numbers a decision, folds it in and gives it back."""

    def __init__(self, *labels: str) -> None:
        self.label_state = LabelState(labels)
        self.records: list[DecisionRecord] = []

    def add(self, decision: Decision, by: str = "anna") -> DecisionRecord:
        record = DecisionRecord(
            len(self.records) + 1, 0.0, by, f"u{len(self.records) + 1}", decision
        )
        self.records.append(record)
        self.label_state.apply([record])
        return record

    def label(self, identity: str, answer: de.UserAnswer, by: str = "anna") -> DecisionRecord:
        return self.add(de.Label((identity,), answer), by)

    def undo(self, by: str = "anna") -> None:
        target = self.label_state.undoable(by)
        assert target is not None
        self.add(de.Undo(target.uid), by)

    def redo(self, by: str = "anna") -> None:
        target = self.label_state.redoable(by)
        assert target is not None
        self.add(de.Redo(target.uid), by)

    def status(self, identity: str) -> Status:
        return self.label_state.label_status(identity).status

    def answer(self, identity: str) -> de.UserAnswer | None:
        return self.label_state.label_status(identity).answer


class TestStandings:
    def test_one_annotator(self) -> None:
        log = Log("refund", "repair")
        assert log.status("a") is Status.OPEN
        log.label("a", "refund")
        log.add(de.Skip("b"))
        log.add(de.Flag("c", "two in one"))
        assert [log.status(i) for i in "abc"] == [Status.LABELLED, Status.SKIPPED, Status.UNCLEAR]
        assert log.answer("a") == "refund"
        assert log.label_state.answers() == {"a": "refund"}

    def test_the_last_stand_of_an_annotator_counts(self) -> None:
        log = Log("refund", "repair")
        log.label("a", "refund")
        log.label("a", "repair")
        assert log.answer("a") == "repair"
        log.add(de.Flag("a"))
        assert log.status("a") is Status.UNCLEAR
        assert log.label_state.counts == {"refund": 0, "repair": 0}

    def test_folded_examples_get_the_same_answer_and_lose_it_together(self) -> None:
        log = Log("refund")
        log.add(de.Label(("a", "a2", "a3"), "refund"))
        assert [log.answer(i) for i in ("a", "a2", "a3")] == ["refund"] * 3
        log.undo()
        assert [log.status(i) for i in ("a", "a2", "a3")] == [Status.OPEN] * 3

    def test_annotators_who_agree_and_who_do_not(self) -> None:
        log = Log("refund", "repair")
        for by in ("anna", "ben"):
            log.label("a", "refund", by)
        log.label("b", "refund", "anna")
        log.label("b", "repair", "ben")
        assert log.status("a") is Status.LABELLED
        assert log.status("b") is Status.CONFLICT
        assert log.label_state.answers() == {"a": "refund"}
        assert {by: log.label_state.given(r) for by, r in log.label_state.votes("b").items()} == {
            "anna": "refund",
            "ben": "repair",
        }

    def test_a_settlement_holds_until_somebody_answers_anew(self) -> None:
        log = Log("refund", "repair")
        log.label("b", "refund", "anna")
        log.label("b", "repair", "ben")
        log.add(de.Settle("b", "repair"), "carla")
        assert log.answer("b") == "repair"
        log.add(de.Ambiguous("b"), "carla")
        assert log.status("b") is Status.AMBIGUOUS
        log.label("b", "repair", "anna")
        assert (log.status("b"), log.answer("b")) == (Status.LABELLED, "repair")

    def test_a_flag_beside_a_label_does_not_take_it_away(self) -> None:
        log = Log("refund")
        log.label("a", "refund", "anna")
        log.add(de.Flag("a"), "ben")
        assert log.answer("a") == "refund"

    def test_entities_count_by_type_and_compare_in_any_order(self) -> None:
        log = Log("PER", "LOC")
        log.label("a", ((0, 4, "PER"), (8, 12, "LOC")), "anna")
        log.label("a", ((8, 12, "LOC"), (0, 4, "PER")), "ben")
        assert log.status("a") is Status.LABELLED
        assert log.label_state.counts == {"PER": 1, "LOC": 1}

    def test_notes_confirmations_and_unfolding(self) -> None:
        log = Log("refund")
        log.label("a", "refund")
        log.add(de.Note("a", "which order?"))
        assert log.label_state.note("a") == "which order?"
        assert not log.label_state.confirmed("a")
        log.add(de.Confirm("a"))
        assert log.label_state.confirmed("a")
        log.label("a", "refund")
        assert not log.label_state.confirmed("a")
        log.add(de.Unfold(("b", "c")))
        assert log.label_state.unfolded() == {"b", "c"}
        log.undo()
        assert log.label_state.unfolded() == set()


class TestLabels:
    def test_a_renaming_changes_old_answers_but_not_new_ones_of_the_old_name(self) -> None:
        log = Log("refund", "repair")
        log.label("a", "refund")
        log.add(de.RenameLabel("refund", "money back"))
        assert log.label_state.labels == ("money back", "repair")
        assert log.answer("a") == "money back"
        log.add(de.AddLabel("refund", "another thing now"))
        log.label("b", "refund")
        assert (log.answer("a"), log.answer("b")) == ("money back", "refund")
        assert log.label_state.descriptions == {"refund": "another thing now"}
        assert log.label_state.renamed == {"refund": "money back"}

    def test_a_merger_of_a_renamed_label(self) -> None:
        log = Log("a", "b", "c")
        log.label("x", "a")
        log.label("y", ((0, 1, "a"), (2, 3, "c")))
        log.add(de.RenameLabel("a", "aa"))
        log.add(de.MergeLabels("aa", "c"))
        assert log.label_state.labels == ("b", "c")
        assert log.answer("x") == "c"
        assert log.answer("y") == ((0, 1, "c"), (2, 3, "c"))
        assert log.label_state.counts == {"b": 0, "c": 3}
        log.undo()
        assert log.answer("x") == "aa"
        log.undo()
        assert log.answer("x") == "a"

    def test_a_merger_ends_a_conflict(self) -> None:
        log = Log("refund", "money back")
        log.label("a", "refund", "anna")
        log.label("a", "money back", "ben")
        assert log.status("a") is Status.CONFLICT
        log.add(de.MergeLabels("money back", "refund"))
        assert log.answer("a") == "refund"

    def test_a_label_in_use_stays_when_its_adding_is_undone(self) -> None:
        log = Log("refund")
        log.add(de.AddLabel("scam"), "anna")
        log.label("a", "scam", "ben")
        log.undo("anna")
        assert list(log.label_state.labels) == ["refund", "scam"]
        log.undo("ben")
        assert list(log.label_state.labels) == ["refund"]

    def test_a_label_s_place_among_the_keys_changes_only_where_one_goes_away(self) -> None:
        log = Log("a", "b", "c", "d")
        log.label("x", "d")
        log.add(de.AddLabel("e"))
        log.add(de.RenameLabel("b", "bee"))
        assert list(log.label_state.key_order) == ["a", "bee", "c", "d", "e"]
        log.add(de.MergeLabels("a", "d"))
        assert list(log.label_state.key_order) == ["e", "bee", "c", "d"]
        log.add(de.MergeLabels("d", "c"))
        assert list(log.label_state.key_order) == ["e", "bee", "c"]
        log.add(de.RenameLabel("c", "e"))  # there is one of that name
        assert list(log.label_state.key_order) == ["e", "bee"]
        assert list(log.label_state.labels) == ["bee", "e"]
        for _ in range(3):
            log.undo()
        assert list(log.label_state.key_order) == ["a", "bee", "c", "d", "e"]

    def test_descriptions(self) -> None:
        log = Log("refund")
        log.add(de.DescribeLabel("refund", "wants the money"))
        log.add(de.RenameLabel("refund", "money back"))
        assert log.label_state.descriptions == {"money back": "wants the money"}


class TestUndo:
    def test_each_annotator_undoes_their_own(self) -> None:
        log = Log("x", "y")
        log.label("a", "x", "anna")
        log.label("b", "y", "ben")
        log.undo("anna")
        assert (log.status("a"), log.status("b")) == (Status.OPEN, Status.LABELLED)
        assert log.label_state.undoable("anna") is None

    def test_redo_ends_with_the_next_decision(self) -> None:
        log = Log("x", "y")
        for identity in "abc":
            log.label(identity, "x")
        log.undo()
        log.undo()
        log.redo()
        assert [log.status(i) for i in "abc"] == [Status.LABELLED, Status.LABELLED, Status.OPEN]
        log.label("d", "y")
        assert log.label_state.redoable("anna") is None

    def test_the_same_record_twice_counts_once(self) -> None:
        log = Log("x")
        record = log.label("a", "x")
        log.label_state.apply([record])
        assert log.label_state.counts == {"x": 1}


#: A step: which annotator, what (see `play`), on which example, which label, on which example more.
STEPS = st.lists(
    st.tuples(
        st.sampled_from("pq"),
        st.integers(0, 13),
        st.sampled_from("abc"),
        st.sampled_from("xyz"),
        st.sampled_from("abc"),
    ),
    max_size=40,
)

Step = tuple[str, int, str, str, str]


def play(steps: Sequence[Step]) -> Log:
    log = Log("x", "y", "z")
    for by, what, identity, label, other in steps:
        entities = ((0, 1, label), (2, 3, "z"))
        if what <= 1:
            log.label(identity, label, by)
        elif what == 2:
            log.add(de.Skip(identity), by)
        elif what == 3 and log.label_state.undoable(by):
            log.undo(by)
        elif what == 4 and log.label_state.redoable(by):
            log.redo(by)
        elif what == 5 and label in log.label_state.labels:
            log.add(de.RenameLabel(label, label + "'"), by)
        elif what == 6:
            log.add(de.MergeLabels(label, "z"), by)
        elif what == 7:
            log.add(de.Label((identity, other), entities if other == "c" else label), by)
        elif what == 8:
            log.add(de.Flag(identity, "unclear"), by)
        elif what == 9:
            log.add(de.Settle(identity, label), by)
        elif what == 10:
            log.add(de.Ambiguous(identity), by)
        elif what == 11:
            log.add(de.Note(identity, label), by)
        elif what == 12:
            log.add(de.AddLabel(label + "'", "a new one"), by)
        elif what == 13 and log.records:  # anybody's decision, a second undo of it too
            log.add(de.Undo(log.records[len(label + other) * 7 % len(log.records)].uid), by)
    return log


def shown(label_state: LabelState) -> dict[str, object]:
    """All that a fold says."""
    return {
        "standings": dict(label_state.label_statuses()),
        "one by one": {identity: label_state.label_status(identity) for identity in "abc"},
        "stands": {identity: label_state.votes(identity) for identity in "abc"},
        "history": {identity: label_state.history(identity) for identity in "abc"},
        "by status": {status: label_state.count(status) for status in Status},
        "counts": dict(label_state.counts),
        "labels": label_state.labels,
        "keys": label_state.key_order,
        "renamed": dict(label_state.renamed),
        "strays": label_state.strays(),
        "undo": {by: (label_state.undoable(by), label_state.redoable(by)) for by in "pq"},
    }


@given(STEPS, st.integers(1, 41))
def test_folding_step_by_step_equals_folding_at_once_and_in_parts(
    steps: list[Step], size: int
) -> None:
    log = play(steps)
    at_once, in_parts = LabelState(("x", "y", "z")), LabelState(("x", "y", "z"))
    at_once.apply(log.records)
    for start in range(0, len(log.records), size):
        in_parts.apply(log.records[start : start + size])
    assert shown(at_once) == shown(log.label_state) == shown(in_parts)
    assert sorted(at_once.key_order) == sorted(at_once.labels)


@given(STEPS)
def test_the_counts_are_those_of_the_standings(steps: list[Step]) -> None:
    log = play(steps)
    label_statuses = [label_status for _, label_status in log.label_state.label_statuses()]
    assert Counter(one.status for one in label_statuses) == +Counter(
        {status: log.label_state.count(status) for status in Status}
    )
    said = [one.answer for one in label_statuses if one.answer is not None]
    names = [n for a in said for n in ([a] if isinstance(a, str) else [kind for *_, kind in a])]
    assert Counter(names) == +Counter(log.label_state.counts)


@given(STEPS)
def test_undoing_everything_leaves_nothing(steps: list[Step]) -> None:
    log = play(steps)
    done = 0
    for by in "pq":
        while log.label_state.undoable(by):
            log.undo(by)
            done += 1
    assert not list(log.label_state.label_statuses())
    assert log.label_state.labels == ("x", "y", "z")
    before = play(steps)
    for by in "qp":  # the other way round
        for _ in range(done):
            if log.label_state.redoable(by):
                log.redo(by)
    if not any(step[1] in (3, 4, 13) for step in steps):
        assert log.label_state.answers() == before.label_state.answers()


@pytest.mark.slow
@given(STEPS)
def test_decisions_survive_the_store_s_form(steps: list[Step]) -> None:
    for record in play(steps).records:
        plain = de.to_plain(record.decision)
        assert de.from_plain(record.decision.kind, plain) == record.decision


#: Values of every field that a label can have, and such as none has.
VALUES = st.sampled_from(
    ("key", "", 1.5, 2, -1, 2**63, True, None, ["a"], ["a", "b"], [], [1], [[0, 1, "x"]], {"a": 1})
)


@given(
    st.fixed_dictionaries(
        {"ids": st.just(["a"]) | VALUES, "answer": st.just("x") | VALUES},
        optional={
            "seconds": st.just(1.5) | VALUES,
            "via": st.just("key") | VALUES,
            "suggestion": st.sampled_from(("x", None)) | VALUES,
            "blind": st.booleans() | VALUES,
            "ranking": st.integers(0, 3) | VALUES,
            "of a newer version": VALUES,
        },
    )
)
def test_the_usual_label_is_made_as_every_other_record_is(plain: dict[str, object]) -> None:
    def of(make: Callable[[], object]) -> object:
        try:
            return make()
        except (TypeError, ValueError) as error:
            return str(error)

    by_fields = of(lambda: record_of(de.Label, plain))
    if isinstance(by_fields, de.Label) and not by_fields.ids:
        by_fields = "ids cannot be empty"
    made = of(lambda: de.from_plain("label", plain))
    assert made == by_fields
    assert repr(made) == repr(by_fields)  # True is 1 and 1 is 1.0 otherwise
    if isinstance(made, de.Label):
        assert hash(made) == hash(by_fields)
        with pytest.raises(FrozenInstanceError):
            made.answer = "y"  # type: ignore[misc]  # that it cannot be set is what is tested


def test_a_kind_from_the_future_is_left_out() -> None:
    assert de.from_plain("telepathy", {"id": "a"}) is None


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_overlap_is_its_share_of_the_examples(share: float) -> None:
    chosen = sum(wants_two(f"{n:x}", share) for n in range(20_000))
    assert chosen / 20_000 == pytest.approx(share, abs=0.01)
