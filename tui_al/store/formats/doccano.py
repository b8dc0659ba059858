"""doccano's JSON lines (https://doccano.github.io/doccano).

`label` is a list of class names, or of [start, end, type] with offsets in characters. A project
with relations exports `entities` instead, objects with `start_offset`, `end_offset` and `label`;
both are read, as are the `labels` of old versions. Notes are `Comments`. Other fields are metadata,
which doccano keeps and exports again; so do ours."""

from collections.abc import Sequence
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
    any_mark,
    items,
    one_label,
    status_of,
    string,
    strings,
    text_of,
    without_nuls,
)
from tui_al.store.formats.files import dumped, write_text
from tui_al.store.formats.format import ALL_PARTS, Format, Part
from tui_al.store.formats.own_fields import without_foreign
from tui_al.store.formats.reading import (
    ItemError,
    Parse,
    Parsed,
    Reading,
)
from tui_al.store.formats.times import Times


def write(path: Path, _header: Header, annotations: Sequence[Annotation]) -> None:
    """One annotation a line; doccano knows no annotators, so an example with several has a line for
    each."""
    write_text(path, (dumped(_line(annotation)) + "\n" for annotation in annotations))


def _line(annotation: Annotation) -> dict[str, Any]:
    label = [annotation.answer] if isinstance(annotation.answer, str) else annotation.spans
    metadata = {
        "tui_al_id": annotation.id,
        "annotator": annotation.annotator,
        "time": to_iso(annotation.time) if annotation.time else "",
        # said of answers too, since an empty list alone may be a text that nobody has looked at
        "status": "" if annotation.answer is None and annotation.status is Status.LABELLED
        else annotation.status.value,
        "reason": annotation.reason,
    }  # fmt: skip
    return {
        "text": annotation.text,
        "label": list(label),
        "Comments": [annotation.note] if annotation.note else [],
        **{key: value for key, value in metadata.items() if value},
    }


def parser(head: Sequence[Fields], reading: Reading) -> Parse:
    """Reads a text with its class or its entities.

    doccano writes a text that nobody has looked at like one without entities. Only an approver, or
    a status of ours, tells them apart."""
    text = reading.options.text_column
    answer = reading.options.label_column
    usual = {"text", "data", "label", "labels", "cats", "entities"}
    if (
        answer is None
        and head
        and not usual - {"text", "data"} & {name for row in head for name in row}
    ):
        reading.nothing = DataError(
            "no field is called 'label', only "
            f"{', '.join(dict.fromkeys(n for r in head for n in r))}.",
            "Name the one that holds the answers with --label-column.",
        )
    times = Times((row.get("time") for row in head), reading)
    parse = partial(_parse, task=reading.task, text_name=text, answer_name=answer, times=times)
    return without_foreign(head, reading, parse, times)


def _parse(
    fields: Fields,
    place: str,
    *,
    task: Task,
    text_name: str | None,
    answer_name: str | None,
    times: Times,
) -> list[Parsed | ItemError]:
    if "annotations" in fields and answer_name is None:
        raise ItemError(
            f"{place}: 'annotations' with numbers for labels, as doccano exported before "
            "version 1.",
            "Export it from doccano as JSONL with text labels.",
            "with numbers for labels",
        )
    name = text_name or ("text" if "text" in fields else "data")
    text = text_of(fields, name, place)
    status = status_of(fields, "status", place)
    settled = any(fields.get(key) for key in ("status", "tui_al_id", "annotation_approver"))
    answer: str | None = None
    marks: tuple[Mark, ...] | None = None
    if task is Task.CLASSIFICATION:
        answer = one_label(_classes(fields, answer_name or _name(fields), place), place)
    else:
        found = without_nuls(fields[name], _marks(fields, answer_name, place))
        marks = found if found or status is Status.LABELLED else None
    annotation = Annotation(
        id=string(fields, "tui_al_id", place),
        text=text,
        answer=answer,
        annotator=string(fields, "annotator", place),
        time=times.of(fields, ("time",), place),
        note="\n".join(strings(fields, "Comments", place)),
        status=status,
        reason=string(fields, "reason", place),
        origin=place,
    )
    return [Parsed(annotation, marks, settled)]


def _name(fields: Fields) -> str:
    return next((name for name in ("label", "labels", "cats") if name in fields), "label")


def _classes(fields: Fields, name: str, place: str) -> Sequence[str]:
    if isinstance(fields.get(name), str):
        return [string(fields, name, place)]
    return strings(fields, name, place)


def _marks(fields: Fields, answer_name: str | None, place: str) -> tuple[Mark, ...]:
    usual = next((name for name in ("entities", "label") if name in fields), "labels")
    return tuple(any_mark(item, place) for item in items(fields, answer_name or usual, place))


DOCCANO = Format(
    name="doccano",
    summary="doccano's JSON lines",
    tasks=frozenset(Task),
    carries=ALL_PARTS - {Part.DESCRIPTION, Part.TOKENS},
    write=write,
    parser=parser,
)
