"""What the displays write on: a Rich console that takes foreign text as text, and knows when it may
use no Unicode."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tui_al.core.data.terminal_text import ascii_only, printable
from tui_al.core.session.state import SessionState
from tui_al.report import curves
from tui_al.report.axes import short_number
from tui_al.report.curves import MeanStd
from tui_al.report.plot import Line, Series, draw

#: The terminal's own colours, so that they fit its background.
_COLOURS = ("cyan", "yellow", "magenta", "green", "blue", "red")

#: Columns of a table that nobody looks at: none of its cells is wrapped.
_WHOLE = 100_000

#: Columns that sentences in a table need to be read.
_ROOM = 32

_SHORT_PHASES = {
    "train acquisition": "train",
    "score pool": "score",
    "train successor": "successor",
    "evaluate": "evaluate",
}


class Page:
    """Writes lines to a console: no markup is read, no control character passes, ASCII where the
    encoding wants it."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.unicode = console.encoding.lower().replace("-", "") in ("utf8", "utf16", "utf32")

    def clean(self, text: str) -> str:
        """The text as this console can show it."""
        shown = printable(text)
        return shown if self.unicode else ascii_only(shown)

    def text(self, text: str, style: str = "") -> Text:
        """The cleaned text as a Rich object."""
        return Text(self.clean(text), style, no_wrap=True, overflow="ignore")

    def say(self, text: str = "", style: str = "") -> None:
        """One line; it is not broken, so that a script finds it whole."""
        self.print(self.text(text, style))

    def print(self, line: Text) -> None:
        """One line made of pieces from `text`."""
        self.console.print(line, soft_wrap=True, highlight=False)

    def table(self, rows: Sequence[Sequence[str]], *, numbers: Collection[int] = ()) -> None:
        """Rows below the first one, which is the header: words to the left, the columns of
        `numbers` to the right. On a terminal the last column is wrapped in its cell, or stands
        below the others where they leave it too little room; a script finds each row whole."""
        wide = self.console.width if self.console.is_terminal else _WHOLE
        clean = [[self.clean(cell) for cell in row] for row in rows]
        fronts = aligned([row[:-1] for row in clean], right=numbers)
        front = max(map(cell_len, fronts)) + 2
        needed = max(cell_len(row[-1]) for row in clean)
        below = wide - front < min(needed, _ROOM)
        room = max(_ROOM, wide - 4) if below else wide - front
        for number, (begin, row) in enumerate(zip(fronts, clean, strict=True)):
            style = "" if number else "bold"
            lines = [*Text(row[-1]).wrap(self.console, room)] if number or not below else []
            first = "" if below or not lines else lines.pop(0).plain
            self.say(f"{begin}{' ' * (front - cell_len(begin))}{first}".rstrip(), style)
            for line in lines:
                self.say(f"{' ' * (4 if below else front)}{line}".rstrip(), "dim" if below else "")

    def plot(
        self, name: str, state: SessionState, width: int, height: int, *, title: bool = True
    ) -> list[Text]:
        """The session's curve, drawn; empty without a point."""
        curve = curves.curve(name, state)
        if not curve.mean:
            return []
        runs = max(curve.seeds)
        legend = f"{name}, mean ± sd of {runs} seeds" if runs > 1 else f"{name}, one seed"
        heading = f"{curves.metric_name(curve.metric)} {curves.measured_on(state)}"
        lines = draw(
            [Series(legend, curve.labels, curve.mean, curve.sd)],
            width,
            height,
            title=heading if title else "",
            x_label=curve.unit,
            unicode=self.unicode,
            planned=curves.planned_labels(state),
        )
        return [plot_line(line) for line in lines]

    def results(self, name: str, state: SessionState, *, plot: bool = True) -> None:
        """The end of a session: the curve drawn, the table of rounds, the totals, and what
        failed."""
        if plot:
            width = min(self.console.width, 100)
            drawn = self.plot(name, state, width, max(12, min(20, self.console.height - 8)))
            for line in [*drawn, Text()] if drawn else []:
                self.print(line)
        for position, row in enumerate(rounds_table(state)):
            self.say(row, "bold" if position == 0 else "")
        for total in totals(state):
            self.say(total)
        for failure in failures(state):
            self.say(failure, "bold red")
        if state.status == "stopped":
            self.say("Stopped. Run the same command again to go on from here.", "yellow")


