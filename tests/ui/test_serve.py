"""Serving in a browser: what is refused, and what is warned of; by the real server. See
`test_browser` for what is shown."""

import builtins
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.ui.sessions import record
from tests.ui.terminals import ROOT, environment
from tui_al.errors import ConfigError
from tui_al.ui.keymap import FILE
from tui_al.ui.serve import serve
from tui_al.ui.serve_access import (
    TOKEN_VARIABLE,
    Access,
    address_of,
    check_address,
    chosen_token,
    is_loopback,
)

pytestmark = pytest.mark.slow


def free_port() -> int:
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


@contextmanager
def server(
    home: Path, directory: Path, *options: str, token: str = ""
) -> Iterator[tuple[int, Path]]:
    """`tui-al serve`, from as poor a surrounding as there is: no terminal, no locale. Its port, and
    what it says."""
    port, said = free_port(), directory / "server.log"
    surroundings = {**environment(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C", "TERM": "dumb"}
    if token:
        surroundings[TOKEN_VARIABLE] = token
    with said.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tui_al", "serve", "--port", str(port), *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=surroundings, cwd=directory,
            start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + 60
    while "Ctrl+C to quit" not in said.read_text():
        assert process.poll() is None and time.monotonic() < deadline, said.read_text()
        time.sleep(0.1)
    try:
        yield port, said
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


async def test_on_loopback_it_warns_that_there_is_no_log_in(home: Path, tmp_path: Path) -> None:
    with server(home, tmp_path) as (port, said):
        text = said.read_text()
        assert "labels, starts and stops training, deletes sessions, reads any file" in text
        assert "there is no log-in. Every account on this machine can reach 127.0.0.1" in text
        assert "other machines" not in text and "token=" not in text
        async with aiohttp.ClientSession() as session:
            for host, status in (("localhost", 200), ("evil.example", 403), ('"><b>', 403)):
                for path in ("/", "/static/js/textual.js", "/nowhere"):
                    async with session.get(
                        f"http://127.0.0.1:{port}{path}", headers={"Host": host}
                    ) as answer:
                        assert (answer.status == 403) == (status == 403), (host, path)


async def status_of_socket(
    session: aiohttp.ClientSession, address: str, query: str = "", **headers: str | None
) -> int:
    """101 for a websocket that is let in."""
    given = {name: value for name, value in headers.items() if value is not None}
    try:
        socket_ = await session.ws_connect(f"{address}/ws{query}", headers=given)
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status
    await socket_.close()
    return 101


async def test_elsewhere_only_who_knows_the_token_comes_in(home: Path, tmp_path: Path) -> None:
    """By real requests to a real server: page, files, downloads, unknown addresses and the
    websocket."""
    record(home)
    with server(home, tmp_path, "--host", "0.0.0.0") as (port, said):
        text = said.read_text()
        assert "0.0.0.0 is reached from other machines" in text
        (token,) = re.findall(rf"Open .*: http://[\w.-]+:{port}/\?token=([\w-]+)", text)
        assert len(token) >= 43  # 256 bits
        address = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:

            async def status(path: str, cookie: str = "") -> int:
                headers = {"Cookie": cookie} if cookie else {}
                async with session.get(
                    URL(address + path, encoded=True), headers=headers
                ) as answer:
                    page = await answer.text()
                    assert answer.status != 401 or "ends in ?token=" in page
                    assert token not in page
                    return answer.status

            files = "/static/js/textual.js"
            outside = ("/", files, "/static/", "/download/x", "/nowhere", f"/?token={token}x",
                f"/?token={token[:-1]}",
                "/?token=", f"/?token=x&token={token}", f"/?Token={token}",
                f"{files}?token={token}", f"/{token}", f"/#?token={token}",
                "/static/../../../../etc/passwd", "/static/..%2f..%2f..%2fserver.py")  # fmt: skip
            assert {path: await status(path) for path in outside} == dict.fromkeys(outside, 401)
            ours = {"Origin": address}
            assert await status_of_socket(session, address, **ours) == 401
            assert await status_of_socket(session, address, f"?token={token}", **ours) == 401

            async with session.get(f"{address}/?token={token}") as answer:
                assert answer.status == 200
                page, (set_cookie,) = await answer.text(), answer.headers.getall("Set-Cookie")
                assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert f"ws://127.0.0.1:{port}/ws" in page and "0.0.0.0" not in page
            assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(set_cookie.split("; "))
            cookie = set_cookie.split(";")[0]
            assert token not in cookie and cookie.startswith(f"tui-al-{port}=")
            assert await status("/", cookie) == await status(files, cookie) == 200
            for path in (
                "/static/../serve.py",
                "/static/..%2f..%2fserver.py",
                "/static/%2e%2e/server.py",
                "/static//etc/passwd",
            ):
                assert await status(path, cookie) in (403, 404), path
            assert (
                await status(files, cookie[:-1] + "!")
                == await status(files, f"tui-al-{port}={token}")
                == 401
            )

            opened = {**ours, "Cookie": cookie}
            assert await status_of_socket(session, address, **opened) == 101
            for origin in ("http://evil.example", f"http://127.0.0.1:{port + 1}", "null", None):
                assert (
                    await status_of_socket(session, address, "", **{**opened, "Origin": origin})
                    == 403
                )
        assert said.read_text().count(token) == 1  # what it logs of requests has no token


def test_a_token_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {TOKEN_VARIABLE: "sixteen-letters.ok"}
    assert chosen_token(None, environ, local=True) == "sixteen-letters.ok"
    assert environ == {}  # the apps that are started need not know it
    assert chosen_token("another-one_of~mine", {}, local=True) == "another-one_of~mine"
    assert chosen_token(None, {}, local=True) is None
    first, second = (chosen_token(None, {}, local=False) for _ in range(2))
    assert first and second and first != second
    for bad in ("", "short", "sixteen letters ok", "sixteen&letters=ok", "ü" * 20):
        with pytest.raises(ConfigError, match="--token: a token of"):
            chosen_token(bad, {}, local=False)
        with pytest.raises(ConfigError, match=f"{TOKEN_VARIABLE}: a token of"):
            chosen_token(None, {TOKEN_VARIABLE: bad}, local=False)


@pytest.mark.parametrize(
    ("host", "token", "expected"),
    [("192.0.2.7", "t", "http://192.0.2.7:80/?token=t"), ("::1", None, "http://[::1]:80/"),
        ("0.0.0.0", "t", "http://box:80/?token=t")],
)  # fmt: skip
def test_the_address_to_open(
    host: str, token: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "box")
    assert address_of(host, 80, token) == expected


def test_what_would_keep_each_app_from_starting_is_told_before(home: Path) -> None:
    home.mkdir()
    (home / FILE).write_text("[label]\nskip = 1\n")
    with pytest.raises(ConfigError, match=r"keys.toml, line 2: 1 is not a key"):
        serve(port=free_port(), home=home)


def test_each_visitor_s_app_takes_no_module_from_the_working_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []

    class Server:
        def __init__(self, _access: object, command: str, **_: object) -> None:
            commands.append(command)

        def serve(self) -> None:
            pass

    monkeypatch.setattr("tui_al.ui.serve._server_class", lambda: Server)
    serve(port=free_port(), home=home)
    assert shlex.split(commands[0])[1:] == ["-P", "-m", "tui_al", "--home", str(home)]


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
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True), ("127.9.9.9", True),
        ("0.0.0.0", False), ("box", False)],
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
    assert Access(local, None, 8000).is_own_page(origin, asked) is expected
