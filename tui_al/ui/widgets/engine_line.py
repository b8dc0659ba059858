"""What the engine does while a person labels, and how good the successor is, in a row."""

from textual.content import Content

from tui_al.core.stats.measured import Measured
from tui_al.core.stats.metrics import HEADLINE
from tui_al.report.curves import measured, metric_name, on_test
from tui_al.ui.annotation_worker import AnnotationState
from tui_al.ui.escape import safe
from tui_al.ui.eta import duration, phase_remaining
from tui_al.ui.keys import key_name
from tui_al.ui.widgets.glyphs import bar, is_ascii
from tui_al.ui.widgets.lines import Lines, spread_out


class EngineLine(Lines):
    """The phase under way with its bar, or what the engine waits for; at the right the quality."""

    DEFAULT_CSS = "EngineLine { height: auto; padding: 0 1; }"

    def __init__(self, id: str = "engine") -> None:  # noqa: A002
        super().__init__(id=id)
        self._overview: AnnotationState | None = None
        self._why_is_told = False

    def show(self, annotation_state: AnnotationState, *, why_is_told: bool = False) -> None:
        """Show this state of affairs; `why_is_told`: the screen says elsewhere why no engine is at
        work, or what one waits for."""
        self._overview, self._why_is_told = annotation_state, why_is_told
        amiss = bool(annotation_state.failure[0] or annotation_state.engine_waits)
        self.set_class(amiss and not why_is_told, "-failed")
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """One row; a few where the engine failed."""
        if self._overview is None:
            return [Content("")]
        most = max(2, self.app.size.height // 6)  # the sample needs the room
        if failed := self.failed(width, most):
            return failed
        return [spread_out(self.gauge(width // 2), quality(self._overview), width)]

    def gauge(self, width: int) -> Content:
        """The engine in `width` columns."""
        assert self._overview is not None
        return gauge(self._overview, width, key_name(self, "label.train"), is_ascii(self))

    def failed(self, width: int, most: int | None = None) -> list[Content]:
        """Why no engine is at work and what to do, where the last one failed, or what one waits
        for; else nothing.

        Of more rows than `most`, the last ones of the reason give way: what to press is always to
        be read."""
        assert self._overview is not None
        if self._why_is_told:
            return []
        if waits := self._overview.engine_waits:
            return _cut(list(safe(f"◐ engine {waits}", "$text-error").wrap(width)), most, width)
        cause, hint = self._overview.failure
        if not cause:
            return []
        again = Content(f"{key_name(self, 'label.train')} starts it again.")
        told = Content.assemble(safe(f"✗ engine failed: {cause}", "$text-error"), " ", safe(hint))
        whole = list(Content.assemble(told, " ", again).wrap(width))
        if most is None or len(whole) <= most:
            return whole
        return [*_cut(list(told.wrap(width)), most - 1, width), again]


class EngineColumn(EngineLine):
    """The same in a column of its own, where there is room to say more."""

    def __init__(self) -> None:
        super().__init__("engine-column")

    def lines(self, width: int) -> list[Content]:
        """Engine, quality, who else is here, and how much is decided otherwise than by a label."""
        annotation_state = self._overview
        if annotation_state is None:
            return [Content("")]
        known = [quality(annotation_state), tested(annotation_state), worth(annotation_state)]
        lines = self.failed(width) or [self.gauge(width)]
        for line in known:
            lines += line.wrap(width) if line.plain else ()
        if annotation_state.others:
            own = f"{annotation_state.annotator} in another window"
            names = [
                own if name == annotation_state.annotator else name
                for name in annotation_state.others
            ]
            lines += safe("with " + ", ".join(names), "$foreground-muted").wrap(width)
        aside = annotation_state.closed - annotation_state.saved
        if aside:
            apart = (
                f"{aside} unclear or ambiguous"
                if not annotation_state.conflicts
                else f"{aside} without one answer, {annotation_state.conflicts} of them conflicts"
            )
            lines += Content.styled(apart, "$foreground-muted").wrap(width)
        return lines


def _cut(rows: list[Content], most: int | None, width: int) -> list[Content]:
    """So many of the rows, the last one with an ellipsis where there were more."""
    if most is None or len(rows) <= most:
        return rows
    return [*rows[: most - 1], rows[most - 1].truncate(width - 1) + "…"]


def gauge(
    annotation_state: AnnotationState, width: int, train_key: str, ascii_only: bool
) -> Content:
    """The engine in `width` columns."""
    run = annotation_state.run
    if not annotation_state.live:
        return Content.assemble(
            ("○ no engine at work", "$text-warning"), f": {train_key} starts it"
        )
    if annotation_state.state.paused:
        return Content.styled("◐ engine paused", "$text-warning")
    if (
        annotation_state.state.engine is None
        or annotation_state.state.ended
        or annotation_state.ranking is None
    ):
        return Content.styled("○ the engine starts", "$text-warning")
    if run is None or not run.busy:
        lacks = annotation_state.lacks
        if annotation_state.left == 0 and not annotation_state.batch.decided and not lacks:
            aside = annotation_state.closed > annotation_state.saved
            over = "nothing is left to label" if aside else "all texts are labelled"
            return Content.styled(f"● {over}", "$text-success")
        about = f"engine needs {lacks}" if lacks else "engine about to train"
        waits = (
            f"● engine waits for {annotation_state.batch.to_go} more"
            if annotation_state.batch.to_go
            else f"● {about}"
        )
        return Content.styled(waits, "$foreground-muted")
    named = Content.assemble(("● ", "$text-success"), run.phase, " ")
    progress = run.progress
    share = progress.done / progress.total if progress and progress.total else 0.0
    seconds = phase_remaining(run)
    ending = f" {share:4.0%}" + ("" if seconds is None else f" {duration(seconds)}")
    room = max(4, min(20, width - named.cell_length - len(ending)))
    filled, rest = bar(share, room, ascii_only)
    return Content.assemble(named, (filled, "$primary"), (rest, "$foreground-muted"), ending)


def quality(annotation_state: AnnotationState) -> Content:
    """ "accuracy .83 [.69, .92] n=41": the newest successor on the random share that nothing was
    trained on."""
    audits = annotation_state.run.audits if annotation_state.run else ()
    if not audits:
        return Content("")
    last = audits[-1]
    found = measured(last)
    rest = " ".join(filter(None, (found.limits(), f"n={found.texts:,}")))
    return Content.assemble(f"{metric_name(last.metric)} ", (found.figure(), "bold"), f" {rest}")


def tested(annotation_state: AnnotationState) -> Content:
    """The same on a test set, where the data has one."""
    points = annotation_state.run.points if annotation_state.run else ()
    metric = HEADLINE[annotation_state.task]
    if not (points and annotation_state.state.test and metric in points[-1].metrics):
        return Content("")
    figure = on_test(annotation_state.state, metric, points[-1].metrics[metric])
    return Content(f"{metric_name(metric)} {figure} test texts")


def worth(annotation_state: AnnotationState) -> Content:
    """Whether the strategy's labels were worth more than random ones."""
    found = annotation_state.run.compared if annotation_state.run else None
    if found is None:
        return Content("")
    style = {"better": "$text-success", "worse": "$text-warning"}.get(
        found.verdict, "$foreground-muted"
    )
    difference = Measured.of(found.difference, found.low, found.high, found.examples)
    told = f"{found.verdict}: " if difference.is_enough else ""
    return Content.assemble("against random ", (f"{told}{difference.in_words(signed=True)}", style))
