"""Between tokens and characters: where the tokens of a text are, and entities as exact character
offsets or as IOB2 tags."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from tui_al.core.data.tags import spans_of, tags_of
from tui_al.core.data.word_split import Offsets, is_blank, split_words

#: An entity in a text: first character, character after the last, type.
CharSpan = tuple[int, int, str]


class OverlapError(ValueError):
    """Two entities of a text share a character."""


def token_offsets(text: str, tokens: Sequence[str]) -> tuple[Offsets, ...]:
    """First character and character after the last of each token, in order.

    Only blanks may lie between tokens: a token found further on would be another one.

    Raises:
        ValueError: a token is not where it should be; the message names it and the place.
    """
    found, place = [], 0
    joined = (
        " ".join(tokens) == text
    )  # then every place is known, also of tokens that are or hold blanks
    for number, token in enumerate(tokens, start=1):
        start = place if joined else _start(text, token, place)
        if start < 0:
            raise ValueError(
                f"token {number}, {token!r}, is not in the text at character {place}, where there "
                f"is {text[place : place + 20]!r}"
            )
        place = start + len(token)
        found.append((start, place))
        place += joined
    return tuple(found)


def _start(text: str, token: str, place: int) -> int:
    """Where the token begins at or after `place` with nothing but blanks before it; -1 if it does
    not."""
    start = text.find(token, place)
    return start if all(is_blank(character) for character in text[place:start]) else -1


def spans_to_tags(text: str, tokens: Sequence[str], spans: Iterable[CharSpan]) -> tuple[str, ...]:
    """Entities as one IOB2 tag for each token.

    Raises:
        ValueError: an entity is out of range, empty, overlaps another (OverlapError), or does not
        begin and end where tokens do.
    """
    offsets = token_offsets(text, tokens)
    starts = {start: number for number, (start, end) in enumerate(offsets) if start < end}
    ends = {end: number + 1 for number, (start, end) in enumerate(offsets) if start < end}
    spans = check_spans(text, spans)
    for start, end, kind in spans:
        for place, borders, verb in ((start, starts, "begins"), (end, ends, "ends")):
            if place not in borders:
                raise ValueError(
                    f"entity {_shown(text, start, end, kind)} {verb} {_where(text, offsets, place)}"
                )
    return tags_of([(starts[start], ends[end], kind) for start, end, kind in spans], len(tokens))


def tags_to_spans(text: str, tokens: Sequence[str], tags: Sequence[str]) -> tuple[CharSpan, ...]:
    """Tags of any scheme as entities in the text, in order; ValueError as `token_offsets`, or for
    tags that are none."""
    if len(tags) != len(tokens):
        raise ValueError(f"{len(tokens)} tokens but {len(tags)} tags")
    offsets = token_offsets(text, tokens)
    return tuple(
        (offsets[start][0], offsets[end - 1][1], kind) for start, end, kind in spans_of(tags)
    )


def check_spans(text: str, spans: Iterable[CharSpan]) -> tuple[CharSpan, ...]:
    """The entities in order.

    Raises:
        OverlapError: two of them share a character.
        ValueError: one is empty, out of range or without a type.
    """
    ordered = tuple(sorted(spans))
    for start, end, kind in ordered:
        if not 0 <= start < end <= len(text):
            raise ValueError(
                f"entity {start}-{end} ({kind}) is empty or outside the text, which has "
                f"{len(text)} characters"
            )
        if not kind:
            raise ValueError(f"entity {_shown(text, start, end, kind)} has no type")
    for (start, end, kind), (next_start, next_end, next_kind) in pairwise(ordered):
        if next_start < end:
            raise OverlapError(
                f"entity {_shown(text, next_start, next_end, next_kind)} overlaps "
                f"{_shown(text, start, end, kind)}"
            )
    return ordered


def words_within(text: str, spans: Iterable[CharSpan]) -> tuple[tuple[str, ...], int]:
    """The words of a text, split further where an entity begins or ends inside one; and how many
    words were split.

    So that every entity can be written as tags of whole words, whatever its borders are.
    """
    borders = sorted({border for start, end, _ in spans for border in (start, end)})
    words: list[str] = []
    split = place = 0
    for start, end in split_words(text):
        while place < len(borders) and borders[place] <= start:
            place += 1
        cuts = [start]
        while place < len(borders) and borders[place] < end:
            cuts.append(borders[place])
            place += 1
        words += [text[a:b] for a, b in pairwise([*cuts, end])]
        split += len(cuts) > 1
    return tuple(words), split


def trim_span(text: str, span: CharSpan) -> CharSpan:
    """The entity without blanks at its borders, as a selection with the mouse often has them; it
    may become empty.

    One outside the text stays as it is, for `check_spans` to refuse.
    """
    start, end, kind = span
    if not 0 <= start < end <= len(text):
        return span
    while start < end and is_blank(text[start]):
        start += 1
    while start < end and is_blank(text[end - 1]):
        end -= 1
    return start, end, kind


def _shown(text: str, start: int, end: int, kind: str) -> str:
    return f"{text[start:end]!r} ({start}-{end}, {kind})"


def _where(text: str, offsets: Sequence[Offsets], place: int) -> str:
    for start, end in offsets:
        if start < place < end:
            return f"inside the token {text[start:end]!r} ({start}-{end}): tokens are marked whole"
    return f"at character {place}, where no token does"
