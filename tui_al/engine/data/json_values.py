"""JSON text as values, one after the other, read no further than each needs."""

import json
from typing import Any

from tui_al.engine.data.lines import LONGEST, Lines
from tui_al.errors import DataError

_BLANK = " \t\r\n\ufeff"


class JsonText:
    """A place in the text of a JSON file that only moves forward."""

    def __init__(self, lines: Lines) -> None:
        self.name = lines.name
        self._lines = lines
        self._buffer, self._place = "", 0
        self._before = 0  # line feeds of what is no longer in the buffer
        self._decoder = json.JSONDecoder()

    def next_character(self) -> str:
        """The next one that is not a white space, which stays to be read; "" at the end."""
        while True:
            while self._place < len(self._buffer):
                if self._buffer[self._place] not in _BLANK:
                    return self._buffer[self._place]
                self._place += 1
            if not self._more(0):
                return ""

    def begins_array_of_objects(self) -> bool:
        """Whether the next characters are a bracket and a brace; they stay to be read."""
        if self.next_character() != "[":
            return False
        while True:
            place = self._place + 1
            while place < len(self._buffer) and self._buffer[place] in _BLANK:
                place += 1
            if place < len(self._buffer):
                return self._buffer[place] == "{"
            if not self._more(0):
                return False

    def take(self, characters: str) -> str:
        """Read one of these characters, past white space; DataError for any other."""
        found = self.next_character()
        if not found or found not in characters:
            expected = " or ".join(repr(c) for c in characters)
            raise self.error(
                f"{found!r} where {expected} is expected"
                if found
                else "it ends too early: the file is cut off"
            )
        self._place += 1
        return found

    def value(self) -> Any:
        """The next value, whole. It is tried each time that twice as much of it is read, so a long
        one takes no more than twice the time."""
        self.next_character()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._place)
            except RecursionError as error:
                raise self.error("it is nested too deeply") from error
            except ValueError as error:
                problem, end = error, -1
            if 0 <= end < len(self._buffer):  # a number at the very end may go on
                self._place = end
                return value
            if not self._more(len(self._buffer) - self._place):
                if end >= 0:
                    self._place = end
                    return value
                raise self._not_valid(problem) from problem
            if len(self._buffer) - self._place > LONGEST:
                raise self.error(f"a value of over {LONGEST:,} characters")

    def error(self, what: str) -> DataError:
        """The error for what stands at this place."""
        line = self._before + self._buffer.count("\n", 0, self._place) + 1
        return DataError(
            f"{self.name}:{line}: not valid JSON: {what}.", "Check the file with a JSON tool."
        )

    def _not_valid(self, error: ValueError) -> DataError:
        if not isinstance(error, json.JSONDecodeError):
            return self.error(str(error))
        self._place = error.pos
        if error.pos >= len(self._buffer.rstrip()):
            return self.error("it ends too early: the file is cut off")
        return self.error(error.msg[:1].lower() + error.msg[1:])

    def _more(self, wanted: int) -> bool:
        """Read on, some characters or as many as are wanted; False at the end of the file."""
        pieces = [self._lines.read()]
        while pieces[-1] and sum(map(len, pieces)) < wanted:
            pieces.append(self._lines.read())
        if not pieces[0]:
            return False
        self._before += self._buffer.count("\n", 0, self._place)
        self._buffer = self._buffer[self._place :] + "".join(pieces)
        self._place = 0
        return True
