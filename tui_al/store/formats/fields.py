"""Fields of foreign objects, checked: what has another type than it should becomes an error that names place and field."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tui_al.core.annotations import Status
from tui_al.core.offsets import CharSpan, check_spans, trim_span
from tui_al.core.times import from_iso
from tui_al.errors import DataError

T = TypeVar("T")
Fields = Mapping[str, Any]


def text_of(fields: Fields, name: str, place: str) -> str:
    """A text that must be there."""
    found = fields.get(name)
    if not isinstance(found, str):
        raise _wrong(place, name, found, "a text")
    return sound(found)


def string(fields: Fields, name: str, place: str) -> str:
    """A string, "" where the field is missing or null; numbers become strings."""
    found = fields.get(name)
    if found is None:
        return ""
    if isinstance(found, str):
        return sound(found)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)
    raise _wrong(place, name, found, "a string")


def items(fields: Fields, name: str, place: str) -> Sequence[Any]:
    """A list, [] where the field is missing or null."""
    found = fields.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise _wrong(place, name, found, "a list")
    return found


def strings(fields: Fields, name: str, place: str) -> tuple[str, ...]:
    """A list of strings, () where the field is missing or null."""
    found = items(fields, name, place)
    if not all(isinstance(item, str) for item in found):
        raise _wrong(place, name, found, "a list of strings")
    return tuple(sound(item) for item in found)


def objects(fields: Fields, name: str, place: str) -> list[Fields]:
    """A list of objects, [] where the field is missing or null."""
    found = items(fields, name, place)
    for item in found:
        if not isinstance(item, Mapping):
            raise _wrong(place, name, item, "a list of objects")
    return list(found)


def mapping(fields: Fields, name: str, place: str) -> Fields:
    """An object, {} where the field is missing or null."""
    found = fields.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise _wrong(place, name, found, "an object")
    return found


def time_of(fields: Fields, name: str, place: str) -> float:
    """A time as seconds since the epoch or ISO 8601, as seconds; 0 where the field is missing, null or ""."""
    found = fields.get(name)
    if found is None or found == "":
        return 0.0
    if isinstance(found, int | float) and not isinstance(found, bool):
        return float(found)
    try:
        return from_iso(found)
    except (ValueError, TypeError) as error:
        raise _wrong(place, name, found, "a time, as 2026-01-31T12:00:00Z") from error


def status_of(fields: Fields, name: str, place: str) -> Status:
    """A status; labelled where the field is missing, null or ""."""
    found = fields.get(name) or Status.LABELLED
    try:
        return Status(found)
    except ValueError as error:
        raise _wrong(place, name, found, f"one of {', '.join(Status)}") from error


def span(
    fields: Fields, place: str, start: str = "start", end: str = "end", kind: str = "label"
) -> CharSpan:
    """An entity out of an object with two offsets and a type."""
    first, after, label = fields.get(start), fields.get(end), fields.get(kind)
    if (
        type(first) is not int
        or type(after) is not int
        or not isinstance(label, str)
        or not label.strip()
    ):
        raise DataError(
            f"{place}: {dict(fields)!r:.80} is no entity.",
            f"An entity has {start!r} and {end!r}, offsets in characters, and {kind!r}, its type.",
        )
    return first, after, sound(label).strip()


def one_label(labels: Sequence[str], place: str) -> str | None:
    """The class of a text, None where there is none; DataError for several."""
    if len(labels) > 1:
        raise DataError(
            f"{place}: {len(labels)} labels, {', '.join(labels)[:60]}.",
            "A text has one label here; keep one of them, or leave the text out.",
        )
    return labels[0].strip() or None if labels else None


def spans_in(text: str, spans: Sequence[CharSpan], place: str) -> tuple[CharSpan, ...]:
    """The entities in order, blanks at their borders cut off; DataError if they overlap or do not fit the text."""
    return checked(place, lambda: check_spans(text, [trim_span(text, span) for span in spans]))


def checked(place: str, work: Callable[[], T]) -> T:
    """The result of `work`, its ValueError as a DataError about `place`."""
    try:
        return work()
    except ValueError as error:
        raise DataError(
            f"{place}: {error}.", "Correct the file, or leave that entry out."
        ) from error


def sound(text: str) -> str:
    """The text as it can be stored: without NUL, and without halves of surrogate pairs, as data files are read."""
    cleaned = text.replace("\0", "")
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in cleaned)


def _wrong(place: str, name: str, found: object, wanted: str) -> DataError:
    what = "nothing" if found is None else f"{found!r:.60}"
    return DataError(
        f"{place}: {name!r} is {what}, not {wanted}.", "Correct the file, or name its --format."
    )
