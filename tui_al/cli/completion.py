"""What a shell offers behind Tab: sessions, data sets and files, values of settings. Nothing is
offered where the machine refuses to say what there is."""

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_al.core.settings.options import Option


def session_names_here(incomplete: str) -> list[str]:
    """Sessions of the usual home."""
    return _beginning(incomplete, _sessions())


def sessions_and_sweeps(incomplete: str) -> list[str]:
    """Sessions and sweeps of the usual home."""
    return _beginning(incomplete, [*_sessions(), *_sweeps()])


def datasets_and_files(incomplete: str) -> list[str]:
    """Named data sets, then files and folders."""
    from tui_al.core.settings.dataset_catalog import NAMED_SETS

    return [*_beginning(incomplete, NAMED_SETS), *_paths(incomplete)]


def values_of(option: "Option") -> Callable[[str], list[str]]:
    """The values that a setting may have, where they are words."""

    def offered(incomplete: str) -> list[str]:
        key = option.entry.key
        if key == "strategy":
            from tui_al.core.query.strategies import all_strategies

            return _beginning(incomplete, (one.name for one in all_strategies()))
        if key == "model":
            from tui_al.core.settings.model_catalog import BAG_OF_WORDS, MODELS, plugin_models

            brought = (one.name for one in plugin_models()[0])
            names = _beginning(incomplete, [*MODELS, BAG_OF_WORDS, *brought])
            return [*names, *_paths(incomplete)]
        return _beginning(incomplete, option.entry.words)

    return offered


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _sessions() -> list[str]:
    from tui_al.errors import TuiAlError
    from tui_al.store.home import home_directory
    from tui_al.store.session import session_names

    with contextlib.suppress(TuiAlError, OSError):
        return session_names(home_directory())
    return []


def _sweeps() -> list[str]:
    from tui_al.errors import TuiAlError
    from tui_al.store.home import home_directory
    from tui_al.store.sweeps import sweep_names

    with contextlib.suppress(TuiAlError, OSError):
        return sweep_names(home_directory())
    return []


def _paths(incomplete: str) -> list[str]:
    """Files and folders, these with a slash behind them; hidden ones where the dot is typed."""
    folder, _, name = incomplete.rpartition("/")
    shown = f"{folder}/" if "/" in incomplete else ""
    found = []
    with contextlib.suppress(OSError):
        for path in sorted(Path(shown or ".").expanduser().iterdir()):
            if path.name.startswith(name) and (name or not path.name.startswith(".")):
                found.append(f"{shown}{path.name}{'/' * path.is_dir()}")
    return found
