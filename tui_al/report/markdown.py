"""Sessions as Markdown: what each was, its table of rounds, its totals; and, of several, a
comparison."""

import re
from collections.abc import Sequence

from tui_al.core.data.terminal_text import printable
from tui_al.core.session.state import SessionState
from tui_al.report import curves
from tui_al.report.curves import ACQUISITION_PHASES, SUCCESSOR_PHASES, MeanStd, RoundRow
from tui_al.report.gauges import NO_FLOOR, explained, gauge_rows
from tui_al.report.settings import facts

Named = tuple[str, SessionState]


def render_markdown(sessions: Sequence[Named]) -> str:
    """A page: a section for each session, and a comparison with the first where there are
    several."""
    blocks = [block for name, state in sessions for block in _session(name, state)]
    if len(sessions) > 1:
        blocks += _comparison(sessions)
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Foreign text that stays text in Markdown, also in a table's cell."""
    return re.sub(r"([\\`*\[\]<>|#~]|\b_|_\b)", r"\\\1", printable(text))


def plus_minus(spread: MeanStd | None, *, signed: bool = False) -> str:
    """ "0.741 ± 0.012"; without the deviation where there is only one run, "–" where there is
    none."""
    if spread is None:
        return "–"
    mean = f"{spread.mean:+.3f}" if signed else f"{spread.mean:.3f}"
    return f"{mean} ± {spread.sd:.3f}" if spread.n > 1 else mean


def seconds(value: float) -> str:
    """Seconds with a decimal below 100, as "12.4" and "1,203"."""
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _session(name: str, state: SessionState) -> list[str]:
    blocks = [f"## {escape(name)}"]
    blocks.append("\n".join(f"- **{what}**: {escape(how)}" for what, how in facts(state)))
    rows = curves.round_rows(state)
    if rows:
        blocks += [_rounds(state, rows), _totals(state), *_gauges(state)]
    else:
        blocks.append("No round is finished yet.")
    remarks = [*_runs_not_finished(state), *_shared(state)]
    remarks += [f"- Note: {escape(note)}" for note in state.notes]
    remarks += [f"- Warning: {escape(warning)}" for warning in state.cautions]
    if remarks:
        blocks.append("\n".join(remarks))
    return blocks


def _rounds(state: SessionState, rows: Sequence[RoundRow]) -> str:
    phases = list(dict.fromkeys(phase for row in rows[::-1] for phase in row.seconds))
    phases = list(curves.in_order(dict.fromkeys(phases, 0.0)))
    words = curves.budget_unit(state) == "words"
    metric = curves.metric_name(curves.headline_metric(state))
    header = ["round", "labels", *["words"] * words, metric, "macro-F1"]
    header += [*(f"{phase}, s" for phase in phases), "queried", "runs"]
    body = [
        [
            str(row.round),
            f"{row.labels:,.0f}",
            *[f"{row.tokens:,.0f}"] * words,
            row.estimate.in_words(3) if row.estimate else plus_minus(row.headline),
            "–" if row.macro_f1 is None else f"{row.macro_f1:.3f}",
            *(seconds(row.seconds[phase]) if phase in row.seconds else "–" for phase in phases),
            f"{row.queried:,.0f}",
            str(row.runs),
        ]
        for row in rows
    ]
    return table(header, body)


def _totals(state: SessionState) -> str:
    area = MeanStd.of(curves.areas(state).values())
    spent = curves.mean_seconds(state)
    last = curves.last_figure(state)
    by_phase = ", ".join(f"{phase} {seconds(value)} s" for phase, value in spent.items())
    return (
        f"Area under the curve (its mean height): **{plus_minus(area)}**. "
        f"Seconds of a run: {by_phase}; **{seconds(sum(spent.values()))} s** in all. "
        "Means over the runs, ± their sample standard deviation."
    ) + (f" {last[0].upper()}{last[1:]}, 95 % interval in brackets." if last else "")


