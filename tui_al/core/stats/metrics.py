"""How good a model is: accuracy and macro-F1 for texts; entity F1 as the CoNLL script counts it,
and word accuracy, for tags."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean

from tui_al.core.data.examples import Answer, Task
from tui_al.core.data.tags import spans_of

#: The metric that curves show, by task.
HEADLINE: Mapping[Task, str] = {Task.CLASSIFICATION: "accuracy", Task.TAGGING: "entity_f1"}


def evaluate(task: Task, gold: Sequence[Answer], predicted: Sequence[Answer]) -> dict[str, float]:
    """All metrics of a task, each 0 to 1."""
    if task is Task.CLASSIFICATION:
        return {
            "accuracy": accuracy(gold, predicted),
            "macro_f1": macro_f1(gold, predicted),
        }
    words_gold = [tag for tags in gold for tag in tags]
    words_predicted = [tag for tags in predicted for tag in tags]
    return {
        **entity_scores(gold, predicted),
        "accuracy": accuracy(words_gold, words_predicted),
    }


def accuracy(gold: Sequence[object], predicted: Sequence[object]) -> float:
    """Share of equal pairs; 0 for none."""
    hits = sum(g == p for g, p in zip(gold, predicted, strict=True))
    return hits / len(gold) if gold else 0.0


def macro_f1(gold: Sequence[object], predicted: Sequence[object]) -> float:
    """Unweighted mean of the classes' F1, over the classes that occur in gold or in predictions."""
    right = Counter(g for g, p in zip(gold, predicted, strict=True) if g == p)
    in_gold, in_predicted = Counter(gold), Counter(predicted)
    classes = in_gold.keys() | in_predicted.keys()
    if not classes:
        return 0.0
    # F1 = 2 TP / (2 TP + FP + FN), and TP + FN, TP + FP are the two counts
    return fmean(2 * right[c] / (in_gold[c] + in_predicted[c]) for c in classes)


def entity_scores(gold: Sequence[Answer], predicted: Sequence[Answer]) -> dict[str, float]:
    """Micro precision, recall and F1 over exact (start, end, type) entities (Tjong Kim Sang & De
    Meulder 2003).

    Malformed tag sequences are read as the CoNLL script reads them, see
    `tui_al.core.data.tags.spans_of`."""
    right = found = there = 0
    macro: dict[str, list[int]] = {}
    for gold_tags, predicted_tags in zip(gold, predicted, strict=True):
        gold_spans = set(spans_of(tuple(gold_tags)))
        predicted_spans = set(spans_of(tuple(predicted_tags)))
        right += len(gold_spans & predicted_spans)
        found += len(predicted_spans)
        there += len(gold_spans)
        for spans, column in (
            (gold_spans & predicted_spans, 0),
            (predicted_spans, 1),
            (gold_spans, 2),
        ):
            for *_, kind in spans:
                macro.setdefault(kind, [0, 0, 0])[column] += 1
    by_type = [2 * hit / (out + ref) for hit, out, ref in macro.values()]
    return {
        "entity_f1": _f1(right, found, there),
        "entity_precision": right / found if found else 0.0,
        "entity_recall": right / there if there else 0.0,
        "macro_f1": fmean(by_type) if by_type else 0.0,
    }


def _f1(right: int, found: int, there: int) -> float:
    return 2 * right / (found + there) if found + there else 0.0


def normalized_area(labels: Sequence[float], values: Sequence[float]) -> float:
    """Area under the curve by the trapezoid rule, divided by the width: the mean height of the
    curve.

    `labels` increase; one point is its own height.
    """
    if len(labels) == 1:
        return float(values[0])
    width = labels[-1] - labels[0]
    steps = zip(pairwise(labels), pairwise(values), strict=True)
    return sum((right - left) * (a + b) / 2 for (left, right), (a, b) in steps) / width
