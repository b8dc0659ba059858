"""How other programs write annotated texts, and what each row of theirs has to become: one table
for all tests of their formats.

Written after the programs' own code and documentation: Prodigy's `db-out`
(https://prodi.gy/docs/api-interfaces), doccano's backend/data_export, Label Studio's converter
(JSON, and JSON_MIN and CSV, which flatten it), brat's server/src/annotator.py (which breaks an
entity at line breaks and tabs), spaCy's training data.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.store.formats.annotated_sets import Fit, How, Item, Said, answer_of, fit_of, trimmed
from tui_al.core.annotation.records import Status
from tui_al.core.data.offsets import CharSpan
from tui_al.store.formats.reading import EMPTY, Reason
from tui_al.store.tally import NO_ANSWER

REJECTED = "rejected tasks, which say only what is wrong"
BARE = "tasks without an annotation"
NO_ANN = "texts without an .ann"
PIECES = "with an entity in several pieces"

#: 2024-01-01, and a second more for each annotator.
TIME = 1_704_067_200


@dataclass(frozen=True)
class Row:
    """An annotation in a file, and what becomes of it."""

    text: str
    who: str = ""  #: the annotator's name, "" where the file does not say
    answer: tuple[CharSpan, ...] | None = None
    why: str = ""  #: why it is left out, "" if it is read
    status: Status = Status.LABELLED
    time: float = 0.0
    words: tuple[tuple[int, int], ...] | None = None  #: where the file's own words are

    @property
    def is_misfit(self) -> bool:
        """Whether it cannot be read, which refuses a file unless such are to be left out."""
        return self.why in {*Reason, PIECES}


Record = tuple[Row, ...]  # what one record of a file holds: a row, or one for each annotator


@dataclass(frozen=True)
class Written:
    """A file, or a folder, of one program."""

    path: Path
    records: Sequence[Record]

    @property
    def rows(self) -> list[Row]:
        """All rows in order."""
        return [row for record in self.records for row in record]


Write = Callable[[Sequence[Item], Path], list[Written]]


def _row(text: str, entities: Sequence[CharSpan], empty: str = "", **more: Any) -> Row:
    """The row of an answer; `empty` is why an empty one is left out, "" where it says that there is
    no entity."""
    why = {Fit.OUTSIDE: Reason.OUTSIDE, Fit.OVERLAP: Reason.OVERLAP}.get(fit_of(text, entities), "")
    if why or (empty and not entities):
        return Row(text, why=why or empty, **more)
    return Row(text, answer=answer_of(text, entities), **more)


def _json_lines(path: Path, objects: Sequence[object]) -> Path:
    lines = (json.dumps(one, ensure_ascii=False) for one in objects)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="")
    return path


def _json_array(path: Path, objects: Sequence[object]) -> Path:
    path.write_text(json.dumps(objects, ensure_ascii=False), encoding="utf-8", newline="")
    return path


# Prodigy


def _spacy_tokens(text: str) -> list[tuple[int, int]]:
    """As spaCy splits: words, signs, and as tokens of their own all blanks but a single one after a
    word."""
    found = []
    for match in re.finditer(r"\w+|[^\w\s]|\s+", text):
        start, end = match.span()
        blank = match[0].isspace()
        if blank and match[0][0] == " " and start and not text[start - 1].isspace():
            start += 1
        if start < end:
            found.append((start, end))
    return found


def _prodigy_span(text: str, span: CharSpan, tokens: Sequence[tuple[int, int]]) -> dict[str, Any]:
    start, end, kind = span
    first = next((n for n, token in enumerate(tokens) if token[0] == start), None)
    last = next((n for n, token in enumerate(tokens) if token[1] == end), None)
    of_tokens = {} if first is None or last is None else {"token_start": first, "token_end": last}
    return {"start": start, "end": end, **(of_tokens if start < end else {}), "label": kind}


def prodigy(items: Sequence[Item], folder: Path) -> list[Written]:
    """A line for each annotator; what nobody annotated is not in the database."""
    lines, records = [], []
    for number, item in enumerate(items):
        tokens = _spacy_tokens(item.text)
        for said in item.said:
            name, when = f"news-{said.who}", TIME + said.who
            answer = {How.DONE: "accept", How.SKIPPED: "ignore", How.REJECTED: "reject"}[said.how]
            lines.append({
                "text": item.text, "meta": {"source": "news", "page": number},
                "_input_hash": number, "_task_hash": -number,
                "_is_binary": False, "tokens": [
                    {"text": item.text[a:b], "start": a, "end": b, "id": n,
                        "ws": item.text[b : b + 1] == " "}
                    for n, (a, b) in enumerate(tokens)
                ], "_view_id": "ner_manual",
                "spans": [_prodigy_span(item.text, e, tokens) for e in said.entities],
                "answer": answer, "_timestamp": when, "_annotator_id": name, "_session_id": name,
            })  # fmt: skip
            more: dict[str, Any] = {"who": name, "time": float(when), "words": tuple(tokens)}
            if said.how is How.REJECTED:
                records.append((Row(item.text, why=REJECTED, **more),))
                continue
            status = Status.SKIPPED if said.how is How.SKIPPED else Status.LABELLED
            row = _row(item.text, said.entities, status=status, **more)
            if status is Status.SKIPPED and not said.entities:
                row = Row(item.text, status=status, **more)
            records.append((row,))
    return [Written(_json_lines(folder / "news.jsonl", lines), records)]


# doccano


def _doccano(lines_of: Callable[[tuple[CharSpan, ...]], dict[str, Any]]) -> Write:
    def write(items: Sequence[Item], folder: Path) -> list[Written]:
        """A file for each annotator, in which all texts are; an empty list may be one that nobody
        looked at."""
        files = []
        for who in (1, 2):
            lines, records = [], []
            for number, item in enumerate(items):
                said = next(
                    (one for one in item.said if one.who == who and one.how is How.DONE), None
                )
                entities = said.entities if said else ()
                lines.append(
                    {
                        "id": number,
                        "text": item.text,
                        **lines_of(tuple(sorted(entities))),
                        "Comments": [],
                    }
                )
                records.append((_row(item.text, entities, EMPTY),))
            if any(
                row.answer for record in records for row in record
            ):  # else nothing tells what it is
                files.append(Written(_json_lines(folder / f"user{who}.jsonl", lines), records))
        return files

    return write


def _tuples(entities: tuple[CharSpan, ...]) -> dict[str, Any]:
    return {"label": [list(entity) for entity in entities]}


def _with_relations(entities: tuple[CharSpan, ...]) -> dict[str, Any]:
    objects = [
        {"id": n, "label": kind, "start_offset": start, "end_offset": end}
        for n, (start, end, kind) in enumerate(entities)
    ]
    return {"entities": objects, "relations": []}


# Label Studio


def _units(text: str, place: int) -> int:
    """The place in UTF-16 units, as JavaScript counts."""
    return len(text[:place].encode("utf-16-le")) // 2 + max(0, place - len(text))


def _value(text: str, span: CharSpan, utf16: bool) -> dict[str, Any]:
    start, end, kind = span
    first, after = (_units(text, start), _units(text, end)) if utf16 else (start, end)
    return {"start": first, "end": after, "text": text[start:end], "labels": [kind]}


def _moment(who: int) -> str:
    return f"2024-01-01T00:00:0{who}.000000Z"


def _label_studio(utf16: bool) -> Write:
    def write(items: Sequence[Item], folder: Path) -> list[Written]:
        """A task for each text, with everybody's annotations; an empty result was submitted so."""
        tasks, records = [], []
        for number, item in enumerate(items, start=1):
            annotations, rows = [], []
            for said in item.said:
                result = [
                    {"id": f"r{n}", "from_name": "label", "to_name": "text", "type": "labels",
                        "origin": "manual",
                     "value": _value(item.text, span, utf16)}
                    for n, span in enumerate(said.entities)
                ]  # fmt: skip
                cancelled = said.how is How.SKIPPED
                annotations.append({
                    "id": 10 * number + said.who, "completed_by": said.who, "result": result,
                    "was_cancelled": cancelled,
                    "ground_truth": False, "created_at": _moment(said.who),
                    "updated_at": _moment(said.who), "lead_time": 3.5,
                })  # fmt: skip
                more: dict[str, Any] = {"who": str(said.who), "time": float(TIME + said.who)}
                status = Status.SKIPPED if cancelled else Status.LABELLED
                if cancelled and not said.entities:
                    rows.append(Row(item.text, status=status, **more))
                else:
                    rows.append(_row(item.text, said.entities, status=status, **more))
            tasks.append(
                {
                    "id": number,
                    "data": {"text": item.text},
                    "annotations": annotations,
                    "predictions": [],
                    "total_annotations": len(annotations),
                }
            )
            records.append(tuple(rows) or (Row(item.text, why=BARE),))
        return [Written(_json_array(folder / "project.json", tasks), records)]

    return write


