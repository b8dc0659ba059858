"""What was done with sessions and sweeps of a home that they cannot tell themselves: deleted,
renamed, shared, taken back.

`history.jsonl` in the home: one line of JSON each, only ever added to. A line is written at once,
so lines of several programs do not mix; one that a crash cut off is told of when the file is read,
and the next begins on a line of its own."""

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tui_al.core.session.serialization import record_of
from tui_al.store.accounts import this_account
from tui_al.store.environment import of_os
from tui_al.store.sharing import open_file
from tui_al.store.strangers import read_bytes

FILE = "history.jsonl"

_LARGEST = 2**26


@dataclass(frozen=True, slots=True)
class HomeEntry:
    """One thing that was done; `name` is the session's or sweep's, `detail` what belongs to it, as
    a new name."""

    time: float  #: seconds since the epoch
    account: str
    action: str
    what: str  #: "session" or "sweep"
    name: str
    detail: str = ""


@dataclass(slots=True)
class HomeHistory:
    """All that was done, in order, and how many lines cannot be read."""

    entries: list[HomeEntry] = field(default_factory=list)
    damaged: int = 0


def note(home: Path | None, action: str, what: str, name: str, detail: str = "") -> None:
    """Add what this account has just done; nothing where the session lies in no home.

    Raises:
        MachineError: it cannot be written; the message says that what was noted is done all the
        same.
    """
    if home is None:
        return
    entry = HomeEntry(time.time(), this_account(), action, what, name, detail)
    line = json.dumps(asdict(entry), ensure_ascii=True) + "\n"
    path = home / FILE
    try:
        descriptor = open_file(path, os.O_RDWR | os.O_APPEND)
        try:
            size = os.fstat(descriptor).st_size
            cut = size and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, ("\n" * bool(cut) + line).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise of_os(error, path, f"{what} {name} is {action}, but not noted in {path}") from error


def read_home_history(home: Path) -> HomeHistory:
    """What was done in a home; nothing where nothing was. Raises MachineError where it cannot be
    read."""
    found = HomeHistory()
    try:
        text = read_bytes(home / FILE, _LARGEST, end=True).decode("utf-8", "replace")
    except FileNotFoundError:
        return found
    except OSError as error:
        raise of_os(error, home / FILE) from error
    for line in filter(str.strip, text.split("\n")):
        try:
            found.entries.append(record_of(HomeEntry, json.loads(line)))
        except (ValueError, TypeError, AttributeError, RecursionError):
            found.damaged += 1
    return found
