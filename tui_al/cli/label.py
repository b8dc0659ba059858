"""`tui-al label`: a session that people label, made or found, its engine at work, and the app on
it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tui_al.cli.application import check_terminal, open_app
from tui_al.cli.console import Page
from tui_al.cli.options import Settings
from tui_al.cli.sharing import group_to_share_with, share_where_it_was_not
from tui_al.cli.simulate import with_label_names
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.options import experiment
from tui_al.errors import SessionError
from tui_al.host.username import account, annotator_name
from tui_al.store.engine_lock import is_live
from tui_al.store.home import home_directory
from tui_al.store.session import Session, is_there
from tui_al.store.sharing import check_home
from tui_al.ui.terminal import app_settings


@dataclass(frozen=True, slots=True)
class LabelOptions:
    """The options of the command, as given."""

    source: str
    settings: Settings
    annotator: str | None = None
    shared: str | None = None
    home: Path | None = None


def label_by_hand(options: LabelOptions) -> None:
    """Open the session of that name, or make one of that data."""
    check_terminal()
    home, name = home_directory(options.home), options.settings.get("session")
    check_home(home)
    annotator = (
        account() if options.annotator is None else annotator_name(options.annotator, "--annotator")
    )
    app_settings(home)  # what the app would stumble over is told before an engine is at work
    directory = _session_named(home, options.source)
    there = directory or home / "sessions" / (name or "new")
    group = group_to_share_with(options.shared, there)
    if directory is None:
        config = experiment("label", options.source, with_label_names(options.settings))
        directory = _make(home, config, name, group)
    share_where_it_was_not(directory, group)
    _start(directory)
    open_app(options.home, directory, annotator=annotator)


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
    """Say how the data was read, each guess with the option that overrides it; a warning waits for
    a key before the app."""
    page = Page(Console(stderr=True, soft_wrap=True))
    for note in notes:
        page.say(f"note: {note}", "dim")
    for warning in warnings:
        page.say(f"warning: {warning}", "yellow")
    if warnings and sys.stdin.isatty():
        page.say(
            "Enter begins to label; Ctrl-C stops here, to give other options (with another "
            "--session)."
        )
        sys.stdin.readline()


def _start(directory: Path) -> None:
    from tui_al.host.process import start_engine

    if not is_live(directory):
        start_engine(directory)
