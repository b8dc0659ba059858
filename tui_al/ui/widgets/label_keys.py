"""The labels with their keys on them, for texts that get one label each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.events import Click
from textual.geometry import Size

from tui_al.core.data.terminal_text import printable, shorten
from tui_al.store.samples import Sample
from tui_al.ui.escape import safe
from tui_al.ui.keys import bind, display, key_name
from tui_al.ui.widgets.answer_input import AnswerArea
from tui_al.ui.widgets.label_counts import worth_alarm

#: With more labels than keys, so many keys choose among what the model finds likeliest.
BEST = 9

#: Columns of a name at most, where labels stand side by side.
_NAME = 26


@dataclass(frozen=True, slots=True)
class Choice:
    """A label that one key gives. `probability` is the model's, where it may be shown."""

    key: str
    label: str
    probability: float | None = None


def choices(
    labels: Sequence[str],
    item: Sample | None,
    *,
    blind: bool,
    keys: Sequence[str],
    own: Mapping[str, str] | None = None,
) -> tuple[Choice, ...]:
    """Which key gives which label now.

    As long as there are `keys` enough, each label has one for good. If not, the first nine give
    what the model finds likeliest; where that may not be shown, the same nine labels in every
    sample, since fingers learn them. `own` are keys that the person gave to labels by name; those
    labels keep them.
    """
    shown = {} if blind or item is None else dict(item.top)
    kept = {label: key for label, key in (own or {}).items() if label in labels}
    free = [key for key in keys if key not in kept.values()]
    rest = [label for label in labels if label not in kept]
    if len(rest) > len(free):
        likely = [name for name in dict.fromkeys((*shown, *rest)) if name in rest]
        rest, free = likely[:BEST], free[:BEST]
    given = {**dict(zip(rest, free, strict=False)), **kept}
    ordered = [label for label in (rest if len(rest) < len(labels) else labels) if label in given]
    ordered += [label for label in kept if label not in ordered]
    return tuple(Choice(given[label], label, shown.get(label)) for label in ordered)


