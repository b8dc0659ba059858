"""Annotations as flat rows: what JSON lines, CSV, Parquet and saved data sets have in common.

A row has `id`, `text`, the answer, `annotator`, `time`, `note`, `status` and `reason`. The answer
of a class is `label`. That of entities is `tokens` and `tags` (IOB2), as training wants it, beside
`entities` with exact character offsets into `text`."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from tui_al.core.annotation.records import Annotation
from tui_al.core.data.examples import Task
from tui_al.core.data.offsets import spans_to_tags, tags_to_spans
from tui_al.core.data.stored_spans import Mark
from tui_al.core.data.word_split import words_of
from tui_al.core.session.timestamps import to_iso
from tui_al.errors import DataError
from tui_al.store.formats.fields import (
    Fields,
    annotator_of,
    any_mark,
    checked,
    is_mark,
    objects,
    one_label,
    status_of,
    string,
    strings,
    text_of,
    tokens_of,
    without_nuls,
)
from tui_al.store.formats.own_fields import without_foreign
from tui_al.store.formats.reading import ItemError, Parse, Parsed, Reading, Reason
from tui_al.store.formats.times import Times

DETAILS = ("annotator", "time", "note", "status", "reason")

#: What the field of a text's entities is usually called.
ENTITY_FIELDS = ("entities", "ents", "spans", "label", "labels", "annotations", "annotation", "ner")

# Fields that Label Studio adds to flat rows, and those that tell its rows from others.
_LABEL_STUDIO_FIELDS = frozenset(
    {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"}
)
_LABEL_STUDIO_MARKS = frozenset({"annotation_id", "lead_time"})
_TIMES = ("time", "updated_at", "created_at")


def columns(task: Task) -> tuple[str, ...]:
    """The names of a row's fields, in order."""
    answer = ("label",) if task is Task.CLASSIFICATION else ("tokens", "tags", "entities")
    return ("id", "text", *answer, *DETAILS)


def to_row(annotation: Annotation, task: Task) -> dict[str, Any]:
    """The row of an annotation; an answer that is not there is None. The time is ISO 8601, or
    None."""
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


def parser(head: Sequence[Fields], reading: Reading) -> Parse:
    """Reads rows of our own and of other programs: a text, and a class or entities under any of
    their usual names.

    What they are called is settled by the options, else by our own names, else, for exports of
    Label Studio in flat rows, by what is left beside its own fields. Where a file has no answers at
    all, `reading.nothing` says which fields it has."""
    names = dict.fromkeys(name for row in head for name in row)
    named = reading.options.label_column
    text = reading.options.text_column or "text"
    if named is not None and head and named not in names:
        raise _no_column(named, "--label-column", names)
    if text != "text" and head and text not in names:
        raise _no_column(text, "--text-column", names)
    if reading.task is Task.CLASSIFICATION:
        answer = named or _class_column(names, text, reading)
    else:
        answer = named or _entity_column(head, names, reading)
    if head and answer not in names and not {"status", "tags"} & names.keys():
        reading.nothing = _no_answers(names, text, reading.task)
    when = _TIMES if _LABEL_STUDIO_MARKS & names.keys() else _TIMES[:1]
    times = Times((row.get(name) for row in head for name in when), reading)

    def parse(row: Fields, place: str) -> list[Parsed | ItemError]:
        found = _parsed(row, place, reading.task, text, answer, partial(times.of, names=when))
        return [found]

    return without_foreign(head, reading, parse, times)


def _class_column(names: Mapping[str, None], text: str, reading: Reading) -> str:
    if "label" in names or "cats" in names:
        return "label" if "label" in names else "cats"
    others = [name for name in names if name not in _LABEL_STUDIO_FIELDS and name != text]
    if _LABEL_STUDIO_MARKS & names.keys() and len(others) == 1:
        reading.notes.append(f"labels are read from {others[0]!r}")
        return others[0]
    return "label"


def _entity_column(head: Sequence[Fields], names: Mapping[str, None], reading: Reading) -> str:
    """The first field that holds entities; else the first that is usual for them and holds lists
    only."""
    usual = [name for name in ENTITY_FIELDS if name in names]
    with_marks = [
        name
        for name in (*usual, *(name for name in names if name not in usual))
        if any(is_mark(item) for row in head for item in listed(row.get(name)))
    ]
    if with_marks and with_marks[0] not in ENTITY_FIELDS:
        reading.notes.append(f"entities are read from {with_marks[0]!r}")
    lists = [name for name in usual if all(isinstance(row.get(name), list | None) for row in head)]
    return next(iter((*with_marks, *lists)), ENTITY_FIELDS[0])


