"""Words of a raw text, for tagging where the data set brings no tokens of its own.

Every character that is not blank belongs to exactly one word, so that any part of the text can be
marked:

- a word is a run of letters and digits of any script with their combining marks ("naïve", "10kg",
  "COVID19", "हिन्दी", "1,234.56");
- scripts written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are split by
  character, marks included;
- every punctuation sign or symbol stands alone ("don't" is three words); an emoji built of several
  characters (families, flags, skin
  tones) is one.

Which character is what comes from the Unicode categories, as known to this Python.
"""

import re
import unicodedata

#: First character, character after the last.
Offsets = tuple[int, int]

# Each character is replaced by a letter for its class; words are then found by one expression over
# these letters.
_LETTER, _DIGIT, _MARK, _POINT, _ALONE, _SIGN, _REGION, _JOINER, _BLANK = "LNM.CPRJ "

_WORD = re.compile(
    r"""
    [LN] (?: [LNMJ] | (?<=N) \. (?=N) )*    # a word; a point or comma between digits belongs to the number
    | C [MJ]*
    | R R [MJ]*                             # a flag
    | [P.R] M* (?: J P M* )*  J*            # a sign; emoji joined to one
    | [MJ]+                                 # marks that have nothing to sit on
    """,  # noqa: E501
    re.VERBOSE,
)

_UNSPACED = (
    "CJK", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "BOPOMOFO", "IDEOGRAPHIC",
    "THAI", "LAO", "KHMER", "MYANMAR",
)  # fmt: skip


def split_words(text: str) -> list[Offsets]:
    """Where the words of the text are, in order; see above."""
    return [match.span() for match in _WORD.finditer(text.translate(_CLASSES))]


def words_of(text: str) -> tuple[str, ...]:
    """The words themselves."""
    return tuple(text[start:end] for start, end in split_words(text))


def is_blank(character: str) -> bool:
    """Whether the character separates words and is part of none: white space, zero-width space,
    byte-order mark."""
    return character.isspace() or character in "\u200b\ufeff"


class _Classes(dict[int, str]):
    """Code point to class, worked out when first met: most of Unicode never is."""

    def __missing__(self, code: int) -> str:
        found = _class_of(chr(code))
        self[code] = found
        return found


def _class_of(character: str) -> str:
    if is_blank(character):
        return _BLANK
    if character in ".,":
        return _POINT
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return _REGION
    if "\U0001f3fb" <= character <= "\U0001f3ff":  # skin tones
        return _MARK
    category = unicodedata.category(character)
    if category in ("Lo", "Lm", "Nl") and unicodedata.name(character, "").startswith(_UNSPACED):
        return _ALONE
    if category[0] == "L" or category == "Pc":
        return _LETTER
    return {"N": _DIGIT, "M": _MARK}.get(category[0], _JOINER if category == "Cf" else _SIGN)


_CLASSES = _Classes()