class LabelKeys(AnswerArea):
    """One key answers. Labels stand in columns, so that each keeps its place."""

    DEFAULT_CSS = """
    LabelKeys { height: auto; max-height: 8; padding: 0 1; }
    """

    def __init__(self, keys: Sequence[str], own: Mapping[str, str]) -> None:
        super().__init__(id="answer")
        self._keys, self._own = tuple(keys), dict(own)
        for key in (*self._keys, *self._own.values()):
            bind(self, key, f"press({key!r})")
        self._labels: tuple[str, ...] = ()
        self._counts: Mapping[str, int] = {}
        self._item: Sample | None = None
        self._blind = False
        self.choices: tuple[Choice, ...] = ()

    def show(self, item: Sample | None, *, blind: bool) -> None:
        """A sample to be answered."""
        self._item, self._blind = item, blind
        self._choose()

    def know(self, labels: Sequence[str], counts: Mapping[str, int]) -> None:
        """The labels of the day."""
        fresh = tuple(labels) != self._labels
        self._labels, self._counts = tuple(labels), counts
        if fresh:
            self._choose()
        else:  # a count with one more digit may need a wider column, and so another row
            rows = len(self.lines(self.content_size.width))
            self.refresh(layout=rows != self.content_size.height)

    def _choose(self) -> None:
        before = self.choices
        self.choices = choices(
            self._labels, self._item, blind=self._blind, keys=self._keys, own=self._own
        )
        self.refresh(layout=len(before) != len(self.choices) or self._many)

    @property
    def _many(self) -> bool:
        return len(self._labels) > len(self.choices)

    @property
    def keyed(self) -> tuple[str, ...]:
        """With many labels, those on the keys."""
        return tuple(choice.label for choice in self.choices) if self._many else ()

    def take(self) -> str:
        """The likeliest label, if the model's opinion may be shown."""
        if self._item is None:
            return "There is no sample yet."
        if self._item.blind or self._blind:
            return "No suggestion is shown for this one: answer it with a label's key."
        if not self._item.top:
            return (
                "There is no suggestion yet: a model is trained when the first batch is labelled."
            )
        self.give(self._item.top[0][0], "suggestion")
        return ""

    def label_for(self, key: str) -> str | None:
        """The label on a key, if there is a sample to answer."""
        if self._item is None:
            return None
        return next((choice.label for choice in self.choices if choice.key == key), None)

    def action_press(self, key: str) -> None:
        """A label's key."""
        label = self.label_for(key)
        if label is not None:
            self.give(label, "key")
        elif self._item is not None:
            self.app.notify("There is no label on this key.", markup=False)

    def on_click(self, event: Click) -> None:
        """By mouse."""
        columns, width = self._grid(self.content_size.width)
        offset = event.get_content_offset(self)
        if offset is None or self._item is None:
            return
        place = offset.y * columns + min(columns - 1, offset.x // width)
        if place < len(self.choices):
            self.give(self.choices[place].label, "mouse")

    def _grid(self, width: int) -> tuple[int, int]:
        """Columns of labels, and how wide each is. With many labels both depend on the width alone,
        so that nothing jumps."""
        width += 2  # the last column needs no gap
        if self._short:
            columns = max(1, -(-len(self.choices) // 3))
            return columns, width // columns
        if self._many:
            columns = max(1, min(3, width // 24))
            return columns, width // columns
        widest = max((self._cell(choice).cell_length + 2 for choice in self.choices), default=1)
        columns = max(1, width // widest)
        rows = -(-len(self.choices) // columns)
        columns = max(1, -(-len(self.choices) // max(1, rows)))
        return columns, max(widest, width // columns)

    @property
    def _short(self) -> bool:
        """Whether there are three rows at most, and no room for counts."""
        return self.screen.has_class("-short")

    def _cell(self, choice: Choice, room: int = _NAME + 18) -> Content:
        count = self._counts.get(choice.label, 0)
        ending: list[tuple[str, str]] = []
        if choice.probability is not None and self._many:
            ending.append((f" {probability(choice.probability)}", "$text-primary"))
        if self._short:
            pass
        elif count or not worth_alarm(self._counts):
            ending.append((f" ×{count}", "$foreground-muted"))
        else:
            ending.append((" ×0 !", "$text-warning"))
        key = display(choice.key)
        room -= len(key) + 1 + sum(len(text) for text, _ in ending) + 2
        name = shorten(printable(choice.label) or "(empty)", min(_NAME, max(4, room)))
        best = self._item is not None and self._item.top[:1] == (
            (choice.label, choice.probability),
        )
        return Content.assemble(
            (key, "bold $text-accent"), " ", safe(name, "bold" if best else ""), *ending
        )

    def lines(self, width: int) -> list[Content]:
        """The labels, row by row; with many labels a last row says where the others are."""
        if not self._labels:
            adding = f"There is no label yet: {key_name(self, 'label.labels')} adds some."
            return [Content.styled(adding, "$text-warning")]
        columns, cell = self._grid(width)
        rows = []
        for start in range(0, len(self.choices), columns):
            row = Content("")
            for choice in self.choices[start : start + columns]:
                shown = self._cell(choice, cell)
                row = Content.assemble(row, shown, " " * max(0, cell - shown.cell_length))
            rows.append(row.rstrip())
        if self._many and not self._short:
            others = len(self._labels) - len(self.choices)
            finding = (key_name(self, "label.find"), "bold $text-accent")
            rows.append(Content.assemble(finding, f" {others} others by name"))
        return rows

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many rows as it takes."""
        return len(self.lines(width))

    def render(self) -> Content:
        """The rows."""
        width = self.content_size.width
        return Content("\n").join(line.truncate(width, ellipsis=True) for line in self.lines(width))


def probability(value: float) -> str:
    """ ".41"; never more certain than ".99" or less than ".01"."""
    return f"{min(0.99, max(0.01, value)):.2f}".removeprefix("0")
