"""Labelling: read, press one key, read the next.

The screen holds the next samples in its hand, so that a key paints one at once; everything that
touches the disk happens in another thread (`tui_al.ui.annotation_worker`). Only the screen says
which sample is before the person, so no two threads can differ on that: what it has in hand is
claimed for it until it is decided or put back.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
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
from tui_al.ui.prefetch import Hand
from tui_al.ui.screens.dialogs import TextDialog
from tui_al.ui.screens.label_aside import Made
from tui_al.ui.screens.label_calls import ServiceCalls
from tui_al.ui.screens.label_dialogs import LabelDialogs
from tui_al.ui.screens.label_held_keys import HeldKeys
from tui_al.ui.screens.label_turning import as_it_was
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


@dataclass(frozen=True, slots=True)
class _Pending:
    """A decision on its way to the disk: as it is shown, about which sample, and what comes of
    it."""

    recent: RecentDecision
    item: Sample
    made: Made


class LabelScreen(LabelDialogs):
    """One annotator's place at a session whose oracle is people."""

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
        self.item: Sample | None = None  #: the sample before the person
        self.blind = False
        self._hand = Hand()
        self._since = 0.0
        self._pending: dict[int, _Pending] = {}  # decisions that are not on disk, by job
        self._insisted: set[str] = set()  # others have these samples, and the person has been told
        self._trouble = ""
        self.keys = HeldKeys(self, lambda: self.area)
        self._worker = AnnotationWorker(directory, annotator, self._report)
        self._calls = ServiceCalls(self._worker)
        self.ask = self._calls.ask

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

    def show_sample(self, item: Sample) -> None:
        """Show a sample now; the one before the person is next."""
        self._hand.drop({item.id})
        self._put_up(item)

    def go_on(self) -> None:
        """The sample before the person needs no answer: the next one."""
        self.item = None
        self._next()

    def show_anew(self, item: Sample) -> None:
        """The sample before the person, as it is now."""
        self.item = item
        self._show_item()

    # What the worker reports

    def _report(self, report: Report) -> None:
        with contextlib.suppress(RuntimeError):  # the app's loop is closed
            self.post_message(self.Reported(report))

    @on(Reported)
    def _reported(self, message: Reported) -> None:
        match message.report:
            case StateChanged(annotation_state, touched, lost):
                self.put_back(*self._hand.drop(touched | lost))
                self._know(annotation_state)
                self._give_way(lost)
            case WriteBlocked(trouble):
                self._trouble = trouble
                self._show_title()
            case Done(job, value, annotation_state):
                pending = self._pending.pop(job.number, None)
                if pending is not None:
                    self._insisted.discard(pending.item.id)
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
        self._fetch()
        if self.item is None:
            self._show_waiting()
        self.area.know(annotation_state.key_order, annotation_state.counts)
        in_its_place = self.item is None and annotation_state.ranking is None  # of a sample
        for widget in self.query(EngineLine):
            widget.show(annotation_state, why_is_told=in_its_place)
        self.query_one(CountsColumn).show(annotation_state)
        self._show_title()

    def _failed(self, kind: str, number: int, error: TuiAlError) -> None:
        pending = self._pending.pop(number, None)
        self._hand.failed(number)
        if pending is not None:  # back to the sample whose answer was refused
            self._refused = pending.item.id
            self._put_up(as_it_was(pending.item, pending.recent.what))
        self.keys.let_go(drop=pending is not None)
        self._show_title()
        if kind == "open":
            self.tui.to_home()
        if pending is not None and isinstance(error, SampleTakenError):
            self._tell_taken(pending.item, error)
        else:
            self.tui.show_error(error)
        self._calls.came_to_nothing(number)

    def _tell_taken(self, item: Sample, error: SampleTakenError) -> None:
        """No answer is lost, and none is given twice unawares: the sample is back on the screen."""
        self._insisted.add(item.id)
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
        if self.item is not None and self.item.id in lost - self._insisted and not busy:
            self.leave_alone()
            self.tui.say("This app was suspended: others took its sample over. Here is the next.")

    # Samples

    def _fetch(self) -> None:
        """Fill the hand; from a new ranking, change it whole, once the new ones are here."""
        wanted = self._hand.wanted(self.annotation_state.ranking, showing=self.item is not None)
        if wanted:
            job = self.ask(
                "take",
                lambda service: (service.ranking, service.take_some(wanted)),
                then=self._taken,
            )
            self._hand.fetching(job, wanted)

    def _taken(self, taken: tuple[int | None, list[Sample]]) -> None:
        """Samples have come into the hand."""
        self.put_back(*self._hand.take_in(*taken))
        if self.item is None:
            self._next()

    def put_back(self, *items: Sample) -> None:
        """Others may have these samples."""
        if items:
            self.ask("put_back", lambda service: service.put_back(items))

    def _next(self) -> None:
        """The next sample, at once."""
        item = self._hand.next()
        if item is not None:
            self._put_up(item)
        else:
            self.item = None
            self._show_waiting()
        self._fetch()

    def _put_up(self, item: Sample) -> None:
        """Show a sample; the one before the person, if it is not decided, is next in the hand."""
        if self.item is not None and self.item.id != item.id:
            self._hand.put_first(self.item)
        self.item = item
        self._since = time.monotonic()
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
        origin = self.origin.name if self.origin else ""
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
        coming = self._hand.changes_to(self.annotation_state.ranking)
        self.text.show(
            None, "The first samples come …" if coming else self.annotation_state.waits_for
        )

    def _show_title(self) -> None:
        self.query_one(Alarm).show(self.annotation_state, self._trouble)
        self.query_one(LabelTitle).show(
            self.annotation_state, self.item, len(self._pending), trouble=bool(self._trouble)
        )
        pending = [one.recent for one in reversed(self._pending.values())]
        for row in self.query(RecentRow):
            row.show(pending, self.annotation_state.recent)

    def _tick(self) -> None:
        if self.item is None:
            self._fetch()  # somebody may have put one back
        else:
            self.query_one(Suggestion).tick(time.monotonic() - self._since)

    # Decisions

    def answer(self, answer: UserAnswer, via: str) -> None:
        """Save an answer for the sample and go on."""
        item = self.item
        if item is None:
            return
        seconds, blind = round(time.monotonic() - self._since, 2), self.blind
        anyway = item.id in self._insisted
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
        made, self._refused = Made(), ""
        number = self.ask("decide", made.by(call), writes=True)
        recent = RecentDecision("", item.id, kind, what, item.example.text[:60])
        self._pending[number] = _Pending(recent, item, made)
        self._hand.drop({item.id, *item.folded})
        self.item = None
        self._next()
        # The next sample is painted first, alone; a quick disk has saved by the time that the rest
        # is.
        self.set_timer(REST, self._show_title)

    @property
    def on_its_way(self) -> Made | None:
        """The last decision that is not on disk yet, if there is one."""
        return next((one.made for one in reversed(self._pending.values())), None)

    def action_answer(self) -> None:
        """A label's key that has no label."""
        self.tui.say("There is no label on this key.")

    def action_take(self) -> None:
        """Enter: the suggestion; an answer that was given before is kept."""
        if self.item is not None and self.item.is_done and not self.area.unsaved:
            self.leave_alone()
            return
        refusal = self.area.take()
        if refusal:
            self.tui.say(refusal)

    def action_skip(self) -> None:
        """Space: later; what needs no answer stays as it is."""
        item = self.item
        if item is not None and item.is_done:
            self.leave_alone()
        elif item is not None:
            self._decided("skip", None, lambda service: service.skip(item))

    # Other screens and dialogs

    def action_unclear(self) -> None:
        """f: flag it, with a reason."""
        if self.item is not None:
            self.app.push_screen(WriteDialog("Why is it unclear?", picks=REASONS), self._unclear)

    def _unclear(self, reason: str | None) -> None:
        item = self.item
        if item is not None and reason is not None:
            anyway = item.id in self._insisted
            self._decided("flag", None, lambda service: service.flag(item, reason, anyway=anyway))

    def action_blind(self) -> None:
        """b: hide what the model thinks, or show it."""
        self.blind = not self.blind
        if self.item is not None:
            self._show_item()