def listed(cell: object) -> Sequence[object]:
    """The items of a list, also of one that is written as JSON in a cell of CSV; () for anything
    else."""
    if isinstance(cell, str) and cell.startswith("[") and cell.endswith("]"):
        try:
            cell = json.loads(cell)
        except ValueError:
            return ()
    return cell if isinstance(cell, list) else ()


def _parsed(
    row: Fields,
    place: str,
    task: Task,
    text_name: str,
    answer_name: str,
    time_of: Callable[..., float],
) -> Parsed:
    """See `parser`. All fields but the text are optional."""
    tokens = tokens_of(row, place)
    raw = row.get(text_name)
    text = " ".join(tokens) if tokens and raw is None else text_of(row, text_name, place)
    status = status_of(row, "status", place)
    answer: str | None = None
    marks: tuple[Mark, ...] | None = None
    settled, by_tags = bool(row.get("status")), False
    if task is Task.CLASSIFICATION:
        answer = _class(row, answer_name, place)
    else:
        marks, by_tags = _entities(row, answer_name, text, tokens, place)
        settled = settled or by_tags
        if marks is None and row.get("annotation_id") not in (None, ""):
            marks = ()  # Label Studio writes no field where nothing is marked
        if marks is not None and isinstance(raw, str):
            marks = without_nuls(raw, marks)
    annotation = Annotation(
        id=string(row, "id", place) if row.get("annotation_id") is None else "",
        text=text,
        answer=answer,
        tokens=tokens,
        annotator=annotator_of(row, "annotator", place),
        time=time_of(row, place=place),
        note=string(row, "note", place),
        status=status,
        reason=string(row, "reason", place),
        origin=place,
    )
    return Parsed(annotation, marks, settled, by_tags=by_tags)


def _class(row: Fields, name: str, place: str) -> str | None:
    """The class: a string or number, the only one of a list of one, or of `cats` the one that is
    true."""
    found = row.get(name)
    if isinstance(found, Mapping) and isinstance(found.get("choices"), list):  # of Label Studio
        return one_label(strings(found, "choices", place), place)
    if isinstance(found, Mapping):  # spaCy's cats
        true = [str(key) for key, value in found.items() if isinstance(value, int | float)
                and value >= 0.5]  # fmt: skip
        return one_label(true, place)
    if isinstance(found, bool):
        return "true" if found else "false"  # as JSON has them, and `tui_al.engine.data` too
    return string(row, name, place).strip() or None


def _entities(
    row: Fields, name: str, text: str, tokens: Sequence[str], place: str
) -> tuple[tuple[Mark, ...] | None, bool]:
    """The entities as they are stored, None where there is no such field; and whether tags say so
    too."""
    tags = strings(row, "tags", place) if tokens else ()
    by_tags = checked(place, lambda: tags_to_spans(text, tokens, tags)) if tags else None
    found = row.get(name)
    if found is None or found == "":
        return (None if by_tags is None else tuple(Mark(*span) for span in by_tags)), bool(tags)
    if not isinstance(found, list) and not (isinstance(found, str) and found.startswith("[")):
        objects(row, name, place)  # says what is wrong
    marks = tuple(any_mark(item, place) for item in listed(found))
    if by_tags is not None and by_tags != tuple(sorted(mark[:3] for mark in marks)):
        said = tuple(sorted(mark[:3] for mark in marks))
        raise ItemError(
            f"{place}: 'tags' say {by_tags}, {name!r} say {said}.",
            "Correct the file, or leave that entry out.",
            Reason.CONTRADICTION,
        )
    return marks, bool(tags)


def _no_column(name: str, option: str, names: Iterable[str]) -> DataError:
    return DataError(
        f"{option}: there is no column {name!r}.",
        f"There are {', '.join(names) or 'none'}.",
    )


def _no_answers(names: Mapping[str, None], text: str, task: Task) -> DataError:
    what = "label" if task is Task.CLASSIFICATION else "entities"
    others = [name for name in names if name != text]
    only = len(others) == 1
    example = f", as --label-column {others[0]}" if only else " with --label-column"
    return DataError(
        f"no column is called {what!r}, only {', '.join(names)}.",
        f"Name the one that holds the answers{example}."
        if others
        else "The file holds texts only: there is nothing to import.",
    )
