"""brat's standoff files: a folder of texts (`a.txt`), each with its annotations (`a.ann`)
(https://brat.nlplab.org/standoff.html).

Only read here. A line `T1<TAB>PER 0 4<TAB>Anna` is an entity, with offsets in characters. brat
breaks an entity at line breaks and tabs (`PER 0 4;5 9`): pieces with nothing but blanks between
them are one entity again. One in pieces that lie apart has no place here, and neither have
relations, events, attributes and notes, which are counted. A whole text file is one text, without
the line breaks at its end and without a byte-order mark, which brat counts as a character. brat
makes an empty `.ann` for every text as soon as it is opened, so an empty one does not say that
there are no entities.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from tui_al.core.annotation.records import Annotation, Header
from tui_al.core.data.examples import Task
from tui_al.core.data.stored_spans import Mark
from tui_al.core.data.word_split import is_blank
from tui_al.core.whole_numbers import whole_number
from tui_al.errors import ConfigError, DataError
from tui_al.store.formats.fields import sound, without_nuls
from tui_al.store.formats.files import has_mark, read_text
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

_KINDS = {"R": "relations", "E": "events", "A": "attributes", "M": "attributes",
    "N": "normalizations",
          "#": "notes", "*": "relations"}  # fmt: skip


_JOINED = "entities that brat broke at a line break or tab, read whole"
_MARKED = "texts with a byte-order mark, which their offsets count as a character"


def is_brat(folder: Path) -> bool:
    """Whether a folder, or one inside it, has a text with its `.ann` beside it."""
    return any(ann.with_suffix(".txt").is_file() for ann in folder.rglob("*.ann"))


def documents(folder: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """The texts of a folder and of those inside it, with what stands in their `.ann` (None where
    there is none), in order of names.

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
        yield _document(path, standoff), str(path.relative_to(folder))


def _document(path: Path, standoff: str | None) -> dict[str, Any]:
    return {"text": read_text(path), "ann": standoff, "marked": has_mark(path)}


def read(path: Path, task: Task, options: ReadOptions = DEFAULTS) -> Read:
    """A folder; or one `.txt` or `.ann` of such a folder, with its fellow."""
    if path.is_file():
        pair = path.with_suffix(".txt"), path.with_suffix(".ann")
        fields = _document(pair[0], read_text(pair[1]))
        return read_items([(fields, pair[0].name)], parser, Reading(task, options, path.name))
    if not path.is_dir():
        raise DataError(f"{path} is not a folder.", "Name the folder of .txt and .ann files.")
    return read_items(documents(path), parser, Reading(task, options, path.name))


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
    shift = 1 if fields.get("marked") else 0
    for number, line in enumerate(standoff.split("\n"), start=1):
        where = f"{place.removesuffix('.txt')}.ann:{number}"
        if line.startswith("T"):
            mark, joined = _mark(line.rstrip("\r"), where, "\ufeff" * shift + raw)
            marks.append(mark)
            if joined:
                reading.counted.add(_JOINED, where)
        elif line.strip():
            kind = _KINDS.get(line[0], "lines of an unknown kind")
            reading.aside.add(f"{kind}, which have no place here", where)
    settled = bool(standoff.strip())
    if shift and marks:
        marks, counts_it = _without_mark(raw, marks)
        if counts_it:
            reading.counted.add(_MARKED, place)
    return [Parsed(annotation, without_nuls(raw, marks), settled)]


def _without_mark(raw: str, marks: Sequence[Mark]) -> tuple[list[Mark], bool]:
    """Entities of a text whose byte-order mark is gone; and whether their offsets count it: then
    they move by one."""
    bare = [mark._replace(text=mark.text and mark.text.removeprefix("\ufeff")) for mark in marks]
    moved = [mark._replace(start=max(0, mark.start - 1), end=max(0, mark.end - 1)) for mark in bare]
    counted = all(raw[mark.start : mark.end].split() == (mark.text or "").split() for mark in moved)
    plain = all(raw[mark.start : mark.end].split() == (mark.text or "").split() for mark in bare)
    return (bare, False) if plain and not counted else (moved, True)


def _mark(line: str, where: str, text: str) -> tuple[Mark, bool]:
    """The entity of a line; and whether it is in pieces there, with nothing but blanks of the text
    between them."""
    _, _, rest = line.partition("\t")
    described, _, covered = rest.partition("\t")
    kind, _, offsets = described.partition(" ")
    pieces = [_piece(piece) for piece in offsets.split(";")]
    known = [piece for piece in pieces if piece is not None]
    if not kind or len(known) < len(pieces):
        raise ItemError(
            f"{where}: {line[:60]!r} is not an entity.",
            "An entity is T1, a tab, its type with two offsets, a tab, and its text.",
            Reason.NO_ENTITY,
        )
    known.sort()
    for (_, end), (start, _) in pairwise(known):
        if end > start or not all(is_blank(character) for character in text[end:start]):
            raise ItemError(
                f"{where}: the entity {line[:60]!r} is in several pieces.",
                "Entities are in one piece here.",
                "with an entity in several pieces",
            )
    mark = Mark(known[0][0], known[-1][1], sound(kind), sound(covered) or None)
    return mark, len(known) > 1


def _piece(offsets: str) -> tuple[int, int] | None:
    """The two offsets, None for anything else."""
    start, _, end = offsets.partition(" ")
    first, after = whole_number(start), whole_number(end)
    return None if first is None or after is None else (first, after)


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
