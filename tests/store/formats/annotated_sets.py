"""Generated sets of texts with entities, as people annotate them in other programs: whatever can go
wrong, in one place.

Texts have emoji, combining marks and line breaks of every kind. Entities touch, overlap, are empty,
lie outside the text, cut words, take blanks along, have types that nobody knows, and are in two
pieces. Some texts nobody annotated, some two people did."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from hypothesis import strategies as st

from tests.core.unicode_texts import tagged_texts
from tui_al.core.data.offsets import CharSpan
from tui_al.core.data.word_split import is_blank, split_words

KNOWN_TYPES = ("PER", "場所")
UNKNOWN_TYPE = "a-b c"
PEOPLE = (1, 2)


class How(StrEnum):
    """How an annotator left a text."""

    DONE = "done"
    SKIPPED = "skipped"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Said:
    """What one annotator said of a text."""

    who: int
    entities: tuple[CharSpan, ...]
    how: How = How.DONE
    apart: tuple[CharSpan, CharSpan] | None = None  #: one more entity, in two pieces


@dataclass(frozen=True)
class Item:
    """A text with what was said of it; by nobody where `said` is empty."""

    text: str
    said: tuple[Said, ...]

    @property
    def first(self) -> Said | None:
        """What the first annotator said."""
        return self.said[0] if self.said else None


#: So that a file has entities, and shows what its offsets count.
SURE = Item("🔥 Anna flew to Ulm", (Said(1, ((2, 6, "PER"), (15, 18, "場所"))),))


class Fit(StrEnum):
    """Whether entities can be those of a text here."""

    WELL = ""
    OUTSIDE = "outside"
    OVERLAP = "overlap"


def trimmed(text: str, span: CharSpan) -> CharSpan:
    """An entity inside the text without blanks at its borders."""
    start, end, kind = span
    if not 0 <= start < end <= len(text):
        return span
    inside = [place for place in range(start, end) if not is_blank(text[place])]
    return (inside[0], inside[-1] + 1, kind) if inside else (end, end, kind)


def fit_of(text: str, entities: Sequence[CharSpan]) -> Fit:
    """Worked out character by character, as the reader does not."""
    spans = [trimmed(text, span) for span in entities]
    if any(not 0 <= start < end <= len(text) for start, end, _ in spans):
        return Fit.OUTSIDE
    covered = [place for start, end, _ in spans for place in range(start, end)]
    return Fit.OVERLAP if len(covered) != len(set(covered)) else Fit.WELL


def answer_of(text: str, entities: Sequence[CharSpan]) -> tuple[CharSpan, ...]:
    """Entities that fit, as they are to be read."""
    return tuple(sorted(trimmed(text, span) for span in entities))


def cuts_words(text: str, entities: Sequence[CharSpan], words: Sequence[tuple[int, int]]) -> bool:
    """Whether an entity begins or ends where none of these words does."""
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    return any(
        start not in starts or end not in ends for start, end, _ in answer_of(text, entities)
    )


@st.composite
def _entities(draw: st.DrawFn, text: str, sound: tuple[CharSpan, ...]) -> tuple[CharSpan, ...]:
    """Mostly entities that begin and end where words do, in any order; sometimes one more that is
    odd."""
    kept = [span for span in sound if draw(st.integers(0, 3))]
    odd = draw(st.integers(0, 5))
    if (
        odd == 0 and len(sound) > 1
    ):  # from the first to the last, over line breaks where there are some
        words = split_words(text)
        kept = [(words[0][0], words[-1][1], "PER")]
    elif odd in (1, 2, 3):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        kept.append((start, end, draw(st.sampled_from([*KNOWN_TYPES, UNKNOWN_TYPE]))))
    elif odd == 4:
        kept.append((0, len(text) + draw(st.integers(1, 3)), "PER"))
    return tuple(draw(st.permutations(kept)))


@st.composite
def items(draw: st.DrawFn) -> Item:
    """A text with up to two annotators."""
    text, _, sound = draw(tagged_texts((*KNOWN_TYPES, *KNOWN_TYPES, UNKNOWN_TYPE)))
    said: list[Said] = []
    for who in PEOPLE[: draw(st.sampled_from([0, 1, 1, 1, 2, 2]))]:
        same = bool(said) and draw(st.booleans())
        entities = said[0].entities if same else draw(_entities(text, sound))
        how = draw(st.sampled_from([How.DONE] * 4 + [How.SKIPPED, How.REJECTED]))
        said.append(Said(who, entities, how, draw(_apart(text))))
    return Item(text, tuple(said))


@st.composite
def _apart(draw: st.DrawFn, text: str) -> tuple[CharSpan, CharSpan] | None:
    """Two words with another one between them, seldom."""
    words = split_words(text)
    if len(words) < 3 or draw(st.integers(0, 4)):
        return None
    first = draw(st.integers(0, len(words) - 3))
    after = draw(st.integers(first + 2, len(words) - 1))
    return (*words[first], "PER"), (*words[after], "PER")


@st.composite
def annotated_sets(draw: st.DrawFn) -> list[Item]:
    """Texts that differ, the first of which is `SURE`; a word at the end of each makes them so."""
    drawn = draw(st.lists(items(), max_size=5))
    numbered = [replace(item, text=f"{item.text} nr{number}") for number, item in enumerate(drawn)]
    return [SURE, *numbered]
