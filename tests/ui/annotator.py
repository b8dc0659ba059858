"""An annotator that reads a real terminal and answers from gold labels by real keys."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers.attempts import Attempts
from tests.helpers.processes import Forks, Victim
from tests.ui.labelling import LabellingSession, labelling_session, people
from tests.ui.terminals import ROOT, Tmux, until
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.store.engine_lock import is_live

TICKETS = ROOT / "sample_data" / "tickets" / "train.csv"

_SAVED = re.compile(r"saved ✓ ([\d,]+)")


def words(text: str) -> str:
    """What remains of a text however it is wrapped."""
    return "".join(text.split())


def tickets(amount: int, labels: int) -> Dataset:
    """Tickets with the commonest labels, so many; gold answers and all."""
    with TICKETS.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    names = sorted({label for _, label in rows})[:labels]
    chosen = [(text, label) for text, label in rows if label in names and len(text) < 700][:amount]
    assert len({words(text) for text, _ in chosen}) == len(chosen) == amount
    examples = tuple(
        Example(identity, text, label)
        for identity, (text, label) in zip(example_ids(t for t, _ in chosen), chosen, strict=True)
    )
    return Dataset("tickets", Task.CLASSIFICATION, tuple(names), examples, ())


def labelled_by_script(
    home: Path, data: Dataset, experiment: ExperimentConfig | None = None
) -> LabellingSession:
    """A session of this data for people, its gold answers in a file beside it; 20 a batch, unless
    told otherwise."""
    session = labelling_session(home, "scripted", experiment=experiment or people("20"), data=data)
    session.recording.session.close()
    gold = {example.id: example.answer for example in data.train}
    (session.directory / "gold.json").write_text(json.dumps(gold))
    return session


class Engine:
    """The light engine as a process that can be killed and comes back."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, as soon as the last one's lock is free."""
        until(lambda: not is_live(self._directory), 10)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.ui.ranking_engine", str(self._directory)], cwd=ROOT
        )

    def kill(self) -> None:
        """Signal 9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class RealEngine:
    """The real engine as a process that can be killed and comes back at once."""

    def __init__(self, directory: Path, forks: Forks, case: Path) -> None:
        self._directory = directory
        self._attempts = Attempts(forks, case)
        self._engine: Victim | None = None

    def start(self) -> None:
        """Start it, as soon as the last one's lock is free."""
        until(lambda: not is_live(self._directory), 10)
        self._engine = self._attempts.start(self._directory)

    def kill(self) -> None:
        """Signal 9; returns when it is gone. It must have been at work."""
        assert self._engine is not None, "none was started"
        self._engine.strike(signal.SIGKILL)
        assert self._engine.wait(10) == -signal.SIGKILL


@dataclass
class Annotator:
    """One person at one terminal. `done` are the answers given so far, as (text, label)."""

    tmux: Tmux
    forks: Forks
    case: Path  #: of the test's processes
    session: LabellingSession
    name: str
    done: list[tuple[str, str]] = field(default_factory=list)
    keys: int = 0
    _gold: Mapping[str, tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        gold = json.loads((self.session.directory / "gold.json").read_text())
        self._gold = {
            words(self.session.text(i)): (self.session.text(i), label) for i, label in gold.items()
        }

    def open(self) -> None:
        """Sit down."""
        module = "tests.ui.labelling_app"
        self.tmux.run_command(self.forks.stub, "-m", module, str(self.session.directory), self.name)

    def kill(self) -> None:
        """Signal 9 to the app; returns when it is gone."""

        def mine() -> list[int]:
            living = self.forks.alive(self.case)
            return [pid for pid, arguments in living if arguments[-1] == self.name]

        for pid in until(mine, 10):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not mine(), 10)

    def sample(self, other_than: str = "") -> tuple[str, str]:
        """Text and gold label of the sample on the screen, once it is another than that text."""

        def found() -> tuple[str, str] | None:
            here = self._gold.get(shown_text(self.tmux.screen()))
            return here if here and here[0] != other_than else None

        return until(found, 60, self.tmux.screen)

    def press(self, *keys: str) -> None:
        """Keys, counted."""
        self.keys += len(keys)
        self.tmux.press(*keys)

    def answer(self, sample: tuple[str, str]) -> None:
        """The key that stands before the gold label."""
        _, label = sample
        key = re.search(rf"(?:^|\s)(\S) {re.escape(label)}\b", bar_of(self.tmux.screen()))
        assert key, f"no key for {label} in\n{self.tmux.screen()}"
        self.done.append(sample)
        self.press(key[1])

    def sees_saved(self, amount: int) -> None:
        """Wait until the screen says so."""
        until(lambda: self.saved() == amount, 60, self.tmux.screen)

    def saved(self) -> int:
        """The number that the screen says is on disk."""
        found = _SAVED.search(self.tmux.screen())
        return int(found[1].replace(",", "")) if found else -1


def shown_text(screen: str) -> str:
    """The sample in the box, without blanks."""
    rows = screen.splitlines()
    inside = [row for row in rows if row.startswith("│") and row.rstrip().endswith("│")]
    return words("".join(row.strip("│ ") for row in inside))


def bar_of(screen: str) -> str:
    """What lies between the box and the suggestion: the labels with their keys."""
    below = screen.partition("╰")[2]
    return "\n".join(below.splitlines()[1:])
