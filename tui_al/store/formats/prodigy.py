"""Prodigy's JSON lines, as its `db-out` writes and `db-in` reads them (https://prodi.gy/docs/api-interfaces).

Classes are tasks of the `choice` interface (`options`, and in `accept` the one that was chosen), entities tasks of `ner_manual`
(`tokens`, and `spans` with offsets in characters and in tokens). `answer` is "accept", or "ignore" for what was skipped or is
unclear. What Prodigy has no field of its own for is in `meta`, which it keeps and shows. `_input_hash` and `_task_hash` are left to
`db-in`, which computes them where they are missing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui_al.core.annotations import Annotation, Header, PlainAnswer, Status
from tui_al.core.offsets import token_offsets
from tui_al.core.tasks import Task
from tui_al.store.formats.fields import (
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
from tui_al.store.formats.files import dumped, json_lines, write_text
from tui_al.store.formats.format import ALL_PARTS, Format, Part, Read


def write(path: Path, header: Header, annotations: Sequence[Annotation]) -> None:
    """One task a line."""
    write_text(path, (dumped(_task(annotation, header)) + "\n" for annotation in annotations))


def _task(annotation: Annotation, header: Header) -> dict[str, Any]:
    classes = header.task is Task.CLASSIFICATION
    body = _choice(annotation, header) if classes else _entities(annotation)
    meta = {
        "id": annotation.id,
        "note": annotation.note,
        "status": "" if annotation.status is Status.LABELLED else annotation.status.value,
        "reason": annotation.reason,
    }
    task: dict[str, Any] = {
        "text": annotation.text,
        **body,
        "meta": {key: value for key, value in meta.items() if value},
        "answer": "accept" if annotation.status is Status.LABELLED else "ignore",
        "_is_binary": False,
        "_view_id": "choice" if classes else "ner_manual",
    }
    if annotation.annotator:
        task["_annotator_id"] = task["_session_id"] = annotation.annotator
    if annotation.time:
        task["_timestamp"] = int(annotation.time)
    return task


def _choice(annotation: Annotation, header: Header) -> dict[str, Any]:
    return {
        "options": [{"id": name, "text": name} for name in header.names],
        "accept": [] if annotation.answer is None else [annotation.answer],
        "config": {"choice_style": "single"},
    }


def _entities(annotation: Annotation) -> dict[str, Any]:
    offsets = token_offsets(annotation.text, annotation.tokens)
    tokens = [
        {
            "text": token,
            "start": start,
            "end": end,
            "id": number,
            "ws": annotation.text[end : end + 1] == " ",
        }
        for number, (token, (start, end)) in enumerate(zip(annotation.tokens, offsets, strict=True))
    ]
    if annotation.answer is None:
        return {"tokens": tokens}
    first = {start: number for number, (start, end) in enumerate(offsets) if start < end}
    last = {end: number for number, (start, end) in enumerate(offsets) if start < end}
    return {
        "tokens": tokens,
        "spans": [
            {
                "start": start,
                "end": end,
                "token_start": first[start],
                "token_end": last[end],
                "label": kind,
            }
            for start, end, kind in annotation.spans
        ],
    }


def read(path: Path, task: Task) -> Read:
    """Tasks of `choice`, `classification` and `ner_manual`; a rejected task says what is not, and is left out."""
    found, rejected = [], 0
    for fields, place in json_lines(path):
        if fields.get("answer") == "reject":
            rejected += 1
            continue
        found.append(_annotation(fields, task, place))
    remarks = [f"rejected tasks, which say only what is wrong: {rejected:,}"] if rejected else []
    return Read(found, remarks)


def _annotation(fields: dict[str, Any], task: Task, place: str) -> Annotation:
    text = text_of(fields, "text", place)
    meta = mapping(fields, "meta", place)
    status = status_of(meta, "status", place)
    if fields.get("answer") == "ignore" and status is Status.LABELLED:
        status = Status.SKIPPED
    answer: PlainAnswer | None
    if task is Task.CLASSIFICATION:
        chosen = strings(fields, "accept", place) or (string(fields, "label", place),)
        answer = one_label(chosen, place)
    else:
        answer = spans_in(text, [span(s, place) for s in objects(fields, "spans", place)], place)
        if not answer and (status is Status.SKIPPED or fields.get("spans") is None):
            answer = () if status is Status.LABELLED else None
    return Annotation(
        id=string(meta, "id", place),
        text=text,
        answer=answer,
        tokens=tuple(text_of(token, "text", place) for token in objects(fields, "tokens", place)),
        annotator=string(fields, "_annotator_id", place) or string(fields, "_session_id", place),
        time=time_of(fields, "_timestamp", place),
        note=string(meta, "note", place),
        status=status,
        reason=string(meta, "reason", place),
        origin=place,
    )


PRODIGY = Format(
    name="prodigy",
    summary="Prodigy's JSON lines, for db-in: tasks of choice and ner_manual",
    tasks=frozenset(Task),
    carries=ALL_PARTS - {Part.DESCRIPTION, Part.SECONDS},
    write=write,
    read=read,
)
