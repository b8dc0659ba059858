"""A study as Markdown: for each panel the figure, the curves as a table, totals, comparisons,
claims and settings."""

import math
from collections.abc import Mapping, Sequence

from tui_al.core.session.events import Phase
from tui_al.core.stats.intervals import Interval
from tui_al.core.stats.paired_tests import PairedDifference, bootstrap_mean, labels_to_reach
from tui_al.report.claims import MARGIN, Contrast, against_full, against_random, claims
from tui_al.report.curves import Curve, MeanStd, metric_name
from tui_al.report.markdown import escape, plus_minus, seconds, table
from tui_al.report.score_studies import scores_blocks
from tui_al.report.study import ArmResult, Study

#: How verdicts are to be read.
MEANINGS = (
    f"As well means: the whole interval within ± {MARGIN:g} of area; no worse, and not "
    f"outperformed: no part of it below -{MARGIN:g}."
)

_PHASES = tuple(phase.value for phase in Phase)


def render_study(study: Study, figures: Mapping[str, str] | None = None, level: int = 1) -> str:
    """The study's page; `figures`: path of each panel's picture. Ends in a newline."""
    mark = "#" * level
    blocks = [f"{mark} {escape(study.title)}"]
    blocks += [f"Note: {escape(note)}" for note in study.notes]
    for name, arms in study.panels().items():
        blocks.append(f"{mark}# {escape(panel_title(arms))}")
        if figures and name in figures:
            blocks.append(f"![{escape(panel_title(arms))}]({figures[name]})")
        blocks += [curve_table(arms), explained(arms), totals_table(arms)]
        blocks += [*comparison_tables(arms), *mismatch_table(arms)]
        blocks += claims_tables(arms)
        blocks += settings_list(arms)
    blocks += scores_blocks(study.scores)
    return "\n\n".join(block for block in blocks if block) + "\n"


def panel_title(arms: Sequence[ArmResult]) -> str:
    """ "banking77, successor minilm full"; what else the arms have in common is among the
    settings."""
    return f"{arms[0].data}, successor {arms[0].successor}"


def panel_curves(arms: Sequence[ArmResult]) -> list[Curve]:
    """The curve of each arm, mean and sample standard deviation over its seeds, for the figure."""
    found = []
    for arm in arms:
        rows = _by_labels(arm)
        spreads = [spread for values in rows.values() if (spread := MeanStd.of(values))]
        found.append(
            Curve(
                arm.label, arm.metric, arm.unit, tuple(rows),
                tuple(s.mean for s in spreads), tuple(s.sd for s in spreads),
                tuple(s.n for s in spreads),
            )
        )  # fmt: skip
    return found


def curve_table(arms: Sequence[ArmResult]) -> str:
    """A row for each number of labels, a column for each arm, the area under the curve below."""
    rows = [_by_labels(arm) for arm in arms]
    labels = sorted({spent for row in rows for spent in row})
    body = [
        [f"{spent:,.0f}", *(plus_minus(MeanStd.of(row.get(spent, ()))) for row in rows)]
        for spent in labels
    ]
    body.append(["area", *(plus_minus(MeanStd.of(arm.areas().values())) for arm in arms)])
    return table([arms[0].unit, *(escape(arm.label) for arm in arms)], body)


def explained(arms: Sequence[ArmResult]) -> str:
    """What the table of curves shows, and what is missing in it."""
    runs = sorted({len(arm.runs) for arm in arms})
    many = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    name = metric_name(arms[0].metric)
    text = (
        f"{name[0].upper()}{name[1:]} on the test set, mean ± sample standard deviation over "
        f"{many} seeds. "
        "Area: the normalised area under the curve, which is its mean height."
    )
    missing = [f"{escape(arm.label)} ({escape(arm.missing)})" for arm in arms if arm.missing]
    return text + (f" **Not complete**: {'; '.join(missing)}." if missing else "")


