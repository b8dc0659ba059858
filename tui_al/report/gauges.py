"""The mismatch gauge in numbers for people: distances between the two models' scores, and the noise
floor beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

from tui_al.core.session import events as ev
from tui_al.core.session.state import RunState, SessionState
from tui_al.report.curves import MeanStd

#: What stands in place of a floor that cannot be known yet.
NO_FLOOR = "needs 2 seeds"


@dataclass(frozen=True, slots=True)
class GaugeRow:
    """Before one round's query, over the runs that asked; a floor is None where no two runs were as
    far."""

    round: int
    labels: float  #: that both models had learned from, mean
    wasserstein: MeanStd
    kl: MeanStd
    floor_wasserstein: MeanStd | None
    floor_kl: MeanStd | None


def gauges_of(state: SessionState, run: RunState) -> tuple[ev.MismatchMeasured, ...]:
    """What the gauge said of a run; nothing where one model does both, whose distance from itself
    earlier versions measured."""
    return () if state.config is not None and state.config.shared_model else run.gauges


def gauge_rows(state: SessionState) -> list[GaugeRow]:
    """Round by round; empty where nothing was measured."""
    rounds: dict[int, list[ev.MismatchMeasured]] = {}
    for run in state.runs.values():
        for found in gauges_of(state, run):
            rounds.setdefault(found.round, []).append(found)
    rows = []
    for round_, found_ in sorted(rounds.items()):
        wasserstein, kl = (
            MeanStd.of(g.wasserstein for g in found_),
            MeanStd.of(g.kl for g in found_),
        )
        labels = MeanStd.of(g.labels for g in found_)
        if wasserstein and kl and labels:
            floors = [
                MeanStd.of(v for v in (getattr(g, name) for g in found_) if v is not None)
                for name in ("floor_wasserstein", "floor_kl")
            ]
            rows.append(GaugeRow(round_, labels.mean, wasserstein, kl, *floors))
    return rows


def of_gauge(found: ev.MismatchMeasured) -> Mapping[str, float]:
    """The numbers that a study keeps of it."""
    values = {
        "wd": found.wasserstein,
        "kl": found.kl,
        "floor_wd": found.floor_wasserstein,
        "floor_kl": found.floor_kl,
    }
    return {name: value for name, value in values.items() if value is not None}


def short(value: float | None, digits: int) -> str:
    """ ".0123"; "–" of nothing."""
    return "–" if value is None else f"{value:.{digits}f}".replace("0.", ".", 1)


def gauge_lines(found: ev.MismatchMeasured) -> tuple[str, str]:
    """ "mismatch WD .0123 KL .045", "   floor WD .0040 KL .012"."""
    floor = (
        f"WD {short(found.floor_wasserstein, 4)}  KL {short(found.floor_kl, 3)}"
        if found.floors
        else NO_FLOOR
    )
    return (
        f"mismatch: WD {short(found.wasserstein, 4)}  KL {short(found.kl, 3)}",
        f"floor: {floor}",
    )


def evaluated(state: SessionState, total: int) -> str:
    """What the texts of an evaluation are: "314 test + 500 mismatch"; "" where all of them are of
    the test set."""
    rest = total - state.test
    by_people = state.config is not None and state.config.loop.oracle == "person"
    return (
        f"{state.test:,} test + {rest:,} {'random' if by_people else 'mismatch'}"
        if rest > 0
        else ""
    )


def explained(score: str, texts: int, *, by_people: bool) -> str:
    """What the numbers are of."""
    since = ", and any given since" if by_people else ""
    return (
        f"{score} scores of {texts:,} unlabelled texts by the acquisition model and by the "
        "successor that learned from the same "
        f"labels{since}: WD, Wasserstein distance; KL, successor from acquisition, in nats; "
        "floor: successors of two seeds, each with "
        "its own labels"
    )
