"""What the doctor says: one fact about this machine, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "info", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact. `bad`: something will not work; `warn`: it will, but slower or with a risk; `info`:
    good to know."""

    topic: str
    status: Status
    fact: str
    advice: str = ""


def size(count: float) -> str:
    """Bytes for people: 812 kB, 3.1 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
