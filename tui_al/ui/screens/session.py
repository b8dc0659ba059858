"""What the two screens of a session share: following it, its curve, and other sessions compared
with it."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from textual.message import Message

from tui_al.core.data.terminal_text import without_common_parts
from tui_al.core.session.events import Recorded
from tui_al.core.session.state import SessionState
from tui_al.errors import TuiAlError
from tui_al.report.curves import (
    curve,
    headline_metric,
    measured_on,
    metric_name,
    metrics_of,
    planned_labels,
    why_no_point,
)
from tui_al.store.session import Session, session_names
from tui_al.store.sweeps import arm_labels, sweep_of
from tui_al.ui.jobs import JobDone, Jobs
from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.screens.compare_dialog import OverlayDialog
from tui_al.ui.session_watcher import Follower, Update
from tui_al.ui.widgets.curve import CurvePlot
from tui_al.ui.widgets.status import TitleRow, status

#: Other sessions that are looked at for comparison, the last used ones, and how many are shown
#: unasked.
_LOOKED_AT = 40
_UNASKED = 2

#: In a sweep the curves of its arms are shown together unasked, as many as can be told apart, and
#: looked at anew so often.
_ARMS = 7
_REFRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Other:
    """Another session with at least one point."""

    name: str
    label: str  #: what it is shown as: its name, or that of the arm whose session it is
    state: SessionState


class SessionScreen(TuiScreen):
    """Follows the session in `directory`; subclasses show it in `show`."""

    class Changed(Message):
        """Posted by the follower's thread."""

        def __init__(self, update: Update) -> None:
            super().__init__()
            self.update = update

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory
        self._sweep = sweep_of(directory)
        self.label = arm_labels(directory.parent.parent).get(directory.name, directory.name)
        self.update_now = Update(SessionState(), live=False)
        self.overlays: tuple[Other, ...] = ()
        self.jobs = Jobs(self)
        self._follower: Follower | None = None

    def on_mount(self) -> None:
        """Begin to follow once the first frame is painted: until then a thread would only take time
        from it."""
        self.call_after_refresh(self.begin)

    def begin(self) -> None:
        """Follow the session."""
        interval = 1.0 if self.tui.remote else 0.5
        self._follower = Follower(self.directory, self._changed, interval)
        self._follower.start()
        self.set_interval(_REFRESH_SECONDS, self._refresh_overlays)

    def on_unmount(self) -> None:
        """The thread ends by itself."""
        if self._follower:
            self._follower.stop()

    def show(self) -> None:
        """Show `update_now`; for subclasses."""

    def hear(self, news: Sequence[Recorded]) -> None:
        """Each thing that happened, once; for subclasses."""

    def show_curve(self) -> None:
        """This session's curve in front, the others behind it."""
        state = self.update_now.state
        named = zip(self.short_names(), self.labelled(state), strict=True)
        curves = [curve(name, its_state, self.metric) for name, (_, its_state) in named]
        self.query_one(CurvePlot).show(
            curves, self._curve_title(), why_no_point(state), planned_labels(state)
        )

    def labelled(self, state: SessionState) -> list[tuple[str, SessionState]]:
        """This session in that state and those it is compared with, by what they are shown as."""
        return [(self.label, state), *((other.label, other.state) for other in self.overlays)]

    def short_names(self) -> list[str]:
        """What `labelled` are called in a legend: what their names differ in."""
        return without_common_parts([self.label, *(other.label for other in self.overlays)])

    def _curve_title(self) -> str:
        state = self.update_now.state
        if state.config is None:
            return ""
        following = self._next_metric()
        hint = f" · m shows {metric_name(following)}" if following else ""
        return f"{metric_name(self.metric)} {measured_on(state)}{hint}"

    @property
    def metric(self) -> str:
        """What the curve shows: the person's choice, if this session has it."""
        found = metrics_of(self.update_now.state)
        return self.tui.metric if self.tui.metric in found else found[0]

    def _next_metric(self) -> str | None:
        found = metrics_of(self.update_now.state)
        return found[(found.index(self.metric) + 1) % len(found)] if len(found) > 1 else None

    def action_metric(self) -> None:
        """m: the next metric."""
        following = self._next_metric()
        if following is None:
            self.tui.say("There are no metrics before the end of the first round.")
            return
        self.tui.metric = following
        self.query_one(CurvePlot).hurry()
        self.show()

    def on_job_done(self, done: JobDone) -> None:
        """Each job has its own way to be shown."""
        if not self.jobs.is_last(done):
            return
        try:
            self.job_done(done.job, done.result())
        except TuiAlError as error:
            self.job_failed(done.job, error)
        if self._follower:
            self._follower.look_now()

    def job_done(self, job: str, result: Any) -> None:
        """Found sessions are compared or offered; all other jobs give a sentence."""
        if job in ("compare", "offer"):
            self._others_found(result, ask=job == "offer")
        elif job == "refresh":
            self._choose(result, tuple(other.name for other in self.overlays))
        else:
            self.tui.say(result)

    def job_failed(self, job: str, error: TuiAlError) -> None:  # noqa: ARG002
        """A dialog; subclasses may want to know which job it was."""
        self.tui.show_error(error)

    def _changed(self, update: Update) -> None:
        with contextlib.suppress(RuntimeError):  # the app's loop is closed: nobody looks any more
            self.post_message(self.Changed(update))

    def on_session_screen_changed(self, message: Changed) -> None:
        """Show it; the first time, compare with sessions on the same data."""
        first = self.update_now.state.config is None and message.update.state.config is not None
        before, self.update_now = self.update_now, message.update
        if before.live and _came_to_its_end(message.update):
            self.app.bell()
        self.query_one(TitleRow).show(message.update, status(message.update))
        self.hear(message.update.news)
        self.show()
        if first:
            self._look_for_others(ask=False)

    def action_overlay(self) -> None:
        """Let the person choose."""
        self._look_for_others(ask=True)

    def _look_for_others(self, *, ask: bool) -> None:
        state = self.update_now.state
        if state.config is None:
            self.tui.say("The session is not read yet.")
            return
        metric = headline_metric(state)
        find = partial(other_sessions, self._others_lie_in, self.directory, metric)
        self.jobs.start("offer" if ask else "compare", find)

    @property
    def _others_lie_in(self) -> Path:
        """The home whose sessions are for comparison: of a sweep's arm, the sweep."""
        return self._sweep or self.tui.home

    def _others_found(self, others: tuple[Other, ...], *, ask: bool) -> None:
        """Compare with the finished ones on the same data, or ask."""
        if ask and not others:
            self.tui.say("There is no other session with a curve of this kind yet.")
        elif ask:
            chosen = {other.name for other in self.overlays}
            rows = [(o.name, o.label, o.state, o.name in chosen) for o in others]
            self.app.push_screen(OverlayDialog(rows, self.label), partial(self._choose, others))
        else:
            here = self.update_now.state
            arms = self._sweep is not None
            alike = [o for o in others if _alike(here, o.state) and (o.state.finished or arms)]
            self._lay_over(tuple(alike[: _ARMS if arms else _UNASKED]))

    def _refresh_overlays(self) -> None:
        """Curves of others that are still growing, as the arms of a sweep are, grow here too."""
        state = self.update_now.state
        if state.config and any(not other.state.finished for other in self.overlays):
            metric = headline_metric(state)
            find = partial(other_sessions, self._others_lie_in, self.directory, metric)
            self.jobs.start("refresh", find)

    def _choose(self, others: tuple[Other, ...], names: tuple[str, ...] | None) -> None:
        if names is not None:
            self._lay_over(tuple(other for other in others if other.name in names))

    def _lay_over(self, others: tuple[Other, ...]) -> None:
        self.overlays = others
        self.show()


