"""Starts an engine, waits for it and notes how it ended: `python -m tui_al.host.supervisor
DIRECTORY LOCK CORES [SHARED AHEAD]`.

Only a parent learns by which signal its child died, and the engine's own parent may be a terminal
that is long gone. So this small process stands between them: it holds no model, survives the
terminal, and leaves `engine.exit` behind."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tui_al.host.interpreter import module_command
from tui_al.store.atomic_files import write_file
from tui_al.store.lock_file import EXIT_FILE


def main(directory: Path, lock: int, cores: str, *more: str) -> int:
    """Run the engine on the session in `directory`; `lock` is the descriptor that holds its lock,
    handed down.

    `cores` are the CPUs to keep to, as "0,1", or "" for all; `more` goes to the engine.
    """
    if cores:
        os.sched_setaffinity(0, map(int, cores.split(",")))
    began = time.time()
    engine = subprocess.Popen(
        module_command("tui_al.engine", "run", str(directory), str(lock), *more),
        stdin=subprocess.DEVNULL,
        pass_fds=(lock,),
    )
    os.close(
        lock
    )  # so that the engine alone holds it: the kernel frees it the moment the engine dies
    code = engine.wait()
    note = {"began": began, "ended": time.time(), "code": code, "pid": engine.pid}
    try:
        write_file(directory / EXIT_FILE, json.dumps(note))
    except (
        OSError
    ) as error:  # into the engine's log; whoever looks is told that the engine is gone all the same
        sys.stderr.write(f"How the engine ended ({code}) could not be noted: {error}\n")
    if os.environ.get("TUI_AL_NOTIFY"):
        _notify(directory)
    return 0


def _notify(directory: Path) -> None:
    from tui_al.host.notification import news_of, notify  # reads the whole session
    from tui_al.host.process import why_not_at_work
    from tui_al.store.session import Session

    with Session(directory) as session:
        state = session.state()
    trouble = notify(news_of(directory.name, directory, state, why_not_at_work(directory, state)))
    if trouble:
        sys.stderr.write(f"{trouble}\n")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
