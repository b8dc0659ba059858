"""What annotation programs write, as data: the same texts and answers as `import` reads, every
record told of, no row lost in predict."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.formats.annotations import BY_HAND, HEADERS
from tests.store.formats.reading import read_file
from tests.store.formats.test_accounts import CASES, LENIENT, TEXT, Case, in_lines, is_misfit
from tests.store.formats.test_round_trips import FORMATS
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.core.data.offsets import tags_to_spans
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.annotated_records import recognise
from tui_al.engine.data.loading import load
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
from tui_al.errors import DataError
from tui_al.store.formats.reading import Reason

PROPERTY = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

#: JSON itself is checked by the reader of files, before records are looked at.
RECORDS = {
    key: [case for case in cases if not isinstance(case[0], str) and case[1] != Reason.NO_OBJECT]
    for key, cases in CASES.items()
}
#: Lists of labels alone are a column; what doccano adds to a record tells it.
RECORDS["doccano", Task.CLASSIFICATION] = [
    ({**item, "Comments": []}, outcome)  # type: ignore[dict-item]
    for item, outcome in RECORDS["doccano", Task.CLASSIFICATION]
]
#: Plain rows with a class are no annotated records: their columns are guessed.
GUESSED = ("jsonl", Task.CLASSIFICATION)


def rows_of(path: Path, load_report: LoadReport, **config: Any) -> list[dict[str, object]]:
    tables = open_tables(path, path.name, DataConfig(str(path), **config), load_report)
    return [
        {"origin": table.origin(n), "settled": table.settled}
        | {name: cells[n] for name, cells in table.columns.items()}
        for table in tables
        for n in range(len(table))
    ]


def entities(example: Example) -> object:
    if isinstance(example.answer, tuple):
        return tags_to_spans(example.text, example.tokens, example.answer)
    return example.answer


def loaded(path: Path, **config: Any) -> Dataset:
    return load(DataConfig(str(path), test_share=0, **config))


@pytest.mark.parametrize("key", [key for key in RECORDS if key != GUESSED], ids=str)
@given(data=st.data())
@PROPERTY
def test_records_are_those_of_import(
    key: tuple[str, Task], tmp_path: Path, data: st.DataObject
) -> None:
    name, task = key
    chosen: list[Case] = data.draw(st.lists(st.sampled_from(RECORDS[key]), min_size=1, max_size=6))
    cases = [RECORDS[key][0], *chosen]
    path = tmp_path / "in.jsonl"
    path.write_text(in_lines([item for item, _ in cases]), encoding="utf-8")
    load_report = LoadReport()
    rows = rows_of(path, load_report, misfits="leave out", task=task.value)
    misfits = sum(is_misfit(outcome) for _, outcome in cases)
    assert len(rows) == len(cases) - misfits
    assert {row["settled"] for row in rows} == {task}
    answer = "tags" if task is Task.TAGGING else "label"
    imported = read_file(FORMATS[name], path, task, LENIENT).annotations
    answers = [
        tags_to_spans(row["text"], row["tokens"], row["tags"])  # type: ignore[arg-type]
        if isinstance(row.get("tags"), list)
        else row[answer]
        for row in rows
        if row[answer] is not None
    ]
    assert answers == [
        a.answer for a in imported if a.answer is not None and a.status == "labelled"
    ]
    told = " ".join(load_report.warnings)
    unlabelled = Counter(row[answer] is None for row in rows)[True]
    assert (
        sum(int(w.split(": ")[2].split()[0]) for w in load_report.warnings if "left out: " in w)
        == misfits
    )
    assert sum(
        int(w.split(": ")[2].split()[0]) for w in load_report.warnings if "unlabelled: " in w
    ) == (unlabelled), told
    if misfits:
        with pytest.raises(DataError) as error:
            rows_of(path, LoadReport(), task=task.value)
        first = next(n for n, (_, why) in enumerate(cases, 1) if is_misfit(why))
        assert error.value.message.startswith(f"in.jsonl:{first}:")
        assert "--skip-mismatched" in error.value.hint


@pytest.mark.parametrize("key", [key for key in RECORDS if key != GUESSED], ids=str)
def test_predict_keeps_every_row_whatever_is_said_of_it(
    key: tuple[str, Task], tmp_path: Path
) -> None:
    cases = [case for case, _ in RECORDS[key]]
    path = tmp_path / "in.jsonl"
    path.write_text(in_lines(cases), encoding="utf-8")
    load_report = LoadReport()
    rows = rows_of(path, load_report, misfits="texts only", task=key[1].value)
    assert len(rows) == len(cases)
    assert load_report.warnings == []
    for row, (_, outcome) in zip(rows, RECORDS[key], strict=True):
        no_text = outcome in (Reason.NO_TEXT, "that are no tasks")
        assert row["text"] == ("" if no_text else TEXT)
        assert not {"tags", "label"} & row.keys()


ENTITIES = ((0, 4, "PER"), (13, 16, "LOC"))
SPANS = [list(one) for one in ENTITIES]
OBJECTS = [{"start": s, "end": e, "label": k} for s, e, k in ENTITIES]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", {"text": TEXT, "entities": SPANS}),
        ("a.jsonl", {"text": TEXT, "ents": OBJECTS}),
        ("a.jsonl", {"text": TEXT, "spans": OBJECTS, "answer": "accept"}),
        ("a.jsonl", {"text": TEXT, "label": SPANS}),
        ("a.jsonl", {"text": TEXT, "marked": OBJECTS}),
        ("a.jsonl", [TEXT, {"entities": SPANS}]),
        ("a.json", [[TEXT, {"entities": SPANS}]]),
        ("a.json", [{"text": TEXT, "entities": SPANS, "id": 3}]),
        ("a.json", {"data": [{"text": TEXT, "entities": SPANS}]}),
        ("a.json", [{"id": 1, "text": TEXT, "annotation_id": 1, "lead_time": 2.0,
                     "label": [{"start": s, "end": e, "text": TEXT[s:e], "labels": [k]} for s, e,
                         k in ENTITIES]}]),
        ("a.jsonl", {"text": TEXT, "annotations": [
            {"begin": s, "end": e, "type": k, "exact": TEXT[s:e]} for s, e, k in ENTITIES]}),
    ],
)  # fmt: skip
def test_every_way_to_write_entities(name: str, content: object, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(content), encoding="utf-8")
    data = loaded(path)
    assert (data.task, data.labels) == (Task.TAGGING, ("LOC", "PER"))
    (example,) = data.train
    assert (example.text, example.tokens) == (TEXT, ("Anna", "flew", "to", "Ulm"))
    assert example.answer == ("B-PER", "O", "O", "B-LOC")


def test_entities_in_cells_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "ls.csv"
    cell = json.dumps([{"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}])
    quoted = cell.replace('"', '""')
    path.write_text(f'id,label,text\n1,"{quoted}",{TEXT}\n2,"{quoted}",{TEXT} again\n')
    assert [entities(e) for e in loaded(path).train] == [((0, 4, "PER"),)] * 2


def test_blanks_before_a_quote_in_json_say_nothing_of_the_cells(tmp_path: Path) -> None:
    """A text's own first blank stays, or all offsets would move."""
    path = tmp_path / "ls.csv"
    cell = json.dumps([{"start": 1, "end": 5, "text": "Anna", "labels": ["PER"]}]).replace(
        '"', '""'
    )
    path.write_text(f'id,text,label\n1, Anna flew,"{cell}"\n2, Anna left,"{cell}"\n3,none,\n')
    data = loaded(path)
    answers = [(e.text, entities(e)) for e in data.train]
    assert answers == [
        (" Anna flew", ((1, 5, "PER"),)),
        (" Anna left", ((1, 5, "PER"),)),
        ("none", None),
    ]


