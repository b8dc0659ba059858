"""What the model thinks of the sample, why it was asked, and how long it has been looked at."""

from rich.cells import cell_len
from textual.content import Content

from tui_al.core.annotation.label_state import Status
from tui_al.core.data.terminal_text import printable, shorten
from tui_al.store.samples import Sample
from tui_al.ui.answers import answer_in_words
from tui_al.ui.escape import safe
from tui_al.ui.eta import duration
from tui_al.ui.keys import key_name
from tui_al.ui.widgets.label_keys import probability
from tui_al.ui.widgets.lines import Lines, spread_out

#: Reasons for which a sample is shown without a suggestion, in words.
_BLIND = {
    "random check": "audit sample: no suggestion, so it can measure the model",
    "second opinion": "second opinion: someone else labels it too, so no suggestion",
}

#: What came of a sample besides one's own answer.
_OTHERWISE = {Status.CONFLICT: "   others differ", Status.AMBIGUOUS: "   judged ambiguous"}

#: What others have made of a sample that this annotator has not answered; not their answer, which
#: would be a hint.
_OTHERS = {
    Status.LABELLED: "others have answered it", Status.CONFLICT: "others differ about it",
    Status.UNCLEAR: "others find it unclear", Status.AMBIGUOUS: "judged ambiguous",
}  # fmt: skip


