"""The label screen as the screens and dialogs beside it see it: search, labels, history, disputes,
conflicts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tui_al.core.annotation.decisions import DecisionRecord, UserAnswer
from tui_al.core.data.examples import Task
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import Sample
from tui_al.ui.annotation_worker import AnnotationState
from tui_al.ui.screens.label_calls import Ask
from tui_al.ui.screens.scrolling import ScrollsText
from tui_al.ui.widgets.answer_input import AnswerArea


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
class Origin:
    """Where a sample was opened from: `name` as in "back to the history"; `go_back` shows it again
    as it was left."""

    name: str
    go_back: Callable[[], None]


class LabelAside(ScrollsText):
    """The label screen as its other screens and dialogs see it: they call its annotation service,
    and hand it samples."""

    directory: Path
    ask: Ask
    annotation_state: AnnotationState
    item: Sample | None
    blind: bool
    _opened: tuple[str, Origin] | None = None  # the sample that was opened last, by its id

    def put_back(self, *items: Sample) -> None:
        """Others may have these samples."""
        raise NotImplementedError

    def show_sample(self, item: Sample) -> None:
        """Show a sample now; the one before the person is next."""
        raise NotImplementedError

    def go_on(self) -> None:
        """The sample before the person needs no answer: the next one."""
        raise NotImplementedError

    def show_anew(self, item: Sample) -> None:
        """The sample before the person, as it is now."""
        raise NotImplementedError

    @property
    def area(self) -> AnswerArea:
        """Where the answer is given."""
        raise NotImplementedError

    def open(
        self, identity: str, beginning: UserAnswer | None = None, *, origin: Origin | None = None
    ) -> None:
        """Show any sample; one that this annotator has not answered with these entities to begin
        with.

        As long as it is before the person, Escape leads back to `origin`.
        """

        def opened(item: Sample) -> None:
            self._opened = None if origin is None else (item.id, origin)
            self.show_sample(replace(item, beginning=beginning) if item.answer is None else item)

        self.ask("open", lambda service: service.open(identity), then=opened)

    @property
    def origin(self) -> Origin | None:
        """Where the sample before the person was opened from."""
        item, opened = self.item, self._opened
        return opened[1] if item is not None and opened and opened[0] == item.id else None

    def leave_alone(self) -> None:
        """On from a sample that stays as it is."""
        if self.item is not None:
            self.put_back(self.item)
        self._opened = None
        self.go_on()

    @property
    def is_tagging(self) -> bool:
        """Whether entities are marked."""
        return self.annotation_state.task is Task.TAGGING
