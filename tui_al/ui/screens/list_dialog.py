"""A window with a field to type in and a list below it; the arrows move along the list while the
field keeps the letters."""

from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings
from tui_al.ui.widgets.fields import TextField
from tui_al.ui.widgets.message_line import HintLine

ResultT = TypeVar("ResultT")


class ListDialog(ModalScreen[ResultT | None], Generic[ResultT]):
    """Dismissed with what `chosen` makes of the marked row, or None. Rows are drawn by `drawn`, on
    `show_rows` and on each resize.

    `typed` is in the field to begin with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(b for b in bindings("dialog") if isinstance(b, Binding) and b.action == "cancel"),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(8)", show=False, priority=True),
        Binding("pageup", "move(-8)", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    ListDialog { align: center bottom; }
    ListDialog > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 70%; background: $surface; border: solid $border; padding: 0 1;
    }
    ListDialog TextField { background: $panel; }
    ListDialog OptionList { height: auto; max-height: 14; border: none; padding: 0; background: $surface; }
    """  # noqa: E501

    #: Columns of the window where there is room.
    WIDTH: ClassVar[int] = 76

    def __init__(self, title: str, placeholder: str, hint: str, typed: str = "") -> None:
        super().__init__()
        self._title, self._placeholder, self._hint, self._typed = title, placeholder, hint, typed

    def compose(self) -> ComposeResult:
        """What is typed, what there is, what to do."""
        with Vertical() as window:
            window.border_title = safe(self._title)
            yield TextField(self._typed, placeholder=self._placeholder)
            yield from self.between()
            yield OptionList(compact=True, markup=False)
            yield HintLine(self._hint)

    def between(self) -> ComposeResult:
        """Rows between field and list."""
        yield from ()

    def drawn(self, width: int) -> list[Content]:
        """All rows, cut to the width."""
        raise NotImplementedError

    def chosen(self, place: int) -> ResultT:
        """What the row stands for."""
        raise NotImplementedError

    def say_nothing_marked(self) -> None:
        """Enter, and there is no row."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(TextField).focus()

    def on_resize(self) -> None:
        """Rows are cut to the width."""
        marked = self._list.highlighted
        self._draw()
        self._list.highlighted = marked

    def show_rows(self) -> None:
        """Others than before: the first one is marked."""
        self._draw()
        self._list.highlighted = 0 if self._list.option_count else None

    def _draw(self) -> None:
        width = max(12, min(self.WIDTH, self.app.size.width) - 6)
        self._list.clear_options()
        self._list.add_options([Option(Content.assemble(row)) for row in self.drawn(width)])

    @property
    def _list(self) -> OptionList:
        return self.query_one(OptionList)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        marked = self._list.highlighted
        if marked is None or marked >= self._list.option_count:
            self.say_nothing_marked()
        else:
            self.take(marked)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.take(event.option_index)

    def take(self, place: int) -> None:
        """A row was chosen."""
        self.dismiss(self.chosen(place))

    def action_move(self, by: int) -> None:
        """Along the list."""
        if self._list.option_count:
            place = (self._list.highlighted or 0) + by
            self._list.highlighted = max(0, min(self._list.option_count - 1, place))

    def action_cancel(self) -> None:
        """Nothing was chosen."""
        self.dismiss(None)
