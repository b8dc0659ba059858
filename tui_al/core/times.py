"""Points in time: seconds since the epoch, and as ISO 8601 text in UTC with microseconds, without a loss between the two."""

from datetime import UTC, datetime


def to_iso(seconds: float) -> str:
    """`0.25` becomes "1970-01-01T00:00:00.250000Z"; finer than microseconds is rounded."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_iso(text: str) -> float:
    """Seconds since the epoch; a time without a zone counts as UTC. ValueError for other forms."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