def _gauges(state: SessionState) -> list[str]:
    """The mismatch gauge, where it was on."""
    rows = gauge_rows(state)
    if not rows:
        return []
    header = ["before round", "labels", "WD", "floor WD", "KL", "floor KL"]
    body = [
        [
            str(row.round),
            f"{row.labels:,.0f}",
            f"{row.wasserstein.mean:.4f}",
            "–" if row.floor_wasserstein is None else f"{row.floor_wasserstein.mean:.4f}",
            f"{row.kl.mean:.4f}",
            "–" if row.floor_kl is None else f"{row.floor_kl.mean:.4f}",
        ]
        for row in rows
    ]
    by_people = state.config is not None and state.config.loop.oracle == "person"
    last = next(g for run in state.runs.values() for g in run.gauges[-1:])
    missing = "" if any(row.floor_kl for row in rows) else f" (floor: {NO_FLOOR})"
    return [
        table(header, body),
        f"Mismatch{missing}: {explained(last.score, last.texts, by_people=by_people)}. Means over "
        "the runs.",
    ]


def _runs_not_finished(state: SessionState) -> list[str]:
    lines = []
    for seed, run in state.runs.items():
        so_far = f"{len(run.points)} {'point' if len(run.points) == 1 else 'points'}"
        if run.status == "failed":
            hint = f" {escape(run.hint)}" if run.hint else ""
            lines.append(f"- **Failed**: seed {seed}, after {so_far}: {escape(run.error)}{hint}")
        elif run.status != "finished" and state.status != "done":
            lines.append(f"- Not finished: seed {seed} ({run.status}), {so_far}.")
    if state.lacks:
        lines.append(f"- Nothing was trained at the end: that takes {escape(state.lacks)}.")
    return lines


def _shared(state: SessionState) -> list[str]:
    """Where first points were taken over from another session of a sweep."""
    givers: dict[str, list[str]] = {}
    for seed, run in state.runs.items():
        if run.points and run.points[0].shared_from:
            givers.setdefault(run.points[0].shared_from, []).append(str(seed))
    return [
        f"- Round 0 of seed {', '.join(seeds)} was computed by {escape(giver)}: the same seed "
        "set, the same successor."
        for giver, seeds in givers.items()
    ]


def _comparison(sessions: Sequence[Named]) -> list[str]:
    (base_name, base), *_ = sessions
    metric = curves.headline_metric(base)
    header = [
        "session", f"final {curves.metric_name(metric)}", "at labels", "area", "acquisition, s",
        "successor, s",
        "final vs first", "area vs first", "seeds paired",
    ]  # fmt: skip
    body = [
        _comparison_row(name, state, base if position else None, metric)
        for position, (name, state) in enumerate(sessions)
    ]
    remark = (
        f"Differences are to {escape(base_name)}: means over the seeds that both ran, seed by "
        "seed, at the last number of labels "
        "that both reached. Acquisition is a run's training and scoring, successor its training."
    )
    different = [name for name, state in sessions[1:] if curves.headline_metric(state) != metric]
    if different:
        remark += f" Of another task, so without values here: {', '.join(map(escape, different))}."
    sources = {state.config.data.source for _, state in sessions if state.config}
    if len(sources) > 1:
        remark += " **These sessions are not on the same data.**"
    return ["## Comparison", table(header, body), remark]


def _comparison_row(
    name: str, state: SessionState, base: SessionState | None, metric: str
) -> list[str]:
    same_task = curves.headline_metric(state) == metric
    curve = curves.curve(name, state, metric)
    final = MeanStd(curve.mean[-1], curve.sd[-1], curve.seeds[-1]) if curve.mean else None
    paired = curves.paired(base, state, metric) if base and same_task else None
    acquisition = sum(curves.mean_seconds(state, ACQUISITION_PHASES).values())
    successor = sum(curves.mean_seconds(state, SUCCESSOR_PHASES).values())
    return [
        escape(name),
        plus_minus(final if same_task else None),
        f"{curve.labels[-1]:,.0f}" if curve.labels else "–",
        plus_minus(MeanStd.of(curves.areas(state, metric).values()) if same_task else None),
        seconds(acquisition),
        seconds(successor),
        plus_minus(paired.final if paired else None, signed=True),
        plus_minus(paired.area if paired else None, signed=True),
        str(len(paired.seeds)) if paired else "–",
    ]


def table(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Aligned, so that it also reads well unrendered; the first column to the left, numbers to the
    right."""
    widths = [max(len(row[i]) for row in (header, *body)) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join([line(header), f"| {' | '.join(rule)} |", *map(line, body)])
