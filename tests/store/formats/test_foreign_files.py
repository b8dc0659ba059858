"""Files as the other programs write them, and files that are wrong: the message names the line and
the field."""

import gzip
import json
from functools import partial
from pathlib import Path

import pytest

from tests.store.formats.reading import read_file
from tests.store.formats.schemas import PRODIGY_NER
from tests.store.formats.test_round_trips import FORMATS, valid
from tui_al.core.annotation.records import Annotation, Status
from tui_al.core.data.examples import Task
from tui_al.errors import DataError
from tui_al.store.formats.brat import read as read_brat
from tui_al.store.formats.reading import EMPTY, Read, ReadOptions
from tui_al.store.tally import NO_ANSWER

CLASSES, ENTITIES = Task.CLASSIFICATION, Task.TAGGING


def read(known: str, task: Task, content: str | bytes, folder: Path, name: str = "in.x") -> Read:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(FORMATS[known], path, task)


def answers(found: Read) -> list[object]:
    return [annotation.answer for annotation in found.annotations]


def json_lines(*objects: object) -> str:
    return "\n".join(json.dumps(item) for item in objects)


def test_prodigy_binary_tasks(tmp_path: Path) -> None:
    common = {"_input_hash": 1, "_task_hash": -2, "meta": {"source": "x"}}
    content = json_lines(
        {"text": "a", "label": "refund", "answer": "accept", **common},
        {"text": "a", "label": "other", "answer": "reject", **common},
        {"text": "b", "label": "refund", "answer": "ignore", "_session_id": "set-ann", **common},
        {"text": "c", "label": "refund", "_timestamp": 1700000000, **common},
    )
    found = read("prodigy", CLASSES, content, tmp_path)
    assert answers(found) == ["refund", "refund", "refund"]
    assert [a.status for a in found.annotations] == ["labelled", "skipped", "labelled"]
    assert [a.annotator for a in found.annotations] == ["", "set-ann", ""]
    assert [a.time for a in found.annotations] == [0, 0, 1700000000]
    assert found.left_out.told() == ["1 rejected tasks, which say only what is wrong (in.x:2)"]
    assert found.notes == ["1 tasks without 'answer', whose labels are taken all the same (in.x:4)"]


def test_prodigy_ner_as_db_out_writes_it(tmp_path: Path) -> None:
    task = {
        "text": "Hello Apple",
        "_input_hash": -977724056,
        "_task_hash": -665543633,
        "_is_binary": False,
        "tokens": [
            {"text": "Hello", "start": 0, "end": 5, "id": 0, "ws": True},
            {"text": "Apple", "start": 6, "end": 11, "id": 1, "ws": False},
        ],
        "_view_id": "ner_manual",
        "spans": [{"start": 6, "end": 11, "label": "ORG", "token_start": 1, "token_end": 1}],
        "answer": "accept",
        "_timestamp": 1635322276,
        "_annotator_id": "set-ann",
    }
    valid(task, PRODIGY_NER)
    found = read("prodigy", ENTITIES, json_lines(task), tmp_path).annotations
    assert found == [
        Annotation(
            "", "Hello Apple", ((6, 11, "ORG"),), ("Hello", "Apple"), "set-ann", 1635322276.0,
            origin="in.x:1",
        )
    ]  # fmt: skip


