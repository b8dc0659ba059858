"""A sample as it is put before an annotator, with all that goes with it."""

from dataclasses import dataclass

from tui_al.core.annotation.decisions import Decision, UserAnswer
from tui_al.core.annotation.label_state import Status
from tui_al.core.data.examples import Example
from tui_al.core.data.offsets import CharSpan


@dataclass(frozen=True, slots=True)
class AnnotatorAnswer:
    """What one annotator says of a sample, in today's names, and since when (seconds since the
    epoch)."""

    annotator: str
    time: float
    answer: UserAnswer


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample before an annotator.

    `top` are the model's likeliest classes with their probabilities; `spans` its entities, each
    with a confidence. Both are empty for a blind sample (the random share that quality is measured
    on) and while there is no model, and leave out labels that are no more.
    """

    example: Example
    ranking: int | None = None  #: round of the ranking; None for one that was opened by hand
    place: int = 0  #: in the ranking, from 1
    score: float | None = None
    percentile: float | None = None  #: share of the pool that is less worth asking, 0 to 1
    top: tuple[tuple[str, float], ...] = ()
    spans: tuple[tuple[CharSpan, float], ...] = ()
    blind: str = (
        ""  #: why no suggestion is shown: "random check", "second opinion", or "" where one may be
    )
    folded: tuple[str, ...] = ()  #: near-duplicates that get the same answer
    note: str = ""
    answer: UserAnswer | None = None  #: what this annotator has answered before
    beginning: UserAnswer | None = None  #: entities to begin with, which are no answer yet
    flag: str | None = None  #: why this annotator has found it unclear, "" for no reason
    in_data: UserAnswer | None = None  #: what the data says of one that nobody is asked about
    status: Status = Status.OPEN  #: where it stood when it was put up
    counts: UserAnswer | None = None  #: what counted then, where this annotator has answered
    by_hand: bool = False  #: opened by its annotator, not asked about
    answers: tuple[
        AnnotatorAnswer, ...
    ] = ()  #: everybody's answers; only where they are asked for, see `AnnotationService.look`

    @property
    def id(self) -> str:
        """Of the example."""
        return self.example.id

    @property
    def is_done(self) -> bool:
        """Whether it needs no answer, so that going on without one leaves it as it is."""
        waits = self.status in (Status.OPEN, Status.SKIPPED) and self.in_data is None
        return self.answer is not None or self.flag is not None or (self.by_hand and not waits)

    @property
    def suggestion(self) -> UserAnswer | None:
        """What Enter takes: the likeliest class, or the model's entities; None where there is no
        suggestion."""
        if self.top:
            return self.top[0][0]
        if self.spans or (self.ranking and not self.blind and self.example.tokens):
            return tuple(span for span, _ in self.spans)
        return None


@dataclass(frozen=True, slots=True)
class Hit:
    """An example that a search has found, and where it stands."""

    example: Example
    status: Status
    in_data: bool = False  #: whether the data has a label for it, so that nobody is asked about it


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What an undo or redo did: the decision, and the sample to show, if it is one that asks for an
    answer again.

    `text` is that of the example that the decision is about, "" where it is about none; `note` the
    remark that it has now."""

    decision: Decision
    item: Sample | None
    text: str = ""
    note: str = ""
