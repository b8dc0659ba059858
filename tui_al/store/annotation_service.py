"""The annotator's side of a labelling session: the next sample, what is decided about it, and all
there is to know meanwhile.

Every method reads or writes the disk and may wait for it: call them from one background thread,
never from the screen's own. A decision is on disk when its method returns.
"""

import contextlib
import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.batch import Batch
from tui_al.core.annotation.decisions import Decision, DecisionRecord, UserAnswer
from tui_al.core.annotation.label_state import LabelState, Status
from tui_al.core.annotation.review_queue import (
    Agreement,
    SecondLook,
    agreement_of,
    shared_answers,
    to_look_at,
)
from tui_al.core.data.examples import Example, Task
from tui_al.core.data.offsets import check_spans, spans_to_tags
from tui_al.core.session.events import RankingPublished
from tui_al.core.session.state import SessionState
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.errors import MachineError, SessionError
from tui_al.store.decisions import Claim, Client, DecisionLog
from tui_al.store.examples import ExampleReader
from tui_al.store.nearest_neighbors import nearest
from tui_al.store.progress import PoolProgress
from tui_al.store.sample_queue import SampleQueue
from tui_al.store.samples import AnnotatorAnswer, Hit, Sample, UndoResult
from tui_al.store.session import Session


class AnnotationService:
    """One annotator's place at a session. Samples are claimed, so that nobody else gets them
    meanwhile."""

    def __init__(self, directory: Path, annotator: str) -> None:
        self.directory = directory
        self.client = Client.new(annotator)
        with contextlib.ExitStack() as opened:
            self._session = opened.enter_context(Session(directory))
            self._state = self._session.state()
            self.config = self._config_of(self._state)
            self.seed = self.config.seeds[0]
            self.log = opened.enter_context(DecisionLog(directory))
            self._examples = ExampleReader(directory / "examples.db")
            opened.callback(self._examples.close)
            self.name, self.task, labels = self._examples.facts()
            self.label_state = LabelState(labels)
            self._progress = PoolProgress.of(self.label_state, self._examples)
            self._unheard: set[str] = set()  # touched by others since the last `refresh`
            self._queue = SampleQueue(
                self.client, self.log, self._examples, self.label_state, self.task,
                self.config.loop.overlap
            )  # fmt: skip
            self.refresh()
            self._opened = opened.pop_all()

    def _config_of(self, state: SessionState) -> ExperimentConfig:
        """Raises SessionError where nobody is asked for labels."""
        if state.config is None or state.config.loop.oracle != "person":
            raise SessionError(
                f"Session {self.directory.name} is a simulated experiment: its labels come from "
                "the data.",
                "To label its data by hand, make a session with `tui-al label DATA`.",
            )
        return state.config

    def close(self) -> None:
        """Give back what was not answered."""
        with self._opened:
            self.log.release(self.client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> SessionState:
        """The session's state at the last `refresh`."""
        return self._state

    @property
    def damage(self) -> tuple[str, ...]:
        """What people are told of rows of the session that had to be left out."""
        return (*self._state.damage, *self.log.damage)

    @property
    def ranked(self) -> RankingPublished | None:
        """The newest ranking that was announced."""
        return self._state.runs[self.seed].ranked

    @property
    def ranking(self) -> int | None:
        """Round of the ranking in use; None before the engine put up the first."""
        return self._queue.round

    @property
    def batch(self) -> Batch:
        """The decisions after which the engine ranks anew."""
        return self._progress.batch(self.config.loop, self.ranked)

    @property
    def pool(self) -> int:
        """Texts to label."""
        return self._progress.size

    @property
    def closed(self) -> int:
        """Samples of the pool that nobody needs to be asked about any more, as the engine counts
        them."""
        return self._progress.closed

    def lacks(self) -> str:
        """What the engine needs before it can train, see `PoolProgress.lacks`; "" if
        nothing, or if it waits for more anyway."""
        return self.lacks_to_train() if self.batch.is_full else ""

    def lacks_to_train(self) -> str:
        """The same for a training now, however far the batch is."""
        return self._progress.lacks(self.task, self._examples, self._queue.reserve)

    def refresh(self) -> set[str]:
        """Take in what others decided and what the engine put up; ids of examples that it
        concerns."""
        touched = self._apply() | self._unheard
        self._unheard = set()
        self._state = self._session.state(self._state)
        newest = self.log.latest("ranking")
        if newest is not None and newest != self.ranking:
            self._queue.take_board(newest)
        return touched

    def alive(self) -> None:
        """A sign of life, every quarter of a minute, that keeps the claims."""
        self.log.heartbeat(self.client)
        self._queue.reclaim()

    def lost(self) -> frozenset[str]:
        """Samples that went to others since the last call, because this client had given no sign of
        life for too long."""
        return self._queue.lost()

    def take(self) -> Sample | None:
        """The next sample; None when there is none now: the pool is used up, or the engine has not
        ranked it yet."""
        return next(iter(self.take_some(1)), None)

    def take_some(self, wanted: int) -> list[Sample]:
        """The next ones; fewer where there are no more now."""
        items = self._queue.take(wanted)
        with contextlib.suppress(MachineError):  # tried again with the next sign of life
            self._queue.reclaim()
        return items

    def put_back(self, items: Sequence[Sample]) -> None:
        """Give up samples that were taken and not decided: others may have them."""
        self._queue.put_back(item.id for item in items)

    def open(self, identity: str) -> Sample:
        """Any example of the pool as a sample: one of the history, of a search, a dispute. Raises
        SessionError."""
        return self._queue.open(self._example(identity))

    def look(self, identity: str) -> Sample:
        """A sample to be judged, not labelled: with everybody's answers. Raises SessionError as
        `open`."""
        example = self._example(identity)
        answers = tuple(
            AnnotatorAnswer(annotator, record.time, given)
            for annotator, record in self.label_state.votes(identity).items()
            if (given := self.label_state.given(record)) is not None
        )
        return Sample(example, note=self.label_state.note(identity), answers=answers)

    def label(
        self,
        item: Sample,
        answer: UserAnswer,
        *,
        seconds: float = 0.0,
        via: str = "key",
        blind: bool = False,
        anyway: bool = False,
    ) -> list[DecisionRecord]:
        """Record an answer for the sample and the near-duplicates folded with it.

        Raises:
            SampleTakenError: the sample was claimed, the claim has lapsed, and by now somebody else
            has it or has answered it;
                nothing is recorded then, unless it is to be `anyway`.
            SessionError: an unknown label, or entities that overlap or do not fit the tokens;
            nothing is recorded then.
        """
        checked = self._checked(item.example, answer)
        shown = None if blind or item.blind else item.suggestion
        return self._decide(
            de.Label(
                (item.id, *item.folded), checked, seconds, via, shown, shown is None, item.ranking
            ),
            held=None if anyway else self._queue.held(item.id),
        )

    def skip(self, item: Sample) -> list[DecisionRecord]:
        """Put a sample off: it comes again with a later ranking."""
        return self._decide(de.Skip(item.id, self.ranking))

    def flag(self, item: Sample, reason: str, *, anyway: bool = False) -> list[DecisionRecord]:
        """Unclear: kept out of training, with a reason. Raises SampleTakenError as `label`."""
        held = None if anyway else self._queue.held(item.id)
        return self._decide(de.Flag(item.id, reason), held=held)

    def note(self, item: Sample, text: str) -> list[DecisionRecord]:
        """A remark on a sample; an empty one takes the last away."""
        return self._decide(de.Note(item.id, text))

    def unfold(self, item: Sample) -> Sample:
        """Ask about the near-duplicates one by one; the sample without them."""
        self._decide(de.Unfold((item.id, *item.folded)))
        return replace(item, folded=())

    def settle(self, identity: str, answer: UserAnswer) -> list[DecisionRecord]:
        """The answer that counts where annotators differ. Raises SessionError as `label`."""
        return self._decide(de.Settle(identity, self._checked(self._example(identity), answer)))

    def confirm(self, identity: str) -> list[DecisionRecord]:
        """A second look found the label right."""
        return self._decide(de.Confirm(identity))

    def ambiguous(self, identity: str) -> list[DecisionRecord]:
        """There is no one right answer: kept out of training."""
        return self._decide(de.Ambiguous(identity))

    def add_label(self, name: str, description: str = "") -> list[DecisionRecord]:
        """A new label. Raises SessionError for an empty name or one that is there."""
        return self._decide(de.AddLabel(self._new_name(name), description.strip()))

    def rename_label(self, name: str, new: str) -> list[DecisionRecord]:
        """Another name for a label, in old answers too. Raises SessionError as `add_label`."""
        self._known(name)
        return self._decide(de.RenameLabel(name, self._new_name(new)))

    def merge_labels(self, name: str, into: str) -> list[DecisionRecord]:
        """One label less: what had `name` has `into`. Raises SessionError for names that are not
        there, or equal."""
        self._known(name)
        self._known(into)
        if name == into:
            raise SessionError(f"{name!r} cannot be merged with itself.", "Choose another label.")
        return self._decide(de.MergeLabels(name, into))

    def describe_label(self, name: str, description: str) -> list[DecisionRecord]:
        """What a label is for."""
        self._known(name)
        return self._decide(de.DescribeLabel(name, description.strip()))

    def undo(self, made: Sequence[DecisionRecord] | None = None) -> UndoResult | None:
        """Take back this annotator's last decision that holds, or the one that was `made`; None if
        there is none.

        What was asked for and then refused has `made` nothing, and nothing else is taken back in
        its place."""
        target = self.label_state.undoable(self.client.annotator)
        if made is not None:
            target = next((one for one in made if not self.label_state.undone(one)), None)
        return None if target is None else self._turn(target, de.Undo(target.uid))

    def redo(self) -> UndoResult | None:
        """Bring back what was undone last, unless something new was decided since; None then."""
        target = self.label_state.redoable(self.client.annotator)
        return None if target is None else self._turn(target, de.Redo(target.uid))

    def search(self, words: str, limit: int = 50) -> list[Hit]:
        """Examples that hold all the words, see `core.data.caseless`, with where they stand."""
        return self._hits(self._examples.search(words, limit))

    def nearest(self, identity: str, limit: int = 50) -> list[Hit]:
        """Examples nearest to this one in the encoder's space. Raises SessionError as
        `neighbours.nearest`."""
        row = self._examples.rows([identity]).get(identity)
        if row is None:
            return []
        rows = [place for place, _ in nearest(self.directory, row, limit)]
        return self._hits(self._examples.at(rows))

    def _hits(self, examples: Sequence[Example]) -> list[Hit]:
        return [
            Hit(
                example,
                self.label_state.label_status(example.id).status,
                self._examples.given(example.id) is not None,
            )
            for example in examples
        ]

    def change(self, identity: str, answer: UserAnswer) -> list[DecisionRecord]:
        """Another answer after a second look: this annotator's, or where others answered too, the
        one that counts."""
        if set(self.label_state.votes(identity)) - {self.client.annotator}:
            return self.settle(identity, answer)
        return self.label(self.open(identity), answer, via="second look", blind=True)

    def undo_label_change(self) -> Decision:
        """Take back the last change of the labels, if nothing else was decided since. Raises
        SessionError."""
        target = self.label_state.undoable(self.client.annotator)
        if target is None or target.decision.about:
            raise SessionError(
                "Your last decision was not about the labels.", "Undo it on the label screen first."
            )
        self._decide(de.Undo(target.uid))
        return target.decision

    def disputes(self) -> SecondLook:
        """Labels that a model doubts which has not learned from them, the least likely label
        first."""
        return to_look_at(self.log.board("disputes"), self.label_state)

    def agreement(self) -> Agreement:
        """How far the annotators agree on what several of them answered."""
        answers = shared_answers(self.label_state)
        tagging = self.task is Task.TAGGING
        found = {i: self._examples.get(i) for i in answers} if tagging else {}
        return agreement_of(
            {i: a for i, a in answers.items() if not tagging or found[i] is not None},
            {i: example for i, example in found.items() if example is not None},
        )

    def conflicts(self) -> list[str]:
        """Examples that annotators differ about and nobody has settled."""
        return [i for i, s in self.label_state.label_statuses() if s.status is Status.CONFLICT]

    def _example(self, identity: str) -> Example:
        example = self._examples.get(identity)
        if example is None:
            raise SessionError(
                f"There is no example {identity} in session {self.directory.name}.",
                "It may have been in another copy of the data.",
            )
        return example

    def example(self, identity: str) -> Example | None:
        """An example of the pool."""
        return self._examples.get(identity)

    def _decide(self, *decisions: Decision, held: Claim | None = None) -> list[DecisionRecord]:
        records = self.log.append(self.client, *decisions, held=held)
        with contextlib.suppress(SessionError, MachineError):  # it is on disk; `refresh` reads on
            touched = self._apply()
            self._unheard |= touched.difference(*map(self.label_state.concerned, records))
        self._queue.decided(records)
        with contextlib.suppress(sqlite3.Error, MachineError):
            self._queue.reclaim()
        return records

    def _apply(self) -> set[str]:
        """Take in what is new in the log; ids of the examples that it concerns."""
        touched = self.label_state.apply(self.log.read(after=self.label_state.seq))
        self._queue.hear(touched)
        self._progress.take_in(touched, self._examples)
        return touched

    def _turn(self, target: DecisionRecord, decision: de.Undo | de.Redo) -> UndoResult:
        self._decide(decision)
        about = target.decision.about
        example = self.example(about[0]) if about else None
        text = example.text if example else ""
        if not isinstance(target.decision, de.Label | de.Flag | de.Skip):
            # A judgement of what others have answered may be among them: it leaves no sample to be
            # labelled here.
            note = self.label_state.note(about[0]) if about else ""
            return UndoResult(target.decision, None, text, note)
        try:
            if isinstance(decision, de.Undo) and isinstance(target.decision, de.Label | de.Flag):
                self._queue.hold(about[0])
            item = replace(self.open(about[0]), by_hand=False)
        except MachineError:  # done is done: tried again, it would take back one decision more
            item = self._queue.unclaimed(self._example(about[0]))
        return UndoResult(target.decision, item, text)

    def _checked(self, example: Example, answer: UserAnswer) -> UserAnswer:
        if isinstance(answer, str):
            self._known(answer)
            return answer
        for *_, kind in answer:
            self._known(kind)
        try:
            spans = check_spans(example.text, answer)
            spans_to_tags(example.text, example.tokens, spans)
        except ValueError as error:
            raise SessionError(
                f"These entities cannot be saved: {error}.", "Move the ends of the entity it names."
            ) from error
        return spans

    def _known(self, name: str) -> None:
        """Raise SessionError if there is no such label; says what it is called now, where somebody
        has renamed it."""
        self._unheard |= self._apply()  # perhaps a moment ago
        if name in self.label_state.labels:
            return
        there = f"There are: {', '.join(self.label_state.labels) or 'none yet'}."
        now = self.label_state.called_now(name)
        if now != name:
            raise SessionError(f"There is no label {name!r} any more: it is {now!r} now.", there)
        raise SessionError(f"There is no label {name!r}.", f"{there} Add it first.")

    def _new_name(self, name: str) -> str:
        name = unicodedata.normalize("NFC", name.strip())
        if not name:
            raise SessionError("A label without a name cannot be saved.", "Give it a name.")
        if name in {unicodedata.normalize("NFC", label) for label in self.label_state.labels}:
            raise SessionError(
                f"There is a label {name!r} already.", "Choose another name, or merge the two."
            )
        return name
