"""From an experiment to an engine at work. Blocking: call it in the background."""

from dataclasses import dataclass
from pathlib import Path

from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.host import process
from tui_al.store.engine_lock import is_live
from tui_al.store.session import Session


@dataclass(frozen=True, slots=True)
class Launched:
    """A session whose engine was started, unless it is finished or one was at work; `existed`: it
    is not new."""

    directory: Path
    existed: bool


def launch(home: Path, config: ExperimentConfig, name: str | None) -> Launched:
    """Create the session, or take the one of the same experiment, and see to its engine. Raises the
    TuiAlErrors."""
    directory = process.create_session(home, config, name)
    return Launched(directory, existed=continue_session(directory))


def continue_session(directory: Path) -> bool:
    """Start an engine if there is work left and none is at it; whether there had been work
    before."""
    with Session(directory) as session:
        state = session.state()
    if not state.finished and not is_live(directory):
        process.start_engine(directory)
    return state.engine is not None
