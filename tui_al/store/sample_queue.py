"""Which sample an annotator gets next: the ranking's order, less what others have or have answered.

Whoever shows samples fetches the next ones in advance; none is kept ready here. A sample that was
taken is this client's until it is decided or put back, as long as the client gives signs of life.
One that was suspended for too long claims again what it holds, as soon as it is back; what others
have taken over meanwhile is `lost`.

Where a share of the samples is to be answered by two annotators each (`overlap`), these samples are
fixed by their ids, the same ones on every machine, and spread evenly: of the samples asked so far,
by whomever, the share that is for two is never more than one sample off, as long as the ranking has
samples of both kinds. Whoever may give a second answer is asked for it before anything new, so that
no sample waits for its second answer while somebody is there who can give it."""

from collections import deque
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord, UserAnswer
from tui_al.core.annotation.label_state import LabelState, Status, wants_two
from tui_al.core.data.examples import Example, Task
from tui_al.core.data.tags import apply_renames
from tui_al.core.loop.annotation_channel import spans_in
from tui_al.errors import MachineError
from tui_al.store.decisions import Claim, Client, DecisionLog
from tui_al.store.examples import ExampleReader
from tui_al.store.samples import Sample
from tui_al.store.second_answers import UNANSWERED, SecondAnswers


@dataclass(slots=True)
class _Tally:
    """How many samples were asked so far, and how many of them are for two annotators."""

    share: float  #: of the samples that are to be for two
    asked: int = 0
    for_two: int = 0

    def is_due(self) -> bool:
        """Whether the next new sample is to be one for two: the share then stays within one sample
        of what is wanted."""
        return self.for_two + 0.5 < self.share * (self.asked + 1)

    def count(self, for_two: bool) -> None:
        """One more was asked."""
        self.asked += 1
        self.for_two += for_two


