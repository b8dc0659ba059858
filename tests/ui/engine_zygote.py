"""Real engines that start at once, for tests that kill many: `python -m tests.ui.engine_zygote` has
imported everything and forks.

Reads the directory of a session a line, and answers with the number of the process that works on it
from then on; what that prints goes to the session's `engine.log`, as with any engine.
"""

import os
import signal
import sys
from pathlib import Path

from tests.engine.forkable import import_engine
from tui_al.engine.worker.runner import run_session
from tui_al.engine.worker.session_io import StopSignal
from tui_al.host.process import LOG_FILE
from tui_al.store.session import Session


def main() -> None:
    """Serve until stdin ends."""
    import_engine()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        directory = Path(line.strip())
        child = os.fork()
        if child == 0:
            _work(directory)
        print(child, flush=True)


def _work(directory: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(directory / LOG_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number, descriptor in ((0, nothing), (1, log), (2, log)):
        os.dup2(descriptor, number)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        with Session(directory) as session:
            run_session(session, lambda _: None, StopSignal())
        code = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(code)


if __name__ == "__main__":
    main()
