"""`tui-al import`: what was exported from one session goes into another, in every format."""

import json
from pathlib import Path

import pytest

from tests.engine.data.workbook import write_workbook
from tests.helpers.command_line import Command
from tests.store.labelled_sessions import EVENTS, TICKETS, Clock, by_people
from tui_al.cli.import_labels import guessed_format
from tui_al.core.annotation import decisions as de
from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.jobs.annotation_tables import TABLE_FORMATS
from tui_al.store.annotations import labels_of
from tui_al.store.formats import TEXT_FORMATS
from tui_al.store.formats.format import Part
from tui_al.store.session import Session

FORMATS = TEXT_FORMATS | TABLE_FORMATS


def answers(home: Path, name: str) -> dict[tuple[str, str], object]:
    with Session.open(home, name) as session:
        found = labels_of(session, each=True).annotations
    return {(a.id, a.annotator): a.answer for a in found}


@pytest.mark.parametrize("name", FORMATS)
def test_from_one_session_to_another(name: str, command: Command, tmp_path: Path) -> None:
    home, known = tmp_path / "home", FORMATS[name]
    task = Task.TAGGING if Task.TAGGING in known.tasks else Task.CLASSIFICATION
    data = EVENTS if task is Task.TAGGING else TICKETS
    with by_people(home, "from", data) as session:
        clock = Clock(session, start=1e9)
        if task is Task.TAGGING:
            clock.label("ann", "a", ((0, 4, "PER"), (8, 11, "LOC")))
            clock.label("bob", "b", ((0, 4, "PER"), (11, 19, "LOC")))
            clock.decide("ann", de.Label(("c",), ()))
        else:
            clock.label("ann", "a", "return")
            clock.label("bob", "b", "complaint")
    by_people(home, "to", data).close()
    out = tmp_path / f"labels.{name}"
    assert command("export", "from", "--format", name, "--out", out)[0] == 0
    code, said, aside = command("import", "to", out, "--format", name)
    wanted = answers(home, "from")
    assert (code, f"new decisions: {len(wanted)}" in said) == (0, True), aside
    if Part.ANNOTATOR not in known.carries:
        wanted = {(identity, "import"): answer for (identity, _), answer in wanted.items()}
    assert answers(home, "to") == wanted
    assert "new decisions: 0" in command("import", "to", out, "--format", name)[1]


def test_a_sheet_or_an_array_is_named(command: Command, tmp_path: Path) -> None:
    """As in `predict` and `simulate`; and the file is named where none of it has answers."""
    by_people(tmp_path / "home", "s").close()
    book, arrays = tmp_path / "in.xlsx", tmp_path / "in.json"
    rows = [{"text": "text a", "label": "return"}, {"text": "text b", "label": "complaint"}]
    cells: list[list[object]] = [list(row.values()) for row in rows]
    write_workbook(book, {"May": [["text"], ["text a"]], "June": [["text", "label"], *cells]})
    arrays.write_text(json.dumps({"may": [{"text": "text a"}], "june": rows}), encoding="utf-8")
    code, _, aside = command("import", "s", book, "--subset", "May")
    assert (code, "in.xlsx: no column is called 'label', only text." in aside) == (3, True)
    code, said, _ = command("import", "s", book, "--subset", "June")
    assert (code, "new decisions: 2\n" in said) == (0, True)
    code, _, aside = command("import", "s", arrays)
    assert (code, "Name the one that holds the rows, as --subset june" in aside) == (3, True)
    code, said, aside = command("import", "s", arrays, "--subset", "june")
    assert (code, "left out: 2 the same as here" in aside) == (0, True), aside


def test_what_is_not_new_is_told(command: Command, tmp_path: Path) -> None:
    by_people(tmp_path / "home", "s").close()
    file = tmp_path / "in.jsonl"
    rows = [{"text": "text a", "label": "return"}, {"text": "who?", "label": "return"}]
    file.write_text("\n".join(map(json.dumps, [*rows, {"text": "text b"}])), encoding="utf-8")
    code, said, aside = command("import", "s", file, "--annotator", "eve")
    assert code == 0
    assert said == "s: annotations in in.jsonl (jsonl): 3, new decisions: 1\n"
    assert aside.splitlines() == [
        "left out: 1 without an answer (in.jsonl:3)",
        "left out: 1 of texts that the session does not have (--add-examples adds them) "
        "(in.jsonl:2)",
    ]
    assert answers(tmp_path / "home", "s") == {("a", "eve"): "return"}
    code, said, _ = command("import", "s", file, "--add-examples")
    assert "texts added, to train on: 1" in said


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_predictions_are_nobodys_answers(
    suffix: str,
    command: Command,
    tmp_path: Path,
) -> None:
    by_people(tmp_path / "home", "s").close()
    file = tmp_path / f"predicted.{suffix}"
    row = {"row": 1, "text": "text a", "label": "return", "probability": 0.9}
    lines = {"jsonl": json.dumps(row), "csv": f"{','.join(row)}\n1,text a,return,0.9"}
    file.write_text(lines[suffix] + "\n", encoding="utf-8")
    code, _, aside = command("import", "s", file)
    assert code != 0
    assert "holds what a model predicted" in aside
    assert "--label-column label" in aside
    assert answers(tmp_path / "home", "s") == {}
    code, _, aside = command("import", "s", file, "--label-column", "label", "--annotator", "model")
    assert code == 0
    assert "what a model predicted counts as answers, as asked" in aside
    assert answers(tmp_path / "home", "s") == {("a", "model"): "return"}


