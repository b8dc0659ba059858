"""Near-duplicate texts of a pool, so that one answer can stand for all of a group.

Texts are alike if their sets of character 5-grams have a Jaccard similarity of at least a
threshold, after case, accents, width, punctuation and spaces are evened out. MinHash with banding
(Broder 1997; Leskovec et al., Mining of Massive Datasets, ch. 3) proposes pairs; each is then
compared in full, so nothing is folded that is not alike, and what is missed by chance is rare.

A group is a first text and all later ones that are alike to *it*: not to one another in a chain, at
whose ends texts may have little in common. The result depends on texts and order only, and the work
grows linearly with the characters of the pool."""

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from tui_al.core.arrays import IntArray

#: Characters in a shingle.
SHINGLE = 5

#: Hash functions. Cut into bands of 8 they propose a pair of similarity .85 with probability 1 - (1
#: - .85^8)^20 = .998.
_FUNCTIONS = 160

#: The probability to miss a pair that is just alike enough; bands are as long as it allows.
_MISSED = 0.005

#: Texts whose shingles are hashed at once; few, so that they stay in the processor's cache.
_CHUNK = 2_000

#: Group firsts that a bucket proposes, the latest ones: this bounds the work where very many texts
#: share a frame.
_PROPOSED = 16

_NO_WORD = re.compile(r"[\W_]+")


def duplicate_groups(
    texts: Sequence[str], threshold: float = 0.85, check_stop: Callable[[], None] = lambda: None
) -> IntArray:
    """For each text the position of the first of its group, itself if it is like none before it.
    (texts,)

    Args:
        texts: of the pool.
        threshold: of Jaccard similarity, above 0 to 1. At 1 only texts that are equal when evened
        out make a group.
        check_stop: called after every few thousand texts; what it raises ends the work.

    Raises:
        ValueError: the threshold is not above 0 to 1.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold {threshold} is not above 0 and at most 1")
    plain = [evened_out(text) for text in texts]
    firsts = equal_groups(plain)
    if threshold == 1:
        return firsts
    distinct = np.flatnonzero(firsts == np.arange(len(plain)))
    leader = _alike([plain[i] for i in distinct], threshold, check_stop)
    place = np.zeros(len(plain), dtype=np.int64)
    place[distinct] = distinct[leader]
    return place[firsts]


def equal_groups(values: Sequence[Hashable]) -> IntArray:
    """For each value the position of the first one equal to it. (values,)"""
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(one, i) for i, one in enumerate(values)], dtype=np.int64)


def evened_out(text: str) -> str:
    """The text without what is not told apart: case, accents, width of characters, punctuation,
    runs of spaces.

    A text of nothing but punctuation stays as it is.
    """
    bare = text.lower() if text.isascii() else _without_accents(text.casefold())
    return _NO_WORD.sub(" ", bare).strip() or text


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def jaccard(first: str, second: str) -> float:
    """Shared 5-grams over all 5-grams of two evened-out texts; a shorter text is one shingle."""
    one, other = _shingles(first), _shingles(second)
    return len(one & other) / len(one | other)


def _alike(plain: Sequence[str], threshold: float, check_stop: Callable[[], None]) -> IntArray:
    """For each of these distinct texts the position of the first of its group."""
    leader = np.arange(len(plain))
    rows = _rows(threshold)
    signatures, keys = _signatures(plain, rows, check_stop)
    shared = _shared(keys)
    enough = threshold - 5 * np.sqrt(threshold * (1 - threshold) / _FUNCTIONS)
    buckets: dict[tuple[int, int], deque[int]] = {}
    for number, position in enumerate(np.flatnonzero(shared.any(axis=1)).tolist()):
        if number % _CHUNK == 0:
            check_stop()
        bands = [(b, int(keys[position, b])) for b in np.flatnonzero(shared[position]).tolist()]
        proposed = sorted({first for band in bands for first in buckets.get(band, ())})
        # most are far from alike, which five standard errors of the signature's estimate tell at
        # once
        if proposed:
            estimates = np.mean(signatures[proposed] == signatures[position], axis=1)
            promising = (p for p, e in zip(proposed, estimates, strict=True) if e >= enough)
            like = (p for p in promising if jaccard(plain[p], plain[position]) >= threshold)
            leader[position] = next(like, position)
        if leader[position] == position:
            for band in bands:
                buckets.setdefault(band, deque(maxlen=_PROPOSED)).append(position)
    return leader


def _rows(threshold: float) -> int:
    """The longest bands that miss a pair of just this similarity rarely enough."""
    lengths = [r for r in range(1, 17) if _FUNCTIONS % r == 0]
    missed = [(1 - threshold**r) ** (_FUNCTIONS // r) for r in lengths]
    return max((r for r, m in zip(lengths, missed, strict=True) if m <= _MISSED), default=1)


def _shared(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which texts share which band's key with another text, (texts, bands)."""
    shared = np.zeros(keys.shape, dtype=bool)
    for band in range(keys.shape[1]):
        order = np.argsort(keys[:, band], kind="stable")
        same = keys[order[1:], band] == keys[order[:-1], band]
        shared[order[1:], band] |= same
        shared[order[:-1], band] |= same
    return shared


def _signatures(
    plain: Sequence[str], rows: int, check_stop: Callable[[], None]
) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """MinHash signatures, eight bits of each minimum, (texts, functions), and a key for each band
    of `rows`, (texts, bands).

    A band's keys are equal if all of its minima are.
    """
    rng = np.random.default_rng(0)
    odd = rng.integers(0, 2**63, _FUNCTIONS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    signatures = np.zeros((len(plain), _FUNCTIONS), dtype=np.uint8)
    keys = np.zeros((len(plain), _FUNCTIONS // rows), dtype=np.uint64)
    for start in range(0, len(plain), _CHUNK):
        check_stop()
        chunk = slice(start, start + _CHUNK)
        hashes, offsets = _hashed_shingles(plain[chunk])
        for function, multiplier in enumerate(odd):
            minima = np.minimum.reduceat(hashes * multiplier, offsets)
            signatures[chunk, function] = (minima * multiplier) >> np.uint64(56)
            band = function // rows
            keys[chunk, band] = (keys[chunk, band] ^ minima) * multiplier
    return signatures, keys


def _hashed_shingles(plain: Sequence[str]) -> tuple[NDArray[np.uint64], IntArray]:
    """Hashes of all shingles of all texts, one text after the other, and where each text's begin.
    No text is empty."""
    padded = [text.ljust(SHINGLE, "\0") for text in plain]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.array([len(text) for text in padded])
    ends = np.cumsum(lengths)
    rolled = np.zeros(len(codes) - SHINGLE + 1, dtype=np.uint64)
    for i in range(SHINGLE):
        rolled = rolled * np.uint64(0x9E3779B97F4A7C15) + codes[i : len(codes) - SHINGLE + 1 + i]
        rolled ^= rolled >> np.uint64(29)
    inside = np.ones(len(codes), dtype=bool)  # shingles that do not reach into the next text
    for i in range(1, SHINGLE):
        inside[ends - i] = False
    counts = lengths - SHINGLE + 1
    return rolled[inside[: len(rolled)]], np.cumsum(counts) - counts


def _shingles(text: str) -> set[str]:
    return {text[i : i + SHINGLE] for i in range(max(1, len(text) - SHINGLE + 1))}
