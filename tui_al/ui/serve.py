"""The app in a browser: `tui-al serve`, through the optional package textual-serve."""

import ipaddress
import shlex
import socket
import sys
from typing import Any
from urllib.parse import urlsplit

from tui_al.errors import ConfigError

_WARNING = """\
Warning: there is no log-in. Whoever reaches this address can start and stop training and read this account's files.
"""
_ELSEWHERE = """\
Warning: {host} is reached from other machines. Safer: serve on 127.0.0.1 and open an SSH tunnel to it.
"""


def serve(host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until interrupted; each browser tab gets its own app, all of them the same sessions.

    Raises:
        ConfigError: textual-serve is not installed, or the address cannot be used.
    """
    try:
        from textual_serve.server import Server  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise ConfigError(
            "The browser needs the package textual-serve, which is not installed.",
            "Install it: pip install 'tui-al[serve]'",
        ) from error
    check_address(host, port)
    local = is_loopback(host)
    sys.stderr.write(_WARNING + ("" if local else _ELSEWHERE.format(host=host)))

    class OwnPagesOnly(Server):  # type: ignore[misc, valid-type, unused-ignore]
        """Takes connections from the page it has served, and from no other page that the browser has open."""

        async def handle_websocket(self, request: Any) -> Any:
            if not is_own_page(request.headers.get("Origin"), request.headers.get("Host"), local):
                from aiohttp.web import HTTPForbidden

                raise HTTPForbidden(text="This page was not served by tui-al.")
            return await super().handle_websocket(request)

    command = shlex.join([sys.executable, "-m", "tui_al"])
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
