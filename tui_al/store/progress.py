"""How far people got with a session, kept up to date by what was appended since the last look."""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tui_al.core.annotation.batch import Batch, batch_since, lacking
from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.annotation.label_state import CLOSED, LabelState, Status
from tui_al.core.data.examples import Task
from tui_al.core.data.tags import apply_renames, spans_of
from tui_al.core.session.damage import BadRow
from tui_al.core.session.events import RankingPublished
from tui_al.core.session.state import SessionState
from tui_al.core.settings.experiment import LoopConfig
from tui_al.store.decisions import DecisionLog
from tui_al.store.examples import ExampleReader
from tui_al.store.session import Session


@dataclass(slots=True)
class PoolProgress:
    """How many texts of the pool are decided about, as the engine counts them, and what a training
    on their labels lacks. Whoever has it keeps `label_state` up to date and calls `take_in`."""

    label_state: LabelState
    size: int  #: texts to label, which percentages of a batch are of
    #: Those decided on that have a label in the data: they are not of the pool, nobody is asked
    #: about them, and no batch is made of them. None: the data has no labels.
    _in_data: set[str] | None

    @classmethod
    def of(cls, label_state: LabelState, examples: ExampleReader) -> Self:
        """Nothing is taken in yet."""
        in_data = None if examples.all_asked else set[str]()
        return cls(label_state, examples.askable(), in_data)

    def take_in(self, touched: Collection[str], examples: ExampleReader) -> None:
        """Something was decided on the `touched` examples."""
        if self._in_data is None:
            return
        for identity in touched:
            done = self.label_state.label_status(identity).status in CLOSED
            in_data = done and examples.given(identity) is not None
            (self._in_data.add if in_data else self._in_data.discard)(identity)

    @property
    def closed(self) -> int:
        """Texts of the pool that nobody needs to be asked about any more: labelled, unclear,
        ambiguous and disputed ones."""
        return sum(map(self.label_state.count, CLOSED)) - len(self._in_data or ())

    def batch(self, loop: LoopConfig, ranked: RankingPublished | None) -> Batch:
        """The decisions after which the engine ranks anew; `ranked` is the newest ranking."""
        return batch_since(loop, ranked, self.size, self.closed)

    def lacks(self, task: Task, examples: ExampleReader, reserve: Collection[str]) -> str:
        """What is needed before the engine can train on the labels there are, see `lacking`; "" if
        nothing is. `reserve` are texts to measure on, whose answers nothing is trained on."""
        answers = _trained_on(self.label_state, examples, reserve, self._in_data or ())
        return lacking(answers, task)


@dataclass(slots=True)
class LabelProgress:
    """The decisions on record, folded; `read` takes in further ones. Nothing is kept open
    meanwhile."""

    directory: Path
    damage: tuple[str, ...] = ()  #: what is told of decisions that had to be left out
    _progress: PoolProgress = field(init=False)
    _bad: tuple[BadRow, ...] = ()
    _reserve: frozenset[str] = frozenset()  # texts to measure on, which nothing is trained on

    def __post_init__(self) -> None:
        """Nothing is read yet."""
        with self._examples() as examples:
            *_, labels = examples.facts()
            self._progress = PoolProgress.of(LabelState(labels), examples)

    def behind(self) -> int:
        """Decisions that `read` would take in, about."""
        with DecisionLog(self.directory) as log:
            return log.last() - self._progress.label_state.seq

    def read(self) -> None:
        """Take in what was decided since the last time."""
        label_state = self._progress.label_state
        with DecisionLog(self.directory) as log:
            log.bad = self._bad
            touched = label_state.apply(log.read(after=label_state.seq))
            self._bad, self.damage = log.bad, log.damage
            self._reserve = frozenset(log.board("reserve") or ())
        if touched:
            with self._examples() as examples:
                self._progress.take_in(touched, examples)

    @property
    def labelled(self) -> int:
        """Texts that have a label."""
        return self._progress.label_state.count(Status.LABELLED)

    def lacks(self, state: SessionState) -> str:
        """What is needed before the engine can train, though there are labels enough; "" if nothing
        is."""
        return "" if self.wanted(state) else self.lacks_to_train(state)

    def lacks_to_train(self, state: SessionState) -> str:
        """The same for a training now, however many labels the engine waits for."""
        if not state.task:
            return ""
        with self._examples() as examples:
            return self._progress.lacks(Task(state.task), examples, self._reserve)

    def used_up(self, state: SessionState) -> bool:
        """Whether every text is decided about, and the engine knows of all these decisions."""
        run = next(iter(state.runs.values()), None)
        answered = run.ranked.answered if run and run.ranked else 0
        return self._progress.size <= self._progress.closed <= answered

    def wanted(self, state: SessionState) -> int:
        """How many more decisions the engine waits for until it ranks anew."""
        run = next(iter(state.runs.values()), None)
        if state.config is None or run is None:
            return 0
        return self._progress.batch(state.config.loop, run.ranked).to_go

    def _examples(self) -> contextlib.closing[ExampleReader]:
        return contextlib.closing(ExampleReader(self.directory / "examples.db"))


def lacks_to_train(directory: Path) -> str:
    """What is missing before anything can be trained on the labels of the session in `directory` as
    they are now; "" if nothing is.

    Reads all decisions: call it in the background.
    """
    label_progress = LabelProgress(directory)
    label_progress.read()
    with Session(directory) as session:
        return label_progress.lacks_to_train(session.state())


def _trained_on(
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
        overruled: examples that people decided on though the data has labels for them.
    """
    for identity, label_status in label_state.label_statuses():
        if label_status.answer is not None and identity not in reserve:
            yield label_status.answer
    renamed = label_state.renamed
    for identity, answer in examples.all_given():
        if identity not in overruled:
            now = apply_renames(answer, renamed) or answer
            yield now if isinstance(now, str) else tuple((s, e, k) for s, e, k in spans_of(now))
