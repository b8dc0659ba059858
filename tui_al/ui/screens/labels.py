"""The labels: add, rename, merge, describe them. Each change is a decision on record, and can be
taken back."""

from collections.abc import Callable
from typing import Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_al.core.data.terminal_text import printable, shorten
from tui_al.store.annotation_service import AnnotationService
from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings
from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.screens.find_label import Finder, FindLabel, Row
from tui_al.ui.screens.label_access import LabelAccess
from tui_al.ui.screens.text_dialog import WriteDialog
from tui_al.ui.widgets.key_bar import KeyBar

_NAME = 40  # columns of a name at most


class LabelsScreen(TuiScreen):
    """Every label with its count and what it is for."""

    KEYS_OF = "labels"
    BINDINGS = bindings("labels")
    DEFAULT_CSS = """
    LabelsScreen OptionList { height: 1fr; border: none; padding: 0; background: $background; }
    """

    def __init__(self, label_screen: LabelAccess) -> None:
        super().__init__()
        self._label_screen = label_screen
        self._labels: tuple[str, ...] = label_screen.annotation_state.labels

    def compose(self) -> ComposeResult:
        """How many there are; the list; keys."""
        yield Static("", id="head", classes="title-row")
        yield OptionList(compact=True, markup=False)
        yield KeyBar(self.KEYS_OF)

    def on_mount(self) -> None:
        """The labels of the day, and from then on as others change them, too."""
        self._list.focus()
        self._show()
        self.set_interval(0.5, self._look)

    def on_resize(self) -> None:
        """Rows are cut to the width."""
        self._show()

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    @property
    def _marked(self) -> str | None:
        place = self._list.highlighted
        return None if place is None or place >= len(self._labels) else self._labels[place]

    def _look(self) -> None:
        known = self._label_screen.annotation_state
        if (known.labels, known.counts, known.descriptions) != self._shown_for:
            self._show()

    def _show(self) -> None:
        known = self._label_screen.annotation_state
        self._shown_for = (known.labels, known.counts, known.descriptions)
        marked = self._list.highlighted
        self._labels = known.labels
        unseen = len(known.unseen)
        more = f" · {unseen} without an example" if unseen else ""
        self.query_one("#head", Static).update(
            Content.assemble(
                ("labels", "bold"), f"  {len(self._labels)}{more}",
                ("   every change can be undone", "$foreground-muted")
            )
        )  # fmt: skip
        names = [shorten(printable(name) or "(empty)", _NAME) for name in self._labels]
        column = max((cell_len(name) for name in names), default=0)
        width = self.app.size.width - 4
        rows = [
            Option(_row(name, column, known.counts.get(label, 0), known.descriptions.get(label, ""),
                width))
            for name, label in zip(names, self._labels, strict=True)
        ]  # fmt: skip
        self._list.clear_options()
        self._list.add_options(rows)
        if rows:
            self._list.highlighted = min(marked or 0, len(rows) - 1)

    def _do(self, call: Callable[[AnnotationService], Any], said: str) -> None:
        def done(_: object) -> None:
            self.tui.say(said)

        self._label_screen.ask("labels", call, writes=True, then=done)

    def _with_marked(self, act: Callable[[str], None]) -> None:
        marked = self._marked
        if marked is None:
            self.tui.say("There is no label yet: a adds one.")
        else:
            act(marked)

    def action_add(self) -> None:
        """a: a new label."""

        def add(name: str | None) -> None:
            if name:
                self._do(lambda service: service.add_label(name), f"Label {name} is added.")

        self.app.push_screen(WriteDialog("Name of the new label"), add)

    def action_rename(self) -> None:
        """r: another name."""

        def ask(label: str) -> None:
            def rename(new: str | None) -> None:
                if new and new != label:
                    self._do(
                        lambda service: service.rename_label(label, new),
                        f"{label} is called {new} now.",
                    )

            self.app.push_screen(WriteDialog("New name", label), rename)

        self._with_marked(ask)

    def action_merge(self) -> None:
        """m: two labels become one."""

        def ask(label: str) -> None:
            def merge(row: Row | None) -> None:
                if row is not None:
                    self._do(
                        lambda service: service.merge_labels(label, row.label),
                        f"{label} counts as {row.label} now.",
                    )

            others = [name for name in self._labels if name != label]
            if not others:
                self.tui.say("There is no other label to merge it with.")
                return
            known = self._label_screen.annotation_state
            finder = Finder(others, may_add=False)
            title = f"Merge {label} into"
            self.app.push_screen(FindLabel(finder, title=title, counts=known.counts), merge)

        self._with_marked(ask)

    def action_describe(self) -> None:
        """d: what it is for."""

        def ask(label: str) -> None:
            def describe(text: str | None) -> None:
                if text is not None:
                    self._do(
                        lambda service: service.describe_label(label, text),
                        f"{label} is described.",
                    )

            before = self._label_screen.annotation_state.descriptions.get(label, "")
            self.app.push_screen(WriteDialog("What it is for, in a sentence", before), describe)

        self._with_marked(ask)

    def action_undo(self) -> None:
        """u: the last change of the labels."""
        self._do(AnnotationService.undo_label_change, "The last change is taken back.")

    def action_back(self) -> None:
        """Escape: back to labelling."""
        self.dismiss()


def _row(name: str, column: int, count: int, about: str, width: int) -> Content:
    gap = " " * (column - cell_len(name) + 2)
    bare = "$text-warning" if not count else "$text-primary"
    shown = shorten(printable(about), max(0, width - column - 10))
    return Content.assemble(
        " ", safe(name), gap, (f"{count:>5}", bare), "  ", (shown, "$foreground-muted")
    )
