"""From a session's state to numbers: curves over its seeds, their areas, rows of rounds, and
differences between sessions."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from tui_al.core.data.examples import Task
from tui_al.core.session.events import AuditEvaluated, Phase, RoundResult
from tui_al.core.session.state import RunState, SessionState
from tui_al.core.stats.intervals import Interval, exact_interval
from tui_al.core.stats.measured import FEWEST, Measured
from tui_al.core.stats.metrics import HEADLINE, normalized_area

#: What of a round is the acquisition model's time, and what is the successor's; evaluation belongs
#: to neither.
ACQUISITION_PHASES = (Phase.TRAIN_ACQUISITION.value, Phase.SCORE_POOL.value)
SUCCESSOR_PHASES = (Phase.TRAIN_SUCCESSOR.value,)

METRIC_NAMES: Mapping[str, str] = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "entity_f1": "entity F1",
    "entity_precision": "entity precision",
    "entity_recall": "entity recall",
}


@dataclass(frozen=True, slots=True)
class MeanStd:
    """Mean and sample standard deviation of one number over runs.

    The deviation has n - 1 in its denominator. Of one run there is none to be known; `sd` is 0
    then, and `n` tells, so that nobody prints a "± 0" that was never measured.
    """

    mean: float
    sd: float
    n: int

    @classmethod
    def of(cls, values: Iterable[float]) -> "MeanStd | None":
        """Over the finite values; None when there is none."""
        kept = [float(value) for value in values if math.isfinite(value)]
        if not kept:
            return None
        sd = stdev(kept) if len(kept) > 1 else 0.0
        return cls(fmean(kept), sd, len(kept))


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric against the labels spent, over the runs of a session, aligned by round; all
    sequences have the same length."""

    name: str
    metric: str
    unit: str  #: what `labels` counts: "labels", or "words" where the budget counts tokens
    labels: tuple[float, ...]  #: mean over the runs, strictly increasing
    mean: tuple[float, ...]
    sd: tuple[
        float, ...
    ]  #: sample standard deviation; 0 where one run reached the round, see `MeanStd`
    seeds: tuple[int, ...]  #: how many runs reached the round


@dataclass(frozen=True, slots=True)
class RoundRow:
    """One round over the runs that reached it; numbers are means."""

    round: int
    labels: float
    tokens: float
    headline: MeanStd | None  #: None where the random share is too small to tell
    estimate: Measured | None  #: of a session whose figures are those of its random share
    macro_f1: float | None
    seconds: Mapping[str, float]  #: by phase, over the runs that had the phase in this round
    queried: float
    runs: int


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """How much better a session is than another, seed by seed: each shared seed's runs are compared
    with each other.

    Only where both runs have a point at the same number of labels; `final` is at the last such
    point and `area` over all."""

    final: MeanStd
    area: MeanStd
    seeds: tuple[int, ...]


def headline_metric(state: SessionState) -> str:
    """The metric that the session's curve shows, by its task."""
    return HEADLINE[Task(state.task)] if state.task else HEADLINE[Task.CLASSIFICATION]


def metric_name(metric: str) -> str:
    """As people write it: "macro-F1" for "macro_f1"."""
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def measured(audit: AuditEvaluated) -> Measured:
    """What the random share that people label blind says of a successor."""
    return Measured.of(audit.value, audit.low, audit.high, audit.examples)


def on_test(state: SessionState, metric: str, value: float, digits: int = 2) -> str:
    """ ".93 [.90, .96] n=314": a run's figure on the test set; entity F1, of which a point tells no
    more than itself, without limits."""
    if metric != "accuracy" or state.task != Task.CLASSIFICATION or not state.test:
        interval = Interval(value, value, value)
        figure = Measured(interval, state.test).figure(digits)
        return f"{figure} n={state.test:,}"
    return Measured(exact_interval(round(value * state.test), state.test), state.test).in_words(
        digits
    )


def is_estimated(state: SessionState) -> bool:
    """Whether the points' figures are those of the random share: people label, and there is no test
    set."""
    by_people = state.config is not None and state.config.loop.oracle == "person"
    return by_people and not state.test


