"""`tui-al export`: files on disk, and every loss said."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.command_line import Command
from tests.store.formats.reading import read_file
from tests.store.labelled_sessions import EVENTS, TICKETS, Clock, by_people, labelled, simulated
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.records import Status
from tui_al.core.data.examples import Example, Task
from tui_al.engine.jobs.annotation_tables import TABLE_FORMATS
from tui_al.store.formats import TEXT_FORMATS


@pytest.fixture
def people(tmp_path: Path) -> str:
    """The name of a session with five labels of two people."""
    with by_people(tmp_path / "home", "people") as session:
        clock = Clock(session, start=1e9)
        clock.label("ann", "a", "return")
        clock.label("ann", "b", "return")
        clock.label("bob", "b", "complaint")
        clock.decide("ann", de.Flag("c", "odd"), de.Skip("d"))
        clock.decide("ann", de.Note("a", "=SUM(1)"), de.AddLabel("other", "all else"))
        clock.label("bob", "e", "other")
    return "people"


def test_what_counts_is_exported_and_the_rest_is_told(
    command: Command, people: str, tmp_path: Path
) -> None:
    out = tmp_path / "labels.csv"
    code, said, aside = command("export", people, "--out", out)
    assert (code, said) == (0, f"{out} (csv): annotations: 2, examples: 2\n")
    assert aside.splitlines() == [
        "left out: 1 examples on which annotators differ; --per-annotator exports them too",
        "left out: 1 examples that came labelled; --given exports them too",
        "left out: 1 unclear; --flagged exports them too",
        "left out: 1 skipped; --flagged exports them too",
        "not carried by csv: descriptions of labels: 1",
        "1 cells begin with = + - or @: a spreadsheet may run them as formulas; import the file "
        "there as text.",
    ]
    found = read_file(TEXT_FORMATS["csv"], out, Task.CLASSIFICATION).annotations
    assert [(a.id, a.answer, a.annotator, a.note) for a in found] == [
        ("a", "return", "ann", "=SUM(1)"),
        ("e", "other", "bob", ""),
    ]


def test_everything_there_is(command: Command, people: str, tmp_path: Path) -> None:
    out = tmp_path / "labels.parquet"
    code, said, aside = command(
        "export", people, "--out", out, "--per-annotator", "--flagged", "--given"
    )
    assert (code, aside) == (0, "")
    assert said == f"{out} (parquet): annotations: 7, examples: 6\n"
    found = read_file(TABLE_FORMATS["parquet"], out, Task.CLASSIFICATION).annotations
    assert [(a.id, a.annotator) for a in found] == [
        ("a", "ann"), ("b", "ann"), ("b", "bob"), ("c", "ann"), ("d", "ann"), ("e", "bob"),
        ("g", "data"),
    ]  # fmt: skip
    assert [a.status for a in found[3:5]] == [Status.UNCLEAR, Status.SKIPPED]
    assert found[3].reason == "odd"


def test_a_simulated_run_in_every_format(command: Command, tmp_path: Path) -> None:
    with simulated(tmp_path / "home", "sim", EVENTS) as session:
        labelled(session, 7, ("a", ("B-PER", "O", "B-LOC")))
        labelled(session, 8, ("b", ("B-PER", "O", "B-LOC", "I-LOC")), ("c", ("O",)))
    for known in (TEXT_FORMATS | TABLE_FORMATS).values():
        if Task.TAGGING in known.tasks:
            out = tmp_path / f"out-{known.name}"
            code, _, aside = command("export", "sim", "--format", known.name, "--out", out)
            assert code == 0
            assert "run with seed 7 of 7, 8; --seed picks another" in aside
            (found,) = read_file(known, out, Task.TAGGING).annotations
            assert (found.text, found.answer) == ("Anna in Ulm", ((0, 4, "PER"), (8, 11, "LOC")))
    out = tmp_path / "second.jsonl"
    assert command("export", "sim", "--seed", 8, "--out", out)[0] == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["b", "c"]
    assert lines[0]["tags"] == ["B-PER", "O", "B-LOC", "I-LOC"]


def test_mistakes_are_told_before_anything_is_written(
    command: Command, people: str, tmp_path: Path
) -> None:
    there = tmp_path / "there.jsonl"
    there.write_text("precious", encoding="utf-8")
    for arguments, expected in [
        (["--out", tmp_path / "x.xlsx"], "The name x.xlsx tells no format"),
        (["--out", tmp_path / "x.tsv"], "The name x.tsv tells no format"),  # none has tabs
        (["--out", tmp_path / "x", "--format", "word"], "--format 'word' is unknown"),
        (["--out", tmp_path / "x.conll"], "--format conll holds no answers of classification"),
        (["--out", there], "there.jsonl is there already"),
        (["--out", tmp_path, "--format", "datasets", "--overwrite"], "is a directory"),
        (["--out", tmp_path / "no" / "x.csv"], "cannot be written"),
        (["--out", tmp_path / "x.csv", "--seed", 3], None),
    ]:
        code, said, aside = command("export", people, *arguments)
        if expected is not None:
            assert code != 0, arguments
            assert said == ""
            assert expected in aside
    assert there.read_text(encoding="utf-8") == "precious"
    assert command("export", people, "--out", there, "--overwrite")[0] == 0
    assert there.read_text(encoding="utf-8").startswith('{"id": "a"')


def test_nothing_to_export(command: Command, tmp_path: Path) -> None:
    with by_people(tmp_path / "home", "new", TICKETS):
        pass
    code, _, aside = command("export", "new", "--out", tmp_path / "x.csv")
    assert code == 5
    assert "Session new has no labels to export" in aside
    assert not (tmp_path / "x.csv").exists()


def test_words_with_blanks_are_no_missing_labels(command: Command, tmp_path: Path) -> None:
    blank = Example("b", "New York is far", None, ("New York", "is", "far"))
    data = replace(EVENTS, train=(*EVENTS.train[:1], blank, replace(blank, id="c")))
    with simulated(tmp_path / "home", "sim", data) as session:
        labelled(session, 7, ("a", ("B-PER", "O", "O")), ("b", ("B-LOC", "O", "O")))
        labelled(session, 8, ("b", ("B-LOC", "O", "O")), ("c", ("B-LOC", "O", "O")))
    out = tmp_path / "out.conll"
    code, said, aside = command("export", "sim", "--seed", 7, "--out", out)
    assert (code, said) == (0, f"{out} (conll): annotations: 1, examples: 1\n")
    assert "1 left out: a word holds a blank, which conll cannot hold" in aside
    code, said, aside = command("export", "sim", "--seed", 8, "--out", tmp_path / "none.conll")
    assert (code, said) == (5, "")
    assert (
        "conll can hold none of the labels of session sim: 2 left out: a word holds a blank."
        in aside
    )
    assert "has no labels" not in aside
    assert not (tmp_path / "none.conll").exists()
