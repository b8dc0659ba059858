"""What the list of sessions and the list of a sweep's arms share: rows that are read again and
again, and what the marked one is."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui_al.core.data.terminal_text import printable, shorten, shorten_apart
from tui_al.ui.escape import safe
from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.sweep_summaries import Known, Row, Watcher
from tui_al.ui.widgets.key_bar import KeyBar

_STYLES = {"●": "bold $success", "◐": "bold $warning", "✗": "bold $error", "✓": "$primary"}

#: Columns of the longest name in a row, and of the shortest that still tells something.
_NAME, _SHORT_NAME = 36, 16


class ListScreen(TuiScreen):
    """Rows of sessions; read only while they are to be seen. Subclasses say what is read and what
    their keys do."""

    AUTO_FOCUS = "OptionList"
    DEFAULT_CSS = """
    ListScreen OptionList { height: 1fr; border: none; padding: 0; background: $background; }
    ListScreen OptionList:focus { border: none; background-tint: $background 0%; }
    ListScreen #welcome { height: 1fr; max-width: 90; padding: 1 2; display: none; }
    ListScreen.-empty #welcome { display: block; }
    ListScreen.-empty OptionList { display: none; }
    ListScreen #offer { height: 1; padding: 0 1; background: $surface; color: $text-success; display: none; }
    ListScreen.-running #offer { display: block; }
    ListScreen.-short #offer { display: none; }
    ListScreen #about { height: auto; max-height: 3; padding: 0 1; background: $surface; color: $text-muted; }
    ListScreen.-short #about { display: none; }
    ListScreen #about.-failed { display: block; max-height: 6; }
    """  # noqa: E501

    #: Shown where there is no row.
    EMPTY = ""

    class Read(Message):
        """The rows were read; from the watcher's thread."""

        def __init__(self, rows: list[Row]) -> None:
            super().__init__()
            self.rows = rows

    class Failed(Message):
        """The rows cannot be read; from the watcher's thread."""

        def __init__(self, why: str) -> None:
            super().__init__()
            self.why = why

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[Row] = []
        self._watcher: Watcher | None = None
        self._why_unread = ""  # why the rows could not be read last

    def compose(self) -> ComposeResult:
        """A row a session, and beneath what the marked one is about."""
        yield Static(id="title", classes="title-row")
        yield Static(id="offer")
        yield OptionList(compact=True, markup=False)
        yield Static(self.EMPTY, id="welcome")
        yield Static(id="about")
        yield KeyBar(self.KEYS_OF)

    @property
    def place(self) -> Path:
        """The directory whose sessions are listed."""
        raise NotImplementedError

    def read(self, known: Known) -> list[Row]:
        """The rows as they are now; from the watcher's thread."""
        raise NotImplementedError

    def heading(self, width: int) -> Content:
        """The title row."""
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        """Seen (again): look what there is."""
        if self._watcher is None:
            self._watcher = Watcher(self.place, self.read, self._deliver, self._fail)
            self._watcher.start()

    def on_screen_suspend(self) -> None:
        """Another screen lies on top: read no more."""
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher = None

    def on_unmount(self) -> None:
        """The app leaves."""
        self.on_screen_suspend()

    def on_resize(self) -> None:
        """Rows are made for the width."""
        self._show(self.marked)

    def look_now(self) -> None:
        """Something was changed here: read at once."""
        if self._watcher is not None:
            self._watcher.look_now()

    def _deliver(self, rows: list[Row]) -> None:
        with contextlib.suppress(RuntimeError):  # the app's loop is closed
            self.post_message(self.Read(rows))

    def _fail(self, why: str) -> None:
        with contextlib.suppress(RuntimeError):
            self.post_message(self.Failed(why))

    def on_list_screen_read(self, event: Read) -> None:
        """Show them; the cursor stays on its session."""
        marked = self.marked
        self.sessions, self._why_unread = event.rows, ""
        self._show(marked)

    def on_list_screen_failed(self, event: Failed) -> None:
        """What was read last stays; where there is nothing, the reason stands in its place."""
        self._why_unread = f"The list cannot be read: {event.why}"
        if self.sessions:
            self.tui.say(self._why_unread.replace("\n", " "), "error")
        else:
            self._show(None)

    def _show(self, marked: Row | None) -> None:
        options = self.query_one(OptionList)
        self.set_class(not self.sessions, "-empty")
        width = self.size.width - 3
        options.clear_options()
        options.add_options([Option(Content.assemble(row)) for row in drawn(self.sessions, width)])
        places = [row.directory for row in self.sessions]
        if places:
            known = marked is not None and marked.directory in places
            options.highlighted = places.index(marked.directory) if marked and known else 0
            if self.focused is None:
                options.focus()  # it could not take the focus while it was empty
        self._show_about()
        self.query_one("#title", Static).update(self.heading(width))
        self.query_one("#welcome", Static).update(safe(self.why_empty(), keep_newlines=True))
        offer = self.offer()
        self.set_class(bool(offer), "-running")
        self.query_one("#offer", Static).update(safe(offer))

    def why_empty(self) -> str:
        """What stands in place of rows where there are none."""
        return self._why_unread or self.EMPTY

    def offer(self) -> str:
        """What is at work, and what to press; "" if nothing is."""
        live = [row.label for row in self.sessions if row.live]
        if not live:
            return ""
        what = live[0] if len(live) == 1 else f"{len(live)} of them"
        return f"{what} {'is' if len(live) == 1 else 'are'} running. Enter on it to watch."

    @property
    def marked(self) -> Row | None:
        """The session under the cursor."""
        place = self.query_one(OptionList).highlighted
        return self.sessions[place] if place is not None and place < len(self.sessions) else None

    @on(OptionList.OptionHighlighted)
    def _show_about(self) -> None:
        marked = self.marked
        text = safe(marked.about) if marked else Content("")
        cause, hint = marked.failure if marked else ("", "")
        if cause:
            text = Content.assemble(text, "\n", safe(f"✗ {cause}", "$text-error"), " ", safe(hint))
        about = self.query_one("#about", Static)
        about.set_class(bool(cause), "-failed")
        about.update(text)

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """What Enter does."""
        raise NotImplementedError

    def open(self, row: Row) -> None:
        """Show it, or say why it cannot be shown."""
        if row.trouble:
            self.tui.show_error(
                f"{row.label} cannot be read: {row.trouble}", f"It lies in {row.directory}."
            )
        else:
            self.tui.open_session(row.directory)