def test_words_are_split_where_entities_end_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"text": "Romreise  bald", "entities": [[0, 3, "LOC"]]}))
    data = loaded(path)
    assert (data.train[0].text, data.train[0].tokens) == (
        "Romreise  bald",
        ("Rom", "reise", "bald"),
    )
    assert any("words were split" in note for note in data.notes)


def test_words_of_the_file_are_kept_and_misfits_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    good = {
        "text": "Anna-Lena's",
        "tokens": [{"text": "Anna-Lena"}, {"text": "'s"}],
        "answer": "accept",
    }
    spans = [{"start": 0, "end": 9, "label": "PER"}]
    half = [{"start": 0, "end": 4, "label": "PER"}]
    path.write_text(in_lines([{**good, "spans": spans}, {**good, "spans": half}]))
    with pytest.raises(
        DataError, match=r"in\.jsonl:2: entity 'Anna' .* inside the token 'Anna-Lena'"
    ):
        loaded(path)
    data = loaded(path, misfits="leave out")
    assert [e.tokens for e in data.train] == [("Anna-Lena", "'s")]
    assert any("left out: 1 with entities that do not begin and end" in w for w in data.warnings)


def test_offsets_of_javascript_are_converted_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    value = {"start": 3, "end": 7, "text": "Anna", "labels": ["PER"]}
    region = {"type": "labels", "from_name": "l", "to_name": "t", "value": value}
    path.write_text(
        json.dumps([{"data": {"text": "🔥 Anna"}, "annotations": [{"result": [region]}]}])
    )
    data = loaded(path)
    assert entities(data.train[0]) == ((2, 6, "PER"),)
    assert any("UTF-16" in note for note in data.notes)


