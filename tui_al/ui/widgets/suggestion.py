"""What the model thinks of the sample, why it was asked, and how long it has been looked at."""

from textual.content import Content

from tui_al.core.strategies import STRATEGIES
from tui_al.store.workbench import Item
from tui_al.ui.eta import duration
from tui_al.ui.safe import safe
from tui_al.ui.widgets.label_keys import probability
from tui_al.ui.widgets.lines import Lines, flow, spread_out

#: Reasons for which a sample is shown without a suggestion, in words.
_BLIND = {
    "random check": "random check: measures the model, so no suggestion",
    "second opinion": "second opinion: someone else labels it too, so no suggestion",
}


class Suggestion(Lines):
    """Two rows: the suggestion with its key, the seconds at the right; and the reason."""

    DEFAULT_CSS = """
    Suggestion { height: auto; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__(id="suggestion")
        self._item: Item | None = None
        self._blind = False
        self._strategy = ""
        self._seconds = 0.0

    def show(self, item: Item | None, strategy: str, *, blind: bool) -> None:
        """A sample, as it has just been put up."""
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
        first = spread_out(_suggested(self._item, blind=self._blind), time, width)
        reasons = [
            safe(part, "$foreground-muted")
            for part in why(self._item, self._strategy, blind=self._blind)
        ]
        return [first, flow(reasons, " · ", width)[0] if reasons else Content("")]


def _suggested(item: Item, *, blind: bool) -> Content:
    if item.blind:
        return safe(f"○ {_BLIND.get(item.blind, item.blind)}", "$text-warning")
    if blind:
        return Content.styled("○ blind: suggestions are hidden, b shows them", "$text-warning")
    if item.top:
        label, p = item.top[0]
        return Content.assemble(
            ("▸ ", "bold $text-primary"),
            safe(label, "bold $text-primary"),
            (f" {probability(p)}", "$text-primary"),
            ("   enter takes it", "$foreground-muted"),
        )
    if item.suggestion is not None:
        found = f"{len(item.spans)} {'entity' if len(item.spans) == 1 else 'entities'}"
        return Content.assemble(
            ("▸ ", "bold $text-primary"), (found, "bold $text-primary"), ("   enter accepts all", "$foreground-muted")
        )  # fmt: skip
    return Content.styled("no suggestion yet", "$foreground-muted")


def why(item: Item, strategy: str, *, blind: bool) -> list[str]:
    """Why this one was asked, in parts, the most telling first; what would give the model's opinion away only where it is shown."""
    if item.blind == "random check":
        return ["asked because: drawn at random from the whole pool"]
    if item.ranking is None:
        return ["opened by hand"]
    if item.score is None or strategy == "random":
        return ["asked because: drawn at random"] + (
            [] if item.ranking else ["there is no model yet"]
        )
    parts = []
    if not blind and len(item.top) > 1:
        (first, p), (second, q) = item.top[:2]
        parts.append(f"between {first} {probability(p)} and {second} {probability(q)}")
    elif not blind and item.spans:
        (start, end, kind), p = min(item.spans, key=lambda pair: pair[1])
        parts.append(f"least sure of {item.example.text[start:end]} {kind} {probability(p)}")
    if item.percentile is not None:
        parts.append(f"more worth asking than {min(99, int(item.percentile * 100))} % of the pool")
    name = STRATEGIES[strategy].name if strategy in STRATEGIES else strategy
    parts.append(f"{name} {item.score:.3g}")
    return ["asked because: " + parts[0], *parts[1:]]


def _spent(seconds: float) -> str:
    return f"{int(seconds)} s" if seconds < 100 else duration(seconds)
