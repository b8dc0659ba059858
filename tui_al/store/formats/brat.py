"""brat's standoff files: a folder of texts (`a.txt`), each with its annotations (`a.ann`) (https://brat.nlplab.org/standoff.html).

Only read here. A line `T1<TAB>PER 0 4<TAB>Anna` is an entity, with offsets in characters; an entity in several pieces has no place
here, and neither have relations, events, attributes and notes, which are counted. A whole text file is one text, without the line breaks at its end. brat makes an empty
`.ann` for every text as soon as it is opened, so an empty one does not say that there are no entities.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tui_al.core.annotation.records import Annotation, Header
from tui_al.core.data.examples import Task
from tui_al.core.data.stored_spans import Mark
from tui_al.core.whole_numbers import whole_number
from tui_al.errors import ConfigError, DataError
from tui_al.store.formats.fields import sound, without_nuls
from tui_al.store.formats.files import read_text
from tui_al.store.formats.format import Format
from tui_al.store.formats.reading import (
    DEFAULTS,
    ItemError,
    Parse,
    Parsed,
    Read,
    Reading,
    ReadOptions,
    Reason,
    read_items,
)

_KINDS = {"R": "relations", "E": "events", "A": "attributes", "M": "attributes", "N": "normalizations",
          "#": "notes", "*": "relations"}  # fmt: skip


def is_brat(folder: Path) -> bool:
    """Whether a folder, or one inside it, has a text with its `.ann` beside it."""
    return any(ann.with_suffix(".txt").is_file() for ann in folder.rglob("*.ann"))


def documents(folder: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """The texts of a folder and of those inside it, with what stands in their `.ann` (None where there is none), in order of names.

    Raises:
        DataError: a file cannot be read, or an `.ann` has no text beside it.
    """
    for ann in sorted(folder.rglob("*.ann")):
        if not ann.with_suffix(".txt").is_file():
            raise DataError(
                f"{ann.relative_to(folder)} has no {ann.stem}.txt beside it.",
                "Its offsets count in that text: copy it there, or take the .ann away.",
            )
    for path in sorted(folder.rglob("*.txt")):
        ann = path.with_suffix(".ann")
        standoff = read_text(ann) if ann.is_file() else None
        yield {"text": read_text(path), "ann": standoff}, str(path.relative_to(folder))


def read(path: Path, task: Task, options: ReadOptions = DEFAULTS) -> Read:
    """A folder; or one `.txt` or `.ann` of such a folder, with its fellow."""
    if path.is_file():
        pair = path.with_suffix(".txt"), path.with_suffix(".ann")
        fields = {"text": read_text(pair[0]), "ann": read_text(pair[1])}
        return read_items([(fields, pair[0].name)], parser, Reading(task, options))
    if not path.is_dir():
        raise DataError(f"{path} is no folder.", "Name the folder of .txt and .ann files.")
    return read_items(documents(path), parser, Reading(task, options))


def parser(_head: Sequence[Mapping[str, Any]], reading: Reading) -> Parse:
    """Reads a text with its standoff annotations."""
    return partial(_parse, reading=reading)


def _parse(fields: Mapping[str, Any], place: str, reading: Reading) -> list[Parsed | ItemError]:
    raw, standoff = fields["text"], fields["ann"]
    annotation = Annotation("", sound(raw.rstrip()), origin=place)
    if not raw.strip():
        raise ItemError(f"{place} is empty.", "Take it away.", Reason.NO_TEXT)
    if standoff is None:
        return [Parsed(annotation, unanswered="texts without an .ann")]
    marks: list[Mark] = []
    for number, line in enumerate(standoff.split("\n"), start=1):
        where = f"{place.removesuffix('.txt')}.ann:{number}"
        if line.startswith("T"):
            marks.append(_mark(line.rstrip("\r"), where))
        elif line.strip():
            kind = _KINDS.get(line[0], "lines of an unknown kind")
            reading.aside.add(f"{kind}, which have no place here", where)
    settled = bool(standoff.strip())
    return [Parsed(annotation, without_nuls(raw, marks), settled)]


def _mark(line: str, where: str) -> Mark:
    _, _, rest = line.partition("\t")
    described, _, text = rest.partition("\t")
    kind, _, offsets = described.partition(" ")
    if ";" in offsets:
        raise ItemError(
            f"{where}: the entity {line[:60]!r} is in several pieces.",
            "Entities are in one piece here.",
            "with an entity in several pieces",
        )
    start, _, end = offsets.partition(" ")
    first, after = whole_number(start), whole_number(end)
    if not kind or first is None or after is None:
        raise ItemError(
            f"{where}: {line[:60]!r} is no entity.",
            "An entity is T1, a tab, its type with two offsets, a tab, and its text.",
            Reason.NO_ENTITY,
        )
    return Mark(first, after, sound(kind), sound(text) or None)


def _unwritten(_path: Path, _header: Header, _annotations: Sequence[Annotation]) -> None:
    raise ConfigError(
        "brat's files are only read here.", "Export to jsonl, doccano or label-studio."
    )


BRAT = Format(
    name="brat",
    summary="brat's folders of .txt and .ann; only read",
    tasks=frozenset(),
    carries=frozenset(),
    write=_unwritten,
    read=read,
    parser=parser,
    answers=frozenset({Task.TAGGING}),
)
