"""What kind of terminal this is, and what the app does about it. Read before Textual is imported."""

import contextlib
import gc
import locale
import os
import select
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_al.ui.bench import Bench

#: Textual reads these once, when it is imported. Over SSH: fewer frames, nothing that moves for its own sake.
_REMOTE = {
    "TEXTUAL_FPS": "15",
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_SMOOTH_SCROLL": "0",
}
_LOCAL = {"TEXTUAL_FPS": "60", "TEXTUAL_ANIMATIONS": "none"}


#: Set by textual-serve for the apps that it starts: they paint a browser's page, through pipes.
_DRIVER, _BROWSERS = "TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver"


def in_browser(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the app is shown by a browser, see `tui_al.ui.serve`: then pipes take the place of a terminal."""
    return (os.environ if environ is None else environ).get(_DRIVER) == _BROWSERS


def hung_up(descriptor: int) -> bool:
    """Whether the terminal behind a descriptor is gone; Textual would read its end over and over."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


@dataclass(frozen=True, slots=True)
class Terminal:
    """What was found out: whether it shows Unicode, is far away, has colours, and is light."""

    ascii: bool = False
    remote: bool = False
    light: bool = False

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> "Terminal":
        """From the environment; `TUI_AL_ASCII`, `TUI_AL_REMOTE` and `TUI_AL_THEME` (dark, light) overrule what it looks like."""
        environ = os.environ if environ is None else environ
        return cls(
            ascii=_flag(environ, "TUI_AL_ASCII", not _shows_unicode(environ)),
            remote=_flag(
                environ, "TUI_AL_REMOTE", any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "MOSH_IP"))
            ),
            light=environ.get("TUI_AL_THEME", "light" if _light(environ) else "dark") == "light",
        )  # fmt: skip

    def prepare(self, environ: MutableMapping[str, str] | None = None) -> None:
        """Set what Textual reads when it is imported; what the person has set stays."""
        environ = os.environ if environ is None else environ
        for name, value in (_REMOTE if self.remote else _LOCAL).items():
            environ.setdefault(name, value)


def run_app(
    home: Path,
    open_session: Path | None = None,
    *,
    mouse: bool = True,
    annotator: str | None = None,
) -> None:
    """Prepare the environment, import Textual, run the app, wait for decisions that are not on disk yet."""
    terminal = Terminal.read()
    terminal.prepare()
    gc.disable()  # until the first frame, see TuiAl.on_mount: a tenth of the time to it
    from tui_al.ui.app import TuiAl  # after prepare(): Textual reads the environment on import
    from tui_al.ui.keymap import load_keymap

    keymap = load_keymap(home)

    app = TuiAl(home, open_session, terminal, annotator, keymap)
    try:
        app.run(mouse=mouse)
    finally:
        for bench in app.benches:
            _wait_for(bench)


def _wait_for(bench: "Bench") -> None:
    """Until all decisions are on disk; not if the disk has refused them, which was asked about, and not after Ctrl-C."""
    refused = bool(bench.trouble)
    bench.close()
    if refused or bench.join(0.5):
        return
    sys.stderr.write("Saving the last decisions; Ctrl-C leaves without them.\n")
    with contextlib.suppress(KeyboardInterrupt):
        while not bench.join(2.0):
            sys.stderr.write(f"{bench.unsaved} left. {bench.trouble}\n")


def _flag(environ: Mapping[str, str], name: str, otherwise: bool) -> bool:
    value = environ.get(name, "").strip().lower()
    return value not in ("0", "no", "off", "false") if value else otherwise


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
    """Some terminals tell their colours as "foreground;background", 0-15; 7 and 15 are the light backgrounds."""
    return environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
