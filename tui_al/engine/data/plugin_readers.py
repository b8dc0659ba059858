"""Readers of other packages for files of their kind, by entry points in `tui_al.readers`, named as
the suffix without its dot.

A reader is a function from a path to rows, each a mapping from columns to cells: texts, numbers,
booleans, None, or lists of them. Which column is the text and which the label is guessed or given
as for any file.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from tui_al.core.plugins import Plugin, find_plugin, said
from tui_al.engine.data.tables import LoadReport, Table, place_of
from tui_al.errors import DataError, TuiAlError

#: Those that have read a file in this process.
_used: dict[str, Plugin] = {}

_CELLS = (str, int, float, bool, type(None))


def plugin_for(suffix: str, built_in: Collection[str]) -> Plugin | None:
    """The reader that a package brings for files that end so (".abc"); None if none does. Raises
    PluginError for several."""
    taken = [one.removeprefix(".") for one in built_in]
    return find_plugin("reader", suffix.removeprefix("."), taken) if len(suffix) > 1 else None


def used_readers() -> list[dict[str, str]]:
    """Those that have read a file in this process, as a manifest notes them."""
    return [one.facts() for one in _used.values()]


def read_tables(
    plugin: Plugin, path: Path, name: str, load_report: LoadReport, size: int
) -> Iterator[Table]:
    """The rows of a file in tables of `size` rows at most.

    Raises:
        DataError: the reader fails, or gives what is not a row; the message names its package and
        the row.
        PluginError: it cannot be used at all.
    """
    read = plugin.load()
    if not callable(read):
        raise plugin.broken(f"it is a {type(read).__name__}, not a function that reads")
    _used[plugin.name] = plugin
    load_report.notes.append(f"{name}: read by the {plugin}")
    rows = _checked(plugin, read, path, name)
    first = 1
    while some := list(islice(rows, size)):
        names = dict.fromkeys(column for row in some for column in row)
        columns: dict[str, Any] = {column: [row.get(column) for row in some] for column in names}
        yield Table(name, columns, range(first, first + len(some)), uneven=True)
        first += len(some)


def _checked(plugin: Plugin, read: Any, path: Path, name: str) -> Iterator[Mapping[str, object]]:
    number = 0
    try:
        for number, row in enumerate(read(path), start=1):
            if not isinstance(row, Mapping) or not all(isinstance(key, str) for key in row):
                raise _failed(
                    plugin,
                    name,
                    number,
                    f"it gives a {type(row).__name__}, not a mapping from names of columns",
                )
            for column, cell in row.items():
                if not _is_cell(cell):
                    raise _failed(plugin, name, number, f"{column} holds a {type(cell).__name__}")
            yield row
    except (TuiAlError, OSError, GeneratorExit):
        raise
    except Exception as error:
        raise _failed(plugin, name, number + 1, f"it raised {said(error)}") from error


def _is_cell(cell: object) -> bool:
    if isinstance(cell, list | tuple):
        return all(isinstance(one, _CELLS) for one in cell)
    return isinstance(cell, _CELLS)


def _failed(plugin: Plugin, name: str, number: int, why: str) -> DataError:
    return DataError(
        f"{place_of(name, number, 'row')} cannot be read by the {plugin}: {why}.",
        f"Tell whoever maintains {plugin.package}, or give the data as CSV or JSON lines.",
    )
