"""Every call that writes fails once, and once with all after it: `python -m
tests.campaigns.every_call [--errno ENOSPC] [--every 1] [--first 1] [--last N]`.

Over a short session of labelling and a short simulation, each call n = 1, 2, 3 ... below the home
(write, fsync, truncate, open to make, rename, mkdir, lock) is made to fail by `tests/faults/shim.c`
with each errno. Afterwards, without faults: the session opens and is sound, no acknowledged
decision is missing, and the simulation ends like one that nothing disturbed."""

import argparse
import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, Self

from tests.engine import tiny
from tests.engine.test_resume import outcome
from tests.faults.injector import KINDS, Control, Fault, compile_shim
from tests.faults.worker import DEFECT
from tests.ui.labelling import labelling_session
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS, default_settings
from tui_al.store.database import Database
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session

ROOT = Path(__file__).parents[2]

#: The faults to inject into a session that makes so many calls.
Choice = Callable[[int], Iterable[Fault]]


@dataclass
class Tally:
    """What came of the faults of one kind."""

    calls: int = 0  #: of an undisturbed session
    faults: int = 0  #: attempts in which a call failed
    finished: int = 0  #: attempts that ended as if nothing had happened
    acknowledged: int = 0
    missing: list[str] = field(default_factory=list)  #: acknowledged, and not there afterwards
    closed: list[str] = field(default_factory=list)  #: sessions that do not open, or are not sound
    different: list[str] = field(default_factory=list)  #: simulations that ended otherwise
    defects: list[str] = field(default_factory=list)  #: tracebacks and deaths
    reasons: Counter[str] = field(default_factory=Counter)  #: how those who gave up said why

    def is_clean(self) -> bool:
        return not (self.missing or self.closed or self.different or self.defects)

    def __str__(self) -> str:
        return (
            f"calls {self.calls:,}, faults {self.faults:,}, went on to the end {self.finished:,}, "
            f"acknowledged {self.acknowledged:,}, "
            f"acknowledged and missing {len(self.missing)}, sessions that do not open "
            f"{len(self.closed)}, "
            f"other results {len(self.different)}, defects {len(self.defects)}"
        )


