"""One reading of a file of annotations: what the person asked for, what every item became, and what
is told of it.

Each item of a file ends in annotations, or is counted in `left_out` under its reason; nothing of a
file goes without a word."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, islice
from typing import Any

from tui_al.core.annotation.records import Annotation, Status
from tui_al.core.data.examples import Task
from tui_al.core.data.offsets import OverlapError, check_spans
from tui_al.core.data.stored_spans import Mark, StoredTextError, Unit, resolve, unit_of
from tui_al.errors import DataError
from tui_al.store.tally import NO_ANSWER, Tally

#: Objects looked at before the first is read: to see which fields there are.
HEAD = 200

_SKIP_HINT = "Correct the file, or import the others with --skip-mismatched."


class Reason(StrEnum):
    """Why an item of a file cannot be read, in the words that count such items."""

    BROKEN = "that are not valid JSON"
    NO_OBJECT = "that are no objects"
    NO_TEXT = "without a text"
    WRONG_FIELD = "with a field that holds something else than it should"
    SEVERAL = "with several labels"
    NO_ENTITY = "with an entity that lacks an offset or a type"
    OVERLAP = "with entities that overlap"
    OUTSIDE = "with an entity that is empty or outside the text"
    STORED_TEXT = "with an entity whose stored text is not what stands there"
    CONTRADICTION = "whose fields contradict each other"

    @classmethod
    def of(cls, error: ValueError) -> "Reason":
        """The reason that an error about entities stands for."""
        if isinstance(error, StoredTextError):
            return cls.STORED_TEXT
        return cls.OVERLAP if isinstance(error, OverlapError) else cls.OUTSIDE


class ItemError(DataError):
    """One item of a file cannot be read; `reason` is what such items are counted under."""

    def __init__(self, message: str, hint: str, reason: str) -> None:
        super().__init__(message, hint)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person says about a file of annotations."""

    text_column: str | None = None  #: the field or column of the texts
    label_column: str | None = None  #: that of the answers
    leave_out_misfits: bool = (
        False  #: items that cannot be read are counted, and do not refuse the file
    )
    accept_empty: bool = False  #: an empty list of entities is an answer: the text has none


DEFAULTS = ReadOptions()


@dataclass(frozen=True, slots=True)
class Parsed:
    """An annotation whose entities are still as they were stored."""

    annotation: Annotation  #: with a class as its answer, or none
    marks: tuple[Mark, ...] | None = None  #: None: a class, or no answer
    settled: bool = (
        True  #: whether the file says that it was answered: then an empty list means no entity
    )
    unanswered: str = ""  #: why there is no answer, in the words that count such items
    by_tags: bool = False  #: entities of whole words, which tags say: their borders stay


#: What one object becomes; an ItemError in the list stands for a part of the object that cannot be
#: read.
Parse = Callable[[Mapping[str, Any], str], Sequence[Parsed | ItemError]]

#: What a file holds, item by item, with the place of each; an ItemError for one that is not JSON.
Items = Iterable[tuple[object, str]]

EMPTY = "with an empty list of entities: nobody looked, or there are none? (--accept-empty: none)"
CONVERTED = "texts whose offsets count UTF-16 units, which were converted to characters"


@dataclass(slots=True)
class Reading:
    """What is asked of one reading, and what is told of it."""

    task: Task
    options: ReadOptions = DEFAULTS
    name: str = ""  #: of the file, for messages about all of it
    notes: list[str] = field(default_factory=list)  #: what was guessed or converted
    left_out: Tally = field(default_factory=Tally)  #: whole items
    aside: Tally = field(default_factory=Tally)  #: parts of items that have no place here
    counted: Tally = field(default_factory=Tally)  #: what was guessed or converted in single items
    misfits: list[tuple[str, ItemError]] = field(default_factory=list)  #: each with its place
    order: dict[str, int] = field(default_factory=dict)  #: of the places in the file
    #: Where the file has no answers at all: why, once it is read.
    nothing: DataError | None = None

    def misfit(self, error: ItemError, place: str) -> None:
        """An item that cannot be read."""
        self.misfits.append((place, error))
        self.left_out.add(error.reason, place)

    def check(self) -> None:
        """Raise the first misfit, saying how many more there are, unless they are to be left
        out."""
        if self.misfits and not self.options.leave_out_misfits:
            _, first = min(self.misfits, key=lambda misfit: self.order.get(misfit[0], 0))
            message = first.message
            if more := len(self.misfits) - 1:
                message = f"{message.removesuffix('.')}; and {more:,} more that cannot be read."
            raise ItemError(message, _hint(first), first.reason)


