import fcntl
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

import pytest

from tests.host.nvml_double import Card, Install, Nvml, NVMLError, NVMLError_DriverNotLoaded
from tui_al.host import hardware, installation, storage, terminal
from tui_al.host.cuda import TorchBuild, torch_build
from tui_al.host.diagnostic import Finding, size
from tui_al.host.doctor import examine, gather, render
from tui_al.store import file_systems

GIB = 2**30


@pytest.fixture(autouse=True)
def no_cards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hardware, "_PCI", tmp_path / "no-bus")


def with_torch(monkeypatch: pytest.MonkeyPatch, build: TorchBuild | None) -> None:
    monkeypatch.setattr(hardware, "torch_build", lambda: build)


def statuses(findings: Iterable[Finding]) -> list[str]:
    return [finding.status for finding in findings]


# The whole


def test_examine_covers_every_topic_in_time_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "create_connection", refuse)
    began = time.monotonic()
    findings = examine(tmp_path / "home")
    assert time.monotonic() - began < 4
    topics = list(dict.fromkeys(finding.topic for finding in findings))
    assert topics == [
        "Python", "Packages", "GPU", "CPU", "Memory", "Disk", "Home", "Sessions", "Terminal",
        "Bundled encoder", "Cached models", "Hub",
    ]  # fmt: skip
    assert "could not be examined" not in render(findings)
    assert list(tmp_path.iterdir()) == []
    assert len(render(findings).splitlines()) < 45


def test_what_hangs_or_fails_spoils_no_other() -> None:
    release = threading.Event()

    def hang() -> tuple[Finding, ...]:
        release.wait(10)
        return ()

    def fail() -> tuple[Finding, ...]:
        raise RuntimeError("odd machine")

    well = Finding("C", "ok", "fine")
    found = gather({"A": hang, "B": fail, "C": lambda: (well,)}, 0.2)
    release.set()
    assert found == (
        Finding("A", "warn", "no answer in time", "It hangs or is very slow."),
        Finding("B", "warn", "could not be examined: RuntimeError: odd machine"),
        well,
    )


def test_render_aligns_wraps_and_indents_advice() -> None:
    text = render(
        [
            Finding("Disk", "ok", "10 GB free"),
            Finding("Home", "bad", "word " * 12, "Do this instead."),
        ],
        width=40,
    )
    assert text.splitlines() == [
        "✓ Disk  10 GB free",
        "✗ Home  word word word word word word",
        "        word word word word word word",
        "        → Do this instead.",
        "",
        "1 to mend, 0 to look at.",
    ]


def test_render_in_ascii_without_escape_sequences() -> None:
    text = render([Finding("Models", "warn", "a\x1b[31mé\tb", "x")], unicode=False)
    assert text.splitlines()[:2] == ["!! Models  a?[31m??b", "           -> x"]


def test_the_summary_says_how_bad_it_is() -> None:
    assert render([Finding("A", "info", "x")]).endswith("All is well: tui-al works here.")
    assert render([Finding("A", "warn", "x")]).endswith("tui-al works here; 1 to look at.")


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (91e6, "91 MB"), (3.14e9, "3.1 GB"),
        (2e12, "2.0 TB")],
)  # fmt: skip
def test_sizes(count: float, shown: str) -> None:
    assert size(count) == shown


# Installation


def test_packages_are_held_against_the_stated_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    stated = ["torch<3,>=2.9", "scipy>=1.13", "textual<9,>=8.2.8", "ruff>=0.9; extra == 'dev'"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: stated)
    versions = {"torch": "2.13.0+cpu", "scipy": "1.9.0", "matplotlib": "3.11"}
    monkeypatch.setattr(installation, "installed_version", versions.get)
    old, missing = installation.package_findings()
    assert old == Finding(
        "Packages",
        "bad",
        "scipy 1.9.0 is outside of what tui-al supports.",
        'pip install "scipy>=1.13"',
    )
    assert (missing.status, missing.fact) == ("bad", "textual is not installed.")
    versions |= {"scipy": "1.17.1", "textual": "8.2.8"}
    (fine,) = installation.package_findings()
    assert fine.fact == "torch 2.13.0+cpu, scipy 1.17.1: all as supported"
    del versions["matplotlib"]
    assert statuses(installation.package_findings()) == ["ok", "info"]