class Worker:
    """The other end of `tests.faults.worker`, which lives below `place`."""

    def __init__(self, what: str, place: Path, shim: Path) -> None:
        self.work = place / "work"
        self.work.mkdir(parents=True)
        self.control = Control(place / "control")
        self._process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker", what], cwd=ROOT, text=True,
            env=self.control.environment(shim, self.work) | {"FAULTS_HURRY": "100"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._pipes()[1].readline() == "ready\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        requests, answers = self._pipes()
        requests.close()
        self._process.wait(60)
        answers.close()

    def attempt(self, fault: Fault) -> dict[str, Any]:
        """Work on the session in `work` while this fails; what came of it."""
        self.control.arm(fault)
        requests, answers = self._pipes()
        requests.write(f"{self.session}\n")
        requests.flush()
        answer: dict[str, Any] = json.loads(answers.readline())
        answer["calls"], answer["failed"] = self.control.calls, self.control.failed
        self.control.arm(Fault())
        return answer

    @property
    def session(self) -> Path:
        return self.work / "home" / "sessions" / "made"

    def renew(self, pristine: Path) -> None:
        """The home as it was."""
        shutil.rmtree(self.work / "home", ignore_errors=True)
        shutil.copytree(pristine, self.work / "home")

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


def labelling_home(place: Path) -> Path:
    """A home with a session to label, its first ranking put up."""
    made = labelling_session(place, "made")
    made.rank(1)
    made.recording.session.close()
    return place


def simulation_home(place: Path) -> Path:
    """A home with a session to simulate: words ask, a tiny encoder learns, one round."""
    from tui_al.engine.data import load
    from tui_al.engine.worker.session_setup import open_or_create

    data = DataConfig("tickets", train_limit=40, test_limit=10)
    texts = [example.text for example in load(data).train]
    encoder = tiny.save_encoder("bert", place.parent / "encoder", texts, width=32)
    config = ExperimentConfig(
        data,
        acquisition=default_settings(BAG_OF_WORDS, "head"),
        successor=tiny.settings(encoder, "full", epochs=1, max_length=16),
        loop=LoopConfig("lc", Amount(8, False), Amount(4, False), 1, gauge=0),
        seeds=(7,),
        device="cpu",
    )
    with open_or_create(place, config, {}, "made"):
        return place


def labelling(worker: Worker, pristine: Path, faults: Choice, number: int, tally: Tally) -> None:
    """Each of the faults over a session of labelling."""
    worker.renew(pristine)
    calm = worker.attempt(Fault(0, number))
    assert calm["code"] == 0, calm
    tally.calls += calm["calls"]
    for fault in faults(calm["calls"]):
        worker.renew(pristine)
        answer = worker.attempt(fault)
        _count(tally, fault, answer)
        with _opening(tally, fault), DecisionLog(worker.session) as log:
            there = {record.uid for record in log.read()}
            tally.acknowledged += len(answer["acknowledged"])
            tally.missing += [f"{fault}: {uid}" for uid in set(answer["acknowledged"]) - there]
            if answer["code"] == 0 and len(there) != _DECISIONS:
                tally.different.append(f"{fault}: {len(there)} decisions")
            _check_sound(worker.session)


def simulation(worker: Worker, pristine: Path, faults: Choice, number: int, tally: Tally) -> None:
    """The same over a simulation, which is gone on with until it is finished."""
    worker.renew(pristine)
    calm = worker.attempt(Fault(0, number))
    assert calm["code"] == 0, calm
    expected = outcome(worker.session)
    tally.calls += calm["calls"]
    for fault in faults(calm["calls"]):
        worker.renew(pristine)
        answer = worker.attempt(fault)
        _count(tally, fault, answer)
        with _opening(tally, fault):
            _check_sound(worker.session)
            if answer["code"]:
                again = worker.attempt(Fault())
                if again["code"]:
                    tally.different.append(f"{fault}: not to be finished: {again}")
                    continue
            if outcome(worker.session) != expected:
                tally.different.append(f"{fault}: other results")


#: Decisions of the script in `tests.faults.worker.label`.
_DECISIONS = 10


#: Calls after which a campaign says how far it is.
_TOLD_EVERY = 50


def _every(number: int, every: int, first: int, last: int, calls: int) -> Iterator[Fault]:
    """Every so manieth call from the first to the last (0: of all), once and for good; how far it
    is goes to stderr."""
    last = min(last or calls, calls)
    for count, at in enumerate(range(first, last + 1, every)):
        if count % _TOLD_EVERY == 0:
            moment = time.strftime("%H:%M:%S")
            print(
                f"{moment} {errno.errorcode[number]}: call {at} of {calls}",
                file=sys.stderr, flush=True,
            )  # fmt: skip
        yield Fault(at, number)
        yield Fault(at, number, forever=True)


def _count(tally: Tally, fault: Fault, answer: dict[str, Any]) -> None:
    tally.faults += bool(answer["failed"])
    tally.finished += answer["code"] == 0
    tally.reasons.update(answer["said"])
    if answer["code"] == DEFECT or answer["code"] < 0:
        tally.defects.append(f"{fault}: {answer['code']} {answer['defect']}")


@contextlib.contextmanager
def _opening(tally: Tally, fault: Fault) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        tally.closed.append(f"{fault}: {type(error).__name__}: {error}")


def _check_sound(directory: Path) -> None:
    with Session(directory) as session:
        assert session.created()
        assert not session.state().damage
        session.send("pause")
    for name in ("session.db", "examples.db"):
        with contextlib.closing(Database(directory / name, wal=False)) as db:
            (said,) = db.execute("PRAGMA integrity_check").fetchone()
            assert said == "ok", said


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--errno", action="append", help="one of these, by name")
    parser.add_argument("--what", action="append", choices=["label", "simulate"])
    parser.add_argument("--every", type=int, default=1, help="only every so manieth call")
    parser.add_argument("--first", type=int, default=1, help="the first call that fails")
    parser.add_argument("--last", type=int, default=0, help="the last one; 0: of all")
    options = parser.parse_args()
    numbers = [getattr(errno, name) for name in options.errno or []] or list(KINDS)
    os.environ["OMP_NUM_THREADS"] = "1"
    failed = False
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # where an fsync takes no time
    with tempfile.TemporaryDirectory(prefix="every-call-", dir=memory) as folder:
        place = Path(folder)
        shim = compile_shim(place)
        if shim is None:
            sys.exit("there is no C compiler")
        for what in options.what or ["label", "simulate"]:
            homes, run = {
                "label": (labelling_home, labelling),
                "simulate": (simulation_home, simulation),
            }[what]
            pristine = homes(place / f"{what}-home")
            with Worker(what, place / what, shim) as worker:
                for number in numbers:
                    began, tally = time.monotonic(), Tally()
                    which = partial(_every, number, options.every, options.first, options.last)
                    run(worker, pristine, which, number, tally)
                    seconds = time.monotonic() - began
                    print(
                        f"{what} {errno.errorcode[number]}: {tally} ({seconds:.0f} s)", flush=True
                    )
                    for reason, count in tally.reasons.most_common(12):
                        print(f"    {count} x {reason}")
                    for line in (*tally.missing, *tally.closed, *tally.different, *tally.defects)[
                        :20
                    ]:
                        print(f"    ! {line}")
                    failed |= not tally.is_clean()
    sys.exit(failed)


if __name__ == "__main__":
    main()