def test_annotators_that_differ_leave_a_text_unlabelled(tmp_path: Path) -> None:
    def task(*labels: str) -> dict[str, object]:
        results = [
            [{"type": "choices", "from_name": "c", "value": {"choices": [x]}}] for x in labels
        ]
        return {"data": {"text": " ".join(labels)}, "annotations": [{"result": r} for r in results]}

    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task("x", "x"), task("x", "y"), task("y")]))
    data = loaded(path)
    assert [e.answer for e in data.train] == ["x", None, "y"]
    assert any("1 texts that annotators label differently" in w for w in data.warnings)


def test_what_is_told_of_records_is_what_became_of_them(tmp_path: Path) -> None:
    """One annotator skipped, or marked what cannot be read, where another one answered: the text
    has its label, and counts as such."""

    def choice(*names: str, **more: object) -> dict[str, object]:
        return {
            "result": [{"type": "choices", "from_name": "c", "value": {"choices": list(names)}}],
            **more,
        }

    skipped = {"result": [], "was_cancelled": True}
    annotations = [
        [choice("x"), skipped],
        [choice("y"), choice("x", "y")],
        [choice("x"), choice("x")],
        [skipped, skipped],
        [choice("x", "y")] * 2,
    ]
    path = tmp_path / "tasks.json"
    path.write_text(
        json.dumps(
            [{"data": {"text": f"t{n}"}, "annotations": of} for n, of in enumerate(annotations)]
        )
    )
    data = loaded(path, misfits="leave out")
    assert [(e.text, e.answer) for e in data.train] == [
        ("t0", "x"),
        ("t1", "y"),
        ("t2", "x"),
        ("t3", None),
    ]
    assert data.warnings == (
        "tasks.json: unlabelled: 1 skipped in the file (tasks.json row 4)",
        "tasks.json: left out: 1 with several labels (tasks.json row 5)",
    )
    assert (
        "tasks.json: 1 texts that several annotators label alike, a row each (tasks.json row 3)"
        in data.notes
    )
    assert (
        "tasks.json: not read: 2 annotations with several labels, beside others of their text "
        "(tasks.json row 2, tasks.json row 5)" in data.notes
    )


