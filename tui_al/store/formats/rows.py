"""Annotations as flat rows: what JSON lines, CSV, Parquet and saved data sets have in common.

A row has `id`, `text`, the answer, `annotator`, `time`, `note`, `status` and `reason`. The answer of a class is `label`. That of
entities is `tokens` and `tags` (IOB2), as training wants it, beside `entities` with exact character offsets into `text`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tui_al.core.annotations import Annotation, PlainAnswer
from tui_al.core.offsets import spans_to_tags, tags_to_spans
from tui_al.core.tasks import Task
from tui_al.core.times import to_iso
from tui_al.core.words import words_of
from tui_al.store.formats.fields import (
    checked,
    objects,
    span,
    spans_in,
    status_of,
    string,
    strings,
    text_of,
    time_of,
)

DETAILS = ("annotator", "time", "note", "status", "reason")


def columns(task: Task) -> tuple[str, ...]:
    """The names of a row's fields, in order."""
    answer = ("label",) if task is Task.CLASSIFICATION else ("tokens", "tags", "entities")
    return ("id", "text", *answer, *DETAILS)


def to_row(annotation: Annotation, task: Task) -> dict[str, Any]:
    """The row of an annotation; an answer that is not there is None. The time is ISO 8601, or None."""
    answer: dict[str, Any] = {"label": annotation.answer}
    if task is Task.TAGGING:
        given = annotation.answer is not None
        tokens = annotation.tokens or words_of(annotation.text)
        answer = {
            "tokens": list(tokens),
            "tags": list(spans_to_tags(annotation.text, tokens, annotation.spans))
            if given
            else None,
            "entities": [
                {"start": start, "end": end, "label": kind} for start, end, kind in annotation.spans
            ]
            if given
            else None,
        }
    return {
        "id": annotation.id,
        "text": annotation.text,
        **answer,
        "annotator": annotation.annotator,
        "time": to_iso(annotation.time) if annotation.time else None,
        "note": annotation.note,
        "status": annotation.status.value,
        "reason": annotation.reason,
    }


def from_row(row: Mapping[str, Any], task: Task, place: str) -> Annotation:
    """The annotation of a row, all fields but the text being optional.

    Raises:
        DataError: a field of another type, entities that do not fit the text, or tags that contradict them.
    """
    tokens = strings(row, "tokens", place)
    text = " ".join(tokens) if tokens and row.get("text") is None else text_of(row, "text", place)
    answer: PlainAnswer | None
    if task is Task.CLASSIFICATION:
        answer = string(row, "label", place).strip() or None
    else:
        answer = _entities(row, text, tokens, place)
    return Annotation(
        id=string(row, "id", place),
        text=text,
        answer=answer,
        tokens=tokens,
        annotator=string(row, "annotator", place),
        time=time_of(row, "time", place),
        note=string(row, "note", place),
        status=status_of(row, "status", place),
        reason=string(row, "reason", place),
        origin=place,
    )


def _entities(
    row: Mapping[str, Any], text: str, tokens: Sequence[str], place: str
) -> PlainAnswer | None:
    tags = strings(row, "tags", place)
    by_tags = checked(place, lambda: tags_to_spans(text, tokens, tags)) if tags else None
    if row.get("entities") is None:
        return by_tags
    spans = spans_in(text, [span(item, place) for item in objects(row, "entities", place)], place)
    if by_tags is not None and by_tags != spans:
        checked(place, lambda: _contradiction(by_tags, spans))
    return spans


def _contradiction(by_tags: object, spans: object) -> None:
    raise ValueError(f"'tags' say {by_tags}, 'entities' say {spans}")