def estimates(state: SessionState) -> dict[int, Measured]:
    """By round, what the random share says, where that is all there is to say; of a session of
    people, which has one run."""
    if not is_estimated(state):
        return {}
    return {one.round: measured(one) for run in state.runs.values() for one in run.audits}


def last_figure(state: SessionState) -> str:
    """ "accuracy at the last point: 1.000 [.768, 1.000] n=14, test texts": what the end of the
    curve rests on; of one run only."""
    metric = headline_metric(state)
    ends = [run.points[-1] for run in state.runs.values() if run.points]
    if len(state.runs) != 1 or not ends or not _has(ends[0], metric):
        return ""
    where = "texts drawn at random that could be answered" if is_estimated(state) else "test texts"
    found = estimates(state).get(ends[0].round)
    told = found.in_words(3) if found else on_test(state, metric, ends[0].metrics[metric], 3)
    return f"{metric_name(metric)} at the last point: {told}, {where}"


def measured_on(state: SessionState) -> str:
    """What the session's scores rest on: "on 314 test texts"; where people label and have no test
    set, their random share."""
    if state.test or state.config is None or state.config.loop.oracle != "person":
        return f"on {state.test:,} test texts"
    told = list(estimates(state).values())
    count = f"{told[-1].texts:,} " if told else ""
    texts = "text" if told and told[-1].texts == 1 else "texts"
    return f"on {count}{texts} drawn at random that could be answered"


def why_no_point(state: SessionState) -> str:
    """What stands in place of a curve without points: that there is none yet, or that those there
    are rest on too few texts."""
    told = list(estimates(state).values())
    if not told:
        return "no points yet"
    return f"measured on too few texts yet: n={told[-1].texts:,}, told from {FEWEST} on"


def metrics_of(state: SessionState) -> tuple[str, ...]:
    """The metrics that the session's points have, the headline first."""
    measured = {
        name for run in state.runs.values() for point in run.points for name in point.metrics
    }
    headline = headline_metric(state)
    return (headline, *(name for name in METRIC_NAMES if name in measured and name != headline))


def budget_unit(state: SessionState) -> str:
    """What the curve counts along: "words" for a budget in tokens, else "labels"."""
    return "words" if state.config and state.config.loop.budget_unit == "tokens" else "labels"


def planned_labels(state: SessionState) -> float | None:
    """Labels that the rounds of a simulation take; None where people label as long as they like, or
    a budget counts words, which are known when they are bought."""
    config = state.config
    if config is None or config.loop.oracle == "person" or budget_unit(state) != "labels":
        return None
    loop, pool = config.loop, state.train
    return float(min(pool, loop.seed_size.of(pool) + loop.rounds * loop.batch.of(pool)))


def curve(name: str, state: SessionState, metric: str | None = None) -> Curve:
    """The session's curve of a metric (its headline by default); empty before the first point."""
    metric = metric or headline_metric(state)
    unit = budget_unit(state)
    labels: list[float] = []
    spreads: list[MeanStd] = []
    told = estimates(state) if metric == headline_metric(state) else {}
    for round_, points in _by_round(state).items():
        if round_ in told and not told[round_].is_enough:
            continue
        measured = [point for point in points if _has(point, metric)]
        spread = MeanStd.of(point.metrics[metric] for point in measured)
        if spread is None:
            continue
        labels.append(fmean(_spent(point, unit) for point in measured))
        spreads.append(spread)
    kept = _increasing(labels)
    return Curve(
        name=name,
        metric=metric,
        unit=unit,
        labels=tuple(labels[i] for i in kept),
        mean=tuple(spreads[i].mean for i in kept),
        sd=tuple(spreads[i].sd for i in kept),
        seeds=tuple(spreads[i].n for i in kept),
    )


def run_curve(run: RunState, metric: str, unit: str = "labels") -> dict[float, float]:
    """One run's values of a metric by labels spent."""
    return {
        _spent(point, unit): point.metrics[metric] for point in run.points if _has(point, metric)
    }


def areas(state: SessionState, metric: str | None = None) -> dict[int, float]:
    """Normalised area under each run's curve, by seed: its mean height between its first and last
    point."""
    metric = metric or headline_metric(state)
    found = {}
    for seed, run in state.runs.items():
        values = run_curve(run, metric, budget_unit(state))
        if values:
            found[seed] = normalized_area(list(values), list(values.values()))
    return found


