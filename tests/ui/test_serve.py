"""Serving in a browser: what is refused, and what is warned of; by the real server. See `test_browser` for what is shown."""

import builtins
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.ui.terminals import ROOT, environment
from tui_al.errors import ConfigError
from tui_al.ui.keymap import FILE
from tui_al.ui.serve import check_address, is_loopback, is_own_page, serve


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
def server(home: Path, directory: Path, *options: str) -> Iterator[tuple[int, Path]]:
    """`tui-al serve`, from as poor a surrounding as there is: no terminal, no locale. Its port, and what it says."""
    port, said = free_port(), directory / "server.log"
    surroundings = {**environment(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C", "TERM": "dumb"}
    with said.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tui_al", "serve", "--port", str(port), *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=surroundings, cwd=directory, start_new_session=True,
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


def test_on_loopback_it_warns_that_there_is_no_log_in(home: Path, tmp_path: Path) -> None:
    with server(home, tmp_path) as (_, said):
        assert "there is no log-in" in said.read_text()
        assert "other machines" not in said.read_text()


def test_elsewhere_it_warns_more_and_the_page_leads_back_to_where_it_was_asked_for(
    home: Path, tmp_path: Path
) -> None:
    with server(home, tmp_path, "--host", "0.0.0.0") as (port, said):
        assert "0.0.0.0 is reached from other machines" in said.read_text()
        with urlopen(f"http://127.0.0.1:{port}") as answer:
            page = answer.read().decode()
        assert f"ws://127.0.0.1:{port}/ws" in page
        assert "0.0.0.0" not in page


def test_what_would_keep_each_app_from_starting_is_told_before(home: Path) -> None:
    home.mkdir()
    (home / FILE).write_text("[label]\nskip = 1\n")
    with pytest.raises(ConfigError, match=r"keys.toml, line 2: 1 is no key"):
        serve(port=free_port(), home=home)


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
