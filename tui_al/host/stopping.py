"""Stopping a session's engine, and what became of it in words: stopped, finished first, still in a
step, dead, or elsewhere."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tui_al.core.session.state import SessionState
from tui_al.host.process import engine_end
from tui_al.store.engine_lock import holder_of, is_live
from tui_al.store.session import Session

#: Seconds after which it is said what is waited for, and those that an engine of another machine
#: gets to answer.
TELL_SECONDS, ELSEWHERE_SECONDS = 3.0, 5.0

#: Seconds after its creation in which a session's first engine may be on its way.
NEW_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened: `stopped` if no engine is at work any more that was; `said` tells it."""

    stopped: bool
    said: str
    hint: str = ""


def stop_and_tell(
    directory: Path, tell: Callable[[str], None], seconds: float = 60.0
) -> tuple[bool, Outcome]:
    """Ask the engine to stop, wait, and whether there was one to ask, with what came of it; `tell`
    hears what is waited for."""
    state = _state(directory)
    if is_live(directory) or _starts_now(directory, state):
        return True, _stop_here(directory, tell, seconds)
    elsewhere = _elsewhere(state)
    if elsewhere:
        return True, _stop_elsewhere(directory, elsewhere)
    return False, Outcome(stopped=False, said=_why_none(directory, state), hint=_next(state))


def _starts_now(directory: Path, state: SessionState) -> bool:
    """Whether an engine takes the lock of a session that was only just made: who makes it starts
    one in the next moment."""
    if state.engine is not None or time.time() - state.updated > NEW_SECONDS:
        return False
    deadline = time.monotonic() + NEW_SECONDS
    while not is_live(directory) and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_live(directory)


def _stop_here(directory: Path, tell: Callable[[str], None], seconds: float) -> Outcome:
    name, holder = directory.name, holder_of(directory)
    with Session(directory) as session:
        session.send("stop")
    began, told = time.monotonic(), False
    while is_live(directory):
        waited = time.monotonic() - began
        if waited > TELL_SECONDS and not told:
            told = True
            tell(f"asked to stop; it does after this step ({_doing(_state(directory))}) …")
        if waited > seconds:
            return Outcome(
                stopped=False,
                said=f"The engine of session {name} was asked to stop and will after this step "
                f"({_doing(_state(directory))}).",
                hint=f"It is {holder}. Ask again to see whether it has stopped.",
            )
        time.sleep(0.1)
    state = _state(directory)
    if state.finished:
        return Outcome(stopped=True, said=f"Session {name} finished before it could be stopped.")
    if end := engine_end(directory):
        return Outcome(
            stopped=True, said=f"The engine of session {name} ended: {end.cause}", hint=end.hint
        )
    if state.ended == "failed":
        return Outcome(
            stopped=True,
            said=f"The engine of session {name} failed before it could stop: {state.error}",
            hint=state.hint,
        )
    return Outcome(stopped=True, said=f"Session {name} is stopped; {_kept(state)}.")


def _stop_elsewhere(directory: Path, engine: str) -> Outcome:
    """The lock of another machine's engine need not be seen from here; what it writes is."""
    name = directory.name
    with Session(directory) as session:
        session.send("stop")
    deadline = time.monotonic() + ELSEWHERE_SECONDS
    while time.monotonic() < deadline:
        if _state(directory).ended:
            return Outcome(
                stopped=True, said=f"Session {name} is stopped, by its engine ({engine})."
            )
        time.sleep(0.2)
    return Outcome(
        stopped=False,
        said=f"The last engine of session {name} was {engine}, another machine: it was asked to "
        "stop, and has not answered.",
        hint="Whether it is at work cannot be seen from here. If it died there, nothing is to be "
        "stopped.",
    )


def _elsewhere(state: SessionState) -> str:
    """ "process 12 on box" of an engine that has not said that it ended, on another machine; "" if
    there is none."""
    engine = state.engine
    if engine is None or state.ended or engine.host == os.uname().nodename:
        return ""
    return f"process {engine.pid} on {engine.host}"


def _why_none(directory: Path, state: SessionState) -> str:
    name = directory.name
    if state.finished:
        return f"No engine is at work on session {name}: it is finished."
    if end := engine_end(directory):
        return f"No engine is at work on session {name} any more. {end.cause}"
    if state.ended:
        return (
            f"No engine is at work on session {name}: the last one "
            f"{'stopped' if state.ended == 'stopped' else state.ended}."
        )
    return f"No engine is at work on session {name}: none was started yet."


def _next(state: SessionState) -> str:
    return (
        "There is nothing to stop."
        if state.finished
        else "There is nothing to stop; what is finished is kept."
    )


def _kept(state: SessionState) -> str:
    # as many as have a result; where people label, none need be of the first round
    rounds = sum(len(run.points) for run in state.runs.values())
    return f"{rounds:,} finished {'round is' if rounds == 1 else 'rounds are'} kept"


def _doing(state: SessionState) -> str:
    run = state.runs.get(state.current) if state.current is not None else None
    return f"{run.phase}, round {run.round}" if run is not None and run.phase else "starting"


def _state(directory: Path) -> SessionState:
    with Session(directory) as session:
        return session.state()
