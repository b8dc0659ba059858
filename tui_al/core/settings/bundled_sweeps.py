"""The sweeps that come with the program: files in `tui_al/experiments`, usable by name."""

import tomllib
from importlib.resources import files
from pathlib import Path

from tui_al.core.close_names import did_you_mean
from tui_al.core.small_files import read_small
from tui_al.errors import ConfigError


def shipped_sweeps() -> dict[str, str]:
    """Name to title."""
    found = {}
    for entry in files("tui_al.experiments").iterdir():
        if entry.name.endswith(".toml"):
            plain = tomllib.loads(entry.read_text(encoding="utf-8"))
            found[entry.name.removesuffix(".toml")] = str(plain["title"])
    return dict(sorted(found.items()))


def sweep_text(given: str) -> tuple[str, str]:
    """(name, TOML text) of a file, or of a sweep that comes with the program.

    Raises:
        ConfigError: neither; lists what comes with the program.
    """
    path = Path(given).expanduser()
    shipped = files("tui_al.experiments").joinpath(f"{given}.toml")
    try:
        if path.is_file():
            return path.name.removesuffix(".toml"), read_small(path)
        if "/" not in given and shipped.is_file():
            return given, shipped.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"sweep: {given} cannot be read: {error}.", "Give a TOML file."
        ) from error
    raise ConfigError(
        f"sweep: there is no file {given!r}, and none of that name comes with the program.",
        f"{did_you_mean(given, shipped_sweeps())}By name there are {', '.join(shipped_sweeps())}; "
        "`tui-al sweep --list` tells what they are.",
    )
