"""Samples that two annotators are to answer: how many were asked so far, and which wait for the
second answer.

Kept up to date by what is decided, as it is asked for before each few samples: walked through from
the start, the answers of a team would make every refill wait.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.annotation.label_state import LabelState, Status

#: Where nobody's answer counts yet.
UNANSWERED = (Status.OPEN, Status.SKIPPED)


class SecondAnswers:
    """What one annotator's queue knows of the answers so far; call `hear` after each change of the
    decisions."""

    def __init__(
        self, label_state: LabelState, annotator: str, for_two: Callable[[str], bool]
    ) -> None:
        """`for_two` says of an example's id whether two annotators are to answer it."""
        self._labelling, self._annotator, self._for_two = label_state, annotator, for_two
        self._asked: set[str] = set()
        self._asked_for_two = 0
        # What one other has answered, each with its first decision's place, by which they are in
        # order.
        self._waiting: list[tuple[tuple[int, int], str]] = []
        self._places: dict[str, tuple[int, int]] = {}
        #: Examples that others may have answered by now though their answers are not heard of here.
        self.unheard: set[str] = set()

    def hear(self, touched: Iterable[str]) -> None:
        """The standings of these examples may have changed."""
        for identity in touched:
            votes = self._labelling.votes(identity)
            status = self._labelling.label_status(identity).status
            was_asked = _was_asked(identity, votes.values())
            self._count(identity, status not in UNANSWERED and was_asked)
            said = {who for who, one in votes.items() if not isinstance(one.decision, de.Skip)}
            wanted = status is Status.LABELLED and was_asked and self._for_two(identity)
            self._wait(identity, wanted and len(said) == 1 and self._annotator not in said)
            if status in UNANSWERED:
                self.unheard.add(identity)

    def asked(self) -> tuple[int, int]:
        """Samples that were answered by themselves, not along with a near-duplicate; and how many
        of them are for two."""
        return len(self._asked), self._asked_for_two

    def waiting(self) -> Iterator[str]:
        """Samples for two that one other annotator has answered, in the order of the answers."""
        return (identity for _, identity in self._waiting)

    def _count(self, identity: str, is_asked: bool) -> None:
        if is_asked == (identity in self._asked):
            return
        (self._asked.add if is_asked else self._asked.discard)(identity)
        if self._for_two(identity):
            self._asked_for_two += 1 if is_asked else -1

    def _wait(self, identity: str, waits: bool) -> None:
        place = self._places.get(identity)
        if waits and place is None:
            place = self._places[identity] = self._labelling.place(identity)
            insort(self._waiting, (place, identity))
        elif not waits and place is not None:
            del self._places[identity]
            del self._waiting[bisect_left(self._waiting, (place, identity))]


def _was_asked(identity: str, votes: Iterable[DecisionRecord]) -> bool:
    """Whether somebody answered it by itself."""
    return any(
        isinstance(one.decision, de.Label | de.Flag) and one.decision.about[0] == identity
        for one in votes
    )
