"""A Hub that is away, silent, in trouble, or that breaks off."""

import errno
import os
import socket
import threading
import time
from collections.abc import Callable

import pytest
from huggingface_hub import constants

from tests.hub_double import HubDouble
from tui_al.engine.hub import client as hub_access
from tui_al.engine.hub.models import dataset_parquet_files, ensure_reachable, model_snapshot
from tui_al.errors import HubError

FLAT = {"config.json": b"{}", "vocab.txt": b"[UNK]", "model.safetensors": b"weights"}
PICKLED = {"config.json": b"{}", "pytorch_model.bin": b"pickle"}


def test_a_hub_that_falls_silent_after_the_check_is_given_up(
    hub: HubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_access, "LISTING_SECONDS", 0.3)
    hub.models["lab/old"] = {"main": PICKLED}
    for silent in ("/revision/", "/discussions"):
        hub.silent = silent
        with pytest.raises(HubError, match="no answer in time"):
            model_snapshot("lab/old")


def _serve(answer: Callable[[socket.socket], None]) -> tuple[str, socket.socket]:
    """A raw server that gives each connection to `answer`; its address, and the socket to close."""
    listener = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    answer(connection)
                except OSError:
                    return

    threading.Thread(target=work, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}", listener


def _dribble(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(40):
        connection.sendall(b"x")
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(None, "refused", id="closed port"),
        pytest.param(lambda connection: time.sleep(8), "no answer in time", id="silence"),
        pytest.param(_dribble, "no answer in time", id="a byte at a time"),
        pytest.param(lambda connection: None, "closed|reset|aborted", id="hang-up"),
    ],
)
def test_an_unreachable_hub_is_noticed_within_five_seconds(
    hub: HubDouble,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[socket.socket], None] | None,
    says: str,
) -> None:
    url, listener = _serve(answer or (lambda connection: None))
    if answer is None:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    monkeypatch.setattr(hub_access, "ENDPOINT", url)
    start = time.monotonic()
    with pytest.raises(HubError, match=says) as caught:
        model_snapshot("lab/flat")
    assert time.monotonic() - start < 5.5
    assert url in caught.value.message and "the model lab/flat" in caught.value.message
    for way in ("minilm", "tickets", "events", "local paths", constants.HF_HUB_CACHE):
        assert way in caught.value.hint
    if answer is not None:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_a_login_page_is_not_taken_for_a_hub(
    hub: HubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(connection: socket.socket) -> None:
        body = b"" if connection.recv(4096).startswith(b"HEAD") else b"<html>"
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\n" + body)

    url, listener = _serve(answer)
    monkeypatch.setattr(hub_access, "ENDPOINT", url)
    with pytest.raises(HubError, match="what answers is not a Hub"):
        model_snapshot("lab/flat")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_name_resolution_cannot_hold_it_up(hub: HubDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(hub_access, "PROBE_SECONDS", 0.3)

    def hang(*args: object, **kwargs: object) -> None:
        released.wait(10)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(HubError, match="no answer in time"):
        ensure_reachable("the model lab/flat")
    released.set()
    with pytest.raises(HubError, match="its name cannot be resolved"):
        ensure_reachable("the model lab/flat")


def test_a_dead_proxy_and_a_hub_in_trouble_are_named(
    hub: HubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_reachable("the model lab/flat")
    for status in (503, 407):
        hub.status = status
        with pytest.raises(HubError, match=f"HTTP status {status}"):
            ensure_reachable("the model lab/flat")
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(HubError, match="proxy"):
        ensure_reachable("the model lab/flat")


def test_offline_mode_asks_nobody(hub: HubDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        model_snapshot("lab/flat")
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        dataset_parquet_files("lab/set")
    assert hub.requests == []


def test_a_broken_connection_is_taken_up_where_it_stopped(
    hub: HubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    weights = bytes(range(250)) * 256  # 64,000 bytes
    hub.models["lab/flat"] = {"main": FLAT | {"model.safetensors": weights}}
    hub_access.fetch("model", "lab/flat", "main", ["config.json", "vocab.txt"])
    hub.drops = 3
    with pytest.raises(HubError, match="lost while fetching the model lab/flat") as caught:
        model_snapshot("lab/flat")
    assert "goes on where it stopped" in caught.value.hint
    hub.drops = 1
    folder = model_snapshot("lab/flat").path
    assert (folder / "model.safetensors").read_bytes() == weights
    ranges = [span for method, path, span in hub.requests if method == "GET" and span]
    # Each of the five attempts gets half of what is missing; the last gets all.
    assert ranges == ["bytes=32000-", "bytes=48000-", "bytes=56000-", "bytes=60000-"]


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "cannot be written")]
)
def test_a_disk_that_takes_nothing_is_named(
    hub: HubDouble, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    def write(*args: object, **kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("huggingface_hub.file_download.http_get", write)
    hub.models["lab/flat"] = {"main": FLAT}
    with pytest.raises(HubError, match=says) as caught:
        model_snapshot("lab/flat")
    assert "HF_HOME" in caught.value.hint
