"""`tui-al simulate` and `tui-al sweep`, struck while they work, and run again."""

import random
import signal
import time
from pathlib import Path

from tests.campaigns.engines import expect_no_leftovers, kept
from tests.campaigns.moments import Strike
from tests.campaigns.processes import FaultError
from tests.campaigns.stage import Calm, Stage, opens, told

SWEEP = """
data.source = "tickets"
data.train_limit = 120
data.test_limit = 40
seeds = [7, 8]
device = "cpu"
[learner]
model = "{encoder}"
epochs = 1
max_length = 24
[acquisition]
tuning = "adapter"
[successor]
tuning = "full"
[loop]
seed_size = "10"
batch = "10"
rounds = 1
[grid]
loop.strategy = ["random", "lc"]
"""


def simulate_arguments(stage: Stage) -> list[str]:
    """A short experiment by options."""
    encoder = str(stage.encoder)
    return [
        "tui_al", "simulate", "tickets", "--train-limit", "150", "--test-limit", "60", "--acquisition", encoder,
        "--successor", encoder, "--epochs", "1", "--max-length", "24", "--seed-size", "10", "--batch", "10", "--iterations", "2",
        "--seed", "7", "--seed", "8", "--session", "made", "--device", "cpu", "--json",
    ]  # fmt: skip


def headless_simulation(stage: Stage, chance: random.Random, case: Path) -> str:
    """The command, which makes its session first; again until it is done."""
    arguments = simulate_arguments(stage)
    if "simulate" not in stage.calm:
        calm_case = stage.fresh("calm-simulate")
        found = stage.measured("simulate", calm_case, arguments)
        session = calm_case / "home" / "sessions" / "made"
        stage.calm["simulate"] = Calm(found.seconds, found.files, found.events, (told(session), kept(session)))  # fmt: skip
        stage.forks.end_all(calm_case)
    calm = stage.calm["simulate"]
    session = case / "home" / "sessions" / "made"
    said = []
    for _ in range(chance.choice((1, 2))):
        strike = Strike.draw(chance, calm.seconds, calm.files, calm.events)
        victim = stage.forks.start(case, arguments, trap=strike.trap("cli"))
        said.append(f"{strike}: {strike.fall(victim)}")
        check_words(case, strike)
        if session.exists():
            opens(session)
    again(stage, case, arguments)
    expected, models = calm.result
    if told(session) != expected:
        raise FaultError(f"resume differs: {said}")
    if {n: b for n, b in kept(session).items() if "/." not in n} != models:
        here = kept(session)
        which = sorted(n for n in {*here, *models} if here.get(n) != models.get(n))
        raise FaultError(f"models differ in {which}: {said}")
    expect_no_leftovers(case / "home", said)
    return "; ".join(said)


def again(stage: Stage, case: Path, arguments: list[str]) -> None:
    """The same command succeeds now."""
    code = stage.forks.run(case, arguments, seconds=120)
    if code:
        raise FaultError(f"again: exit code {code}: {(case / 'stderr').read_text()[-2000:]}")


def check_words(case: Path, strike: Strike) -> None:
    """Nobody is shown a traceback, whatever the signal."""
    text = (case / "stderr").read_text(errors="replace")
    if "Traceback" in text:
        raise FaultError(f"a traceback after {strike}:\n{text[-3000:]}")


def sweep(stage: Stage, chance: random.Random, case: Path) -> str:
    """Two arms of two seeds. The command is struck, or one of its engines; then the command is run again."""
    arguments = ["tui_al", "sweep", "small.toml", "--jobs", "2", "--name", "small", "--json"]
    text = SWEEP.replace("{encoder}", str(stage.encoder))
    if "sweep" not in stage.calm:
        calm_case = stage.fresh("calm-sweep")
        (calm_case / "small.toml").write_text(text)
        found = stage.measured("sweep", calm_case, arguments)
        stage.calm["sweep"] = Calm(found.seconds, found.files, found.events, _arms(calm_case))
        stage.forks.end_all(calm_case)
    calm = stage.calm["sweep"]
    (case / "small.toml").write_text(text)
    said = []
    for _ in range(chance.choice((1, 2))):
        strike = Strike.draw(chance, calm.seconds, calm.files, calm.events)
        role = chance.choice(("cli", "cli", "engine"))
        if role == "engine":
            strike = Strike.draw(chance, calm.seconds, 12, 24, signals="KILL")
        trap = strike.trap(role)
        victim = stage.forks.start(case, arguments, trap=trap)
        if role == "engine" and strike.what == "delay":
            _strike_an_engine(stage, case, strike, chance)
            end = victim.wait(60)
            said.append(f"an engine, {strike}: the sweep ended with {end}")
        elif role == "engine":
            said.append(f"an engine, {strike}: the sweep ended with {victim.wait(60)}")
        else:
            said.append(f"{strike}: {strike.fall(victim)}")
        if victim.wait(0.01) is None:
            raise FaultError(f"the sweep does not end: {said}")
        check_words(case, strike)
        for session in (case / "home" / "sweeps" / "small" / "sessions").glob("[!.]*"):
            opens(session)
    again(stage, case, arguments)
    if _arms(case) != calm.result:
        raise FaultError(f"resume differs: {said}")
    expect_no_leftovers(case / "home", said)
    return "; ".join(said)


def _strike_an_engine(stage: Stage, case: Path, strike: Strike, chance: random.Random) -> None:
    deadline = time.monotonic() + strike.when
    while time.monotonic() < deadline:
        time.sleep(0.01)
    engines = [pid for pid, arguments in stage.forks.alive(case) if "tui_al.engine" in arguments]
    if engines:
        from tests.campaigns.engines import send

        send(chance.choice(engines), signal.SIGKILL)


def _arms(case: Path) -> dict[str, object]:
    from tests.campaigns.stage import told

    folder = case / "home" / "sweeps" / "small" / "sessions"
    return {session.name: told(session) for session in sorted(folder.glob("[!.]*"))}
