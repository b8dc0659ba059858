"""Type-ahead over label names: which ones match what was typed, the best first, and which
characters to highlight.

A name matches if the typed characters occur in it in this order, whatever their case and accents;
spaces in what was typed are ignored. Among the ways to match, and among the names, those are better
that hit the beginnings of words and runs of characters."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

#: A run is worth more than a word's beginning, so that "card" does not jump from "car" to the d of
#: another word.
_HIT, _START_OF_NAME, _START_OF_WORD, _RUN, _GAP = 1.0, 8.0, 6.0, 7.0, 0.1
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Match:
    """A name that matches."""

    index: int  #: of the name
    score: float  #: the higher, the better; comparable for the same query only
    positions: tuple[int, ...]  #: of the matched characters in the name, ascending


@dataclass(frozen=True, slots=True)
class _Name:
    """A name made comparable: its characters without case and accents, and what each stands for in
    the name."""

    letters: str
    origins: tuple[int, ...]  #: position in the name that each letter comes from
    bonuses: tuple[float, ...]  #: for hitting each letter


class LabelIndex:
    """Names made ready to be searched at every key press; a thousand take a few milliseconds."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = [_prepared(name) for name in names]

    def search(self, query: str) -> list[Match]:
        """All names that match, the best first: by score, then the shorter name, then the order of
        the names.

        An empty query matches every name, in their order.
        """
        wanted = "".join(_plain(c) for c in query if not c.isspace())
        if not wanted:
            return [Match(i, 0.0, ()) for i in range(len(self._names))]
        matches = []
        for index, name in enumerate(self._names):
            if _occurs(wanted, name.letters):
                score, letters = _best_way(wanted, name)
                origins = tuple(dict.fromkeys(name.origins[i] for i in letters))
                matches.append(Match(index, score, origins))
        return sorted(matches, key=lambda m: (-m.score, len(self._names[m.index].letters), m.index))


def _prepared(name: str) -> _Name:
    letters: list[str] = []
    origins: list[int] = []
    bonuses: list[float] = []
    before = ""
    for position, character in enumerate(name):
        starts = _starts_word(before, character)
        for i, letter in enumerate(_plain(character)):
            bonus = (_START_OF_NAME if not letters else _START_OF_WORD) if starts and not i else 0.0
            letters.append(letter)
            origins.append(position)
            bonuses.append(bonus)
        if not unicodedata.combining(character):
            before = character
    return _Name("".join(letters), tuple(origins), tuple(bonuses))


def _plain(character: str) -> str:
    """Without case and accents: one letter, several ("ß" is "ss"), or none (a combining accent)."""
    decomposed = unicodedata.normalize("NFKD", character).casefold().replace("ı", "i")
    return "".join(
        c
        for c in unicodedata.normalize("NFKD", decomposed)
        if not unicodedata.combining(c) and unicodedata.category(c) != "Cf"
    )


def _starts_word(before: str, character: str) -> bool:
    """After nothing or a separator, at a capital after a small letter ("cardLost"), at the first
    digit of a number."""
    if not character.isalnum():
        return False
    if not before.isalnum():
        return True
    return (character.isupper() and before.islower()) or (
        character.isdigit() and not before.isdigit()
    )


def _occurs(wanted: str, letters: str) -> bool:
    position = -1
    for letter in wanted:
        position = letters.find(letter, position + 1)
        if position < 0:
            return False
    return True


def _best_way(wanted: str, name: _Name) -> tuple[float, list[int]]:
    """The best-scored way to find `wanted` in the name, and the letters it hits; the earliest of
    equal ways.

    score[j] is the best score of a way that hits the letters typed so far with the last one at j. A
    hit right after the one before earns `_RUN`, any other costs `_GAP` a letter skipped, those
    before the first included."""
    n = len(name.letters)
    score = [
        _HIT + name.bonuses[j] - _GAP * j if name.letters[j] == wanted[0] else _NEVER
        for j in range(n)
    ]
    came_from: list[list[int]] = []
    for letter in wanted[1:]:
        following, origin = [_NEVER] * n, [-1] * n
        best, best_at = _NEVER, -1  # over hits before j - 1, each less what skipping up to j costs
        for j in range(1, n):
            if best > _NEVER:
                best -= _GAP
            if j > 1 and score[j - 2] - _GAP > best:
                best, best_at = score[j - 2] - _GAP, j - 2
            if name.letters[j] != letter:
                continue
            run = score[j - 1] + _RUN
            reach, origin[j] = (run, j - 1) if run >= best else (best, best_at)
            following[j] = reach + _HIT + name.bonuses[j]
        came_from.append(origin)
        score = following
    last = max(range(n), key=lambda j: (score[j], -j))
    way = [last]
    for origin in reversed(came_from):
        way.append(origin[way[-1]])
    return score[last], way[::-1]
