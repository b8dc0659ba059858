"""What people (or a simulated oracle) said of a session's examples, as plain records: what goes out
of a session and comes in."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tui_al.core.data.examples import Task
from tui_al.core.data.offsets import CharSpan

#: A class name, or the entities of a text by exact character offsets, in order; () is a text
#: without entities.
UserAnswer = str | tuple[CharSpan, ...]


class Status(StrEnum):
    """What became of an example that was asked about."""

    LABELLED = "labelled"
    UNCLEAR = "unclear"  #: flagged, with a reason; kept out of training
    SKIPPED = "skipped"  #: back to the pool, asked again later


@dataclass(frozen=True, slots=True)
class Label:
    """A class, or an entity type."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """What all annotations of a file have in common."""

    task: Task
    labels: tuple[Label, ...]
    session: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The labels without their descriptions."""
        return tuple(label.name for label in self.labels)


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotator's current word on one example; an example may have several, of different
    annotators."""

    id: str  #: of the example; "" in a file of another program, which does not know it
    text: str
    answer: UserAnswer | None = None  #: None where there is none: skipped, or unclear without one
    tokens: tuple[str, ...] = ()  #: for tagging; empty where a file does not say
    annotator: str = ""  #: "" if unknown
    time: float = 0.0  #: seconds since the epoch; 0 if unknown
    note: str = ""
    status: Status = Status.LABELLED
    reason: str = ""  #: why unclear
    origin: str = ""  #: where it was read, "labels.csv:17", for messages

    @property
    def spans(self) -> tuple[CharSpan, ...]:
        """The entities; () also where there is no answer, or a class."""
        return self.answer if isinstance(self.answer, tuple) else ()


def labels_used(annotations: Iterable[Annotation]) -> set[str]:
    """Class names, or entity types, that occur in the answers."""
    used: set[str] = set()
    for annotation in annotations:
        if isinstance(annotation.answer, str):
            used.add(annotation.answer)
        used.update(kind for _, _, kind in annotation.spans)
    return used
