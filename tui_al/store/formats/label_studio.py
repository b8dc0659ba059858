"""Label Studio's JSON: one array of tasks, each with its text and everybody's annotations (https://labelstud.io/guide/task_format).

The labelling configuration that fits has `<Text name="text" value="$text"/>`, `<Choices name="label" toName="text">` or
`<Labels name="label" toName="text">`, and for notes `<TextArea name="note" toName="text"/>`. Offsets count characters (code points),
ends exclusive. Label Studio takes `completed_by` for its own users only and drops what it does not know, so an annotator's name and
flag (in `tui_al`, beside the result) come back from our own file, but not from a project that it went through.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_al.core.annotations import Annotation, Header, PlainAnswer, Status
from tui_al.core.tasks import Task
from tui_al.core.times import to_iso
from tui_al.store.formats.fields import (
    Fields,
    mapping,
    objects,
    one_label,
    span,
    spans_in,
    status_of,
    string,
    strings,
    text_of,
    time_of,
)
from tui_al.store.formats.files import dumped, json_array, write_text
from tui_al.store.formats.format import ALL_PARTS, Format, Part, Read

_FROM, _TO, _NOTE = "label", "text", "note"


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


def read(path: Path, task: Task) -> Read:
    """Tasks with `annotations` (or `completions`, as old versions called them); predictions are not read."""
    found: list[Annotation] = []
    bare = 0
    for fields, place in json_array(path):
        data = mapping(fields, "data", place)
        annotations = objects(fields, "annotations", place) or objects(fields, "completions", place)
        bare += not annotations
        found.extend(_read_one(data, given, task, place) for given in annotations)
    return Read(found, [f"tasks without an annotation: {bare:,}"] if bare else [])


def _read_one(data: Fields, given: Fields, task: Task, place: str) -> Annotation:
    text = text_of(data, "text", place)
    ours = mapping(given, "tui_al", place)
    status = status_of(ours, "status", place)
    if given.get("was_cancelled") and status is Status.LABELLED:
        status = Status.SKIPPED
    labels, spans, notes = _values(given, place)
    answer: PlainAnswer | None = one_label(labels, place)
    if task is Task.TAGGING:
        unanswered = ours.get("answered") is False or (status is Status.SKIPPED and not spans)
        answer = None if unanswered else spans_in(text, spans, place)
    return Annotation(
        id=string(data, "tui_al_id", place),
        text=text,
        answer=answer,
        annotator=string(ours, "annotator", place) or _user(given, place),
        time=time_of(given, "updated_at", place) or time_of(given, "created_at", place),
        note="\n".join(notes),
        status=status,
        reason=string(ours, "reason", place),
        origin=place,
    )


def _values(given: Fields, place: str) -> tuple[list[str], list[tuple[int, int, str]], list[str]]:
    """The classes, entities and notes of one annotation."""
    labels: list[str] = []
    notes: list[str] = []
    spans = []
    for region in objects(given, "result", place):
        value = mapping(region, "value", place)
        match region.get("type"):
            case "choices":
                labels += strings(value, "choices", place)
            case "labels":
                kind = one_label(strings(value, "labels", place), place)
                spans.append(span({**value, "label": kind}, place))
            case "textarea":
                notes += strings(value, "text", place)
    return labels, spans, notes


def _user(given: Fields, place: str) -> str:
    """The user of Label Studio that made it: a number, or an object with an address."""
    user = given.get("completed_by")
    return (
        string(user, "email", place)
        if isinstance(user, Mapping)
        else string(given, "completed_by", place)
    )


LABEL_STUDIO = Format(
    name="label-studio",
    summary="Label Studio's JSON tasks with everybody's annotations",
    tasks=frozenset(Task),
    carries=ALL_PARTS - {Part.DESCRIPTION, Part.TOKENS},
    write=write,
    read=read,
)
