"""A process that has imported everything heavy once and forks a child for each attempt at a
session: `python -m tests.engine.zygote`.

Reads one JSON object a line: {"session": directory, "events": n or null, "seconds": s or null}. The
child works on the session and is killed (signal 9) after so many events of its own, or so many
seconds after it was forked, or not at all. Answers with one line: {"code": exit code or minus the
signal, "events": how many were written before the end, "phase": what it was at}."""

import json
import os
import signal
import struct
import sys
import threading
import time
from pathlib import Path

from tests.engine.forkable import import_engine
from tui_al.core.session.events import PhaseFinished, PhaseStarted, Recorded
from tui_al.engine.worker.runner import run_session
from tui_al.engine.worker.session_io import StopSignal
from tui_al.store.session import Session

_REPORT = struct.Struct("<i20s")


def main() -> None:
    """Serve until stdin ends."""
    import_engine()
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(
            json.dumps(attempt(Path(request["session"]), request["events"], request["seconds"])),
            flush=True,
        )


def attempt(directory: Path, events: int | None, seconds: float | None) -> dict[str, object]:
    """Fork, work, and tell how it ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(directory, events, writer)
    os.close(writer)
    timer = None
    if seconds is not None:
        timer = threading.Timer(seconds, os.kill, (child, signal.SIGKILL))
        timer.start()
    told = b""
    while block := os.read(reader, 65536):
        told += block
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if timer:
        timer.cancel()
        timer.join()
    whole = len(told) // _REPORT.size
    last = _REPORT.unpack_from(told, (whole - 1) * _REPORT.size) if whole else (0, b"")
    return {
        "code": os.waitstatus_to_exitcode(status),
        "events": last[0],
        "phase": last[1].rstrip(b"\0").decode(),
    }


def _work(directory: Path, events: int | None, writer: int) -> None:
    count, phase = 0, ""

    def observe(recorded: list[Recorded]) -> None:
        nonlocal count, phase
        for record in recorded:
            count += 1
            if isinstance(record.event, PhaseStarted):
                phase = record.event.phase
            elif isinstance(record.event, PhaseFinished):
                phase = ""
            os.write(writer, _REPORT.pack(count, phase.encode()))
            if count == events:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)

    code = 1
    try:
        with Session(directory) as session:
            state = run_session(session, observe, StopSignal())
        code = 0 if state.finished else 2
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(code)


if __name__ == "__main__":
    main()
