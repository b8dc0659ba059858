"""Samples for two annotators are spread evenly through the work, whoever is there: random schedules
of people."""

import json
import random
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.store.people import make_session, people_config, put_up_ranking, texts_pool
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.label_state import wants_two
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import CLIENT_SECONDS
from tui_al.store.samples import Sample

POOL = texts_pool([f"text number {n}" for n in range(400)], ("refund", "repair"))
IDS = [example.id for example in POOL.train]


def opened(tmp_path: Path, overlap: float) -> Path:
    directory = make_session(tmp_path, POOL, config=people_config(overlap=overlap))
    put_up_ranking(directory, [{"id": i} for i in IDS])
    return directory


@dataclass
class Office:
    """Annotators who come, label, skip, leave, and lose their connection."""

    directory: Path
    overlap: float
    present: dict[str, AnnotationService] = field(default_factory=dict)
    gone: list[AnnotationService] = field(default_factory=list)
    offered: dict[str, list[str]] = field(
        default_factory=dict
    )  #: by annotator, without skipped ones
    skipped: set[tuple[str, str]] = field(default_factory=set)  #: annotator and sample
    new: list[str] = field(default_factory=list)  #: first offers, in order

    def join(self, name: str) -> None:
        self.present[name] = AnnotationService(self.directory, name)

    def leave(self, name: str) -> None:
        self.present.pop(name).close()

    def vanish(self, name: str) -> None:
        """No sign of life for too long; nothing is given back."""
        service = self.present.pop(name)
        self.gone.append(service)
        with sqlite3.connect(self.directory / "session.db") as db:
            age = "UPDATE clients SET seen = seen - ? WHERE client = ?"
            db.execute(age, (CLIENT_SECONDS + 1, service.client.name))
        db.close()

    def step(self, name: str, rng: random.Random, skips: float = 0.0) -> None:
        """One sample taken and decided."""
        service = self.present[name]
        service.refresh()
        halves = self.halves(name)
        item = service.take()
        assert item is not None
        if halves:
            assert item.id in halves
        self.note(name, item)
        if rng.random() < skips:
            service.skip(item)
            self.offered[name].remove(item.id)
            self.skipped.add((name, item.id))
        else:
            service.label(item, "refund")

    def note(self, name: str, item: Sample) -> None:
        mine = self.offered.setdefault(name, [])
        assert item.id not in mine
        mine.append(item.id)
        if item.id not in self.new:
            self.new.append(item.id)

    def answers(self) -> dict[str, set[str]]:
        """By sample, who answered it."""
        with sqlite3.connect(self.directory / "session.db") as db:
            rows = db.execute(
                "SELECT annotator, body FROM decisions WHERE kind = ?", (de.Label.kind,)
            ).fetchall()
        db.close()
        found: dict[str, set[str]] = {}
        for annotator, body in rows:
            label = de.from_plain(de.Label.kind, json.loads(body))
            assert isinstance(label, de.Label)
            found.setdefault(label.about[0], set()).add(annotator)
        return found

    def halves(self, name: str) -> set[str]:
        """Samples for two that one other has answered, and nobody else has before them."""
        held = {i for one in self.present.values() for i in one._queue._out}
        return {
            identity
            for identity, who in self.answers().items()
            if wants_two(identity, self.overlap)
            and len(who) == 1
            and name not in who
            and (name, identity) not in self.skipped
        } - held

    def drift(self) -> float:
        """How many samples for two too many were asked, of all that were answered or are before
        somebody."""
        asked = set(self.answers())
        for service in self.present.values():
            asked |= service._queue._out
        return sum(wants_two(i, self.overlap) for i in asked) - self.overlap * len(asked)

    def close(self) -> None:
        for service in (*self.present.values(), *self.gone):
            service.close()


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0.05, 0.2, 0.5, 0.8])
def test_one_annotator_alone_gets_the_share_from_the_start(tmp_path: Path, overlap: float) -> None:
    office, rng = Office(opened(tmp_path, overlap), overlap), random.Random(0)
    office.join("anna")
    for done in range(1, 101):
        office.step("anna", rng)
        chosen = sum(wants_two(i, overlap) for i in office.new)
        assert abs(chosen - overlap * done) <= 1
    office.close()


@pytest.mark.slow
def test_who_joins_later_gives_the_second_answers_first_and_then_their_share(
    tmp_path: Path,
) -> None:
    office, rng = Office(opened(tmp_path, 0.2), 0.2), random.Random(0)
    office.join("anna")
    for _ in range(50):
        office.step("anna", rng)
    office.join("ben")
    waiting = office.halves("ben")
    assert len(waiting) == 10
    for _ in range(10):
        office.step("ben", rng)
    assert set(office.offered["ben"]) == waiting
    for _ in range(60):
        office.step("anna", rng)
        office.step("ben", rng)
    doubled = sum(len(who) == 2 for who in office.answers().values())
    assert abs(doubled - 0.2 * len(office.answers())) <= 2
    office.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_random_schedules(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    overlap = rng.choice([0.1, 0.25, 0.4, 0.6, 0.9])
    office = Office(opened(tmp_path, overlap), overlap)
    office.join("anna")
    names = ["anna", "ben", "cleo"]
    lost = 0.0  # by how much the samples that fell back to the pool can have moved the share
    for _ in range(130):
        event = rng.random()
        away = [name for name in names if name not in office.present]
        if event < 0.05 and away:
            office.join(rng.choice(away))
        elif event < 0.09 and len(office.present) > 1:
            (office.leave if rng.random() < 0.5 else office.vanish)(rng.choice([*office.present]))
            lost = 1.0
        else:
            name = rng.choice([*office.present])
            office.step(name, rng, skips=0.05)
            lost = max(0.0, lost - 0.1)
        assert abs(office.drift()) <= 1 + lost + 1, (seed, overlap)
    assert all(len(who) <= 2 for who in office.answers().values())
    assert all(wants_two(i, overlap) for i, who in office.answers().items() if len(who) == 2)
    office.close()


@pytest.mark.parametrize("overlap", [0.0, 1.0])
def test_nobody_and_everybody(tmp_path: Path, overlap: float) -> None:
    office, rng = Office(opened(tmp_path, overlap), overlap), random.Random(1)
    for name in ("anna", "ben"):
        office.join(name)
    for _ in range(25):
        for name in ("anna", "ben"):
            office.step(name, rng)
    both = sum(len(who) == 2 for who in office.answers().values())
    assert both == 0 if overlap == 0 else both >= 25 - 2
    office.close()
