"""Who may use the app in a browser: whoever knows the token, from a page of ours, under a name of
this machine."""

import hashlib
import hmac
import html
import ipaddress
import os
import re
import secrets
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tui_al.errors import ConfigError

#: Where a token may be set without showing it to everybody who lists processes.
TOKEN_VARIABLE = "TUI_AL_TOKEN"

_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,200}")

#: What a browser sends as the host of an address.
_NAME = re.compile(r"[A-Za-z0-9._:\[\]-]{1,260}")

_PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>tui-al</title>
<body style="font-family: sans-serif; max-width: 40em; margin: 4em auto">
<h1>{title}</h1>
<p>{said}</p>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class Access:
    """What a request must show. `local`: we listen on loopback only; `token` is None where none is
    asked for."""

    local: bool
    token: str | None
    port: int

    @property
    def cookie(self) -> str:
        """The cookie's name; cookies do not tell ports apart, so the name does."""
        return f"tui-al-{self.port}"

    @property
    def pass_value(self) -> str:
        """What the cookie holds: from it the token cannot be told."""
        return hmac.new((self.token or "").encode(), b"tui-al cookie", hashlib.sha256).hexdigest()

    def knows_token(self, given: str | None) -> bool:
        """Whether that is the token; takes as long for any that is not."""
        return self.token is not None and given is not None and _same(given, self.token)

    def has_pass(self, cookie: str | None) -> bool:
        """Whether a request with this cookie may come in."""
        return self.token is None or (cookie is not None and _same(cookie, self.pass_value))

    def is_our_name(self, asked: str | None) -> bool:
        """Whether the request was for a name of this machine: on loopback a foreign name may be
        made to lead here."""
        if not asked or not _NAME.fullmatch(asked):
            return False
        return not self.local or is_loopback(_host_of(asked))

    def is_own_page(self, origin: str | None, asked: str | None) -> bool:
        """Whether a connection comes from a page of ours: the origin that the browser names is the
        address that was asked for."""
        if not origin or not asked or urlsplit(origin).netloc.lower() != asked.lower():
            return False
        return self.is_our_name(asked)


def chosen_token(
    given: str | None, environ: MutableMapping[str, str], *, local: bool
) -> str | None:
    """The token: as given, by the environment (which forgets it: the apps that are started need not
    know it), or a new one.

    None on loopback where none is given. Raises ConfigError for one that is too easy to guess, or
    would not fit into an address."""
    by_environment = environ.pop(TOKEN_VARIABLE, None)
    token = by_environment if given is None else given
    if token is None:
        return None if local else secrets.token_urlsafe(32)
    if not _TOKEN.fullmatch(token):
        source = TOKEN_VARIABLE if given is None else "--token"
        raise ConfigError(
            f"{source}: a token of {len(token)} characters cannot be used.",
            "It is 16 to 200 letters, digits and . _ ~ - that nobody can guess; without one, a "
            "random one is made.",
        )
    return token


def address_of(host: str, port: int, token: str | None) -> str:
    """What to open in the browser. Where we listen on all addresses, by the machine's name."""
    name = host
    if host in ("0.0.0.0", "::", ""):
        name = socket.gethostname()
    shown = f"[{name}]" if ":" in name and not name.startswith("[") else name
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")


def refusal_page(title: str, said: str) -> str:
    """A page that says why, with nothing foreign in it."""
    return _PAGE.format(title=html.escape(title), said=html.escape(said))


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, seen from itself only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_address(host: str, port: int) -> None:
    """Raise ConfigError if nobody could listen there."""
    if not 0 < port < 65536:
        raise ConfigError(f"port = {port} is out of range.", "A port lies between 1 and 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"{host}:{port} cannot be served: {error}.", "Choose another --host or --port."
        ) from error


def _host_of(asked: str | None) -> str:
    try:
        return urlsplit(f"//{asked}").hostname or ""
    except ValueError:
        return ""


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
