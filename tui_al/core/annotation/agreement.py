"""How far annotators agree: Cohen's kappa, Krippendorff's alpha, and for entities pairwise F1 over
spans and alpha over words.

A coefficient of 1 is perfect agreement, 0 what chance gives, below 0 worse than chance. None stands
for "cannot be said": no item with two answers, or nobody ever used more than one label, so that
there is no disagreement to be expected by chance."""

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import combinations

from tui_al.core.data.tags import spans_of

#: One annotator's tags of one sentence; None where this annotator has not answered.
Tags = Sequence[str] | None


def cohens_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Two annotators' agreement beyond chance, (p_o - p_e) / (1 - p_e) (Cohen 1960), each with
    their own label shares.

    Both sequences are answers to the same items, in order; items that one of them answered with
    None are left out."""
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    if not pairs:
        return None
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    of_first, of_second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    expected = sum(of_first[label] * of_second[label] for label in of_first) / n**2
    return (observed - expected) / (1 - expected) if expected < 1 else None


def krippendorff_alpha(items: Sequence[Sequence[Hashable]]) -> float | None:
    """Any number of annotators' agreement beyond chance, 1 - D_o / D_e on the nominal scale
    (Krippendorff 2011).

    `items` are the answers to each item, one for each annotator who gave one; None for a missing
    answer. Items with fewer than two answers do not count.
    """
    counts = [Counter(value for value in item if value is not None) for item in items]
    counts = [count for count in counts if count.total() > 1]
    totals: Counter[Hashable] = Counter()
    unequal = (
        0.0  # values paired with another value, each item's pairs weighted by 1 / (answers - 1)
    )
    for count in counts:
        answers = count.total()
        totals.update(count)
        unequal += sum(c * (answers - c) for c in count.values()) / (answers - 1)
    n = totals.total()
    by_chance = sum(c * (n - c) for c in totals.values())
    return 1 - (n - 1) * unequal / by_chance if by_chance else None


def span_agreement(annotators: Sequence[Sequence[Tags]]) -> float | None:
    """F1 over exact (start, end, type) entities, averaged over the pairs of annotators (Hripcsak &
    Rothschild 2005).

    F1 does not depend on which of the two counts as the truth, and approaches kappa where most of
    what could be marked is not. `annotators` are each one's tags of the same sentences. A pair is
    compared on the sentences that both answered; pairs without any entity there do not count.
    """
    scores = []
    for first, second in combinations(annotators, 2):
        shared = there = 0
        for a, b in zip(first, second, strict=True):
            if a is None or b is None:
                continue
            in_a, in_b = set(spans_of(a)), set(spans_of(b))
            shared += len(in_a & in_b)
            there += len(in_a) + len(in_b)
        if there:
            scores.append(2 * shared / there)
    return sum(scores) / len(scores) if scores else None


def word_agreement(annotators: Sequence[Sequence[Tags]]) -> float | None:
    """Krippendorff's alpha with words as items and the type of entity they lie in (or none) as
    value.

    Unlike `span_agreement` it gives credit for entities that overlap, and is corrected for chance.
    B- and I- are not told apart, so that a shifted border costs the words it moves over and no
    others.

    Raises:
        ValueError: the annotators' tags of a sentence differ in number.
    """
    words: list[list[str | None]] = []
    for sentence in zip(*annotators, strict=True):
        rows = [_types(tags) for tags in sentence if tags is not None]
        words += [list(word) for word in zip(*rows, strict=True)]
    return krippendorff_alpha(words)


def _types(tags: Sequence[str]) -> list[str]:
    types = [""] * len(tags)
    for start, end, kind in spans_of(tags):
        types[start:end] = [kind] * (end - start)
    return types
