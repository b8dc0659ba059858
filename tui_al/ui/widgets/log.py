"""What happened in a session, as sentences, and what its engine printed."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from textual.content import Content

from tui_al.core.session import events as ev
from tui_al.core.session.timestamps import local_clock
from tui_al.core.stats.measured import Measured
from tui_al.errors import SessionError
from tui_al.report.curves import metric_name
from tui_al.report.gauges import gauge_lines
from tui_al.store.strangers import read_bytes
from tui_al.ui.escape import safe
from tui_al.ui.widgets.lines_view import LinesView

_LONGEST = 1000
_TAIL_BYTES = 64_000


class LogLine(NamedTuple):
    """An event in words; `style` repeats what the words say."""

    text: str
    style: str = ""


def tell(
    event: ev.Event, headline: str = "accuracy", estimates: Mapping[int, Measured] | None = None
) -> LogLine | None:
    """A sentence on the event; None for what is of no interest to people."""
    match event:
        case ev.SessionCreated():
            return LogLine(
                f"created: {event.task}, {len(event.labels)} labels, "
                f"{event.train:,} to train on, {event.test:,} to test on"
            )
        case ev.EngineStarted():
            goes = "engine goes on" if event.resumed else "engine started"
            return LogLine(f"{goes} on {event.device}, process {event.pid} of {event.host}", "bold")
        case ev.EngineFinished():
            why = " ".join(part for part in (event.error, event.hint) if part)
            why = (
                f"nothing was trained at the end: that takes {event.lacks}" if event.lacks else why
            )
            return LogLine(f"engine left: {event.reason}{f', {why}' if why else ''}", "bold")
        case ev.EnginePaused():
            return LogLine("paused" if event.paused else "goes on", "bold")
        case ev.SessionFinished():
            return LogLine("every run is finished", "bold $text-success")
        case ev.WarningRaised():
            return LogLine(f"warning: {event.message}", "$text-warning")
        case _:
            return _tell_of_run(event, headline, estimates or {})


def _tell_of_run(
    event: ev.Event, headline: str, estimates: Mapping[int, Measured]
) -> LogLine | None:
    match event:
        case ev.RunStarted():
            after = event.resumed_after
            return LogLine(
                f"seed {event.seed}: begins" if after is None else f"seed {event.seed}: goes on "
                    f"after round {after}"
            )  # fmt: skip
        case ev.QuerySelected():
            how = f" of {event.pool:,} by {event.strategy}" if event.round else " as seed set"
            return LogLine(f"{_at(event.seed, event.round)}: asked about {len(event.ids):,}{how}")
        case ev.PhaseFinished():
            return LogLine(
                f"{_at(event.seed, event.round)}: {event.phase}, {event.seconds:,.1f} s",
                "$foreground-muted",
            )
        case ev.MismatchMeasured():
            mismatch, floor = gauge_lines(event)
            return LogLine(
                f"{_at(event.seed, event.round)}: {mismatch}; {floor}", "$foreground-muted"
            )
        case ev.RoundResult():
            value = event.metrics.get(headline)
            found = estimates.get(event.round)
            figure = found.in_words(3) if found else "" if value is None else f"{value:.3f}"
            shown = f"{metric_name(headline)} {figure} with " if figure else ""
            return LogLine(
                f"{_at(event.seed, event.round)}: {shown}{event.labels:,} labels", "$text-success"
            )
        case ev.ModelSaved():
            return LogLine(f"seed {event.seed}: {event.role} saved in {event.path}")
        case ev.RunFinished():
            why = "all rounds done" if event.reason == "rounds" else "nothing is left to ask about"
            return LogLine(f"seed {event.seed}: finished, {why}")
        case ev.RunFailed():
            return LogLine(f"seed {event.seed}: failed: {event.error} {event.hint}", "$text-error")
        case _:
            return None


def _at(seed: int, round_: int) -> str:
    return f"seed {seed}, round {round_}"


def tail(path: Path) -> tuple[str, ...]:
    """The last lines of a text file, or why there are none."""
    try:
        said = read_bytes(path, _TAIL_BYTES + 1, end=True)
    except OSError as error:
        return (f"{path.name}: {error.strerror or error}",)
    except SessionError as error:
        return (error.message,)
    lines = said.decode(errors="replace").splitlines()
    return tuple(lines[1:] if len(said) > _TAIL_BYTES else lines) or (f"{path.name} is empty",)


class EventLog(LinesView):
    """The story of a session."""

    def tell(
        self, news: Iterable[ev.Recorded], headline: str, estimates: Mapping[int, Measured]
    ) -> None:
        """Add what happened."""
        lines = []
        for one in news:
            told = tell(one.event, headline, estimates)
            if told:
                clock = local_clock(one.time, "%H:%M:%S")
                lines.append(
                    Content.assemble(
                        (f"{clock}  ", "$foreground-muted"), safe(told.text[:_LONGEST], told.style)
                    )
                )
        if lines:
            self.write(lines)
