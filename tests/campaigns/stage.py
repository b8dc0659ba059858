"""What the cases begin with, made once: a tiny encoder, sessions that nothing has happened in, and
what calm runs of them come to."""

import csv
import json
import random
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.campaigns.failures import Blow, Failure
from tests.campaigns.moments import SIGNALS, Strike
from tests.campaigns.traps import COUNT
from tests.engine import tiny
from tests.engine.test_resume import experiment, outcome
from tests.faults.injector import ALL, Fault
from tests.helpers.processes import FaultError, Forks
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS, default_settings
from tui_al.engine.data import load
from tui_al.engine.worker.session_setup import open_or_create
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session

Outcome = Mapping[object, Sequence[tuple[object, ...]]]


@dataclass(frozen=True, slots=True)
class Calm:
    """What an undisturbed run takes and comes to."""

    seconds: float
    files: int
    events: int
    result: Any
    calls: tuple[int, ...] = ()  #: that can fail, by the bit of their kind; none without the shim


@dataclass
class Stage:
    """Templates by name; a case works on copies."""

    forks: Forks
    directory: Path
    failures: float = 0.0  #: share of blows that are failing calls
    calm: dict[str, Calm] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.control = self.forks.control
        if self.failures and self.control is None:
            raise ValueError("calls cannot be made to fail: the fork server has no shim")
        data = [load(DataConfig(n, train_limit=150, test_limit=60)) for n in ("tickets", "events")]
        texts = [e.text for one in data for e in (*one.train, *one.test)]
        self.encoder = self.directory / "encoder"
        if not self.encoder.exists():
            tiny.save_encoder("bert", self.encoder, texts, width=32)
        self.tickets = data[0]
        self.templates = self.directory / "templates"

    def blow(self, chance: random.Random, calm: Calm, *, signals: str = SIGNALS) -> Blow:
        """When and by what a process is struck that takes so long, in which so much happens."""
        if self.control is not None and self.failures and chance.random() < self.failures:
            return Failure.draw(chance, calm.seconds, calm.calls, self.control)
        return Strike.draw(chance, calm.seconds, calm.files, calm.events, signals=signals)

    def count_calls(self) -> None:
        """From now on; nothing fails."""
        if self.control is not None:
            self.control.arm(Fault(kinds=ALL))

    def counted_calls(self) -> tuple[int, ...]:
        """Since then, by the bit of their kind; none without the shim."""
        return () if self.control is None else self.control.counts()

    def simulations(self) -> dict[str, ExperimentConfig]:
        """Of every way to continue: cold, warm, on a frozen trunk, tagging, a bag of words that
        asks."""
        encoder = self.encoder
        words = replace(default_settings(BAG_OF_WORDS, "head"), epochs=1)
        short = experiment(encoder, rounds=1)
        return {
            "cold": short,
            "warm": experiment(encoder, rounds=2, seeds=(7,), start="warm"),
            "trunk": experiment(encoder, rounds=1, seeds=(9,), trunk_layers=1),
            "tagging": experiment(encoder, "events", "mnlp", seeds=(9,), rounds=1),
            "words": replace(short, acquisition=words, seeds=(7,)),
        }

    def fresh(self, name: str) -> Path:
        """A directory to work in, empty."""
        made = self.directory / name
        if made.exists():
            self.forks.end_all(made)
        made.mkdir()
        return made

    def session(self, case: Path, name: str, config: ExperimentConfig) -> Path:
        """A copy of the new session of this experiment, in the case's home."""
        made = self.templates / "sessions" / name
        if not made.is_dir():
            with open_or_create(self.templates, config, {}, name):
                pass
        return Path(shutil.copytree(made, case / "home" / "sessions" / name))

    def people(self) -> ExperimentConfig:
        """People label tickets, ten at a time."""
        config = experiment(self.encoder, seeds=(7,))
        loop = replace(
            config.loop,
            oracle="person",
            batch=Amount.parse("10"),
            seed_size=Amount.parse("10"),
            label_noise=0.0,
            rounds=0,
        )
        pool = self.directory / "pool.csv"
        if not pool.exists():
            with pool.open("w", newline="") as file:
                csv.writer(file).writerows([["text"], *([e.text] for e in self.tickets.train)])
        data = DataConfig(
            str(pool), labels=self.tickets.labels, task="classification", test_share=0.0
        )
        return replace(config, loop=loop, data=data)

    def labelled(self, case: Path, name: str, salt: str = "", amount: int = 90) -> Path:
        """A session in which three people have labelled, the same each time."""
        kept = self.templates / "labelled" / f"{name}{salt}"
        if not kept.is_dir():
            made = self.session(self.fresh(f"making-{name}{salt}"), "people", self.people())
            answer(made, self.tickets.train[:amount], self.tickets.labels, salt)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(made, kept)
        return Path(shutil.copytree(kept, case / "home" / "sessions" / name))

    def finished(self, case: Path, name: str) -> Path:
        """A finished simulation with its kept models."""
        kept = self.templates / "finished" / name
        if not kept.is_dir():
            calm = self.fresh(f"finishing-{name}")
            made = self.session(calm, name, self.simulations()[name])
            self.forks.engine_to_its_end(calm, made)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(made, kept)
        return Path(shutil.copytree(kept, case / "home" / "sessions" / name))

    def measured(self, key: str, case: Path, arguments: Sequence[str], role: str = "cli") -> Calm:
        """A command to its end, with what it takes; `case` stays for the caller to read the result
        from."""
        count = case / "count"
        self.count_calls()
        began = time.monotonic()
        victim = self.forks.start(case, arguments, more={COUNT: f"{role}:{count}"})
        code = victim.wait(120)
        if code != 0:
            raise FaultError(f"the calm run of {key}: {code}\n{(case / 'stderr').read_text()}")
        counts = json.loads(count.read_text())
        return Calm(
            time.monotonic() - began, counts["file"], counts["event"], None, self.counted_calls()
        )


def answer(directory: Path, examples: Sequence[Any], labels: Sequence[str], salt: str) -> None:
    """Decisions of three people: labels, a skip, a flag, some undone, labels added and renamed."""
    with DecisionLog(directory) as log:
        records = [_record(salt, 0, "anna", de.AddLabel("other"))]
        for number, example in enumerate(examples):
            who = ("anna", "omar", "lena")[number % 3]
            label = labels[number % len(labels)]
            decision: Any = de.Label((example.id,), label)
            if number % 17 == 5:
                decision = de.Flag(example.id, "unclear to me")
            elif number % 19 == 6:
                decision = de.Skip(example.id)
            records.append(_record(salt, number + 1, who, decision))
            if number % 13 == 7:
                records.append(_record(salt, number + 1000, who, de.Undo(records[-1].uid)))
        records.append(_record(salt, 5000, "anna", de.RenameLabel("other", "something else")))
        log.insert(records)


def _record(salt: str, number: int, who: str, decision: Any) -> DecisionRecord:
    return DecisionRecord(0, 1.7e9 + number, who, f"{salt}u{number}", decision)


def told(directory: Path) -> Outcome:
    """What a finished simulation came to, seed by seed."""
    found: dict[object, list[tuple[object, ...]]] = {}
    for one in outcome(directory):
        found.setdefault(one[1], []).append(one)
    return found


def decisions(directory: Path) -> list[DecisionRecord]:
    """All decisions on record."""
    with DecisionLog(directory) as log:
        return log.read()


def opens(directory: Path) -> None:
    """The session opens and can be read; everything in it is as SQLite wrote it."""
    with Session(directory) as session:
        session.state()
        session.dataset()
        found = session._db.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise FaultError(f"{directory}: {found}")
