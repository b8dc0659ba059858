"""What is left out of a file of annotations, counted by the reason."""

from collections.abc import Sequence

NO_ANSWER = "without an answer"

_PLACES = 3


class Tally:
    """Counts by reason, with the first places of each."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._places: dict[str, list[str]] = {}

    def add(self, reason: str, place: str, count: int = 1) -> None:
        """Count one more, or `count`, at this place."""
        self._counts[reason] = self._counts.get(reason, 0) + count
        places = self._places.setdefault(reason, [])
        if place and place not in places and len(places) < _PLACES:
            places.append(place)

    def __getitem__(self, reason: str) -> int:
        return self._counts.get(reason, 0)

    @property
    def counts(self) -> dict[str, int]:
        """The counts by reason, in the order in which reasons came up."""
        return dict(self._counts)

    @property
    def total(self) -> int:
        """All counts together."""
        return sum(self._counts.values())

    def told(self) -> list[str]:
        """A line for each reason: `3 with entities that overlap (a.jsonl:2, a.jsonl:9 and 1
        more)`."""
        return [
            f"{count:,} {reason}{_shown(self._places[reason], count)}"
            for reason, count in self._counts.items()
        ]


def _shown(places: Sequence[str], count: int) -> str:
    if not places:
        return ""
    more = f" and {count - len(places):,} more" if count > len(places) else ""
    return f" ({', '.join(places)}{more})"
