"""What `tui-al report` prints: sessions as Markdown, tidy CSV or JSON; and the last line of
`simulate --json`."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

from tui_al.core.session.events import RoundResult
from tui_al.core.session.state import RunState, SessionState
from tui_al.errors import ConfigError
from tui_al.report.curves import in_order
from tui_al.report.markdown import render_markdown

Format = Literal["md", "csv", "json"]
FORMATS: tuple[str, ...] = get_args(Format)


def render(states: Sequence[tuple[str, SessionState]], format: str = "md") -> str:  # noqa: A002
    """The named sessions in one of the formats, ending in a newline; raises ConfigError for another
    format."""
    match format:
        case "md":
            return render_markdown(states)
        case "csv":
            return _render_csv(states)
        case "json":
            plain = [session_dict(name, state) for name, state in states]
            return json.dumps(plain, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        case _:
            raise ConfigError(
                f"format: {format!r} is unknown.", f"Choose one of {', '.join(FORMATS)}."
            )


def session_dict(name: str, state: SessionState) -> dict[str, Any]:
    """A session as plain values: its configuration and every point of every run."""
    return {
        "session": name,
        "config": state.config.to_dict() if state.config else None,
        "status": state.status,
        **({} if state.labelled is None else {"labelled": state.labelled}),
        "notes": list(state.notes),
        "warnings": list(state.cautions),
        "runs": [_run(run) for run in state.runs.values()],
    }


def finished_event(name: str, state: SessionState) -> dict[str, Any]:
    """The last line of `simulate --json`: every run's curve, without what the other events told
    already."""
    return {
        "kind": "finished",
        "session": name,
        "runs": [
            {
                "seed": run.seed,
                "status": run.status,
                "points": [
                    {"labels": point.labels, **finite(point.metrics), "round": point.round}
                    for point in run.points
                ],
                **_failure(run),
            }
            for run in state.runs.values()
        ],
    }


def finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """JSON knows no NaN and no infinity: null in their place."""
    return {key: value if math.isfinite(value) else None for key, value in values.items()}


def _run(run: RunState) -> dict[str, Any]:
    queried = {query.round: list(query.ids) for query in run.queries}
    return {
        "seed": run.seed,
        "status": run.status,
        "points": [
            {
                "round": point.round,
                "labels": point.labels,
                "tokens": point.tokens,
                **finite(point.metrics),
                "seconds": finite(point.seconds),
                "counts": dict(point.counts),
                "peak_bytes": point.peak_bytes,
                "queried": queried.get(point.round, []),
            }
            for point in run.points
        ],
        **_failure(run),
    }


def _failure(run: RunState) -> dict[str, str]:
    return {"error": run.error, "hint": run.hint} if run.status == "failed" else {}


def _render_csv(states: Sequence[tuple[str, SessionState]]) -> str:
    """One row for each session, seed and round; a cell is empty where the session has no such
    value."""
    points = [point for _, state in states for run in state.runs.values() for point in run.points]
    metrics = _keys(point.metrics for point in points)
    phases = list(in_order(dict.fromkeys(_keys(point.seconds for point in points), 0.0)))
    classes = sorted({name for point in points for name in point.counts})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["session", "seed", "status", "round", "labels", "tokens", "queried", *metrics]
        + [f"seconds_{phase.replace(' ', '_')}" for phase in phases]
        + ["peak_bytes", *(f"count_{name}" for name in classes)]
    )
    for name, state in states:
        for run in state.runs.values():
            queried = {query.round: len(query.ids) for query in run.queries}
            for point in run.points:
                row: list[object] = [name, run.seed, run.status, point.round, point.labels]
                row += [point.tokens, queried.get(point.round, 0)]
                row += [*_values(point.metrics, metrics), *_values(point.seconds, phases)]
                row += [point.peak_bytes, *_counts(point, classes, state.classes)]
                writer.writerow(row)
    return out.getvalue()


def _keys(mappings: Iterable[Mapping[str, float]]) -> list[str]:
    return list(dict.fromkeys(str(key) for mapping in mappings for key in mapping))


def _values(values: Mapping[str, float], keys: Sequence[str]) -> list[float | None]:
    return [finite(values).get(key) for key in keys]


def _counts(point: RoundResult, classes: Sequence[str], known: Sequence[str]) -> list[int | None]:
    """Zero for a class of this session without an example; nothing for another session's class."""
    return [point.counts.get(name, 0 if name in known else None) for name in classes]
