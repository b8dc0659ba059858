"""Dialogs of the label screen about the sample before the person, and the training that it asks
for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tui_al.host import process
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import Sample
from tui_al.store.session import Session
from tui_al.ui.annotation_worker import AnnotationState
from tui_al.ui.screens.label_access import LabelAccess
from tui_al.ui.screens.text_dialog import WriteDialog
from tui_al.ui.widgets.answer_input import AnswerArea


def find_label(screen: LabelAccess, item: Sample, area: AnswerArea, *, blind: bool) -> None:
    """A label for this sample by its name, in place of its key; one that is new is added. `blind`
    hides what the model thinks."""
    from tui_al.ui.screens.find_label import Finder, FindLabel, Row

    def take(row: Row | None) -> None:
        if row is not None:
            if row.new:
                screen.ask("add_label", lambda service: service.add_label(row.label), writes=True)
            area.choose(row.label)

    shown = () if blind or item.blind else item.top
    known = screen.annotation_state
    finder = Finder(known.labels, shown, _used_last(known), keyed=area.keyed)
    screen.app.push_screen(
        FindLabel(finder, likely=dict(shown), counts=known.counts, descriptions=known.descriptions),
        take,
    )


def _used_last(known: AnnotationState) -> list[str]:
    kinds: list[str] = []
    for one in known.recent:
        if isinstance(one.what, str):
            kinds.append(one.what)
        else:
            kinds += [kind for *_, kind in one.what or ()]
    return list(dict.fromkeys(kinds))


def write_note(screen: LabelAccess, item: Sample) -> None:
    """A remark on this sample, which stays with it."""

    def write(text: str | None) -> None:
        now = screen.item
        if now is None or text is None or text == now.note:
            return

        def failed() -> None:
            if screen.item is not None and screen.item.id == now.id:
                screen.sample.show_anew(replace(screen.item, note=now.note))

        screen.sample.show_anew(replace(now, note=text))
        screen.ask("note", lambda service: service.note(now, text), writes=True, failed=failed)

    screen.app.push_screen(WriteDialog("Note on this sample", item.note), write)


def train_now(
    directory: Path, known: AnnotationState, key: str
) -> Callable[[AnnotationService], str]:
    """A call that has the session's engine train at its next step, or starts one; it gives what is
    to be said. `key` shows the engine."""

    def call(service: AnnotationService) -> str:
        if not known.live:
            process.start_engine(directory)
            return "The engine is starting."
        if lacks := service.lacks_to_train():  # it would take the command and do nothing
            return f"The engine cannot train yet: it needs {lacks}."
        with Session(directory) as session:
            session.send("train")
        if known.state.paused:
            return f"The engine is paused: it trains as soon as it goes on ({key} shows it)."
        return "The engine trains on the labels there are, at its next step."

    return call
