"""Stores small sessions of today's schema number, which every later program must open: `python -m
tests.store.stored_sessions`.

To be run once for each number, before the first session of the next one is written.
"""

import contextlib
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from tests.report import states
from tests.store.labelled_sessions import EVENTS, TICKETS, Clock, by_people, simulated
from tui_al.core.annotation import decisions as de
from tui_al.core.session import events as ev
from tui_al.store.migrations import SCHEMA_VERSION

STORED = Path(__file__).parent / "stored"


def store(number: int = SCHEMA_VERSION) -> Path:
    """Make the folder `stored/NUMBER`; raises FileExistsError if it is there, since what is stored
    never changes."""
    target = STORED / str(number)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        with simulated(home, "simulation", TICKETS) as session:
            session.append(ev.EngineStarted(1, "host", "cpu", False, states.MACHINE))
            for seed, accuracies in {7: (0.5, 0.6, 0.7), 8: (0.4, 0.8)}.items():
                session.append(*states.run_events(seed, accuracies, finish=seed == 7))
            session.send("stop")
            session.append(ev.EngineFinished("stopped"))
        with by_people(home, "labelled", EVENTS) as session:
            clock = Clock(session)
            clock.label("anna", "a", ((0, 4, "PER"), (8, 11, "LOC")))
            clock.decide("anna", de.AddLabel("ORG"), de.Skip("b"))
            undone = clock.label("omar", "c", ())
            clock.decide("omar", de.Undo(undone))
        for directory in (home / "sessions").iterdir():
            kept = target / directory.name
            kept.mkdir()
            for name in ("session.db", "examples.db"):
                with contextlib.closing(sqlite3.connect(directory / name)) as db:
                    db.execute("PRAGMA journal_mode = DELETE")
                    db.execute("VACUUM")
                shutil.copy(directory / name, kept / name)
            shutil.copy(directory / "session.last", kept / "session.last")
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{store()}\n")
