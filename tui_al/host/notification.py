"""Says that a session or a sweep came to its end: by a command, or to a webhook, whichever the
environment names. Sessions name neither: one may be a stranger's."""

import json
import os
import shlex
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from tui_al.core.session.state import SessionState
from tui_al.errors import ConfigError

VARIABLE = "TUI_AL_NOTIFY"

#: Seconds that a command or a server may take.
_SECONDS = 30.0

_ALLOWED = (
    "Give a command, as 'notify-send tui-al', or an address that begins with https:// or http://."
)


@dataclass(frozen=True, slots=True)
class News:
    """How something ended; `message` says all of it in a line."""

    name: str
    path: str
    state: Literal["finished", "failed"]
    message: str


def check_target() -> None:
    """Raise ConfigError where nothing could be notified by what the environment names: better
    before hours of work than after."""
    target = _target()
    if not target or _is_address(target):
        return
    try:
        words = shlex.split(target)
    except ValueError as error:
        raise ConfigError(f"{VARIABLE}={target!r} cannot be read: {error}.", _ALLOWED) from error
    if shutil.which(words[0]) is None:
        raise ConfigError(f"{VARIABLE}: there is no program {words[0]!r}.", _ALLOWED)


def news_of(name: str, path: Path, state: SessionState, failure: tuple[str, str]) -> News | None:
    """What there is to say of a session that nobody works on; None where a person stopped it.

    Args:
        name: what it is called.
        path: its directory.
        state: as folded.
        failure: why it came to a halt, and what to do; empty where it did not fail.
    """
    if failure[0]:
        return News(name, str(path), "failed", f"{name} failed: {' '.join(failure)}".rstrip())
    if not (state.finished or state.ended == "finished"):
        return None
    points = [run.points[-1] for run in state.runs.values() if run.points]
    labels = max((point.labels for point in points), default=0)
    seeds = f", {len(points)} seeds" if len(points) > 1 else ""
    return News(name, str(path), "finished", f"{name} is finished: {labels:,} labels{seeds}")


def notify(news: News | None) -> str:
    """Say it, where the environment names how; what went wrong in doing so, or "".

    A command gets the message as its last argument, and TUI_AL_SESSION, TUI_AL_PATH and
    TUI_AL_STATE in its environment; a webhook gets all as a JSON object by POST."""
    target = _target()
    if not target or news is None:
        return ""
    try:
        if _is_address(target):
            _post(target, news)
        else:
            _run(shlex.split(target), news)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return f"{VARIABLE}: {news.message!r} could not be said: {error}"
    return ""


def _target() -> str:
    return os.environ.get(VARIABLE, "").strip()


def _is_address(target: str) -> bool:
    return target.lower().startswith(("https://", "http://"))


def _post(address: str, news: News) -> None:
    import urllib.request  # takes as long to import as a screen to be painted

    body = json.dumps(asdict(news)).encode()
    request = urllib.request.Request(
        address, body, {"Content-Type": "application/json", "User-Agent": "tui-al"}
    )
    with urllib.request.urlopen(request, timeout=_SECONDS):
        pass


def _run(command: list[str], news: News) -> None:
    said = {
        "TUI_AL_SESSION": news.name, "TUI_AL_PATH": news.path, "TUI_AL_STATE": news.state,
    }  # fmt: skip
    subprocess.run(
        [*command, news.message], env={**os.environ, **said}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, timeout=_SECONDS, check=True,
    )  # fmt: skip
