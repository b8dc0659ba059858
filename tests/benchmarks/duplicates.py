"""How long it takes to find near-duplicates: `python -m tests.benchmarks.duplicates [TEXTS]`.
Seconds for 100,000 by default.

The pool is made up: texts of 5 to 19 words from a vocabulary of 50, so far more alike than a
natural pool, and 5 % changed copies."""

import sys
import time

import numpy as np

from tui_al.core.data.near_duplicates import duplicate_groups

VOCABULARY = [
    "card",
    "lost",
    "my",
    "payment",
    "transfer",
    "account",
    "money",
    "why",
    "is",
    "was",
    "declined",
    "pending",
    "cash",
    "atm",
    "machine",
    "exchange",
    "rate",
    "fee",
    "charged",
    "top",
    "up",
    "how",
    "do",
    "i",
    "can",
    "the",
    "a",
    "not",
    "working",
    "phone",
    "please",
    "help",
    "need",
    "to",
    "change",
    "pin",
    "refund",
    "request",
    "when",
    "will",
    "arrive",
    "delivery",
    "country",
    "support",
    "visa",
    "apple",
    "pay",
    "google",
    "balance",
]


def main() -> None:
    """Measure a tenth of the pool and all of it: the ratio shows that the work grows linearly."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for texts in (pool(count // 10), pool(count)):
        begun = time.perf_counter()
        firsts = duplicate_groups(texts)
        seconds = time.perf_counter() - begun
        folded = int((firsts != np.arange(len(texts))).sum())
        print(f"{len(texts):,} texts, {folded:,} folded: {seconds:.2f} s")


def pool(count: int) -> list[str]:
    """Made-up texts, one in twenty a copy of another with a word more."""
    rng = np.random.default_rng(0)
    words = rng.choice(VOCABULARY, (count, 19))
    texts = [" ".join(row[:n]) for row, n in zip(words, rng.integers(5, 20, count), strict=True)]
    for i in rng.choice(count, count // 20, replace=False):
        texts[i] = texts[rng.integers(count)] + str(rng.choice([" now", "!", " please"]))
    return texts


if __name__ == "__main__":
    main()
