"""Prodigy's JSON lines, as its `db-out` writes and `db-in` reads them
(https://prodi.gy/docs/api-interfaces).

Classes are tasks of the `choice` interface (`options`, and in `accept` the one that was chosen),
entities tasks of `ner_manual` (`tokens`, and `spans` with offsets in characters and in tokens).
`answer` is "accept", or "ignore" for what was skipped or is unclear. What Prodigy has no field of
its own for is in `meta`, which it keeps and shows. `_input_hash` and `_task_hash` are left to
`db-in`, which computes them where they are missing.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tui_al.core.annotation.records import Annotation, Header, Status
from tui_al.core.data.examples import Task
from tui_al.core.data.offsets import token_offsets
from tui_al.core.data.stored_spans import Mark
from tui_al.store.formats.fields import (
    Fields,
    items,
    mapping,
    mark_of,
    objects,
    one_label,
    string,
    strings,
    text_of,
    tokens_of,
    without_nuls,
)
from tui_al.store.formats.files import dumped, write_text
from tui_al.store.formats.format import ALL_PARTS, Format, Part
from tui_al.store.formats.reading import (
    ItemError,
    Parse,
    Parsed,
    Reading,
    Reason,
)
from tui_al.store.formats.times import Times


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


def parser(head: Sequence[Fields], reading: Reading) -> Parse:
    """Reads tasks that were answered; what a task does not answer is said of it.

    A rejected task says only what is wrong; one accepted entity by itself (`ner`) does not say what
    else there is; a task of another interface says nothing about entities; and one without `answer`
    was not answered, unless it holds one all the same."""
    text = reading.options.text_column or "text"
    times = Times((task.get("_timestamp") for task in head), reading)
    return partial(_parse, reading=reading, text_name=text, times=times)


def _parse(
    fields: Fields, place: str, *, reading: Reading, text_name: str, times: Times
) -> list[Parsed | ItemError]:
    text = text_of(fields, text_name, place)
    meta = mapping(fields, "meta", place)
    ours = isinstance(meta.get("status"), str) and meta["status"] in list(Status)
    status = Status(meta["status"]) if ours else Status.LABELLED
    given = fields.get("answer")
    if given == "ignore" and status is Status.LABELLED:
        status = Status.SKIPPED
    answer: str | None = None
    marks: tuple[Mark, ...] | None = None
    unanswered = "rejected tasks, which say only what is wrong" if given == "reject" else ""
    if not unanswered and reading.task is Task.CLASSIFICATION:
        answer = one_label(_chosen(fields, place), place)
    elif not unanswered:
        marks, unanswered = _marks(fields, status, place)
    annotation = Annotation(
        id=string(meta, "id", place),
        text=text,
        answer=answer,
        tokens=tokens_of(fields, place),
        annotator=string(fields, "_annotator_id", place) or string(fields, "_session_id", place),
        time=times.of(fields, ("_timestamp",), place),
        note=string(meta, "note", place),
        status=status,
        reason=string(meta, "reason", place),
        origin=place,
    )
    if marks is not None:
        marks = without_nuls(fields[text_name], marks)
    if given is None and (answer or marks):
        reading.counted.add("tasks without 'answer', whose labels are taken all the same", place)
    return [Parsed(annotation, marks, given in ("accept", "ignore"), unanswered)]


def _chosen(fields: Fields, place: str) -> tuple[str, ...]:
    """Ids of the options that were accepted, which are the classes (the text of an option whose id
    is a number); else `label`."""
    if fields.get("accept") is None and fields.get("options") is None:
        return (string(fields, "label", place),)
    names = {
        option["id"]: option["text"]
        for option in objects(fields, "options", place)
        if type(option.get("id")) is int and isinstance(option.get("text"), str)
    }
    accepted = [names.get(one, one) if type(one) is int else one for one in (
        items(fields, "accept", place))]  # fmt: skip
    return strings({"accept": [str(a) if type(a) is int else a for a in accepted]}, "accept", place)


def _marks(fields: Fields, status: Status, place: str) -> tuple[tuple[Mark, ...] | None, str]:
    """The entities of a task; or why it says nothing about them."""
    spans = objects(fields, "spans", place)
    binary = fields.get("_is_binary") is True or fields.get("_view_id") == "ner"
    if spans and binary:
        return None, "entities accepted by themselves, which do not say what else there is"
    if fields.get("spans") is None and {"options", "accept", "label"} & fields.keys():
        return None, "tasks of another interface, which say nothing about entities"
    if not spans and status is not Status.LABELLED:
        return None, ""
    return tuple(_mark(one, fields, place) for one in spans), ""


def _mark(one: Fields, fields: Fields, place: str) -> Mark:
    """An entity; one whose tokens say something else than its offsets cannot be read."""
    mark = mark_of(one, place)
    tokens, first, last = fields.get("tokens"), one.get("token_start"), one.get("token_end")
    if not isinstance(tokens, list) or type(first) is not int or type(last) is not int:
        return mark
    if not 0 <= first <= last < len(tokens):
        raise ItemError(
            f"{place}: entity {mark.start}-{mark.end} ({mark.kind}) has the tokens {first} to "
            f"{last} of {len(tokens)}.",
            "Correct the file, or leave that entry out.",
            Reason.CONTRADICTION,
        )
    words = [t.get("text") if isinstance(t, Mapping) else t for t in tokens[first : last + 1]]
    if mark.text is not None or not all(isinstance(word, str) for word in words):
        return mark
    return mark._replace(text=" ".join(map(str, words)))  # compared without blanks


PRODIGY = Format(
    name="prodigy",
    summary="Prodigy's JSON lines, for db-in: tasks of choice and ner_manual",
    tasks=frozenset(Task),
    carries=ALL_PARTS - {Part.DESCRIPTION, Part.SECONDS},
    write=write,
    parser=parser,
)
