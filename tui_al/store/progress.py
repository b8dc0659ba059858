"""How far people got with a session, kept up to date by what was appended since the last look."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tui_al.core.annotation.batch import batch_since, lacking
from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.annotation.label_state import CLOSED, LabelState, Status
from tui_al.core.data.examples import Task
from tui_al.core.data.tags import apply_renames, spans_of
from tui_al.core.session.damage import BadRow
from tui_al.core.session.state import SessionState
from tui_al.store.decisions import DecisionLog
from tui_al.store.examples import ExampleReader
from tui_al.store.session import Session


@dataclass(slots=True)
class LabelProgress:
    """The decisions on record, folded; `read` takes in further ones."""

    directory: Path
    label_state: LabelState
    pool: int  #: texts to label, which percentages of a batch are of
    damage: tuple[str, ...] = ()  #: what is told of decisions that had to be left out
    _bad: tuple[BadRow, ...] = ()
    _in_data: set[str] | None = field(default_factory=set)  # see `keep_in_data`; None: nothing is
    _reserve: frozenset[str] = frozenset()  # texts to measure on, which nothing is trained on

    @classmethod
    def of(cls, directory: Path) -> Self:
        """Nothing is read yet."""
        examples = ExampleReader(directory / "examples.db")
        try:
            *_, labels = examples.facts()
            in_data = None if examples.all_asked else set[str]()
            return cls(directory, LabelState(labels), examples.askable(), _in_data=in_data)
        finally:
            examples.close()

    def behind(self) -> int:
        """Decisions that `read` would take in, about."""
        with DecisionLog(self.directory) as log:
            return log.last() - self.label_state.seq

    def read(self) -> None:
        """Take in what was decided since the last time."""
        with DecisionLog(self.directory) as log:
            log.bad = self._bad
            touched = self.label_state.apply(log.read(after=self.label_state.seq))
            self._bad, self.damage = log.bad, log.damage
            self._reserve = frozenset(log.board("reserve") or ())
        if touched and self._in_data is not None:
            examples = ExampleReader(self.directory / "examples.db")
            try:
                keep_in_data(self._in_data, touched, self.label_state, examples)
            finally:
                examples.close()

    @property
    def labelled(self) -> int:
        """Texts that have a label."""
        return self.label_state.count(Status.LABELLED)

    @property
    def closed(self) -> int:
        """Those of the pool, and the unclear, ambiguous and disputed ones, as the engine counts
        them."""
        return sum(map(self.label_state.count, CLOSED)) - len(self._in_data or ())

    def lacks(self, state: SessionState) -> str:
        """What is needed before the engine can train, though there are labels enough; "" if nothing
        is."""
        return "" if self.wanted(state) else self.lacks_to_train(state)

    def lacks_to_train(self, state: SessionState) -> str:
        """The same for a training now, however many labels the engine waits for."""
        if not state.task:
            return ""
        examples = ExampleReader(self.directory / "examples.db")
        try:
            return lacking(
                trained_on(self.label_state, examples, self._reserve, self._in_data or ()),
                Task(state.task),
            )
        finally:
            examples.close()

    def used_up(self, state: SessionState) -> bool:
        """Whether every text is decided about, and the engine knows of all these decisions."""
        run = next(iter(state.runs.values()), None)
        answered = run.ranked.answered if run and run.ranked else 0
        return self.pool <= self.closed <= answered

    def wanted(self, state: SessionState) -> int:
        """How many more decisions the engine waits for until it ranks anew."""
        run = next(iter(state.runs.values()), None)
        if state.config is None or run is None:
            return 0
        return batch_since(state.config.loop, run.ranked, self.pool, self.closed).to_go


def lacks_to_train(directory: Path) -> str:
    """What is missing before anything can be trained on the labels of the session in `directory` as
    they are now; "" if nothing is.

    Reads all decisions: call it in the background.
    """
    label_progress = LabelProgress.of(directory)
    label_progress.read()
    with Session(directory) as session:
        return label_progress.lacks_to_train(session.state())


def keep_in_data(
    ids: set[str], touched: Iterable[str], label_state: LabelState, examples: ExampleReader
) -> None:
    """Bring up to date which examples are decided on though the data has labels for them, after
    decisions on the `touched` ones.

    They are not of the pool: nobody is asked about them, and no batch is made of them.
    """
    for identity in touched:
        done = label_state.label_status(identity).status in CLOSED
        in_data = done and examples.given(identity) is not None
        (ids.add if in_data else ids.discard)(identity)


def trained_on(
    label_state: LabelState,
    examples: ExampleReader,
    reserve: Collection[str],
    overruled: Collection[str],
) -> Iterator[UserAnswer]:
    """The answers that models learn from, as the engine takes them: people's, then the data's, in
    today's names of labels.

    Args:
        label_state: what people decided.
        examples: the data.
        reserve: texts to measure on, whose answers nothing is trained on.
        overruled: examples that people decided on though the data has labels for them, see
        `keep_in_data`.
    """
    for identity, label_status in label_state.label_statuses():
        if label_status.answer is not None and identity not in reserve:
            yield label_status.answer
    renamed = label_state.renamed
    for identity, answer in examples.all_given():
        if identity not in overruled:
            now = apply_renames(answer, renamed) or answer
            yield now if isinstance(now, str) else tuple((s, e, k) for s, e, k in spans_of(now))
