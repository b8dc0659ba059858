"""Label Studio's JSON: one array of tasks, each with its text and everybody's annotations
(https://labelstud.io/guide/task_format).

The labelling configuration that fits has `<Text name="text" value="$text"/>`, `<Choices
name="label" toName="text">` or `<Labels name="label" toName="text">`, and for notes `<TextArea
name="note" toName="text"/>`. Offsets count characters (code points), ends exclusive. Label Studio
takes `completed_by` for its own users only and drops what it does not know, so an annotator's name
and flag (in `tui_al`, beside the result) come back from our own file, but not from a project that
it went through."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tui_al.core.annotation.records import Annotation, Header, Status
from tui_al.core.data.examples import Task
from tui_al.core.data.stored_spans import Mark
from tui_al.core.session.timestamps import to_iso
from tui_al.errors import DataError
from tui_al.store.formats.fields import (
    Fields,
    annotator_of,
    items,
    mapping,
    objects,
    one_label,
    status_of,
    string,
    text_of,
    without_nuls,
)
from tui_al.store.formats.files import dumped, write_text
from tui_al.store.formats.format import ALL_PARTS, Format, Part
from tui_al.store.formats.label_studio_regions import regions_of
from tui_al.store.formats.reading import (
    ItemError,
    Parse,
    Parsed,
    Reading,
)
from tui_al.store.formats.times import Times

_TIMES = ("updated_at", "created_at")

_FROM, _TO, _NOTE = "label", "text", "note"

# Keys of a task's data that are no texts, and values that are addresses of something else.
_NO_TEXTS = frozenset(
    {"tui_al_id", "id", "image", "audio", "video", "pdf", "url", "csv", "timeseries"}
)
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|/data/)\S*$", re.IGNORECASE)


def write(path: Path, _header: Header, annotations: Sequence[Annotation]) -> None:
    """A task for each example, with the annotations of all its annotators."""
    tasks: dict[tuple[str, str], list[Annotation]] = {}
    for annotation in annotations:
        tasks.setdefault((annotation.id, annotation.text), []).append(annotation)
    write_text(path, _array(tasks))


def _array(tasks: Mapping[tuple[str, str], Sequence[Annotation]]) -> Iterator[str]:
    yield "["
    for number, ((identity, text), annotations) in enumerate(tasks.items()):
        entry = {
            "data": {"text": text, "tui_al_id": identity},
            "annotations": [_annotation(annotation) for annotation in annotations],
        }
        yield (",\n" if number else "\n") + dumped(entry)
    yield "\n]\n"


def _annotation(annotation: Annotation) -> dict[str, Any]:
    ours = {
        "annotator": annotation.annotator,
        "status": "" if annotation.status is Status.LABELLED else annotation.status.value,
        "reason": annotation.reason,
        "answered": annotation.answer is not None,
    }
    written: dict[str, Any] = {
        "result": _result(annotation),
        "was_cancelled": annotation.status is not Status.LABELLED,
        "ground_truth": False,
        "tui_al": {key: value for key, value in ours.items() if value != ""},
    }
    if annotation.time:
        written["created_at"] = written["updated_at"] = to_iso(annotation.time)
    return written


def _result(annotation: Annotation) -> list[dict[str, Any]]:
    values: list[tuple[str, str, dict[str, Any]]] = []
    if isinstance(annotation.answer, str):
        values.append((_FROM, "choices", {"choices": [annotation.answer]}))
    for start, end, kind in annotation.spans:
        text = annotation.text[start:end]
        values.append(
            (_FROM, "labels", {"start": start, "end": end, "text": text, "labels": [kind]})
        )
    if annotation.note:
        values.append((_NOTE, "textarea", {"text": [annotation.note]}))
    return [
        {"id": f"r{number}", "from_name": name, "to_name": _TO, "type": kind, "value": value}
        for number, (name, kind, value) in enumerate(values)
    ]


def parser(head: Sequence[Fields], reading: Reading) -> Parse:
    """Reads the annotations of a task, each an item of its own; what has no place here is counted.

    An annotation without any region was submitted so: a text without entities. One whose regions
    are all of kinds that are not read here says nothing, and is left out. Predictions and drafts
    are nobody's answers.
    """
    key = reading.options.text_column or text_key(head, reading)
    times = Times((given.get(name) for given in _given(head) for name in _TIMES), reading)
    return partial(_task, key=key, reading=reading, times=times)


def _given(head: Sequence[Fields]) -> Iterator[Fields]:
    """The annotations of these tasks."""
    for task in head:
        for name in ("annotations", "completions"):
            given = task.get(name)
            yield from (
                (one for one in given if isinstance(one, Mapping))
                if isinstance(given, list)
                else ()
            )


def text_key(head: Sequence[Fields], reading: Reading) -> str:
    """`text`; else the only key of the tasks' data that can be one."""
    data = [task["data"] for task in head if isinstance(task.get("data"), Mapping)]
    if not data or any("text" in one for one in data):
        return "text"
    names: dict[str, None] = dict.fromkeys(
        str(name)
        for one in data
        for name, value in one.items()
        if isinstance(value, str) and name not in _NO_TEXTS and not _ADDRESS.match(value)
    )
    if len(names) == 1:
        reading.notes.append(f"texts are read from {next(iter(names))!r} of the tasks' data")
        return next(iter(names))
    if names:
        raise DataError(
            f"The tasks' data have no 'text', but {', '.join(names)}.",
            f"Name the one that holds the texts, as --text-column {next(iter(names))}.",
        )
    return "text"


