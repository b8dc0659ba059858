"""The documentation in the app: pages, links, contents, and the way back."""

from pathlib import Path

import pytest
from textual.widgets import Markdown

from tests.ui.driving import assert_clean, drive, shown, until
from tui_al.ui.app import TuiAl
from tui_al.ui.doc_pages import doc_page
from tui_al.ui.screens.docs import DocsViewer


@pytest.mark.slow
async def test_a_page_is_shown_scrolled_and_left(home: Path) -> None:
    async with drive(TuiAl(home, page="index")) as pilot:
        await until(pilot, lambda: "tui-al docs: tui-al: documentation" in shown(pilot.app))
        await until(pilot, lambda: "tutorial-label" in shown(pilot.app))
        assert_clean(pilot.app)
        before = shown(pilot.app)
        await pilot.press("pagedown")
        await until(pilot, lambda: shown(pilot.app) != before)
        await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.is_running)


@pytest.mark.slow
async def test_another_page_is_chosen_by_keyboard_and_escape_comes_back(home: Path) -> None:
    async with drive(TuiAl(home, page="index"), (120, 40)) as pilot:
        await until(pilot, lambda: "tutorial-label" in shown(pilot.app))
        await pilot.press("p")
        await until(pilot, lambda: "Sharing: several accounts in one session" in shown(pilot.app))
        await pilot.press(*"gloss", "enter")
        await until(pilot, lambda: "tui-al docs: Glossary" in shown(pilot.app))
        await until(pilot, lambda: "Acquisition model" in shown(pilot.app))
        await pilot.press("escape")
        await until(pilot, lambda: "tui-al docs: tui-al: documentation" in shown(pilot.app))


@pytest.mark.slow
async def test_the_contents_lead_to_a_heading(home: Path) -> None:
    async with drive(TuiAl(home, page="troubleshooting")) as pilot:
        await until(pilot, lambda: "Start with" in shown(pilot.app))
        assert "Network homes" not in shown(pilot.app)
        await pilot.press("t")
        await until(pilot, lambda: "Network homes" in shown(pilot.app))
        await pilot.press("down", "down", "down", "down", "down", "down", "enter")
        await until(pilot, lambda: pilot.app.screen.query_one(DocsViewer).scroll_offset.y > 10)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.focused, Markdown))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("link", "seen"),
    [
        ("glossary.md", "tui-al docs: Glossary"),
        ("faults.md#exit-codes", "Exit codes"),
        ("https://example.org/[/x]", "leads out of the documentation: https://example.org/[/x]"),
        ("../../tests/pictures/run.svg", "leads out of the documentation: ../../tests"),
    ],
)
async def test_links_lead_to_pages_and_headings_only(home: Path, link: str, seen: str) -> None:
    async with drive(TuiAl(home, page="index"), (120, 40)) as pilot:
        await until(pilot, lambda: "tutorial-label" in shown(pilot.app))
        document = pilot.app.screen.query_one(Markdown)
        document.post_message(Markdown.LinkClicked(document, link))
        await until(pilot, lambda: seen in shown(pilot.app))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["formats", "faults"])
async def test_a_page_is_painted_clean_on_a_tiny_terminal(home: Path, name: str) -> None:
    """Wide tables too."""
    async with drive(TuiAl(home, page=name), (40, 10)) as pilot:
        await until(pilot, lambda: doc_page(name).title[:20] in shown(pilot.app))
        for _ in range(3):
            await pilot.press("pagedown")
            assert_clean(pilot.app)