class Suggestion(Lines):
    """Two rows: the suggestion with its key, the seconds at the right; and the reason."""

    DEFAULT_CSS = """
    Suggestion { height: auto; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__(id="suggestion")
        self._item: Sample | None = None
        self._blind = False
        self._strategy = ""
        self._origin = ""
        self._seconds = 0.0

    def show(self, item: Sample | None, strategy: str, *, blind: bool, origin: str = "") -> None:
        """A sample, as it has just been put up; `origin` is where it was opened from, "the
        history"."""
        self._origin = origin
        self._item, self._strategy, self._blind, self._seconds = item, strategy, blind, 0.0
        self.show_lines()

    def tick(self, seconds: float) -> None:
        """So long it has been looked at."""
        self._seconds = seconds
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """By the sample."""
        if self._item is None:
            return [Content(""), Content("")]
        time = Content.styled(_spent(self._seconds), "$foreground-muted")
        shown = self._said(self._item, width) if self._item.is_done else self._suggested(self._item)
        first = spread_out(shown, time, width)
        reason = why(self._item, self._strategy, width, blind=self._blind)
        if self._origin:
            back, on = key_name(self, "label.back"), key_name(self, "label.skip")
            reason = f"opened by hand: {back} back to {self._origin}, {on} on to the next sample"
        return [first, safe(reason, "$foreground-muted")]

    def _said(self, item: Sample, width: int) -> Content:
        """What stands of a sample that needs no answer: this annotator's, or the data's; of others'
        only that there is one."""
        text, about, other = item.example.text, "", ""
        if item.answer is not None:
            sign, words = "✓ your answer: ", answer_in_words(item.answer, text)
            if item.status in _OTHERWISE:
                other = _OTHERWISE[item.status]
            elif item.counts is not None and item.counts != item.answer:
                other, about = "   settled: ", answer_in_words(item.counts, text)
        elif item.flag is not None:
            sign, words = "? you found it unclear", f": {item.flag}" if item.flag else ""
        elif item.in_data is not None:
            sign, words = "= in the data: ", answer_in_words(item.in_data, text)
        else:
            sign, words = f"○ {_OTHERS[item.status]}", ""
        tagging = isinstance(item.answer if item.answer is not None else item.in_data, tuple)
        keeps = (
            f"   {key_name(self, 'label.take')} {'saves what is drawn' if tagging else 'keeps it'}"
        )
        room = max(12, width - len(sign) - len(keeps) - len(other) - len("  999 s"))
        if about:
            about = shorten(printable(about), room // 2)
            room -= cell_len(about)
        return Content.assemble(
            (sign, "bold $text-success"), safe(shorten(printable(words), room), "bold"),
            (other, "$text-warning"), safe(about, "bold $text-warning"),
            (keeps, "$foreground-muted"),
        )  # fmt: skip

    def _suggested(self, item: Sample) -> Content:
        alike = Content("")
        if item.folded:
            unfold = key_name(self, "label.unfold")
            alike = Content.assemble(
                (f"   +{len(item.folded)} alike", "bold $text-accent"),
                (f", {unfold} one by one", "$foreground-muted")
            )  # fmt: skip
        if item.blind:
            return safe(f"○ {_BLIND.get(item.blind, item.blind)}", "$text-warning")
        if self._blind:
            shows = key_name(self, "label.blind")
            hidden = f"○ blind: suggestions are hidden, {shows} shows them"
            return Content.assemble((hidden, "$text-warning"), alike)
        enter = key_name(self, "label.take")
        if item.top:
            label, p = item.top[0]
            return Content.assemble(
                ("▸ ", "bold $text-primary"),
                safe(label, "bold $text-primary"),
                (f" {probability(p)}", "$text-primary"),
                (f"   {enter} takes it", "$foreground-muted"),
                alike,
            )
        if item.suggestion is not None:
            found = f"{len(item.spans)} {'entity' if len(item.spans) == 1 else 'entities'}"
            return Content.assemble(
                ("▸ ", "bold $text-primary"), (found, "bold $text-primary"), (f"   {enter} "
                    "accepts all", "$foreground-muted"), alike
            )  # fmt: skip
        return Content.assemble(("no suggestion yet", "$foreground-muted"), alike)


def why(item: Sample, strategy: str, width: int, *, blind: bool) -> str:
    """Why this one was asked, names shortened to `width`; what would give the model's opinion away
    only where it is shown."""
    if item.blind == "random check":
        return "asked: drawn at random from the whole pool"
    if item.ranking is None:
        if item.by_hand:
            return "opened by hand"
        if item.blind:
            return "asked: for a second answer"
        return "here again: what was decided about it was taken back"
    if item.score is None or strategy == "random":
        return "asked: drawn at random" + ("" if item.ranking else "; there is no model yet")
    score = _in_words(strategy, item.score, item.percentile)
    if not blind and len(f"asked: {_opinion(item, width)} · {score}") > width:
        score = score.removesuffix(" of the pool")
    opinion = "" if blind else _opinion(item, width - len(f"asked: {score} · "))
    return f"asked: {opinion} · {score}" if opinion else f"asked: {score}"


def _in_words(strategy: str, score: float, percentile: float | None) -> str:
    """What a score says of a sample."""
    if percentile is None:
        return f"{strategy} {score:.3g}"
    from tui_al.core.query.strategies import (
        STRATEGIES,  # brings numpy, which a screen can open without
    )

    share = min(99, int(percentile * 100))
    if strategy in STRATEGIES:  # all of ours ask where the model is unsure
        return f"less sure than about {share} % of the pool"
    return f"{strategy} above about {share} % of the pool"


def _opinion(item: Sample, width: int) -> str:
    """The two closest labels, or the entity that the model is least sure of."""
    if len(item.top) > 1:
        (first, p), (second, q) = ((printable(name), p) for name, p in item.top[:2])
        room = width - len("between  .00 and  .00")
        half = max(6, room // 2, room - cell_len(second))
        first = shorten(first, half)
        second = shorten(second, max(6, room - cell_len(first)))
        return f"between {first} {probability(p)} and {second} {probability(q)}"
    if item.spans:
        (start, end, kind), p = min(item.spans, key=lambda pair: pair[1])
        entity = printable(item.example.text[start:end])
        room = max(6, width - len(f"least sure of  {kind} .00"))
        return f"least sure of {shorten(entity, room)} {kind} {probability(p)}"
    return ""


def _spent(seconds: float) -> str:
    return f"{int(seconds)} s" if seconds < 100 else duration(seconds)
