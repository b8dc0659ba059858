"""The last decisions, the newest first; each with a mark once it is on disk."""

from collections.abc import Sequence

from textual.content import Content

from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.data.terminal_text import printable, shorten
from tui_al.ui.annotation_worker import RecentDecision
from tui_al.ui.escape import safe
from tui_al.ui.widgets.lines import Lines, flow

_WORDS = {"skip": "skipped", "flag": "unclear"}


class RecentRow(Lines):
    """One row, or where there is a column for it one row each with the beginning of the text."""

    DEFAULT_CSS = "RecentRow { height: auto; padding: 0 1; }"

    def __init__(self, id: str, *, column: bool = False) -> None:  # noqa: A002
        super().__init__(id=id)
        self._column = column
        self._pending: tuple[RecentDecision, ...] = ()
        self._saved: tuple[RecentDecision, ...] = ()

    def show(self, pending: Sequence[RecentDecision], saved: Sequence[RecentDecision]) -> None:
        """Those on their way, and those on disk; each the newest first."""
        self._pending, self._saved = tuple(pending), tuple(saved)
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """As many as there is room for."""
        shown = [(("…", "bold $text-warning"), one) for one in self._pending]
        shown += [(("✓", "$text-success"), one) for one in self._saved]
        if not shown:
            return [Content.styled("nothing labelled by you yet", "$foreground-muted")]
        if not self._column:
            parts = [
                Content.assemble(mark, " ", safe(_name(one, 24), "$foreground-muted"))
                for mark, one in shown
            ]
            return flow([Content.styled("recent", "$foreground-muted"), *parts], "  ", width)[:1]
        rows = []
        for mark, one in shown[:9]:
            name = _name(one, max(6, width // 2 - 4))
            text = printable(one.text)
            row = Content.assemble(mark, " ", safe(name), "  ", (safe(text, "$foreground-muted")))
            rows.append(row.truncate(width, ellipsis=True))
        return rows


def _name(one: RecentDecision, width: int) -> str:
    return shorten(printable(_WORDS.get(one.kind) or answer_text(one.what)), width)


def answer_text(answer: UserAnswer | None) -> str:
    """An answer in a few words: the label, or the types of its entities."""
    if answer is None:
        return ""
    if isinstance(answer, str):
        return answer or "(empty)"
    if not answer:
        return "no entity"
    return " ".join(kind for *_, kind in answer)