def test_doccano_of_a_project_with_relations(tmp_path: Path) -> None:
    entities = [
        {"id": 7, "label": "LOC", "start_offset": 7, "end_offset": 10},
        {"id": 3, "label": "PER", "start_offset": 0, "end_offset": 4},
    ]
    line = {
        "id": 6400,
        "text": "Anna in Ulm",
        "entities": entities,
        "relations": [],
        "Comments": [],
    }
    found = read("doccano", ENTITIES, json_lines(line), tmp_path)
    assert answers(found) == [((0, 4, "PER"), (8, 10, "LOC"))]  # the blank before "Ul" is cut off


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ({"id": 1, "text": "Anna", "label": [[0, 4, "PER"]]}, ((0, 4, "PER"),)),
        ({"text": "Anna", "labels": [[0, 4, "PER"]]}, ((0, 4, "PER"),)),
        ({"id": 1, "data": "Anna", "label": [], "annotation_approver": "admin"}, ()),
    ],
)
def test_doccano_spans_of_every_version(
    line: dict[str, object], answer: object, tmp_path: Path
) -> None:
    assert answers(read("doccano", ENTITIES, json_lines(line), tmp_path)) == [answer]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ({"id": 1, "text": "a", "label": ["refund"], "Comments": []}, "refund"),
        ({"text": "a", "label": "refund"}, "refund"),
        ({"text": "a", "labels": ["refund"]}, "refund"),
        ({"text": "a", "cats": ["refund"], "entities": []}, "refund"),
    ],
)
def test_doccano_classes_of_every_version(
    line: dict[str, object], answer: object, tmp_path: Path
) -> None:
    assert answers(read("doccano", CLASSES, json_lines(line), tmp_path)) == [answer]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_an_entity_that_brat_broke_at_a_line_break_is_one(mark: str, tmp_path: Path) -> None:
    """As brat's server stores it; a byte-order mark is a character to it."""
    (tmp_path / "a.txt").write_bytes(f"{mark}Anna\r\nLee\tflew\n".encode())
    by = len(mark)
    lines = [
        f"T1\tPER {by} {by + 4};{by + 6} {by + 9}\tAnna Lee",
        f"T2\tX {by + 10} {by + 14}\tflew",
    ]
    (tmp_path / "a.ann").write_text("\n".join(lines), encoding="utf-8")
    found = read_brat(tmp_path, ENTITIES)
    assert [(a.text, a.answer) for a in found.annotations] == [
        ("Anna\r\nLee\tflew", ((0, 9, "PER"), (10, 14, "X")))
    ]
    joined = "1 entities that brat broke at a line break or tab, read whole (a.ann:1)"
    counted = "1 texts with a byte-order mark, which their offsets count as a character (a.txt)"
    assert found.notes == [joined, *([counted] if mark else [])]


def test_offsets_that_do_not_count_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffAnna flew".encode())
    (tmp_path / "a.ann").write_text("T1\tPER 0 4\tAnna\n")
    found = read_brat(tmp_path, ENTITIES)
    assert (answers(found), found.notes) == ([((0, 4, "PER"),)], [])


