"""The app in a browser: `tui-al serve`, through the optional package textual-serve."""

import asyncio
import logging
import os
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tui_al.errors import ConfigError
from tui_al.host.interpreter import module_command
from tui_al.store.home import home_directory
from tui_al.store.sharing import check_home
from tui_al.ui.serve_access import (
    Access,
    address_of,
    check_address,
    chosen_token,
    is_loopback,
    refusal_page,
)
from tui_al.ui.terminal import app_settings

_CAN = """\
Whoever opens it works as this account ({account}): labels, starts and stops training, deletes sessions, reads any file that the
account can read (as data to label), and writes exports where it may.
"""  # noqa: E501
_LOCAL = """\
Warning: there is no log-in. Every account on this machine can reach {host}; --token asks for a token.
"""  # noqa: E501
_ELSEWHERE = """\
Warning: {host} is reached from other machines, and the connection is not encrypted: who listens on the way reads texts, labels
and the token. Safer: serve on 127.0.0.1 and open an SSH tunnel to it.
"""  # noqa: E501
_OPEN = "Open (the token is shown this once): {address}\n"

#: The page loads nothing from other servers: its own would wait for a font of Google's, for ever
#: where nothing is reached.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self' {socket}; frame-ancestors 'none'"
)

#: The token leaves the address bar and the history. The page would wait for a click before it heard
#: any key.
_SCRIPT = """\
<script>
  if (location.search.includes("token=")) history.replaceState(null, "", "/");
  new MutationObserver((_, observer) => {
    if (!document.body.classList.contains("-first-byte")) return;
    observer.disconnect();
    document.querySelector(".xterm-helper-textarea")?.focus();
  }).observe(document.body, {attributes: true, attributeFilter: ["class"]});
</script>
</body>"""

#: Seconds that a wrong token costs.
_WRONG_TOKEN_SECONDS = 0.5


def serve(
    host: str = "127.0.0.1", port: int = 8000, home: Path | None = None, token: str | None = None
) -> None:
    """Serve the sessions of `home` until interrupted; each browser tab gets its own app, all of
    them the same sessions.

    Beyond loopback, and wherever a `token` is given, only who knows the token comes in.

    Raises:
        ConfigError: textual-serve is not installed, the address or the token cannot be used, or
        `keys.toml` cannot be read.
        SessionError: the home is closed to this account.
    """
    local = is_loopback(host)
    access = Access(local, chosen_token(token, os.environ, local=local), port)
    server = _server_class()
    check_address(host, port)
    check_home(home_directory(home))
    app_settings(home_directory(home))  # else each app would fail by itself, unseen
    _tell(host, access)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)  # its lines hold the token
    at_home = [] if home is None else ["--home", str(home.absolute())]
    command = shlex.join(module_command("tui_al", *at_home))
    server(access, command, host=host, port=port, title="tui-al").serve()


def _tell(host: str, access: Access) -> None:
    from tui_al.host.username import account

    said = _CAN.format(account=account())
    if not access.local:
        said += _ELSEWHERE.format(host=host)
    elif access.token is None:
        said += _LOCAL.format(host=host)
    if access.token is not None:
        said += _OPEN.format(address=address_of(host, access.port, access.token))
    sys.stderr.write(said)


def _server_class() -> Callable[..., Any]:
    """textual-serve's server with our checks before everything that it answers; ConfigError where
    it is not installed."""
    try:
        from aiohttp import web
        from textual_serve.server import Server  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise ConfigError(
            "The browser needs the package textual-serve, which is not installed.",
            "Install it: pip install 'tui-al[serve]'",
        ) from error

    class GuardedServer(Server):  # type: ignore[misc, valid-type, unused-ignore]
        """Answers whom `Access` lets in.

        The page is told the address that it was asked for by: `localhost`, this machine's name and
        the near end of a tunnel lead here as well as the address that we listen on.
        """

        def __init__(self, access: Access, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._access = access

        async def _make_app(self) -> Any:
            app = await super()._make_app()
            app.middlewares.append(self._admit)
            return app

        @web.middleware
        async def _admit(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
            """Before any route, files and unknown addresses included."""
            access = self._access
            if not access.is_our_name(request.headers.get("Host")):
                return _refused(
                    web, 403, "Not here", "This name does not lead to this server's own address."
                )
            if request.path == "/ws" and not access.is_own_page(
                request.headers.get("Origin"), request.headers.get("Host")
            ):
                return _refused(web, 403, "Not from here", "This page was not served by tui-al.")
            if access.has_pass(request.cookies.get(access.cookie)):
                return await handler(request)
            given = request.query.getall("token", []) if request.path == "/" else []
            if len(given) == 1 and access.knows_token(given[0]):
                response = await handler(request)
                response.set_cookie(
                    access.cookie, access.pass_value, path="/", httponly=True, samesite="Strict",
                )  # fmt: skip
                return response
            if given:
                await asyncio.sleep(_WRONG_TOKEN_SECONDS)
            return _refused(web, 401, "A token is needed", _NEEDS_TOKEN)

        async def handle_index(self, request: Any) -> Any:
            # Nothing is awaited between here and the page's text, so no other request can come
            # between.
            self.public_url = f"{request.scheme}://{request.host}"
            response: Any = await super().handle_index(request)
            socket_url = self.public_url.replace("http", "ws", 1)
            response.text = response.text.replace("</body>", _SCRIPT)
            response.headers["Content-Security-Policy"] = _POLICY.format(socket=socket_url)
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["Cache-Control"] = "no-store"
            return response

    return GuardedServer


_NEEDS_TOKEN = (
    "Open the whole address that `tui-al serve` printed when it was started; it ends in ?token=… . "
    "Whoever started it can tell you, or start it again with --token."
)


def _refused(web: Any, status: int, title: str, said: str) -> Any:
    return web.Response(
        status=status,
        text=refusal_page(title, said),
        content_type="text/html",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "Cache-Control": "no-store"},
    )  # fmt: skip
