"""`tui-al merge`: two sessions, one of them by its path, into a third."""

from pathlib import Path

from tests.helpers.command_line import Command
from tests.store.labelled_sessions import Clock, by_people
from tui_al.core.annotation import decisions as de
from tui_al.store.annotations import labels_of
from tui_al.store.session import Session


def test_merge_and_export(command: Command, tmp_path: Path) -> None:
    home, laptop = tmp_path / "home", tmp_path / "laptop"
    with by_people(home, "desk") as one, by_people(laptop, "bed") as two:
        Clock(one, "A").label("ann", "a", "return")
        bob = Clock(two, "B", start=0.5)
        bob.label("bob", "a", "complaint")
        bob.label("bob", "b", "return")
    away = laptop / "sessions" / "bed"
    code, said, aside = command("merge", "desk", away, "--into", "both")
    assert (code, aside) == (0, "")
    assert said.splitlines() == [
        "both: decisions: 3, annotators: ann, bob, labelled: 1",
        "annotators differ on 1: `tui-al label both` has a screen to settle them",
    ]
    with Session.open(home, "both") as session:
        everybody = labels_of(session, each=True).annotations
    assert [(a.id, a.annotator) for a in everybody] == [("a", "ann"), ("a", "bob"), ("b", "bob")]
    code, _, aside = command("merge", "desk", away, "--into", "both")
    assert code == 5
    assert "Session both exists already" in aside
    code, _, aside = command("merge", "desk", "--into", "one")
    assert code == 2
    assert "one session alone is given" in aside


def test_a_renaming_that_another_did_not_know_of_is_told(
    command: Command,
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    with by_people(home, "desk") as one, by_people(home, "bed") as two:
        Clock(one, "A").decide("ann", de.RenameLabel("return", "refund"))
        Clock(two, "B", start=5).label("bob", "a", "return")
    code, said, _ = command("merge", "desk", "bed", "--into", "both")
    assert code == 0
    assert "label 'return' is called 'refund', as it was renamed in one of the sessions" in said
    with Session.open(home, "both") as session:
        assert [a.answer for a in labels_of(session, each=True).annotations] == ["refund"]
