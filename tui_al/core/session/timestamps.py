"""Points in time: seconds since the epoch, and as ISO 8601 text in UTC with microseconds, without a
loss between the two."""

import math
import time
from datetime import UTC, datetime

#: Seconds at the beginning of the years 1 and 10000, between which there are dates.
_FIRST, _AFTER = -62_135_596_800, 253_402_300_800

_DAY = 86_400.0


def is_date(seconds: float) -> bool:
    """Whether there is a date for it; what is stored may be any number."""
    return math.isfinite(seconds) and _FIRST <= seconds < _AFTER


def is_plausible(seconds: float, now: float | None = None) -> bool:
    """Whether something can have been said then: from 1970 to tomorrow."""
    return 0.0 <= seconds <= (time.time() if now is None else now) + _DAY


def local_clock(seconds: float, form: str) -> str:
    """The local time by a form of `time.strftime`; of a number that is not a date, "no date" in as
    many columns."""
    shown = time.strftime(form, time.localtime(seconds if is_date(seconds) else 0.0))
    return shown if is_date(seconds) else "no date".ljust(len(shown))


def to_iso(seconds: float) -> str:
    """`0.25` becomes "1970-01-01T00:00:00.250000Z"; finer than microseconds is rounded."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_iso(text: str) -> float:
    """Seconds since the epoch; a time without a zone counts as UTC. ValueError for other forms."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
