"""The commands that open the app, or speak to an engine."""

import sys
from pathlib import Path

from tui_al.errors import ConfigError, EngineError, SessionError
from tui_al.store.home import home_directory
from tui_al.store.sharing import check_home
from tui_al.store.sweeps import at_work, find, is_sweep, is_worked_on, worker_of


def open_app(
    home: Path | None,
    session: Path | None = None,
    *,
    mouse: bool = True,
    annotator: str | None = None,
) -> None:
    """Run the app; without a terminal, say what works without one."""
    check_terminal()
    check_home(home_directory(home))
    from tui_al.ui.run_app import run_app

    run_app(home_directory(home), session, mouse=mouse, annotator=annotator)


def check_terminal() -> None:
    """Raise ConfigError where there is nothing to show the app on: a terminal, or the pipes to a
    browser of `tui-al serve`."""
    from tui_al.ui.terminal import in_browser

    if not in_browser() and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "The app needs a terminal.",
            "Without one, `tui-al simulate tickets` runs an experiment; `tui-al --help` lists all "
            "commands.",
        )


def attach_to(name: str | None, home: Path | None) -> None:
    """Open the app on a session or a sweep; without a name on what is at work, or, where that is
    several, on the list of all."""
    directory = home_directory(home)
    if name is not None:
        open_app(home, find(directory, name))
        return
    live = all_at_work(directory)
    open_app(home, live[0] if len(live) == 1 else None)


def all_at_work(home: Path) -> list[Path]:
    """Directories of the sessions and sweeps at work; SessionError where there is none."""
    live = at_work(home)
    if not live:
        raise SessionError(
            "No session or sweep is at work.", "Name one: `tui-al sessions` lists them."
        )
    return live


def stop_session(name: str, home: Path | None) -> None:
    """Stop the engine of a session, and say what became of it."""
    from rich.console import Console

    from tui_al.cli.console import Page
    from tui_al.host.stopping import stop_and_tell

    path = find(home_directory(home), name)
    if is_sweep(path):
        live = is_worked_on(path)
        raise SessionError(
            f"{path.name} is a sweep: the command that works through it is the one to stop."
            if live
            else f"Nothing is at work on sweep {path.name}.",
            f"Press Ctrl-C where it runs ({worker_of(path) or 'unknown process'})."
            if live
            else "There is nothing to stop.",
        )
    page = Page(Console(stderr=True, soft_wrap=True))
    asked, outcome = stop_and_tell(path, page.say)
    if not asked:
        raise SessionError(outcome.said, outcome.hint)
    if not outcome.stopped:
        raise EngineError(outcome.said, outcome.hint)
    Page(Console(soft_wrap=True)).say(f"{outcome.said} {outcome.hint}".rstrip())
