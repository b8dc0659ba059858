"""Samples that annotators answered differently: who said what, settled by a key; and how far they
agree on the whole."""

from collections.abc import Sequence

from textual.content import Content

from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.annotation.review_queue import Agreement
from tui_al.core.data.terminal_text import printable
from tui_al.core.session.timestamps import local_clock
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import AnnotatorAnswer
from tui_al.ui.answers import answer_in_words
from tui_al.ui.escape import safe
from tui_al.ui.keys import bind, bindings, keys_of, own_keys
from tui_al.ui.screens.queue import QueueScreen


class ConflictsScreen(QueueScreen[str]):
    """One conflict after the other; the agreement stands at the top."""

    KEYS_OF = "conflicts"
    BINDINGS = [b for b in bindings("conflicts") if getattr(b, "action", "") != "settle"]  # noqa: RUF012
    TITLE_OF = "conflicts"
    NOTHING = "No two annotators differ about a sample, or what they differed about is settled."

    _agreement: Agreement | None = None

    def on_mount(self) -> None:
        """Each of the keys stands for one annotator."""
        settle = next(key for key in keys_of("conflicts", own_keys(self)) if key.action == "settle")
        for number, name in enumerate(settle.keys.split(",")):
            bind(self, name, f"settle({number})")

    def load(self, service: AnnotationService) -> tuple[list[str], Agreement]:
        """Samples in conflict, and the agreement."""
        return service.conflicts(), service.agreement()

    def take(self, loaded: tuple[list[str], Agreement]) -> Sequence[str]:
        """Keep both."""
        cases, self._agreement = loaded
        return cases

    def id_of(self, case: str) -> str:
        """It is the id."""
        return case

    def head(self) -> str:
        """The agreement."""
        return agreement_in_words(self._agreement, tagging=self.label_screen.is_tagging)

    @property
    def _answers(self) -> tuple[AnnotatorAnswer, ...]:
        return self.item.answers if self.item is not None else ()

    def evidence(self, case: str, width: int) -> list[Content]:  # noqa: ARG002
        """Each annotator's answer, with the key that makes it count."""
        assert self.item is not None
        everywhere = (
            set.intersection(*(_parts(given.answer) for given in self._answers))
            if self._answers
            else set()
        )
        rows = []
        for number, given in enumerate(self._answers, start=1):
            clock = local_clock(given.time, "%d.%m. %H:%M")
            row = Content.assemble(
                (f"{number} ", "bold $text-accent"), safe(given.annotator),
                (f" {clock}  ", "$foreground-muted"),
                _answer(given.answer, self.item.example.text, everywhere),
            )  # fmt: skip
            rows += row.wrap(width)
        return rows

    def action_settle(self, place: int) -> None:
        """1 to 9: what this annotator said counts."""
        if place < len(self._answers):
            self.answer(self._answers[place].answer)
        else:
            self.tui.say("No annotator has this number.")

    def answer(self, given: UserAnswer) -> None:
        """This is what counts."""
        self.decide(lambda service, item: service.settle(item.id, given))


def _parts(answer: UserAnswer) -> set[object]:
    return {answer} if isinstance(answer, str) else set(answer)


def _answer(answer: UserAnswer, text: str, everywhere: set[object]) -> Content:
    """The answer; of entities, those that not everybody has stand out."""
    if isinstance(answer, str) or not answer:
        return safe(answer_in_words(answer, text), "bold")
    parts: list[Content | str] = []
    for one in answer:
        shared = one in everywhere
        parts.append(
            safe(answer_in_words((one,), text), "$foreground-muted" if shared else "bold underline")
        )
        parts.append(" · ")
    return Content.assemble(*parts[:-1])


def agreement_in_words(agreement: Agreement | None, *, tagging: bool) -> str:
    """Both coefficients and what they rest on."""
    if agreement is None:
        return ""
    if not agreement.shared:
        return "no sample has two answers yet"
    pairwise = "span F1" if tagging else "kappa"
    who = (
        printable(" ".join(agreement.annotators))
        if len(agreement.annotators) < 4
        else f"{len(agreement.annotators)} annotators"
    )
    return (
        f"{pairwise} {_number(agreement.pairwise)} · alpha {_number(agreement.alpha)} · "
        f"{agreement.shared:,} by {who}"
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
