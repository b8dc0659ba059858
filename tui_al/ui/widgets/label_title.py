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
        self, overview: AnnotationState, item: Sample | None, pending: int, *, trouble: bool
    ) -> None:
        """Show this state of affairs."""
        self._overview, self._item = overview, item
        self._pending, self._trouble = pending, trouble
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """Where one is at the left, what is saved at the right."""
        overview = self._overview
        name = safe(self._called, "bold")
        if overview is None:
            return [spread_out(name, Content("opening …"), width)]
        left = Content.assemble(name, "  ", place(overview))
        saved = Content.assemble(
            "saved ", ("✓", "bold $text-success"), (f" {overview.saved:,}", "bold")
        )
        if self._pending:
            mark, style = ("✗", "$text-error") if self._trouble else ("…", "$text-warning")
            word = "not saved" if self._trouble else "saving"
            saved = Content.assemble(saved, (f"  {mark} {self._pending} {word}", f"bold {style}"))
        order = Content(ranking(self._item.ranking if self._item else overview.ranking))
        right = Content("   ").join([saved, order]) if width >= 60 and order.plain else saved
        return [spread_out(left, right, width)]


def place(overview: AnnotationState) -> str:
    """ "round 3 · 12 of 50"; once the batch is full, how far people are ahead of the engine.

    "round 3 · 70 to go" where labels of earlier rounds were taken back.
    """
    if overview.ranking is None or not overview.batch:
        return ""
    number = f"round {overview.ranking + 1} · "
    ahead = overview.in_batch - overview.batch
    if ahead >= 0:
        return number + f"{overview.batch} of {overview.batch}" + (f" +{ahead}" if ahead else "")
    if overview.in_batch < 0:
        return number + f"{overview.to_go} to go"
    return number + f"{overview.in_batch + 1} of {overview.batch}"


def ranking(round_: int | None) -> str:
    """Whose order the sample comes by."""
    if round_ is None:
        return ""
    return f"ranking of round {round_}" if round_ else "random order"
