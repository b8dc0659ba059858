"""When answers were given, as files of any program say it: seconds or milliseconds since the epoch,
or ISO 8601.

No number is guessed at by itself: numbers count milliseconds where all times of a file's first
items are such that they can count nothing else. A time that is none, or beyond 1970 and tomorrow,
would overrule, or be overruled by, all others, and is refused."""

import re
from collections.abc import Iterable, Sequence

from tui_al.core.session.timestamps import from_iso, is_plausible
from tui_al.store.formats.fields import Fields, wrong
from tui_al.store.formats.reading import Reading

#: The beginning of 2001 in milliseconds: then computers counted seconds in ten digits for the first
#: time, and milliseconds in 13.
_FIRST_MILLISECOND = 978_307_200_000

# A number in a cell of text. Eight digits are a date, as 20260131.
_NUMBER = re.compile(r"\d{9,}|\d+\.\d*")


class Times:
    """Reads the times of one file, in the unit that its first items show."""

    def __init__(self, values: Iterable[object], reading: Reading) -> None:
        """Args:
        values: the times of the first items as they are stored, also missing ones.
        reading: told where they count milliseconds.
        """
        given = [_as_number(value) for value in values if value not in (None, "")]
        self.in_milliseconds = bool(given) and all(map(_is_milliseconds, given))
        if self.in_milliseconds:
            reading.notes.append("times count milliseconds and were converted to seconds")

    def of(self, fields: Fields, names: Sequence[str], place: str) -> float:
        """The time in the first of these fields that has one, in seconds since the epoch; 0 where
        none has.

        ItemError for what is not a time, or lies before 1970 or after tomorrow.
        """
        return next(filter(None, (self._of(fields, name, place) for name in names)), 0.0)

    def _of(self, fields: Fields, name: str, place: str) -> float:
        found = fields.get(name)
        if found is None or found == "":
            return 0.0
        number = _as_number(found)
        if self.in_milliseconds:
            if not _is_milliseconds(number):
                wanted = "a time in milliseconds, as the first of the file are"
                raise wrong(place, name, found, wanted)
            assert number is not None
            return number / 1000
        try:
            seconds = number if number is not None else from_iso(found)
        except (ValueError, TypeError, OverflowError) as error:
            raise wrong(place, name, found, "a time, as 2026-01-31T12:00:00Z") from error
        if not is_plausible(seconds):
            wanted = "a time between 1970 and tomorrow, in seconds or as 2026-01-31T12:00:00Z"
            if _is_milliseconds(number):
                wanted += "; it may be in milliseconds"
            raise wrong(place, name, found, wanted)
        return seconds


def _as_number(value: object) -> float | None:
    """The number, also one that is written as text; None for anything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else -float("inf")


def _is_milliseconds(number: float | None) -> bool:
    return number is not None and number >= _FIRST_MILLISECOND and is_plausible(number / 1000)
