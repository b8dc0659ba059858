"""A second look at labels that the models of the last rounds dispute, the most disputed first."""

import time
from collections.abc import Sequence

from textual.content import Content

from tui_al.core.decisions import Given
from tui_al.core.second_look import Disputed
from tui_al.core.text import printable, shorten
from tui_al.store.workbench import Workbench
from tui_al.ui.answers import answer_in_words
from tui_al.ui.keys import bindings, key_name
from tui_al.ui.safe import safe
from tui_al.ui.screens.queue import QueueScreen
from tui_al.ui.widgets.label_keys import probability

_WORD = 30  # columns of a word that is quoted


class SecondLookScreen(QueueScreen[Disputed]):
    """Keep the label, change it, or say that there is no right one."""

    KEYS_OF = "second_look"
    BINDINGS = bindings("second_look")
    TITLE_OF = "second look"
    NOTHING = (
        "Nothing to look at again: the models of the last rounds dispute no label that is not confirmed. "
        "They are asked after each ranking."
    )

    def load(self, bench: Workbench) -> list[Disputed]:
        """The queue."""
        return bench.disputes()

    def take(self, loaded: list[Disputed]) -> Sequence[Disputed]:
        """The queue it is."""
        return loaded

    def id_of(self, case: Disputed) -> str:
        """Of the sample."""
        return case.id

    def head(self) -> str:
        """What it is about."""
        return "labels that the models dispute"

    def evidence(self, case: Disputed, width: int) -> list[Content]:
        """Who said what, against what the models say."""
        assert self.item is not None
        rounds = "the last round" if case.rounds == 1 else f"{case.against} of the last {case.rounds} rounds"  # fmt: skip
        rows = [*self._said(width), Content("")]
        other = Content.assemble(
            *self._word(case),
            safe(self._in_words(case.other), "bold $text-accent"), (f" {probability(case.p_other)}", "$text-accent"), "  against  ",
            safe(self._in_words(case.given), "bold"), f" {probability(case.p_given)}", (f"   in {rounds}", "$foreground-muted"),
        )  # fmt: skip
        rows += Content.assemble(("models say ", "$foreground-muted"), other).wrap(width)
        keep, take = key_name(self, "second_look.keep"), key_name(self, "second_look.other")
        hint = f"{keep} keeps {printable(case.given)}   {take} takes {printable(case.other)}"
        if self.desk.is_tagging:
            hint = f"{keep} keeps the entities   {key_name(self, 'second_look.edit')} corrects them"
        return [*rows, *safe(hint, "$text-primary").wrap(width)]

    def _word(self, case: Disputed) -> tuple[Content, ...]:
        """Which word of the text it is about."""
        if case.word is None or self.item is None:
            return ()
        start, end = case.word
        quoted = shorten(printable(self.item.example.text[start:end]), _WORD)
        return (Content("“"), safe(quoted), Content("”: "))

    def _in_words(self, label: str) -> str:
        """A class as it is; a word's tag in words."""
        if not self.desk.is_tagging:
            return label
        place, _, kind = label.partition("-")
        return {"B": f"{kind} begins", "I": f"{kind} goes on"}.get(place, "no entity")

    def _said(self, width: int) -> list[Content]:
        assert self.item is not None
        rows: list[Content] = []
        for voice in self.item.voices:
            words = printable(answer_in_words(voice.answer, self.item.example.text))
            clock = time.strftime("%d.%m. %H:%M", time.localtime(voice.time))
            row = Content.assemble(safe(voice.annotator), (f" {clock}  ", "$foreground-muted"), (words, "bold"))  # fmt: skip
            rows += row.wrap(width)[:3]
        return rows

    def action_keep(self) -> None:
        """enter: the label is right."""
        self.decide(lambda bench, item: bench.confirm(item.id))

    def action_other(self) -> None:
        """o: the models are right."""
        case = self.case
        if self.desk.is_tagging:
            self.tui.say("Entities are corrected on the label screen: e opens it there.")
        elif case is not None:
            self.answer(case.other)

    def answer(self, given: Given) -> None:
        """Another label."""
        self.decide(lambda bench, item: bench.change(item.id, given))
