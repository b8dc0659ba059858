"""The label screen as the screens and dialogs beside it see it: search, labels, history, disputes,
conflicts."""

from typing import Protocol

from textual.app import App

from tui_al.store.samples import Sample
from tui_al.ui.annotation_worker import AnnotationState
from tui_al.ui.screens.label_calls import Ask
from tui_al.ui.screens.label_sample import CurrentSample


class LabelAccess(Protocol):
    """What they may ask of `LabelScreen`: they call its annotation service, and hand it samples."""

    annotation_state: AnnotationState
    ask: Ask
    sample: CurrentSample

    @property
    def item(self) -> Sample | None:
        """The sample before the person."""

    @property
    def is_tagging(self) -> bool:
        """Whether entities are marked."""

    @property
    def app(self) -> App[object]:
        """Where a screen is shown above it."""
