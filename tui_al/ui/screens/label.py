"""Labelling: read, press one key, read the next.

The next samples are in hand, so that a key paints one at once (`label_sample.CurrentSample`);
everything that touches the disk happens in another thread (`tui_al.ui.annotation_worker`).
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.message import Message

from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.data.examples import Task
from tui_al.errors import SampleTakenError, TuiAlError
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import Sample
from tui_al.ui.annotation_worker import (
    AnnotationState,
    AnnotationWorker,
    Done,
    Failed,
    Gone,
    RecentDecision,
    Report,
    StateChanged,
    WriteBlocked,
)
from tui_al.ui.keys import bindings, key_name, keys_of
from tui_al.ui.screens.dialogs import ConfirmDialog, TextDialog
from tui_al.ui.screens.label_calls import Ask, ServiceCalls
from tui_al.ui.screens.label_dialogs import find_label, train_now, write_note
from tui_al.ui.screens.label_held_keys import HeldKeys
from tui_al.ui.screens.label_pending import Made, Pending, PendingDecisions
from tui_al.ui.screens.label_sample import CurrentSample, Origin, as_it_was
from tui_al.ui.screens.label_undo import UndoRedo
from tui_al.ui.screens.scrolling import ScrollsText
from tui_al.ui.screens.text_dialog import WriteDialog
from tui_al.ui.widgets.answer_input import AnswerArea
from tui_al.ui.widgets.engine_line import EngineColumn, EngineLine
from tui_al.ui.widgets.key_bar import KeyBar
from tui_al.ui.widgets.label_counts import Alarm, CountsColumn
from tui_al.ui.widgets.label_keys import LabelKeys
from tui_al.ui.widgets.label_title import LabelTitle
from tui_al.ui.widgets.recent import RecentRow
from tui_al.ui.widgets.sample_text import SampleText
from tui_al.ui.widgets.span_editor import SpanEditor
from tui_al.ui.widgets.suggestion import Suggestion

if TYPE_CHECKING:
    from tui_al.ui.screens.search_pool import Search

#: Offered when a sample is flagged as unclear.
REASONS = (
    "two labels fit",
    "no label fits",
    "not enough context",
    "not in a language I read",
    "not a text of this kind",
)


#: Seconds from a decision to when the rows around the sample say that it is on its way, if it is
#: not on disk by then.
REST = 0.05


class LabelScreen(ScrollsText):
    """One annotator's place at a session whose oracle is people.

    Its parts: `sample` says which one is before the person; `pending` are the decisions that are
    not on disk; `keys` are held while it is not known which sample they are for; `ask` calls the
    annotation service. Those parts know nothing of the widgets, which only the screen touches.
    """

    KEYS_OF = "label"
    BINDINGS = bindings("label")
    DEFAULT_CSS = """
    LabelScreen {
        & #body { height: 1fr; }
        & #main { width: 1fr; height: 1fr; }
        & #side { display: none; width: 38; height: 1fr; overflow: hidden; }
        &.-wide #side { display: block; }
        &.-wide #recent, &.-wide #engine { display: none; }
        &.-short #recent, &.-short #engine, &.-short #alarm { display: none; }
        &.-short #engine.-failed { display: block; }
        &.-short.-wide #engine.-failed { display: none; }
        & #side > * { border: round $border-blurred; border-title-color: $foreground-muted; padding: 0 1; }
        & #recents { height: auto; }
        &.-short SpanText { border: none; padding: 0 1; }
        &.-short SpanKeys { display: none; }
        & SampleText, & SpanText { min-height: 6; }
        &.-short SampleText, &.-short SpanText { min-height: 2; }
        &.-tall SampleText { align-vertical: middle; }
        &.-short SampleText { border: none; padding: 0 1; }
        &.-short LabelKeys { max-height: 3; }
    }
    """  # noqa: E501

    class Reported(Message):
        """Posted by the worker's thread."""

        def __init__(self, report: Report) -> None:
            super().__init__()
            self.report = report

    def __init__(self, directory: Path, task: Task, annotator: str) -> None:
        super().__init__()
        self.directory = directory
        self.kind = task
        self.annotation_state = AnnotationState()
        self.blind = False
        self._trouble = ""  # why decisions do not get to the disk
        self._worker = AnnotationWorker(directory, annotator, self._report)
        self._calls = ServiceCalls(self._worker)
        self.ask: Ask = self._calls.ask
        self.sample = CurrentSample(self.ask, self._show_sample)
        self.pending = PendingDecisions()
        self.keys = HeldKeys(self, lambda: self.area)
        self._undo_redo = UndoRedo(self, self.ask, self.sample, self.pending, self.keys)

    def compose(self) -> ComposeResult:
        """Title; text, answers, suggestion and recent ones; keys."""
        yield LabelTitle(self.directory.name)
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield SampleText(self.KEYS_OF)
                yield self._answer_area()
                yield Suggestion()
                yield Alarm()
                yield RecentRow("recent")
                yield EngineLine()
            with Vertical(id="side"):
                yield EngineColumn()
                yield CountsColumn()
                yield RecentRow("recents", column=True)
        yield KeyBar(self.KEYS_OF)

    def _answer_area(self) -> AnswerArea:
        """By `self.kind`: what a text, or the entities in it, are answered with."""
        answering = next(k for k in keys_of("label", self.tui.keymap_ids) if k.action == "answer")
        area = LabelKeys if self.kind is Task.CLASSIFICATION else SpanEditor
        made = area(answering.keys.split(","), self.tui.label_keys)
        made.give = self.answer
        return made

    def on_mount(self) -> None:
        """Open the annotation service; the first samples come with it."""
        self.area.focus()
        self.text.show(None, "opening …")
        for name, title in (
            ("engine-column", "engine"),
            ("counts", "labels"),
            ("recents", "recent"),
        ):
            self.query_one(f"#{name}").border_title = title
        self.set_interval(1.0, self._tick)
        # One that has written all keeps its screen alive for nothing.
        open_ones = [one for one in self.tui.annotation_workers if not one.join(0)]
        self.tui.annotation_workers = [*open_ones, self._worker]
        self._worker.start()

    def on_unmount(self) -> None:
        """What was handed over is finished, and the samples go back."""
        self._worker.close()

    @property
    def area(self) -> AnswerArea:
        """Where the answer is given."""
        return self.query_one(AnswerArea)

    @property
    def text(self) -> SampleText:
        """Where the text is shown."""
        return self.query_one(SampleText)

    @property
    def item(self) -> Sample | None:
        """The sample before the person."""
        return self.sample.item

    @property
    def is_tagging(self) -> bool:
        """Whether entities are marked."""
        return self.annotation_state.task is Task.TAGGING

    def on_key(self, event: Key) -> None:
        """Keep keys for the sample that comes."""
        self.keys.keep(event)

    # What the worker reports

    def _report(self, report: Report) -> None:
        with contextlib.suppress(RuntimeError):  # the app's loop is closed
            self.post_message(self.Reported(report))

    @on(Reported)
    def _reported(self, message: Reported) -> None:
        match message.report:
            case StateChanged(annotation_state, touched, lost):
                self.sample.others_have(touched | lost)
                self._know(annotation_state)
                self._give_way(lost)
            case WriteBlocked(trouble):
                self._trouble = trouble
                self._show_title()
            case Done(job, value, annotation_state):
                self.pending.done(job.number)
                self._calls.done(job.number, value)
                self._know(annotation_state)
            case Failed(job, error):
                self._failed(job.kind, job.number, error)
            case Gone(error):
                self.tui.to_sessions()
                self.tui.show_error(error)

    def _know(self, annotation_state: AnnotationState) -> None:
        failed = (
            annotation_state.failure[0]
            and annotation_state.failure != self.annotation_state.failure
        )
        if failed and not self.is_active:  # else it stands here already
            self.tui.say("The engine failed: the label screen says why.", "error")
        self.annotation_state = annotation_state
        self.sample.know(annotation_state.ranking)
        if self.item is None:
            self._show_waiting()
        self.area.know(annotation_state.key_order, annotation_state.counts)
        in_its_place = self.item is None and annotation_state.ranking is None  # of a sample
        for widget in self.query(EngineLine):
            widget.show(annotation_state, why_is_told=in_its_place)
        self.query_one(CountsColumn).show(annotation_state)
        self._show_title()

    def _failed(self, kind: str, number: int, error: TuiAlError) -> None:
        refused = self.pending.refused(number)
        self.sample.failed(number)
        if refused is not None:  # back to the sample whose answer was refused
            self.sample.show(as_it_was(refused.item, refused.recent.what))
        self.keys.let_go(drop=refused is not None)
        self._show_title()
        if kind == "open":
            self.tui.to_home()
        if refused is not None and isinstance(error, SampleTakenError):
            self._tell_taken(refused.item, error)
        else:
            self.tui.show_error(error)
        self._calls.came_to_nothing(number)

    def _tell_taken(self, item: Sample, error: SampleTakenError) -> None:
        """No answer is lost, and none is given twice unawares: the sample is back on the screen."""
        self.pending.insist(item.id)
        on = key_name(self, "label.skip")
        asked = (
            "The sample is here again: answer it once more to have your answer saved as "
            f"well; {on} goes on."
        )
        self.app.push_screen(TextDialog("Not saved", f"{error.message}\n{error.hint}\n\n{asked}"))

    def _give_way(self, lost: frozenset[str]) -> None:
        """Others have the sample that is shown. Where the person is at work on it, they are told
        when they have answered."""
        busy = not self.is_active or self.keys.are_held or self.area.unsaved
        item = self.item
        if item is None or item.id not in lost or self.pending.insists(item.id) or busy:
            return
        self.sample.leave_alone()
        self.tui.say("This app was suspended: others took its sample over. Here is the next.")

    # What is shown

    def _show_sample(self) -> None:
        """The sample before the person, or why there is none."""
        if self.item is None:
            self._show_waiting()
        else:
            self._show_item()

    def _show_item(self) -> None:
        self._give_room()
        self.text.show(self.item)
        self.area.show(self.item, blind=self.blind)
        strategy = (
            self.annotation_state.state.config.loop.strategy
            if self.annotation_state.state.config
            else ""
        )
        origin = self.sample.origin.name if self.sample.origin else ""
        self.query_one(Suggestion).show(self.item, strategy, blind=self.blind, origin=origin)

    def _give_room(self) -> None:
        """An area that shows the text has its place, as long as there is one."""
        if self.area.SHOWS_TEXT:
            self.text.display = self.item is None
            self.area.display = self.item is not None
            self.area.focus()

    def _show_waiting(self) -> None:
        self._give_room()
        self.area.show(None, blind=self.blind)
        self.query_one(Suggestion).show(None, "", blind=self.blind)
        self.text.show(
            None,
            "The first samples come …"
            if self.sample.are_coming
            else self.annotation_state.waits_for,
        )

    def _show_title(self) -> None:
        self.query_one(Alarm).show(self.annotation_state, self._trouble)
        self.query_one(LabelTitle).show(
            self.annotation_state, self.item, len(self.pending), trouble=bool(self._trouble)
        )
        for row in self.query(RecentRow):
            row.show(self.pending.recent, self.annotation_state.recent)

    def _tick(self) -> None:
        if self.item is None:
            self.sample.fetch()  # somebody may have put one back
        else:
            self.query_one(Suggestion).tick(self.sample.seconds)

    # Decisions

    def answer(self, answer: UserAnswer, via: str) -> None:
        """Save an answer for the sample and go on."""
        item = self.item
        if item is None:
            return
        seconds, blind = round(self.sample.seconds, 2), self.blind
        anyway = self.pending.insists(item.id)
        self._decided(
            "label",
            answer,
            lambda service: service.label(
                item, answer, seconds=seconds, via=via, blind=blind, anyway=anyway
            ),
        )

    def _decided(
        self, kind: str, what: UserAnswer | None, call: Callable[[AnnotationService], Any]
    ) -> None:
        item = self.item
        assert item is not None
        made = Made()
        number = self.ask("decide", made.by(call), writes=True)
        recent = RecentDecision("", item.id, kind, what, item.example.text[:60])
        self.pending.add(number, Pending(recent, item, made))
        self.sample.decided(item)
        # The next sample is painted first, alone; a quick disk has saved by the time that the rest
        # is.
        self.set_timer(REST, self._show_title)

    def action_answer(self) -> None:
        """A label's key that has no label."""
        self.tui.say("There is no label on this key.")

    def action_take(self) -> None:
        """Enter: the suggestion; an answer that was given before is kept."""
        if self.item is not None and self.item.is_done and not self.area.unsaved:
            self.sample.leave_alone()
            return
        refusal = self.area.take()
        if refusal:
            self.tui.say(refusal)

    def action_skip(self) -> None:
        """Space: later; what needs no answer stays as it is."""
        item = self.item
        if item is not None and item.is_done:
            self.sample.leave_alone()
        elif item is not None:
            self._decided("skip", None, lambda service: service.skip(item))

    def action_unclear(self) -> None:
        """f: flag it, with a reason."""
        if self.item is not None:
            self.app.push_screen(WriteDialog("Why is it unclear?", picks=REASONS), self._unclear)

    def _unclear(self, reason: str | None) -> None:
        item = self.item
        if item is not None and reason is not None:
            anyway = self.pending.insists(item.id)
            self._decided("flag", None, lambda service: service.flag(item, reason, anyway=anyway))

    def action_undo(self) -> None:
        """u: the last change in this sample, or else the last decision."""
        if not self.area.undo():
            self._undo_redo.undo()

    def action_redo(self) -> None:
        """r: what was undone."""
        if not self.area.redo():
            self._undo_redo.redo()

    def action_unfold(self) -> None:
        """o: near-duplicates one by one."""
        self._undo_redo.unfold()

    def action_blind(self) -> None:
        """b: hide what the model thinks, or show it."""
        self.blind = not self.blind
        if self.item is not None:
            self._show_item()

    def action_find(self) -> None:
        """/: a label by its name."""
        if self.item is None:
            self.tui.say("There is no sample to be labelled yet.")
        else:
            find_label(self, self.item, self.area, blind=self.blind)

    def action_note(self) -> None:
        """n: a remark, which stays with the sample."""
        if self.item is not None:
            write_note(self, self.item)

    def action_train(self) -> None:
        """t: train now, or start an engine."""
        call = train_now(self.directory, self.annotation_state, key_name(self, "label.engine"))
        self.ask("train", call, then=self.tui.say)

    # Other screens

    def action_back(self) -> None:
        """Escape: to where this sample was opened from, or to the sessions; marks that are not
        saved are asked about."""
        if self.item is None or not self.area.unsaved:
            self._go_back()
            return

        def sure(yes: bool | None) -> None:
            if yes:
                self._go_back()

        question = "What you marked in this sample is not saved. Leave it?"
        self.app.push_screen(ConfirmDialog(question, yes="Leave", no="Stay"), sure)

    def _go_back(self) -> None:
        origin = self.sample.origin
        if origin is None:
            super().action_back()
            return
        self.sample.leave_alone()
        origin.go_back()

    def action_search(self) -> None:
        """s: samples by words, or nearest to this one."""
        self._search()

    def _search(self, left: "Search | None" = None) -> None:
        from tui_al.ui.screens.search_pool import SearchPool

        def take(found: "Search | None") -> None:
            if found is not None:
                origin = Origin("the search", lambda: self._search(found))
                self.sample.open(found.marked, origin=origin)

        self.app.push_screen(SearchPool(self, left), take)

    def action_labels(self) -> None:
        """l: add, rename, merge, describe labels."""
        from tui_al.ui.screens.labels import LabelsScreen

        self.app.push_screen(LabelsScreen(self))

    def action_history(self) -> None:
        """h: what was decided."""
        from tui_al.ui.screens.history import HistoryScreen

        self.app.push_screen(HistoryScreen(self))

    def action_second_look(self) -> None:
        """d: labels that the models dispute."""
        from tui_al.ui.screens.second_look import SecondLookScreen

        self.app.push_screen(SecondLookScreen(self))

    def action_conflicts(self) -> None:
        """c: where annotators differ."""
        from tui_al.ui.screens.conflicts import ConflictsScreen

        self.app.push_screen(ConflictsScreen(self))

    def action_engine(self) -> None:
        """e: curve, rounds and log; e there comes back."""
        from tui_al.ui.screens.run import RunScreen

        self.app.push_screen(RunScreen(self.directory))
