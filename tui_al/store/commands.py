"""What people ask of a working engine: numbered rows, each with the engine that it is for, and the
account that sent it.

A session of an older program has neither column: they are added when something is sent. Older
programs name the columns that they write and read, so they go on working; what they send is for
whatever engine is at work."""

import sqlite3
import time
from dataclasses import dataclass

from tui_al.store.row_checks import add_columns, columns_of


@dataclass(frozen=True, slots=True)
class Sent:
    """A command as it is kept; `account` and `recipient` are "" where nobody noted them."""

    seq: int
    time: float
    name: str
    account: str = ""
    recipient: str = ""


_ADDED = ("recipient", "account")


def send_command(db: sqlite3.Connection, name: str, recipient: str | None, account: str) -> None:
    """Keep a command for the engine whose token is `recipient`; None for whatever engine is at
    work."""
    add_columns(db, "commands", _ADDED, "TEXT")
    db.execute(
        "INSERT INTO commands (time, name, recipient, account) VALUES (?, ?, ?, ?)",
        (time.time(), name, recipient, account),
    )


def commands_sent(db: sqlite3.Connection, after: int = 0) -> list[Sent]:
    """Commands with a number above `after`, in order."""
    there = columns_of(db, "commands")
    more = [name if name in there else "NULL" for name in ("account", "recipient")]
    rows = db.execute(
        f"SELECT seq, time, name, {', '.join(more)} FROM commands WHERE seq > ? ORDER BY seq",
        (after,),
    )
    return [Sent(seq, when, name, account or "", to or "") for seq, when, name, account, to in rows]