def drawn(rows: Sequence[Row], width: int) -> list[Content]:
    """Each row in one line of `width` columns; in two where that would cut off anything but a long
    name."""
    labels = [printable(row.label) for row in rows]
    longest = max(map(cell_len, labels), default=0)
    cells = [(printable(row.progress), printable(row.score), printable(row.when)) for row in rows]
    columns = [max(map(cell_len, column), default=0) for column in zip(*cells, strict=True)]
    others = sum(column + 2 for column in columns if column)
    room = width - 2 - others
    if room >= min(longest, _SHORT_NAME):
        name = min(longest, room, _NAME)
        return [
            _one_line(row, label, found, [name, *columns])
            for row, label, found in zip(rows, shorten_apart(labels, name), cells, strict=True)
        ]
    name = max(1, width - 2 - columns[2] - 2)
    if name < min(longest, _SHORT_NAME):  # a terminal of some 30 columns
        name = min(_SHORT_NAME, max(1, width - 2))
    return [
        _two_lines(row, label, found, width)
        for row, label, found in zip(rows, shorten_apart(labels, name), cells, strict=True)
    ]


def _start(row: Row, label: str) -> list[Content | str]:
    return [
        Content.styled(row.mark, _STYLES.get(row.mark, "")),
        " ",
        safe(label, "bold" if row.live else ""),
    ]


def _one_line(row: Row, label: str, cells: Sequence[str], columns: Sequence[int]) -> Content:
    parts = _start(row, label)
    before = columns[0] - cell_len(label)
    for text, column in zip(cells, columns[1:], strict=True):
        if column:
            parts += [" " * (before + 2), safe(text)]
            before = column - cell_len(text)
    return Content.assemble(*parts)


def _two_lines(row: Row, label: str, cells: Sequence[str], width: int) -> Content:
    progress, score, when = cells
    when = shorten(when, max(0, width - 4 - cell_len(label)))
    gap = " " * max(2, width - 2 - cell_len(label) - cell_len(when))
    below = shorten("  ".join(filter(None, (progress, score))), max(0, width - 2))
    parts = _start(row, label)
    if when:
        parts += [gap, safe(when)]
    return Content.assemble(*parts, "\n  ", safe(below, "$foreground-muted"))
