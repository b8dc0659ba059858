"""A label by a part of its name: type-ahead over all labels, the likely and the recent ones first;
new ones are added from here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import on
from textual.content import Content
from textual.widgets import Input

from tui_al.core.annotation.label_search import LabelIndex, Match
from tui_al.core.data.terminal_text import printable, shorten
from tui_al.ui.escape import safe
from tui_al.ui.screens.list_dialog import ListDialog
from tui_al.ui.widgets.label_keys import probability

#: What a certain label gains over how well its name matches: more than the beginning of a word, so
#: that a letter or two suffice.
_LIKELY = 12.0
_RECENT = 3.0

#: What a label loses that a key gives anyway: whoever searches means another one. A name typed in
#: full still comes first.
_KEYED = 12.0


@dataclass(frozen=True, slots=True)
class Row:
    """A label in the list; `positions` are the matched characters of its name."""

    label: str
    positions: tuple[int, ...] = ()
    new: bool = False


class Finder:
    """Which labels are offered for what was typed; the first one is taken by Enter."""

    def __init__(
        self,
        labels: Sequence[str],
        likely: Sequence[tuple[str, float]] = (),
        recent: Sequence[str] = (),
        *,
        keyed: Iterable[str] = (),
        may_add: bool = True,
    ) -> None:
        """`likely` are the model's with their probabilities, `keyed` those that have a key where
        others have none."""
        self._labels = tuple(labels)
        self._index = LabelIndex(self._labels)
        self._may_add = may_add
        self._bonus = {label: _RECENT / (place + 1) for place, label in enumerate(recent)}
        for label, sure in likely:
            self._bonus[label] = self._bonus.get(label, 0.0) + _LIKELY * sure
        self._bonus.update(dict.fromkeys(keyed, -_KEYED))

    def rows(self, typed: str) -> list[Row]:
        """All that match, the best first; last of all what was typed as a new label, if there is
        none of that name."""
        name = typed.strip()

        def order(match: Match) -> tuple[bool, float]:
            label = self._labels[match.index]
            in_full = label.casefold() == name.casefold()
            return not in_full, -match.score - self._bonus.get(label, 0.0)

        matches = sorted(self._index.search(typed), key=order)
        rows = [Row(self._labels[match.index], match.positions) for match in matches]
        if name and self._may_add and name not in self._labels:
            rows.append(Row(name, new=True))
        return rows


class FindLabel(ListDialog[Row]):
    """Dismissed with the label, or None."""

    def __init__(
        self,
        finder: Finder,
        *,
        title: str = "Find a label",
        likely: Mapping[str, float] | None = None,
        counts: Mapping[str, int] | None = None,
        descriptions: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            title, "a few letters of it", "enter takes the marked one  ↑↓ other  esc close"
        )
        self.finder = finder
        self._likely, self._counts = likely or {}, counts or {}
        self._descriptions = descriptions or {}
        self.rows: list[Row] = finder.rows("")  #: what is listed, the best first

    def on_mount(self) -> None:
        """All labels."""
        self.show_rows()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self.rows = self.finder.rows(event.value)
        self.show_rows()

    def drawn(self, width: int) -> list[Content]:
        """The labels that match, with what is known of them."""
        return [self._drawn(row, width) for row in self.rows]

    def chosen(self, place: int) -> Row:
        """The label."""
        return self.rows[place]

    def say_nothing_marked(self) -> None:
        """There is none that could be taken."""
        self.app.notify("No label has this name.", markup=False)

    def _drawn(self, row: Row, width: int) -> Content:
        if row.new:
            return Content.assemble(
                ("+ ", "bold $text-accent"),
                safe(row.label),
                (" as a new label", "$foreground-muted"),
            )
        name = shorten(printable(row.label) or "(empty)", max(8, width - 14))
        shown = Content(name)
        for position in row.positions:
            if position < len(name):
                shown = shown.stylize("bold underline $text-accent", position, position + 1)
        sure = self._likely.get(row.label)
        facts = f"  {probability(sure)}" if sure is not None else ""
        facts += f"  ×{self._counts.get(row.label, 0)}"
        room = width - cell_len(name) - len(facts) - 2
        about = shorten(printable(self._descriptions.get(row.label, "")), max(0, room))
        return Content.assemble(shown, (facts, "$text-primary"), "  ", (about, "$foreground-muted"))
