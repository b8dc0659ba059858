"""An engine that works on a session until it is done or killed: `python -m tests.helpers.attempt
SESSION EVENTS`, which the fork server runs.

It kills itself right after so many events of its own, unless that is 0. A line for each event is
written to standard output: how many there were, and what it is at."""

import os
import signal
import sys
import time
from pathlib import Path

from tui_al.core.session.events import PhaseFinished, PhaseStarted, Recorded
from tui_al.engine.worker.runner import run_session
from tui_al.engine.worker.session_io import StopSignal
from tui_al.store.session import Session


def main(directory: Path, events: int) -> int:
    """Work; the exit code is 0 for a finished session, 2 for another."""
    count, phase = 0, ""

    def observe(recorded: list[Recorded]) -> None:
        nonlocal count, phase
        for record in recorded:
            count += 1
            if isinstance(record.event, PhaseStarted):
                phase = record.event.phase
            elif isinstance(record.event, PhaseFinished):
                phase = ""
            os.write(1, f"{count} {phase}\n".encode())
            if count == events:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)

    with Session(directory) as session:
        return 0 if run_session(session, observe, StopSignal()).finished else 2


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