def test_classes_and_entities_together_are_asked_about(tmp_path: Path) -> None:
    regions = [
        {"type": "choices", "from_name": "mood", "value": {"choices": ["x"]}},
        {"type": "labels", "from_name": "who", "value": {"start": 0, "end": 4, "labels": ["PER"]}},
    ]
    path = tmp_path / "tasks.json"
    tasks = [{"data": {"text": f"{TEXT} {n}"}, "annotations": [{"result": regions}]} for n in "ab"]
    path.write_text(json.dumps(tasks))
    with pytest.raises(DataError, match=r"hold classes and entities") as error:
        loaded(path)
    assert "--label-column" in error.value.hint
    assert loaded(path, label_column="who").task is Task.TAGGING
    other = [
        {**t, "annotations": [{"result": [{**regions[0], "value": {"choices": ["y"]}}]}]}
        for t in tasks
    ]
    path.write_text(json.dumps([tasks[0], {**other[1], "data": {"text": "b"}}]))
    assert loaded(path, label_column="mood").labels == ("x", "y")


def plain(rows: Sequence[dict[str, object]], **config: Any) -> bool:
    """Whether rows are left to the guesses of columns."""
    return recognise(rows, "a.jsonl", DataConfig("a.jsonl", **config), LoadReport()) is None


def test_other_rows_are_left_alone() -> None:
    assert plain([{"text": "a", "label": "x"}])
    assert plain([{"tokens": ["a"], "tags": ["O"]}])
    assert plain([{"tokens": ["a"], "ner": [[0, 1, "PER"]]}])  # of words, not of characters
    assert plain([{"text": "a", "label": "x", "entities": [[0, 1, "PER"]]}])
    assert not plain([{"text": "a", "label": "x", "entities": [[0, 1, "PER"]]}], task="tagging")
    assert plain([{"text": "a", "entities": [[0, 1, "PER"]]}], tokens_column="words")
    assert plain([{"text": "a", "scores": [[0, 1, 0.5]]}])


@pytest.mark.parametrize(
    "name", ["jsonl", "prodigy", "doccano", "label-studio", "parquet", "datasets"]
)
def test_our_own_exports_read_back_whole(name: str, tmp_path: Path) -> None:
    """With texts as they are, and what is flagged or skipped unlabelled."""
    wanted = [replace(a, annotator="ann") for a in BY_HAND[Task.TAGGING] if a.annotator != "bob"]
    suffix = {"label-studio": ".json", "parquet": ".parquet", "datasets": ""}.get(name, ".jsonl")
    path = tmp_path / f"out{suffix}"
    FORMATS[name].write(path, HEADERS[Task.TAGGING], wanted)
    data = loaded(path)
    assert [(e.text, entities(e)) for e in data.train] == [(a.text, a.answer) for a in wanted]


def test_brat_folders(tmp_path: Path) -> None:
    for split, text in (("train", TEXT), ("test", "Anna in Rom")):
        folder = tmp_path / split
        folder.mkdir()
        (folder / "a.txt").write_text(f"{text}\n", encoding="utf-8")
        (folder / "a.ann").write_text("T1\tPER 0 4\tAnna\n", encoding="utf-8")
        (folder / "b.txt").write_text("nobody\n", encoding="utf-8")
        (folder / "b.ann").write_text("", encoding="utf-8")
    data = loaded(tmp_path)
    assert [(e.text, entities(e)) for e in data.train] == [
        (TEXT, ((0, 4, "PER"),)),
        ("nobody", None),
    ]
    assert [(e.text, e.origin) for e in data.test] == [("Anna in Rom", "a.txt")]
    alone = loaded(tmp_path / "train", empty_means="no entity")
    assert [entities(e) for e in alone.train] == [((0, 4, "PER"),), ()]
    (tmp_path / "train" / "a.ann").write_text("T1\tPER 5 9\tAnna\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.txt: entity 5-9 \(PER\) is 'flew' in the text"):
        loaded(tmp_path)
