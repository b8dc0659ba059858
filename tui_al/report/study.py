"""Arms that are to be compared, as plain numbers: made from sessions, small enough to be kept as
JSON, and read back from there.

A study is what `tui-al report` makes tables, figures and verdicts of. It holds curves, seconds and
settings, but no texts and no queries, so that it can lie in a repository where sessions cannot.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Self

from tui_al.core.query.strategies import find_strategy
from tui_al.core.session.events import Phase
from tui_al.core.session.state import SessionState
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.core.stats.metrics import normalized_area
from tui_al.errors import DataError
from tui_al.report import curves
from tui_al.report.gauges import of_gauge
from tui_al.report.score_studies import ScoreStudy
from tui_al.report.settings import facts, short_learner

FORMAT = 1

#: Between the parts of a sweep's labels, see `tui_al.core.settings.sweep`.
_BETWEEN = " · "

#: Metrics that are kept of every point, where the task has them.
_METRICS = ("accuracy", "entity_f1", "macro_f1")


@dataclass(frozen=True, slots=True)
class StudyPoint:
    """One point of a run."""

    labels: float  #: labelled examples, or words where the budget counts tokens
    metrics: Mapping[str, float]
    seconds: Mapping[str, float]  #: by phase
    peak_bytes: int
    mismatch: Mapping[str, float] = field(
        default_factory=dict
    )  #: wd, kl and their floors, of the gauge after this point


@dataclass(frozen=True, slots=True)
class ArmResult:
    """What came of one arm."""

    label: str
    panel: str  #: arms with the same one are comparable: data, successor, budget
    strategy: str
    successor: str  #: "minilm full"
    acquisition: str  #: which kind, see `kind_of`; "" where the strategy asks none
    metric: str
    unit: str
    data: str  #: the data set's name
    facts: Mapping[str, str]
    runs: Mapping[int, Sequence[StudyPoint]]
    missing: str = ""  #: what is not finished, or failed

    @property
    def whole(self) -> dict[int, Sequence[StudyPoint]]:
        """The runs that were not cut off; a mean of the others' points would be of early ones."""
        most = max(len(points) for points in self.runs.values())
        return {seed: points for seed, points in self.runs.items() if len(points) == most}

    def areas(self) -> dict[int, float]:
        """Normalised area under the curve of each whole run, by seed."""
        return {
            seed: normalized_area([p.labels for p in points], self.values(seed))
            for seed, points in self.whole.items()
        }

    def values(self, seed: int) -> list[float]:
        """A run's headline metric, point by point."""
        return [point.metrics[self.metric] for point in self.runs[seed]]

    def seconds(self, phases: Sequence[str]) -> dict[int, float]:
        """Seconds that each run spent in these phases."""
        return {
            seed: sum(point.seconds.get(phase, 0.0) for point in points for phase in phases)
            for seed, points in self.runs.items()
        }

    @property
    def asks_itself(self) -> bool:
        """Whether the successor is the acquisition model too, so that one training did for both."""
        own = Phase.TRAIN_ACQUISITION.value
        later = (point for points in self.runs.values() for point in points[1:])
        return bool(self.acquisition) and any(own not in point.seconds for point in later)

    def acquisition_training(self) -> dict[int, float]:
        """Seconds by seed of training what asked; where the successor asks itself, of its trainings
        on the same labels."""
        own, others = Phase.TRAIN_ACQUISITION.value, Phase.TRAIN_SUCCESSOR.value
        return {
            seed: sum(
                point.seconds.get(own, before.seconds.get(others, 0.0))
                for before, point in pairwise(points)
            )
            for seed, points in self.runs.items()
        }


