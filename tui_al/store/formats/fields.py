"""Fields of foreign objects, checked: what has another type than it should becomes an ItemError
that names place and field."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tui_al.core.annotation.records import Status
from tui_al.core.data.stored_spans import Mark
from tui_al.store.formats.reading import ItemError, Reason

T = TypeVar("T")
Fields = Mapping[str, Any]

# What programs call the parts of an entity.
STARTS = ("start", "start_offset", "startOffset", "begin", "start_char", "offset_start")
ENDS = ("end", "end_offset", "endOffset", "stop", "end_char", "offset_end")
KINDS = ("label", "type", "entity", "entity_type", "tag", "category", "class", "labels")
COVERED = ("text", "exact", "quote", "mention", "surface")


def text_of(fields: Fields, name: str, place: str) -> str:
    """A text that must be there."""
    found = fields.get(name)
    if not isinstance(found, str):
        raise wrong(place, name, found, "a text")
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
    raise wrong(place, name, found, "a string")


def annotator_of(fields: Fields, name: str, place: str) -> str:
    """Who annotated: a string or number, or an object with an address; "" where the field is
    missing."""
    found = fields.get(name)
    return (
        string(found, "email", place) or string(found, "id", place)
        if isinstance(found, Mapping)
        else string(fields, name, place)
    )


def items(fields: Fields, name: str, place: str) -> Sequence[Any]:
    """A list, [] where the field is missing or null."""
    found = fields.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise wrong(place, name, found, "a list")
    return found


def strings(fields: Fields, name: str, place: str) -> tuple[str, ...]:
    """A list of strings, () where the field is missing or null."""
    found = items(fields, name, place)
    if not all(isinstance(item, str) for item in found):
        raise wrong(place, name, found, "a list of strings")
    return tuple(sound(item) for item in found)


def objects(fields: Fields, name: str, place: str) -> list[Fields]:
    """A list of objects, [] where the field is missing or null."""
    found = items(fields, name, place)
    for item in found:
        if not isinstance(item, Mapping):
            raise wrong(place, name, item, "a list of objects")
    return list(found)


def mapping(fields: Fields, name: str, place: str) -> Fields:
    """An object, {} where the field is missing or null."""
    found = fields.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise wrong(place, name, found, "an object")
    return found


def status_of(fields: Fields, name: str, place: str) -> Status:
    """A status; labelled where the field is missing, null or ""."""
    found = fields.get(name) or Status.LABELLED
    try:
        return Status(found)
    except ValueError as error:
        raise wrong(place, name, found, f"one of {', '.join(Status)}") from error


def mark_of(fields: Fields, place: str, *, text: str | None = None) -> Mark:
    """An entity out of an object with two offsets and a type, under any of their usual names.

    Args:
        fields: the object, as {"start": 0, "end": 4, "label": "PER", "text": "Anna"}.
        place: for the error.
        text: what it covers, where that is stored elsewhere.
    """
    first, after = _named(fields, STARTS), _named(fields, ENDS)
    kind = _named(fields, KINDS)
    if isinstance(kind, list) and len(kind) > 1:
        raise ItemError(
            f"{place}: {len(kind)} types for one entity, {', '.join(map(str, kind))[:60]}.",
            "An entity has one type here.",
            Reason.SEVERAL,
        )
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    whole = type(first) is int and type(after) is int
    if not whole or not isinstance(kind, str) or not kind.strip():
        raise ItemError(
            f"{place}: {dict(fields)!r:.80} is not an entity.",
            "An entity has 'start' and 'end', offsets in characters, and 'label', its type.",
            Reason.NO_ENTITY,
        )
    stored = text if text is not None else _named(fields, COVERED)
    return Mark(
        first, after, sound(kind).strip(), sound(stored) if isinstance(stored, str) else None
    )


def mark_in_list(item: Sequence[Any], place: str) -> Mark:
    """An entity as [start, end, type], as doccano and spaCy write it; a fourth element, an id, is
    passed over."""
    return mark_of(dict(zip(("start", "end", "label"), item, strict=False)), place)


def any_mark(item: object, place: str) -> Mark:
    """An entity in either of the two forms."""
    if isinstance(item, list):
        return mark_in_list(item, place)
    return mark_of(item if isinstance(item, Mapping) else {"label": item}, place)


def is_mark(item: object) -> bool:
    """Whether it has the form of an entity: two whole numbers and a type, in a list or under their
    usual names."""
    if isinstance(item, list):
        return len(item) >= 3 and type(item[0]) is int and type(item[1]) is int and (
            isinstance(item[2], str)
        )  # fmt: skip
    if not isinstance(item, Mapping):
        return False
    return all(type(_named(item, names)) is int for names in (STARTS, ENDS)) and isinstance(
        _named(item, KINDS), str | list
    )


def _named(fields: Fields, names: Sequence[str]) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def one_label(labels: Sequence[str], place: str) -> str | None:
    """The class of a text, None where there is none; ItemError for several."""
    if len(labels) > 1:
        raise ItemError(
            f"{place}: {len(labels)} labels, {', '.join(labels)[:60]}.",
            "A text has one label here; keep one of them, or leave the text out.",
            Reason.SEVERAL,
        )
    return labels[0].strip() or None if labels else None


def checked(place: str, work: Callable[[], T]) -> T:
    """The result of `work`, its ValueError as an ItemError about `place`."""
    try:
        return work()
    except ValueError as error:
        raise ItemError(
            f"{place}: {error}.", "Correct the file, or leave that entry out.", Reason.of(error)
        ) from error


def tokens_of(fields: Fields, place: str) -> tuple[str, ...]:
    """The words of `tokens`: strings, or objects with their `text`, as Prodigy and spaCy write
    them; () without any."""
    found = items(fields, "tokens", place)
    whole = fields.get("text")
    words = []
    for token in found:
        if isinstance(token, str):
            words.append(sound(token))
        elif isinstance(token, Mapping) and isinstance(token.get("text"), str):
            words.append(sound(token["text"]))
        elif isinstance(token, Mapping) and isinstance(whole, str) and is_range(token):
            words.append(sound(whole[token["start"] : token["end"]]))
        else:
            raise wrong(place, "tokens", found, "a list of strings")
    return tuple(words)


def is_range(fields: Fields) -> bool:
    """Whether it has two whole numbers as `start` and `end`."""
    return type(fields.get("start")) is int and type(fields.get("end")) is int


def without_nuls(raw: str, marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The entities of a text as it is stored, moved to where they are in `sound(raw)`, which has no
    NUL."""
    if "\0" not in raw:
        return tuple(marks)
    return tuple(
        mark._replace(
            start=mark.start - raw.count("\0", 0, max(0, mark.start)),
            end=mark.end - raw.count("\0", 0, max(0, mark.end)),
        )
        for mark in marks
    )


def sound(text: str) -> str:
    """The text as it can be stored: without NUL, and without halves of surrogate pairs, as data
    files are read."""
    cleaned = text.replace("\0", "")
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in cleaned)


def wrong(place: str, name: str, found: object, wanted: str) -> ItemError:
    """The error for a field that holds something else than what is wanted."""
    try:
        what = "nothing" if found is None else f"{found!r:.60}"
    except ValueError:  # Python does not write out numbers of thousands of digits
        what = "a number of thousands of digits"
    return ItemError(
        f"{place}: {name!r} is {what}, not {wanted}.",
        "Correct the file, or name its --format.",
        Reason.NO_TEXT if wanted == "a text" else Reason.WRONG_FIELD,
    )
