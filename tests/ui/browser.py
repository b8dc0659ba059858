"""A real browser without a window: Chromium of the distribution, driven through its DevTools
protocol."""

import asyncio
import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

_OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--window-size=1000,640",
    "--remote-debugging-port=0",
)  # fmt: skip

#: Runs in the page before its own scripts do. The page keeps its terminal to itself: it is caught
#: where it is put.
_CATCH_TERMINAL = """
Object.defineProperty(Object.prototype, "fitAddon", {
  configurable: true,
  set(value) {
    Object.defineProperty(this, "fitAddon", {value, writable: true, configurable: true});
    window.caught = this.terminal;
  },
});
"""

#: What the page's terminal holds, a line a row, where it is to be seen at all.
_ROWS = """
(() => {
  if (!window.caught || !document.body.classList.contains("-first-byte")) return "";
  const buffer = window.caught.buffer.active;
  const rows = [];
  for (let y = 0; y < window.caught.rows; y++) rows.push(buffer.getLine(y)?.translateToString(true) ?? "");
  return rows.join("\\n");
})()
"""  # noqa: E501


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = 0
        self.loaded: list[str] = []  #: addresses that answered
        self.said: list[str] = []  #: errors of its scripts, and what its policy refused

    async def open(self, address: str) -> None:
        """Go there."""
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=_CATCH_TERMINAL)
        await self.call("Page.navigate", url=address)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask something of the browser, and wait for the answer."""
        self._numbers += 1
        number = self._numbers
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = json.loads((await self._socket.receive(timeout=30)).data)
            match message.get("method"):
                case "Network.responseReceived":
                    self.loaded.append(message["params"]["response"]["url"])
                case "Network.webSocketCreated":
                    self.loaded.append(message["params"]["url"])
                case "Runtime.exceptionThrown":
                    self.said.append(str(message["params"]["exceptionDetails"]))
                case "Log.entryAdded":
                    self.said.append(message["params"]["entry"]["text"])
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    async def rows(self) -> str:
        """What is to be seen in the page's terminal; "" before it shows anything."""
        done = await self.call("Runtime.evaluate", expression=_ROWS)
        return str(done["result"].get("value", ""))

    async def sees(self, *texts: str, seconds: float = 60.0) -> str:
        """Wait until all of it is there."""
        return await self.waits(lambda rows: all(text in rows for text in texts), texts, seconds)

    async def waits(
        self, holds: Callable[[str], bool], what: object = "", seconds: float = 60.0
    ) -> str:
        """Wait until it holds of the rows, and return them."""
        deadline = time.monotonic() + seconds
        while not holds(rows := await self.rows()):
            assert time.monotonic() < deadline, f"{what} in\n{rows}\n{self.said}"
            await asyncio.sleep(0.1)
        return rows

    async def closes(self) -> None:
        """Wait until the page says that the app has ended."""
        deadline = time.monotonic() + 60
        closed = "document.body.classList.contains('-closed')"
        while not (await self.call("Runtime.evaluate", expression=closed))["result"]["value"]:
            assert time.monotonic() < deadline, await self.rows()
            await asyncio.sleep(0.1)

    async def press(self, key: str) -> None:
        """A key by its name in browsers: "n", "Escape"."""
        code = {"Escape": 27, "Enter": 13, "ArrowDown": 40}.get(key, ord(key[0].upper()))
        named = {"key": key, "windowsVirtualKeyCode": code}
        text = {"text": key} if len(key) == 1 else {}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **named, **text)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    async def picture(self) -> bytes:
        """The page as a PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])


@asynccontextmanager
async def browser(directory: Path) -> AsyncIterator[Page]:
    """A browser that knows nothing yet, with one empty tab."""
    assert CHROMIUM is not None
    with (directory / "chromium.log").open("w") as log:
        process = subprocess.Popen(
            [CHROMIUM, *_OPTIONS, f"--user-data-dir={directory / 'profile'}", "about:blank"],
            stdout=log, stderr=log
        )  # fmt: skip
    try:
        port = await _port(directory / "chromium.log")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                tabs = await answer.json()
            address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        process.terminate()
        process.wait(30)


async def _port(log: Path) -> int:
    """Where the browser listens, once it does."""
    deadline = time.monotonic() + 60
    while not (found := re.search(r"DevTools listening on ws://[^:]+:(\d+)/", log.read_text())):
        assert time.monotonic() < deadline, log.read_text()
        await asyncio.sleep(0.1)
    return int(found[1])