def test_running_from_source_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> None:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", absent)
    monkeypatch.setattr(
        installation, "installed_version", lambda name: "1" if name != "torch" else None
    )
    (finding,) = installation.package_findings()
    assert finding.status == "bad"
    assert finding.fact.endswith("missing: torch")


def test_python_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "python_version", lambda: "3.10.4")
    (finding,) = installation.python_findings()
    assert (finding.status, "3.10.4" in finding.fact) == ("bad", True)


def test_the_bundled_encoder_is_checked_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: found)
    assert statuses(installation.encoder_findings()) == ["warn"]
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"abc")
    (wrong,) = installation.encoder_findings()
    assert wrong.status == "bad"
    assert "SHA-256 ba7816bf8f01" in wrong.fact
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    monkeypatch.setattr(installation, "ENCODER_SHA256", known)
    assert statuses(installation.encoder_findings()) == ["ok"]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert installation.encoder_findings()[0].advice == "pip install 'tui-al[offline]'"


def test_the_hub_answers_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
        assert installation.hub_findings() == (Finding("Hub", "ok", "127.0.0.1 answers"),)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        assert "HF_HUB_OFFLINE" in installation.hub_findings()[0].fact
        monkeypatch.delenv("HF_HUB_OFFLINE")
    (closed,) = installation.hub_findings()
    assert closed.status == "info"
    assert "bundled minilm" in closed.advice


def test_a_hub_whose_name_is_never_found_costs_the_limit_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: release.wait(10))
    began = time.monotonic()
    (finding,) = installation.hub_findings(0.1)
    assert time.monotonic() - began < 1
    assert "nothing within 0.1 s" in finding.fact
    release.set()


def test_cached_models_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    for folder in ("models--google--electra-small", "models--gpt2", "datasets--a--b"):
        (tmp_path / "hub" / folder / "snapshots" / "abc").mkdir(parents=True)
        (tmp_path / "hub" / folder / "snapshots" / "abc" / "config.json").touch()
    (tmp_path / "hub" / "models--half--loaded").mkdir()
    (finding,) = installation.cache_findings()
    assert finding.fact == f"2 in {tmp_path / 'hub'}: google/electra-small, gpt2"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))
    assert installation.cache_findings()[0].fact == f"none in {tmp_path / 'empty'}"


# Hardware


def test_torch_without_cuda_on_a_machine_with_a_gpu(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(Nvml(Card()))
    with_torch(monkeypatch, TorchBuild("2.13.0+cpu", None, rocm=False))
    state, card = hardware.gpu_findings()
    assert state.status == "warn"
    assert "torch 2.13.0+cpu is built without CUDA" in state.fact
    assert "pip uninstall torch" in state.advice
    assert card.fact == "NVIDIA H200, 107 GB of 150 GB free, 63 % busy"


@pytest.mark.parametrize(
    ("cuda", "status"), [((13, 0), "ok"), ((12, 8), "ok"), ((13, 9), "ok"), ((14, 0), "bad")]
)
def test_torch_against_the_driver(
    install: Install, monkeypatch: pytest.MonkeyPatch, cuda: tuple[int, int] | None, status: str
) -> None:
    install(Nvml(Card()))
    with_torch(monkeypatch, TorchBuild("2.13.0", cuda, rocm=False))
    assert hardware.gpu_findings()[0].status == status


def test_hidden_full_and_unreadable_gpus(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Card(uuid="GPU-2", memory=(139 * GIB, 140 * GIB))
    install(Nvml(full, Card(uuid="GPU-3", memory=None, utilization=None)))
    with_torch(monkeypatch, TorchBuild("2.13.0", (13, 0), rocm=False))
    _, first, second = hardware.gpu_findings()
    assert (first.topic, first.status) == ("GPU 0", "warn")
    assert second == Finding("GPU 1", "ok", "NVIDIA H200, n/a free, n/a busy")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-none")
    findings = hardware.gpu_findings()
    assert statuses(findings) == ["ok", "warn", "info", "info"]
    assert "'GPU-none' hides every GPU" in findings[1].fact


def test_a_card_without_a_working_driver(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_torch(monkeypatch, None)
    install(Nvml(init_error=NVMLError_DriverNotLoaded("Driver Not Loaded")))
    assert statuses(hardware.gpu_findings()) == ["info"]
    for name, vendor, kind in (("a", "0x10de", "0x030200"), ("b", "0x10de", "0x040300")):
        (tmp_path / "bus" / name).mkdir(parents=True)
        (tmp_path / "bus" / name / "vendor").write_text(vendor + "\n")
        (tmp_path / "bus" / name / "class").write_text(kind + "\n")
    monkeypatch.setattr(hardware, "_PCI", tmp_path / "bus")
    assert hardware.nvidia_cards() == 1
    (finding,) = hardware.gpu_findings()
    assert (finding.status, "Driver Not Loaded" in finding.fact) == ("warn", True)
    monkeypatch.setattr(hardware, "_PCI", tmp_path / "no-bus")
    install(Nvml(init_error=NVMLError("Driver/library version mismatch")))
    assert statuses(hardware.gpu_findings()) == ["warn"]


@pytest.mark.parametrize(
    ("lines", "cuda", "rocm"),
    [
        ("cuda: Optional[str] = '13.0'\nhip: Optional[str] = None\n", (13, 0), False),
        ("cuda = '12.8'\nhip = None\n", (12, 8), False),
        ("cuda: Optional[str] = None\nhip: Optional[str] = '6.4.1'\n", None, True),
        ("cuda: Optional[str] = None\n", None, False),
    ],
)
def test_the_build_is_read_from_torch_s_own_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: str,
    cuda: tuple[int, int] | None,
    rocm: bool,
) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "version.py").write_text(lines)
    installed = SimpleNamespace(version="2.13.0", locate_file=lambda name: tmp_path / name)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _: installed)
    assert torch_build() == TorchBuild("2.13.0", cuda, rocm)


