"""`tui-al attach --once`: how a session or a sweep stands, printed for a script or a chat."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from tui_al.cli.application import all_at_work
from tui_al.cli.console import Page, plot_line
from tui_al.core.data.terminal_text import without_common_parts
from tui_al.core.session.state import SessionState
from tui_al.errors import SessionError
from tui_al.report.curves import (
    Curve,
    curve,
    measured_on,
    metric_name,
    planned_labels,
    why_no_point,
)
from tui_al.report.plot import Series, draw
from tui_al.store.home import home_directory
from tui_al.store.sweeps import find, is_sweep

if TYPE_CHECKING:
    from tui_al.ui.summaries import Summary

#: Columns and lines of the curve.
_WIDTH, _HEIGHT = 100, 16

#: Curves of a sweep that one picture can tell apart.
_MOST_CURVES = 7


def print_picture(name: str | None, home: Path | None) -> None:
    """One picture of a session or a sweep; without a name, of what is at work.

    Raises:
        SessionError: there is none, it cannot be read, or several are at work and none is named.
    """
    directory = home_directory(home)
    path = _at_work(directory) if name is None else find(directory, name)
    page = Page(Console(soft_wrap=True))
    (_show_sweep if is_sweep(path) else _show_session)(page, path)


def _at_work(home: Path) -> Path:
    live = all_at_work(home)
    if len(live) == 1:
        return live[0]
    names = ", ".join(path.name for path in live)
    raise SessionError(f"{len(live)} are at work: {names}.", "Name the one that is meant.")


def _show_session(page: Page, path: Path) -> None:
    from tui_al.ui.summaries import read_one

    found = read_one(path, None)
    if found.trouble:
        raise SessionError(found.trouble, f"`tui-al check {found.name}` says what can be saved.")
    _say_title(page, [found.label, found.progress, found.mark, found.when])
    page.say(found.about, "dim")
    page.say()
    state = found.state
    one = curve(found.label, state)
    _draw(page, [one], state)
    if one.mean:
        page.say()
        page.results(found.label, state, plot=False)
    if found.failure[0] and not (one.mean and state.error):  # which the results tell
        page.say(" ".join(found.failure).rstrip(), "bold red")
    for told in found.damage:
        page.say(told, "bold red")


def _show_sweep(page: Page, path: Path) -> None:
    from tui_al.ui.sweep_summaries import read_sweep

    found = read_sweep(path)
    if found.trouble:
        raise SessionError(found.trouble)
    _say_title(page, [found.label, found.progress, found.mark, found.when])
    page.say(found.about, "dim")
    page.say()
    begun = [arm for arm in found.arms if curve("", arm.state).mean]
    shown = begun[:_MOST_CURVES]
    if shown:
        names = without_common_parts([arm.label for arm in shown])
        curves = [curve(name, arm.state) for name, arm in zip(names, shown, strict=True)]
        _draw(page, curves, shown[0].state)
        page.say()
    left = len(begun) - len(shown)
    if left:
        page.say(f"{left} more arms have a curve; `tui-al report {path.name}` tells all.")
    for arm in found.arms:
        _say_arm(page, arm)


def _say_arm(page: Page, arm: "Summary") -> None:
    told = [arm.mark, arm.label, arm.progress, arm.score, arm.when if arm.written else "not begun"]
    page.say("  ".join(filter(None, told)))


def _say_title(page: Page, parts: list[str]) -> None:
    """What it is, how far, a mark and how it stands."""
    name, far, mark, when = parts
    page.say("  ".join(filter(None, [name, far, f"{mark} {when}"])), "bold")


def _draw(page: Page, curves: list[Curve], state: SessionState) -> None:
    lines = draw(
        [Series(_legend(one), one.labels, one.mean, one.sd) for one in curves],
        min(page.console.width, _WIDTH),
        _HEIGHT,
        title=f"{metric_name(curves[0].metric)} {measured_on(state)}",
        x_label=curves[0].unit,
        unicode=page.unicode,
        nothing=why_no_point(state),
        planned=planned_labels(state),
    )
    for line in lines:
        page.print(plot_line(line))


def _legend(one: Curve) -> str:
    """What a curve is a mean of stands by its name."""
    seeds = max(one.seeds, default=0)
    return f"{one.name}, mean ± sd of {seeds} seeds" if seeds > 1 else one.name
