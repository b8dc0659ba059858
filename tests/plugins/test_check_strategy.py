"""What `check_strategy` finds: nothing in the strategies that come with the program, each fault in
those made for it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Task
from tui_al.core.query.predictions import Predictions
from tui_al.core.query.strategies import STRATEGIES, least_confidence, select
from tui_al.testing import check_strategy

LC = STRATEGIES["lc"]


@pytest.mark.parametrize("name", STRATEGIES)
def test_what_comes_with_the_program_is_sound(name: str) -> None:
    check_strategy(STRATEGIES[name])


def test_a_function_will_do() -> None:
    check_strategy(least_confidence)


_calls = 0


def counts_calls(given: Predictions) -> FloatArray:
    global _calls
    _calls += 1
    return least_confidence(given) + _calls


def writes(given: Predictions) -> FloatArray:
    if len(given):
        given.probs[:] = 0.5
    return np.zeros(len(given))


def ranks(given: Predictions) -> FloatArray:
    """Of which the engine would rank each batch by itself."""
    return np.argsort(np.argsort(least_confidence(given))).astype(float)


def one_by_one(given: Predictions) -> FloatArray:
    return np.arange(len(given)) / 7.0


def log_of_zero(given: Predictions) -> FloatArray:
    with np.errstate(all="ignore"):
        entropy = -np.sum(given.probs * np.log(given.probs), axis=1)
    return given.mean_over_units(np.asarray(entropy))


def of_a_full_pool(given: Predictions) -> FloatArray:
    return np.full(len(given), float(given.probs.max(axis=1)[0]) * 0.0)


def only_texts(given: Predictions) -> FloatArray:
    return np.asarray(1 - given.probs.max(axis=1).astype(np.float64))


SCORERS: dict[str, tuple[Any, str]] = {
    "other the second time": (counts_calls, "scores the same predictions otherwise the second "
        "time"),
    "writes": (writes, "changes the predictions that it is given"),
    "ranks": (ranks, "scores an example otherwise where others are beside it"),
    "by place": (one_by_one, "scores an example otherwise where the pool is in another order"),
    "NaN": (log_of_zero, "returns scores of which .* are NaN"),
    "no empty pool": (of_a_full_pool, r"raises IndexError: .*, with 0 texts"),
    "of words": (only_texts, r"returns scores of shape \(23,\) for 7 examples"),
    "a column": (lambda given: least_confidence(given)[:, None], r"returns scores of shape \(0, "
        r"1\) for 0"),
    "texts": (lambda given: np.array(["high"] * len(given)), "returns scores of type .*, not "
        "numbers"),
    "nothing": (lambda given: None, "returns scores of type object, not numbers"),
    "no argument": (lambda: 0, "its scorer cannot be called with 1 argument"),
}  # fmt: skip


@pytest.mark.parametrize("what", SCORERS)
def test_each_fault_of_a_scorer_is_told_for_what_it_is(what: str) -> None:
    scorer, said = SCORERS[what]
    with pytest.raises(AssertionError, match=said):
        check_strategy(scorer)


def test_who_does_not_claim_it_may_look_at_the_whole_pool() -> None:
    check_strategy(ranks, order_invariant=False)


def twice(scores: FloatArray, costs: IntArray, budget: int, rng: np.random.Generator) -> IntArray:
    taken = select(scores, costs, budget, rng)
    return np.repeat(taken[:1], 2) if len(taken) > 1 else taken


def first_places(
    scores: FloatArray, costs: IntArray, budget: int, rng: np.random.Generator
) -> IntArray:
    order = np.argsort(-scores, kind="stable")
    return order[: int(np.searchsorted(np.cumsum(costs[order]), budget)) + 1]


def own_randomness(
    scores: FloatArray, costs: IntArray, budget: int, rng: np.random.Generator
) -> IntArray:
    return select(scores, costs, budget, np.random.default_rng())


def counts_examples(
    scores: FloatArray, costs: IntArray, budget: int, rng: np.random.Generator
) -> IntArray:
    return select(scores, np.ones_like(costs), budget, rng)


def sorts_in_place(
    scores: FloatArray, costs: IntArray, budget: int, rng: np.random.Generator
) -> IntArray:
    taken = select(scores, costs, budget, rng)
    scores.sort()
    return taken


def exactly(scores: FloatArray, costs: IntArray, budget: int, rng: np.random.Generator) -> IntArray:
    return rng.choice(len(scores), budget, replace=False)


SELECTORS: dict[str, tuple[Any, str]] = {
    "twice": (twice, r"returns position \d+ more than once"),
    "first places": (first_places, "always chooses the same places of equal scores"),
    "own randomness": (own_randomness, "chooses otherwise with the same seed"),
    "counts examples": (counts_examples, "which is more than the budget"),
    "sorts in place": (sorts_in_place, "changes the scores or costs that it is given"),
    "more than there are": (exactly, "raises ValueError: .*larger sample.*pool"),
    "too few": (lambda s, c, b, r: select(s, c, b, r)[:-1], "which is less than the budget of 1,"),
    "outside": (lambda s, c, b, r: select(s, c, b, r) + 1, r"returns position \d+ in a pool "
        r"of \d+"),
    "below": (lambda s, c, b, r: select(s, c, b, r) - 1, "returns position -1 in a pool of"),
    "ids": (lambda s, c, b, r: [f"id{i}" for i in select(s, c, b, r)], "not a list of whole "
        "numbers"),
    "a mask": (lambda s, c, b, r: np.isin(np.arange(len(s)), select(s, c, b, r)), "positions of "
        "type bool"),
    "three arguments": (lambda s, c, b: select(s, c, b, np.random.default_rng(1)), "its selector "
        "cannot be called with 4 arguments"),
}  # fmt: skip


@pytest.mark.parametrize("what", SELECTORS)
def test_each_fault_of_a_selector_is_told_for_what_it_is(what: str) -> None:
    selector, said = SELECTORS[what]
    with pytest.raises(AssertionError, match=said):
        check_strategy(replace(LC, selector=selector))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"needs": "magic"}, "it needs 'magic', which is none of nothing, probabilities"),
        ({"tasks": ()}, "its tasks are not a tuple of Task"),
        ({"tasks": ("texts",)}, "its tasks are not a tuple of Task"),
        ({"scorer": None}, "it has a scorer exactly if it needs something"),
    ],
)
def test_what_is_no_strategy_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check_strategy(replace(LC, **changed))
    with pytest.raises(AssertionError, match="it is a int, not a Strategy or a scoring function"):
        check_strategy(7)  # type: ignore[arg-type]


def test_sentences_are_tried_only_where_the_strategy_is_for_them() -> None:
    check_strategy(replace(LC, scorer=only_texts, tasks=(Task.CLASSIFICATION,)))