def test_cores_withheld_and_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "usable_cores", lambda: 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(hardware, "cpu_facts", lambda: {"flags": "sse amx_bf16 avx512_bf16 fma"})
    (finding,) = hardware.cpu_findings()
    assert finding.fact.endswith("2 of 64 cores usable; bf16 instructions: AMX, AVX-512")
    assert finding.advice
    monkeypatch.setattr(hardware, "cpu_facts", lambda: {"flags": "sse"})
    assert hardware.cpu_findings()[0].fact.endswith("no bf16 instructions")


def test_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "memory", lambda: (3_000_000_000, 4_000_000_000))
    (finding,) = hardware.memory_findings()
    assert (finding.status, finding.fact) == ("warn", "1.0 GB of 4.0 GB free")


# Home


def test_a_good_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "file_system", lambda _: "ext4")
    assert storage.home_findings(tmp_path)[0].fact == (
        f"{tmp_path}: writable, locks and write-ahead log work"
    )
    assert "(will be made)" in storage.home_findings(tmp_path / "a" / "b")[0].fact
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_is_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (finding,) = storage.home_findings(tmp_path / "file" / "home")
    assert (finding.status, "cannot be written" in finding.fact) == ("bad", True)
    assert "TUI_AL_HOME" in finding.advice


def test_locks_that_fail_or_do_not_exclude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert storage.locks_work(tmp_path)
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    assert not storage.locks_work(tmp_path)

    def unsupported(*_: object) -> None:
        raise OSError("No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    assert statuses(storage.home_findings(tmp_path)) == ["bad"]


def test_journals_that_do_not_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert storage.journal_mode(tmp_path) == "wal"
    monkeypatch.setattr(storage, "journal_mode", lambda _: "delete")
    assert statuses(storage.home_findings(tmp_path)) == ["warn"]
    monkeypatch.undo()

    def fail(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("locking protocol")

    monkeypatch.setattr(sqlite3, "connect", fail)
    assert statuses(storage.home_findings(tmp_path)) == ["bad"]


def test_a_network_home_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    lines = [
        f"1 0 0:1 / {point} rw - {kind} x rw\n"
        for point, kind in (("/", "ext4"), (tmp_path, "nfs4"))
    ]
    mounts.write_text("".join(lines))
    monkeypatch.setattr(file_systems, "MOUNTS", mounts)
    (finding,) = storage.home_findings(tmp_path)
    assert (finding.status, "(nfs4)" in finding.fact) == ("warn", True)


def test_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "disk_free", lambda _: 4_900_000_000)
    (finding,) = storage.disk_findings(tmp_path)
    assert (finding.status, finding.fact) == ("warn", f"4.9 GB free for {tmp_path}")
    monkeypatch.setattr(storage, "disk_free", lambda _: 5_000_000_000)
    assert statuses(storage.disk_findings(tmp_path)) == ["ok"]


def test_sessions_are_counted_with_their_size(tmp_path: Path) -> None:
    assert "none yet" in storage.session_findings(tmp_path)[0].fact
    for name in ("one", "two"):
        (tmp_path / "sessions" / name / "models").mkdir(parents=True)
        (tmp_path / "sessions" / name / "session.db").write_bytes(b"x" * 1000)
    (tmp_path / "sessions" / "one" / "models" / "weights").write_bytes(b"x" * 2_000_000)
    lock = tmp_path / "sessions" / "two" / "engine.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (finding,) = storage.session_findings(tmp_path)
    assert finding.fact == "2, live: two, 2.0 MB on disk"
    assert "none live" in storage.session_findings(tmp_path)[0].fact


# Terminal


class Screen(Protocol):
    """Examines a terminal of this encoding, with these environment variables."""

    def __call__(self, encoding: str = "UTF-8", **settings: str) -> Finding: ...


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal of 120x40 with nothing set; returns the setter of its environment."""
    for name in (
        "NO_COLOR",
        "COLORTERM",
        "TERM",
        "TMUX",
        "STY",
        "SSH_CONNECTION",
        "SSH_CLIENT",
        "SSH_TTY",
    ):
        monkeypatch.delenv(name, raising=False)
    output = SimpleNamespace(isatty=lambda: True, encoding="UTF-8")
    monkeypatch.setattr(terminal, "sys", SimpleNamespace(stdout=output))
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_, **__: (120, 40))

    def put(encoding: str = "UTF-8", **settings: str) -> Finding:
        output.encoding = encoding
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return terminal.terminal_findings()[0]

    return put


def test_a_good_terminal(screen: Screen) -> None:
    finding = screen(TERM="xterm-256color", COLORTERM="truecolor")
    assert finding == Finding("Terminal", "ok", "120x40, true colour, UTF-8")


def test_tmux_over_ssh(screen: Screen) -> None:
    finding = screen(TERM="screen", TMUX="/tmp/tmux-0", SSH_TTY="/dev/pts/0")
    assert finding.fact == "120x40, 16 colours, UTF-8, in tmux, over SSH"
    assert "default-terminal" in finding.advice


def test_screen_with_256_colours(screen: Screen) -> None:
    finding = screen(TERM="screen-256color", STY="1.pts")
    assert (finding.status, finding.fact) == ("ok", "120x40, 256 colours, UTF-8, in screen")


def test_no_unicode_no_colours_and_a_small_window(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_, **__: (79, 24))
    finding = screen(TERM="dumb", encoding="ascii")
    assert (finding.status, finding.fact) == ("warn", "79x24, no colours, ASCII")
    assert all(part in finding.advice for part in ("80x24", "TERM=", "LANG="))


def test_no_color_is_a_choice_and_nothing_to_mend(screen: Screen) -> None:
    finding = screen(TERM="dumb", NO_COLOR="1")
    assert (finding.status, finding.fact) == ("ok", "120x40, no colour (NO_COLOR), UTF-8")


def test_a_pipe_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    output = SimpleNamespace(isatty=lambda: False, encoding="UTF-8")
    monkeypatch.setattr(terminal, "sys", SimpleNamespace(stdout=output))
    assert "pipe" in terminal.terminal_findings()[0].fact


def test_sessions_without_a_log_are_told(tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    for name in ("empty", "none"):
        (sessions / name).mkdir(parents=True)
    (sessions / "empty" / "session.db").touch()
    (sessions / "empty" / "examples.db").touch()
    (sessions / ".making-1").mkdir()
    found = {one.fact: one.status for one in storage.session_findings(tmp_path)}
    assert found["empty is damaged: its session.db is empty"] == "bad"
    assert found[f"{sessions / 'none'} holds no session.db: it is not a session"] == "warn"
    assert len(found) == 3
