"""Labels to look at again: each is judged by a model that has not learned from it
(cross-validation).

A model that learned a wrong label mostly repeats it, so what it says of its own training labels
finds hardly any mistake. Here the labelled texts are dealt into folds, and those of each fold are
judged by a logistic regression on the others', over features that no label has shaped: states of
the pretrained encoder, or TF-IDF. That is the out-of-sample probability of confident learning
(Northcutt et al. 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels"), ranked as
there by self-confidence, the probability of the given label; for entities by that of a sentence's
least confident word (Wang & Mueller 2022, "Detecting Label Errors in Token Classification Data").
Near-duplicates, which share an answer, are dealt into one fold.

Not judged is a label of which the other folds hold fewer than two texts: a model that has hardly
seen a class cannot doubt it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Answer, Dataset, Task
from tui_al.core.data.offsets import token_offsets
from tui_al.core.progress import ProgressCallback, TrainingProgress
from tui_al.core.query import softmax_regression
from tui_al.core.query.predictions import Predictions
from tui_al.core.query.softmax_regression import Features

BoolArray = NDArray[np.bool_]

#: Parts that the labelled texts are dealt into.
FOLDS = 5

#: Texts of a label that a model must have learned from to judge another one of it.
FEWEST = 2

#: Of the logistic regression of each fold.
_ITERATIONS = 50

#: Digits of a probability that count when labels are ranked: what rounding errors tell apart is a
#: tie.
_DIGITS = 6


class Encode(Protocol):
    """Features of labelled texts, or of the words of sentences, that no label has shaped."""

    def __call__(self, rows: IntArray, progress: ProgressCallback) -> Features:
        """Of these training rows, units one below the other, (units, width); a unit that the model
        cannot see is all 0."""
        ...


@dataclass(frozen=True, slots=True)
class Dispute:
    """A label that a model which did not learn from it finds less likely than another."""

    position: int  #: of the example among those judged
    given: float  #: probability of the given label
    other: float  #: of the likeliest other one
    other_class: int
    unit: int  #: the word with the least likely tag; 0 for texts


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a labelled text: its label, or the tag of its least confident word, against
    the likeliest other one."""

    row: int
    given: str
    p_given: float
    other: str
    p_other: float
    word: tuple[int, int] | None = None  #: where that word is in the text, for tags


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What cross-validation says of the labels there were."""

    disputed: tuple[Evidence, ...]  #: the least likely label first; ties in the order of the texts
    labels: int  #: texts whose labels were judged
    folds: int
    not_judged: dict[str, int]  #: labels that too few texts have, with how many have them


def judge(
    dataset: Dataset,
    labelled: Sequence[tuple[int, Answer]],
    groups: IntArray | None,
    encode: Encode,
    seed: int,
    progress: ProgressCallback,
) -> Verdicts:
    """Judge the labels of these training rows, each by a model that has not learned from it.

    Args:
        labelled: training rows with their answers.
        groups: of near-duplicates, (train,); None where all texts are unlike.
        encode: see `Encode`.
        seed: of the dealing into folds.
        progress: told of every step; what it raises ends the work.
    """
    rows = np.array([row for row, _ in labelled], dtype=np.int64)
    names = [[a] if isinstance(a, str) else list(a) for _, a in labelled]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in names])]).astype(np.int64)
    outputs = sorted({name for one in names for name in one}, key=dataset.outputs.index)
    column = {name: k for k, name in enumerate(outputs)}
    targets = np.array([column[name] for one in names for name in one], dtype=np.int64)
    owners = np.repeat(np.arange(len(rows)), np.diff(offsets))
    alike = rows if groups is None else np.asarray(groups)[rows]
    firsts = [one[0] if len(one) == 1 else "" for one in names]  # sentences are dealt as they come
    folds = dealt(alike, firsts, np.random.default_rng(seed))
    known = _known(targets, alike[owners], folds[owners], len(outputs))
    if len(outputs) < 2 or not known.any():
        return Verdicts((), 0, FOLDS, _too_few(names, known))
    x = encode(rows, progress)
    seen = np.asarray(abs(x).sum(axis=1)).ravel() > 0
    probs = out_of_fold(x, targets, folds[owners], len(outputs), progress)
    judged = known & seen
    texts = np.unique(owners[judged])
    found = disputes(Predictions(probs, offsets), targets, judged)
    evidence = tuple(_evidence(dataset, rows, names, outputs, one) for one in found)
    return Verdicts(evidence, len(texts), FOLDS, _too_few(names, known))


def dealt(groups: IntArray, labels: Sequence[str], rng: np.random.Generator) -> IntArray:
    """The fold of each text, (texts,): texts of a group together, those of a label spread over the
    folds as evenly as can be.

    Args:
        groups: (texts,), equal for near-duplicates.
        labels: one a text; a group counts as one of its first text's label.
    """
    _, first, member = np.unique(groups, return_index=True, return_inverse=True)
    shuffled = rng.permutation(len(first))
    order = sorted(shuffled.tolist(), key=lambda group: labels[int(first[group])])
    fold = np.empty(len(first), dtype=np.int64)
    fold[order] = np.arange(len(first)) % FOLDS
    return np.asarray(fold[member])


def out_of_fold(
    x: Features, targets: IntArray, folds: IntArray, classes: int, progress: ProgressCallback
) -> FloatArray:
    """Probabilities of each unit's classes by a model that has not learned from its fold, (units,
    classes)."""
    probs = np.zeros((len(targets), classes))
    total = FOLDS * _ITERATIONS
    for fold in range(FOLDS):
        inside = folds == fold
        if not inside.any() or inside.all():
            continue
        step = _counter(fold * _ITERATIONS, total, progress)
        weights, _ = softmax_regression.fit(
            x[~inside], targets[~inside], classes, _ITERATIONS, step
        )
        probs[inside] = softmax_regression.probabilities(x[inside], weights)
    return probs


def disputes(predictions: Predictions, targets: IntArray, judged: BoolArray) -> list[Dispute]:
    """Examples with a label that is less likely than another, the least likely label first; ties in
    the examples' order.

    Args:
        predictions: of n examples, none of a model that learned from its example.
        targets: (units,), the given class of each unit.
        judged: (units,), whether a unit's label can be judged at all.
    """
    units = np.arange(len(targets))
    given = predictions.probs[units, targets]
    others = predictions.probs.astype(np.float64)
    others[units, targets] = -1.0
    other_class = others.argmax(axis=1)
    other = others[units, other_class]
    doubted = judged & (other > given)
    found = []
    for position in range(len(predictions)):
        start, end = predictions.offsets[position], predictions.offsets[position + 1]
        own = start + np.flatnonzero(doubted[start:end])
        if len(own):
            unit = int(own[np.argmin(given[own].round(_DIGITS))])
            one = (float(given[unit]), float(other[unit]), int(other_class[unit]))
            found.append(Dispute(position, *one, unit - int(start)))
    return sorted(found, key=lambda one: round(one.given, _DIGITS))


def _known(targets: IntArray, groups: IntArray, folds: IntArray, classes: int) -> BoolArray:
    """Whether the other folds hold FEWEST groups or more with a unit's class, (units,)."""
    having = np.zeros((classes, FOLDS), dtype=np.int64)
    for target, _, fold in set(zip(targets.tolist(), groups.tolist(), folds.tolist(), strict=True)):
        having[target, fold] += 1
    elsewhere = having.sum(axis=1, keepdims=True) - having
    return np.asarray(elsewhere[targets, folds] >= FEWEST)


def _too_few(names: Sequence[Sequence[str]], known: BoolArray) -> dict[str, int]:
    """Labels that could not be judged everywhere, with how many texts have them; by name."""
    flat = iter(known.tolist())
    unknown = {name for one in names for name in one if not next(flat)}
    counts = Counter(name for one in names for name in set(one))
    return {name: counts[name] for name in sorted(unknown)}


def _counter(start: int, total: int, progress: ProgressCallback) -> Callable[[], None]:
    done = start

    def step() -> None:
        nonlocal done
        done += 1
        progress(TrainingProgress(done, total))

    return step


def _evidence(
    dataset: Dataset,
    rows: IntArray,
    names: Sequence[Sequence[str]],
    outputs: Sequence[str],
    found: Dispute,
) -> Evidence:
    row = int(rows[found.position])
    word = None
    if dataset.task is Task.TAGGING:
        example = dataset.train[row]
        word = token_offsets(example.text, example.tokens)[found.unit]
    given = names[found.position][found.unit]
    return Evidence(row, given, found.given, outputs[found.other_class], found.other, word)
