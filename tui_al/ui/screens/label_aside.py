"""What is done beside labelling sample after sample: labels found by name, samples by search, disputes, conflicts, history."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_al.core.decisions import Given
from tui_al.core.tasks import Task
from tui_al.host import process
from tui_al.store.samples import Item
from tui_al.store.session import Session
from tui_al.store.workbench import Workbench
from tui_al.ui.bench import Overview
from tui_al.ui.screens.base import TuiScreen
from tui_al.ui.screens.write import WriteDialog
from tui_al.ui.widgets.answering import AnswerArea


class LabelAside(TuiScreen):
    """The label screen as its other screens and dialogs see it: they ask its workbench, and hand it samples."""

    directory: Path
    overview: Overview
    item: Item | None
    blind: bool

    def ask(
        self,
        kind: str,
        call: Callable[[Workbench], Any],
        *,
        writes: bool = False,
        then: Callable[[Any], None] | None = None,
    ) -> int:
        """Have something done at the workbench; `then` is called with what comes of it."""
        raise NotImplementedError

    def put_up(self, item: Item) -> None:
        """Show a sample now; the one before the person is next."""
        raise NotImplementedError

    def go_on(self) -> None:
        """The sample before the person needs no answer: the next one."""
        raise NotImplementedError

    def show_anew(self, item: Item) -> None:
        """The sample before the person, as it is now."""
        raise NotImplementedError

    @property
    def area(self) -> AnswerArea:
        """Where the answer is given."""
        raise NotImplementedError

    def open(self, identity: str, beginning: Given | None = None) -> None:
        """Show any sample of the pool; one that this annotator has not answered with these entities to begin with."""

        def opened(item: Item) -> None:
            self.put_up(replace(item, answer=beginning) if item.answer is None else item)

        self.ask("open", lambda bench: bench.open(identity), then=opened)

    def action_find(self) -> None:
        """/: a label by its name."""
        from tui_al.ui.screens.find_label import Finder, FindLabel, Row

        if self.item is None:
            self.tui.say("There is no sample to be labelled yet.")
            return

        def take(row: Row | None) -> None:
            if row is not None:
                if row.new:
                    self.ask("add_label", lambda bench: bench.add_label(row.label), writes=True)
                self.area.choose(row.label)

        shown = () if self.blind or self.item.blind else self.item.top
        known = self.overview
        finder = Finder(known.labels, shown, self._used_last(), keyed=self.area.keyed)
        self.app.push_screen(
            FindLabel(
                finder, likely=dict(shown), counts=known.counts, descriptions=known.descriptions
            ),
            take,
        )

    def _used_last(self) -> list[str]:
        kinds: list[str] = []
        for one in self.overview.recent:
            if isinstance(one.what, str):
                kinds.append(one.what)
            else:
                kinds += [kind for *_, kind in one.what or ()]
        return list(dict.fromkeys(kinds))

    def action_search(self) -> None:
        """s: samples by words, or nearest to this one."""
        from tui_al.ui.screens.search_pool import SearchPool

        def take(identity: str | None) -> None:
            if identity is not None:
                self.open(identity)

        self.app.push_screen(SearchPool(self), take)

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
        if item is not None and text is not None and text != item.note:
            self.show_anew(replace(item, note=text))
            self.ask("note", lambda bench: bench.note(item, text), writes=True)

    def action_train(self) -> None:
        """t: train now, or start an engine."""
        live, directory = self.overview.live, self.directory

        def call(_: Workbench) -> str:
            if live:
                with Session(directory) as session:
                    session.send("train")
                return "The engine trains on the labels there are, at its next step."
            process.start_engine(directory)
            return "The engine is starting."

        self.ask("train", call)

    def done_train(self, said: str) -> None:
        """Say it."""
        self.tui.say(said)

    def action_engine(self) -> None:
        """e: curve, rounds and log; e there comes back."""
        from tui_al.ui.screens.run import RunScreen

        self.app.push_screen(RunScreen(self.directory))

    @property
    def is_tagging(self) -> bool:
        """Whether entities are marked."""
        return self.overview.task is Task.TAGGING
