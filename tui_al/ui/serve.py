"""The app in a browser: `tui-al serve`, through the optional package textual-serve."""

import ipaddress
import shlex
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tui_al.errors import ConfigError
from tui_al.store.home import home_directory
from tui_al.ui.keymap import load_keymap

_WARNING = """\
Warning: there is no log-in. Whoever reaches this address can start and stop training and read this account's files.
"""
_ELSEWHERE = """\
Warning: {host} is reached from other machines. Safer: serve on 127.0.0.1 and open an SSH tunnel to it.
"""

#: The page loads nothing from other servers: its own would wait for a font of Google's, for ever where nothing is reached.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self' {socket}; frame-ancestors 'none'"
)

#: The page would wait for a click before it heard any key.
_FOCUS = """\
<script>
  new MutationObserver((_, observer) => {
    if (!document.body.classList.contains("-first-byte")) return;
    observer.disconnect();
    document.querySelector(".xterm-helper-textarea")?.focus();
  }).observe(document.body, {attributes: true, attributeFilter: ["class"]});
</script>
</body>"""


def serve(host: str = "127.0.0.1", port: int = 8000, home: Path | None = None) -> None:
    """Serve the sessions of `home` until interrupted; each browser tab gets its own app, all of them the same sessions.

    Raises:
        ConfigError: textual-serve is not installed, the address cannot be used, or `keys.toml` cannot be read.
    """
    try:
        from aiohttp.web import HTTPForbidden
        from textual_serve.server import Server  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise ConfigError(
            "The browser needs the package textual-serve, which is not installed.",
            "Install it: pip install 'tui-al[serve]'",
        ) from error
    check_address(host, port)
    load_keymap(home_directory(home))  # else each app would fail by itself, unseen
    local = is_loopback(host)
    sys.stderr.write(_WARNING + ("" if local else _ELSEWHERE.format(host=host)))

    class OwnPagesOnly(Server):  # type: ignore[misc, valid-type, unused-ignore]
        """Takes connections from the page it has served, and from no other page that the browser has open.

        The page is told the address that it was asked for by: `localhost`, this machine's name and the near end of a tunnel
        lead here as well as the address that we listen on.
        """

        async def handle_index(self, request: Any) -> Any:
            if local and not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
                raise HTTPForbidden(text=f"{request.host} is not an address of this machine.")
            # Nothing is awaited between here and the page's text, so no other request can come between.
            self.public_url = f"{request.scheme}://{request.host}"
            response: Any = await super().handle_index(request)
            socket_url = self.public_url.replace("http", "ws", 1)
            response.text = response.text.replace("</body>", _FOCUS)
            response.headers["Content-Security-Policy"] = _POLICY.format(socket=socket_url)
            return response

        async def handle_websocket(self, request: Any) -> Any:
            if not is_own_page(request.headers.get("Origin"), request.headers.get("Host"), local):
                raise HTTPForbidden(text="This page was not served by tui-al.")
            return await super().handle_websocket(request)

    at_home = [] if home is None else ["--home", str(home.absolute())]
    command = shlex.join([sys.executable, "-m", "tui_al", *at_home])
    OwnPagesOnly(command, host=host, port=port, title="tui-al").serve()


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, seen from itself only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_own_page(origin: str | None, asked: str | None, local: bool) -> bool:
    """Whether a connection comes from a page of ours.

    A browser names the page's origin; it must be the address that was asked for. On loopback that address must be a loopback
    one, too: a foreign name may be made to lead here.
    """
    if not origin or not asked or urlsplit(origin).netloc.lower() != asked.lower():
        return False
    return not local or is_loopback(urlsplit(f"//{asked}").hostname or "")


def check_address(host: str, port: int) -> None:
    """Raise ConfigError if nobody could listen there."""
    if not 0 < port < 65536:
        raise ConfigError(f"port = {port} is out of range.", "A port lies between 1 and 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"{host}:{port} cannot be served: {error}.", "Choose another --host or --port."
        ) from error
