"""`tui-al report`: sessions and sweeps as tables, figures, or a directory that holds everything a
paper needs of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from tui_al.cli.console import Page
from tui_al.core.session.state import SessionState, settled
from tui_al.errors import ConfigError, SessionError
from tui_al.report import curves
from tui_al.report.score_studies import ScoreStudy
from tui_al.report.study import Study, arm_result
from tui_al.report.study_markdown import panel_curves, panel_title, render_study
from tui_al.report.tables import FORMATS, render
from tui_al.store.environment import unwritable
from tui_al.store.home import home_directory
from tui_al.store.session import Session
from tui_al.store.sweeps import arm_session, find_sweep, kept_scores, name_in, read_record
from tui_al.ui.summaries import read_one

_FIGURES = (".png", ".svg")


@dataclass(frozen=True, slots=True)
class _Named:
    """A session or a sweep that was named: its arms with what they are called."""

    name: str
    title: str
    states: tuple[tuple[str, SessionState], ...]
    notes: tuple[str, ...] = ()
    is_sweep: bool = False
    scores: tuple[ScoreStudy, ...] = ()


def report_on(
    names: list[str], form: str, out: Path | None, title: str | None, home: Path | None
) -> None:
    """Write the report of these sessions and sweeps to stdout, a file or a directory; `title`: of a
    study."""
    if form not in FORMATS:
        raise ConfigError(f"--format {form!r} is unknown.", f"Choose one of {', '.join(FORMATS)}.")
    found = [_find(name, home_directory(home)) for name in names]
    states = [state for named in found for state in named.states]
    if out is not None and (out.is_dir() or not out.suffix):
        _write_all(_study(found, title), out, Page(Console(soft_wrap=True)))
        return
    if out is not None and out.suffix.lower() in _FIGURES:
        from tui_al.report.figures import save_figure

        save_figure([curves.curve(name, state) for name, state in states], out)
        return
    if form == "md" and any(named.is_sweep for named in found):
        text = render_study(_study(found, title))
    else:
        text = render(states, form)
    if out is None:
        page = Page(Console(soft_wrap=True))
        for line in text.rstrip("\n").split("\n"):
            page.say(line)
        return
    try:
        out.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise unwritable(out, error, ConfigError, "--out") from error


def _find(name: str, home: Path) -> _Named:
    """What goes by that name; raises SessionError for a name of neither kind."""
    name = name_in(home, name)
    directory = find_sweep(home, name)
    if directory is None:
        with Session.open(home, name) as session:
            shown = Path(name).name
            state = _as_it_stands(session)
            return _Named(shown, shown, ((shown, state),))
    record = read_record(directory)
    states, notes = [], list(record.notes)
    for arm in record.arms:
        begun = arm_session(directory, arm.session)
        if begun is None:
            notes.append(f"{arm.label} has not begun.")
            continue
        with begun:
            state = _as_it_stands(begun)
        runs = {seed: state.runs[seed] for seed in arm.seeds if seed in state.runs}
        if not any(run.points for run in runs.values()):
            notes.append(f"{arm.label} has no point yet.")
        states.append((arm.label, replace(state, runs=runs)))
    return _Named(
        record.name, record.title, tuple(states), tuple(notes), is_sweep=True,
        scores=_scores(directory),
    )  # fmt: skip


def _as_it_stands(session: Session) -> SessionState:
    """The state with what the lists of sessions show: whether an engine is at work, and how many
    texts people have labelled."""
    found = read_one(session.directory)
    state = session.state()
    if found.trouble:  # what can be read is reported all the same
        return replace(state, warnings=(*state.warnings, found.trouble))
    labelled = found.labelled if found.by_people else None
    state = settled(state, live=found.live, died=found.died)
    return replace(state, labelled=labelled, damage=found.damage)


def _scores(directory: Path) -> tuple[ScoreStudy, ...]:
    """The comparisons of scores that were kept with a sweep."""
    try:
        return tuple(ScoreStudy.from_plain(plain) for plain in kept_scores(directory))
    except (KeyError, TypeError) as error:
        raise SessionError(
            f"A comparison of scores in {directory / 'scores'} cannot be read: {error}.",
            "Remove it, or compare the scores again.",
        ) from error


def _study(found: Sequence[_Named], title: str | None) -> Study:
    """All arms that have a point, under one title."""
    arms = [arm_result(label, state) for named in found for label, state in named.states]
    kept = tuple(arm for arm in arms if arm is not None)
    if not kept:
        raise SessionError(
            f"{', '.join(named.name for named in found)}: no round is finished yet.",
            "Let it work first; `tui-al sessions` tells how far each is.",
        )
    notes = tuple(note for named in found for note in named.notes)
    scores = tuple(score for named in found for score in named.scores)
    title = title or ", ".join(named.title for named in found)
    return Study(found[0].name, title, kept, notes, scores)


def _write_all(study: Study, out: Path, page: Page) -> None:
    """report.md, a figure of every panel as PNG and SVG, and study.json, from which all of them can
    be made again."""
    from tui_al.report.figures import save_figure

    figures: dict[str, str] = {}
    try:
        (out / "figures").mkdir(parents=True, exist_ok=True)
        for number, (panel, arms) in enumerate(study.panels().items(), 1):
            data = re.sub(r"[^\w.+-]+", "-", arms[0].data, flags=re.ASCII).strip("-.+_")[-40:]
            stem = f"{number}-{data}"
            for suffix in _FIGURES:
                place = out / "figures" / f"{stem}{suffix}"
                save_figure(panel_curves(arms), place, panel_title(arms))
            figures[panel] = f"figures/{stem}.png"
    except ConfigError as error:
        page.say(f"without figures: {error.message} {error.hint}", "yellow")
    except OSError as error:
        raise unwritable(out, error, ConfigError, "--out") from error
    try:
        (out / "report.md").write_text(
            render_study(study, figures), encoding="utf-8", errors="backslashreplace"
        )
        (out / "study.json").write_text(
            study.to_json(), encoding="utf-8", errors="backslashreplace"
        )
    except OSError as error:
        raise unwritable(out, error, ConfigError, "--out") from error
    page.say(
        f"{out / 'report.md'}, study.json" + (f", {2 * len(figures)} figures" if figures else "")
    )
