"""Where sessions live: `--home`, else `TUI_AL_HOME`, else the user's data directory."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from tui_al.errors import ConfigError, SessionError
from tui_al.store.sharing import is_shared

#: Bytes of a name: a file's has 255 at most, and programs that copy put something before or behind
#: it.
_LONGEST = 245

#: Names that a message lists.
_SHOWN = 8


def home_directory(given: Path | str | None = None) -> Path:
    """The directory of all sessions and caches; not created here."""
    chosen = given or os.environ.get("TUI_AL_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(platformdirs.user_data_dir("tui-al", appauthor=False))


def is_of_another(home: Path) -> bool:
    """Whether a home is one account's, and not this one's: what it shared with this account lies in
    it, and its own settings."""
    return os.path.isdir(home) and home.stat().st_uid != os.geteuid() and not is_shared(home)  # noqa: PTH112 - closed is none


def session_directory(home: Path, name: str) -> Path:
    """The directory of a session by name; raises ConfigError for names that are no plain file
    names."""
    return home / "sessions" / checked_name("session", name)


def checked_name(what: str, name: str) -> str:
    """The name, if it can be a file's; else raises ConfigError."""
    size = len(name.encode(errors="surrogatepass"))  # half characters are refused below
    if size > _LONGEST:
        raise ConfigError(
            f"{what}: {name[:20]!r}... is {size:,} bytes long.",
            f"A name has {_LONGEST} bytes at most; a letter outside ASCII takes 2 to 4 of them.",
        )
    if not re.fullmatch(r"[\w][\w.+-]{0,99}", name):
        raise ConfigError(
            f"{what}: {name!r} is not a usable name.",
            "Use letters, digits, '.', '_', '+' and '-', starting with a letter or digit, 100 at "
            "most.",
        )
    return name


def whole_name(name: str, names: Sequence[str]) -> str:
    """The one of these names that `name` is, or begins; `name` itself where it begins none.

    Raises:
        SessionError: it begins several.
    """
    if name in names:
        return name
    found = [one for one in names if name and one.startswith(name)]
    if len(found) > 1:
        shown = f"{', '.join(found[:_SHOWN])}{' …' if len(found) > _SHOWN else ''}"
        raise SessionError(
            f"{name!r} is the beginning of {len(found)} names: {shown}.", "Give more of the name."
        )
    return found[0] if found else name


def fitting(name: str, more: int) -> str:
    """The beginning of a name that leaves room for so many bytes behind it, cut between
    characters."""
    return os.fsencode(name)[: _LONGEST - more].decode(errors="ignore")


def cache_directory(session: Path) -> Path:
    """Where this account keeps what can be made again for the session in this directory, and nobody
    else reads it.

    That is its home, where this account owns it and no group works in it; else the user's cache.
    """
    if session.parent.name == "sessions":
        home = session.parent.parent
        if home.stat().st_uid == os.geteuid() and not is_shared(home):
            return home / "cache"
    return Path(platformdirs.user_cache_dir("tui-al", appauthor=False))
