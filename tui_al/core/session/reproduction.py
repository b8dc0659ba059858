"""Whether a run that was made again is the same run: its queries, its scores, its points; and what
was different around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui_al.core.session.state import RunState, SessionState
from tui_al.core.settings.used_plugins import KEY, noted

#: Scores that differ by less are called equal up to rounding: sums of floats in another order.
ROUNDING = 1e-5

#: Facts of a manifest that say where and when, not what with.
_CIRCUMSTANCES = ("hostname", "memory", "cores", "gpus")


@dataclass(frozen=True, slots=True)
class RoundCheck:
    """One round of a run against the same round of its repetition."""

    seed: int
    round: int
    same_query: bool  #: the same examples, in the same order
    shared: int  #: examples that both asked about
    asked: int
    score_difference: (
        float  #: the largest between scores of the same examples; 0 where there are none
    )
    metric_differences: Mapping[str, tuple[float, float]]  #: then, now; where they are not equal


def compare_runs(then: RunState, now: RunState) -> list[RoundCheck]:
    """Round by round, as far as the repetition went; rounds that either lacks are left out."""
    before = {query.round: query for query in then.queries}
    points = {point.round: point for point in then.points}
    again = {point.round: point for point in now.points}
    checks = []
    for query in now.queries:
        old = before.get(query.round)
        if old is None or query.round not in points or query.round not in again:
            continue
        scores = dict(zip(old.ids, old.scores, strict=False))
        differences = [
            abs(scores[identity] - score)
            for identity, score in zip(query.ids, query.scores, strict=False)
            if identity in scores
        ]
        mine, theirs = again[query.round].metrics, points[query.round].metrics
        checks.append(
            RoundCheck(
                now.seed,
                query.round,
                query.ids == old.ids,
                len(set(query.ids) & set(old.ids)),
                len(old.ids),
                max(differences, default=0.0),
                {
                    name: (theirs[name], mine.get(name, float("nan")))
                    for name in theirs
                    if mine.get(name) != theirs[name]
                },
            )
        )
    return checks


def different_facts(then: SessionState, now: SessionState) -> list[tuple[str, str, str]]:
    """(what, then, now) of versions, hardware, device and threads that are not the same."""
    old, new = _facts(then), _facts(now)
    return [
        (name, str(old.get(name, "not noted")), str(new.get(name, "not noted")))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]


def _facts(state: SessionState) -> dict[str, Any]:
    manifest = dict(state.manifest)
    found = {key: value for key, value in manifest.items() if key not in _CIRCUMSTANCES}
    found["gpus"] = ", ".join(str(gpu.get("name")) for gpu in manifest.get("gpus") or ()) or "none"
    if state.engine is not None:
        found |= state.engine.manifest
        found["device"] = state.engine.device
    brought = noted(found)
    found.pop(KEY, None)
    found |= brought
    return found
