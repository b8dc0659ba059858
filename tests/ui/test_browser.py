"""`tui-al serve`, whole: the real server, the real app behind it, a real browser before it."""

import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from PIL import Image

from tests.ui.browser import CHROMIUM, browser
from tests.ui.labelling import LabellingSession, labelling_session
from tests.ui.sessions import record
from tests.ui.test_serve import server

pytestmark = pytest.mark.slow

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"
)


@pytest.fixture
def address(home: Path, tmp_path: Path) -> Iterator[str]:
    """Of a server on `home`."""
    with server(home, tmp_path) as (port, _):
        yield f"http://127.0.0.1:{port}"


@needs_browser
async def test_the_sessions_are_shown_and_keys_work_without_a_click(
    home: Path, tmp_path: Path, address: str
) -> None:
    record(home, "tickets-lc").finish()
    async with browser(tmp_path) as page:
        await page.open(address)
        rows = await page.sees("✓ tickets-lc", ".807", "enter open", "q quit")
        assert "±" in rows or "·" in rows  # signs that a server without a locale spells out
        listed = await page.picture()
        assert len(colours(listed)) > 8  # letters in their colours, not an empty page
        await page.press("n")
        await page.sees("New session", "acquisition", "F2 start")
        assert await page.picture() != listed
        await page.press("Escape")
        await page.waits(lambda rows: "tickets-lc" in rows and "acquisition" not in rows)
        await page.press("q")
        await page.closes()
        assert {urlsplit(loaded).netloc for loaded in page.loaded} == {urlsplit(address).netloc}


def colours(png: bytes) -> set[object]:
    """Of all the points of a picture."""
    with Image.open(io.BytesIO(png)) as image:
        return {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or ()}


@needs_browser
async def test_one_labels_in_the_browser_by_this_machine_s_other_name(
    home: Path, tmp_path: Path
) -> None:
    """`localhost` leads to the same server, and so does the near end of an SSH tunnel. With a
    token, which leaves the address bar."""
    session = labelling_session(home)
    session.rank(1)
    token = "a-token-that-nobody-guesses"
    with server(home, tmp_path, token=token) as (port, _):
        await labels_two(session, tmp_path, f"http://localhost:{port}/?token={token}")


async def labels_two(session: LabellingSession, directory: Path, address: str) -> None:
    async with browser(directory) as page:
        await page.open(address)
        await page.sees("tickets-anna")
        await page.press("Enter")
        await page.sees(session.text(session.ids[0]), "saved ✓ 0")
        await page.press("2")
        await page.sees(session.text(session.ids[1]), "saved ✓ 1")
        shown = await page.call("Runtime.evaluate", expression="location.href + document.cookie")
        assert shown["result"]["value"] == address.partition("?")[0]
    assert session.answers() == {session.ids[0]: "delivery"}


async def test_a_page_of_another_name_gets_nothing(home: Path, address: str) -> None:
    """A foreign name can be made to lead to this machine; its page must neither load nor
    connect."""
    record(home)
    async with aiohttp.ClientSession() as session:
        async with session.get(address) as answer:
            assert answer.status == 200
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        async with session.get(address, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{address}/ws", origin="http://evil.example")
        assert refused.value.status == 403
