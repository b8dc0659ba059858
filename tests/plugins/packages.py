"""Small packages with entry points, as pip would have put them on the path."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from tui_al.core import plugins
from tui_al.core.query import plugin_strategies
from tui_al.core.settings import model_catalog
from tui_al.store.formats import plugin_formats


def write_package(
    place: Path, name: str, version: str, code: str, entries: Mapping[str, Mapping[str, str]]
) -> None:
    """A package of one module, named as the package with _ for -; `entries` by group, name to what
    is in the module."""
    module = name.replace("-", "_")
    (place / f"{module}.py").write_text(dedent(code), encoding="utf-8")
    info = place / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [
        f"[{group}]\n" + "".join(f"{entry} = {module}:{what}\n" for entry, what in inside.items())
        for group, inside in entries.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))


@contextmanager
def on_path(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Packages in `place` can be imported and are found, also by processes that are started."""
    import os

    forget()
    monkeypatch.syspath_prepend(str(place))
    parts = [str(place), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(parts))
    before = set(sys.modules)
    try:
        yield
    finally:
        for module in set(sys.modules) - before:
            if (place / f"{module}.py").exists():
                del sys.modules[module]
        forget()


def forget() -> None:
    """Look for packages anew, as a new process would."""
    plugins._found.cache_clear()
    plugin_strategies._loaded.cache_clear()
    plugin_formats._loaded.cache_clear()
    model_catalog._loaded.cache_clear()
