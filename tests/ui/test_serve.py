"""Serving in a browser: what is refused, and what is warned of."""

import builtins
import socket
import sys
import types
from typing import Any

import pytest

from tui_al.errors import ConfigError
from tui_al.ui.serve import check_address, is_loopback, is_own_page, serve


class _Server:
    """Stands in for textual-serve's."""

    last: "_Server"

    def __init__(self, command: str, **options: Any) -> None:
        self.command, self.options = command, options
        _Server.last = self

    def serve(self) -> None:
        self.served = True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> type[_Server]:
    module = types.ModuleType("textual_serve.server")
    module.Server = _Server  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "textual_serve", types.ModuleType("textual_serve"))
    monkeypatch.setitem(sys.modules, "textual_serve.server", module)
    return _Server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("textual_serve"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ConfigError, match=r"pip install 'tui-al\[serve\]'"):
        serve()


def test_it_serves_the_app_on_loopback_and_warns(
    server: type[_Server], capsys: pytest.CaptureFixture[str]
) -> None:
    port = _free_port()
    serve(port=port)
    assert server.last.command == f"{sys.executable} -m tui_al"
    assert server.last.options == {"host": "127.0.0.1", "port": port, "title": "tui-al"}
    said = capsys.readouterr().err
    assert "there is no log-in" in said
    assert "other machines" not in said


def test_elsewhere_it_warns_more(server: type[_Server], capsys: pytest.CaptureFixture[str]) -> None:
    serve("0.0.0.0", _free_port())
    assert "0.0.0.0 is reached from other machines" in capsys.readouterr().err


def test_a_taken_port_is_named() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be served"):
            check_address("127.0.0.1", port)
    with pytest.raises(ConfigError, match="out of range"):
        check_address("127.0.0.1", 70000)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True), ("127.9.9.9", True), ("0.0.0.0", False), ("box", False)],
)  # fmt: skip
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("origin", "asked", "local", "expected"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True, True),
        ("http://localhost:8000", "localhost:8000", True, True),
        ("http://evil.example", "127.0.0.1:8000", True, False),
        ("http://127.0.0.1:9000", "127.0.0.1:8000", True, False),
        ("http://evil.example:8000", "evil.example:8000", True, False),
        ("http://box:8000", "box:8000", False, True),
        ("null", "127.0.0.1:8000", True, False),
        (None, "127.0.0.1:8000", True, False),
    ],
)
def test_only_own_pages_connect(
    origin: str | None, asked: str, local: bool, expected: bool
) -> None:
    assert is_own_page(origin, asked, local) is expected
