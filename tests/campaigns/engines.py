"""Engines that are killed while they work on a simulation, by themselves or in a sweep, and goes on
as if nothing had been."""

import json
import random
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from tests.campaigns.failures import TOLD, Blow, Failure
from tests.campaigns.stage import Calm, Stage, opens, told
from tests.campaigns.traps import COUNT
from tests.helpers.processes import PATIENCE, FaultError
from tui_al.store.engine_lock import is_live
from tui_al.store.session import Session


def calm_simulation(stage: Stage, name: str) -> Calm:
    """What the engine takes for this experiment, and what comes of it."""
    key = f"simulation {name}"
    if key not in stage.calm:
        case = stage.fresh(f"calm-{name}")
        made = stage.session(case, name, stage.simulations()[name])
        stage.count_calls()
        began = time.monotonic()
        stage.forks.engine_to_its_end(case, made, more={COUNT: f"engine:{case / 'count'}"})
        seconds, calls = time.monotonic() - began, stage.counted_calls()
        counts = json.loads((case / "count").read_text())
        stage.calm[key] = Calm(
            seconds, counts["file"], counts["event"], (told(made), kept(made)), calls
        )
        stage.forks.end_all(case)
    return stage.calm[key]


def kept(session: Path) -> Mapping[str, bytes]:
    """The files of the kept models."""
    return {
        str(path.relative_to(session)): path.read_bytes()
        for path in sorted((session / "models").rglob("*"))
        if path.is_file()
    }


def engine_of_simulation(stage: Stage, chance: random.Random, case: Path) -> str:
    """Blows to the detached engine, or to what watches over it; then it is run to its end."""
    name = chance.choice(sorted(stage.simulations()))
    calm = calm_simulation(stage, name)
    session = stage.session(case, name, stage.simulations()[name])
    said = [name]
    for _ in range(chance.choice((1, 1, 2, 3))):
        strike = stage.blow(chance, calm)
        role = "watch" if chance.random() < 0.1 and strike.what == "delay" else "engine"
        end = strike_engine(stage, case, session, strike, role)
        said.append(f"{role} {strike}: {end}")
        opens(session)
    with Session(session) as opened:
        finished = opened.state().finished
    if not finished:
        stage.forks.engine_to_its_end(case, session)
    compare(session, calm, said)
    return "; ".join(said)


def compare(session: Path, calm: Calm, said: list[str]) -> None:
    """Events, scores, points and models are those of the calm run, to the last bit, and nothing is
    left behind."""
    expected, models = calm.result
    if told(session) != expected:
        raise FaultError(f"resume differs: {said}")
    here = kept(session)
    if {n: b for n, b in here.items() if "/." not in n} != models:
        which = [n for n in {*here, *models} if here.get(n) != models.get(n)]
        raise FaultError(
            "models differ: "
            f"{[(n, here.get(n, b'')[:300], models.get(n, b'')[:300]) for n in which]}"
        )
    expect_no_leftovers(session, said)


def expect_no_leftovers(session: Path, said: object, most: int = 1) -> None:
    """What a killed writer had begun is cleared away by the next."""
    left = [
        str(p.relative_to(session))
        for p in session.rglob("*")
        if p.name.startswith(".") or p.name.endswith(".part")
    ]
    if len(left) > most:
        raise FaultError(f"left behind: {left} after {said}")


def strike_engine(stage: Stage, case: Path, session: Path, strike: Blow, role: str) -> str:
    """Start an engine and strike it; "killed", "left" or "done"."""
    forks = stage.forks
    forks.engine(case, session, trap=strike.trap(role))
    module = "tui_al.engine" if role == "engine" else "tui_al.host.supervisor"
    began, pid = time.monotonic(), 0
    deadline = began + (strike.when if strike.what == "delay" else 120)
    sent = False
    while forks.at_work(case, session):
        living = forks.alive(case)
        pid = next((p for p, arguments in living if module in arguments), pid)
        if strike.what == "delay" and not sent and time.monotonic() >= deadline and pid:
            strike.hit(pid)
            sent = True
        strike.look()
        if pid and standing_still(pid):
            time.sleep(0.05)
            opens(session)  # nobody waits for who stands still
            send(pid, signal.SIGKILL)
        if time.monotonic() > began + 60 + PATIENCE:
            raise FaultError(f"the engine does not end after {strike}: {living}")
        time.sleep(0.02)
    strike.end()
    if is_live(session):
        raise FaultError(f"somebody holds the engine's lock after {strike}")
    note = session / "engine.exit"
    if role == "watch" or not note.exists():
        return "killed"
    code = json.loads(note.read_text())["code"]
    if isinstance(strike, Failure) and code and code not in TOLD:
        raise FaultError(f"the engine ends with {code} after {strike}")
    return "killed" if code < 0 else "done" if code == 0 else "left"


def send(pid: int, number: int) -> None:
    """A signal, if the process is still there."""
    import contextlib
    import os

    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def standing_still(pid: int) -> bool:
    """Whether the process is stopped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False
