"""Every importer: items in = items told of, for files with planted oddities; and nothing is
invented for what is not answered."""

import json
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.formats.reading import read_file
from tests.store.formats.test_round_trips import FORMATS
from tui_al.core.data.examples import Task
from tui_al.errors import DataError
from tui_al.store.formats import READ_ONLY_FORMATS
from tui_al.store.formats.brat import read as read_brat
from tui_al.store.formats.reading import EMPTY, ReadOptions, Reason
from tui_al.store.tally import NO_ANSWER

LENIENT = ReadOptions(leave_out_misfits=True)
READ = "read"
TEXT = "Anna flew to Ulm"
#: One directory for all examples of a property is what is wanted: each overwrites the last one's
#: file.
PROPERTY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

#: An item of a file, and what becomes of it: read, or the reason why not.
Case = tuple[object, str]
REJECTED = "rejected tasks, which say only what is wrong"
BINARY = "entities accepted by themselves, which do not say what else there is"
OTHER_TASKS = "tasks of another interface, which say nothing about entities"
BARE = "tasks without an annotation"


def span(start: object, end: object, kind: object, **more: object) -> dict[str, object]:
    return {"start": start, "end": end, "label": kind, **more}


def region(kind: str, /, **value: object) -> dict[str, object]:
    return {"from_name": "f", "to_name": "text", "type": kind, "value": value}


def task(*results: list[dict[str, object]], **more: object) -> dict[str, object]:
    annotations = [{"result": result, "completed_by": n} for n, result in enumerate(results)]
    return {"data": {"text": TEXT}, "annotations": annotations, **more}


PER = region("labels", start=0, end=4, text="Anna", labels=["PER"])
RATING: dict[str, object] = {"type": "rating", "from_name": "r", "value": {"rating": 3}}

