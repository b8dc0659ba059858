"""Near-duplicates: by hand, and against the comparison of every pair."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_al.core.data.near_duplicates import duplicate_groups, evened_out, jaccard

WORDS = [
    "card",
    "lost",
    "payment",
    "transfer",
    "account",
    "why",
    "declined",
    "cash",
    "exchange",
    "rate",
    "fee",
    "top",
    "up",
    "phone",
]


def corpus(texts: int, seed: int) -> list[str]:
    """Sentences of few words, a third of them changed copies of earlier ones."""
    rng = np.random.default_rng(seed)
    made: list[str] = []
    for _ in range(texts):
        if made and rng.random() < 0.35:
            copied = made[rng.integers(len(made))]
            made.append(copied + str(rng.choice(["!", " now", " please help me", "s", ""])))
        else:
            made.append(" ".join(rng.choice(WORDS, rng.integers(8, 25))))
    return made


def by_every_pair(texts: list[str], threshold: float) -> list[int]:
    """The definition, pair by pair: the earliest first of a group that a text is alike to, or
    itself."""
    plain = [evened_out(text) for text in texts]
    shingles = [{t[i : i + 5] for i in range(max(1, len(t) - 4))} for t in plain]
    firsts: list[int] = []
    for i, mine in enumerate(shingles):
        alike = (
            f
            for f in dict.fromkeys(firsts)
            if len(mine & shingles[f]) >= threshold * len(mine | shingles[f])
        )
        firsts.append(next(alike, i))
    return firsts


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  My CARD, is lost!! ", "my card is lost"),
        ("naïve Café", "naive cafe"),
        ("naïve", "naive"),
        ("Ｆｕｌｌ　Width", "full width"),
        ("Straße", "strasse"),
        ("snake_case-word", "snake case word"),
        ("?!", "?!"),
        ("", ""),
    ],
)
def test_evened_out(text: str, plain: str) -> None:
    assert evened_out(text) == plain


def test_jaccard_by_hand() -> None:
    # abcde bcdef cdefg against bcdef cdefg defgh: 2 of 4
    assert jaccard("abcdefg", "bcdefgh") == 0.5
    assert jaccard("abc", "abc") == 1.0
    assert jaccard("abc", "abd") == 0.0


def test_equal_when_evened_out() -> None:
    texts = ["My card is lost.", "something else", "my card is LOST", "Something else?", "other"]
    for threshold in (1.0, 0.85):
        assert duplicate_groups(texts, threshold).tolist() == [0, 1, 0, 1, 4]


def test_the_threshold_is_exact() -> None:
    one = "abcdefghijklmnopqrstuvwxyz"  # 22 shingles
    other = one + "0123"  # 26, of which 22 are shared: .84615
    assert duplicate_groups([one, other], 0.846).tolist() == [0, 0]
    assert duplicate_groups([one, other], 0.847).tolist() == [0, 1]


def test_no_chains() -> None:
    a = "abcdefghijklmnopqrstuvwxyz0123456789"  # 32 shingles
    b, c = a + "éèêë", a + "éèêëàâäãåõ"  # evened out: "eeee", and "aaaaao" more
    texts = [a, b, c]
    plain = [evened_out(t) for t in texts]
    assert jaccard(plain[0], plain[1]) >= 0.85
    assert jaccard(plain[1], plain[2]) >= 0.85
    assert jaccard(plain[0], plain[2]) < 0.85
    assert duplicate_groups(texts, 0.85).tolist() == [0, 0, 2]


def test_texts_of_few_or_no_characters() -> None:
    assert duplicate_groups(["", "a", "ab", "", "AB", "?", "?", "\ud800"]).tolist() == [
        0, 1, 2, 0, 2, 5, 5, 7,
    ]  # fmt: skip
    assert duplicate_groups([]).tolist() == []
    assert duplicate_groups(["only one"]).tolist() == [0]


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0.6, 0.85, 0.95])
def test_as_by_every_pair(threshold: float) -> None:
    texts = corpus(500, seed=int(threshold * 100))
    expected = np.array(by_every_pair(texts, threshold))
    found = duplicate_groups(texts, threshold)
    assert (expected != np.arange(500)).sum() > 100
    # a pair at the threshold may be missed, one in two hundred; most are far above it
    assert (found != expected).mean() < 0.005


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text("abc é!", max_size=30), max_size=25), st.sampled_from([0.3, 0.85, 1.0]))
def test_properties(texts: list[str], threshold: float) -> None:
    firsts = duplicate_groups(texts, threshold)
    assert firsts.tolist() == duplicate_groups(texts, threshold).tolist()
    for i, first in enumerate(firsts):
        assert first <= i
        assert firsts[first] == first  # no chain
        one, other = evened_out(texts[first]), evened_out(texts[i])
        assert one == other or jaccard(one, other) >= threshold  # no false fold
    plain = [evened_out(text) for text in texts]
    for i, text in enumerate(plain):
        assert firsts[i] == firsts[plain.index(text)]  # equal ones are always together


def test_texts_in_one_frame_stay_apart_and_do_not_take_forever() -> None:
    # 3,000 texts that share most of their shingles, below the threshold: were all pairs compared,
    # this would be felt
    frame = "dear sir or madam i write to you about the matter with the number "
    rng = np.random.default_rng(0)
    texts = [frame + "".join(rng.choice(list("abcdefghijklmnop"), 30)) for _ in range(3_000)]
    assert len(set(duplicate_groups(texts).tolist())) == 3_000


@pytest.mark.parametrize("threshold", [0.0, -0.1, 1.01])
def test_thresholds_out_of_range(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        duplicate_groups(["a"], threshold)
