"""How long a session will still take, from the rounds it has behind it."""

from tui_al.core.session.state import RunState, SessionState


def remaining_seconds(state: SessionState) -> float | None:
    """Seconds of work ahead over all runs; None before the first finished round with a query.

    A round's time is taken as proportional to its labels: training, which dominates, goes over all
    of them."""
    config = state.config
    points = [p for run in state.runs.values() for p in run.points]
    later = [p for p in points if p.round > 0]
    if config is None or state.finished or not later:
        return None
    seconds_per_label = sum(sum(p.seconds.values()) for p in later) / sum(p.labels for p in later)
    labels = {p.round: p.labels for p in points}
    first, last = min(labels), max(labels)
    growth = (labels[last] - labels[first]) / max(1, last - first)
    ahead = 0.0
    for run in state.runs.values():
        if run.status == "finished":
            continue
        for round_ in range(run.last_round + 1, config.loop.rounds + 1):
            expected = labels.get(round_, labels[last] + growth * (round_ - last))
            ahead += seconds_per_label * min(expected, state.train)
        ahead = max(0.0, ahead - _spent_in_round(run))
    return ahead


def phase_remaining(run: RunState) -> float | None:
    """Seconds until the phase under way is done."""
    if run.progress is None or run.progress.rate <= 0:
        return None
    return (run.progress.total - run.progress.done) / run.progress.rate


def _spent_in_round(run: RunState) -> float:
    now = run.progress.done / run.progress.rate if run.progress and run.progress.rate > 0 else 0.0
    return sum(run.seconds.values()) + now


def duration(seconds: float) -> str:
    """As a clock shows it: "0:07", "14:32", "3:05:00"."""
    minutes, second = divmod(round(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def roughly(seconds: float) -> str:
    """As one says it: "8 s", "4 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minute = divmod(minutes, 60)
    return f"{hours} h {minute} min" if hours < 10 and minute else f"{hours} h"