def plot_line(line: Line) -> Text:
    """A drawn line in the terminal's colours; without colour the plot's dashes and marks still tell
    the series apart."""
    text = Text(no_wrap=True, overflow="ignore")
    for segment in line:
        text.append(segment.text, plot_style(segment.style))
    return text


def plot_style(style: str) -> str:
    """The Rich style of a plot's style."""
    if style.startswith("series"):
        return _COLOURS[int(style.removeprefix("series")) % len(_COLOURS)]
    if style.startswith("band"):
        return f"dim {_COLOURS[int(style.removeprefix('band')) % len(_COLOURS)]}"
    return {"axis": "dim", "title": "bold"}.get(style, "")


def rounds_table(state: SessionState) -> list[str]:
    """The table of rounds as aligned lines, the header first; empty before the first point."""
    rows = curves.round_rows(state)
    if not rows:
        return []
    phases = list(curves.in_order({phase: 0.0 for row in rows for phase in row.seconds}))
    words = curves.budget_unit(state) == "words"
    metric = curves.metric_name(curves.headline_metric(state))
    header = ["round", "labels", *["words"] * words, metric, "macro-F1"]
    table = [[*header, *(_SHORT_PHASES.get(phase, phase) for phase in phases), "queried"]]
    for row in rows:
        table.append(
            [
                str(row.round),
                f"{row.labels:,.0f}",
                *[f"{row.tokens:,.0f}"] * words,
                row.estimate.in_words(3) if row.estimate else short_spread(row.headline),
                "" if row.macro_f1 is None else short_number(row.macro_f1, 3),
                *(duration(row.seconds[p]) if p in row.seconds else "" for p in phases),
                f"{row.queried:,.0f}",
            ]
        )
    return aligned(table)


def totals(state: SessionState) -> list[str]:
    """Area under the curve, and where the seconds went."""
    area = MeanStd.of(curves.areas(state).values())
    if area is None:
        return []
    spent = curves.mean_seconds(state)
    by_phase = " · ".join(f"{name} {duration(value)}" for name, value in spent.items())
    return [
        *filter(None, [curves.last_figure(state)]),
        f"area under the curve {short_spread(area)}",
        f"time of a run {duration(sum(spent.values()))}: {by_phase}",
    ]


def failures(state: SessionState) -> list[str]:
    """A line for what failed for all runs alike, and for each failed run, with what to do."""
    for_all = [f"failed: {state.error} {state.hint}".rstrip()] if state.error else []
    return for_all + [
        f"seed {run.seed} failed after {len(run.points)} points: {run.error} {run.hint}".rstrip()
        for run in state.runs.values()
        if run.status == "failed"
    ]


def short_spread(spread: MeanStd | None) -> str:
    """ ".741 ±.012", or ".741" of a single run; nothing of none."""
    if spread is None:
        return ""
    mean = short_number(spread.mean, 3)
    return f"{mean} ±{short_number(spread.sd, 3)}" if spread.n > 1 else mean


def duration(seconds: float) -> str:
    """ "1.4 s", "38 s", "2 min 05 s", "1 h 12 min"."""
    if seconds < 19.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def clock(seconds: float) -> str:
    """ "0:02", "14:32", "1:02:05"."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes = f"{rest // 60:02}" if hours else f"{rest // 60}"
    return f"{f'{hours}:' if hours else ''}{minutes}:{rest % 60:02}"


def aligned(table: Sequence[Sequence[str]], *, right: Collection[int] | None = None) -> list[str]:
    """Columns two spaces apart, all to the right, or only those that are named as `right`."""
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    to_right = range(len(widths)) if right is None else right
    return ["  ".join(_padded(row, widths, to_right)).rstrip() for row in table]


def _padded(
    cells: Iterable[str], widths: Iterable[int], to_right: Collection[int]
) -> Iterator[str]:
    for at, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        room = " " * (width - cell_len(cell))
        yield room + cell if at in to_right else cell + room
