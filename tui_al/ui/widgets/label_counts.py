"""Which labels have been seen how often, and an alarm for those that never were."""

from collections.abc import Mapping

from rich.cells import cell_len
from textual.content import Content

from tui_al.core.data.terminal_text import printable, shorten
from tui_al.ui.annotation_worker import AnnotationState
from tui_al.ui.escape import safe
from tui_al.ui.keys import key_name
from tui_al.ui.widgets.glyphs import is_ascii
from tui_al.ui.widgets.label_bar import bar
from tui_al.ui.widgets.lines import Lines

_BAR = 10


def worth_alarm(counts: Mapping[str, int]) -> bool:
    """Whether so much is labelled, two examples for each label on average, that a label without one
    is worth an alarm."""
    return sum(counts.values()) >= 2 * len(counts)


class Alarm(Lines):
    """Rows, or nothing: a disk that takes no labels; rows of the log that are damaged; labels
    without a single example although many texts are labelled."""

    DEFAULT_CSS = "Alarm { height: auto; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(id="alarm")
        self._overview = AnnotationState()
        self._trouble = ""

    def show(self, annotation_state: AnnotationState, trouble: str) -> None:
        """Show this state of affairs."""
        self._overview, self._trouble = annotation_state, trouble
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """The names, as many as fit, and the key that looks for examples."""
        if self._trouble:
            return list(safe(f"✗ {self._trouble}", "bold $text-error").wrap(width))[:3]
        damage = [
            row
            for line in self._overview.damage
            for row in safe(f"⚠ {line}", "$text-warning").wrap(width)
        ]
        return [*damage, *self._never_seen(width)]

    def _never_seen(self, width: int) -> list[Content]:
        unseen = self._overview.unseen
        if not unseen or not worth_alarm(self._overview.counts):
            return []
        ending = f"  {key_name(self, 'label.search')} searches the pool"
        names = ", ".join(printable(name) for name in unseen)
        head = f"⚠ never seen ({len(unseen)}): " if len(unseen) > 1 else "⚠ never seen: "
        room = max(8, width - cell_len(head) - len(ending))
        return [
            Content.assemble(
                (head, "bold $text-warning"), safe(shorten(names, room), "$text-warning"),
                (ending, "$foreground-muted")
            )
        ]  # fmt: skip


class CountsColumn(Lines):
    """A row a label, the commonest first, those never seen marked at the end; what does not fit is
    counted in the last row."""

    DEFAULT_CSS = "CountsColumn { height: 1fr; min-height: 4; }"

    def __init__(self) -> None:
        super().__init__(id="counts")
        self._overview = AnnotationState()

    def show(self, annotation_state: AnnotationState) -> None:
        """Show this state of affairs."""
        self._overview = annotation_state
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """By the room there is."""
        counts = sorted(self._overview.counts.items(), key=lambda pair: (-pair[1], pair[0]))
        rows = max(1, self.content_size.height or 10)
        most = max((count for _, count in counts), default=0)
        name_width = max(8, width - _BAR - 7)
        lines = []
        for name, count in counts[: rows if len(counts) <= rows else rows - 1]:
            shown = shorten(printable(name) or "(empty)", name_width)
            padded = shown + " " * (name_width - cell_len(shown))
            drawn = bar(count / most if most else 0.0, _BAR, ascii_only=is_ascii(self))
            number = Content(f"{count:>5} ")
            if not count and worth_alarm(self._overview.counts):
                number = Content.styled("  ×0! ", "bold $text-warning")
            lines.append(Content.assemble(safe(padded), number, (drawn, "$primary")))
        if len(counts) > rows:
            never = len([1 for _, count in counts[rows - 1 :] if not count])
            more = f"+{len(counts) - rows + 1} more" + (f", {never} never seen" if never else "")
            lines.append(Content.styled(more, "$foreground-muted"))
        return lines