def _flat(items: Sequence[Item]) -> Iterator[tuple[dict[str, Any], Row]]:
    """JSON_MIN's records: one for each annotation that was not skipped, and for a text without any;
    no field where nothing is marked."""
    for number, item in enumerate(items, start=1):
        done = [said for said in item.said if said.how is not How.SKIPPED]
        for said in [*done] if item.said else [None]:
            yield _record(number, item.text, said)


def _record(number: int, text: str, said: Said | None) -> tuple[dict[str, Any], Row]:
    task: dict[str, Any] = {"text": text, "id": number}
    if said is None:
        unmade = dict.fromkeys(("annotation_id", "created_at", "updated_at", "lead_time"))
        return {**task, "annotator": "", **unmade}, Row(text, why=NO_ANSWER)
    if said.entities:
        task["label"] = [_value(text, span, utf16=False) for span in said.entities]
    moment = _moment(said.who)
    made = {
        "annotator": said.who,
        "annotation_id": 10 * number + said.who,
        "created_at": moment,
        "updated_at": moment,
        "lead_time": 3.5,
    }
    more: dict[str, Any] = {"who": str(said.who), "time": float(TIME + said.who)}
    return {**task, **made}, _row(text, said.entities, EMPTY, **more)


def label_studio_min(items: Sequence[Item], folder: Path) -> list[Written]:
    """An array of flat records."""
    records, rows = zip(*_flat(items), strict=True)
    return [Written(_json_array(folder / "min.json", records), [(row,) for row in rows])]