def _task(
    fields: Fields, place: str, *, key: str, reading: Reading, times: Times
) -> list[Parsed | ItemError]:
    if not isinstance(fields.get("data"), Mapping):
        raise ItemError(
            f"{place}: no task of Label Studio: it has no 'data'.",
            "Correct the file, or name its --format.",
            "that are no tasks",
        )
    data = mapping(fields, "data", place)
    found: list[Parsed | ItemError] = []
    for name in ("predictions", "drafts"):
        if listed := items(fields, name, place):
            reading.aside.add(f"{name}, which are nobody's answers", place, len(listed))
    given = objects(fields, "annotations", place) or objects(fields, "completions", place)
    if not given:
        text = text_of(data, key, place)
        bare = Annotation(string(data, "tui_al_id", place), text, origin=place)
        return [Parsed(bare, unanswered="tasks without an annotation")]
    for annotation in given:
        try:
            found.append(_annotated(data, annotation, key, place, reading, times))
        except ItemError as error:
            found.append(error)
    return found


def _annotated(
    data: Fields, given: Fields, key: str, place: str, reading: Reading, times: Times
) -> Parsed:
    text = text_of(data, key, place)
    ours = mapping(given, "tui_al", place)
    status = status_of(ours, "status", place)
    if given.get("was_cancelled") and status is Status.LABELLED:
        status = Status.SKIPPED
    regions = regions_of(objects(given, "result", place), reading, place)
    answer: str | None = None
    marks: tuple[Mark, ...] | None = None
    if reading.task is Task.CLASSIFICATION:
        answer = one_label(regions.classes, place)
    elif regions.marks or (status is Status.LABELLED and ours.get("answered") is not False):
        marks = without_nuls(data[key], regions.marks)
    unanswered = ""
    if regions.others and not answer and not marks and ours.get("answered") is not True:
        unanswered = f"without an answer of this task, only {', '.join(sorted(regions.others))}"
    annotation = Annotation(
        id=string(data, "tui_al_id", place),
        text=text,
        answer=answer,
        annotator=string(ours, "annotator", place) or annotator_of(given, "completed_by", place),
        time=times.of(given, _TIMES, place),
        note="\n".join(regions.notes),
        status=status,
        reason=string(ours, "reason", place),
        origin=place,
    )
    return Parsed(annotation, marks, unanswered=unanswered)


LABEL_STUDIO = Format(
    name="label-studio",
    summary="Label Studio's JSON tasks with everybody's annotations",
    tasks=frozenset(Task),
    carries=ALL_PARTS - {Part.DESCRIPTION, Part.TOKENS},
    write=write,
    parser=parser,
)
