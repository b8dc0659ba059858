"""The samples that the label screen has in hand, so that a key paints the next one at once."""

import time
from collections import deque
from collections.abc import Iterable

from tui_al.store.samples import Sample
from tui_al.ui.annotation_worker import LOOK

#: Samples in hand behind the one on the screen.
HAND = 3


class Hand:
    """Samples to come, all of one ranking; which of them to fetch when, and which to give back."""

    def __init__(self) -> None:
        self.ranking: int | None = None  #: that they come from
        self._items: deque[Sample] = deque()
        self._job = 0  # that fetches samples, 0 if there is none
        self._wanted = 0  # samples that it fetches
        self._dry_until = 0.0  # there were fewer: no use asking again before

    def wanted(self, ranking: int | None, *, showing: bool) -> int:
        """Samples to be fetched now, with the one for the screen if it is `showing` none; a new
        ranking changes the hand whole."""
        dry = ranking == self.ranking and time.monotonic() < self._dry_until
        if self._job or dry or ranking is None:
            return 0
        room = HAND if ranking != self.ranking else HAND - len(self._items)
        return max(0, room + (not showing))

    def changes_to(self, ranking: int | None) -> bool:
        """Whether the first samples of this ranking are being fetched."""
        return self._job > 0 and ranking != self.ranking

    def fetching(self, job: int, wanted: int) -> None:
        """A job was given out that fetches so many."""
        self._job, self._wanted = job, wanted

    def failed(self, job: int) -> None:
        """A job came to nothing."""
        if job == self._job:
            self._job = 0

    def take_in(self, ranking: int | None, items: list[Sample]) -> tuple[Sample, ...]:
        """What was fetched. Returns those of an older ranking, which are to be put back."""
        self._job = 0
        if len(items) < self._wanted:
            self._dry_until = time.monotonic() + LOOK
        old: tuple[Sample, ...] = ()
        if ranking != self.ranking and items:
            old = tuple(self._items)
            self._items.clear()
        self.ranking = ranking
        self._items += items
        return old

    def next(self) -> Sample | None:
        """The next one, which is not in the hand any more."""
        return self._items.popleft() if self._items else None

    def put_first(self, item: Sample) -> None:
        """This one is next."""
        self._items.appendleft(item)

    def drop(self, ids: Iterable[str]) -> tuple[Sample, ...]:
        """Take these out, if they are in it; returns them."""
        ids = frozenset(ids)
        dropped = tuple(item for item in self._items if item.id in ids)
        if dropped:
            self._items = deque(item for item in self._items if item.id not in ids)
        return dropped
