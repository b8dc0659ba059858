"""`tui-al simulate` and `tui-al sweep`, struck while they work, and run again."""

import random
import signal
import time
from dataclasses import replace
from pathlib import Path

from tests.campaigns.engines import expect_no_leftovers, kept
from tests.campaigns.failures import Blow, Failure
from tests.campaigns.moments import Strike
from tests.campaigns.stage import Stage, opens, told
from tests.helpers.processes import FaultError

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
        "tui_al", "simulate", "tickets", "--train-limit", "150", "--test-limit", "60",
        "--acquisition", encoder,
        "--successor", encoder, "--epochs", "1", "--max-length", "24", "--seed-size", "10",
        "--batch", "10", "--iterations", "2",
        "--seed", "7", "--seed", "8", "--session", "made", "--device", "cpu", "--json",
    ]  # fmt: skip


def headless_simulation(stage: Stage, chance: random.Random, case: Path) -> str:
    """The command, which makes its session first; again until it is done."""
    arguments = simulate_arguments(stage)
    if "simulate" not in stage.calm:
        calm_case = stage.fresh("calm-simulate")
        found = stage.measured("simulate", calm_case, arguments)
        session = calm_case / "home" / "sessions" / "made"
        stage.calm["simulate"] = replace(found, result=(told(session), kept(session)))
        stage.forks.end_all(calm_case)
    calm = stage.calm["simulate"]
    session = case / "home" / "sessions" / "made"
    said = []
    for _ in range(chance.choice((1, 2))):
        strike = stage.blow(chance, calm)
        victim = stage.forks.start(case, arguments, trap=strike.trap("cli"))
        end = strike.fall(victim)
        said.append(f"{strike}: {end}{check_words(case, strike, end)}")
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


def check_words(case: Path, strike: Blow, end: str) -> str:
    """Nobody is shown a traceback, whatever the blow, and whoever leaves for a failing call says
    why; its last line."""
    text = (case / "stderr").read_text(errors="replace")
    if "Traceback" in text:
        raise FaultError(f"a traceback after {strike}:\n{text[-3000:]}")
    if not isinstance(strike, Failure) or not end.startswith("left"):
        return ""
    said = text.strip() or (case / "stdout").read_text(errors="replace").strip()
    if not said:
        raise FaultError(f"{end} without a word after {strike}")
    return f" ({said[-300:]})"


def sweep(stage: Stage, chance: random.Random, case: Path) -> str:
    """Two arms of two seeds. The command is struck, or one of its engines; then the command is run
    again."""
    arguments = ["tui_al", "sweep", "small.toml", "--jobs", "2", "--name", "small", "--json"]
    text = SWEEP.replace("{encoder}", str(stage.encoder))
    if "sweep" not in stage.calm:
        calm_case = stage.fresh("calm-sweep")
        (calm_case / "small.toml").write_text(text)
        found = stage.measured("sweep", calm_case, arguments)
        stage.calm["sweep"] = replace(found, result=_arms(calm_case))
        stage.forks.end_all(calm_case)
    calm = stage.calm["sweep"]
    (case / "small.toml").write_text(text)
    said = []
    for _ in range(chance.choice((1, 2))):
        strike = stage.blow(chance, calm)
        role = chance.choice(("cli", "cli", "engine"))
        if role == "engine" and isinstance(strike, Strike):
            strike = Strike.draw(chance, calm.seconds, 12, 24, signals="KILL")
        trap = strike.trap(role)
        victim = stage.forks.start(case, arguments, trap=trap)
        if isinstance(strike, Failure):
            said.append(f"{strike}: {strike.fall(victim)}")
        elif role == "engine" and strike.what == "delay":
            _strike_an_engine(stage, case, strike, chance)
            said.append(f"an engine, {strike}: the sweep ended with {victim.wait(60)}")
        elif role == "engine":
            said.append(f"an engine, {strike}: the sweep ended with {victim.wait(60)}")
        else:
            said.append(f"{strike}: {strike.fall(victim)}")
        if victim.wait(0.01) is None:
            raise FaultError(f"the sweep does not end: {said}")
        said[-1] += check_words(case, strike, said[-1].rpartition(": ")[2])
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
