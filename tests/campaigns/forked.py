"""Inputs run in forked processes with limits, many in each, so that one that hangs, dies or eats
memory harms nobody else.

Linux only. A child says which input it begins, and what became of it; the last one begun by a child
that died is what killed it."""

import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tui_al.errors import TuiAlError

PACKAGE = str(Path(__file__).resolve().parents[2] / "tui_al")
_TRACED = 6  # one input of so many is traced, which takes several times as long
_FEW = 1_000  # lines seen, below which all are

CLEAN, OURS, TRACEBACK, MEMORY, HANG, DEATH = (
    "clean",
    "our error",
    "traceback",
    "memory",
    "hang",
    "death",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input."""

    number: int
    kind: str
    detail: str = (
        ""  #: of a traceback: type, message, and where in this project; of a death: the signal
    )
    lines: tuple[str, ...] = ()  #: of this project that no input before it reached


@dataclass(frozen=True, slots=True)
class Limits:
    """What an input may take."""

    seconds: float = 10.0  #: of the processor
    patience: int = 60  #: seconds by the clock
    memory: int = 2 << 30  #: bytes more than the process has


def outcomes(
    count: int, work: Callable[[int], None], seen: set[str], limits: Limits, traced: bool = True
) -> Iterator[Outcome]:
    """Run `work(0)` to `work(count - 1)`, each once, in as few processes as deaths allow.

    Args:
        count: of inputs.
        work: reads one; an error of this project is what it should raise at worst.
        seen: lines reached so far, which grow.
        limits: of each input.
        traced: whether lines are watched.
    """
    start = 0
    while start < count:
        last = start - 1
        for outcome in _in_child(range(start, count), work, seen, limits, traced):
            last = outcome.number
            seen.update(outcome.lines)
            yield outcome
        start = last + 1


def _in_child(
    numbers: Sequence[int],
    work: Callable[[int], None],
    seen: set[str],
    limits: Limits,
    traced: bool,
) -> Iterator[Outcome]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work_through(numbers, work, seen, limits, traced, writing)
    os.close(writing)
    begun = numbers[0]
    try:
        with os.fdopen(reading, encoding="utf-8") as lines:
            for line in lines:
                said = json.loads(line)
                if isinstance(said, int):
                    begun = said
                    continue
                number, kind, detail, lines_reached = said
                yield Outcome(number, kind, detail, tuple(lines_reached))
                begun += 1
    finally:
        _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        slow = number in (signal.SIGPROF, signal.SIGALRM)
        yield Outcome(begun, HANG if slow else DEATH, signal.Signals(number).name)
    elif os.waitstatus_to_exitcode(status):
        yield Outcome(begun, DEATH, f"exit code {os.waitstatus_to_exitcode(status)}")


def _work_through(
    numbers: Sequence[int],
    work: Callable[[int], None],
    seen: set[str],
    limits: Limits,
    traced: bool,
    writing: int,
) -> None:
    """In the child: never returns."""
    code = 1
    try:
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        for number in numbers:
            os.write(writing, f"{number}\n".encode())
            signal.setitimer(signal.ITIMER_PROF, limits.seconds)
            signal.alarm(limits.patience)
            found = _outcome(
                number, work, seen, traced and (len(seen) < _FEW or number % _TRACED == 0)
            )
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.alarm(0)
            os.write(writing, (json.dumps(found) + "\n").encode())
        code = 0
    finally:
        os._exit(code)


def _outcome(number: int, work: Callable[[int], None], seen: set[str], traced: bool) -> list[Any]:
    reached: set[str] = set()
    if traced:
        sys.settrace(_tracer(seen, reached))
    try:
        work(number)
        kind, detail = CLEAN, ""
    except TuiAlError as error:
        kind, detail = OURS, str(error.exit_code)
    except MemoryError as error:
        kind, detail = MEMORY, _told(error)
    except BaseException as error:
        kind, detail = TRACEBACK, _told(error)
    finally:
        sys.settrace(None)
    seen |= reached
    return [number, kind, detail, sorted(reached)]


def _told(error: BaseException) -> str:
    """Type and message, and the innermost line of this project."""
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(PACKAGE)
    ]
    place = (
        f"{Path(frames[-1].filename).relative_to(PACKAGE)}:{frames[-1].lineno}" if frames else "?"
    )
    return f"{type(error).__name__} at {place}: {str(error)[:160]}"


def _tracer(seen: set[str], reached: set[str]) -> Callable[[FrameType, str, Any], Any]:
    """Notes lines of this project that are not in `seen`."""
    places: dict[CodeType, str | None] = {}

    def of_lines(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            line = f"{places[frame.f_code]}:{frame.f_lineno}"
            if line not in seen:
                reached.add(line)
        return of_lines

    def of_calls(frame: FrameType, _event: str, _: Any) -> Any:
        code = frame.f_code
        if code not in places:
            name = code.co_filename
            places[code] = name[len(PACKAGE) :] if name.startswith(PACKAGE) else None
        return None if places[code] is None else of_lines

    return of_calls
