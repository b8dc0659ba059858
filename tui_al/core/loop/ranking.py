"""The order in which people are asked: near-duplicates once, the random share mixed in, and what
the model would answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Answer, Dataset, Example, Task
from tui_al.core.data.offsets import tags_to_spans
from tui_al.core.data.tags import spans_of
from tui_al.core.loop.simulation import decode
from tui_al.core.query.predictions import Predictions
from tui_al.core.stats.audit_sample import audit_due

#: Classes suggested for a text, the likeliest first: as many as there are digit keys.
SUGGESTED = 9

#: A row of the ranking's board: `id`, and where there is one `score`, `percentile`, `top` (see
#: `suggestions`) or `audit`.
Row = dict[str, Any]


def without_duplicates(
    rows: IntArray, groups: IntArray | None, unfolded: frozenset[int]
) -> list[int]:
    """Places in `rows` of the first of each group of near-duplicates, and of all that are to be
    asked by themselves."""
    if groups is None:
        return list(range(len(rows)))
    seen: set[int] = set()
    places = []
    for place, row in enumerate(rows.tolist()):
        if row not in unfolded:
            group = int(groups[row])
            if group in seen:
                continue
            seen.add(group)
        places.append(place)
    return places


def with_audit(
    board: Sequence[Row],
    waiting: Sequence[str],
    asked: int,
    audited: int,
    batch: int,
    share: float,
    rng: np.random.Generator,
) -> list[Row]:
    """Mix the audit's next texts in at random places, so that `share` of what is asked in each
    batch's length is of the audit.

    Args:
        board: the ranking without them.
        waiting: ids of the audit's open texts, in their order.
        asked: examples answered so far, `audited` of them of the audit.
        batch: texts in a batch.
        share: 0 to 1.
        rng: for the places.
    """
    rest, audit = list(board), list(waiting)
    if not rest:
        return [{"id": identity, "audit": True} for identity in audit]
    mixed: list[Row] = []
    while rest:
        due = min(audit_due(asked, audited, batch, share), len(audit))
        stretch, rest = rest[: batch - due], rest[batch - due :]
        slots = sorted(rng.choice(len(stretch) + due, due, replace=False).tolist())
        for slot, identity in zip(slots, audit[:due], strict=True):
            stretch.insert(slot, {"id": identity, "audit": True})
        del audit[:due]
        asked, audited = asked + len(stretch), audited + due
        mixed += stretch
    return mixed


def suggestions(predictions: Predictions, dataset: Dataset, rows: IntArray) -> list[Any]:
    """What a model would answer for these training rows, as JSON values.

    Classes: [[label, probability], …], the likeliest first. Entities: [[start, end, type,
    confidence], …] by character offsets, the confidence being the mean probability of its words'
    tags.
    """
    if dataset.task is Task.CLASSIFICATION:
        best = np.argsort(-predictions.probs, axis=1, kind="stable")[:, :SUGGESTED]
        return [
            [[dataset.outputs[k], float(probs[k])] for k in order]
            for order, probs in zip(best, predictions.probs, strict=True)
        ]
    return [
        _entities(dataset.train[row], answer, predictions, place)
        for place, (row, answer) in enumerate(
            zip(rows.tolist(), decode(predictions, dataset), strict=True)
        )
    ]


def _entities(
    example: Example, answer: Answer, predictions: Predictions, place: int
) -> list[list[Any]]:
    start = predictions.offsets[place]
    best = predictions.probs[start : predictions.offsets[place + 1]].max(axis=1)
    return [
        [first, last, kind, float(best[a:b].mean())]
        for (first, last, kind), (a, b, _) in zip(
            tags_to_spans(example.text, example.tokens, answer), spans_of(answer), strict=True
        )
    ]
