"""A second look at labels that a model doubts which has not learned from them, the least likely
label first."""

from collections.abc import Sequence

from textual.content import Content

from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.annotation.review_queue import Disputed, SecondLook
from tui_al.core.data.terminal_text import printable, shorten
from tui_al.core.session.timestamps import local_clock
from tui_al.store.annotation_service import AnnotationService
from tui_al.ui.answers import answer_in_words
from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings, key_name
from tui_al.ui.screens.queue import QueueScreen
from tui_al.ui.widgets.label_keys import probability

_WORD = 30  # columns of a word that is quoted


class SecondLookScreen(QueueScreen[Disputed]):
    """Keep the label, change it, or say that there is no right one."""

    KEYS_OF = "second_look"
    BINDINGS = bindings("second_look")
    TITLE_OF = "second look"
    look = SecondLook()

    def load(self, service: AnnotationService) -> SecondLook:
        """The queue."""
        return service.disputes()

    def take(self, loaded: SecondLook) -> Sequence[Disputed]:
        """Keep what is known beside the cases."""
        self.look = loaded
        self.NOTHING = " ".join([nothing_in_words(loaded), not_judged_in_words(loaded)]).rstrip()
        return loaded.cases

    def id_of(self, case: Disputed) -> str:
        """Of the sample."""
        return case.id

    def head(self) -> str:
        """How the labels were judged."""
        if not self.look.labels:
            return ""
        return f"{self.look.folds}-fold cross-validation of {self.look.labels:,} labels"

    def evidence(self, case: Disputed, width: int) -> list[Content]:
        """Who said what, against what a model says that has not learned from it."""
        assert self.item is not None
        other = Content.assemble(
            *self._word(case),
            safe(self._in_words(case.other), "bold $text-accent"),
            (f" {probability(case.p_other)}", "$text-accent"), "  against  ",
            safe(self._in_words(case.given), "bold"), f" {probability(case.p_given)}",
        )  # fmt: skip
        rows = Content.assemble(
            ("a model trained without it says ", "$foreground-muted"), other
        ).wrap(width)
        keep, take = key_name(self, "second_look.keep"), key_name(self, "second_look.other")
        hint = f"{keep} keeps {printable(case.given)}   {take} takes {printable(case.other)}"
        if self.label_screen.is_tagging:
            hint = f"{keep} keeps the entities   {key_name(self, 'second_look.edit')} corrects them"
        rows += safe(hint, "$text-primary").wrap(width)
        rows += [Content(""), *self._said(width)]
        if without := not_judged_in_words(self.look):
            rows += [Content(""), *safe(without, "$foreground-muted").wrap(width)]
        return rows

    def _word(self, case: Disputed) -> tuple[Content, ...]:
        """Which word of the text it is about."""
        if case.word is None or self.item is None:
            return ()
        start, end = case.word
        quoted = shorten(printable(self.item.example.text[start:end]), _WORD)
        return (Content("“"), safe(quoted), Content("”: "))

    def _in_words(self, label: str) -> str:
        """A class as it is; a word's tag in words."""
        if not self.label_screen.is_tagging:
            return label
        place, _, kind = label.partition("-")
        return {"B": f"{kind} begins", "I": f"{kind} goes on"}.get(place, "no entity")

    def _said(self, width: int) -> list[Content]:
        assert self.item is not None
        rows: list[Content] = []
        for given in self.item.answers:
            words = printable(answer_in_words(given.answer, self.item.example.text))
            clock = local_clock(given.time, "%d.%m. %H:%M")
            row = Content.assemble(
                safe(given.annotator), (f" {clock}  ", "$foreground-muted"), (words, "bold")
            )
            rows += row.wrap(width)
        return rows

    def action_keep(self) -> None:
        """enter: the label is right."""
        self.decide(lambda service, item: service.confirm(item.id))

    def action_other(self) -> None:
        """o: the model is right."""
        case = self.case
        if self.label_screen.is_tagging:
            self.tui.say("Entities are corrected on the label screen: e opens it there.")
        elif case is not None:
            self.answer(case.other)

    def answer(self, given: UserAnswer) -> None:
        """Another label."""
        self.decide(lambda service, item: service.change(item.id, given))


def nothing_in_words(look: SecondLook) -> str:
    """Why there is nothing to look at."""
    if not look.labels:
        return (
            "No label has been judged yet: after the first ranking by a model, each is judged by "
            "a model that has not learned "
            "from it, and again whenever the labels have grown by a tenth."
        )
    return (
        f"Nothing to look at again: of {look.labels:,} labels, each judged by a model that has "
        "not learned from it "
        f"({look.folds}-fold cross-validation), none is doubted that is not confirmed."
    )


def not_judged_in_words(look: SecondLook) -> str:
    """ "Not judged, too few labels: scam 2, stock 1"; nothing where all were."""
    counts = ", ".join(f"{printable(name)} {n}" for name, n in look.not_judged.items())
    return f"Not judged, too few labels: {counts}." if counts else ""
