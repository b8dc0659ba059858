"""What a person answers a sample with: the labels' keys, or the editor of entities. The label
screen only knows this much of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from textual.widget import Widget

from tui_al.core.annotation.decisions import UserAnswer
from tui_al.store.samples import Sample


class AnswerArea(Widget, can_focus=True):
    """Has the focus while a person answers, and sees every key before the screen's own bindings do
    (stop those it takes)."""

    #: Whether it shows the sample's text itself; then it has that place, too.
    SHOWS_TEXT: ClassVar[bool] = False

    #: Called with an answer and how it was given (see `Label.via` in
    #: `tui_al.core.annotation.decisions`). At once, and not by a message: a key that is typed right
    #: after must find the answer given.
    give: Callable[[UserAnswer, str], None]

    def label_for(self, key: str) -> str | None:
        """The label that a key gives for the sample that is shown now; None where it gives none, or
        there is no sample."""
        raise NotImplementedError

    @property
    def keyed(self) -> Collection[str]:
        """Labels that a key gives now, where there are others that none gives."""
        return ()

    def show(self, item: Sample | None, *, blind: bool) -> None:
        """A sample to be answered, or none; `blind` hides what the model thinks. Answers only count
        for this one."""
        raise NotImplementedError

    def know(self, labels: Sequence[str], counts: Mapping[str, int]) -> None:
        """The labels of the day, in the order in which they get keys, and how many examples each
        has."""
        raise NotImplementedError

    @property
    def unsaved(self) -> bool:
        """Whether there is work in this sample that would go with it if another one were shown."""
        return False

    def take(self) -> str:
        """Enter: give the answer that is proposed. Returns why there is none, or ""."""
        raise NotImplementedError

    def choose(self, label: str) -> None:
        """A label that was found by its name, in place of its key."""
        self.give(label, "search")

    def undo(self) -> bool:
        """Take back what was changed last in this sample, before it is answered; False if there is
        nothing."""
        return False

    def redo(self) -> bool:
        """Bring that back; False if there is nothing."""
        return False
