"""The text of a sample with its entities drawn into it: brackets and type as well as colour, the
cursor, the selection."""

from collections.abc import Sequence

from textual.content import Content
from textual.events import MouseDown, MouseUp
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tui_al.core.annotation.span_editing import Editing
from tui_al.ui.widgets.span_lines import Layout, Piece

#: Colours of the types, in turn; the name stands beside them.
COLOURS = ("primary", "success", "accent", "warning", "secondary", "error")

_WIDEST = 100  # columns: longer rows are hard to read
_SELECTED = "underline on $panel"


class SpanText(ScrollView, can_focus=False):
    """Shows a state of the editor; only the rows that differ are painted. The cursor's row is
    always in sight."""

    DEFAULT_CSS = """
    SpanText {
        height: 1fr; min-height: 2; padding: 1 2; border: round $border-blurred; overflow-x: hidden;
        scrollbar-size: 1 1; scrollbar-gutter: stable; scrollbar-color: $border-blurred; scrollbar-background: $background;
    }
    """  # noqa: E501

    class Pointed(Message):
        """The mouse marked tokens: the first and the last."""

        def __init__(self, first: int, last: int) -> None:
            super().__init__()
            self.first, self.last = first, last

    def __init__(self) -> None:
        super().__init__(id="spans")
        self._state = Editing("", ())
        self._layout = Layout(self._state, 80)
        self._kinds: tuple[str, ...] = ()
        self._pressed: int | None = None
        self._column: int | None = None  # where up and down are heading

    def start(self, state: Editing, kinds: Sequence[str]) -> None:
        """Another text, from its beginning; `kinds` are all types, in the order of their
        colours."""
        self._kinds = tuple(kinds)
        self._state = state
        self.scroll_to(y=0, animate=False, immediate=True)
        self._lay_out()

    def know(self, kinds: Sequence[str]) -> None:
        """Other types, with other colours."""
        self._kinds = tuple(kinds)
        self.refresh()

    def change(self, state: Editing) -> None:
        """The same text in another state."""
        before, self._state = self._state, state
        if state.cursor != before.cursor:
            self._column = None
        if self._layout.change(state):
            self.virtual_size = Size(self._layout.width, len(self._layout.rows))
            self.refresh()
        else:
            self._refresh_tokens(before)
            self._refresh_tokens(state)
        if (
            state != before
        ):  # else one may be reading the end of a token that is longer than the screen
            self._follow_cursor()

    def row_move(self, by: int) -> int:
        """The token some rows up or down, in about the same column."""
        if not self._layout.rows:
            return 0
        here = self._layout.row_of(self._state.cursor)
        if self._column is None:
            self._column = self._layout.column_of(self._state.cursor)
        place = here + by
        step = 1 if by > 0 else -1
        last = len(self._layout.rows) - 1
        token = self._state.cursor
        while 0 <= (place := max(0, min(last, place))) <= last:
            found = self._layout.token_at(place, self._column)
            if found is not None:
                token = found
            if (found is not None and found != self._state.cursor) or place in (0, last):
                break
            place += step
        return token

    def scroll_in_token(self, by: int) -> bool:
        """Scroll within the token under the cursor, where it goes on out of sight in that
        direction; whether it did."""
        if not self._layout.rows:
            return False
        first, last = self._layout.rows_of(self._state.cursor)
        top, height = round(self.scroll_y), self.scrollable_content_region.height
        if by > 0 and last >= top + height:
            self.scroll_to(y=min(top + by, last - height + 1), animate=False, immediate=True)
        elif by < 0 and first < top:
            self.scroll_to(y=max(top + by, first), animate=False, immediate=True)
        else:
            return False
        return True

    def keep_column(self, state: Editing) -> None:
        """Take a state that `row_move` led to; the next one up or down heads for the same
        column."""
        column = self._column
        self.change(state)
        self._column = column

    @property
    def page(self) -> int:
        """Rows in sight, but one."""
        return max(1, self.scrollable_content_region.height - 1)

    def on_resize(self) -> None:
        """Rows are as wide as there is room."""
        self._lay_out()

    def notify_style_update(self) -> None:
        """Colours may be others now."""
        super().notify_style_update()
        self.refresh()

    def _lay_out(self) -> None:
        width = min(_WIDEST, self.scrollable_content_region.width)
        if width > 0:
            self._layout = Layout(self._state, width)
            self.virtual_size = Size(width, len(self._layout.rows))
            self.refresh()
            self.call_after_refresh(self._follow_cursor)

    def _follow_cursor(self) -> None:
        height = self.scrollable_content_region.height
        if height < 1 or not self._layout.rows:
            return
        row = self._layout.row_of(self._state.cursor)
        around = 1 if height > 4 else 0  # a row of what comes before and after
        top = round(self.scroll_y)
        if row - around < top:
            self.scroll_to(y=max(0, row - around), animate=False, immediate=True)
        elif row + around >= top + height:
            self.scroll_to(y=row + around - height + 1, animate=False, immediate=True)

    def _refresh_tokens(self, state: Editing) -> None:
        """The rows of the cursor, and of what is selected with it."""
        if not state.offsets:
            return
        first, after = state.selection or (state.cursor, state.cursor + 1)
        top, bottom = self._layout.row_of(first), self._layout.row_of(after - 1)
        while bottom + 1 < len(self._layout.rows) and self._layout.rows[bottom + 1].part:
            bottom += 1
        self.refresh_lines(top, bottom - top + 1)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        number = y + round(self.scroll_y)
        if number >= len(self._layout.rows):
            return Strip.blank(width, self.rich_style)
        parts = [(piece.text, self._style(piece)) for piece in self._layout.pieces(number)]
        strips = Visual.to_strips(self, Content.assemble(*parts), width, 1, self.visual_style)
        return strips[0] if strips else Strip.blank(width, self.rich_style)

    def _style(self, piece: Piece) -> str:
        state, mark = self._state, piece.mark
        style = []
        if mark is not None:
            colour = (
                COLOURS[self._kinds.index(mark.kind) % len(COLOURS)]
                if mark.kind in self._kinds
                else "error"
            )
            style.append(
                f"italic $text-{colour}"
                if mark.proposed
                else f"bold $text-{colour} on ${colour}-muted"
            )
        if piece.role == "token" and piece.token == state.cursor and state.offsets:
            style.append("bold reverse")
        elif state.selection is not None and piece.role != "sign":
            first, after = state.selection
            inside = first < piece.token if piece.role == "blank" else first <= piece.token
            if inside and piece.token < after:
                style.append(_SELECTED)
        return " ".join(style)

    # The mouse points and selects.

    def _token_under(self, event: MouseDown | MouseUp) -> int | None:
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        number = offset.y + round(self.scroll_y)
        if not 0 <= number < len(self._layout.rows):
            return None
        return self._layout.token_at(number, offset.x)

    def on_mouse_down(self, event: MouseDown) -> None:
        """Where a selection would begin."""
        self._pressed = self._token_under(event)

    def on_mouse_up(self, event: MouseUp) -> None:
        """Where it ends; on the same token it is a click."""
        released, pressed, self._pressed = self._token_under(event), self._pressed, None
        if released is not None and pressed is not None:
            self.post_message(self.Pointed(pressed, released))
