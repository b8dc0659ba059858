"""The top row while a person labels: which session, how far in the batch, what is on disk, whose
order this is."""

from textual.content import Content

from tui_al.store.samples import Sample
from tui_al.ui.annotation_worker import AnnotationState
from tui_al.ui.escape import safe
from tui_al.ui.widgets.lines import Lines, spread_out


class LabelTitle(Lines):
    """`saved ✓ 341` counts what is on disk; what is not there yet stands beside it with another
    mark."""

    DEFAULT_CSS = "LabelTitle { height: 1; background: $panel; padding: 0 1; }"

    def __init__(self, name: str) -> None:
        super().__init__(id="title")
        self._called = name
        self._overview: AnnotationState | None = None
        self._item: Sample | None = None
        self._pending = 0
        self._trouble = False

    def show(
        self, annotation_state: AnnotationState, item: Sample | None, pending: int, *, trouble: bool
    ) -> None:
        """Show this state of affairs."""
        self._overview, self._item = annotation_state, item
        self._pending, self._trouble = pending, trouble
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """Where one is at the left, what is saved at the right."""
        annotation_state = self._overview
        name = safe(self._called, "bold")
        if annotation_state is None:
            return [spread_out(name, Content("opening …"), width)]
        left = Content.assemble(name, "  ", place(annotation_state))
        saved = Content.assemble(
            "saved ", ("✓", "bold $text-success"), (f" {annotation_state.saved:,}", "bold")
        )
        if self._pending:
            mark, style = ("✗", "$text-error") if self._trouble else ("…", "$text-warning")
            word = "not saved" if self._trouble else "saving"
            saved = Content.assemble(saved, (f"  {mark} {self._pending} {word}", f"bold {style}"))
        order = Content(ranking(self._item.ranking if self._item else annotation_state.ranking))
        right = Content("   ").join([saved, order]) if width >= 60 and order.plain else saved
        return [spread_out(left, right, width)]


def place(annotation_state: AnnotationState) -> str:
    """ "round 3 · 12 of 50"; once the batch is full, how far people are ahead of the engine.

    "round 3 · 70 to go" where labels of earlier rounds were taken back.
    """
    batch = annotation_state.batch
    if annotation_state.ranking is None or not batch.size:
        return ""
    number = f"round {annotation_state.ranking + 1} · "
    if batch.is_full:
        ahead = batch.decided - batch.size
        return number + f"{batch.size} of {batch.size}" + (f" +{ahead}" if ahead else "")
    if batch.decided < 0:
        return number + f"{batch.to_go} to go"
    return number + f"{batch.decided + 1} of {batch.size}"


def ranking(round_: int | None) -> str:
    """Whose order the sample comes by."""
    if round_ is None:
        return ""
    return f"ranking of round {round_}" if round_ else "random order"
