"""`tui-al simulate`: the loop in the foreground, with a display of one's choice."""

import contextlib
import logging
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from tui_al.cli.console import Page
from tui_al.cli.display import choose
from tui_al.cli.options import Settings
from tui_al.cli.output_guard import OutputGuard
from tui_al.cli.sharing import group_to_share_with, share_where_it_was_not
from tui_al.core.session.events import Recorded
from tui_al.core.session.state import fold
from tui_al.core.settings.options import experiment
from tui_al.errors import EngineStopped
from tui_al.host.notification import check_target, news_of, notify
from tui_al.store.engine_lock import take_engine_lock
from tui_al.store.home import home_directory
from tui_al.store.session import Session
from tui_al.store.sharing import open_file


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command, as given."""

    data: str
    settings: Settings
    shared: str | None = None
    home: Path | None = None
    as_json: bool = False
    quiet: bool = False


def with_label_names(settings: Settings) -> Settings:
    """The settings with label names read, from between commas or a file. Raises DataError for a
    file that is not there or has none."""
    if settings.get("labels") is None:
        return settings
    from tui_al.engine.data.names_files import given_names

    return {**settings, "labels": given_names(settings["labels"])}


def run_simulation(options: Options) -> None:
    """Create or continue the session and run it to its end; raises typer.Exit with 1 if a run
    failed."""
    stdout, stderr = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)
    config = experiment("simulate", options.data, with_label_names(options.settings))
    check_target()
    home, name = home_directory(options.home), options.settings.get("session")
    group = group_to_share_with(options.shared, home / "sessions" / (name or "new"))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    if not options.as_json:
        stderr.print("loading …", style="dim", highlight=False)

    from tui_al.engine.worker.session_setup import open_or_create
    from tui_al.host.machine import manifest

    with open_or_create(home, config, manifest(), name, group=group) as session:
        directory = session.directory
    share_where_it_was_not(directory, group)
    # before the slow imports, so that who asks it to stop meanwhile finds somebody to ask
    lock = take_engine_lock(directory)
    with _closed_unless_taken_over(lock) as taken_over, Session(directory) as session:
        from tui_al.engine.worker.runner import run_session
        from tui_al.engine.worker.session_io import StopSignal

        _log_to(session.directory / "engine.log")
        display = choose(session.name, stdout, stderr, as_json=options.as_json, quiet=options.quiet)
        state = session.state()
        stop = StopSignal()
        shown = OutputGuard(stop, stderr)
        with display, stopping(stop):
            if options.quiet:  # what changes the meaning of the figures is told all the same
                for warning in state.cautions:
                    Page(stderr).say(f"warning: {warning}", "yellow")
            shown(lambda: display.start(state))

            def observe(recorded: list[Recorded]) -> None:
                nonlocal state
                state = fold(recorded, state)
                shown(lambda: display.update(state, recorded))

            try:
                taken_over()
                state = run_session(session, observe, stop, lock)
            except EngineStopped:
                shown(lambda: display.finish(session.state()))
                raise
            shown(lambda: display.finish(state))
    if trouble := notify(news_of(directory.name, directory, state, state.failure)):
        Page(stderr).say(trouble, "yellow")
    if not state.finished:
        raise typer.Exit(1)


@contextlib.contextmanager
def _closed_unless_taken_over(lock: int) -> Iterator[Callable[[], object]]:
    """Close the descriptor of the engine's lock at the end, unless it was said that somebody else
    does."""
    with contextlib.ExitStack() as at_end:
        at_end.callback(os.close, lock)
        yield at_end.pop_all


@contextlib.contextmanager
def stopping(stop: object) -> Iterator[None]:
    """The first Ctrl-C, a TERM, or a HUP that is not ignored asks to leave at the next step; the
    second Ctrl-C leaves at once."""

    def ask(number: int, _: object) -> None:
        if number == signal.SIGINT and getattr(stop, "requested", False):
            raise KeyboardInterrupt
        stop.requested = True  # type: ignore[attr-defined]

    before = {
        number: signal.signal(number, ask)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _log_to(path: Path) -> None:
    """What libraries and failing runs have to say goes to the session's log, not on the display."""
    os.close(open_file(path, os.O_WRONLY))  # with the mode of the session's files
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.raiseExceptions = (
        False  # else a full disk would have tracebacks of logging on the display
    )
    logging.captureWarnings(True)
