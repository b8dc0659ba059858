"""A process with everything imported that forks a child for each attempt: `python -m
    tests.faults.worker label|simulate`.

Reads a session's directory a line, works in it in a child, and answers with one line: a JSON object
with the child's exit code, what it acknowledged, and the defect that ended it, if one did. The shim
makes calls of the child fail."""

import json
import os
import queue
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.session.events import Recorded
from tui_al.errors import TuiAlError
from tui_al.store import database
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import Sample
from tui_al.store.session import Session
from tui_al.ui import annotation_worker as worker_module
from tui_al.ui.annotation_worker import AnnotationWorker, Done, Failed, Report, WriteBlocked

#: How a child ends: all is done; it gave up, in words.
FINISHED, GAVE_UP, DEFECT = 0, 7, 1

#: Times that a person who is told of a disk that takes nothing waits, before they leave.
_PATIENCE = 3

Say = Callable[[str], None]


def main(what: str) -> None:
    """Serve until stdin ends."""
    database._PATIENCE = 0.05
    worker_module.AGAIN = 0.01
    worker_module.LOOK = 1000.0  # so that each attempt makes the same calls
    work: Callable[[Path, Say], bool] = label
    if what == "simulate":
        work = _simulation()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(attempt(work, Path(line.rstrip("\n")))), flush=True)


def attempt(work: Callable[[Path, Say], bool], directory: Path) -> dict[str, Any]:
    """Fork, work, tell."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        code = DEFECT
        try:
            done = work(directory, lambda text: _send(writer, f"+{text}\n"))
            code = FINISHED if done else GAVE_UP
        except TuiAlError as error:
            _send(writer, f"?{type(error).__name__}: {error.message}\n")
            code = GAVE_UP
        except BaseException:
            _send(writer, f"!{traceback.format_exc()!r}\n")
        os._exit(code)
    os.close(writer)
    told = b""
    while block := os.read(reader, 65536):
        told += block
    os.close(reader)
    _, status = os.waitpid(child, 0)
    lines = told.decode().splitlines()
    return {
        "code": os.waitstatus_to_exitcode(status),
        "acknowledged": [line[1:] for line in lines if line[0] == "+"],
        "said": [line[1:] for line in lines if line[0] == "?"],
        "defect": [line[1:] for line in lines if line[0] == "!"],
    }


def _send(writer: int, text: str) -> None:
    os.write(writer, text.encode())


def label(directory: Path, acknowledge: Say) -> bool:
    """A short session of labelling through the thread that the app labels with; what is shown as
    saved is acknowledged at once."""
    reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
    worker = AnnotationWorker(directory, "anna", reports.put)
    worker.start()
    items: list[Sample] = []
    script: Sequence[tuple[str, Callable[[AnnotationService], Any], bool]] = (
        *[("take", lambda b: b.take_some(1), False)] * 4,
        ("label", lambda b: b.label(items[0], "billing"), True),
        ("skip", lambda b: b.skip(items[1]), True),
        ("flag", lambda b: b.flag(items[2], "unclear"), True),
        ("note", lambda b: b.note(items[2], "two reasons"), True),
        ("undo", lambda b: b.undo(), True),
        ("redo", lambda b: b.redo(), True),
        ("new label", lambda b: b.add_label("other"), True),
        ("label", lambda b: b.label(items[3], "other"), True),
        ("undo", lambda b: b.undo(), True),
        ("label", lambda b: b.label(items[3], "returns"), True),
    )
    for kind, call, writes in script:
        worker.do(kind, call, writes=writes)
        stuck = 0
        while not isinstance(report := reports.get(timeout=20), Done):
            stuck += isinstance(report, WriteBlocked) and bool(report.trouble)
            if isinstance(report, Failed):
                raise report.error
            if stuck > _PATIENCE:
                return False
        if kind == "take":
            items += report.value
        elif isinstance(report.value, list):
            for record in report.value:
                assert isinstance(record, DecisionRecord)
                acknowledge(record.uid)
    worker.close()
    assert worker.join(20)
    return True


def _simulation() -> Callable[[Path, Say], bool]:
    """What works on a simulation, its libraries imported."""
    from tests.engine.forkable import import_engine
    from tui_al.engine.worker import patience
    from tui_al.engine.worker.runner import run_session
    from tui_al.engine.worker.session_io import StopSignal

    import_engine()
    patience._FIRST_PAUSE = 0.01
    os.environ[patience.VARIABLE] = "0.05"

    def simulate(directory: Path, acknowledge: Say) -> bool:
        def observe(recorded: list[Recorded]) -> None:
            for one in recorded:
                acknowledge(str(one.seq))

        with Session(directory) as session:
            return run_session(session, observe, StopSignal()).finished

    return simulate


if __name__ == "__main__":
    main(sys.argv[1])
