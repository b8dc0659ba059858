"""Tag sequences of tagging tasks: the schemes they come in, and the entities they stand for.

Everything is read the way the CoNLL evaluation script reads it: B-, S- and U- start an entity; I-,
E- and L- continue one of the same type that is still open, and start a new one otherwise; E-, L-,
S- and U- close it. One reading therefore serves every scheme, and sequences that break their own
scheme have one meaning too.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

from tui_al.core.data.examples import Answer

#: An entity: first token, token after the last, type.
Span = tuple[int, int, str]

_STARTS = frozenset("BSU")
_CLOSES = frozenset("ELSU")
_PREFIXES = frozenset("BIELSU")


class Scheme(StrEnum):
    """How entities are written as tags."""

    IOB1 = "IOB1"  #: B- only where an entity follows another of its type directly
    IOB2 = "IOB2"  #: every entity starts with B-
    BIOES = "BIOES"  #: the last token has E-, a single one S-
    BILOU = "BILOU"  #: the same with L- and U-


@lru_cache(maxsize=4096)
def split_tag(tag: str) -> tuple[str, str]:
    """`"B-PER"` becomes `("B", "PER")` and `"O"` becomes `("O", "")`; ValueError for any other
    form."""
    if tag == "O":
        return "O", ""
    if len(tag) < 3 or tag[1] != "-" or tag[0] not in _PREFIXES or not tag[2:].strip():
        raise ValueError(f"{tag!r} is not a tag")
    return tag[0], tag[2:]


def is_tag(text: str) -> bool:
    """Whether `split_tag` can read it."""
    try:
        split_tag(text)
    except ValueError:
        return False
    return True


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The entities of one sequence, in order, ends exclusive; ValueError for a tag of unknown
    form."""
    spans: list[Span] = []
    start, kind = 0, ""  # the open entity; no type: none is open
    for position, tag in enumerate(tags):
        prefix, new_kind = split_tag(tag)
        if kind and (new_kind != kind or prefix in _STARTS):
            spans.append((start, position, kind))
            kind = ""
        if new_kind and not kind:
            start, kind = position, new_kind
        if prefix in _CLOSES:
            spans.append((start, position + 1, kind))
            kind = ""
    if kind:
        spans.append((start, len(tags), kind))
    return spans


def tags_of(spans: Iterable[Span], length: int, scheme: Scheme = Scheme.IOB2) -> tuple[str, ...]:
    """Write entities as `length` tags; ValueError for spans that overlap or lie outside."""
    tags = ["O"] * length
    previous_end, previous_kind = 0, ""
    for start, end, kind in sorted(spans):
        if not previous_end <= start < end <= length:
            raise ValueError(f"entity {(start, end, kind)} overlaps another or is out of range")
        adjacent = start == previous_end and kind == previous_kind
        prefixes = _prefixes(end - start, scheme, adjacent)
        tags[start:end] = [f"{prefix}-{kind}" for prefix in prefixes]
        previous_end, previous_kind = end, kind
    return tuple(tags)


def _prefixes(length: int, scheme: Scheme, adjacent: bool) -> str:
    inside = "I" * (length - 1)
    if scheme is Scheme.IOB1:
        return ("B" if adjacent else "I") + inside
    if scheme is Scheme.IOB2:
        return "B" + inside
    single, last = ("S", "E") if scheme is Scheme.BIOES else ("U", "L")
    return single if length == 1 else "B" + inside[1:] + last


def to_iob2(tags: Sequence[str]) -> tuple[str, ...]:
    """Any scheme, well-formed or not, to valid IOB2 with the same entities."""
    return tags_of(spans_of(tags), len(tags))


def is_well_formed(tags: Sequence[str], scheme: Scheme) -> bool:
    """Whether the sequence is what its own entities look like in this scheme."""
    return tags_of(spans_of(tags), len(tags), scheme) == tuple(tags)


def scheme_of(sentences: Sequence[Sequence[str]]) -> Scheme:
    """The scheme a corpus is written in: by its letters, then by which of IOB1 and IOB2 it breaks
    less often.

    IOB2 wins ties. ValueError if letters of BIOES and BILOU are mixed, or for a tag of unknown
    form."""
    prefixes = {split_tag(tag)[0] for tags in sentences for tag in tags}
    if prefixes & set("ES") and prefixes & set("LU"):
        raise ValueError("E-/S- and L-/U- tags are mixed")
    if prefixes & set("ES"):
        return Scheme.BIOES
    if prefixes & set("LU"):
        return Scheme.BILOU
    broken = {
        scheme: sum(not is_well_formed(tags, scheme) for tags in sentences)
        for scheme in (Scheme.IOB2, Scheme.IOB1)
    }
    return min(broken, key=broken.__getitem__)


def apply_renames(answer: Answer | None, renamed: Mapping[str, str]) -> Answer | None:
    """An answer of the data set in today's label names."""
    if answer is None or not renamed:
        return answer
    if isinstance(answer, str):
        return renamed.get(answer, answer)
    spans = [(start, end, renamed.get(kind, kind)) for start, end, kind in spans_of(answer)]
    return tags_of(spans, len(answer))
