"""The commands that open the app, or speak to an engine."""

import sys
from pathlib import Path

from tui_al.errors import ConfigError, EngineError, SessionError
from tui_al.store.home import home_directory
from tui_al.store.session import Session, is_live, session_names
from tui_al.store.sweeps import find_sweep


def open_app(
    home: Path | None,
    session: Path | None = None,
    *,
    mouse: bool = True,
    annotator: str | None = None,
) -> None:
    """Run the app; without a terminal, say what works without one."""
    check_terminal()
    from tui_al.ui.terminal import run_app

    run_app(home_directory(home), session, mouse=mouse, annotator=annotator)


def check_terminal() -> None:
    """Raise ConfigError where there is nothing to show the app on: a terminal, or the pipes to a browser of `tui-al serve`."""
    from tui_al.ui.terminal import in_browser

    if not in_browser() and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "The app needs a terminal.",
            "Without one, `tui-al simulate tickets` runs an experiment; `tui-al --help` lists all commands.",
        )


def attach_to(name: str | None, home: Path | None) -> None:
    """Open the app on a session, or on a sweep's sessions; without a name on the one that is at work."""
    directory = home_directory(home)
    if name is not None and (sweep := find_sweep(directory, name)) is not None:
        at_work = [arm for arm in session_names(sweep) if is_live(sweep / "sessions" / arm)]
        open_app(sweep, sweep / "sessions" / at_work[0] if at_work else None)
        return
    if name is None:
        live = [n for n in session_names(directory) if is_live(directory / "sessions" / n)]
        if not live:
            raise SessionError("No session is at work.", "Name one: `tui-al sessions` lists them.")
        name = live[0]
    with Session.open(directory, name) as session:
        path = session.directory
    open_app(home, path)


def stop_session(name: str, home: Path | None) -> None:
    """Stop the engine of a session."""
    from tui_al.host.process import stop_engine

    with Session.open(home_directory(home), name) as session:
        path = session.directory
    if not is_live(path):
        raise SessionError(
            f"No engine is at work on session {path.name}.", "There is nothing to stop."
        )
    if not stop_engine(path):
        raise EngineError(
            f"The engine of session {path.name} has not stopped within a minute.",
            f"It may be in the middle of a long step; it will. Its process is named in {path / 'engine.lock'}.",
        )