def label_studio_csv(items: Sequence[Item], folder: Path) -> list[Written]:
    """The same as a table, entities as JSON in a cell."""
    records, rows = zip(*_flat(items), strict=True)
    path = folder / "project.csv"
    names = [
        "text",
        "id",
        "label",
        "annotator",
        "annotation_id",
        "created_at",
        "updated_at",
        "lead_time",
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for record in records:
            label = record.get("label")
            cell = "" if label is None else json.dumps(label, ensure_ascii=False)
            writer.writerow({**record, "label": cell})
    return [Written(path, [(row,) for row in rows])]


# brat


def _pieces(text: str, span: CharSpan) -> list[tuple[int, int]]:
    """The entity broken at line breaks and tabs, without blanks at the borders of the pieces, as
    brat stores it."""
    start, end, _ = span
    found = []
    for match in re.finditer(r"[^\n\t]+", text[start:end]):
        first, after, _ = trimmed(text, (start + match.start(), start + match.end(), ""))
        if first < after:
            found.append((first, after))
    return found or [(start, end)]


def brat(items: Sequence[Item], folder: Path) -> list[Written]:
    """A text file for each text, with an `.ann`, which is empty until something is marked."""
    place = folder / "brat"
    place.mkdir()
    records = []
    for number, item in enumerate(items):
        path = place / f"{number:03}.txt"
        path.write_text(item.text, encoding="utf-8", newline="")
        said, text = item.first, item.text.removeprefix("\ufeff")  # no part of a file's text
        if said is None:
            records.append((Row(text, why=NO_ANN),))
            continue
        marked = [(_pieces(item.text, span), span[2].replace(" ", "_")) for span in said.entities]
        apart = said.apart is not None
        if said.apart is not None:
            marked.append(([(start, end) for start, end, _ in said.apart], "PER"))
        lines = [
            f"T{n}\t{kind} "
            f"{';'.join(f'{a} {b}' for a, b in pieces)}\t{' '.join(item.text[a:b] for a, b in pieces)}\n"  # noqa: E501
            for n, (pieces, kind) in enumerate(marked, start=1)
        ]
        path.with_suffix(".ann").write_text("".join(lines), encoding="utf-8", newline="")
        by = len(item.text) - len(text)
        moved = [
            (max(0, a - by), max(0, b - by), kind.replace(" ", "_")) for a, b, kind in said.entities
        ]
        row = Row(text, why=PIECES) if apart else _row(text, moved, EMPTY)
        records.append((row,))
    return [Written(place, records)]


# spaCy, and plain objects


def _plain(one: Callable[[str, Sequence[CharSpan]], object], name: str) -> Write:
    def write(items: Sequence[Item], folder: Path) -> list[Written]:
        """What the first annotator said; texts without entities have an empty list."""
        said = [item.first.entities if item.first else () for item in items]
        objects = [one(item.text, entities) for item, entities in zip(items, said, strict=True)]
        records = [
            (_row(item.text, entities, EMPTY),) for item, entities in zip(items, said, strict=True)
        ]
        save = _json_array if name.endswith(".json") else _json_lines
        return [Written(save(folder / name, objects), records)]

    return write


def _objects(entities: Sequence[CharSpan]) -> list[dict[str, Any]]:
    return [{"start": start, "end": end, "label": kind} for start, end, kind in entities]


#: Every program and form, by the name of the test.
PROGRAMS: dict[str, Write] = {
    "prodigy": prodigy,
    "doccano": _doccano(_tuples),
    "doccano-relations": _doccano(_with_relations),
    "label-studio": _label_studio(utf16=False),
    "label-studio-utf16": _label_studio(utf16=True),
    "label-studio-min": label_studio_min,
    "label-studio-csv": label_studio_csv,
    "brat": brat,
    "spacy-pairs": _plain(lambda t, es: [t, {"entities": [list(e) for e in es]}], "train.json"),
    "spacy-lines": _plain(lambda t, es: [t, {"entities": [list(e) for e in es]}], "train.jsonl"),
    "plain-lists": _plain(lambda t, es: {"text": t, "entities": [list(e) for e in es]}, "a.jsonl"),
    "plain-objects": _plain(lambda t, es: {"text": t, "entities": _objects(es)}, "a.jsonl"),
}
