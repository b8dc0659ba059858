"""What an exchange format is: two functions and what it can carry."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from tui_al.core.annotation.records import Annotation, Header, Status
from tui_al.core.data.examples import Task
from tui_al.store.formats.reading import Parse, Read, Reading, ReadOptions

Parser = Callable[[Sequence[Mapping[str, Any]], Reading], Parse]


class Part(StrEnum):
    """What annotations have beyond an answer, in the words that tell what a format does not
    carry."""

    ID = "ids of examples"
    TEXT = "texts as they are (words are joined by blanks)"
    TOKENS = "words of texts"
    ANNOTATOR = "names of annotators"
    TIME = "times"
    SECONDS = "fractions of seconds"
    NOTE = "notes"
    FLAG = "flags (unclear, skipped)"
    REASON = "reasons of flags"
    DESCRIPTION = "descriptions of labels"


ALL_PARTS = frozenset(Part)


class Reader(Protocol):
    """Reads a file; DataError for one that cannot be read."""

    def __call__(self, path: Path, task: Task, options: ReadOptions = ...) -> Read: ...


def _everything(_annotation: Annotation) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files that annotations are exchanged in.

    `read` raises DataError, with the line where there is one; it is None where the reader of data
    files has to find the columns. `parser` is there where files hold objects: it is given the first
    of
    them and makes the function that reads one. `refuses` says why an annotation cannot be written
    at all, "" if it can."""

    name: str
    summary: str  #: one line, for lists
    tasks: frozenset[Task]
    carries: frozenset[Part]
    write: Callable[[Path, Header, Sequence[Annotation]], None]
    read: Reader | None = None
    parser: Parser | None = None
    answers: frozenset[Task] = frozenset()  #: tasks whose answers can be read though not written
    refuses: Callable[[Annotation], str] = _everything

    def losses(self, header: Header, annotations: Iterable[Annotation]) -> list[str]:
        """What the format has no place for and these annotations have, with counts: `notes: 3`."""
        counts = dict.fromkeys(Part, 0)
        for annotation in annotations:
            for part in _parts(annotation):
                counts[part] += 1
        if Part.TIME not in self.carries:
            counts[Part.SECONDS] = 0  # told by the times
        counts[Part.DESCRIPTION] = sum(bool(label.description) for label in header.labels)
        return [
            f"{part}: {count:,}"
            for part, count in counts.items()
            if count and part not in self.carries
        ]


def _parts(annotation: Annotation) -> list[Part]:
    """What this annotation has."""
    present = {
        Part.ID: annotation.id,
        Part.TEXT: annotation.tokens and annotation.text != " ".join(annotation.tokens),
        Part.TOKENS: annotation.tokens,
        Part.ANNOTATOR: annotation.annotator,
        Part.TIME: annotation.time,
        Part.SECONDS: annotation.time != int(annotation.time),
        Part.NOTE: annotation.note,
        Part.FLAG: annotation.status is not Status.LABELLED,
        Part.REASON: annotation.reason,
    }
    return [part for part, there in present.items() if there]
