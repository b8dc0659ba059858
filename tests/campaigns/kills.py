"""Random kills over everything that writes: `python -m tests.campaigns.kills --seed 1 --count 500
[--only KIND] [--failures SHARE]`.

Each case starts a process for real (app on a terminal, engine, command), strikes it with a signal
at a random moment, or (a share of the blows) makes calls fail from there on by
`tests/faults/shim.c`, once, for a while or for good, in all its processes, and checks what is left:
nothing acknowledged is lost, the session opens, no half target, no ghost, and going on comes to
what a calm run comes to. A case is drawn by "SEED/NUMBER"; the same draws the same kind, moment and
signal (moments by the clock depend on the machine's load). Everything is forked by a process that
has imported it all, so a case takes a few seconds; `--place DIR` keeps encoder and sessions for the
next."""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.campaigns.commands import COMMANDS
from tests.campaigns.engines import engine_of_simulation
from tests.campaigns.people import app_of_people, engine_of_people
from tests.campaigns.runs import headless_simulation, sweep
from tests.campaigns.stage import Stage
from tests.faults.injector import Fault
from tests.helpers import launcher
from tests.helpers.processes import STUB, Forks, fork_server

Kind = Callable[[Stage, random.Random, Path], str]

#: Kinds of victims, with their shares.
KINDS: dict[str, tuple[Kind, int]] = {
    "engine": (engine_of_simulation, 6),
    "simulate": (headless_simulation, 4),
    "sweep": (sweep, 3),
    "app": (app_of_people, 6),
    "people": (engine_of_people, 3),
    **{name: (kind, 2) for name, kind in COMMANDS.items()},
}


def one_case(stage: Stage, kind: str, name: str) -> tuple[str, str]:
    """Run a case; what happened, and the fault, if there is one."""
    case = stage.directory / f"case-{name.replace('/', '-')}"
    stage.forks.end_all(case)
    case.mkdir()
    chance = random.Random(f"{name} {kind}")
    said, fault = "", ""
    try:
        said = KINDS[kind][0](stage, chance, case)
        stage.forks.expect_no_ghosts(case)
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
        if not isinstance(error, AssertionError):
            fault += "\n" + traceback.format_exc()
        for log in (case / "stderr", *case.glob("home/**/engine.log")):
            if log.exists():
                fault += f"\n{log}: {log.read_text(errors='replace')[-1500:]}"
    if fault and stage.control is not None:  # where whoever lives on is at work
        for pid, _ in stage.forks.alive(case):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGUSR2)
        time.sleep(0.5)
        stacks = Path(f"{case}.stacks")
        fault += f"\n{stacks.read_text()}" if stacks.exists() else ""
    if fault:
        kept = stage.directory / "faults" / case.name
        shutil.copytree(
            case, kept, symlinks=True, ignore_dangling_symlinks=True, dirs_exist_ok=True
        )
    stage.forks.end_all(case)
    if stage.control is not None:
        stage.control.arm(Fault())
    return said, fault


def draw(seed: int, number: int, only: str) -> str:
    """The kind of a case."""
    if only:
        return only
    names = list(KINDS)
    return random.Random(f"{seed}/{number}").choices(names, [KINDS[n][1] for n in names])[0]


def campaign(
    seed: int,
    numbers: Sequence[int],
    *,
    only: str = "",
    log: Path | None = None,
    place: Path,
    failures: float = 0.0,
) -> dict[str, str]:
    """Run the cases of these numbers; faults by the name of the case."""
    faults: dict[str, str] = {}
    ends: Counter[str] = Counter()
    took: defaultdict[str, float] = defaultdict(float)
    forks = Forks()
    place.mkdir(parents=True, exist_ok=True)
    stage = Stage(forks, place, failures)
    for number in numbers:
        kind, name = draw(seed, number, only), f"{seed}/{number}"
        began = time.monotonic()
        before = forks.computed()
        said, fault = one_case(stage, kind, name)
        processor = forks.computed() - before
        seconds = time.monotonic() - began
        took[kind] += seconds
        ends[kind] += 1
        if fault:
            faults[f"{name} {kind}"] = fault
        line = {
            "case": name,
            "kind": kind,
            "seconds": round(seconds, 1),
            "said": said,
            "fault": fault,
        }
        if log is not None:
            with log.open("a") as stream:
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        print(
            f"{name} {kind} {seconds:.1f} s ({processor:.1f}) "
            f"{said}{' FAULT ' + fault if fault else ''}",
            flush=True,
        )
    print(
        f"cases by kind: {dict(ends)}; seconds a case: "
        f"{ {k: round(took[k] / n, 1) for k, n in ends.items()} }"
    )
    print(f"faults: {len(faults)} of {len(numbers)}; what was there: {place / 'faults'}")
    return faults


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument(
        "--failures",
        type=float,
        default=0.0,
        help="share of the blows that are failing calls, 0 to 1",
    )
    parser.add_argument(
        "--number", type=int, action="append", help="this case alone; may be repeated"
    )
    parser.add_argument("--only", default="", choices=["", *KINDS])
    parser.add_argument(
        "--place", type=Path, help="what is made once is kept here, for the next campaign"
    )
    parser.add_argument("--log", type=Path, help="a line of JSON a case is appended here")
    given = parser.parse_args()
    place = given.place or Path(tempfile.mkdtemp(prefix="kills-"))
    if (
        launcher.SOCKET not in os.environ
    ):  # the campaign itself is forked, too: it needs all that is imported
        with fork_server(place / "forks", failing=given.failures > 0) as environment:
            command = [
                environment[STUB],
                "-m",
                "tests.campaigns.kills",
                *sys.argv[1:],
                "--place",
                str(place),
            ]
            code = subprocess.run(command, env=environment, check=False).returncode
        raise SystemExit(code)
    faults = campaign(
        given.seed,
        given.number or range(given.first, given.first + given.count),
        only=given.only,
        log=given.log,
        place=place,
        failures=given.failures,
    )
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
