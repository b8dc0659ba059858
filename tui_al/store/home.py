"""Where sessions live: `--home`, else `TUI_AL_HOME`, else the user's data directory."""

import os
import re
from pathlib import Path

import platformdirs

from tui_al.errors import ConfigError


def home_directory(given: Path | str | None = None) -> Path:
    """The directory of all sessions and caches; not created here."""
    chosen = given or os.environ.get("TUI_AL_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(platformdirs.user_data_dir("tui-al", appauthor=False))


def session_directory(home: Path, name: str) -> Path:
    """The directory of a session by name; raises ConfigError for names that are no plain file names."""
    return home / "sessions" / checked_name("session", name)


def checked_name(what: str, name: str) -> str:
    """The name, if it can be a file's; else raises ConfigError."""
    if not re.fullmatch(r"[\w][\w.+-]{0,99}", name):
        raise ConfigError(
            f"{what}: {name!r} is no usable name.",
            "Use letters, digits, '.', '_', '+' and '-', starting with a letter or digit, 100 at most.",
        )
    return name


def cache_directory(session: Path) -> Path:
    """Where what can be made again is kept for the session in this directory: in its home, else in the user's cache."""
    if session.parent.name == "sessions":
        return session.parent.parent / "cache"
    return Path(platformdirs.user_cache_dir("tui-al", appauthor=False))
