"""Sessions with labels in them, written by hand: of a simulation, and of people."""

from pathlib import Path

from tests.helpers.new_session import new_session
from tests.report import states
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import Decision, DecisionRecord
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session

TICKETS = Dataset(
    "tickets",
    Task.CLASSIFICATION,
    ("complaint", "return"),
    (
        *(Example(name, f"text {name}") for name in "abcdef"),
        Example("g", "given", "return", origin="train.csv:9"),
    ),
    (Example("t", "test", "return"),),
)

#: "b" has a line break and two blanks, which its words joined do not have.
EVENTS = Dataset(
    "events",
    Task.TAGGING,
    ("LOC", "PER"),
    (
        Example("a", "Anna in Ulm", None, ("Anna", "in", "Ulm")),
        Example("b", "Omar  left\nNew York", None, ("Omar", "left", "New", "York")),
        Example("c", "nobody", None, ("nobody",)),
    ),
    (Example("t", "Bern", ("B-LOC",), ("Bern",)),),
)


def by_people(home: Path, name: str, data: Dataset = TICKETS, seed: int = 7) -> Session:
    """A new session for people to label in."""
    return _create(home, name, data, states.config((seed,), oracle="person"))


def simulated(home: Path, name: str, data: Dataset, seeds: tuple[int, ...] = (7, 8)) -> Session:
    """A session whose runs have no label yet."""
    return _create(home, name, data, states.config(seeds))


def _create(home: Path, name: str, data: Dataset, experiment: ExperimentConfig) -> Session:
    told = states.created(experiment)
    return new_session(
        home, name, experiment, data,
        notes=told.notes, warnings=told.warnings, manifest=told.manifest,
    )  # fmt: skip


def labelled(session: Session, seed: int, *pairs: tuple[str, object], by: str = "gold") -> None:
    """A round of a simulation: ids and answers."""
    ids, answers = zip(*pairs, strict=True)
    session.append(ev.Labelled(seed, 0, ids, answers, (by,) * len(ids)))


class Clock:
    """Puts decisions on record at the times 1, 2, 3 ... of one machine, with names that start with
    the machine's."""

    def __init__(self, session: Session, machine: str = "m", start: float = 0.0) -> None:
        self._session, self._machine, self.now = session, machine, start

    def decide(self, annotator: str, *decisions: Decision) -> str:
        """The name of the last of these decisions."""
        uid = ""
        with DecisionLog(self._session.directory) as log:
            for decision in decisions:
                self.now += 1
                uid = f"{self._machine}{int(self.now)}"
                log.insert([DecisionRecord(0, self.now, annotator, uid, decision)])
        return uid

    def label(self, annotator: str, identity: str, answer: de.UserAnswer) -> str:
        return self.decide(annotator, de.Label((identity,), answer))
