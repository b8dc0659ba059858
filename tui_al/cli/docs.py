"""`tui-al docs`: the documentation, in the terminal or as plain Markdown."""

import sys

from tui_al.ui.doc_pages import INDEX, doc_page


def show_docs(name: str | None) -> None:
    """Show a page, the index by default: in the viewer on a terminal, else its Markdown on stdout.

    Raises ConfigError for a page that is not there.
    """
    page = doc_page(name or INDEX)
    if sys.stdin.isatty() and sys.stdout.isatty():
        from tui_al.store.home import home_directory
        from tui_al.ui.run_app import run_app

        run_app(home_directory(None), page=page.name)
        return
    from rich.console import Console

    from tui_al.cli.console import Page

    out = Page(Console(soft_wrap=True))
    for line in page.text.splitlines():
        out.say(line)
