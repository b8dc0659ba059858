"""Decisions that are on their way to the disk, and those that did not get there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import Sample
from tui_al.ui.annotation_worker import RecentDecision


@dataclass(slots=True)
class Made:
    """What has come of a decision: its records, none as long as it is on its way, or when it was
    refused.

    Written by the worker's thread, so that later jobs of that thread know what became of this
    one."""

    records: Sequence[DecisionRecord] = ()

    def by(
        self, call: Callable[[AnnotationService], Sequence[DecisionRecord]]
    ) -> Callable[[AnnotationService], None]:
        """The same, its records kept here."""

        def run(service: AnnotationService) -> None:
            self.records = call(service)

        return run


@dataclass(frozen=True, slots=True)
class Pending:
    """A decision on its way to the disk: as it is shown, about which sample, and what comes of
    it."""

    recent: RecentDecision
    item: Sample
    made: Made


class PendingDecisions:
    """Those of the label screen that are not on disk, each by the number of its call."""

    def __init__(self) -> None:
        self._pending: dict[int, Pending] = {}
        self._insisted: set[str] = set()  # others have these samples, and the person has been told
        self._refused = ""  # the sample whose answer was refused last

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def recent(self) -> list[RecentDecision]:
        """As they are shown, the newest first."""
        return [one.recent for one in reversed(self._pending.values())]

    @property
    def last(self) -> Made | None:
        """The last decision that is not on disk yet, if there is one."""
        return next((one.made for one in reversed(self._pending.values())), None)

    def add(self, number: int, decision: Pending) -> None:
        """This one was handed over."""
        self._refused = ""
        self._pending[number] = decision

    def done(self, number: int) -> None:
        """A call is done: if it was a decision, it is on disk."""
        if (decision := self._pending.pop(number, None)) is not None:
            self._insisted.discard(decision.item.id)

    def refused(self, number: int) -> Pending | None:
        """A call was refused: the decision that it was, if it was one."""
        decision = self._pending.pop(number, None)
        if decision is not None:
            self._refused = decision.item.id
        return decision

    def forget_refused(self, identity: str) -> bool:
        """Whether the last answer to this sample was refused, and nothing was decided since, so
        that its undo takes nothing else back; true only once."""
        if not identity or identity != self._refused:
            return False
        self._refused = ""
        return True

    def insist(self, identity: str) -> None:
        """The person was told that others have this sample: the next answer counts all the same."""
        self._insisted.add(identity)

    def insists(self, identity: str) -> bool:
        """Whether they were told, and have not answered since."""
        return identity in self._insisted
