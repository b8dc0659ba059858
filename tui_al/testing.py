"""Checks that the author of a strategy runs on it: `check_strategy(my_strategy)` in a test of his
own.

from tui_al.testing import check_strategy

def test_my_strategy() -> None:
    check_strategy(my_strategy)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Task
from tui_al.core.query.plugin_strategies import check_positions, check_scores, strategy_of
from tui_al.core.query.predictions import Predictions
from tui_al.core.query.strategies import Strategy

#: Scores of the same example may differ by so much, relative and absolute: sums in another order.
_ROUNDING = 1e-9

#: Seeds that ties are broken with, and the examples of which all scores are equal.
_SEEDS, _TIED = 20, 40


@dataclass(frozen=True, slots=True)
class _Case:
    """Predictions that can come, and what they are in words."""

    name: str
    predictions: Predictions


def check_strategy(
    strategy: Strategy | Callable[[Predictions], FloatArray], *, order_invariant: bool = True
) -> None:
    """Try a strategy on all that can come: small and empty pools, ties, certain models, sentences
    without words, all budgets.

    Args:
        strategy: a `Strategy`, or its scoring function.
        order_invariant: the score of an example depends on nothing but its own predictions,
        whatever stands beside it. The engine
            scores a pool in batches, so a strategy that cannot claim this gives other scores with
            another batch size.

    Raises:
        AssertionError: what it does wrong, and on what.
    """
    try:
        tried = strategy_of(strategy, getattr(strategy, "name", "tried"))
    except TypeError as error:
        raise AssertionError(f"The strategy cannot be used: {error}.") from error
    if tried.scorer is not None:
        for case in _cases(tried):
            _check_scorer(tried.scorer, case, order_invariant)
    _check_choice(tried)


def _check_scorer(
    scorer: Callable[[Predictions], FloatArray], case: _Case, order_invariant: bool
) -> None:
    given = case.predictions
    first = _scored(scorer, given, case.name)
    again = _scored(scorer, given, case.name)
    _require(
        np.array_equal(first, again),
        f"scores the same predictions otherwise the second time, with {case.name}",
    )
    if not order_invariant or len(given) < 2:
        return
    order = np.random.default_rng(5).permutation(len(given))
    reordered = _scored(scorer, _taken(given, order), f"{case.name} in another order")
    _require(
        _same(reordered, first[order]),
        f"scores an example otherwise where the pool is in another order, with {case.name}",
    )
    half = len(given) // 2
    parts = [
        _scored(scorer, _taken(given, rows), f"a part of {case.name}")
        for rows in (np.arange(half), np.arange(half, len(given)))
    ]
    _require(
        _same(np.concatenate(parts), first),
        f"scores an example otherwise where others are beside it, with {case.name}",
    )


def _scored(
    scorer: Callable[[Predictions], FloatArray], given: Predictions, name: str
) -> FloatArray:
    """The scores, with all that must hold for each call."""
    copies = [None if one is None else one.copy() for one in _arrays(given)]
    try:
        returned = scorer(given)
    except Exception as error:
        raise AssertionError(
            f"The strategy raises {type(error).__name__}: {error}, with {name}."
        ) from error
    unchanged = all(
        before is None or (after is not None and np.array_equal(before, after))
        for before, after in zip(copies, _arrays(given), strict=True)
    )
    _require(unchanged, f"changes the predictions that it is given, with {name}")
    try:
        return check_scores(returned, len(given))
    except ValueError as error:
        raise AssertionError(f"The strategy returns {error}, with {name}.") from error


def _check_choice(tried: Strategy) -> None:
    drawn = np.random.default_rng(11)
    pools = {
        "different scores": drawn.random(30), "equal scores": np.zeros(_TIED),
        "scores of which most are equal": np.repeat([1.0, 0.0], [3, 27]), "one example": np.ones(1),
        "endless scores": np.array([np.inf, -np.inf, 0.0, 0.0]),
    }  # fmt: skip
    for name, scores in pools.items():
        n = len(scores)
        for costs, unit in (
            (np.ones(n, dtype=np.int64), "examples"),
            (drawn.integers(1, 9, n), "words"),
        ):
            total = int(costs.sum())
            for budget in sorted({1, max(1, total // 3), total, total + 7}):
                where = f"with {name}, a budget of {budget} {unit} and a pool of {total}"
                first = _chosen(tried, scores, costs, budget, 3, where)
                again = _chosen(tried, scores, costs, budget, 3, where)
                _require(
                    np.array_equal(first, again), f"chooses otherwise with the same seed, {where}"
                )
    empty = np.zeros(0)
    _chosen(tried, empty, empty.astype(np.int64), 5, 3, "with an empty pool")
    ones = np.ones(_TIED, dtype=np.int64)
    seen = {
        int(position)
        for seed in range(_SEEDS)
        for position in _chosen(tried, np.zeros(_TIED), ones, 4, seed, "with equal scores")
    }
    _require(
        len(seen) > 4,
        "always chooses the same places of equal scores: ties are to be broken by the given "
        "random generator",
    )


def _chosen(
    tried: Strategy, scores: FloatArray, costs: IntArray, budget: int, seed: int, where: str
) -> IntArray:
    before = scores.copy(), costs.copy()
    try:
        returned = tried.choose(scores, costs, budget, np.random.default_rng(seed))
    except Exception as error:
        raise AssertionError(
            f"The strategy raises {type(error).__name__}: {error}, {where}."
        ) from error
    same = np.array_equal(before[0], scores) and np.array_equal(before[1], costs)
    _require(same, f"changes the scores or costs that it is given, {where}")
    try:
        return check_positions(returned, costs, budget)
    except ValueError as error:
        raise AssertionError(f"The strategy returns {error}, {where}.") from error


def _cases(tried: Strategy) -> Iterator[_Case]:
    drawn = np.random.default_rng(7)
    monte_carlo = tried.needs == "monte carlo"
    for classes in (2, 5):
        for n in (0, 1, 2, 33):
            offsets = np.arange(n + 1)
            if Task.CLASSIFICATION in tried.tasks:
                name = f"{n} texts of {classes} classes"
                yield _case(name, drawn.dirichlet(np.ones(classes), n), offsets, monte_carlo)
        if Task.CLASSIFICATION in tried.tasks:
            equal = np.full((6, classes), 1 / classes)
            yield _case(
                f"6 texts whose {classes} classes are equally likely",
                equal,
                np.arange(7),
                monte_carlo,
            )
            certain = np.eye(classes)[drawn.integers(classes, size=6)]
            yield _case(
                f"6 texts of whose {classes} classes one is certain",
                certain,
                np.arange(7),
                monte_carlo,
            )
    if Task.TAGGING in tried.tasks:
        lengths = np.array([3, 0, 1, 12, 5, 0, 2])
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        probs = drawn.dirichlet(np.ones(5), int(offsets[-1]))
        yield _case("7 sentences, two of them without words", probs, offsets, monte_carlo)
        yield _case(
            "2 sentences without words", probs[:0], np.zeros(3, dtype=np.int64), monte_carlo
        )


def _case(name: str, probs: FloatArray, offsets: IntArray, monte_carlo: bool) -> _Case:
    """In single precision, as models give them."""
    probs = probs.astype(np.float32)
    entropy = None
    if monte_carlo:
        entropy = -np.sum(probs * np.log(np.maximum(probs, 1e-12)), axis=1) * np.float32(0.7)
    return _Case(name, Predictions(probs, offsets, entropy))


def _taken(given: Predictions, rows: IntArray) -> Predictions:
    """Some of the examples, in this order."""
    spans = [np.arange(given.offsets[row], given.offsets[row + 1]) for row in rows]
    units = np.concatenate([*spans, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    lengths = [len(span) for span in spans]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    entropy = given.expected_entropy
    return Predictions(given.probs[units], offsets, None if entropy is None else entropy[units])


def _arrays(given: Predictions) -> tuple[FloatArray | IntArray | None, ...]:
    return given.probs, given.offsets, given.expected_entropy


def _same(some: FloatArray, others: FloatArray) -> bool:
    return bool(np.allclose(some, others, rtol=_ROUNDING, atol=_ROUNDING))


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(f"The strategy {what}.")
