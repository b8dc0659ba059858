"""Decisions taken back and brought back: keys are kept meanwhile, until it is known which sample is
before the person."""

from collections.abc import Callable
from dataclasses import replace

from textual.events import Key

from tui_al.core.annotation.decisions import Label, Note, UserAnswer
from tui_al.core.data.terminal_text import shorten
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import Sample, UndoResult
from tui_al.ui.keys import key_name
from tui_al.ui.screens.label_aside import LabelAside, Made
from tui_al.ui.screens.label_held_keys import HeldKeys

#: Columns of a text that say which one is meant.
_SHOWN = 60


class LabelTurning(LabelAside):
    """The part of the label screen that turns decisions, and unfolds near-duplicates."""

    _refused: str = ""  # the sample whose answer was refused last: its undo takes nothing else back
    keys: HeldKeys  # while a job decides which sample is next

    def action_undo(self) -> None:
        """u: the last change in this sample, or else the last decision."""
        if self.area.undo():
            return
        if self.item is not None and self.item.id == self._refused:
            self._refused = ""
            key = key_name(self, "label.undo")
            self.tui.say(
                f"Your last answer was not saved. {key} again takes back the one before it."
            )
        else:
            meant = self.on_its_way  # it is not known yet whether it will be saved
            call = (
                AnnotationService.undo
                if meant is None
                else lambda service: service.undo(meant.records)
            )
            self._turn("undo", call, self._undone)

    def action_redo(self) -> None:
        """r: what was undone."""
        if not self.area.redo():
            self._turn("redo", AnnotationService.redo, self._redone)

    def _turn(
        self,
        kind: str,
        call: Callable[[AnnotationService], UndoResult | None],
        then: Callable[[UndoResult | None], None],
    ) -> None:
        self.keys.hold()
        self.ask(kind, call, writes=True, then=then)

    @property
    def on_its_way(self) -> Made | None:
        """The last decision that is not on disk yet, if there is one."""
        raise NotImplementedError

    def _undone(self, undo_result: UndoResult | None) -> None:
        """The sample as it was before, or word of what was taken back, or that there is nothing to
        undo."""
        if undo_result is None:
            self.tui.say("There is nothing to undo.")
        elif undo_result.item is not None:
            undone = undo_result.decision
            answer = undone.answer if isinstance(undone, Label) else None
            self.show_sample(as_it_was(undo_result.item, answer))
        else:
            self._say_turned("Taken back", undo_result)
        self.keys.let_go()

    def _redone(self, undo_result: UndoResult | None) -> None:
        """The decision holds again; on with the next sample."""
        if undo_result is None:
            self.tui.say("There is nothing to redo.")
        elif undo_result.item is None:
            self._say_turned("Holds again", undo_result)
        elif self.item is not None and self.item.id in undo_result.decision.about:
            self.go_on()
        self.keys.let_go()

    def _say_turned(self, word: str, undo_result: UndoResult) -> None:
        """What no sample is shown for: of notes, of labels' names, and of what others have
        answered."""
        from tui_al.ui.screens.history import told

        decision, item = undo_result.decision, self.item
        if isinstance(decision, Note) and item is not None and item.id in decision.about:
            self.show_anew(replace(item, note=undo_result.note))
        what = told(decision, getattr(decision, "answer", None), undo_result.text)
        about = f" · {shorten(undo_result.text, _SHOWN)}" if undo_result.text else ""
        self.tui.say(f"{word}: {what}{about}")

    def action_unfold(self) -> None:
        """o: near-duplicates one by one."""
        item = self.item
        if item is None or not item.folded:
            self.tui.say("No near-duplicates are folded with this one.")
            return
        self.keys.hold()
        self.ask("unfold", lambda service: service.unfold(item), writes=True, then=self._unfolded)

    def _unfolded(self, item: Sample) -> None:
        """The sample by itself."""
        self.show_anew(item)
        self.keys.let_go()

    def on_key(self, event: Key) -> None:
        """Keep keys for the sample that comes."""
        self.keys.keep(event)


def as_it_was(item: Sample, answer: UserAnswer | None) -> Sample:
    """The sample with the entities of an answer that was taken back or refused, so that marking
    them is not lost."""
    if isinstance(answer, tuple) and item.answer is None:
        return replace(item, beginning=answer)
    return item
