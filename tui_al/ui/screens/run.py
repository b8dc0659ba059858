"""A session at work: is it learning, how far is it, what does the machine do?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_al.core.session.events import EngineStarted, Recorded
from tui_al.core.session.state import SessionState
from tui_al.errors import TuiAlError
from tui_al.host import process
from tui_al.report.curves import estimates, headline_metric
from tui_al.store.progress import lacks_to_train
from tui_al.store.session import Command, Session
from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings, key_name
from tui_al.ui.screens.base import TALL, USUAL, WIDE
from tui_al.ui.screens.dialogs import ConfirmDialog
from tui_al.ui.screens.session import SessionScreen
from tui_al.ui.session_watcher import Update
from tui_al.ui.widgets.curve import CurvePlot
from tui_al.ui.widgets.key_bar import KeyBar
from tui_al.ui.widgets.lines_view import LinesView
from tui_al.ui.widgets.log import EventLog, tail
from tui_al.ui.widgets.machine import MachinePanel, MachineWatch
from tui_al.ui.widgets.progress import NowPanel
from tui_al.ui.widgets.rounds import RoundsTable
from tui_al.ui.widgets.status import TitleRow, status

View = Literal["curve", "rounds", "log", "printed"]
_VIEWS: tuple[View, ...] = ("curve", "rounds", "log", "printed")

#: Seconds between two looks at the machine, here and over SSH.
_MACHINE, _MACHINE_REMOTE = 1.0, 2.0


class RunScreen(SessionScreen):
    """The curve keeps the room; in a tall window a second view lies under it, else it takes the
    curve's place."""

    KEYS_OF = "run"
    BINDINGS = bindings("run")
    DEFAULT_CSS = """
    RunScreen {
        & #body { layout: vertical; height: 1fr; }
        & #side { dock: bottom; height: auto; overflow: hidden; }
        & #notice { display: none; height: auto; max-height: 40%; padding: 0 1; background: $panel; }
        & #now, & #machine { padding: 0 1; }
        &.-short #machine { display: none; }
        &.-short #notice { max-height: 3; }
        &.-tall #curve { height: 3fr; min-height: 12; }
        &.-tall #log, &.-tall #printed { height: 2fr; }
        &.-wide #side { dock: right; width: 36; height: 1fr; }
        &.-wide.-tall {
            & #body { layout: grid; grid-size: 2; grid-columns: 1fr 36; grid-rows: 3fr 2fr; }
            & #side { dock: none; width: 1fr; }
            & #rounds, & #log, & #printed { column-span: 2; }
            & #log, & #printed { height: 1fr; }
        }
        &.-wide #now, &.-wide #machine, &.-wide #curve,
        &.-wide #rounds, &.-wide #log, &.-wide #printed {
            border: round $border-blurred; border-title-color: $foreground-muted;
        }
        &.-medium #curve, &.-wide #curve { padding: 0 1; }
    }
    """  # noqa: E501

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._view: View = "curve"
        self._watch: MachineWatch | None = None
        self._starting = False  #: from p until the engine's first word
        self._launched = False  #: there is a process for it
        self._stopping = False
        self._noticed = False  #: something is wrong, or done

    def compose(self) -> ComposeResult:
        """Title, the views, now and the machine, a notice if there is one, keys."""
        yield TitleRow(self.label)
        with Container(id="body"):
            yield CurvePlot(id="curve")
            with Vertical(id="side"):
                yield NowPanel()
                yield MachinePanel()
            yield RoundsTable()
            yield EventLog("log", hang=len("00:00:00  "))
            yield LinesView("engine.log", id="printed")
        with VerticalScroll(id="notice"):
            yield Static(id="notice-text")
        yield KeyBar(self.KEYS_OF)

    def on_mount(self) -> None:
        """The curve comes first; what all screens of a session do is done besides."""
        self._arrange()

    def on_resize(self) -> None:
        """In a tall window there is room for two views."""
        self._arrange()

    def begin(self) -> None:
        """Follow the session, and watch the machine."""
        super().begin()
        seconds = _MACHINE_REMOTE if self.tui.remote else _MACHINE
        self._watch = MachineWatch(seconds)
        self._watch.start()
        self.set_interval(seconds, self._show_machine)

    def on_unmount(self) -> None:
        """Look at the machine no more."""
        if self._watch:
            self._watch.stop()

    def show(self) -> None:
        """Everything that `update_now` tells."""
        update = self.update_now
        state = update.state
        if not update.live:
            self._stopping = False
            self._starting = self._starting and not self._launched
        self._show_status()
        self.query_one(NowPanel).show(update)
        other = (self.short_names()[1], self.overlays[0].state) if self.overlays else None
        table = self.query_one(RoundsTable)
        before = table.wanted_height
        table.show(state, other)
        if table.wanted_height != before:
            self._arrange()
        self.show_curve()
        if self._view == "printed":
            self._show_printed()
        if self._watch:
            pid = state.engine.pid if update.live and state.engine else None
            self._watch.watch(frozenset() if pid is None else frozenset({pid}))
        self._show_notice()

    def hear(self, news: Sequence[Recorded]) -> None:
        """Into the log; an engine that speaks has started."""
        if any(isinstance(one.event, EngineStarted) for one in news):
            self._starting = False
        state = self.update_now.state
        self.query_one(EventLog).tell(news, headline_metric(state), estimates(state))

    def _show_status(self) -> None:
        how = status(self.update_now, starting=self._starting, stopping=self._stopping)
        self.query_one(TitleRow).show(self.update_now, how)
        self.query_one(KeyBar).tell({"pause": self._pause_does()}, self._idle_keys())

    def _pause_does(self) -> str:
        """What p does now, in a word or two."""
        state, live = self.update_now.state, self.update_now.live
        if live:
            return "go on" if state.paused else "pause"
        return "start" if state.engine is None else "go on"

    def _idle_keys(self) -> set[str]:
        """Keys that only say why they do nothing."""
        state, live = self.update_now.state, self.update_now.live
        idle = set()
        if state.finished or self._stopping or self._is_starting():
            idle.add("pause")
        if self._stopping or not live:
            idle.add("stop")
        if not any(run.points for run in state.runs.values()):
            idle |= {"results", "metric"}
        return idle

    def _show_machine(self) -> None:
        if self._watch:
            engine = self.update_now.state.engine
            on_gpu = engine is not None and engine.device.startswith("cuda")
            self.query_one(MachinePanel).show(self._watch.latest(), on_gpu=on_gpu)

    def _show_printed(self) -> None:
        lines = tail(self.directory / "engine.log")
        self.query_one("#printed", LinesView).replace([safe(line) for line in lines])

    def _show_notice(self) -> None:
        rows = 4 + 8 * self.has_class("-tall")
        lines = [] if self._starting else notice(self.update_now, rows)
        self.query_one("#notice").display = self._noticed = bool(lines)
        self._arrange()
        self.query_one("#notice-text", Static).update(Content("\n").join(lines))

    def _switch(self, view: View) -> None:
        self._view = view
        if view == "printed":
            self._show_printed()
        elif view == "curve":
            self.set_focus(
                None
            )  # else it is looked for anew when what has it is hidden, and painted twice
        self._arrange()
        if view != "curve":
            self.query_one(f"#{view}").focus(scroll_visible=False)

    def _arrange(self) -> None:
        """Show the view; in a tall window something under the curve, and the table alone. Under
        the curve the table is as high as its rows, up to a bound: the curve has the rest.

        Widgets are shown and hidden one by one: a class on the screen would have the styles of all
        of it worked out anew, at each key."""
        if not self.query("#body"):  # the app is leaving
            return
        width, height = self.size
        alone = self._view == "rounds"
        shown = {self._view}
        if height >= TALL and not alone:
            shown |= {"curve", "rounds"} if self._view == "curve" else {"curve"}
        for name in _VIEWS:
            self.query_one(f"#{name}").display = name in shown
        cramped = height < USUAL and self._noticed
        whole = alone and width >= WIDE and height >= TALL
        self.query_one("#side").display = not (cramped or whole)
        table = self.query_one(RoundsTable)
        below = "rounds" in shown and not alone
        rows = min(table.wanted_height, height * 2 // 5) if below else 0
        table.styles.height = rows or "1fr"
        self.query_one("#body").styles.grid_rows = (
            "1fr" if whole else f"1fr {rows}" if below else "3fr 2fr"
        )

    def action_rounds(self) -> None:
        """t: the table, and back to the curve."""
        self._switch("curve" if self._view == "rounds" else "rounds")

    def action_log(self) -> None:
        """l: what happened, then what the engine printed, then the curve again."""
        following: dict[View, View] = {"log": "printed", "printed": "curve"}
        self._switch(following.get(self._view, "log"))

    def action_back(self) -> None:
        """Escape: out of a view first, then to the samples or the sessions."""
        if self._view != "curve":
            self._switch("curve")
        elif self._by_people:
            self.action_label()
        else:
            self.tui.to_home()

    @property
    def _by_people(self) -> bool:
        config = self.update_now.state.config
        return config is not None and config.loop.oracle == "person"

    def action_label(self) -> None:
        """e: to the samples that people label."""
        if self._by_people:
            self.tui.open_labelling(self.directory)
        else:
            self.tui.say("Nobody labels in this session: its labels come from the data.")

    def action_results(self) -> None:
        """r: the results so far."""
        if not any(run.points for run in self.update_now.state.runs.values()):
            self.tui.say("There are no results before the end of the first round.")
            return
        self.tui.show_results(self.directory)

    def action_pause(self) -> None:
        """p: pause or go on; start an engine where none is at work."""
        update = self.update_now
        if update.state.finished:
            self.tui.say("This session is finished; r shows its results.")
        elif self._is_starting():
            self.tui.say("The engine is starting; it takes some seconds.")
        elif update.live and self._stopping:
            self.tui.say("The engine is stopping; press p again when it has stopped.")
        elif update.live:
            self._send("resume" if update.state.paused else "pause")
        else:
            self._starting, self._launched = True, False
            self.show()
            self.jobs.start("start", self._start_engine)

    def _is_starting(self) -> bool:
        state = self.update_now.state
        unheard = state.engine is None or bool(state.ended)
        return self._starting or (self.update_now.live and unheard)

    def action_stop(self) -> None:
        """s: stop at the next safe point, after a question."""
        finish = f" {key_name(self, 'run.finish')} would train on all labels first."
        self._end(
            "stop",
            "Stop this session?",
            "It stops at the next step. Finished rounds are kept, and p resumes it later."
            + finish * self._by_people,
        )

    def action_finish(self) -> None:
        """f: where people label, train and measure a last time and end, after a question."""
        if not self._by_people:
            self.tui.say("Nobody labels in this session: it ends by itself after its last round.")
            return
        self._end(
            "finish",
            "Finish labelling?",
            "The engine trains and measures on all of them, keeps the models for export, and "
            "ends. Labels can be added, and p resumes it later.",
        )

    def _end(self, command: Command, question: str, explained: str) -> None:
        if not self.update_now.live:
            self.tui.say(
                "This session is finished; nothing is running."
                if self.update_now.state.finished
                else "No engine is at work on this session; p starts one."
            )
            return
        if self._stopping:
            self.tui.say("It is stopping already, at the next safe point.")
            return

        def end(sure: bool | None) -> None:
            if sure:
                self._stopping = command == "stop"
                self._send(command)
                self._show_status()

        dialog = ConfirmDialog(question, explained, yes=command.capitalize(), no="Keep running")
        self.app.push_screen(dialog, end)

    def _send(self, command: Command) -> None:
        said = {
            "pause": "Pausing at the next step.",
            "resume": "Going on.",
            "stop": "Stopping at the next safe point.",
            "finish": "The engine ends when it has trained and measured on all labels.",
        }

        def send() -> str:
            lacks = lacks_to_train(self.directory) if command == "finish" else ""
            with Session(self.directory) as session:
                session.send(command)
            if lacks:
                return f"The engine ends without training: that takes {lacks}."
            return said[command]

        self.jobs.start(command, send)

    def _start_engine(self) -> str:
        process.start_engine(self.directory)
        return "The engine is starting."

    def job_done(self, job: str, result: object) -> None:
        """There is a process now, so if nobody is live any more, it died."""
        self._launched = self._launched or job == "start"
        super().job_done(job, result)

    def job_failed(self, job: str, error: TuiAlError) -> None:
        """An engine that could not be started is not starting; one that could not be told to stop
        is not stopping."""
        self._starting = self._starting and job != "start"
        self._stopping = self._stopping and job != "stop"
        self.show()
        super().job_failed(job, error)


def notice(update: Update, log_rows: int) -> list[Content]:
    """What the person must know: why nothing goes on, what to do, the end of the log. Empty while
    all is well."""
    state = update.state
    if update.trouble:
        what, _, hint = update.trouble.partition("\n")
        return [safe(f"✗ {what}", "$text-error"), *([safe(hint)] if hint else [])]
    lines = [safe(f"⚠ {line}", "$text-warning") for line in state.damage]
    if update.waits:
        lines.append(safe(f"◐ The engine is {update.waits}", "bold $text-warning"))
    if state.error:
        lines.append(safe(f"✗ {state.error}", "bold $text-error"))
        lines += [safe(state.hint)] if state.hint else []
    for run in state.runs.values():
        if run.status == "failed":
            lines.append(safe(f"✗ Seed {run.seed} failed: {run.error}", "bold $text-error"))
            lines += [safe(run.hint)] if run.hint else []
    if update.end:
        lines.append(safe(f"✗ {update.end.cause}", "bold $text-error"))
        lines += [safe(update.end.hint)] if update.end.hint else []
    if state.finished:
        lines.append(
            Content.assemble(("✓ Finished. ", "bold $text-success"), "r shows the results.")
        )
    elif not update.live and state.config:
        lines.append(_not_running(state, died=update.end is not None))
    if update.end:
        tail_of_log = update.end.log_tail[-log_rows:]
        lines += [safe(line[:500], "$foreground-muted") for line in tail_of_log]
    return lines


def _not_running(state: SessionState, *, died: bool) -> Content:
    if state.engine is None and not died:
        return Content("Nothing has run yet; p starts it.")
    if state.ended == "finished" and state.lacks:
        told = safe(
            f"■ Ended, but nothing was trained at the end: that takes {state.lacks}.",
            "bold $text-warning",
        )
        return Content.assemble(told, " p resumes with new ones.")
    if state.ended == "finished":
        return Content("✓ Trained and measured on all labels. p resumes with new ones.")
    kept = "" if died else "; no finished round is lost"
    return Content.assemble(("p resumes", "bold"), f"{kept}.")
