"""Which sample an annotator gets next: the ranking's order, less what others have or have answered.

A sample that was taken is this client's until it is decided or put back, as long as the client gives signs of life. One that was
suspended for too long claims again what it holds, as soon as it is back; what others have taken over meanwhile is `lost`.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tui_al.core import decisions as de
from tui_al.core.decisions import Decided, Given
from tui_al.core.labelling import Labelling, Status, wants_two
from tui_al.core.people import spans_in, today
from tui_al.core.tasks import Example, Task
from tui_al.store.decisions import Client, DecisionLog, Held
from tui_al.store.examples import ExampleReader
from tui_al.store.samples import Item

#: Samples that are held ready behind the one on the screen.
AHEAD = 3

#: Candidates looked at in one go when samples are claimed.
_WINDOW = 64


class Asking:
    """One client's samples: those held ready, those taken and not yet decided."""

    def __init__(
        self,
        client: Client,
        log: DecisionLog,
        examples: ExampleReader,
        labelling: Labelling,
        task: Task,
        overlap: float,
    ) -> None:
        self.round: int | None = (
            None  #: of the ranking in use; None before the engine put up the first
        )
        self._client, self._log = client, log
        self._examples, self._labelling = examples, labelling
        self._task, self._overlap = task, overlap
        self._ready: deque[Item] = deque()
        self._out: set[str] = set()  # shown, not yet decided
        self._held: dict[str, int] = {}  # claimed and shown: how many annotators may have it
        self._lost: set[str] = (
            set()
        )  # held, and gone to others while this client gave no sign of life
        self._lapses = 0  # of the claims, as far as they were claimed again
        self._board: dict[str, dict[str, Any]] = {}  # by id, in the order of asking
        self._folds: dict[str, list[str]] = {}
        self._reserve: frozenset[str] = frozenset()

    def take(self) -> Item | None:
        """The next sample, claimed; None when there is none now."""
        if not self._ready:
            self._claim(1 + AHEAD)
        item = self._ready.popleft() if self._ready else None
        if item is not None:
            self._out.add(item.id)
            self._held[item.id] = self._annotators(item.id)
        return item

    def open(self, example: Example) -> Item:
        """Any example as a sample. One that waits for an answer is claimed, or its answer refused as long as others have it."""
        self._out.add(example.id)
        if self._labelling.standing(example.id).status in (Status.OPEN, Status.SKIPPED):
            annotators = self._annotators(example.id)
            self._log.claim(self._client, [example.id], 1, annotators)
            self._held[example.id] = annotators
        by_hand = {"id": example.id, "audit": example.id in self._reserve}
        item = self._item(example, self._board.get(example.id, by_hand))
        return replace(item, by_hand=True, in_data=self._in_data(example))

    def _in_data(self, example: Example) -> Given | None:
        answer = today(self._examples.given(example.id), self._labelling.renamed)
        return None if answer is None else spans_in(example, answer)

    def put_back(self, ids: Iterable[str]) -> None:
        """Others may have them."""
        ids = [identity for identity in ids if identity in self._out]
        self._out.difference_update(ids)
        for identity in ids:
            self._held.pop(identity, None)
        self._log.release(self._client, ids)

    def held(self, identity: str) -> Held | None:
        """The claim that an answer to this sample rests on; None where there was none."""
        annotators = self._held.get(identity)
        return None if annotators is None else Held(identity, annotators)

    def hold(self, identity: str) -> None:
        """An answer was taken back: the sample is this client's again, beside those who have it or have answered it now."""
        others = self._log.others(self._client, identity)
        self._held[identity] = max(self._annotators(identity), len(others) + 1)

    def decided(self, records: Iterable[Decided]) -> None:
        """What is decided is not shown again."""
        for record in records:
            about = record.decision.about
            if not isinstance(record.decision, de.Note | de.Unfold):
                self._out.difference_update(about)
                for identity in about:
                    self._held.pop(identity, None)
            self.drop(set(about))

    def drop(self, ids: set[str]) -> None:
        """Hold these ready no more."""
        if any(item.id in ids for item in self._ready):
            self._ready = deque(item for item in self._ready if item.id not in ids)

    def reclaim(self) -> None:
        """After a sign of life: if the claims had lapsed before it, claim again what is held."""
        if self._lapses == self._log.lapses:
            return
        self._lapses = self._log.lapses
        ready = {item.id: self._annotators(item.id) for item in self._ready}
        wanted = ready | self._held
        got: set[str] = set()
        for annotators in set(wanted.values()):
            ids = [i for i, allowed in wanted.items() if allowed == annotators]
            got.update(self._log.claim(self._client, ids, len(ids), annotators))
        self._lost |= wanted.keys() - got
        self.drop(self._lost)

    def lost(self) -> frozenset[str]:
        """Samples that others have taken over since the last call."""
        lost, self._lost = frozenset(self._lost), set()
        return lost

    def take_board(self, round_: int) -> None:
        """A new ranking takes over: what was held ready by the old one goes back."""
        board = self._log.board("ranking", round_)
        if board is None:
            return
        self._log.release(self._client, [item.id for item in self._ready])
        self._ready.clear()
        self._board = {
            row["id"]: {**row, "place": place} for place, row in enumerate(board["rows"], start=1)
        }
        self.round = round_
        self._folds = {i: ids for ids in self._log.board("folds") or () for i in ids}
        self._reserve = frozenset(self._log.board("reserve") or ())

    def _annotators(self, identity: str) -> int:
        """How many may be asked about an example."""
        return 2 if wants_two(identity, self._overlap) else 1

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
        for annotators in (1, 2):
            ids = [i for i in by_id if self._annotators(i) == annotators]
            for identity in self._log.claim(self._client, ids, wanted - got, annotators):
                example = self._examples.get(identity)
                if example is not None:
                    self._ready.append(self._item(example, by_id[identity]))
                    got += 1
        return got

    def _candidates(self, busy: set[str]) -> Iterator[dict[str, Any]]:
        """Rows of the ranking to be asked now, best first; before them those that wait for a second annotator."""
        for identity, standing in self._labelling.standings() if self._overlap else ():
            if standing.status is Status.LABELLED and identity not in busy:
                stands = self._labelling.stands(identity)
                mine = self._client.annotator in stands
                if len(stands) == 1 and not mine and self._annotators(identity) == 2:
                    yield {"id": identity, "second": True, **self._board.get(identity, {})}
        for identity, row in self._board.items():
            if identity in busy:
                continue
            status = self._labelling.standing(identity).status
            if status is Status.OPEN or (
                status is Status.SKIPPED and not self._just_put_off(identity)
            ):
                yield row

    def _put_off(self, busy: set[str]) -> Iterator[dict[str, Any]]:
        """Rows that this annotator skipped by this very ranking: better than nothing."""
        for row in self._board.values():
            put_off = self._labelling.standing(row["id"]).status is Status.SKIPPED
            if put_off and row["id"] not in busy and self._just_put_off(row["id"]):
                yield row

    def _just_put_off(self, identity: str) -> bool:
        mine = self._labelling.stands(identity).get(self._client.annotator)
        return (
            mine is not None
            and isinstance(mine.decision, de.Skip)
            and mine.decision.ranking == self.round
        )

    def _item(self, example: Example, row: dict[str, Any]) -> Item:
        blind = "random check" if row.get("audit") else "second opinion" * ("second" in row)
        mine = self._labelling.stands(example.id).get(self._client.annotator)
        standing = self._labelling.standing(example.id)
        said = None if mine is None else mine.decision
        known = frozenset(self._labelling.labels)
        found = () if blind else row.get("top", ())
        tagging = self._task is Task.TAGGING
        unfolded = self._labelling.unfolded()
        folded = () if blind or example.id in unfolded else self._folds.get(example.id, ())
        return Item(
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
                and self._labelling.standing(i).status in (Status.OPEN, Status.SKIPPED)
            ),
            note=self._labelling.note(example.id),
            answer=None if mine is None else self._labelling.given(mine),
            flag=said.reason if isinstance(said, de.Flag) else None,
            status=standing.status,
            counts=standing.answer if isinstance(said, de.Label | de.Flag) else None,
        )
