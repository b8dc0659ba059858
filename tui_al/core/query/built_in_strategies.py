"""Query strategies: which unlabelled examples to ask about.

Scoring and selecting are apart. A *scorer* turns a model's predictions into one number an example,
**the higher the more worth asking about**; `select` takes the highest within the budget. To add a
strategy, write a scorer and its line in `STRATEGIES`; other packages bring theirs by entry points
(`tui_al.core.query.plugin_strategies`).

For tagging, a unit is a word; each docstring says how the words' values become the sentence's.
Entropies are in nats."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Task
from tui_al.core.query.predictions import Predictions
from tui_al.errors import ConfigError


def least_confidence(predictions: Predictions) -> FloatArray:
    """1 - max_y P(y|x) (Lewis & Gale 1994). (n,), 0 to 1 - 1/classes for texts.

    Tagging: 1 - P(y*|x) for the likeliest tag sequence y*, its words taken as independent: 1 -
        prod_i max P(y_i|x). Favours long
    sentences; `mnlp` does not.
    """
    return np.asarray(-np.expm1(predictions.sum_over_units(_log_best(predictions))))


def breaking_ties(predictions: Predictions) -> FloatArray:
    """-(P(y1|x) - P(y2|x)), y1 and y2 the two likeliest classes (Luo et al. 2005). (n,), -1 to 0.

    Tagging: the tightest margin among the sentence's words; -1, the least worth asking, for a
    sentence without words."""
    top_two = np.partition(predictions.probs, -2, axis=1)[:, -2:].astype(np.float64)  # (units, 2)
    margins = predictions.min_over_units(top_two[:, 1] - top_two[:, 0])
    return -np.where(predictions.lengths() > 0, margins, 1.0)


def prediction_entropy(predictions: Predictions) -> FloatArray:
    """H[P(y|x)] = -sum_y P log P (Shannon 1948; Settles & Craven 2008). (n,), nats.

    Tagging: the mean over the sentence's words (total token entropy, normalised).
    """
    return predictions.mean_over_units(entropy(predictions.probs))


def normalized_log_probability(predictions: Predictions) -> FloatArray:
    """MNLP: -(1/n) sum_i log max P(y_i|x) over the sentence's n words (Shen et al. 2017). (n,),
    nats, 0 and more."""
    return -predictions.mean_over_units(_log_best(predictions))


def bald(predictions: Predictions) -> FloatArray:
    """H[mean_t P_t] - mean_t H[P_t] over T Monte-Carlo dropout passes (Houlsby et al. 2011). (n,),
    nats, 0 and more.

    Tagging: the mean over the sentence's words.
    """
    if predictions.expected_entropy is None:
        raise ValueError("BALD needs Monte-Carlo predictions: expected_entropy is missing.")
    information = entropy(predictions.probs) - predictions.expected_entropy.astype(np.float64)
    return predictions.mean_over_units(np.maximum(information, 0.0))


def entropy(probs: FloatArray) -> FloatArray:
    """Shannon entropy of each row in nats, (rows, classes) to (rows,); 0 log 0 is 0."""
    probs = probs.astype(np.float64)
    return np.asarray(
        -np.sum(probs * np.log(probs, out=np.zeros_like(probs), where=probs > 0), axis=1)
    )


def _log_best(predictions: Predictions) -> FloatArray:
    best = predictions.probs.max(axis=1, initial=0.0).astype(np.float64)
    return np.asarray(np.log(np.maximum(best, np.finfo(np.float64).tiny)))


#: What a strategy can need of the acquisition model.
Needs = Literal["nothing", "probabilities", "monte carlo"]
NEEDS: tuple[str, ...] = get_args(Needs)

#: Chooses positions from scores, costs, a budget and a source of randomness; the contract is that
#: of `select`.
Selector = Callable[[FloatArray, IntArray, int, np.random.Generator], IntArray]


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to choose, and what it needs from the acquisition model."""

    name: str
    title: str
    summary: str  #: one line for people
    needs: Needs
    tasks: tuple[Task, ...]
    scorer: Callable[[Predictions], FloatArray] | None  #: None for random: every score is equal
    selector: Selector | None = None  #: None: the highest scores, see `select`
    package: str = ""  #: name and version of the package that brings it; "" of those built in

    def check(self, task: Task) -> None:
        """Raise ConfigError, naming what fits, if this strategy makes no sense for the task."""
        if task not in self.tasks:
            fitting = ", ".join(s.name for s in STRATEGIES.values() if task in s.tasks)
            raise ConfigError(
                f"strategy {self.name} ({self.title}) is for {self.tasks[0]}, this data set is "
                f"for {task}.",
                f"For {task} choose one of {fitting}.",
            )

    def choose(
        self, scores: FloatArray, costs: IntArray, budget: int, rng: np.random.Generator
    ) -> IntArray:
        """Positions of the examples to ask about, best first; as `select`, unless the strategy has
        a selector of its own."""
        return (self.selector or select)(scores, costs, budget, rng)


_BOTH = (Task.CLASSIFICATION, Task.TAGGING)

STRATEGIES: Mapping[str, Strategy] = {
    s.name: s
    for s in (
        Strategy("random", "random sampling", "asks about any text, all alike: the baseline for "
            "the others", "nothing", _BOTH, None),
        Strategy("lc", "least confidence", "asks what the model is least sure of", "probabilities",
            _BOTH, least_confidence),
        Strategy("bt", "breaking ties", "asks where the two likeliest labels are closest",
            "probabilities", _BOTH, breaking_ties),
        Strategy("entropy", "prediction entropy", "asks where the model wavers among all labels",
            "probabilities", _BOTH, prediction_entropy),
        Strategy("mnlp", "normalised log-probability", "asks for sentences whose tags are least "
            "likely, length evened out", "probabilities", (Task.TAGGING,),
            normalized_log_probability),
        Strategy("bald", "Bayesian disagreement", "asks where dropout samples of the model "
            "disagree most; slower", "monte carlo", _BOTH, bald),
    )
}  # fmt: skip


def select(scores: FloatArray, costs: IntArray, budget: int, rng: np.random.Generator) -> IntArray:
    """Positions of the highest scores whose costs fill the budget, best first.

    Ties are broken by a random order drawn from `rng`, so equal scores (all of them, for random
    sampling) favour no position. `costs` is what each example takes from the budget: ones for a
    budget of examples, word counts for one of tokens. Taking stops with the example that reaches
    the budget; at least one is taken from a pool that is not empty.

    Args:
        scores: (n,), not NaN.
        costs: (n,), positive.
        budget: in the unit of `costs`, positive.

    Raises:
        ValueError: scores are NaN: a model that returns NaN must not choose silently.
    """
    if np.isnan(scores).any():
        raise ValueError("Scores are not numbers (NaN): the acquisition model diverged.")
    order = np.lexsort((rng.permutation(len(scores)), -scores))  # (n,), last key first
    spent = np.cumsum(costs[order])
    taken = int(np.searchsorted(spent, budget)) + 1
    return order[:taken]
