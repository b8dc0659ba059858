"""How good the successor is, measured on the random share of the pool that people have labelled so far (`tui_al.core.audit`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_al.core.decisions import Given
from tui_al.core.offsets import spans_to_tags
from tui_al.core.tasks import Task

if TYPE_CHECKING:
    from tui_al.core.intervals import Interval
    from tui_al.store.workbench import Workbench


@dataclass(frozen=True, slots=True)
class Quality:
    """An estimate with its interval, of accuracy or entity F1, from `examples` labels that no model has learned from."""

    metric: str
    interval: "Interval"
    examples: int

    def __str__(self) -> str:
        """ "accuracy ~.83 ±.05 (n=41)"; the interval is the nearest symmetric one in words only."""
        low, high = self.interval.low, self.interval.high
        value, half = f"{self.interval.value:.2f}", f"{(high - low) / 2:.2f}"
        return f"{self.metric} ~{value.removeprefix('0')} ±{half.removeprefix('0')} (n={self.examples})"


class QualityGauge:
    """Works the estimate out when there is something new to work it out from."""

    def __init__(self) -> None:
        self._round: int | None = None
        self._predicted: Mapping[str, Given] = {}
        self._answers: Mapping[str, Given] = {}
        self._quality: Quality | None = None

    def read(self, bench: "Workbench") -> Quality | None:
        """None before the first successor, or without a label of the random share."""
        round_ = bench.log.latest("audit")
        if round_ is None:
            return None
        fresh = round_ != self._round
        if fresh:
            self._predicted = {i: _given(p) for i, p in bench.log.board("audit", round_).items()}
            self._round = round_
        standing = bench.labelling.standing
        answers = {i: a for i in self._predicted if (a := standing(i).answer) is not None}
        if fresh or answers != self._answers:
            self._answers = answers
            self._quality = self._work_out(bench, answers) if answers else None
        return self._quality

    def _work_out(self, bench: "Workbench", answers: Mapping[str, Given]) -> Quality | None:
        # scipy is slow to import and not wanted before there is something to measure
        from tui_al.core.audit import accuracy_interval, entity_f1_interval

        renamed = bench.labelling.renamed
        if bench.task is Task.CLASSIFICATION:
            hits = [answer == _today(self._predicted[i], renamed) for i, answer in answers.items()]
            return Quality("accuracy", accuracy_interval(hits), len(hits))
        pairs = []
        for identity, answer in answers.items():
            example = bench.example(identity)
            if example is not None:
                both = (answer, _today(self._predicted[identity], renamed))
                pairs.append([spans_to_tags(example.text, example.tokens, g) for g in both])  # type: ignore[arg-type]
        interval = entity_f1_interval([g for g, _ in pairs], [p for _, p in pairs])
        return None if interval is None else Quality("F1", interval, len(pairs))


def _given(plain: Any) -> Given:
    """An answer as JSON keeps it."""
    return plain if isinstance(plain, str) else tuple(tuple(span) for span in plain)


def _today(answer: Given, renamed: Mapping[str, str]) -> Given:
    if isinstance(answer, str):
        return renamed.get(answer, answer)
    return tuple((start, end, renamed.get(kind, kind)) for start, end, kind in answer)
