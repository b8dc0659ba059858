"""Traps: a process that gets a signal at a moment of its own work, so that the same seed hits the
same moment.

A trap is told by the environment: whose it is ("engine", "watch", "tui_al"), what it counts, at
which count it springs, with which signal:

    file    a file below the case's directory is opened for writing, made, renamed or removed; it
        springs before that happens
    event   events or decisions go on record; it springs when they are on disk
"""

import ctypes
import faulthandler
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

CASE = "TUI_AL_CAMPAIGN_CASE"  #: the directory of the case, which also names it
TRAP = "TUI_AL_CAMPAIGN_TRAP"  #: JSON of role, what, number and signal
COUNT = (
    "TUI_AL_CAMPAIGN_COUNT"  #: "role:file"; what a process of that role counts goes into the file
)

_FILE_EVENTS = frozenset(
    {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
)

ROLES = {
    "tui_al": "cli",
    "tui_al.engine": "engine",
    "tui_al.host.supervisor": "watch",
    "remove": "cli",
}


class Trap:
    """Counts what happens in this process, and springs once."""

    def __init__(self, case: str, what: str, number: int, name: int) -> None:
        self.case, self.what, self.number, self.name = case, what, number, name
        self.counts = {"file": 0, "event": 0}

    def count(self, what: str) -> None:
        """One more; does not return where a killing trap springs."""
        self.counts[what] += 1
        if what == self.what and self.counts[what] == self.number:
            Path(self.case, f"sprung-{os.getpid()}").touch()
            os.kill(os.getpid(), self.name)
            if self.name in (signal.SIGKILL, signal.SIGSTOP):
                time.sleep(0.01)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook."""
        if event == "open":
            path, mode, flags = arguments
            writing = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if not writing and not (isinstance(mode, str) and set(mode) & set("wax+")):
                return
        elif event in _FILE_EVENTS:
            path = arguments[0]
        else:
            return
        if not isinstance(path, str | bytes | os.PathLike):
            return
        name = os.fsdecode(path)
        if name.startswith(self.case) and "/sprung-" not in name and "/count" not in name:
            self.count("file")


def set_up(module: str, arguments: list[str]) -> None:
    """Trap this process, if it is the one that is meant, or count for the next."""
    if "FAULTS_CONTROL" in os.environ:
        ctypes.CDLL(os.environ["LD_PRELOAD"]).faults_begin()
    if "FAULTS_CONTROL" in os.environ:
        stacks = os.open(
            f"{os.environ[CASE]}.stacks", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )
        faulthandler.register(signal.SIGUSR2, stacks, all_threads=True)
    role = ROLES.get(module, "")
    if module == "tui_al.engine" and arguments[:1] != ["run"]:
        role = "helper"
    case, asked = os.environ.get(CASE, ""), os.environ.get(TRAP)
    counts_role, _, counting = os.environ.get(COUNT, "").partition(":")
    if asked is None and not counting:
        return
    given: dict[str, Any] = {"role": counts_role, "what": "", "number": 0, "signal": 0}
    if asked:
        given = json.loads(asked)
    if given["role"] != role:
        return
    trap = Trap(case, given["what"], given["number"], given["signal"])
    sys.addaudithook(trap.hear)
    _count_records(trap)
    if counting:
        import atexit

        atexit.register(lambda: Path(counting).write_text(json.dumps(trap.counts)))


def _count_records(trap: Trap) -> None:
    from tui_al.store.decisions import DecisionLog
    from tui_al.store.session import Session

    append, insert = Session.append, DecisionLog.insert

    def appended(self: Session, *events: Any) -> Any:
        done = append(self, *events)
        trap.count("event")
        return done

    def inserted(self: DecisionLog, *records: Any, **more: Any) -> Any:
        done = insert(self, *records, **more)
        trap.count("event")
        return done

    Session.append = appended  # type: ignore[method-assign]
    DecisionLog.insert = inserted  # type: ignore[method-assign]
