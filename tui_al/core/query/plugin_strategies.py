"""Strategies of other packages: made of what their entry points lead to, and watched at each
call."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Task
from tui_al.core.plugins import Plugin, find_plugin, said, usable
from tui_al.core.query.built_in_strategies import NEEDS, STRATEGIES, Strategy
from tui_al.core.query.predictions import Predictions
from tui_al.errors import EngineError, PluginError


def plugin_strategy(name: str) -> Strategy | None:
    """The strategy that a package brings under this name; None if none does. Raises PluginError for
    a broken one."""
    found = find_plugin("strategy", name, STRATEGIES)
    return _loaded(found) if found else None


def listed_plugins() -> tuple[list[Strategy], list[PluginError]]:
    """Strategies of all packages, and why others that are there cannot be used."""
    return usable("strategy", STRATEGIES, _loaded)


def strategy_of(brought: object, name: str) -> Strategy:
    """A `Strategy` under the name `name`, from one or from a scoring function. Raises TypeError
    that says what is wrong."""
    if isinstance(brought, Strategy):
        made = replace(brought, name=name)
    elif callable(brought) and not isinstance(brought, type):
        summary = (inspect.getdoc(brought) or "").partition("\n")[0]
        both = (Task.CLASSIFICATION, Task.TAGGING)
        made = Strategy(name, name, summary, "probabilities", both, brought)
    else:
        raise TypeError(f"it is a {type(brought).__name__}, not a Strategy or a scoring function")
    if made.needs not in NEEDS:
        raise TypeError(f"it needs {made.needs!r}, which is none of {', '.join(NEEDS)}")
    if not made.tasks or not all(isinstance(task, Task) for task in made.tasks):
        raise TypeError("its tasks are not a tuple of Task, with one at least")
    if (made.scorer is None) != (made.needs == "nothing"):
        raise TypeError("it has a scorer exactly if it needs something of the model")
    for what, function, arguments in (("scorer", made.scorer, 1), ("selector", made.selector, 4)):
        if function is not None and not _takes(function, arguments):
            raise TypeError(
                f"its {what} cannot be called with {arguments} argument{'s' * (arguments > 1)}"
            )
    return made


def check_scores(scores: object, n: int) -> FloatArray:
    """Scores as float64, (n,). Raises ValueError that says what is wrong with them."""
    found = np.asarray(scores)
    if found.dtype.kind not in "fiu":
        raise ValueError(f"scores of type {found.dtype}, not numbers")
    if found.shape != (n,):
        raise ValueError(f"scores of shape {found.shape} for {n} examples, not ({n},)")
    if np.isnan(found).any():
        raise ValueError(f"scores of which {int(np.isnan(found).sum())} of {n} are NaN")
    return found.astype(np.float64)


def check_positions(positions: object, costs: IntArray, budget: int) -> IntArray:
    """Positions that fill a budget, best first. Raises ValueError that says what is wrong with
    them."""
    found = np.asarray(positions)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise ValueError(
            f"positions of type {found.dtype} and shape {found.shape}, not a list of whole numbers"
        )
    found = found.astype(np.int64)
    if found.size and not (found.min() >= 0 and found.max() < len(costs)):
        raise ValueError(
            f"position {int(found[np.argmax((found < 0) | (found >= len(costs)))])} in a pool of "
            f"{len(costs)}"
        )
    if len(np.unique(found)) < len(found):
        values, counts = np.unique(found, return_counts=True)
        raise ValueError(f"position {int(values[counts.argmax()])} more than once")
    spent = costs[found]
    if found.size > 1 and int(spent[:-1].sum()) >= budget:
        raise ValueError(f"{len(found)} positions, which is more than the budget of {budget}")
    if int(spent.sum()) < min(budget, int(costs.sum())):
        raise ValueError(
            f"{len(found)} positions of {len(costs)}, which is less than the budget of {budget}"
        )
    return found


@cache
def _loaded(plugin: Plugin) -> Strategy:
    try:
        made = strategy_of(plugin.load(), plugin.name)
    except TypeError as error:
        raise plugin.broken(str(error)) from error
    scorer, selector = made.scorer, made.selector

    def score(predictions: Predictions) -> FloatArray:
        assert scorer is not None
        try:
            returned = scorer(_read_only(predictions))
        except Exception as error:
            raise _failed(plugin, f"its scorer raised {said(error)}") from error
        try:
            return check_scores(returned, len(predictions))
        except ValueError as error:
            raise _failed(plugin, f"it returned {error}") from error

    def choose(
        scores: FloatArray, costs: IntArray, budget: int, rng: np.random.Generator
    ) -> IntArray:
        assert selector is not None
        try:
            returned = selector(_locked(scores), _locked(costs), budget, rng)
        except Exception as error:
            raise _failed(plugin, f"its selector raised {said(error)}") from error
        try:
            return check_positions(returned, costs, budget)
        except ValueError as error:
            raise _failed(plugin, f"it returned {error}") from error

    return replace(
        made,
        package=f"{plugin.package} {plugin.version}",
        scorer=None if scorer is None else score,
        selector=None if selector is None else choose,
    )


def _failed(plugin: Plugin, why: str) -> EngineError:
    return EngineError(
        f"The {plugin} failed: {why}.",
        "`tui_al.testing.check_strategy` tries it on all that can come; other strategies are not "
        "concerned.",
    )


def _locked(values: Any) -> Any:
    """The same array, which cannot be written through this view."""
    if values is None:
        return None
    view = values.view()
    view.flags.writeable = False
    return view


def _read_only(predictions: Predictions) -> Predictions:
    return Predictions(
        _locked(predictions.probs),
        _locked(predictions.offsets),
        _locked(predictions.expected_entropy),
    )


def _takes(function: Callable[..., object], arguments: int) -> bool:
    """Whether it can be called with so many positional arguments; where that cannot be told,
    yes."""
    try:
        inspect.signature(function).bind(*range(arguments))
    except TypeError:
        return False
    except ValueError:  # a function of C without a signature
        return True
    return True
