"""Texts that are hard on offsets, for property tests: marks, emoji families, right to left, blanks
of every kind, zero width."""

from hypothesis import strategies as st

from tui_al.core.data.offsets import CharSpan
from tui_al.core.data.word_split import split_words

_PIECES = st.sampled_from(
    [
        "e\u0301", "Z\u0337\u0321a", "\u0301", "👩\u200d👩\u200d👧\u200d👦", "👍🏽", "🇩🇪", "🇩🇪🇫🇷",
        "1\ufe0f\u20e3", "❤\ufe0f",
        "مرحبا", "שלום", "\u202eevil\u202c", "\u2067x\u2069", "\u200f", "\u200b", "\u200d",
        "\ufeff", "\u00ad",
        "\t", "\n", "\r\n", "\u2028", "\u00a0", "\u3000", " ", "  ", "\x1b[2J", "\x07", "\x85",
        "\x1f",
        "日本語", "한국어", "हिन्दी", "สวัสดี", "ß", "İ", "ﬃ", "word", "don't", "1,234.56", "$5", "...",  # noqa: E501
        "=1+1", "@x", "\"q\"", ",;",
    ]
)  # fmt: skip
_CHARACTERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)

#: What the reader of data files lets through: no NUL, no halves of surrogate pairs.
TEXTS = st.lists(st.one_of(_PIECES, _CHARACTERS), max_size=12).map("".join)


@st.composite
def tagged_texts(
    draw: st.DrawFn, kinds: tuple[str, ...] = ("PER", "a-b c", "場所")
) -> tuple[str, tuple[str, ...], tuple[CharSpan, ...]]:
    """A text, its words, and entities that begin and end where words do."""
    text = draw(TEXTS)
    offsets = split_words(text)
    spans, place = [], 0
    while place < len(offsets):
        place += draw(st.integers(0, 3))
        after = place + draw(st.integers(1, 3))
        if after > len(offsets):
            break
        spans.append((offsets[place][0], offsets[after - 1][1], draw(st.sampled_from(kinds))))
        place = after
    return text, tuple(text[start:end] for start, end in offsets), tuple(spans)
