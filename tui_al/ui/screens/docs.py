"""The documentation in the terminal: a page, its contents beside it, links and the list of pages to
others."""

from typing import ClassVar

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.reactive import var
from textual.widgets import Markdown, MarkdownViewer, Static, Tree
from textual.widgets._markdown import MarkdownTable  # the public module leaves it out
from textual.widgets.markdown import MarkdownTableOfContents

from tui_al.ui.choices import Choice, among
from tui_al.ui.doc_pages import DocPage, doc_pages
from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings
from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.screens.select_dialog import PickDialog
from tui_al.ui.widgets.key_bar import KeyBar


class DocsTable(MarkdownTable):
    """A table as one widget: Textual makes one of every cell, which takes seconds on the page of
    results."""

    def compose(self) -> ComposeResult:
        """Columns share the width; what does not fit is wrapped."""
        yield Static(self._drawn())

    def _drawn(self) -> Table:
        headers, rows = self._get_headers_and_rows()
        drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for header in headers:
            drawn.add_column(Text(header.plain), overflow="fold")
        for row in rows:
            drawn.add_row(*(Text(cell.plain) for cell in row))
        return drawn


class DocsMarkdown(Markdown):
    """Textual's Markdown with tables of ours."""

    BLOCKS = Markdown.BLOCKS | {"table_open": DocsTable}


class DocsViewer(MarkdownViewer):
    """Textual's viewer; links lead to pages and headings only, since a browser would open on the
    machine of the program."""

    def compose(self) -> ComposeResult:
        """As in the base, with our Markdown."""
        document = DocsMarkdown(open_links=False)
        document.can_focus = True
        yield document
        yield MarkdownTableOfContents(document)

    async def go(self, location: object) -> None:
        """Follow a link: to a heading of this page, to another page, or say where it leads."""
        path, _, anchor = str(location).partition("#")
        screen = self.screen
        assert isinstance(screen, DocsScreen)
        if not path:
            self.document.goto_anchor(anchor)
        elif path.removesuffix(".md") in doc_pages():
            await screen.open_page(path.removesuffix(".md"), anchor)
        else:
            screen.tui.say(f"This leads out of the documentation: {location}")


class DocsScreen(TuiScreen):
    """One page at a time; escape goes back to the page before, and from the first one leaves."""

    KEYS_OF = "docs"
    BINDINGS: ClassVar[list[BindingType]] = bindings("docs")
    DEFAULT_CSS = """
    DocsScreen DocsViewer { background: $background; padding: 0 1; }
    DocsScreen Markdown { background: $background; padding: 0; max-width: 110; }
    DocsScreen MarkdownTableOfContents { width: 36; max-width: 45%; }
    """
    page: var[DocPage | None] = var(None)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._first = name
        self._before: list[tuple[str, float]] = []  # pages, and how far each was scrolled

    def compose(self) -> ComposeResult:
        """The title, the page, the keys."""
        with Horizontal(classes="title-row"):
            yield Static(id="docs-title")
        yield DocsViewer(show_table_of_contents=False, open_links=False)
        yield KeyBar(self.KEYS_OF)

    async def on_mount(self) -> None:
        """Show the page that was asked for; the keys scroll it."""
        await self._show(self._first)
        self._viewer.document.focus()

    @property
    def _viewer(self) -> DocsViewer:
        return self.query_one(DocsViewer)

    async def open_page(self, name: str, anchor: str = "") -> None:
        """Show another page, at a heading if there is an anchor; escape comes back to this one."""
        if self.page is not None:
            self._before.append((self.page.name, self._viewer.scroll_offset.y))
        await self._show(name)
        if anchor:
            self.call_after_refresh(self._viewer.document.goto_anchor, anchor)

    async def _show(self, name: str, scrolled: float = 0) -> None:
        self.page = page = doc_pages()[name]
        self.query_one("#docs-title", Static).update(safe(f"tui-al docs: {page.title}"))
        await self._viewer.document.update(page.text)
        self.call_after_refresh(self._viewer.scroll_to, y=scrolled, animate=False)

    def action_contents(self) -> None:
        """Show the headings of the page beside it, or hide them."""
        viewer = self._viewer
        viewer.show_table_of_contents = not viewer.show_table_of_contents
        if viewer.show_table_of_contents:
            viewer.table_of_contents.query_one(Tree).focus()
        else:
            viewer.document.focus()

    def action_pages(self) -> None:
        """Choose another page."""
        choices = [Choice(page.name, page.title) for page in doc_pages().values()]
        current = self.page.name if self.page else ""
        self.app.push_screen(PickDialog("Pages", among(choices), current), self._chosen)

    async def _chosen(self, name: str | None) -> None:
        if name is not None and self.page is not None and name != self.page.name:
            await self.open_page(name)

    async def action_back(self) -> None:  # type: ignore[override]
        """The page before; from the first one, leave."""
        if self._before:
            await self._show(*self._before.pop())
        else:
            self.tui.action_leave()