def test_mistakes(command: Command, tmp_path: Path) -> None:
    by_people(tmp_path / "home", "s").close()
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"text": "text a", "label": "return"}\n{"text": 3}', encoding="utf-8")
    for arguments, message in [
        (["nobody", wrong], "There is no session 'nobody'"),
        (["s", wrong], "wrong.jsonl:2: 'text' is 3, not a text"),
        (["s", tmp_path / "missing.jsonl"], "missing.jsonl cannot be read"),
        (["s", tmp_path / "x.docx"], "The name x.docx tells no format"),
        (["s", wrong, "--format", "conll"], "--format conll holds no answers of classification"),
    ]:
        code, said, aside = command("import", *arguments)
        assert (code != 0, said) == (True, "")
        assert message in aside
    assert answers(tmp_path / "home", "s") == {}


@pytest.mark.parametrize(
    ("name", "first", "expected"),
    [
        ("a.jsonl", {"text": "x", "label": "y"}, "jsonl"),
        ("a.jsonl", {"text": "x", "entities": [{"start": 0, "end": 1, "label": "y"}]}, "jsonl"),
        ("a.jsonl", {"text": "x", "label": "y", "answer": "accept"}, "prodigy"),
        ("a.jsonl", {"text": "x", "spans": []}, "prodigy"),
        ("a.jsonl", {"text": "x", "label": ["y"]}, "doccano"),
        ("a.ndjson", {"text": "x", "labels": [[0, 1, "y"]]}, "doccano"),
        ("a.jsonl", {"text": "x", "entities": [{"start_offset": 0}]}, "doccano"),
        ("a.json", {"data": {"text": "x"}, "annotations": []}, "label-studio"),
        ("a.json", {"text": "x", "label": "y"}, "jsonl"),
        (
            "a.json",
            {"id": 1, "text": "x", "mood": "y", "annotation_id": 3, "lead_time": 2},
            "jsonl",
        ),
        ("a.jsonl", {"text": "x", "label": "y", "data": {"page": 3}}, "jsonl"),
        ("a.csv", {}, "csv"),
        ("a.bin", {}, None),
    ],
)
def test_formats_are_guessed(
    name: str, first: dict[str, object], expected: str | None, tmp_path: Path
) -> None:
    path = tmp_path / name
    content = [first] if name.endswith(".json") else first
    path.write_text(json.dumps(content), encoding="utf-8")
    config = DataConfig(str(path))
    assert guessed_format(path, config) == expected
    assert guessed_format(tmp_path, config) == "datasets"


def test_labels_that_stand_for_none_are_left_out_and_told(command: Command, tmp_path: Path) -> None:
    by_people(tmp_path / "home", "s").close()
    file = tmp_path / "in.csv"
    rows = ["text a,return", "text b,NA", "text c,#N/A", "text d,null", "text e,complaint"]
    file.write_text("\n".join(["text,label", *rows]))
    code, said, aside = command("import", "s", file, "--add-labels")
    assert (code, "new decisions: 2" in said) == (0, True), aside
    assert "'NA' in 1 row, first in.csv:3, '#N/A' in 1 row" in aside
    assert "left out: 3 without an answer (in.csv:3, in.csv:4, in.csv:5)" in aside
    assert set(answers(tmp_path / "home", "s").values()) == {"return", "complaint"}


def test_a_label_of_the_session_is_a_label(command: Command, tmp_path: Path) -> None:
    with by_people(tmp_path / "home", "s") as session:
        Clock(session).decide("ann", de.AddLabel("NA"))
    file = tmp_path / "in.csv"
    file.write_text("text,label\ntext a,NA\ntext b,null\n")
    code, said, aside = command("import", "s", file)
    assert (code, "new decisions: 1" in said) == (0, True), aside
    assert [*answers(tmp_path / "home", "s").values()] == ["NA"]


@pytest.mark.parametrize("given", ["return,complaint", "names.txt", "names.json"])
def test_names_for_numbered_classes(given: str, command: Command, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("0 return\n1 complaint\n")
    (tmp_path / "names.json").write_text('["return", "complaint"]')
    by_people(tmp_path / "home", "s").close()
    file = tmp_path / "in.csv"
    file.write_text("text,label\ntext a,0\ntext b,1\n")
    names = given if "," in given else tmp_path / given
    code, _, aside = command("import", "s", file, "--labels", names)
    assert (code, "labels are named by --labels: 0 return, 1 complaint" in aside) == (0, True), (
        aside
    )
    assert {i: a for (i, _), a in answers(tmp_path / "home", "s").items()} == {
        "a": "return", "b": "complaint"}  # fmt: skip


def test_names_for_numbered_tags(command: Command, tmp_path: Path) -> None:
    names = tmp_path / "names" / "tags.txt"
    names.parent.mkdir()
    names.write_text("O\nB-PER\nI-PER\nB-LOC\nI-LOC\n")
    by_people(tmp_path / "home", "s", EVENTS).close()
    file = tmp_path / "in.jsonl"
    file.write_text(json.dumps({"tokens": ["Anna", "in", "Ulm"], "ner_tags": [1, 0, 3]}))
    assert command("import", "s", file)[0] == 3
    code, said, aside = command("import", "s", file, "--labels", names)
    assert (code, "new decisions: 1" in said) == (0, True), aside
    assert [*answers(tmp_path / "home", "s").values()] == [((0, 4, "PER"), (8, 11, "LOC"))]
