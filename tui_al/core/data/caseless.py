"""Words found in texts whatever their case and however their letters are encoded: ÄRGER, ärger, and
"a" with a mark are one.

Accents count: "arger" is another word. A text is compared folded (Unicode's compatibility caseless
matching), and Turkish I, with a dot or without one, as "i": a person who types it cannot know which
rules the text was written by."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

#: Number of these rules, for texts that are kept folded: another one whenever `fold` gives anything
#: else than before.
FOLDING = 1

#: Turkish: what is left of a capital with a dot, and a small letter without one.
_DOTS = ("i\u0307", "ı")

#: Those, and characters that show nothing and part nothing: soft hyphens, joiners, zero-width
#: blanks, selectors of a picture's style.
_RARE = re.compile(
    "i\u0307|[ı\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff]"
)
_PRINTABLE = (*_DOTS, "\u034f", "\ufe0e", "\ufe0f")

#: What goes on with the letter before it without being a mark: Hangul written apart, and the two
#: signs of half-wide Kana.
_GOES_ON = re.compile("[\u1160-\u11ff\uff9e\uff9f]")


def fold(text: str) -> str:
    """The text as it is compared. Not of the same length: "ß" becomes "ss"."""
    if text.isascii():
        return text.lower()
    folded = text.casefold()
    if not unicodedata.is_normalized("NFKC", folded):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if not folded.isprintable() or any(rare in folded for rare in _PRINTABLE):  # far quicker
        folded = _RARE.sub(lambda found: "i" if found[0] in _DOTS else "", folded)
    return folded


def fold_words(text: str) -> tuple[str, ...]:
    """The words of what a person typed, folded; each once."""
    return tuple(dict.fromkeys(filter(None, map(fold, text.split()))))


def holds(text: str, words: Sequence[str]) -> bool:
    """Whether the text has all of the words, which are folded already."""
    folded = fold(text)
    return all(word in folded for word in words)


def places(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Where a folded word is in the text: the first character and the one after the last, letters
    whole."""
    if not word:
        return
    letters, origins = [], []
    for start, after in _letters(text):
        folded = fold(text[start:after])
        letters.append(folded)
        origins += [(start, after)] * len(folded)
    folded = "".join(letters)
    at = folded.find(word)
    while at >= 0:
        yield origins[at][0], origins[at + len(word) - 1][1]
        at = folded.find(word, at + len(word))


def _letters(text: str) -> Iterator[tuple[int, int]]:
    """Characters with the marks that follow them."""
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or not _goes_on(text[place]):
            yield start, place
            start = place


def _goes_on(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or bool(_GOES_ON.match(character))
