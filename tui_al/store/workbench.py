"""The annotator's side of a labelling session: the next sample, what is decided about it, and all there is to know meanwhile.

Every method reads or writes the disk and may wait for it: call them from one background thread, never from the screen's own. A
decision is on disk when its method returns.
"""

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from tui_al.core import decisions as de
from tui_al.core.config import ExperimentConfig
from tui_al.core.decisions import Decided, Decision, Given
from tui_al.core.events import Ranked
from tui_al.core.labelling import Labelling, Status, wants_two
from tui_al.core.offsets import CharSpan, check_spans, spans_to_tags
from tui_al.core.second_look import Agreement, Disputed, agreement_of, shared_answers, to_look_at
from tui_al.core.state import SessionState
from tui_al.core.tasks import Example, Task
from tui_al.errors import SessionError
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.examples import ExampleReader
from tui_al.store.neighbours import nearest
from tui_al.store.session import Session

#: Samples that are held ready behind the one on the screen.
AHEAD = 3

#: Candidates looked at in one go when samples are claimed.
_WINDOW = 64


@dataclass(frozen=True, slots=True)
class Voice:
    """What one annotator says of a sample, in today's names, and since when (seconds since the epoch)."""

    annotator: str
    time: float
    answer: Given


@dataclass(frozen=True, slots=True)
class Item:
    """A sample before an annotator.

    `top` are the model's likeliest classes with their probabilities; `spans` its entities, each with a confidence. Both are
    empty for a blind sample (the random share that quality is measured on) and while there is no model, and leave out labels that
    are no more.
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
    answer: Given | None = None  #: what this annotator has answered before
    voices: tuple[
        Voice, ...
    ] = ()  #: everybody's answers; only where they are asked for, see `Workbench.look`

    @property
    def id(self) -> str:
        """Of the example."""
        return self.example.id

    @property
    def suggestion(self) -> Given | None:
        """What Enter takes: the likeliest class, or the model's entities; None where there is no suggestion."""
        if self.top:
            return self.top[0][0]
        if self.spans or (self.ranking and not self.blind and self.example.tokens):
            return tuple(span for span, _ in self.spans)
        return None


@dataclass(frozen=True, slots=True)
class Turned:
    """What an undo or redo did: the decision, and the example to show, if it is about one."""

    decision: Decision
    item: Item | None


