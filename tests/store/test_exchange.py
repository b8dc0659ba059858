"""A session's labels through a file into a fresh session: the same labels, but for what the format
says that it does not carry."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.store.formats.reading import read_file
from tests.store.formats.test_round_trips import FORMATS
from tests.store.labelled_sessions import EVENTS, TICKETS, Clock, by_people
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import Decision
from tui_al.core.annotation.records import Annotation
from tui_al.core.data.examples import Task
from tui_al.store.annotations import labels_of
from tui_al.store.formats.format import Format, Part
from tui_al.store.import_rules import ImportOptions
from tui_al.store.importing import import_annotations

PAIRS = [
    pytest.param(known, task, id=f"{known.name}-{task}")
    for known in FORMATS.values()
    for task in Task
    if task in known.tasks and known.name != "datasets"  # slow, and rows as Parquet has them
]
DATA = {Task.CLASSIFICATION: TICKETS, Task.TAGGING: EVENTS}
ANSWERS: dict[Task, list[de.UserAnswer]] = {
    Task.CLASSIFICATION: ["return", "complaint"],
    Task.TAGGING: [(), ((0, 4, "PER"),), ((0, 4, "LOC"),)],
}


@st.composite
def decisions(draw: st.DrawFn, task: Task) -> list[tuple[str, Decision]]:
    found: list[tuple[str, Decision]] = []
    for identity in "ab":
        for who in draw(st.sets(st.sampled_from(["ann", "bob"]))):
            made: Decision = draw(
                st.one_of(
                    st.sampled_from(ANSWERS[task]).map(lambda a, i=identity: de.Label((i,), a)),  # type: ignore[misc]
                    st.sampled_from(["", "odd"]).map(lambda r, i=identity: de.Flag(i, r)),  # type: ignore[misc]
                    st.just(de.Skip(identity)),
                )
            )
            found.append((who, made))
            if draw(st.booleans()):
                found.append((who, de.Note(identity, draw(st.sampled_from(["sure", "not sure"])))))
    return found


def carried(known: Format, annotation: Annotation) -> Annotation:
    """What a format with fewer parts keeps of it."""
    kept = known.carries
    if Part.SECONDS not in kept:
        annotation = replace(annotation, time=float(int(annotation.time)))
    if Part.ANNOTATOR not in kept:
        annotation = replace(annotation, annotator="import", note="", time=0.0)
    return annotation


@pytest.mark.slow
@pytest.mark.parametrize(("known", "task"), PAIRS)
@given(data=st.data())
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_from_a_session_to_a_fresh_one(known: Format, task: Task, data: st.DataObject) -> None:
    made = data.draw(decisions(task))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with by_people(home, "from", DATA[task]) as session:
            clock = Clock(session, start=1e9)
            for who, decision in made:
                clock.decide(who, decision)
            labels = labels_of(session, each=True)
        wanted = [a for a in labels.annotations if not known.refuses(a)]
        if Part.ANNOTATOR not in known.carries:  # all of them become one annotator's
            wanted = list({a.id: a for a in wanted}.values())
        assume(wanted or known.read is not None)  # a data file that holds nothing is a mistake
        path = home / "out"
        known.write(path, labels.header, wanted)
        with by_people(home, "to", DATA[task]) as session:
            read = read_file(known, path, task)
            result = import_annotations(session, read.annotations, ImportOptions())
            assert (read.left_out.total, result.left_out.counts) == (0, {})
            found = labels_of(session, each=True).annotations
    expected = [carried(known, a) for a in wanted]
    if Part.ANNOTATOR not in known.carries:
        found = [replace(a, time=0.0) for a in found]  # that of the import

    def order(a: Annotation) -> tuple[str, str]:
        return a.id, a.annotator

    assert sorted(found, key=order) == sorted(expected, key=order)
