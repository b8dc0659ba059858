"""What a data set holds, small enough to be sent from process to process and shown on a form."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from tui_al.core.data.examples import Dataset, Task
from tui_al.core.data.tags import spans_of

_ROWS = 20
_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Preview:
    """A data set at a glance. For tagging, counts are entities by type and a row's label lists its
    entities."""

    name: str
    task: Task
    labels: tuple[str, ...]
    train: int
    test: int
    unlabelled: int
    counts: Mapping[str, int]
    rows: tuple[tuple[str, str], ...]  #: the first texts with their labels
    words: float  #: mean number of words in a training text
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_plain(self) -> dict[str, Any]:
        """Values for JSON."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The inverse of `to_plain`."""
        return cls(
            **{
                **plain,
                "task": Task(plain["task"]),
                "labels": tuple(plain["labels"]),
                "rows": tuple((text, label) for text, label in plain["rows"]),
                "notes": tuple(plain["notes"]),
                "warnings": tuple(plain["warnings"]),
            }
        )


def preview_of(dataset: Dataset) -> Preview:
    """Count labels and take the first rows."""
    counts = Counter(dict.fromkeys(dataset.labels, 0))
    words = 0
    for example in dataset.train:
        words += len(example.tokens) or len(example.text.split())
        if isinstance(example.answer, str):
            counts[example.answer] += 1
        elif example.answer is not None:
            counts.update(kind for *_, kind in spans_of(example.answer))
    return Preview(
        name=dataset.name,
        task=dataset.task,
        labels=dataset.labels,
        train=len(dataset.train),
        test=len(dataset.test),
        unlabelled=sum(e.answer is None for e in dataset.train),
        counts=dict(counts),
        rows=tuple(
            (e.text[:_CHARACTERS], _label(e.answer, e.tokens)) for e in dataset.train[:_ROWS]
        ),
        words=words / max(1, len(dataset.train)),
        notes=dataset.notes,
        warnings=dataset.warnings,
    )


def _label(answer: str | tuple[str, ...] | None, tokens: tuple[str, ...]) -> str:
    if answer is None:
        return ""
    if isinstance(answer, str):
        return answer
    return ", ".join(
        f"{' '.join(tokens[start:end])} {kind}" for start, end, kind in spans_of(answer)
    )
