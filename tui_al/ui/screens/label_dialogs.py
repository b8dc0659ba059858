"""What is done beside labelling sample after sample: labels found by name, samples by search,
disputes, conflicts, history."""

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_al.host import process
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.session import Session
from tui_al.ui.keys import key_name
from tui_al.ui.screens.dialogs import ConfirmDialog
from tui_al.ui.screens.label_aside import Origin
from tui_al.ui.screens.label_turning import LabelTurning
from tui_al.ui.screens.text_dialog import WriteDialog

if TYPE_CHECKING:
    from tui_al.ui.screens.search_pool import Search


class LabelDialogs(LabelTurning):
    """The label screen's keys that open a dialog or another screen."""

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
        origin = self.origin
        if origin is None:
            super().action_back()
            return
        self.leave_alone()
        origin.go_back()

    def action_find(self) -> None:
        """/: a label by its name."""
        from tui_al.ui.screens.find_label import Finder, FindLabel, Row

        if self.item is None:
            self.tui.say("There is no sample to be labelled yet.")
            return

        def take(row: Row | None) -> None:
            if row is not None:
                if row.new:
                    self.ask("add_label", lambda service: service.add_label(row.label), writes=True)
                self.area.choose(row.label)

        shown = () if self.blind or self.item.blind else self.item.top
        known = self.annotation_state
        finder = Finder(known.labels, shown, self._used_last(), keyed=self.area.keyed)
        self.app.push_screen(
            FindLabel(
                finder, likely=dict(shown), counts=known.counts, descriptions=known.descriptions
            ),
            take,
        )

    def _used_last(self) -> list[str]:
        kinds: list[str] = []
        for one in self.annotation_state.recent:
            if isinstance(one.what, str):
                kinds.append(one.what)
            else:
                kinds += [kind for *_, kind in one.what or ()]
        return list(dict.fromkeys(kinds))

    def action_search(self) -> None:
        """s: samples by words, or nearest to this one."""
        self._search()

    def _search(self, left: "Search | None" = None) -> None:
        from tui_al.ui.screens.search_pool import SearchPool

        def take(found: "Search | None") -> None:
            if found is not None:
                origin = Origin("the search", lambda: self._search(found))
                self.open(found.marked, origin=origin)

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

    def action_note(self) -> None:
        """n: a remark, which stays with the sample."""
        if self.item is not None:
            self.app.push_screen(WriteDialog("Note on this sample", self.item.note), self._note)

    def _note(self, text: str | None) -> None:
        item = self.item
        if item is None or text is None or text == item.note:
            return

        def failed() -> None:
            if self.item is not None and self.item.id == item.id:
                self.show_anew(replace(self.item, note=item.note))

        self.show_anew(replace(item, note=text))
        self.ask("note", lambda service: service.note(item, text), writes=True, failed=failed)

    def action_train(self) -> None:
        """t: train now, or start an engine."""
        live, directory = self.annotation_state.live, self.directory
        paused, key = self.annotation_state.state.paused, key_name(self, "label.engine")

        def call(service: AnnotationService) -> str:
            if live:
                if lacks := service.lacks_to_train():  # it would take the command and do nothing
                    return f"The engine cannot train yet: it needs {lacks}."
                with Session(directory) as session:
                    session.send("train")
                if paused:
                    return (
                        f"The engine is paused: it trains as soon as it goes on ({key} shows it)."
                    )
                return "The engine trains on the labels there are, at its next step."
            process.start_engine(directory)
            return "The engine is starting."

        self.ask("train", call, then=self.tui.say)

    def action_engine(self) -> None:
        """e: curve, rounds and log; e there comes back."""
        from tui_al.ui.screens.run import RunScreen

        self.app.push_screen(RunScreen(self.directory))