class SampleQueue:
    """One client's samples: those that were taken and are not decided yet, and which come next."""

    def __init__(
        self,
        client: Client,
        log: DecisionLog,
        examples: ExampleReader,
        label_state: LabelState,
        task: Task,
        overlap: float,
    ) -> None:
        self.round: int | None = (
            None  #: of the ranking in use; None before the engine put up the first
        )
        self._client, self._log = client, log
        self._examples, self._label_state = examples, label_state
        self._task, self._overlap = task, overlap
        self._out: set[str] = set()  # taken, not yet decided
        self._held: dict[str, int] = {}  # claimed of them: how many annotators may have it
        self._lost: set[str] = (
            set()
        )  # held, and gone to others while this client gave no sign of life
        self._lapses = 0  # of the claims, as far as they were claimed again
        self._board: dict[str, dict[str, Any]] = {}  # by id, in the order of asking
        self._folds: dict[str, list[str]] = {}
        self.reserve: frozenset[str] = frozenset()
        self._chosen: dict[str, bool] = {}  # by id, see `_for_two`
        self._seconds = SecondAnswers(label_state, client.annotator, self._for_two)
        self._looked = False  # for all that others have answered, see `_answered_unheard`

    def take(self, wanted: int = 1) -> list[Sample]:
        """The next samples, claimed; fewer where there are no more now, or the disk takes no more
        claims."""
        items: list[Sample] = []
        if wanted < 1:
            return items
        try:
            self._claim(wanted, items)
        except MachineError:
            if not items:
                raise
        return items

    def open(self, example: Example) -> Sample:
        """Any example as a sample. One that waits for an answer is claimed, or its answer refused
        as long as others have it."""
        self._out.add(example.id)
        if self._label_state.label_status(example.id).status in (Status.OPEN, Status.SKIPPED):
            annotators = self._annotators(example.id)
            self._log.claim(self._client, [example.id], 1, annotators)
            self._held[example.id] = annotators
        by_hand = {"id": example.id, "audit": example.id in self.reserve}
        item = self._item(example, self._board.get(example.id, by_hand))
        return replace(item, by_hand=True, in_data=self._in_data(example))

    def unclaimed(self, example: Example) -> Sample:
        """A sample as of `open`, where the disk takes no claim: its answer is refused if others
        have it by then."""
        self._out.add(example.id)
        by_hand = {"id": example.id, "audit": example.id in self.reserve}
        return self._item(example, self._board.get(example.id, by_hand))

    def _in_data(self, example: Example) -> UserAnswer | None:
        answer = apply_renames(self._examples.given(example.id), self._label_state.renamed)
        return None if answer is None else spans_in(example, answer)

    def put_back(self, ids: Iterable[str]) -> None:
        """Others may have them."""
        ids = [identity for identity in ids if identity in self._out]
        self._out.difference_update(ids)
        for identity in ids:
            self._held.pop(identity, None)
        self._log.release(self._client, ids)

    def held(self, identity: str) -> Claim | None:
        """The claim that an answer to this sample rests on; None where there was none."""
        annotators = self._held.get(identity)
        return None if annotators is None else Claim(identity, annotators)

    def hold(self, identity: str) -> None:
        """An answer was taken back: the sample is this client's again, beside those who have it or
        have answered it now."""
        others = self._log.others(self._client, identity)
        self._held[identity] = max(self._annotators(identity), len(others) + 1)

    def decided(self, records: Iterable[DecisionRecord]) -> None:
        """What is decided is not shown again."""
        for record in records:
            about = record.decision.about
            if not isinstance(record.decision, de.Note | de.Unfold):
                self._out.difference_update(about)
                for identity in about:
                    self._held.pop(identity, None)

    def reclaim(self) -> None:
        """After a sign of life: if the claims had lapsed before it, claim again what is held."""
        if self._lapses == self._log.expired_count:
            return
        self._lapses = self._log.expired_count
        got: set[str] = set()
        for annotators in set(self._held.values()):
            ids = [i for i, allowed in self._held.items() if allowed == annotators]
            got.update(self._log.claim(self._client, ids, len(ids), annotators))
        self._lost |= self._held.keys() - got

    def lost(self) -> frozenset[str]:
        """Samples that others have taken over since the last call."""
        lost, self._lost = frozenset(self._lost), set()
        return lost

    def take_board(self, round_: int) -> None:
        """A new ranking takes over."""
        board = self._log.board("ranking", round_)
        if board is None:
            return
        self._board = {
            row["id"]: {**row, "place": place} for place, row in enumerate(board["rows"], start=1)
        }
        self.round = round_
        self._folds = {i: ids for ids in self._log.board("folds") or () for i in ids}
        self.reserve = frozenset(self._log.board("reserve") or ())

    def _annotators(self, identity: str) -> int:
        """How many may be asked about an example."""
        return 2 if self._for_two(identity) else 1

    def _for_two(self, identity: str) -> bool:
        """Whether it is among the share that two annotators answer; kept, since it is asked about
        every sample each time."""
        if identity not in self._chosen:
            self._chosen[identity] = wants_two(identity, self._overlap)
        return self._chosen[identity]

    def hear(self, touched: Iterable[str]) -> None:
        """The standings of these examples may have changed."""
        if self._overlap:
            self._seconds.hear(touched)

    def _claim(self, wanted: int, items: list[Sample]) -> None:
        """Claim up to `wanted` more samples; each is among the `items` as soon as it is claimed."""
        busy = frozenset(self._out)
        with_others = self._log.claimed(self._client).keys() | self._answered_unheard()
        tally = _Tally(self._overlap)
        if self._overlap:
            tally.asked, tally.for_two = self._seconds.asked()
            for identity in busy | with_others:
                if self._label_state.label_status(identity).status in UNANSWERED:
                    tally.count(self._for_two(identity))
        for row in self._in_turn(busy, with_others, tally):
            identity = row["id"]
            if not self._log.claim(self._client, [identity], 1, self._annotators(identity)):
                continue
            if not row.get("second"):
                tally.count(self._for_two(identity))
            example = self._examples.get(identity)
            if example is not None:
                self._out.add(identity)
                self._held[identity] = self._annotators(identity)
                items.append(self._item(example, row))
            if len(items) == wanted:
                return

    def _answered_unheard(self) -> set[str]:
        """Examples for two that others have answered, as their claims say, while their answers are
        not counted here.

        They were given a moment ago, or lie in rows that are damaged. Looked for among all claims
        once, then among those that decisions were made about since.
        """
        if not self._overlap:
            return set()
        if not self._looked:
            self._looked = True
            self._seconds.unheard |= self._log.answered(self._client)
        for record in self._log.read(after=self._label_state.seq):
            self._seconds.unheard.update(self._label_state.concerned(record))
        found = set()
        for identity in self._seconds.unheard:
            is_open = self._label_state.label_status(identity).status in UNANSWERED
            if is_open and any(self._log.others(self._client, identity).values()):
                found.add(identity)
        self._seconds.unheard = set(found)
        return found

    def _in_turn(
        self, busy: Set[str], with_others: Set[str], tally: _Tally
    ) -> Iterator[dict[str, Any]]:
        """Rows in the order in which to claim them; `tally` is kept up by the caller, and decides
        what kind is next."""
        yield from self._second_ones(busy, with_others)
        waiting: dict[bool, deque[dict[str, Any]]] = {False: deque(), True: deque()}
        rows = (row for row in self._candidates(busy) if row["id"] not in with_others)
        while True:
            due = tally.is_due()
            while not waiting[due] and (row := next(rows, None)) is not None:
                if row.get(
                    "audit"
                ):  # in its place whatever its kind, as the audit's order is random
                    yield row
                    due = tally.is_due()
                else:
                    waiting[self._for_two(row["id"])].append(row)
            kind = due if waiting[due] else not due
            if not waiting[kind]:
                break
            yield waiting[kind].popleft()
        yield from (row for row in self._put_off(busy) if row["id"] not in with_others)

    def _second_ones(self, busy: Set[str], with_others: Set[str]) -> Iterator[dict[str, Any]]:
        """Samples for two that one other annotator has answered, or has now: the answered ones
        first, in the order of the answers."""
        if not self._overlap:
            return
        being_answered = (
            i for i in sorted(with_others) if self._label_state.label_status(i).status in UNANSWERED
        )
        for identity in chain(self._seconds.waiting(), being_answered):
            if identity in busy or not self._for_two(identity):
                continue
            votes = self._label_state.votes(identity)
            said = {who for who, one in votes.items() if not isinstance(one.decision, de.Skip)}
            others = self._log.others(self._client, identity).keys() | said
            mine = self._client.annotator in others or self._just_put_off(identity)
            if len(others) == 1 and not mine:
                yield {"id": identity, "second": True, **self._board.get(identity, {})}

    def _candidates(self, busy: Set[str]) -> Iterator[dict[str, Any]]:
        """Rows of the ranking to be asked now, best first."""
        for identity, row in self._board.items():
            if identity in busy:
                continue
            status = self._label_state.label_status(identity).status
            if status is Status.OPEN or (
                status is Status.SKIPPED and not self._just_put_off(identity)
            ):
                yield row

    def _put_off(self, busy: Set[str]) -> Iterator[dict[str, Any]]:
        """Rows that this annotator skipped by this very ranking: better than nothing."""
        for row in self._board.values():
            put_off = self._label_state.label_status(row["id"]).status is Status.SKIPPED
            if put_off and row["id"] not in busy and self._just_put_off(row["id"]):
                yield row

    def _just_put_off(self, identity: str) -> bool:
        mine = self._label_state.votes(identity).get(self._client.annotator)
        return (
            mine is not None
            and isinstance(mine.decision, de.Skip)
            and mine.decision.ranking == self.round
        )

    def _item(self, example: Example, row: dict[str, Any]) -> Sample:
        blind = "random check" if row.get("audit") else "second opinion" * ("second" in row)
        mine = self._label_state.votes(example.id).get(self._client.annotator)
        label_status = self._label_state.label_status(example.id)
        said = None if mine is None else mine.decision
        known = frozenset(self._label_state.labels)
        found = () if blind else row.get("top", ())
        tagging = self._task is Task.TAGGING
        unfolded = self._label_state.unfolded()
        folded = () if blind or example.id in unfolded else self._folds.get(example.id, ())
        return Sample(
            example=example,
            ranking=self.round if "place" in row else None,
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
                and self._label_state.label_status(i).status in (Status.OPEN, Status.SKIPPED)
            ),
            note=self._label_state.note(example.id),
            answer=None if mine is None else self._label_state.given(mine),
            flag=said.reason if isinstance(said, de.Flag) else None,
            status=label_status.status,
            counts=label_status.answer if isinstance(said, de.Label | de.Flag) else None,
        )