@dataclass(frozen=True, slots=True)
class Study:
    """Arms under one title."""

    name: str
    title: str
    arms: tuple[ArmResult, ...]
    notes: tuple[str, ...] = ()
    scores: tuple[ScoreStudy, ...] = ()  #: comparisons of two models' scores

    def panels(self) -> dict[str, list[ArmResult]]:
        """The arms that are comparable with each other; what all of a panel's labels begin with is
        left out of them."""
        found: dict[str, list[ArmResult]] = {}
        for arm in self.arms:
            found.setdefault(arm.panel, []).append(arm)
        return {panel: _shortened(arms) for panel, arms in found.items()}

    def to_json(self) -> str:
        """For a file; ends in a newline."""
        plain = {"format": FORMAT, **asdict(self)}
        for arm in plain["arms"]:
            arm["runs"] = {str(seed): points for seed, points in arm["runs"].items()}
        return json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, path: Path) -> Self:
        """Read what `to_json` wrote; raises DataError for anything else."""
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            arms = [
                ArmResult(
                    **{
                        **arm,
                        "runs": {
                            int(seed): tuple(StudyPoint(**point) for point in points)
                            for seed, points in arm["runs"].items()
                        },
                    }
                )
                for arm in plain["arms"]
            ]
            scores = tuple(ScoreStudy.from_plain(one) for one in plain.get("scores", ()))
            return cls(plain["name"], plain["title"], tuple(arms), tuple(plain["notes"]), scores)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path} is not a study: {error}.", "`tui-al report … --out DIR` writes study.json."
            ) from error


def _shortened(arms: list[ArmResult]) -> list[ArmResult]:
    """With labels that tell these arms apart: of "news · full · lc" and "news · random" stay "full
    · lc" and "random"."""
    parts = [arm.label.split(_BETWEEN) for arm in arms]
    columns = zip(*parts, strict=False)  # as far as the shortest goes
    shared = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    if len(arms) < 2 or any(len(each) <= shared for each in parts):
        return arms
    return [
        replace(arm, label=_BETWEEN.join(each[shared:]))
        for arm, each in zip(arms, parts, strict=True)
    ]


def arm_result(
    label: str, state: SessionState, seeds: Iterable[int] | None = None
) -> ArmResult | None:
    """A session as an arm; None before its first point. `seeds`: only these runs."""
    config = state.config
    if config is None:
        return None
    metric, unit = curves.headline_metric(state), curves.budget_unit(state)
    chosen = [run for seed, run in state.runs.items() if seeds is None or seed in set(seeds)]
    runs = {
        run.seed: tuple(
            StudyPoint(
                point.tokens if unit == "words" else point.labels,
                {name: point.metrics[name] for name in _METRICS if name in point.metrics},
                dict(point.seconds),
                point.peak_bytes,
                next((of_gauge(g) for g in run.gauges if g.round == point.round + 1), {}),
            )
            for point in run.points
            if math.isfinite(point.metrics.get(metric, math.nan))
        )
        for run in chosen
    }
    runs = {seed: points for seed, points in runs.items() if points}
    if not runs:
        return None
    known = find_strategy(config.loop.strategy)
    asks = known is None or known.needs != "nothing"
    told = {what: how for what, how in facts(state) if asks or what != "acquisition"}
    told["seeds"] = ", ".join(str(run.seed) for run in chosen)
    return ArmResult(
        label=label,
        panel=f"{told['data']} · successor {told['successor']} · {told['batch']}",
        strategy=config.loop.strategy,
        successor=short_learner(config.successor),
        acquisition=kind_of(config.acquisition, config.successor) if asks else "",
        metric=metric,
        unit=unit,
        data=config.data.source,
        facts=told,
        runs=runs,
        missing="; ".join(
            f"seed {run.seed} {run.status} after {len(run.points)} points {run.error}".rstrip()
            for run in chosen
            if run.status != "finished"
        ),
    )


def kind_of(acquisition: LearnerConfig, successor: LearnerConfig) -> str:
    """What an acquisition model is to its successor: "mismatched" if another encoder, else by what
    of it is trained.

    "bag of words" (no encoder), "full", "upper" (the lower layers frozen), "head" (a frozen
    encoder), the name of an adapter, or that and "on a trunk" where the layers below are frozen.
    """
    if acquisition.model == BAG_OF_WORDS:
        return "bag of words"
    if acquisition.model != successor.model:
        return "mismatched"
    if acquisition.trains == "adapter":
        return acquisition.tuning + (" on a trunk" if acquisition.trunk_layers else "")
    if acquisition.trains == "head":
        return "head"
    return "upper" if acquisition.trunk_layers else acquisition.tuning