def totals_table(arms: Sequence[ArmResult]) -> str:
    """Labels to the target and seconds by phase, arm by arm."""
    target, what = _target(arms)
    header = ["arm", f"{arms[0].unit} to {target:.3f}", *(f"{phase}, s" for phase in _PHASES)]
    header.append("peak memory, GB")
    body = []
    for arm in arms:
        reached = [
            labels_to_reach([p.labels for p in points], arm.values(seed), target)
            for seed, points in arm.runs.items()
        ]
        spent = [MeanStd.of(arm.seconds((phase,)).values()) for phase in _PHASES]
        peak = max(point.peak_bytes for points in arm.runs.values() for point in points)
        body.append(
            [
                escape(arm.label),
                _labels_needed(reached),
                *(seconds(s.mean) if s and s.mean else "–" for s in spent),
                f"{peak / 1e9:.1f}",
            ]
        )
    remark = (
        f"Labels to {target:.3f}: where a run's curve first reaches {what}, on straight lines "
        "between its points, mean over the seeds "
        "that reach it, ± sample standard deviation, and the 95 % interval of a bootstrap over "
        "seeds, which is too narrow for few of "
        "them. Seconds are of a whole run, means over seeds; a seed set's training counts for "
        "every arm that starts from it, "
        "although it was computed once."
    )
    if any(arm.asks_itself for arm in arms):
        remark += (
            " Where the successor itself asks, one training does for both: as the acquisition "
            "model's time counts only what had to be "
            "trained once more, after the point of a seed set was taken over."
        )
    return f"{table(header, body)}\n\n{remark}"


def _target(arms: Sequence[ArmResult]) -> tuple[float, str]:
    """What random sampling reaches with all its labels, whatever the seed; without it, the lowest
    run of all."""
    random = [arm for arm in arms if arm.strategy == "random"]
    ends = [arm.values(seed)[-1] for arm in random or arms for seed in arm.runs]
    if random:
        return min(ends), "what every run of random sampling reaches at its end"
    return min(ends), "what every run reaches at its end"


def _labels_needed(reached: Sequence[float | None]) -> str:
    """ "175 ± 5 [170, 180]"; without an interval where a seed did not reach it, since how far off
    it was is not known."""
    values = [value for value in reached if value is not None]
    found = MeanStd.of(values)
    if found is None:
        return "not reached"
    text = f"{found.mean:,.0f}" + (f" ± {found.sd:,.0f}" if found.n > 1 else "")
    if found.n < len(reached):
        return f"{text} ({found.n} of {len(reached)} seeds)"
    limits = bootstrap_mean(values)
    return text if limits is None else f"{text} [{limits.low:,.0f}, {limits.high:,.0f}]"


def comparison_tables(arms: Sequence[ArmResult]) -> list[str]:
    """Every arm against random sampling, and against full tuning with the same strategy."""
    families = {
        "Against random sampling": against_random(arms),
        "Against full tuning": against_full(arms),
    }
    blocks = []
    for title, contrasts in families.items():
        if contrasts:
            header = [
                "arm",
                "against",
                "area",
                "95 % (Student)",
                "95 % (bootstrap)",
                "p (Holm)",
                "seeds",
            ]
            blocks.append(f"**{title}**\n\n{table(header, [_row(c) for c in contrasts])}")
    if blocks:
        blocks.append(
            "Differences of areas, paired by seed; p of Student's paired test, corrected after "
            "Holm within each table. With so few "
            "seeds a bootstrap over them is too narrow: verdicts rest on Student's interval."
        )
    return blocks


def _row(contrast: Contrast) -> list[str]:
    d = contrast.difference
    return [
        escape(contrast.arm),
        escape(contrast.base),
        f"{d.mean:+.4f}",
        interval(d.student),
        interval(d.bootstrap),
        "–" if contrast.p_holm is None else f"{contrast.p_holm:.3f}",
        str(d.pairs),
    ]