CASES: dict[tuple[str, Task], list[Case]] = {
    ("jsonl", Task.TAGGING): [
        ({"text": TEXT, "entities": [span(0, 4, "PER", text="Anna")]}, READ),
        ({"text": TEXT, "entities": [[0, 4, "PER"]]}, READ),
        ([TEXT, {"entities": [[0, 4, "PER"]]}], READ),
        ({"text": TEXT, "entities": [], "status": "labelled"}, READ),
        ({"text": TEXT, "entities": [], "status": "skipped"}, READ),
        ({"text": TEXT, "tokens": ["Anna", "flew", "to", "Ulm"], "tags": ["O"] * 4}, READ),
        ({"text": TEXT, "tokens": ["Anna", "flew"], "tags": ["O"]}, Reason.OUTSIDE),
        ({"text": TEXT, "entities": []}, EMPTY),
        ({"text": TEXT}, NO_ANSWER),
        ({"text": TEXT, "entities": [span(0, 4, "PER"), span(2, 6, "PER")]}, Reason.OVERLAP),
        ({"text": TEXT, "entities": [span(0, 99, "PER")]}, Reason.OUTSIDE),
        ({"text": TEXT, "entities": [span(5, 9, "PER", text="Anna")]}, Reason.STORED_TEXT),
        ({"text": TEXT, "entities": [span(0, 4, 7)]}, Reason.NO_ENTITY),
        ({"text": TEXT, "entities": [span(0, 4, ["A", "B"])]}, Reason.SEVERAL),
        ({"text": TEXT, "entities": "Anna"}, Reason.WRONG_FIELD),
        ({"text": 3, "entities": []}, Reason.NO_TEXT),
        ([1], Reason.NO_OBJECT),
        ("{", Reason.BROKEN),
    ],
    ("jsonl", Task.CLASSIFICATION): [
        ({"text": TEXT, "label": "x"}, READ),
        ({"text": TEXT, "label": 3}, READ),
        ({"text": TEXT, "status": "unclear"}, READ),
        ({"text": TEXT, "label": " "}, NO_ANSWER),
        ({"text": TEXT}, NO_ANSWER),
        ({"text": TEXT, "label": ["x"]}, Reason.WRONG_FIELD),
        ({"text": None, "label": "x"}, Reason.NO_TEXT),
        (7, Reason.NO_OBJECT),
        ("[", Reason.BROKEN),
    ],
    ("doccano", Task.TAGGING): [
        ({"text": TEXT, "label": [[0, 4, "PER"]]}, READ),
        ({"text": TEXT, "label": [], "status": "labelled"}, READ),
        ({"text": TEXT, "label": [], "annotation_approver": "admin"}, READ),
        ({"text": TEXT, "label": [], "Comments": ["unsure"]}, READ),  # the note is kept
        ({"text": TEXT, "entities": [{"start_offset": 0, "end_offset": 4, "label": "PER"}]}, READ),
        ({"text": TEXT, "label": []}, EMPTY),
        ({"text": TEXT, "label": [], "annotation_approver": None}, EMPTY),
        ({"text": TEXT, "label": [[0, 4, "PER"], [0, 4, "PER"]]}, Reason.OVERLAP),
        ({"text": TEXT, "label": [[4, 4, "PER"]]}, Reason.OUTSIDE),
        ({"text": TEXT, "label": [[0, 4]]}, Reason.NO_ENTITY),
    ],
    ("doccano", Task.CLASSIFICATION): [
        ({"text": TEXT, "label": ["x"]}, READ),
        ({"text": TEXT, "label": "x"}, READ),
        ({"text": TEXT, "label": []}, NO_ANSWER),
        ({"text": TEXT, "label": ["x", "y"]}, Reason.SEVERAL),
        ({"text": TEXT, "label": [3]}, Reason.WRONG_FIELD),
    ],
    ("prodigy", Task.TAGGING): [
        ({"text": TEXT, "spans": [span(0, 4, "PER")], "answer": "accept"}, READ),
        ({"text": TEXT, "spans": [], "answer": "accept"}, READ),
        ({"text": TEXT, "answer": "accept"}, READ),
        ({"text": TEXT, "spans": [], "answer": "ignore"}, READ),
        ({"text": TEXT, "spans": [span(0, 4, "PER")], "answer": "reject"}, REJECTED),
        ({"text": TEXT, "spans": [span(0, 4, "PER")], "answer": "accept", "_is_binary": True},
            BINARY),
        ({"text": TEXT, "spans": [span(0, 4, "PER")], "answer": "accept", "_view_id": "ner"},
            BINARY),
        ({"text": TEXT, "options": [], "accept": ["x"], "answer": "accept"}, OTHER_TASKS),
        ({"text": TEXT, "label": "x", "answer": "accept"}, OTHER_TASKS),
        ({"text": TEXT, "spans": []}, EMPTY),
        ({"text": TEXT, "spans": [span(5, 9, "PER", text="Anna")], "answer": "accept"},
            Reason.STORED_TEXT),
        ({"text": TEXT, "tokens": [{"text": "Anna"}, {"text": "flew"}], "answer": "accept",
          "spans": [span(5, 9, "PER", token_start=0, token_end=0)]}, Reason.STORED_TEXT),
        ({"text": TEXT, "tokens": [{"text": "Anna"}], "answer": "accept",
          "spans": [span(0, 4, "PER", token_start=0, token_end=3)]}, Reason.CONTRADICTION),
    ],
    ("prodigy", Task.CLASSIFICATION): [
        ({"text": TEXT, "options": [{"id": "x", "text": "X!"}], "accept": ["x"],
            "answer": "accept"}, READ),
        ({"text": TEXT, "options": [{"id": 1, "text": "x"}], "accept": [1], "answer": "accept"},
            READ),
        ({"text": TEXT, "label": "x", "answer": "ignore"}, READ),
        ({"text": TEXT, "label": "x", "answer": "reject"}, REJECTED),
        ({"text": TEXT, "options": [{"id": "x", "text": "x"}], "accept": [], "answer": "accept"},
            NO_ANSWER),
        ({"text": TEXT, "options": [], "accept": ["x", "y"], "answer": "accept"}, Reason.SEVERAL),
    ],
    ("label-studio", Task.TAGGING): [
        (task([PER]), READ),
        (task([PER, RATING]), READ),  # the rating has no place, the entity stays
        (task([]), READ),  # submitted without a region
        (task([region("hypertextlabels", startOffset=0, endOffset=4, text="Anna",
            hypertextlabels=["PER"])]), READ),
        ({**task(), "annotations": [{"result": [], "was_cancelled": True}]}, READ),
        (task([RATING]), "without an answer of this task, only rating"),
        (task([{"type": "relation", "from_id": "a", "to_id": "b"}]), "without an answer of this "
            "task, only relation"),
        (task([region("choices", choices=["x"])]), "without an answer of this task, only choices"),
        (task(), BARE),
        (task(predictions=[{"result": [PER]}]), BARE),
        (task([region("labels", start=5, end=9, text="Anna", labels=["PER"])]), Reason.STORED_TEXT),
        (task([region("labels", start=0, end=4, text="Anna", labels=[])]), Reason.NO_ENTITY),
        (task([region("labels", start=0, end=4, text="Anna", labels=["A", "B"])]), Reason.SEVERAL),
        (task([region("hypertextlabels", start="/p[1]/text()[1]", end="/p[1]/text()[1]",
            startOffset=0,
                      endOffset=4, text="Anna", hypertextlabels=["PER"])]),
         "with hypertextlabels in a page with markup"),
        ({"data": {"picture": 3}, "annotations": []}, Reason.NO_TEXT),
        ({"no": "task"}, "that are no tasks"),
    ],
    ("label-studio", Task.CLASSIFICATION): [
        (task([region("choices", choices=["x"])]), READ),
        (task([region("choices", choices=["x"]), PER]), READ),
        (task([region("choices", choices=["x"], start=0, end=4)]), "without an answer of this "
            "task, only choices of regions"),
        (task([]), NO_ANSWER),
        (task([region("taxonomy", taxonomy=[["a", "b"]])]), "without an answer of this task, only "
            "taxonomy"),
        (task([region("choices", choices=["x", "y"])]), Reason.SEVERAL),
        (task([region("choices", choices=["x"]),
            {**region("choices", choices=["y"]), "from_name": "g"}]), Reason.SEVERAL),
        (task(), BARE),
    ],
}  # fmt: skip
NOT_MISFITS = {READ, EMPTY, NO_ANSWER, REJECTED, BINARY, OTHER_TASKS, BARE}