def test_label_studio_writes_no_field_where_nothing_is_marked(tmp_path: Path) -> None:
    rows = [
        {"text": "Anna", "label": [{"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}],
            "annotation_id": 1, "lead_time": 2},
        {"text": "none", "annotation_id": 2, "lead_time": 2},
        {"text": "nobody looked", "annotation_id": None, "lead_time": None},
    ]  # fmt: skip
    (tmp_path / "min.json").write_text(json.dumps(rows))
    read = partial(read_file, FORMATS["jsonl"], tmp_path / "min.json", ENTITIES)
    assert read().left_out.counts == {EMPTY: 1, NO_ANSWER: 1}
    found = read(ReadOptions(accept_empty=True))
    assert (answers(found), found.left_out.counts) == ([((0, 4, "PER"),), ()], {NO_ANSWER: 1})


def test_label_studio_as_it_exports(tmp_path: Path) -> None:
    region = {"id": "x1", "from_name": "sentiment", "to_name": "text", "type": "choices"}
    done = {
        "id": 1001,
        "result": [{**region, "value": {"choices": ["refund"]}, "origin": "manual"}],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2021-03-09T22:16:08.728353Z",
        "updated_at": "2021-03-09T22:16:09.728378Z",
        "lead_time": 4.288,
        "completed_by": 10,
    }
    by_mail = {**done, "completed_by": {"id": 2, "email": "ann@example.com"}, "result": []}
    skipped = {"result": [], "was_cancelled": True}
    tasks = [
        {"id": 1, "data": {"text": "a"}, "annotations": [done, by_mail], "predictions": [done]},
        {"id": 2, "data": {"text": "b"}, "completions": [skipped]},
        {"id": 3, "data": {"text": "c"}, "annotations": []},
    ]
    found = read("label-studio", CLASSES, json.dumps(tasks), tmp_path)
    assert answers(found) == ["refund", None]
    assert [a.annotator for a in found.annotations] == ["10", ""]
    assert [a.status for a in found.annotations] == ["labelled", "skipped"]
    assert found.annotations[0].time == pytest.approx(1615328169.728378, abs=1e-6)
    assert found.left_out.counts == {"without an answer": 1, "tasks without an annotation": 1}
    assert found.aside.told() == ["1 predictions, which are nobody's answers (in.x row 1)"]
    alone = read("label-studio", CLASSES, json.dumps(tasks[0]), tmp_path)
    assert answers(alone) == ["refund"]


def test_conll_of_four_columns_in_another_scheme(tmp_path: Path) -> None:
    content = (
        "-DOCSTART- -X- O O\n\nU.N. NNP I-NP I-ORG\nofficial NN I-NP "
        "O\r\n\n\nEkeus\tNNP\tI-NP\tS-PER\n"
    )
    found = read("conll", ENTITIES, content, tmp_path).annotations
    assert [(a.text, a.answer, a.origin) for a in found] == [
        ("U.N. official", ((0, 4, "ORG"),), "in.x:3"),
        ("Ekeus", ((0, 5, "PER"),), "in.x:7"),
    ]


def test_csv_with_few_columns_semicolons_and_a_mark(tmp_path: Path) -> None:
    content = '\ufefftext;label\n"a;\nb";refund\nc;\n'
    found = read("csv", CLASSES, content, tmp_path)
    assert [(a.text, a.answer, a.origin) for a in found.annotations] == [
        ("a;\nb", "refund", "in.x:2")
    ]
    assert found.left_out.told() == ["1 without an answer (in.x:4)"]


def test_packed_files(tmp_path: Path) -> None:
    packed = gzip.compress(json_lines({"text": "a", "label": "x"}).encode())
    assert answers(read("jsonl", CLASSES, packed, tmp_path, "in.jsonl.gz")) == ["x"]


def test_numbers_as_labels_and_times(tmp_path: Path) -> None:
    found = read("jsonl", CLASSES, '{"text": "a", "label": 3, "time": 5.5}', tmp_path).annotations
    assert (found[0].answer, found[0].time, found[0].status) == ("3", 5.5, Status.LABELLED)


READABLE = '{"text": "b", "status": "labelled", "label": "x", "time": 5}\n'
GOOD = '{"text": "ok"}\n'


@pytest.mark.parametrize(
    ("known", "task", "content", "message"),
    [
        ("jsonl", CLASSES, GOOD + "{", "in.x:2: not valid JSON"),
        ("jsonl", CLASSES, GOOD + "\n[1]", "in.x:3: [1] is not an object"),
        ("jsonl", CLASSES, GOOD + '{"label": "x"}', "in.x:2: 'text' is nothing, not a text"),
        ("jsonl", CLASSES, '{"text": 3, "label": "x"}', "in.x:1: 'text' is 3, not a text"),
        ("jsonl", CLASSES, '{"text": "a", "label": ["x"]}', "'label' is ['x'], not a string"),
        ("jsonl", CLASSES, READABLE + '{"text": "a", "status": "done"}', "'status' is 'done', not "
            "one of labelled"),
        ("jsonl", CLASSES, READABLE + '{"text": "a", "time": "noon"}', "'time' is 'noon', not a "
            "time"),
        ("jsonl", ENTITIES, '{"text": "a", "entities": [[3]]}', "in.x:1: {'start': 3} is not an "
            "entity"),
        ("jsonl", ENTITIES, '{"text": "a", "entities": [{"start": 0}]}', "{'start': 0} is not an "
            "entity"),
        (
            "jsonl", ENTITIES, '{"text": "a", "entities": [{"start": 0, "end": 2, "label": "X"}]}',
            "in.x:1: entity 0-2 (X) is empty or outside the text, which has 1 characters",
        ),
        ("jsonl", ENTITIES, '{"tokens": ["a"], "tags": ["B-X", "O"]}', "in.x:1: 1 token but 2 "
            "tags"),
        ("jsonl", ENTITIES, '{"tokens": ["a"], "tags": ["X"]}', "in.x:1: token 1 has the tag 'X', "
            "which is not a tag"),
        (
            "jsonl", ENTITIES, '{"tokens": ["a"], "tags": ["B-X"], "entities": [[0, 1, "Y"]]}',
            "'tags' say ((0, 1, 'X'),), 'entities' say ((0, 1, 'Y'),)",
        ),
        ("csv", CLASSES, "", "in.x is empty"),
        ("csv", CLASSES, 'text,label\n"a\nb",x\nc\n', "in.x:4: 1 field, but the first line has 2"),
        ("csv", CLASSES, 'text\na\n"b', "in.x:3: unexpected end of data"),
        ("conll", ENTITIES, "a O\nb\n", "in.x:2: 1 column, but the other lines have 2"),
        ("conll", ENTITIES, "a B-X\nb I-X\nc B-X\nd I-X\n\ne NN\n", "in.x:6: token 1 has the tag "
            "'NN'"),
        ("prodigy", CLASSES, '{"text": "a", "accept": ["x", "y"]}', "in.x:1: 2 labels, x, y"),
        ("prodigy", ENTITIES, '{"text": "ab", "spans": [{"start": 0, "end": 2, "label": "X"}, '
            '{"start": 1, "end": 2, "label": "Y"}]}', "'b' (1-2, Y) overlaps 'ab' (0-2, X)"),
        ("doccano", ENTITIES, '{"text": "a", "label": ["x"]}', "{'label': 'x'} is not an entity"),
        ("doccano", CLASSES, '{"text": "a", "annotations": [{"label": 3}]}', "numbers for labels"),
        ("label-studio", CLASSES, '[{"data": {"text": "a"},\n"annotations": [}]', "in.x:2: not "
            "valid JSON"),
        (
            "label-studio", CLASSES, '[{"data": {"image": "x"}, "annotations": [{"result": []}]}]',
            "in.x row 1: 'text' is nothing, not a text",
        ),
        ("parquet", CLASSES, "text", "in.x is plain text, whatever its name says"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    known: str, task: Task, content: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as error:
        read(known, task, content, tmp_path)
    assert message in error.value.message
    assert error.value.hint


def test_files_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    for known in ("jsonl", "csv", "conll", "prodigy", "label-studio", "doccano", "parquet"):
        task = ENTITIES if known == "conll" else CLASSES
        with pytest.raises(DataError, match=r"missing\.x"):
            read_file(FORMATS[known], tmp_path / "missing.x", task)
    with pytest.raises(DataError, match="saved by `datasets`"):
        read_file(FORMATS["datasets"], tmp_path, CLASSES)
    with pytest.raises(DataError, match=r"in\.x:2: byte 0xe9 .* is not valid utf-8"):
        read("jsonl", CLASSES, b'{"text": "a"}\n{"text": "caf\xe9"}', tmp_path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    from tests.store.formats.annotations import BY_HAND, HEADERS

    for known in ("jsonl", "parquet"):
        with pytest.raises(DataError, match="cannot be written"):
            FORMATS[known].write(tmp_path / "no" / "such", HEADERS[CLASSES], BY_HAND[CLASSES])