def other_sessions(home: Path, this: Path, metric: str) -> tuple[Other, ...]:
    """The other sessions of `home` that have a point of this metric, the last used first; a damaged
    one is left out."""
    found = []
    labels = arm_labels(home)
    for name in session_names(home)[:_LOOKED_AT]:
        directory = home / "sessions" / name
        if directory == this:
            continue
        try:
            with Session(directory) as session:
                state = session.state()
        except Exception:  # damaged: told where it is opened, of no use here
            continue
        if headline_metric(state) == metric and any(run.points for run in state.runs.values()):
            found.append(Other(name, labels.get(name, name), state))
    return tuple(found)


def _alike(here: SessionState, other: SessionState) -> bool:
    """Whether the two are worth comparing unasked: on the same data, counted alike."""
    mine, theirs = here.config, other.config
    return (
        mine is not None
        and theirs is not None
        and (mine.data.source, mine.data.subset, here.train, here.test)
        == (theirs.data.source, theirs.data.subset, other.train, other.test)
        and mine.loop.budget_unit == theirs.loop.budget_unit
    )


def _came_to_its_end(update: Update) -> bool:
    """Whether the engine has finished, failed or died; not where a person stopped it."""
    state = update.state
    done = state.finished or state.ended == "finished"
    return not update.live and (done or update.end is not None or bool(state.failure[0]))
