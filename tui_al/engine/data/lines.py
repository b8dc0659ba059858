"""The lines of a text file, one after the other, some of which can be looked at ahead."""

from collections import deque
from collections.abc import Iterator

from tui_al.engine.data.encodings import TextStream
from tui_al.errors import DataError

#: Characters of a line or a JSON value; beyond it a file is not a table of texts.
LONGEST = 1 << 28


class Lines(Iterator[str]):
    """Lines with their ends, split at line feeds only, so that U+2028 and the like stay in the
    text."""

    def __init__(self, stream: TextStream, name: str) -> None:
        self.name = name  #: of the file, for messages
        self.number = 0  #: of the line given out last, from 1
        self._stream = stream
        self._ready: deque[str] = deque()
        self._rest: list[str] = []  # pieces of a line whose end is not read yet
        self._ended = False

    def __next__(self) -> str:
        if not self._ready and not self._fill():
            raise StopIteration
        self.number += 1
        return self._ready.popleft()

    def peek(self, most: int, longest: int = LONGEST) -> list[str]:
        """The next lines, which stay to be given out; fewer before a line of more than so many
        characters."""
        while len(self._ready) < most and self._fill(longest):
            pass
        return [self._ready[i] for i in range(min(most, len(self._ready)))]

    def beginning(self) -> str:
        """What is to come, as far as it was read ahead; all of it stays to be given out."""
        return "".join((*self._ready, *self._rest))

    def has_content(self) -> bool:
        """Whether anything but white space is to come; no more is read than it takes to know."""
        while not any(not text.isspace() for text in (*self._ready, *self._rest)):
            if not self._fill(0) and self._ended:
                return False
        return True

    @property
    def at_end(self) -> bool:
        """Whether the file ends with the lines that were looked at or given out."""
        return self._ended

    def read(self) -> str:
        """Some characters, regardless of lines; "" at the end. `number` counts the lines they
        end."""
        if self._ready or self._rest:
            text = "".join((*self._ready, *self._rest))
            self._ready.clear()
            self._rest.clear()
        else:
            text = self._stream.read()
        self.number += text.count("\n")
        return text

    def _fill(self, longest: int = LONGEST) -> bool:
        """Read on until a line is complete; False at the end of the file, or where a line is longer
        than that."""
        while not self._ended:
            piece = self._stream.read()
            if not piece:
                self._ended = True
                if self._rest:
                    self._ready.append("".join(self._rest))
                    self._rest.clear()
                    return True
                return False
            first, *others = piece.split("\n")
            self._rest.append(first)
            if others:
                self._ready.append("".join(self._rest) + "\n")
                self._ready.extend(line + "\n" for line in others[:-1])
                self._rest = [others[-1]] if others[-1] else []
                return True
            length = sum(map(len, self._rest))
            if length > LONGEST:
                raise DataError(
                    f"{self.name}:{self.number + 1}: a line of over {LONGEST:,} characters.",
                    "Is it a text file with a row on each line?",
                )
            if length > longest:
                return False
        return False