def is_misfit(outcome: str) -> bool:
    return outcome not in NOT_MISFITS and not outcome.startswith("without an answer of this task")


def in_lines(items: list[object]) -> str:
    """One JSON a line; a string stands for itself, as a line that is broken."""
    return "\n".join(item if isinstance(item, str) else json.dumps(item) for item in items)


def some_cases(name: str, task: Task) -> st.SearchStrategy[list[Case]]:
    return st.lists(st.sampled_from(CASES[name, task]), min_size=1, max_size=8)


@pytest.mark.parametrize(("name", "task"), CASES)
@given(data=st.data())
@PROPERTY
def test_every_item_is_told_of(name: str, task: Task, tmp_path: Path, data: st.DataObject) -> None:
    first = CASES[name, task][0]  # so that the file has an answer
    cases = [first, *data.draw(some_cases(name, task))]
    path = tmp_path / "in.jsonl"
    path.write_text(in_lines([item for item, _ in cases]), encoding="utf-8")
    outcomes = Counter(outcome for _, outcome in cases)
    read = read_file(FORMATS[name], path, task, LENIENT)
    assert len(read.annotations) == outcomes.pop(READ)
    assert read.left_out.counts == dict(outcomes)
    if misfits := sum(count for why, count in outcomes.items() if is_misfit(why)):
        with pytest.raises(DataError) as error:
            read_file(FORMATS[name], path, task)
        first_bad = next(n for n, (_, why) in enumerate(cases, 1) if is_misfit(why))
        assert error.value.message.startswith(f"in.jsonl:{first_bad}:")
        assert (f"and {misfits - 1} more" in error.value.message) == (misfits > 1)
        assert "--skip-mismatched" in error.value.hint
    else:
        again = read_file(FORMATS[name], path, task)
        assert again.annotations == read.annotations


@pytest.mark.parametrize(("name", "task"), CASES)
def test_every_oddity_by_itself(name: str, task: Task, tmp_path: Path) -> None:
    for case, outcome in CASES[name, task]:
        path = tmp_path / "in.jsonl"
        path.write_text(in_lines([CASES[name, task][0][0], case]), encoding="utf-8")
        read = read_file(FORMATS[name], path, task, LENIENT)
        assert read.left_out.counts == ({} if outcome == READ else {outcome: 1}), case


