"""`tui-al label`: a session that people label, made or found, its engine at work, and the app on it."""

import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from tui_al.cli.application import check_terminal, open_app
from tui_al.cli.console import Page
from tui_al.cli.sharing import group_to_share_with, share_where_it_was_not
from tui_al.cli.simulate import Options, experiment, names_of
from tui_al.core.settings.experiment import Amount, ExperimentConfig
from tui_al.errors import ConfigError, SessionError
from tui_al.host.username import account, annotator_name
from tui_al.store.engine_lock import is_live
from tui_al.store.home import home_directory
from tui_al.store.session import Session, is_there
from tui_al.store.sharing import check_home
from tui_al.ui.terminal import app_settings


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """The options that only labelling by hand has; None where the default depends on others."""

    source: str
    labels: str | None
    task: str | None
    annotator: str | None
    audit_share: str
    overlap: str
    seed_size: str | None
    seed: int | None
    shared: str | None = None


def label_by_hand(options: LabelOptions, others: Mapping[str, Any]) -> None:
    """Open the session of that name, or make one of that data; `others` are the options that it shares with `simulate`."""
    check_terminal()
    home = home_directory(others["home"])
    check_home(home)
    annotator = (
        account() if options.annotator is None else annotator_name(options.annotator, "--annotator")
    )
    app_settings(home)  # what the app would stumble over is told before an engine is at work
    directory = _session_named(home, options.source)
    there = directory or home / "sessions" / (others["session"] or "new")
    group = group_to_share_with(options.shared, there)
    if directory is None:
        config = labelling_experiment(options, others)
        directory = _make(home, config, others["session"], group)
    share_where_it_was_not(directory, group)
    _start(directory)
    open_app(others["home"], directory, annotator=annotator)


def labelling_experiment(options: LabelOptions, others: Mapping[str, Any]) -> ExperimentConfig:
    """The experiment that the options describe, people its oracle. Raises ConfigError."""
    seeds = None if options.seed is None else [options.seed]
    shared = {**_defaults_of_simulate(), **others}
    shared |= {"data": options.source, "seed": seeds, "seeds": 1}
    shared["seed_size"] = options.seed_size or others["batch"]
    made = experiment(Options(**{name: shared[name] for name in Options.__dataclass_fields__}))
    return replace(
        made,
        data=replace(made.data, task=options.task, labels=names_of(options.labels)),  # type: ignore[arg-type]  # checked by DataConfig
        loop=replace(
            made.loop,
            oracle="person",
            audit_share=share(options.audit_share, "--audit-share"),
            overlap=share(options.overlap, "--overlap"),
        ),
    )


def share(text: str, option: str) -> float:
    """ "10%" is 0.1; "0%" is allowed, unlike in an amount."""
    given = text.strip()
    if given.rstrip("% ") in ("0", "0.0"):
        return 0.0
    if not given.endswith("%"):
        raise ConfigError(f"{option}: {text!r} is no share.", 'Give a percentage, as "10%".')
    return Amount.parse(given, option).value / 100


def _defaults_of_simulate() -> dict[str, Any]:
    from tui_al.cli.app import simulate

    return {p.name: p.default for p in inspect.signature(simulate).parameters.values()}


def _session_named(home: Path, source: str) -> Path | None:
    """The session that is meant, if it is one; SessionError for a simulated experiment."""
    if not any(map(is_there, (home / "sessions" / source, Path(source).expanduser()))):
        return None
    with Session.open(home, source) as session:
        config = session.state().config
    if config is None or config.loop.oracle != "person":
        raise SessionError(
            f"Session {session.name} is a simulated experiment: its labels come from the data.",
            "`tui-al label DATA` makes a session to label by hand.",
        )
    return session.directory


def _make(home: Path, config: ExperimentConfig, name: str | None, group: int | None) -> Path:
    from tui_al.host.process import create_session

    sys.stderr.write("reading the data …\n")
    directory = create_session(home, config, name, group=group)
    with Session(directory) as session:
        state = session.state()
    if state.engine is None:  # new: no engine has worked on it yet
        tell_reading(state.notes, state.cautions)
    return directory


def tell_reading(notes: Sequence[str], warnings: Sequence[str]) -> None:
    """Say how the data was read, each guess with the option that overrides it; a warning waits for a key before the app."""
    page = Page(Console(stderr=True, soft_wrap=True))
    for note in notes:
        page.say(f"note: {note}", "dim")
    for warning in warnings:
        page.say(f"warning: {warning}", "yellow")
    if warnings and sys.stdin.isatty():
        page.say(
            "Enter begins to label; Ctrl-C stops here, to give other options (with another --session)."
        )
        sys.stdin.readline()


def _start(directory: Path) -> None:
    from tui_al.host.process import start_engine

    if not is_live(directory):
        start_engine(directory)
