"""Single flipped bits in a session's files: labels, scores and answers are either what they were,
or what is wrong is told.

    python -m tests.campaigns.bit_flips [FLIPS [SEED]]

Two sessions are flipped in turn, one that people label in and one of a simulation, each as a killed
process leaves it (much of it in the write-ahead log) and as it is after it was closed. After each
flip the session is opened, folded and exported."""

import collections
import contextlib
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.report import states
from tests.store.labelled_sessions import TICKETS, Clock, by_people, simulated
from tui_al.core.annotation import decisions as de
from tui_al.core.session import events as ev
from tui_al.errors import TuiAlError
from tui_al.store.annotations import labels_of
from tui_al.store.examples import ExampleReader
from tui_al.store.session import Session

FILES = ("session.db", "session.db-wal", "examples.db", "session.last")


def make_sessions(place: Path) -> list[Path]:
    """The four of them: by people and of a simulation, killed and closed."""
    made = []
    for kind in ("people", "simulation"):
        session = (by_people if kind == "people" else simulated)(place, kind, TICKETS)
        with session:
            if kind == "people":
                _decide(session)
            else:
                session.append(*_runs())
            killed = place / f"{kind}-killed"
            shutil.copytree(session.directory, killed)  # nobody writes, so it is of one moment
            (killed / "session.db-shm").unlink(missing_ok=True)
        made += [session.directory, killed]
    return made


def _decide(session: Session) -> None:
    clock = Clock(session)
    for identity in "abcdef":
        clock.label("anna", identity, "return")
        clock.label("bert", identity, "complaint" if identity == "c" else "return")
    clock.decide("anna", de.Note("a", "see rules"), de.Flag("d", "half a text"))
    clock.decide("bert", de.AddLabel("other"), de.RenameLabel("return", "send back"))
    session.append(
        *[
            one
            for one in states.run_events(7, [0.5, 0.6, 0.7])
            if isinstance(one, ev.RoundResult | ev.RunStarted)
        ]
    )


def _runs() -> list[ev.Event]:
    events = []
    for seed in (7, 8):
        for one in states.run_events(seed, [0.5, 0.6, 0.7]):
            if isinstance(one, ev.Labelled):
                one = ev.Labelled(
                    seed, one.round, ("a", "b"), ("return", "complaint"), ("gold", "gold")
                )
            events.append(one)
    return events


def facts_of(directory: Path) -> tuple[dict[str, Any], bool]:
    """All labels, scores and answers that a session has, and whether it was told that something is
    wrong with it.

    Raises:
        TuiAlError: the session cannot be read, which is told by this.
    """
    with Session(directory) as session:
        state = session.state()
        labels = labels_of(session)
        everybody = labels_of(session, each=True, given=True)
    with contextlib.closing(ExampleReader(directory / "examples.db")) as reader:
        shown = [reader.get(example) for example in "abcdefg"]
    runs = {seed: (run.points, dict(run.labelled), run.status) for seed, run in state.runs.items()}
    facts = {
        "config": None if state.config is None else state.config.to_dict(),
        "classes": state.classes,
        "runs": runs,
        "finished": state.finished,
        "labels": [asdict(one) for one in labels.annotations],
        "everybody": [asdict(one) for one in everybody.annotations],
        "header": asdict(labels.header),
        "texts": [None if one is None else one.text for one in shown],
    }
    told = bool(state.damage or labels.damage or everybody.damage or None in shown)
    return facts, told


def flip(path: Path, bit: int) -> None:
    """Turn one bit of a file over."""
    with path.open("r+b") as file:
        file.seek(bit // 8)
        (byte,) = file.read(1)
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def campaign(flips: int, seed: int) -> "collections.Counter[str]":
    """How many flips changed nothing, were told, or changed something unnoticed; the last are
    printed."""
    chance, counts = random.Random(seed), collections.Counter[str]()
    with tempfile.TemporaryDirectory(
        prefix="flips-",
        dir="/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: PTH112
    ) as folder:
        place = Path(folder)
        sessions = make_sessions(place)
        references = []
        for session in sessions:
            copy = Path(shutil.copytree(session, place / "now"))
            facts, told = facts_of(copy)
            assert not told, session
            references.append(facts)
            shutil.rmtree(copy)
        for number in range(flips):
            which = number % len(sessions)
            copy = place / "now"
            shutil.copytree(sessions[which], copy)
            there = [copy / name for name in FILES if (copy / name).exists()]
            path = chance.choices(there, [one.stat().st_size for one in there])[0]
            bit = chance.randrange(path.stat().st_size * 8)
            flip(path, bit)
            outcome = _outcome(copy, references[which])
            counts[outcome] += 1
            if outcome not in ("nothing changed", "told"):
                print(f"{sessions[which].name} {path.name} bit {bit} (flip {number}): {outcome}")
            shutil.rmtree(copy)
    return counts


def _outcome(directory: Path, reference: dict[str, Any]) -> str:
    try:
        facts, told = facts_of(directory)
    except TuiAlError:
        return "told"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if facts == reference:
        return "nothing changed"
    return (
        "told" if told else f"UNNOTICED: {[key for key in facts if facts[key] != reference[key]]}"
    )


def main() -> None:
    """Run so many flips and print the counts; the exit code is 1 where one was unnoticed."""
    flips = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    begun = time.monotonic()
    counts = campaign(flips, seed)
    print(f"SQLite {sqlite3.sqlite_version}, seed {seed}, {time.monotonic() - begun:.0f} s")
    for outcome, count in counts.most_common():
        print(f"{count:6,}  {outcome}")
    sys.exit(any(one not in ("nothing changed", "told") for one in counts))


if __name__ == "__main__":
    main()
