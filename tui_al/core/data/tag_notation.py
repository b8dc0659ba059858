"""How a corpus spells its tags, found from a sample of them, and their translation into the tags of
`core.data.tags`.

Read are `B-PER` with any of the usual letters and separators, small letters, `PER-B`, the letter
alone (`B`), the type alone (`PER`), brackets over several tokens (`(PER*`, `*`, `*)`), and numbers
that come with a list of names."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from tui_al.core.data.tags import is_tag

#: The type of every entity where the tags have none.
UNTYPED = "ENTITY"


class Form(StrEnum):
    """What a tag says."""

    TYPED = "typed"  #: where in the entity the token stands, and the type
    UNTYPED = "untyped"  #: where in the entity, no type
    TYPES = "types"  #: the type alone
    BRACKETS = "brackets"  #: which entities open and close at the token
    NUMBERS = "numbers"  #: a place in a list of names


# B(egin), I(nside), E(nd), S(ingle), L(ast), U(nit), M(iddle), W(hole); the last two are other
# names of I and S
_LETTERS = "BIESLUMW"
_SAME = {"M": "I", "W": "S"}
_SEPARATORS = ("-", "_", ":", "/", ".", "|", "#")
_OUTSIDE = frozenset({"o", "_", "-", "0", "out", "outside", "other", "none", "null"})
_OUTSIDE_OF_TYPES = _OUTSIDE - {"other"}  # a type like any other
_BRACKET = re.compile(r"(?:\(([^\s()*]+))?\*(\))?|\(([^\s()*]+)\)")
_NUMBER = re.compile(r"\d{1,6}")
_ENOUGH = (
    0.8  # of the tags that are not O must fit a form; the rest are errors with a line of their own
)
_MOST_TYPES = 200


@dataclass(frozen=True, slots=True)
class Notation:
    """One way to spell tags; `read` translates them."""

    form: Form = Form.TYPED
    separator: str = "-"
    type_first: bool = False  #: `PER-B`
    outside: frozenset[str] = frozenset({"O"})
    letters: frozenset[str] = frozenset()  #: that the sample has, as they are written
    entity: str = UNTYPED  #: the type where none is written
    names: tuple[str, ...] = ()  #: of numbers: tags of `core.data.tags`

    def read(self, tags: Sequence[str]) -> tuple[str, ...]:
        """The tags of one sentence as `core.data.tags.split_tag` takes them; ValueError names the
        token and its tag."""
        if self.form is Form.BRACKETS:
            return _read_brackets(tags)
        read = []
        for place, tag in enumerate(tags, start=1):
            found = self.one(tag)
            if found is None:
                raise ValueError(f"token {place} has the tag {tag!r}, {self._misfit()}")
            read.append(found)
        return tuple(read)

    def one(self, tag: str) -> str | None:
        """One tag in the spelling of `core.data.tags`; None if it is none. Not for brackets."""
        if tag in self.outside:
            return "O"
        return _translations(self)[tag]

    def is_tag(self, text: str) -> bool:
        """Whether the spelling has such a tag."""
        if self.form is Form.BRACKETS:
            return bool(_BRACKET.fullmatch(text))
        return self.one(text) is not None

    @property
    def scheme(self) -> str:
        """What the scheme is called where `core.data.tags.scheme_of` has no name for it; ""
        otherwise."""
        if self.form is Form.TYPES:
            return "IO (types alone)"
        if self.form is Form.BRACKETS:
            return "brackets"
        letters = {letter.upper() for letter in self.letters}
        if "W" in letters:
            return "BMEWO"
        return "BMES" if "M" in letters else ""

    @property
    def is_plain(self) -> bool:
        """Whether `core.data.tags` reads its tags as they are."""
        large = all(map(str.isupper, self.letters)) and not self.scheme
        as_written = self.form is Form.TYPED and self.separator == "-" and not self.type_first
        return as_written and large and self.outside == {"O"}

    def notes(self) -> list[str]:
        """What is not as IOB2 has it and had to be decided, for people."""
        notes = []
        if self.form is Form.UNTYPED:
            notes.append(
                f"tags: {', '.join(sorted(self.letters))} name no type: every entity is called "
                f"{self.entity}"
            )
        elif self.form is Form.TYPES:
            notes.append(
                "tags: types alone, without B- and I-: neighbours of one type are read as one "
                "entity"
            )
        elif self.form is Form.TYPED and self.letters:
            letter = min(self.letters)
            shape = (
                f"TYPE{self.separator}{letter}"
                if self.type_first
                else f"{letter}{self.separator}TYPE"
            )
            if self.type_first or self.separator != "-" or letter.islower():
                notes.append(f"tags: written as {shape}")
        odd = sorted(self.outside - {"O", "o"})
        if odd and self.form is not Form.BRACKETS:
            notes.append(f"tags: {', '.join(map(repr, odd))} read as O (no entity)")
        return notes

    def _misfit(self) -> str:
        if self.form is Form.NUMBERS:
            return f"but there are names for 0 to {len(self.names) - 1} only"
        if self.form is Form.TYPES:
            return "but the sentences before have types alone, as PER"
        if self.form is Form.UNTYPED:
            return f"but the sentences before have {', '.join(sorted(self.letters))} and O only"
        return "which is not a tag of a known form"


PLAIN = Notation()


class _Translation(dict[str, str | None]):
    """Tag to tag of `core.data.tags`, worked out when first met; None for what is not a tag."""

    def __init__(self, notation: Notation) -> None:
        super().__init__()
        self._notation = notation

    def __missing__(self, tag: str) -> str | None:
        found = self[tag] = _translate(self._notation, tag)
        return found


@lru_cache(maxsize=64)
def _translations(notation: Notation) -> _Translation:
    return _Translation(notation)


def _translate(notation: Notation, tag: str) -> str | None:
    if notation.form is Form.NUMBERS:
        known = _NUMBER.fullmatch(tag) and int(tag) < len(notation.names)
        return notation.names[int(tag)] if known else None
    if notation.form is Form.TYPES:
        return f"I-{tag}" if tag.strip() and not is_tag(tag) else None
    if notation.form is Form.UNTYPED:
        letter = tag.upper()
        known = len(tag) == 1 and letter in _LETTERS and tag in _cases(notation.letters)
        return f"{_SAME.get(letter, letter)}-{notation.entity}" if known else None
    parts = _parts(tag, notation.separator, notation.type_first)
    if parts is None or parts[0] not in _cases(notation.letters):
        return None
    letter = parts[0].upper()
    return f"{_SAME.get(letter, letter)}-{parts[1]}"


@lru_cache(maxsize=64)
def _cases(letters: frozenset[str]) -> frozenset[str]:
    """All letters that may come where the sample has these: of the same case, and M and W only
    where it has one of them."""
    known = set(_LETTERS if letters & set("MWmw") else _LETTERS.replace("M", "").replace("W", ""))
    small = {letter.lower() for letter in known} if any(map(str.islower, letters)) else set()
    large = known if not letters or any(map(str.isupper, letters)) else set()
    return frozenset(small | large)


def _parts(tag: str, separator: str, type_first: bool) -> tuple[str, str] | None:
    """Letter and type of a typed tag; None if it is none."""
    if len(tag) < 3:
        return None
    letter, mark, kind = (tag[-1], tag[-2], tag[:-2]) if type_first else (tag[0], tag[1], tag[2:])
    if mark != separator or letter.upper() not in _LETTERS or not kind.strip():
        return None
    return letter, kind


def _read_brackets(tags: Sequence[str]) -> tuple[str, ...]:
    read, kind = [], ""
    for place, tag in enumerate(tags, start=1):
        found = _BRACKET.fullmatch(tag)
        opened = (found[1] or found[3] or "") if found else ""
        if not found or (opened and kind) or (found[2] and not (kind or opened)):
            raise ValueError(f"token {place} has {tag!r}, where no such bracket can be")
        prefix = "B" if opened else "I"
        kind = opened or kind
        read.append(f"{prefix}-{kind}" if kind else "O")
        if found[2] or found[3]:
            kind = ""
    if kind:
        raise ValueError(f"the entity {kind!r} is opened, but not closed in its sentence")
    return tuple(read)


def notation_of(sentences: Iterable[Sequence[str]], entity: str = UNTYPED) -> Notation | None:
    """The notation that (nearly) all tags of a sample fit; None if there is none.

    A sample of nothing but `O` counts as IOB2. Numbers come without their names: see `numbered`.
    Types alone are taken for tags only where some token has none (`O`). What a caller must judge is
    whether these strings are tags at all."""
    counts = Counter(tag for sentence in sentences for tag in sentence)
    if not counts:
        return None
    outside = {tag for tag in counts if tag.lower() in _OUTSIDE}
    inside = {tag: count for tag, count in counts.items() if tag not in outside}
    if all(_NUMBER.fullmatch(tag) for tag in counts) and inside:
        return Notation(Form.NUMBERS)
    if not inside:
        return PLAIN if outside <= {"O"} else Notation(outside=frozenset({"O", *outside}))
    return (
        _typed(inside, outside)
        or _brackets(counts)
        or _untyped(inside, outside, entity)
        or _types(inside, counts)
    )


def _typed(inside: dict[str, int], outside: set[str]) -> Notation | None:
    best: tuple[int, Notation] | None = None
    for type_first in (False, True):
        for separator in _SEPARATORS:
            parts = {tag: _parts(tag, separator, type_first) for tag in inside}
            hits = sum(inside[tag] for tag, part in parts.items() if part)
            letters = frozenset(part[0] for part in parts.values() if part)
            if type_first and len(letters) < 2 and all(map(str.islower, letters)):
                continue  # types that happen to end so, as "a-b"
            if hits and (best is None or hits > best[0]):
                known = frozenset({"O", *outside})
                best = hits, Notation(Form.TYPED, separator, type_first, known, letters)
    if best is None or best[0] < _ENOUGH * sum(inside.values()):
        return None
    return best[1] if _has_beginnings(best[1].letters) else None


def _has_beginnings(letters: frozenset[str]) -> bool:
    """Entities begin with B, S, U or W, or (IOB1, IO) with I."""
    return bool({letter.upper() for letter in letters} & set("BSUWI"))


def _untyped(inside: dict[str, int], outside: set[str], entity: str) -> Notation | None:
    letters = frozenset(inside)
    known = all(len(tag) == 1 and tag.upper() in _LETTERS for tag in inside)
    if not known or not outside or not _has_beginnings(letters):
        return None
    return Notation(
        Form.UNTYPED, outside=frozenset({"O", *outside}), letters=letters, entity=entity
    )


def _brackets(counts: Counter[str]) -> Notation | None:
    hits = sum(count for tag, count in counts.items() if _BRACKET.fullmatch(tag))
    opened = any(tag.startswith("(") for tag in counts)
    if not opened or "*" not in counts or hits < sum(counts.values()):
        return None
    return Notation(Form.BRACKETS)


def _types(inside: dict[str, int], counts: Counter[str]) -> Notation | None:
    outside = {tag for tag in counts if tag in ("O", "o")}
    outside = outside or {tag for tag in counts if tag.lower() in _OUTSIDE_OF_TYPES}
    if not outside or len(inside) > _MOST_TYPES:
        return None
    if any(is_tag(tag) or "=" in tag or not any(map(str.isalpha, tag)) for tag in inside):
        return None
    return Notation(Form.TYPES, outside=frozenset({"O", *outside}))


def numbered(names: Sequence[str], entity: str = UNTYPED) -> Notation:
    """Tags that are places in a list of names, from 0; ValueError if the names are no tags with an
    O among them."""
    found = notation_of([names], entity)
    if found is None or found.form in (Form.NUMBERS, Form.BRACKETS):
        raise ValueError("they are no tags, as O, B-PER, I-PER")
    read = found.read(names)
    if "O" not in read:
        raise ValueError("none of them is O, for words that are in no entity")
    return Notation(Form.NUMBERS, outside=frozenset(), names=read)
