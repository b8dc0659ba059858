"""doccano's JSON lines (https://doccano.github.io/doccano).

`label` is a list of class names, or of [start, end, type] with offsets in characters. A project with relations exports `entities`
instead, objects with `start_offset`, `end_offset` and `label`; both are read, as are the `labels` of old versions. Notes are
`Comments`. Other fields are metadata, which doccano keeps and exports again; so do ours.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui_al.core.annotations import Annotation, Header, PlainAnswer, Status
from tui_al.core.offsets import CharSpan
from tui_al.core.tasks import Task
from tui_al.core.times import to_iso
from tui_al.errors import DataError
from tui_al.store.formats.fields import (
    Fields,
    items,
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
from tui_al.store.formats.files import dumped, json_lines, write_text
from tui_al.store.formats.format import ALL_PARTS, Format, Part, Read


def write(path: Path, _header: Header, annotations: Sequence[Annotation]) -> None:
    """One annotation a line; doccano knows no annotators, so an example with several has a line for each."""
    write_text(path, (dumped(_line(annotation)) + "\n" for annotation in annotations))


def _line(annotation: Annotation) -> dict[str, Any]:
    label = [annotation.answer] if isinstance(annotation.answer, str) else annotation.spans
    metadata = {
        "tui_al_id": annotation.id,
        "annotator": annotation.annotator,
        "time": to_iso(annotation.time) if annotation.time else "",
        "status": "" if annotation.status is Status.LABELLED else annotation.status.value,
        "reason": annotation.reason,
    }
    return {
        "text": annotation.text,
        "label": list(label),
        "Comments": [annotation.note] if annotation.note else [],
        **{key: value for key, value in metadata.items() if value},
    }


def read(path: Path, task: Task) -> Read:
    """Both kinds of export. A text without a label was not answered, or (entities) has none, as doccano does not tell."""
    found = [_annotation(fields, task, place) for fields, place in json_lines(path)]
    return Read(found)


def _annotation(fields: Fields, task: Task, place: str) -> Annotation:
    if "annotations" in fields:
        raise DataError(
            f"{place}: 'annotations' with numbers for labels, as doccano exported before version 1.",
            "Export it from doccano as JSONL with text labels.",
        )
    text = text_of(fields, "text" if "text" in fields else "data", place)
    status = status_of(fields, "status", place)
    answer: PlainAnswer | None
    if task is Task.CLASSIFICATION:
        answer = one_label(_classes(fields, place), place)
    else:
        answer = spans_in(text, _spans(fields, place), place)
        if not answer and status is not Status.LABELLED:
            answer = None
    return Annotation(
        id=string(fields, "tui_al_id", place),
        text=text,
        answer=answer,
        annotator=string(fields, "annotator", place),
        time=time_of(fields, "time", place),
        note="\n".join(strings(fields, "Comments", place)),
        status=status,
        reason=string(fields, "reason", place),
        origin=place,
    )


def _name(fields: Fields) -> str:
    return next((name for name in ("label", "labels", "cats") if name in fields), "label")


def _classes(fields: Fields, place: str) -> Sequence[str]:
    name = _name(fields)
    if isinstance(fields.get(name), str):
        return [string(fields, name, place)]
    return strings(fields, name, place)


def _spans(fields: Fields, place: str) -> list[CharSpan]:
    if "entities" in fields:
        return [
            span(entity, place, "start_offset", "end_offset")
            for entity in objects(fields, "entities", place)
        ]
    listed = items(fields, "label" if "label" in fields else "labels", place)
    return [
        span(dict(zip(("start", "end", "label"), item, strict=False)), place)
        if isinstance(item, list)
        else span({"label": item}, place)
        for item in listed
    ]


DOCCANO = Format(
    name="doccano",
    summary="doccano's JSON lines",
    tasks=frozenset(Task),
    carries=ALL_PARTS - {Part.DESCRIPTION, Part.TOKENS},
    write=write,
    read=read,
)
