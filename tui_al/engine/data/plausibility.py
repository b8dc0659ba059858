"""How likely a text was read in the right encoding: whether its characters beyond ASCII stand where
such characters do."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

_WORD = re.compile(r"\S{1,1000}")  # a longer one in pieces, so that `_ENOUGH` is soon reached
_ENOUGH = 4_000  # characters beyond ASCII that are looked at
_LETTERS = 1 << 15  # characters whose letters are counted
_IN_WORDS = "’‘'·-–—ʼ‐\u200c\u200d"  # may stand between letters
_RARE = 0.5  # of a Han character that is in the first level of no national standard
_HALF_WIDTH = 0.3  # of half-width katakana, which hardly anybody writes
_ALONE = 0.2  # of a word whose letters are all Latin and all beyond ASCII
_LONE_CAPITAL = 0.9  # of a capital that is no part of a word, or a letter beside a digit

#: Letters beyond ASCII of languages with Latin ones, small.
_ALPHABETS = tuple(map(frozenset, (
    "àâæçéèêëîïôœùûüÿ", "äöüß", "áéíñóúüªº", "ãáâàçéêíóôõúü", "àèéìíîòóùú", "çàéèíïóòúü·",
    "åäöæøéü", "áæðéíóúýþö", "áéëïóöü",
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ", "čćđšž", "çë",
    "âçğıîöşüûi̇", "ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž",
)))  # fmt: skip

#: Encodings whose first bytes say which Han characters are common: the codec, and where its first
#: level ends.
_FIRST_LEVELS = (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6), ("shift_jis", 0x88, 0x97))


def plausibility(text: str) -> float:
    """The share of characters beyond ASCII that stand where they do in real texts, from 0 to 1; 1
    for a text of ASCII.

    A wrong encoding betrays itself within words: letters of two scripts side by side, capitals
    after small letters, symbols between letters, words without any plain letter, rare ideographs.
    """
    good, seen = 0.0, 0
    for word in _WORD.finditer(text):
        if word[0].isascii():
            continue
        values = _values(word[0])
        good, seen = good + sum(values), seen + len(values)
        if seen >= _ENOUGH:
            break
    return good / seen if seen else 1.0


def share_of_one_language(text: str) -> float:
    """The share of Latin letters beyond ASCII that the language has which has most of them, from 0
    to 1; 1 where there are none."""
    letters = Counter(c for c in text[:_LETTERS].lower() if not c.isascii() and c.isalpha())
    latin = {letter: n for letter, n in letters.items() if _script(letter) == "LATIN"}
    if not latin:
        return 1.0
    best = max(sum(n for c, n in latin.items() if c in alphabet) for alphabet in _ALPHABETS)
    return best / sum(latin.values())


def _values(word: str) -> list[float]:
    """A number from 0 to 1 for each character beyond ASCII."""
    padded = f" {word} "
    found = [
        _value(before, character, after)
        for before, character, after in zip(padded, word, padded[2:], strict=False)
        if not character.isascii()
    ]
    letters = [c for c in word if c.isalpha()]
    latin = [c for c in letters if _script(c) == "LATIN"]
    if len(letters) > 2 and len(latin) == len(letters) and not any(c.isascii() for c in letters):
        return [min(value, _ALONE) for value in found]
    return found


def _value(before: str, character: str, after: str) -> float:
    kind = unicodedata.category(character)
    if kind[0] == "C" and kind != "Cf":
        return 0.0  # control characters, and what is not assigned
    between = before.isalpha() and after.isalpha()
    if kind[0] == "L":
        return _of_letter(before, character, after)
    if kind[0] == "M":  # of any script, or of the letter's own
        return 1.0 if _script(character) in ("COMBINING", _script(before)) else 0.0
    if kind == "Cf":  # joiners
        return 1.0
    if "\u2500" <= character <= "\u259f":
        return 0.0  # boxes
    if kind == "Sc" and not between:
        return 1.0  # prices
    if kind[0] == "N" or kind[0] == "S":
        return 0.0 if before.isalpha() or (kind == "So" and between) else 0.9
    return 0.0 if between and character not in _IN_WORDS and character < "\u3000" else 1.0


def _of_letter(before: str, letter: str, after: str) -> float:
    script = _script(letter)
    others = {_script(c) for c in (before, after) if c.isalpha()} - {script}
    if script in _EAST:
        if "LATIN" in others:
            return 0.0
        if "\uff61" <= letter <= "\uff9f":
            return _HALF_WIDTH
        if script == "HANGUL" and "CJK" in others:
            return _RARE
        return 1.0 if script != "CJK" or _is_common(letter) else _RARE
    if others or (letter.isupper() and before.islower()):
        return 0.0
    alone = letter.isupper() and not before.isalpha() and not after.isalpha()
    return _LONE_CAPITAL if alone or before.isdecimal() or after.isdecimal() else 1.0


_EAST = {
    "CJK": "CJK",
    "HIRAGANA": "KANA",
    "KATAKANA": "KANA",
    "HALFWIDTH": "KANA",
    "KATAKANA-HIRAGANA": "KANA",
    "IDEOGRAPHIC": "CJK",
    "HANGUL": "HANGUL",
    "KANA": "KANA",
}


@lru_cache(maxsize=65_536)
def _script(letter: str) -> str:
    """The first word of a letter's Unicode name, which is its script; "CJK" and "KANA" go
    together."""
    name = unicodedata.name(letter, "?").split(" ")[0].split("-")[0]
    found = _EAST.get(name, name)
    return "CJK" if found == "KANA" and not "\uff61" <= letter <= "\uff9f" else found


def _is_common(letter: str) -> bool:
    """Whether a national standard has it in its first level; kana are no Han characters and
    count."""
    if not "\u4e00" <= letter <= "\u9fff":
        return "\u3000" <= letter <= "\u30ff"
    for codec, first, last in _FIRST_LEVELS:
        try:
            if first <= letter.encode(codec)[0] <= last:
                return True
        except UnicodeEncodeError:
            continue
    return False
