"""Which sample is before the person, which ones come after it, and where it was opened from."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tui_al.core.annotation.decisions import UserAnswer
from tui_al.store.samples import Sample
from tui_al.ui.prefetch import Hand
from tui_al.ui.screens.label_calls import Ask


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sample was opened from: `name` as in "back to the history"; `go_back` shows it again
    as it was left."""

    name: str
    go_back: Callable[[], None]


class CurrentSample:
    """The sample before the person, with those in hand behind it.

    Only this says which one it is, so that no two threads can differ on that. `ask` calls the
    annotation service; `changed` is called whenever another sample, or none, is to be shown.
    """

    def __init__(self, ask: Ask, changed: Callable[[], None]) -> None:
        self.item: Sample | None = None  #: None: there is none now
        self._ask, self._changed = ask, changed
        self._hand = Hand()
        self._ranking: int | None = None  # the newest one
        self._since = 0.0
        self._opened: tuple[str, Origin] | None = None  # the one opened last, by its id

    @property
    def seconds(self) -> float:
        """For how long it has been before the person."""
        return time.monotonic() - self._since

    @property
    def are_coming(self) -> bool:
        """Whether the first samples of the newest ranking are being fetched."""
        return self._hand.changes_to(self._ranking)

    @property
    def origin(self) -> Origin | None:
        """Where it was opened from."""
        item, opened = self.item, self._opened
        return opened[1] if item is not None and opened and opened[0] == item.id else None

    def know(self, ranking: int | None) -> None:
        """That is the newest ranking."""
        self._ranking = ranking
        self.fetch()

    def fetch(self) -> None:
        """Fill the hand; from a new ranking, change it whole, once the new ones are here."""
        wanted = self._hand.wanted(self._ranking, showing=self.item is not None)
        if wanted:
            job = self._ask(
                "take",
                lambda service: (service.ranking, service.take_some(wanted)),
                then=self._taken,
            )
            self._hand.fetching(job, wanted)

    def _taken(self, taken: tuple[int | None, list[Sample]]) -> None:
        """Samples have come into the hand."""
        self._put_back(*self._hand.take_in(*taken))
        if self.item is None:
            self._next()

    def failed(self, number: int) -> None:
        """A call was refused; it may have been the one that fetches samples."""
        self._hand.failed(number)

    def others_have(self, ids: Iterable[str]) -> None:
        """Others decided about these or have them now: they do not come any more."""
        self._put_back(*self._hand.drop(ids))

    def decided(self, item: Sample) -> None:
        """A sample is decided about, and with it the near-duplicates folded with it: the next
        one."""
        self._hand.drop({item.id, *item.folded})
        self.go_on()

    def leave_alone(self) -> None:
        """On from a sample that stays as it is: others may have it."""
        if self.item is not None:
            self._put_back(self.item)
        self._opened = None
        self.go_on()

    def go_on(self) -> None:
        """It needs no answer: the next one, at once."""
        self.item = None
        self._next()

    def open(
        self, identity: str, beginning: UserAnswer | None = None, *, origin: Origin | None = None
    ) -> None:
        """Show any sample; one that this annotator has not answered with these entities to begin
        with.

        As long as it is before the person, Escape leads back to `origin`.
        """

        def opened(item: Sample) -> None:
            self._opened = None if origin is None else (item.id, origin)
            self.show_now(replace(item, beginning=beginning) if item.answer is None else item)

        self._ask("open", lambda service: service.open(identity), then=opened)

    def show_now(self, item: Sample) -> None:
        """Show a sample now; the one before the person is next."""
        self._hand.drop({item.id})
        self.show(item)

    def show_anew(self, item: Sample) -> None:
        """The sample before the person, as it is now."""
        self.item = item
        self._changed()

    def show(self, item: Sample) -> None:
        """Show a sample; the one before the person, if it is not decided, is next in the hand."""
        if self.item is not None and self.item.id != item.id:
            self._hand.put_first(self.item)
        self.item = item
        self._since = time.monotonic()
        self._changed()

    def _next(self) -> None:
        item = self._hand.next()
        if item is not None:
            self.show(item)
        else:
            self._changed()
        self.fetch()

    def _put_back(self, *items: Sample) -> None:
        if items:
            self._ask("put_back", lambda service: service.put_back(items))


def as_it_was(item: Sample, answer: UserAnswer | None) -> Sample:
    """The sample with the entities of an answer that was taken back or refused, so that marking
    them is not lost."""
    if isinstance(answer, tuple) and item.answer is None:
        return replace(item, beginning=answer)
    return item