def mismatch_table(arms: Sequence[ArmResult]) -> list[str]:
    """How differently each acquisition model saw the pool than the successor, by the gauge; nothing
    where it was off."""
    rows = []
    for arm in arms:
        names = ("wd", "floor_wd", "kl", "floor_kl")
        by_seed = {name: _seed_means(arm, name) for name in names}
        if by_seed["wd"] is not None:
            rows.append([escape(arm.label), *(_distance(by_seed[name]) for name in names)])
    if not rows:
        return []
    header = ["arm", "WD", "floor WD", "KL", "floor KL"]
    return [
        f"**Mismatch of the scores**\n\n{table(header, rows)}",
        "The acquisition model's scores of a sample of the pool against those of the successor "
        "that learned from the same labels: "
        "Wasserstein distance, and KL of the successor's from the acquisition model's in nats (64 "
        "shared bins, 1e-9 added to each "
        "share), means over the rounds of a run, ± standard deviation over seeds. Floor: "
        "successors of two seeds, each with its own "
        "labels.",
    ]


def _seed_means(arm: ArmResult, name: str) -> MeanStd | None:
    """Over the seeds, of each run's mean over its rounds."""
    means = []
    for points in arm.runs.values():
        values = [p.mismatch[name] for p in points if name in p.mismatch]
        if values:
            means.append(sum(values) / len(values))
    return MeanStd.of(means)


def _distance(found: MeanStd | None) -> str:
    if found is None:
        return "–"
    return f"{found.mean:.4f}" + (f" ± {found.sd:.4f}" if found.n > 1 else "")


def claims_tables(arms: Sequence[ArmResult]) -> list[str]:
    """The paper's claims with their verdicts; nothing where the arms speak to none."""
    found = claims(arms)
    if not found:
        return []
    rows = [
        [
            escape(c.text),
            escape(c.evidence),
            str(c.verdict),
            difference_text(c.difference, c.unit),
            str(c.difference.pairs),
        ]
        for c in found
    ]
    header = ["claim", "on", "verdict", "difference, 95 %", "seeds"]
    return [
        f"**Claims**\n\n{table(header, rows)}",
        MEANINGS,
    ]


def difference_text(d: PairedDifference, unit: str) -> str:
    """ "+0.012 [+0.004, +0.020]", or "31 % [28, 34]" of a saving, whose unit is "%"."""
    if math.isnan(d.mean):
        return "–"
    if unit == "%":
        limits = "" if d.student is None else f" [{d.student.low:.0f}, {d.student.high:.0f}]"
        return f"{d.mean:.1f} %{limits}"
    return f"{d.mean:+.4f} {interval(d.student)}" if d.student else f"{d.mean:+.4f}"


def interval(found: Interval | None) -> str:
    """ "[-0.004, +0.012]"; "–" of a single seed."""
    return "–" if found is None else f"[{found.low:+.4f}, {found.high:+.4f}]"


def settings_list(arms: Sequence[ArmResult]) -> list[str]:
    """What all arms have in common as a list, what differs as a table."""
    keys = list(dict.fromkeys(key for arm in arms for key in arm.facts))
    common = [key for key in keys if len({arm.facts.get(key) for arm in arms}) == 1]
    varied = [key for key in keys if key not in common]
    lines = [f"- **{key}**: {escape(arms[0].facts[key])}" for key in common]
    for key in varied:
        values: dict[str, list[str]] = {}
        for arm in arms:
            if key in arm.facts:
                values.setdefault(arm.facts[key], []).append(arm.label)
        lines += [
            f"- **{key}**, {escape(', '.join(labels))}: {escape(how)}"
            for how, labels in values.items()
        ]
    return ["**Settings**\n\n" + "\n".join(lines)]


def _by_labels(arm: ArmResult) -> dict[float, list[float]]:
    """Values by labels spent, round by round; where a budget in words makes runs differ, by their
    mean."""
    rows: dict[float, list[float]] = {}
    for round_ in range(max(len(points) for points in arm.runs.values())):
        reached = [points[round_] for points in arm.runs.values() if round_ < len(points)]
        spent = sum(point.labels for point in reached) / len(reached)
        rows.setdefault(spent, []).extend(point.metrics[arm.metric] for point in reached)
    return dict(sorted(rows.items()))
