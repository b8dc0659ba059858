"""Examples, their answers, and the data set an experiment works on."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

#: What an oracle gives for one example: a class name, or one IOB2 tag for each token.
Answer = str | tuple[str, ...]


class Task(StrEnum):
    """The two kinds of work: one label a text, or one tag a word."""

    CLASSIFICATION = "classification"
    TAGGING = "tagging"


@dataclass(frozen=True, slots=True)
class Example:
    """One text of the pool or the test set.

    For tagging, `tokens` are the words as the data set splits them, and `text` is what a person
    reads (the words joined by single spaces where the source has no text of its own).
    """

    id: str  #: stable across runs and machines, see `example_ids`
    text: str
    answer: Answer | None = None  #: gold answer; None for an unlabelled row
    tokens: tuple[str, ...] = ()  #: empty for classification
    origin: str = ""  #: "train.csv:17", for messages


@dataclass(frozen=True, slots=True)
class Dataset:
    """The data of an experiment, read, checked and frozen.

    `notes` say what was guessed or decided (columns, a held-out test split); `warnings` count what
    is odd in the data. Both are meant for people and shown before anything runs.
    """

    name: str
    task: Task
    labels: tuple[str, ...]  #: class names, or entity types without B-/I-; sorted
    train: tuple[Example, ...]
    test: tuple[Example, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """The IOB2 tag set of a tagging task: O first, then B-x, I-x for each type."""
        return iob2_tags(self.labels)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What a model's output columns stand for: class names or IOB2 tags."""
        return self.labels if self.task is Task.CLASSIFICATION else self.tags


def iob2_tags(types: Sequence[str]) -> tuple[str, ...]:
    """`("LOC", "PER")` becomes `("O", "B-LOC", "I-LOC", "B-PER", "I-PER")`."""
    return ("O", *(f"{prefix}-{kind}" for kind in types for prefix in "BI"))


def example_ids(texts: Iterable[str]) -> list[str]:
    """Ids from content: 12 hex digits of BLAKE2b; the second of equal texts gets "-2", the third
    "-3".

    So an example keeps its id when rows are added, removed or shuffled around it.
    """
    seen: Counter[str] = Counter()
    ids = []
    for text in texts:
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        seen[digest] += 1
        ids.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return ids
