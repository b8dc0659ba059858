"""Formats of other packages to export labels in, by entry points in `tui_al.exporters`."""

import inspect
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from tui_al.core.annotation.records import Annotation, Header
from tui_al.core.data.examples import Task
from tui_al.core.plugins import Plugin, find_plugin, said, usable
from tui_al.errors import PluginError, TuiAlError
from tui_al.store.atomic_dirs import temp_dir
from tui_al.store.formats.format import ALL_PARTS, Format


def plugin_format(name: str, built_in: Collection[str]) -> Format | None:
    """The format that a package brings under this name; None if none does. Raises PluginError for a
    broken one."""
    found = find_plugin("exporter", name, built_in)
    return _loaded(found) if found else None


def plugin_formats(built_in: Collection[str]) -> tuple[dict[str, Format], list[PluginError]]:
    """Those of all packages by name, and why others that are there cannot be used."""
    sound, broken = usable("exporter", built_in, _loaded)
    return {one.name: one for one in sound}, broken


@cache
def _loaded(plugin: Plugin) -> Format:
    brought = plugin.load()
    if isinstance(brought, Format):
        made = replace(brought, name=plugin.name)
    elif callable(brought) and not isinstance(brought, type):
        summary = (inspect.getdoc(brought) or "").partition("\n")[0]
        made = Format(plugin.name, summary, frozenset(Task), ALL_PARTS, brought)
    else:
        raise plugin.broken(
            f"it is a {type(brought).__name__}, not a Format or a function that writes"
        )
    try:
        inspect.signature(made.write).bind(1, 2, 3)
    except (TypeError, ValueError) as error:
        raise plugin.broken("it cannot be called with a path, a header and annotations") from error
    inner = made.write

    def write(path: Path, header: Header, annotations: Sequence[Annotation]) -> None:
        """Whole or not at all: into a directory beside the target first."""
        with temp_dir(path.parent, path.name) as place:
            result = place / path.name
            try:
                inner(result, header, tuple(annotations))
            except (TuiAlError, OSError):
                raise
            except Exception as error:
                raise plugin.broken(f"it raised {said(error)}") from error
            if not result.exists():
                raise plugin.broken("it has written nothing")
            result.rename(path)

    return replace(made, write=write, read=None, parser=None)
