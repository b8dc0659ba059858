"""Make a session, start its engine, and wait for it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui_al.api.data import Data
from tui_al.api.messages import python_messages
from tui_al.api.run import Run
from tui_al.api.settings import check_same_data, make_experiment, source_of
from tui_al.core.session.events import RoundResult
from tui_al.core.session.state import SessionState
from tui_al.errors import ConfigError, EngineError, EngineStopped
from tui_al.host.process import create_session, start_engine, stop_engine, why_not_at_work
from tui_al.store.engine_lock import is_live
from tui_al.store.home import home_directory
from tui_al.store.session import Session

#: Seconds between two looks at the session, and to wait for the word of how a dead engine ended.
_PAUSE, _PATIENCE = 0.1, 3.0


@python_messages()
def simulate(
    data: Data | str | Path,
    *,
    session: str | None = None,
    home: str | Path | None = None,
    on_round: Callable[[RoundResult], object] | None = None,
    **settings: Any,
) -> Run:
    """Run active learning with a simulated oracle, to its end; as `tui-al simulate`, and into the
    same home.

    The same call again continues a session that was cut off, and returns at once where it is
    finished. An interrupt (KeyboardInterrupt) stops the engine at its next step; everything up to
    the last finished round is kept.

    Args:
        data: of `load_dataset`, or what that takes.
        session: a name; by default one that says what the experiment is.
        home: the directory of all sessions; by default $TUI_AL_HOME or the user's data directory.
        on_round: called with each finished round while it runs.
        settings: by the names of the command's options, as strategy="lc", seed_size="4%",
        rounds=7.

    Raises:
        ConfigError: a setting is unknown, out of range, or does not go with the others.
        DataError, HubError, ModelError: data or model cannot be had.
        SessionError: a session of that name holds another experiment, or an engine is at work on
        it.
        EngineStopped: somebody else stopped it.
        EngineError: a run failed; others may be finished, see `open_session`.
    """
    if on_round is not None and not callable(on_round):
        raise ConfigError(
            f"on_round = {on_round!r:.60} cannot be called.", "Give a function of a RoundResult."
        )
    if isinstance(data, Data):
        check_same_data(data.settings, settings)
        settings = {**data.settings, **settings}
        data = data.source
    data = source_of(data, "simulate")
    place = home_directory(None if home is None else Path(home))
    directory = create_session(place, make_experiment(data, settings), session)
    run = Run(directory)
    if not run.state.finished:
        start_engine(directory)
        try:
            _follow(directory, on_round)
        except BaseException:
            if is_live(directory):
                stop_engine(directory)
            raise
    return run


def _follow(directory: Path, on_round: Callable[[RoundResult], object] | None) -> None:
    """Wait for the engine, and raise what it ended with."""
    with Session(directory) as session:
        state = session.state()
        while True:
            live = is_live(directory)  # before the events: none comes after it is gone
            recorded, state = session.news(state)
            for one in recorded:
                if on_round is not None and isinstance(one.event, RoundResult):
                    on_round(one.event)
            if not live:
                break
            time.sleep(_PAUSE)
    if not state.finished:
        raise _ended(directory, state)


def _ended(directory: Path, state: SessionState) -> Exception:
    deadline = time.monotonic() + _PATIENCE
    while True:
        cause, hint = why_not_at_work(directory, state)
        if cause or state.ended or time.monotonic() > deadline:
            break
        time.sleep(_PAUSE)
    if cause:
        return EngineError(cause, hint)
    return EngineStopped(
        f"Session {directory.name} was stopped.",
        "Call simulate again with the same settings to continue it after the last finished round.",
    )