def round_rows(state: SessionState) -> list[RoundRow]:
    """The table of rounds, round 0 first."""
    metric = headline_metric(state)
    rows = []
    for round_, points in _by_round(state).items():
        headline = MeanStd.of(point.metrics.get(metric, math.nan) for point in points)
        if headline is None and round_ not in estimates(state):
            continue
        macro = MeanStd.of(point.metrics.get("macro_f1", math.nan) for point in points)
        queried = [
            len(query.ids)
            for run in state.runs.values()
            for query in run.queries
            if query.round == round_ and run.last_round >= round_
        ]
        rows.append(
            RoundRow(
                round=round_,
                labels=fmean(point.labels for point in points),
                tokens=fmean(point.tokens for point in points),
                headline=headline,
                estimate=estimates(state).get(round_),
                macro_f1=macro.mean if macro else None,
                seconds=_mean_by_key([point.seconds for point in points]),
                queried=fmean(queried) if queried else 0.0,
                runs=len(points),
            )
        )
    return rows


def run_seconds(run: RunState) -> dict[str, float]:
    """A run's seconds by phase, summed over its finished rounds."""
    total: dict[str, float] = {}
    for point in run.points:
        for phase, seconds in point.seconds.items():
            total[phase] = total.get(phase, 0.0) + seconds
    return in_order(total)


def mean_seconds(state: SessionState, phases: Sequence[str] | None = None) -> dict[str, float]:
    """Seconds by phase a run takes, as the mean over the runs with a point; all phases, or the
    given ones."""
    totals = [run_seconds(run) for run in state.runs.values() if run.points]
    names = {name for total in totals for name in total}
    return in_order(
        {
            name: fmean(total.get(name, 0.0) for total in totals)
            for name in names
            if phases is None or name in phases
        }
    )


def paired(base: SessionState, other: SessionState, metric: str) -> PairedComparison | None:
    """`other` minus `base` for the seeds that both ran; None when there is no point to compare."""
    finals, area_differences, seeds = [], [], []
    for seed, run in other.runs.items():
        if seed not in base.runs:
            continue
        theirs = run_curve(base.runs[seed], metric, budget_unit(base))
        ours = run_curve(run, metric, budget_unit(other))
        shared = [spent for spent in ours if spent in theirs]
        if not shared or budget_unit(base) != budget_unit(other):
            continue
        differences = [ours[spent] - theirs[spent] for spent in shared]
        finals.append(differences[-1])
        area_differences.append(normalized_area(shared, differences))
        seeds.append(seed)
    final, area = MeanStd.of(finals), MeanStd.of(area_differences)
    return PairedComparison(final, area, tuple(seeds)) if final and area else None


def _by_round(state: SessionState) -> dict[int, list[RoundResult]]:
    rounds: dict[int, list[RoundResult]] = {}
    for run in state.runs.values():
        for point in run.points:
            rounds.setdefault(point.round, []).append(point)
    return dict(sorted(rounds.items()))


def _has(point: RoundResult, metric: str) -> bool:
    return math.isfinite(point.metrics.get(metric, math.nan))


def _spent(point: RoundResult, unit: str) -> float:
    return point.tokens if unit == "words" else point.labels


def _increasing(labels: Sequence[float]) -> list[int]:
    """Positions that keep the labels strictly increasing: where runs of unlike length make the mean
    fall back, it is left out."""
    kept: list[int] = []
    for position, value in enumerate(labels):
        if not kept or value > labels[kept[-1]]:
            kept.append(position)
    return kept


def _mean_by_key(mappings: Sequence[Mapping[str, float]]) -> dict[str, float]:
    keys = {key for mapping in mappings for key in mapping}
    return in_order({key: fmean(m[key] for m in mappings if key in m) for key in keys})


def in_order(seconds: Mapping[str, float]) -> dict[str, float]:
    """Phases in the order of the loop, any others behind them by name."""
    known = [phase.value for phase in Phase]
    return {
        name: seconds[name]
        for name in sorted(seconds, key=lambda n: (known.index(n) if n in known else 99, n))
    }
