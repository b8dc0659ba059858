"""What kind of terminal this is, and what the app does about it. Read before Textual is
imported."""

import locale
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from tui_al.errors import ConfigError
from tui_al.ui.keymap import Keymap, load_keymap

#: Textual reads these once, when it is imported. Over SSH: fewer frames, nothing that moves for its
#: own sake.
_REMOTE = {
    "TEXTUAL_FPS": "15",
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_SMOOTH_SCROLL": "0",
}
_LOCAL = {"TEXTUAL_FPS": "60", "TEXTUAL_ANIMATIONS": "none"}


#: Set by textual-serve for the apps that it starts: they paint a browser's page, through pipes.
_DRIVER, _BROWSERS = "TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver"

_COLOUR_SYSTEMS = ("auto", "standard", "256", "truecolor", "windows")


def in_browser(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the app is shown by a browser, see `tui_al.ui.serve`: then pipes take the place of a
    terminal."""
    return (os.environ if environ is None else environ).get(_DRIVER) == _BROWSERS


@dataclass(frozen=True, slots=True)
class Terminal:
    """What was found out: whether it shows Unicode, is far away, has colours, and is light."""

    ascii: bool = False
    remote: bool = False
    light: bool = False

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> "Terminal":
        """From the environment; `TUI_AL_ASCII`, `TUI_AL_REMOTE` and `TUI_AL_THEME` (dark, light)
        overrule what it looks like.

        Raises ConfigError that names a variable of ours whose value is none.
        """
        environ = os.environ if environ is None else environ
        return cls(
            ascii=_flag(environ, "TUI_AL_ASCII", not _shows_unicode(environ)),
            remote=_flag(
                environ, "TUI_AL_REMOTE",
                any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "MOSH_IP"))
            ),
            light=_theme(environ) == "light",
        )  # fmt: skip

    def prepare(self, environ: MutableMapping[str, str] | None = None) -> None:
        """Set what Textual reads when it is imported; what the person has set stays."""
        environ = os.environ if environ is None else environ
        for name, value in (_REMOTE if self.remote else _LOCAL).items():
            environ.setdefault(name, value)


@dataclass(frozen=True, slots=True)
class AppSettings:
    """What a person has set for the app: by the environment, and in `keys.toml`."""

    terminal: Terminal
    keymap: Keymap


def app_settings(home: Path) -> AppSettings:
    """Read them; ConfigError where one cannot be used. Whoever starts an engine for the app to show
    reads them before."""
    _check_textual(os.environ)
    return AppSettings(Terminal.read(), load_keymap(home))


def _check_textual(environ: Mapping[str, str]) -> None:
    """What Textual reads, and would end with a traceback for."""
    colours = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if colours not in _COLOUR_SYSTEMS:
        raise ConfigError(
            f"TEXTUAL_COLOR_SYSTEM: {colours!r} is not a colour system.",
            f"It is one of {', '.join(_COLOUR_SYSTEMS)}.",
        )
    if environ.get(_DRIVER, _BROWSERS) != _BROWSERS:
        raise ConfigError(
            f"{_DRIVER}: {environ[_DRIVER]!r} is not a driver of this app.", "Unset it."
        )
    log = environ.get("TEXTUAL_LOG")
    if log and not os.access(Path(log).absolute().parent, os.W_OK):
        raise ConfigError(
            f"TEXTUAL_LOG: {log!r} cannot be written.",
            "Unset it, or name a file in a directory of yours.",
        )


def _flag(environ: Mapping[str, str], name: str, otherwise: bool) -> bool:
    value = environ.get(name, "").strip().lower()
    return value not in ("0", "no", "off", "false") if value else otherwise


def _theme(environ: Mapping[str, str]) -> str:
    given = environ.get("TUI_AL_THEME", "").strip().lower()
    if given not in ("", "dark", "light"):
        raise ConfigError(f"TUI_AL_THEME: {given!r} is not a theme.", "Set it to dark or light.")
    return given or ("light" if _light(environ) else "dark")


def _shows_unicode(environ: Mapping[str, str]) -> bool:
    if in_browser(environ):  # whatever terminal the server was started from
        return True
    if environ.get("TERM") in ("dumb", "vt100", "vt102", "vt220"):
        return False
    named = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG")
    encoding = named.rpartition(".")[2] if named and "." in named else ""
    if not encoding and named in ("C", "POSIX"):
        return False
    return (encoding or locale.getpreferredencoding(False)).lower().replace("-", "") == "utf8"


def _light(environ: Mapping[str, str]) -> bool:
    """Some terminals tell their colours as "foreground;background", 0-15; 7 and 15 are the light
    backgrounds."""
    return environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
