"""What is known of models while people label: how good the successor is, what the strategy is
worth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Answer, Dataset, Task
from tui_al.core.loop.annotation_channel import LabelSnapshot
from tui_al.core.loop.protocols import Learner
from tui_al.core.loop.simulation import Purpose, decode, derived_seed
from tui_al.core.progress import ProgressCallback
from tui_al.core.stats.audit_sample import (
    Comparison,
    accuracy_interval,
    compare_entities,
    compare_hits,
    entity_f1_interval,
)
from tui_al.core.stats.intervals import Interval


def estimate(
    task: Task, gold: Mapping[int, Answer], predicted: Mapping[int, Answer]
) -> Interval | None:
    """Accuracy, or entity F1, on the audit labels there are, with its interval; None while there is
    nothing to say."""
    rows = [row for row in gold if row in predicted]
    if not rows:
        return None
    if task is Task.CLASSIFICATION:
        return accuracy_interval([gold[row] == predicted[row] for row in rows])
    return entity_f1_interval([gold[row] for row in rows], [predicted[row] for row in rows])


@dataclass(frozen=True, slots=True)
class Worth:
    """`labels` of the strategy against as many random ones, on top of the same seed set."""

    labels: int
    comparison: Comparison


def compare_with_random(
    dataset: Dataset, now: LabelSnapshot, learner: Learner, seed: int, progress: ProgressCallback
) -> Worth | None:
    """What the strategy's labels are worth against as many random ones, without any label spent on
    it.

    The audit labels are a random sample. One half of them joins the seed set, to train the model
    that random sampling would have made; as many labels that the rankings asked for, the earliest,
    join the same seed set, to train the strategy's. Both are tested on the other half of the audit,
    which neither has seen; then the halves change places. None without such labels. What was
    answered along with a near-duplicate is not a label of its own: nobody was asked for it, and
    audit texts have no such company."""
    audit = np.random.default_rng([seed, len(now.audit), Purpose.WORTH]).permutation(
        np.fromiter(now.audit, dtype=np.int64, count=len(now.audit))
    )
    own = {row: a for row, a in now.answers.items() if row not in now.folded}
    asked = [row for row in own if now.rankings.get(row, 0) > 0]
    asked.sort(key=now.rankings.__getitem__)
    halves = audit[: len(audit) // 2], audit[len(audit) // 2 :]
    labels = min(len(halves[0]), len(asked))
    if not labels:
        return None
    base = {row: a for row, a in own.items() if now.rankings.get(row, 0) == 0}
    by_strategy = base | {row: now.answers[row] for row in asked[:labels]}
    predicted: tuple[dict[int, Answer], dict[int, Answer]] = ({}, {})
    for number, (learned, tested) in enumerate((halves, halves[::-1])):
        at_random = base | {row: now.audit[row] for row in learned[:labels].tolist()}
        for arm, labelled in enumerate((by_strategy, at_random)):
            rows = np.fromiter(labelled, dtype=np.int64, count=len(labelled))
            seed_of_arm = derived_seed(seed, 2 * number + arm, Purpose.WORTH)
            learner.fit(rows, list(labelled.values()), seed_of_arm, progress)
            answers = decode(learner.predict("train", tested, progress), dataset)
            predicted[arm].update(zip(tested.tolist(), answers, strict=True))
    comparison = _compared(dataset.task, audit, now.audit, *predicted)
    return None if comparison is None else Worth(labels, comparison)


def _compared(
    task: Task,
    rows: IntArray,
    gold: Mapping[int, Answer],
    first: Mapping[int, Answer],
    second: Mapping[int, Answer],
) -> Comparison | None:
    keys = rows.tolist()
    if task is Task.CLASSIFICATION:
        return compare_hits(*([one[row] == gold[row] for row in keys] for one in (first, second)))
    return compare_entities(*([one[row] for row in keys] for one in (gold, first, second)))
