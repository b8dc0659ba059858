"""Decisions taken back and brought back on the label screen, and near-duplicates asked one by
one."""

from collections.abc import Callable
from dataclasses import replace

from tui_al.core.annotation.decisions import Label, Note
from tui_al.core.data.terminal_text import shorten
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import Sample, UndoResult
from tui_al.ui.keys import key_name
from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.screens.label_calls import Ask
from tui_al.ui.screens.label_held_keys import HeldKeys
from tui_al.ui.screens.label_pending import PendingDecisions
from tui_al.ui.screens.label_sample import CurrentSample, as_it_was

#: Columns of a text that say which one is meant.
_SHOWN = 60


class UndoRedo:
    """What follows decides which sample is before the person, so `keys` are held until it is known.

    What is taken back is told on `screen`, where no sample is shown for it.
    """

    def __init__(
        self,
        screen: TuiScreen,
        ask: Ask,
        sample: CurrentSample,
        pending: PendingDecisions,
        keys: HeldKeys,
    ) -> None:
        self._screen, self._ask = screen, ask
        self._sample, self._pending, self._keys = sample, pending, keys

    def undo(self) -> None:
        """Take back the last decision; nothing where that was refused."""
        item = self._sample.item
        if item is not None and self._pending.forget_refused(item.id):
            key = key_name(self._screen, "label.undo")
            self._say(f"Your last answer was not saved. {key} again takes back the one before it.")
            return
        meant = self._pending.last  # it is not known yet whether it will be saved
        if meant is None:
            self._turn("undo", AnnotationService.undo, self._undone)
        else:
            self._turn("undo", lambda service: service.undo(meant.records), self._undone)

    def redo(self) -> None:
        """Bring back what was undone last."""
        self._turn("redo", AnnotationService.redo, self._redone)

    def unfold(self) -> None:
        """Ask about the near-duplicates one by one."""
        item = self._sample.item
        if item is None or not item.folded:
            self._say("No near-duplicates are folded with this one.")
            return
        self._keys.hold()
        self._ask("unfold", lambda service: service.unfold(item), writes=True, then=self._unfolded)

    def _turn(
        self,
        kind: str,
        call: Callable[[AnnotationService], UndoResult | None],
        then: Callable[[UndoResult | None], None],
    ) -> None:
        self._keys.hold()
        self._ask(kind, call, writes=True, then=then)

    def _undone(self, undo_result: UndoResult | None) -> None:
        """The sample as it was before, or word of what was taken back, or that there is nothing to
        undo."""
        if undo_result is None:
            self._say("There is nothing to undo.")
        elif undo_result.item is not None:
            undone = undo_result.decision
            answer = undone.answer if isinstance(undone, Label) else None
            self._sample.show_now(as_it_was(undo_result.item, answer))
        else:
            self._say_turned("Taken back", undo_result)
        self._keys.let_go()

    def _redone(self, undo_result: UndoResult | None) -> None:
        """The decision holds again; on with the next sample."""
        item = self._sample.item
        if undo_result is None:
            self._say("There is nothing to redo.")
        elif undo_result.item is None:
            self._say_turned("Holds again", undo_result)
        elif item is not None and item.id in undo_result.decision.about:
            self._sample.go_on()
        self._keys.let_go()

    def _unfolded(self, item: Sample) -> None:
        """The sample by itself."""
        self._sample.show_anew(item)
        self._keys.let_go()

    def _say_turned(self, word: str, undo_result: UndoResult) -> None:
        """What no sample is shown for: of notes, of labels' names, and of what others have
        answered."""
        from tui_al.ui.screens.history import told

        decision, item = undo_result.decision, self._sample.item
        if isinstance(decision, Note) and item is not None and item.id in decision.about:
            self._sample.show_anew(replace(item, note=undo_result.note))
        what = told(decision, getattr(decision, "answer", None), undo_result.text)
        about = f" · {shorten(undo_result.text, _SHOWN)}" if undo_result.text else ""
        self._say(f"{word}: {what}{about}")

    def _say(self, text: str) -> None:
        self._screen.tui.say(text)