def _hint(error: ItemError) -> str:
    return f"{error.hint} {_SKIP_HINT}" if "Correct" not in error.hint else _SKIP_HINT


@dataclass(slots=True)
class Read:
    """What a file held: annotations, and what is told of the rest, in three kinds."""

    annotations: list[Annotation]
    left_out: Tally = field(default_factory=Tally)
    aside: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)


def read_items(
    items: Items, parser: Callable[[Sequence[Mapping[str, Any]], Reading], Parse], reading: Reading
) -> Read:
    """All annotations of a file whose items are objects.

    Args:
        items: the objects with their places.
        parser: makes the function that reads one object, given the first ones.
        reading: what is asked.

    Raises:
        DataError: an item cannot be read, and is not to be left out; or the file as a whole has no
        answers.
    """
    items = iter(items)
    head = list(islice(items, HEAD))
    parse = parser([item for item, _ in head if isinstance(item, Mapping)], reading)
    parsed: list[Parsed] = []
    for item, place in chain(head, items):
        reading.order.setdefault(place, len(reading.order))
        for one in parsed_item(item, place, parse):
            if isinstance(one, ItemError):
                reading.misfit(one, place)
            else:
                parsed.append(one)
    unit = unit_of((one.annotation.text, one.marks) for one in parsed if one.marks)
    annotations = list(_settled(parsed, unit, reading))
    reading.check()
    if reading.nothing is not None and all(a.answer is None and not a.note for a in annotations):
        named = f"{reading.name}: " if reading.name else ""
        raise DataError(f"{named}{reading.nothing.message}", reading.nothing.hint)
    notes = [*reading.notes, *reading.counted.told()]
    return Read(annotations, reading.left_out, reading.aside, notes)


def parsed_item(item: object, place: str, parse: Parse) -> Sequence[Parsed | ItemError]:
    """What an item becomes; an item that cannot be read is an ItemError."""
    if isinstance(item, ItemError):
        return [item]
    try:
        return parse(as_object(item, place), place)
    except ItemError as error:
        return [error]


def as_object(item: object, place: str) -> Mapping[str, Any]:
    """The object; a pair of a text and an object, as spaCy's training data has them, as one object
    with `text`."""
    if isinstance(item, Mapping):
        return item
    if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str):
        text, rest = item
        if isinstance(rest, Mapping):
            return {**rest, "text": text}
    raise ItemError(
        f"{place}: {item!r:.40} is not an object.",
        'Every item is an object, as {"text": ..., "label": ...}.',
        Reason.NO_OBJECT,
    )


def _settled(parsed: Iterable[Parsed], unit: Unit, reading: Reading) -> Iterator[Annotation]:
    """The annotations with their entities in characters; without an answer only where there is a
    note to keep."""
    for one in parsed:
        place = one.annotation.origin
        try:
            annotation, moved = with_entities(one, unit, reading.options.accept_empty)
        except ItemError as error:
            reading.misfit(error, place)
            continue
        if moved:
            reading.counted.add(CONVERTED, place)
        why = reason_of(one, annotation)
        if why and not annotation.note and annotation.status is Status.LABELLED:
            reading.left_out.add(why, place)
        else:
            yield annotation


def with_entities(one: Parsed, unit: Unit, accept_empty: bool) -> tuple[Annotation, bool]:
    """The annotation with its answer; and whether its offsets were converted. ItemError for
    entities that do not fit."""
    if one.marks is None or one.unanswered:
        return one.annotation, False
    if not one.marks and not one.settled and not accept_empty:
        return replace(one.annotation, answer=None), False
    place = one.annotation.origin
    try:
        if one.by_tags:
            spans = check_spans(one.annotation.text, [mark[:3] for mark in one.marks])
            return replace(one.annotation, answer=spans), False
        spans, converted = resolve(one.annotation.text, one.marks, unit)
    except ValueError as error:
        raise ItemError(f"{place}: {error}.", _SKIP_HINT, Reason.of(error)) from error
    return replace(one.annotation, answer=spans), converted


def reason_of(one: Parsed, annotation: Annotation) -> str:
    """Why there is no answer, "" if there is one."""
    if annotation.answer is not None:
        return ""
    return one.unanswered or (EMPTY if one.marks == () else NO_ANSWER)