class Workbench:
    """One annotator's place at a session. Samples are claimed, so that nobody else gets them meanwhile."""

    def __init__(self, directory: Path, annotator: str) -> None:
        self.directory = directory
        self.client = Client.new(annotator)
        with Session(directory) as session:
            state = session.state()
        if state.config is None or state.config.loop.oracle != "person":
            raise SessionError(
                f"Session {directory.name} is a simulated experiment: its labels come from the data.",
                "To label its data by hand, make a session with `tui-al label DATA`.",
            )
        self.config: ExperimentConfig = state.config
        self.seed = state.config.seeds[0]
        self._state = state
        self._session = Session(directory)
        self.log = DecisionLog(directory)
        self._examples = ExampleReader(directory / "examples.db")
        self.name, self.task, labels = self._examples.facts()
        self.labelling = Labelling(labels)
        self._pool = self._examples.askable()
        self._ready: deque[Item] = deque()
        self._out: set[str] = set()  # shown, not yet decided
        self._board: dict[str, dict[str, Any]] = {}  # by id, in the order of asking
        self._board_round: int | None = None
        self._folds: dict[str, list[str]] = {}
        self._reserve: frozenset[str] = frozenset()
        self.refresh()

    def close(self) -> None:
        """Give back what was not answered."""
        self.log.release(self.client)
        self.log.close()
        self._examples.close()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> SessionState:
        """The session's state at the last `refresh`."""
        return self._state

    @property
    def ranked(self) -> Ranked | None:
        """The newest ranking that was announced."""
        return self._state.runs[self.seed].ranked

    @property
    def ranking(self) -> int | None:
        """Round of the ranking in use; None before the engine put up the first."""
        return self._board_round

    @property
    def batch(self) -> int:
        """Decisions after which the engine ranks anew: a batch's worth, for the first model a seed set's."""
        amounts = self.config.loop
        first = self.ranked is None or self.ranked.round == 0
        return (amounts.seed_size if first else amounts.batch).of(self._pool)

    def refresh(self) -> set[str]:
        """Take in what others decided and what the engine put up; ids of examples that it concerns."""
        touched = self.labelling.apply(self.log.read(after=self.labelling.seq))
        self._state = self._session.state(self._state)
        newest = self.log.latest("ranking")
        if newest is not None and newest != self._board_round:
            self._take_board(newest)
        if touched:
            self._drop(touched)
        return touched

    def alive(self) -> None:
        """A sign of life, every quarter of a minute, that keeps the claims."""
        self.log.sign_of_life(self.client)

    def take(self) -> Item | None:
        """The next sample; None when there is none now: the pool is used up, or the engine has not ranked it yet."""
        if not self._ready:
            self._claim(1 + AHEAD)
        item = self._ready.popleft() if self._ready else None
        if item is not None:
            self._out.add(item.id)
        return item

    def prepare(self) -> None:
        """Claim samples ahead, so that `take` finds one at once."""
        if len(self._ready) < AHEAD:
            self._claim(AHEAD - len(self._ready))

    def put_back(self, items: Sequence[Item]) -> None:
        """Give up samples that were taken and not decided: others may have them."""
        ids = [item.id for item in items if item.id in self._out]
        self._out.difference_update(ids)
        self.log.release(self.client, ids)

    def open(self, identity: str) -> Item:
        """Any example of the pool as a sample: one of the history, of a search, a dispute. Raises SessionError."""
        example = self._examples.get(identity)
        if example is None:
            raise SessionError(
                f"There is no example {identity} in session {self.directory.name}.",
                "Choose one from the pool, by search or from the history.",
            )
        self._out.add(identity)
        by_hand = {"id": identity, "audit": identity in self._reserve}
        return self._item(example, self._board.get(identity, by_hand))

    def look(self, identity: str) -> Item:
        """A sample to be judged, not labelled: with everybody's answers. Raises SessionError as `open`."""
        example = self._examples.get(identity)
        if example is None:
            raise SessionError(
                f"There is no example {identity} in session {self.directory.name}.",
                "It may have been in another copy of the data.",
            )
        voices = tuple(
            Voice(annotator, record.time, given)
            for annotator, record in self.labelling.stands(identity).items()
            if (given := self.labelling.given(record)) is not None
        )
        return Item(example, note=self.labelling.note(identity), voices=voices)

    def label(
        self,
        item: Item,
        answer: Given,
        *,
        seconds: float = 0.0,
        via: str = "key",
        blind: bool = False,
    ) -> list[Decided]:
        """Record an answer for the sample and the near-duplicates folded with it.

        Raises:
            SessionError: an unknown label, or entities that overlap or do not fit the tokens; nothing is recorded then.
        """
        checked = self._checked(item.example, answer)
        shown = None if blind or item.blind else item.suggestion
        return self._decide(
            de.Label(
                (item.id, *item.folded), checked, seconds, via, shown, shown is None, item.ranking
            )
        )

    def skip(self, item: Item) -> list[Decided]:
        """Put a sample off: it comes again with a later ranking."""
        return self._decide(de.Skip(item.id, self._board_round))

    def flag(self, item: Item, reason: str) -> list[Decided]:
        """Unclear: kept out of training, with a reason."""
        return self._decide(de.Flag(item.id, reason))

    def note(self, item: Item, text: str) -> list[Decided]:
        """A remark on a sample; an empty one takes the last away."""
        return self._decide(de.Note(item.id, text))

    def unfold(self, item: Item) -> Item:
        """Ask about the near-duplicates one by one; the sample without them."""
        self._decide(de.Unfold((item.id, *item.folded)))
        return replace(item, folded=())

    def settle(self, identity: str, answer: Given) -> list[Decided]:
        """The answer that counts where annotators differ. Raises SessionError as `label`."""
        return self._decide(de.Settle(identity, self._checked(self.open(identity).example, answer)))

    def confirm(self, identity: str) -> list[Decided]:
        """A second look found the label right."""
        return self._decide(de.Confirm(identity))

    def ambiguous(self, identity: str) -> list[Decided]:
        """There is no one right answer: kept out of training."""
        return self._decide(de.Ambiguous(identity))

    def add_label(self, name: str, description: str = "") -> list[Decided]:
        """A new label. Raises SessionError for an empty name or one that is there."""
        return self._decide(de.AddLabel(self._new_name(name), description.strip()))

    def rename_label(self, name: str, new: str) -> list[Decided]:
        """Another name for a label, in old answers too. Raises SessionError as `add_label`."""
        self._known(name)
        return self._decide(de.RenameLabel(name, self._new_name(new)))

    def merge_labels(self, name: str, into: str) -> list[Decided]:
        """One label less: what had `name` has `into`. Raises SessionError for names that are not there, or equal."""
        self._known(name)
        self._known(into)
        if name == into:
            raise SessionError(f"{name!r} cannot be merged with itself.", "Choose another label.")
        return self._decide(de.MergeLabels(name, into))

    def describe_label(self, name: str, description: str) -> list[Decided]:
        """What a label is for."""
        self._known(name)
        return self._decide(de.DescribeLabel(name, description.strip()))

    def undo(self) -> Turned | None:
        """Take back this annotator's last decision that holds; None if there is none."""
        target = self.labelling.undoable(self.client.annotator)
        return None if target is None else self._turn(target, de.Undo(target.uid))

    def redo(self) -> Turned | None:
        """Bring back what was undone last, unless something new was decided since; None then."""
        target = self.labelling.redoable(self.client.annotator)
        return None if target is None else self._turn(target, de.Redo(target.uid))

    def search(self, words: str, limit: int = 50) -> list[tuple[Example, Status]]:
        """Examples of the pool that hold all the words, with where they stand."""
        return [
            (example, self.labelling.standing(example.id).status)
            for example in self._examples.search(words, limit)
        ]

    def nearest(self, identity: str, limit: int = 50) -> list[tuple[Example, Status]]:
        """Examples of the pool nearest to this one in the encoder's space. Raises SessionError as `neighbours.nearest`."""
        row = self._examples.rows([identity]).get(identity)
        if row is None:
            return []
        rows = [place for place, _ in nearest(self.directory, row, limit)]
        return [
            (example, self.labelling.standing(example.id).status)
            for example in self._examples.at(rows)
        ]

    def change(self, identity: str, answer: Given) -> list[Decided]:
        """Another answer after a second look: this annotator's, or where others answered too, the one that counts."""
        if set(self.labelling.stands(identity)) - {self.client.annotator}:
            return self.settle(identity, answer)
        return self.label(self.open(identity), answer, via="second look", blind=True)

    def undo_label_change(self) -> Decision:
        """Take back the last change of the labels, if nothing else was decided since. Raises SessionError."""
        target = self.labelling.undoable(self.client.annotator)
        if target is None or target.decision.about:
            raise SessionError(
                "Your last decision was not about the labels.", "Undo it on the label screen first."
            )
        self._decide(de.Undo(target.uid))
        return target.decision

    def disputes(self) -> list[Disputed]:
        """Labels that the models of the last rounds dispute, the most disputed first."""
        return to_look_at(self.log.board("disputes") or [], self.labelling)

    def agreement(self) -> Agreement:
        """How far the annotators agree on what several of them answered."""
        answers = shared_answers(self.labelling)
        tagging = self.task is Task.TAGGING
        found = {i: self._examples.get(i) for i in answers} if tagging else {}
        return agreement_of(
            {i: a for i, a in answers.items() if not tagging or found[i] is not None},
            {i: example for i, example in found.items() if example is not None},
        )

    def conflicts(self) -> list[str]:
        """Examples that annotators differ about and nobody has settled."""
        return [i for i, s in self.labelling.standings() if s.status is Status.CONFLICT]

    def example(self, identity: str) -> Example | None:
        """An example of the pool."""
        return self._examples.get(identity)

    def _decide(self, *decisions: Decision) -> list[Decided]:
        records = self.log.append(self.client, *decisions)
        with contextlib.suppress(
            SessionError
        ):  # it is on disk; what else is there, `refresh` reads
            self.labelling.apply(self.log.read(after=self.labelling.seq))
        for record in records:
            self._out.difference_update(record.decision.about)
            self._drop(set(record.decision.about))
        return records

    def _turn(self, target: Decided, decision: de.Undo | de.Redo) -> Turned:
        self._decide(decision)
        about = target.decision.about
        if not about or isinstance(target.decision, de.Note | de.Unfold):
            return Turned(target.decision, None)
        return Turned(target.decision, self.open(about[0]))

    def _drop(self, ids: set[str]) -> None:
        """What is decided is not shown again."""
        if any(item.id in ids for item in self._ready):
            self._ready = deque(item for item in self._ready if item.id not in ids)

    def _take_board(self, round_: int) -> None:
        """A new ranking takes over: what was held ready by the old one goes back."""
        board = self.log.board("ranking", round_)
        if board is None:
            return
        self.log.release(self.client, [item.id for item in self._ready])
        self._ready.clear()
        self._board = {
            row["id"]: {**row, "place": place} for place, row in enumerate(board["rows"], start=1)
        }
        self._board_round = round_
        self._folds = {i: ids for ids in self.log.board("folds") or () for i in ids}
        self._reserve = frozenset(self.log.board("reserve") or ())

    def _claim(self, wanted: int) -> None:
        busy = self._out | {item.id for item in self._ready}
        for candidates in (self._candidates(busy), self._put_off(busy)):
            window = []
            for row in candidates:
                window.append(row)
                if len(window) == _WINDOW:
                    wanted -= self._claim_from(window, wanted)
                    window = []
                if not wanted:
                    return
            wanted -= self._claim_from(window, wanted)
            if not wanted or self._ready:
                return

    def _claim_from(self, window: Sequence[dict[str, Any]], wanted: int) -> int:
        """Claim up to `wanted` of these rows; how many there were. Those for two annotators are asked for as such."""
        got = 0
        by_id = {row["id"]: row for row in window}
        overlap = self.config.loop.overlap
        for two in (False, True):
            ids = [i for i in by_id if wants_two(i, overlap) is two]
            for identity in self.log.claim(self.client, ids, wanted - got, 2 if two else 1):
                example = self._examples.get(identity)
                if example is not None:
                    self._ready.append(self._item(example, by_id[identity]))
                    got += 1
        return got

    def _candidates(self, busy: set[str]) -> Iterator[dict[str, Any]]:
        """Rows of the ranking to be asked now, best first; before them those that wait for a second annotator."""
        for identity, standing in self.labelling.standings() if self.config.loop.overlap else ():
            if standing.status is Status.LABELLED and identity not in busy:
                stands = self.labelling.stands(identity)
                mine = self.client.annotator in stands
                if len(stands) == 1 and not mine and wants_two(identity, self.config.loop.overlap):
                    yield {"id": identity, "second": True, **self._board.get(identity, {})}
        for identity, row in self._board.items():
            if identity in busy:
                continue
            status = self.labelling.standing(identity).status
            if status is Status.OPEN or (
                status is Status.SKIPPED and not self._just_put_off(identity)
            ):
                yield row

    def _put_off(self, busy: set[str]) -> Iterator[dict[str, Any]]:
        """Rows that this annotator skipped by this very ranking: better than nothing."""
        for row in self._board.values():
            put_off = self.labelling.standing(row["id"]).status is Status.SKIPPED
            if put_off and row["id"] not in busy and self._just_put_off(row["id"]):
                yield row

    def _just_put_off(self, identity: str) -> bool:
        mine = self.labelling.stands(identity).get(self.client.annotator)
        return (
            mine is not None
            and isinstance(mine.decision, de.Skip)
            and mine.decision.ranking == self._board_round
        )

    def _item(self, example: Example, row: dict[str, Any]) -> Item:
        blind = "random check" if row.get("audit") else "second opinion" * ("second" in row)
        mine = self.labelling.stands(example.id).get(self.client.annotator)
        known = frozenset(self.labelling.labels)
        found = () if blind else row.get("top", ())
        tagging = self.task is Task.TAGGING
        unfolded = self.labelling.unfolded()
        folded = () if blind or example.id in unfolded else self._folds.get(example.id, ())
        return Item(
            example=example,
            ranking=self._board_round if "place" in row else None,
            place=row.get("place", 0),
            score=row.get("score"),
            percentile=row.get("percentile"),
            top=() if tagging else tuple((name, p) for name, p in found if name in known),
            spans=tuple(((a, b, kind), p) for a, b, kind, p in found if kind in known)
            if tagging
            else (),
            blind=blind,
            folded=tuple(
                i
                for i in folded
                if i != example.id
                and i not in unfolded
                and self.labelling.standing(i).status in (Status.OPEN, Status.SKIPPED)
            ),
            note=self.labelling.note(example.id),
            answer=None if mine is None else self.labelling.given(mine),
        )

    def _checked(self, example: Example, answer: Given) -> Given:
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
        if name not in self.labelling.labels:
            raise SessionError(
                f"There is no label {name!r}.",
                f"There are: {', '.join(self.labelling.labels) or 'none yet'}. Add it first.",
            )

    def _new_name(self, name: str) -> str:
        name = name.strip()
        if not name:
            raise SessionError("A label without a name cannot be saved.", "Give it a name.")
        if name in self.labelling.labels:
            raise SessionError(
                f"There is a label {name!r} already.", "Choose another name, or merge the two."
            )
        return name
