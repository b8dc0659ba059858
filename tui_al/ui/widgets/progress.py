"""What the engine does now: the steps of the round, progress with its rate, and the loss as it
falls."""

from typing import NamedTuple

from textual.content import Content

from tui_al.core.session.events import Phase
from tui_al.core.session.state import RunState, SessionState
from tui_al.report.gauges import evaluated, gauge_lines, gauges_of
from tui_al.ui.session_watcher import Update
from tui_al.ui.widgets.glyphs import bar, is_ascii, spark
from tui_al.ui.widgets.lines import Lines, spread_out

_TRAININGS = (Phase.TRAIN_ACQUISITION, Phase.TRAIN_SUCCESSOR)
_QUERY = "query"


class Step(NamedTuple):
    """One line of the round: `mark` is done, now or ahead."""

    mark: str
    name: str
    detail: str


def steps(state: SessionState, run: RunState) -> list[Step]:
    """The steps of the round under way, in order; a random choice needs no acquisition model, nor
    does the seed set.

    Where people label nothing is asked for at once, and suggestions need the model whatever the
    choice."""
    from tui_al.core.query.strategies import (
        find_strategy,  # brings numpy, which a screen can open without
    )

    if state.config is None:
        return []
    names: list[str] = [phase.value for phase in Phase]
    chosen = find_strategy(state.config.loop.strategy)
    at_random = chosen is not None and chosen.needs == "nothing"
    if state.config.loop.oracle == "person":
        if at_random:
            names.remove(Phase.SCORE_POOL)
    else:
        names.insert(2, _QUERY)
        if run.round == 0 or at_random:
            names = names[2:]
    closed = run.last_round >= run.round
    seconds = run.points[-1].seconds if closed else run.seconds
    learned = Phase.TRAIN_ACQUISITION.value
    # where the model of the last point asks there is nothing to train
    if state.config.shared_model and learned in names and learned not in (*seconds, run.phase):
        names.remove(learned)
    asked = next((len(q.ids) for q in reversed(run.queries) if q.round == run.round), None)
    listed = []
    for name in names:
        if name == _QUERY and asked is not None:
            listed.append(Step("✓", f"ask about {asked:,}", ""))
        elif name in run.seconds:
            listed.append(Step("✓", name, f"{run.seconds[name]:,.1f} s"))
        elif closed:
            spent = seconds.get(name)
            listed.append(Step("✓", name, "" if spent is None else f"{spent:,.1f} s"))
        elif name == run.phase:
            listed.append(Step("▶", name, ""))
        else:
            listed.append(Step("·", name, ""))
    return listed


class NowPanel(Lines):
    """A list of steps in a column of its own, or, where there is no room for one, two rows."""

    def __init__(self) -> None:
        super().__init__("now")
        self._update: Update | None = None

    def show(self, update: Update) -> None:
        """Show this state of affairs."""
        self._update = update
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """By the width of the screen, which is what decides the form."""
        if self._update is None:
            return [Content("")]
        state = self._update.state
        run = current_run(state)
        if run is None:
            said = (
                "getting ready: models and data are loaded"
                if self._update.live
                else "nothing has run yet"
            )
            return [Content.styled(said, "$foreground-muted")]
        ascii_only = is_ascii(self)
        works = self._update.live and not state.paused
        if self.screen.has_class("-wide"):
            return _column(state, run, width, ascii_only=ascii_only, works=works)
        rows = _rows(state, run, width, ascii_only=ascii_only, works=works)
        return rows[:1] if self.screen.has_class("-short") else rows


def current_run(state: SessionState) -> RunState | None:
    """The run at work, or the last that was."""
    if state.current is not None:
        return state.runs[state.current]
    begun = [run for run in state.runs.values() if run.status != "waiting" or run.points]
    return begun[-1] if begun else None


def _column(
    state: SessionState, run: RunState, width: int, *, ascii_only: bool, works: bool
) -> list[Content]:
    lines = []
    for step in steps(state, run):
        now = step.mark == "▶"
        lines.append(spread_out(_named(step, works), Content(step.detail), width))
        if now:
            shown = [
                _bar(run, width - 2, ascii_only, works),
                *map(Content, _where(state, run, works)),
            ]
            lines += [Content.assemble("  ", line) for line in shown]
    if run.losses:
        lines.append(_loss(run, width, ascii_only))
    lines += [Content(line) for one in gauges_of(state, run)[-1:] for line in gauge_lines(one)]
    return lines


def _rows(
    state: SessionState, run: RunState, width: int, *, ascii_only: bool, works: bool
) -> list[Content]:
    listed = steps(state, run)
    now = next((step for step in listed if step.mark == "▶"), None)
    gauge = [Content("  " + "   ".join(gauge_lines(one))) for one in gauges_of(state, run)[-1:]]
    if now is None:
        done = [step for step in listed if step.mark == "✓"]
        return [_named(done[-1], works) if done else Content(""), *gauge]
    named = _named(now, works)
    room = width - named.cell_length - 1
    first = Content.assemble(named, " ", _bar(run, min(room, 50), ascii_only, works))
    detail = "  ".join(_where(state, run, works))
    loss = _loss(run, min(30, width - len(detail) - 6), ascii_only)
    return [first, Content.assemble(f"  {detail}  ", loss), *gauge]


def _named(step: Step, works: bool) -> Content:
    mark = "■" if step.mark == "▶" and not works else step.mark
    style = {"✓": "$text-success", "▶": "bold $text-primary", "■": "bold $text-warning"}.get(
        mark, "$foreground-muted"
    )
    return Content.assemble((mark, style), " ", (step.name, "" if mark == "✓" else style))


def _bar(run: RunState, width: int, ascii_only: bool, works: bool) -> Content:
    """Bar and percentage; nothing where it was broken off for good."""
    progress = run.progress
    if progress is None and not works:
        return Content("")
    share = progress.done / progress.total if progress and progress.total else 0.0
    ending = f" {share:4.0%}"
    filled, rest = bar(share, max(4, width - len(ending)), ascii_only)
    return Content.assemble((filled, "$primary"), (rest, "$foreground-muted"), ending)


def _where(state: SessionState, run: RunState, works: bool) -> list[str]:
    """ "epoch 3/8, step 120/400" and "111 samples/s"; of an evaluation also what is evaluated
    on."""
    progress = run.progress
    if progress is None:
        return []
    training = run.phase in _TRAININGS
    where = (
        f"epoch {progress.epoch}/{progress.epochs}, step {progress.step:,}/{progress.steps:,}"
        if training and progress.epochs
        else f"{progress.done:,} of {progress.total:,}"
    )
    rate = f"{progress.rate:,.0f} {'samples' if training else 'texts'}/s"
    parts = evaluated(state, progress.total) if run.phase == Phase.EVALUATE else ""
    return [one for one in (where, parts, rate if works else "") if one]


def _loss(run: RunState, width: int, ascii_only: bool) -> Content:
    if not run.losses or width < 12:
        return Content("")
    last = f"{run.losses[-1]:.3f}"
    falling = spark(run.losses, width - len(last) - 6, ascii_only, low=0.0)
    return Content.assemble("loss ", (falling, "$primary"), " ", last)
