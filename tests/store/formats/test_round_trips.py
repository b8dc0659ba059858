"""Every format: what is written is read again, except what the format says it does not carry; and
fits its published schema."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from _pytest.mark import ParameterSet
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.store.formats import schemas
from tests.store.formats.annotations import BY_HAND, ENTITIES, HEADERS, annotations
from tests.store.formats.reading import read_file
from tui_al.core.annotation.records import Annotation, Status
from tui_al.core.data.examples import Task
from tui_al.core.data.offsets import spans_to_tags, tags_to_spans
from tui_al.engine.jobs.annotation_tables import TABLE_FORMATS
from tui_al.errors import DataError
from tui_al.store.formats import TEXT_FORMATS
from tui_al.store.formats.csv_file import formulas
from tui_al.store.formats.format import Format, Part

FORMATS = TEXT_FORMATS | TABLE_FORMATS


def pairs(*formats: Format) -> list[ParameterSet]:
    """Each with every task that it knows."""
    return [
        pytest.param(known, task, id=f"{known.name}-{task}")
        for known in formats
        for task in Task
        if task in known.tasks
    ]


PAIRS = pairs(*FORMATS.values())
QUICK = pairs(*(known for known in FORMATS.values() if known.name != "datasets"))
#: One directory for all examples of a property is what is wanted: each overwrites the last one's
#: file.
PROPERTY = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_formats_are_those_of_the_command_line() -> None:
    assert sorted(FORMATS) == [
        "conll", "csv", "datasets", "doccano", "jsonl", "label-studio", "parquet", "prodigy",
    ]  # fmt: skip
    assert FORMATS["csv"].tasks == {Task.CLASSIFICATION}
    assert FORMATS["conll"].tasks == {Task.TAGGING}


def written(
    known: Format, task: Task, given: Sequence[Annotation], folder: Path
) -> list[Annotation]:
    """The annotations after a way through a file."""
    path = folder / f"out.{known.name}"
    known.write(path, HEADERS[task], given)
    read = read_file(known, path, task)
    assert (read.left_out.counts, read.aside.counts, read.notes) == ({}, {}, [])
    return [replace(annotation, origin="") for annotation in read.annotations]


def carried(known: Format, annotation: Annotation) -> Annotation:
    """What should come back of it."""
    there = known.carries
    if Part.SECONDS not in there:
        annotation = replace(annotation, time=float(int(annotation.time)))
    if Part.TOKENS not in there:
        annotation = replace(annotation, tokens=())
    if Part.ID not in there:
        text = " ".join(annotation.tokens)
        tags = spans_to_tags(annotation.text, annotation.tokens, annotation.spans)
        spans = tags_to_spans(text, annotation.tokens, tags)
        annotation = Annotation("", text, spans, annotation.tokens)
    return annotation


@pytest.mark.parametrize(("known", "task"), PAIRS)
def test_by_hand(known: Format, task: Task, tmp_path: Path) -> None:
    given = [a for a in BY_HAND[task] if not known.refuses(a)]
    expected = [carried(known, annotation) for annotation in given]
    assert written(known, task, given, tmp_path) == expected
    assert [entry.name for entry in tmp_path.iterdir()] == [f"out.{known.name}"]


@pytest.mark.parametrize(("known", "task"), QUICK)  # `datasets` itself cannot load an empty one
def test_no_annotation_at_all(known: Format, task: Task, tmp_path: Path) -> None:
    if known.name in ("csv", "conll"):  # a data file that holds nothing is a mistake
        with pytest.raises(DataError, match=r"is empty|no rows"):
            written(known, task, [], tmp_path)
    else:
        assert written(known, task, [], tmp_path) == []


@pytest.mark.parametrize(("known", "task"), QUICK)
@given(data=st.data())
@PROPERTY
def test_any_annotation(known: Format, task: Task, tmp_path: Path, data: st.DataObject) -> None:
    given = data.draw(st.lists(annotations(task), max_size=3))
    given = [annotation for annotation in given if not known.refuses(annotation)]
    expected = [carried(known, annotation) for annotation in given]
    if known.name == "label-studio":  # annotations of one example lie together
        order = list(dict.fromkeys((a.id, a.text) for a in expected))
        expected.sort(key=lambda a: order.index((a.id, a.text)))
    assume(given or known.read is not None)
    assert written(known, task, given, tmp_path) == expected


def test_what_is_lost_is_counted() -> None:
    given = BY_HAND[Task.TAGGING]
    assert FORMATS["parquet"].losses(ENTITIES, given) == []
    assert FORMATS["jsonl"].losses(ENTITIES, given) == ["descriptions of labels: 1"]
    assert FORMATS["prodigy"].losses(ENTITIES, given) == [
        "fractions of seconds: 1",
        "descriptions of labels: 1",
    ]
    assert FORMATS["conll"].losses(ENTITIES, given) == [
        "ids of examples: 4",
        "texts as they are (words are joined by blanks): 2",
        "names of annotators: 4",
        "times: 2",
        "notes: 1",
        "flags (unclear, skipped): 2",
        "reasons of flags: 1",
        "descriptions of labels: 1",
    ]


@pytest.mark.parametrize(
    ("tokens", "why"),
    [
        (("a b",), "a word holds a blank"),
        (("a", ""), "a word is empty"),
        (("-DOCSTART-", "a"), "a word is -DOCSTART-"),
        ((), "there are no words"),
        (("a",), ""),
    ],
)
def test_conll_refuses_what_columns_cannot_hold(tokens: tuple[str, ...], why: str) -> None:
    assert FORMATS["conll"].refuses(Annotation("1", " ".join(tokens), (), tokens)) == why
    unanswered = Annotation("1", "a", None, ("a",))
    assert FORMATS["conll"].refuses(unanswered) == "there is no answer"


def test_conll_is_two_columns_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "out.conll"
    FORMATS["conll"].write(path, ENTITIES, BY_HAND[Task.TAGGING][:2])
    tags = ["B-PER", "O", "O", "O", "B-場所", "I-場所", "O"]
    tokens = ["Anna", "👩\u200d👧", "flew", "to", "New", "York", "."]
    first = "".join(f"{token} {tag}\n" for token, tag in zip(tokens, tags, strict=True))
    second = "".join(f"{token} O\n" for token in tokens)
    assert path.read_text(encoding="utf-8") == f"{first}\n{second}\n"


def test_csv_is_what_the_csv_module_reads_and_formulas_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    given = BY_HAND[Task.CLASSIFICATION]
    FORMATS["csv"].write(path, HEADERS[Task.CLASSIFICATION], given)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert [row["text"] for row in rows] == [annotation.text for annotation in given]
    assert [row["label"] for row in rows] == ["refund", "=b,c", "", ""]
    assert rows[0]["time"] == "2001-09-09T01:46:40.250000Z"
    assert formulas(given) == 3  # the label =b,c, and the texts =1+1 and @later


def lines(known: str, task: Task, folder: Path) -> list[object]:
    path = folder / "out"
    FORMATS[known].write(path, HEADERS[task], BY_HAND[task])
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def valid(value: object, schema: dict[str, object]) -> None:
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(value)


@pytest.mark.parametrize(
    ("task", "schema"),
    [
        (Task.CLASSIFICATION, schemas.PRODIGY_CHOICE),
        (Task.TAGGING, schemas.PRODIGY_NER),
    ],
)
def test_prodigy_tasks_fit_its_schema(
    task: Task, schema: dict[str, object], tmp_path: Path
) -> None:
    tasks = lines("prodigy", task, tmp_path)
    assert len(tasks) == len(BY_HAND[task])
    for entry in tasks:
        valid(entry, schema)
        assert isinstance(entry, dict)
        accepted = entry["answer"] == "accept"
        assert accepted == (entry["meta"].get("status") is None)
        if task is Task.TAGGING:
            for token in entry["tokens"]:
                assert entry["text"][token["start"] : token["end"]] == token["text"]
                assert token["ws"] == (entry["text"][token["end"] : token["end"] + 1] == " ")
            for span in entry.get("spans", ()):
                assert entry["tokens"][span["token_start"]]["start"] == span["start"]
                assert entry["tokens"][span["token_end"]]["end"] == span["end"]


@pytest.mark.parametrize(
    ("task", "schema"),
    [
        (Task.CLASSIFICATION, schemas.DOCCANO_CLASSES),
        (Task.TAGGING, schemas.DOCCANO_SPANS),
    ],
)
def test_doccano_lines_fit_its_schema(
    task: Task, schema: dict[str, object], tmp_path: Path
) -> None:
    entries = lines("doccano", task, tmp_path)
    assert len(entries) == len(BY_HAND[task])
    for entry in entries:
        valid(entry, schema)


@pytest.mark.parametrize("task", Task)
def test_label_studio_tasks_fit_its_schema(task: Task, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    FORMATS["label-studio"].write(path, HEADERS[task], BY_HAND[task])
    tasks = json.loads(path.read_text(encoding="utf-8"))
    valid(tasks, schemas.LABEL_STUDIO)
    assert [len(entry["annotations"]) for entry in tasks] == [2, 1, 1]
    for entry in tasks:
        for annotation in entry["annotations"]:
            for region in annotation["result"]:
                if region["type"] == "labels":
                    value = region["value"]
                    assert entry["data"]["text"][value["start"] : value["end"]] == value["text"]


def test_every_status_is_tried() -> None:
    for by_hand in BY_HAND.values():
        assert {annotation.status for annotation in by_hand} == set(Status)