@pytest.mark.parametrize("name", ["jsonl", "doccano", "prodigy"])
def test_an_empty_list_is_an_answer_only_on_request(name: str, tmp_path: Path) -> None:
    field = {"jsonl": "entities", "doccano": "label", "prodigy": "spans"}[name]
    marks = [[0, 4, "PER"]] if name != "prodigy" else [span(0, 4, "PER")]
    path = tmp_path / "in.jsonl"
    path.write_text(in_lines([{"text": TEXT, field: marks}, {"text": "b", field: []}]))
    read = partial(read_file, FORMATS[name], path, Task.TAGGING)
    assert [a.answer for a in read().annotations] == [((0, 4, "PER"),)]
    found = read(ReadOptions(accept_empty=True))
    assert [a.answer for a in found.annotations] == [((0, 4, "PER"),), ()]
    assert found.left_out.counts == {}


#: Lines of an .ann, and what becomes of its text.
BRAT = [
    ("T1\tPER 0 4\tAnna\nR1\tX Arg1:T1 Arg2:T1\n", READ),
    ("", EMPTY),
    ("#1\tAnnotatorNotes T1\tnone here\n", READ),  # somebody was at work here
    (None, "texts without an .ann"),
    ("T1\tPER 5 9\tAnna\n", Reason.STORED_TEXT),
    ("T1\tPER 0 4;9 11\tAnna to\n", "with an entity in several pieces"),
    ("T1\tPER 0 x\tAnna\n", Reason.NO_ENTITY),
    ("T1\tPER 0 4\tAnna\nT2\tLOC 2 4\tna\n", Reason.OVERLAP),
]


@given(chosen=st.lists(st.sampled_from(BRAT), min_size=1, max_size=6))
@PROPERTY
def test_brat_folders(chosen: list[tuple[str | None, str]], tmp_path: Path) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    for number, (ann, _) in enumerate(chosen):
        (tmp_path / f"d{number}.txt").write_text(f"{TEXT}\n", encoding="utf-8")
        if ann is not None:
            (tmp_path / f"d{number}.ann").write_text(ann, encoding="utf-8")
    outcomes = Counter(outcome for _, outcome in chosen)
    read = read_brat(tmp_path, Task.TAGGING, LENIENT)
    assert len(read.annotations) == outcomes.pop(READ, 0)
    assert read.left_out.counts == dict(outcomes)
    assert all(a.text == TEXT for a in read.annotations)
    assert "brat" in READ_ONLY_FORMATS


def csv_of(rows: list[list[str]], folder: Path, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    return path


@given(
    rows=st.lists(
        st.sampled_from([(["a", "x"], READ), (["b", ""], NO_ANSWER),
                         (["c"], "with too few or too many fields"),
                         (["d", "x", "y"], "with too few or too many fields")]),
        max_size=8,
    )
)  # fmt: skip
@PROPERTY
def test_csv_rows(rows: list[tuple[list[str], str]], tmp_path: Path) -> None:
    path = csv_of([["text", "label"], ["first", "x"], *(row for row, _ in rows)], tmp_path)
    outcomes = Counter(outcome for _, outcome in rows)
    read = read_file(FORMATS["csv"], path, Task.CLASSIFICATION, LENIENT)
    assert len(read.annotations) == 1 + outcomes.pop(READ, 0)
    uneven = outcomes.pop("with too few or too many fields", 0)
    told = [note for note in read.notes if f"left out: {uneven} row" in note]
    assert len(told) == (uneven > 0)
    assert read.left_out.counts == dict(outcomes)


#: Enough for the columns and the notation of the tags to be clear, however many sentences break
#: them.
SURE_SENTENCES = 12


@given(
    sentences=st.lists(
        st.sampled_from(
            [("a O\n", READ), ("b B-X\nc O\n", READ), ("d\n", "columns"), ("e O\nf NN\n", "tags")]
        ),
        max_size=6,
    )
)
@PROPERTY
def test_conll_sentences(sentences: list[tuple[str, str]], tmp_path: Path) -> None:
    path = tmp_path / "in.conll"
    lines = [*SURE_SENTENCES * ["g B-X\nh I-X\ni O\n"], *(lines for lines, _ in sentences)]
    path.write_text("\n".join(lines), encoding="utf-8")
    read = read_file(FORMATS["conll"], path, Task.TAGGING, LENIENT)
    outcomes = Counter(outcome for _, outcome in sentences)
    assert len(read.annotations) == SURE_SENTENCES + outcomes[READ]
    assert read.left_out.total == outcomes["tags"]
    told = [note for note in read.notes if "with a line of other columns" in note]
    assert [int(note.split("left out: ")[1].split()[0]) for note in told] == [
        count for count in [outcomes["columns"]] if count
    ]
