"""Which samples are asked next, where two annotators answer a share of them: the same as by a walk
through all that was decided."""

import random
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from tests.store.people import make_session, people_config, put_up_ranking, texts_pool
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.label_state import LabelState, LabelStatus, Status
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import CLIENT_SECONDS, Client, DecisionLog
from tui_al.store.sample_queue import SampleQueue, _Tally

POOL = texts_pool([f"text number {n}" for n in range(60)], ("refund", "repair"))
IDS = [example.id for example in POOL.train]
PEOPLE = ("anna", "ben", "cleo")
OPEN = (Status.OPEN, Status.SKIPPED)


class Walk:
    """The choice by all standings and all claims, from the start each time."""

    def __init__(self, queue: SampleQueue, log: DecisionLog) -> None:
        self.queue, self.label_state, self.log = queue, queue._label_state, log

    def claims(self) -> dict[str, set[str]]:
        """Of other clients: the annotators who have an example now or have answered it."""
        me = self.queue._client.name
        found: dict[str, set[str]] = {}
        for identity, annotator in sorted(self.log._db.execute(
            "SELECT c.id, c.annotator FROM claims c LEFT JOIN clients USING (client) WHERE "
                "c.client != ?"
            " AND (c.answered OR clients.seen > strftime('%s', 'now') - ?)", (me, CLIENT_SECONDS),
        )):  # fmt: skip
            found.setdefault(identity, set()).add(annotator)
        return found

    def was_asked(self, identity: str) -> bool:
        votes = self.label_state.votes(identity).values()
        return any(
            isinstance(r.decision, de.Label | de.Flag) and r.decision.about[0] == identity
            for r in votes
        )

    def asked(self, claimed: Collection[str]) -> set[str]:
        found = {
            identity
            for identity, label_status in self.label_state.label_statuses()
            if label_status.status is not Status.SKIPPED and self.was_asked(identity)
        }
        return found | {i for i in claimed if self.label_state.label_status(i).status in OPEN}

    def seconds(self, busy: set[str], claims: Mapping[str, set[str]]) -> Iterator[str]:
        answered = [i for i, s in self.label_state.label_statuses() if s.status is Status.LABELLED]
        for identity in dict.fromkeys([*answered, *claims]):
            if identity in busy or not self.queue._for_two(identity):
                continue
            label_status, votes = (
                self.label_state.label_status(identity),
                self.label_state.votes(identity),
            )
            labelled = label_status.status is Status.LABELLED and self.was_asked(identity)
            if label_status.status not in OPEN and not labelled:
                continue
            said = {who for who, one in votes.items() if not isinstance(one.decision, de.Skip)}
            others = claims.get(identity, set()) | said
            mine = self.queue._client.annotator in others or self.queue._just_put_off(identity)
            if len(others) == 1 and not mine:
                yield identity

    def check(self) -> int:
        """Compare; how many second answers wait."""
        queue, claims = self.queue, self.claims()
        busy = set(queue._out)
        asked = self.asked(busy | claims.keys())
        with_others = self.log.claimed(queue._client).keys() | queue._answered_unheard()
        own, own_for_two = queue._seconds.asked()
        among = [i for i in busy | with_others if self.label_state.label_status(i).status in OPEN]
        assert own + len(among) == len(asked)
        assert own_for_two + sum(map(queue._for_two, among)) == sum(map(queue._for_two, asked))
        seconds = list(self.seconds(busy, claims))
        assert [row["id"] for row in queue._second_ones(busy, with_others)] == seconds
        first = [r["id"] for r in queue._in_turn(busy, with_others, _Tally(queue._overlap))]
        open_rows = [r["id"] for r in queue._candidates(busy) if r["id"] not in claims]
        assert sorted(first[len(seconds) :][: len(open_rows)]) == sorted(open_rows)
        return len(seconds)


def _someone_decides(log: DecisionLog, client: Client, rng: random.Random) -> None:
    """Anything that an annotator can do to one of the texts, or to the labels."""
    one, *others = rng.sample(IDS[:40], 3)
    kind = rng.random()
    held = [r for r in log.read() if r.annotator == client.annotator]
    decision: de.Decision = de.Label((one,), rng.choice(POOL.labels), 1.0, "key")
    if kind < 0.1:
        decision = de.Label((one, *others), "refund")
    elif kind < 0.2:
        decision = de.Skip(one, rng.choice([0, 1, None]))
    elif kind < 0.27:
        decision = de.Flag(one, "no label fits")
    elif kind < 0.4 and held:
        decision = rng.choice([de.Undo, de.Redo])(rng.choice(held).uid)
    elif kind < 0.45:
        decision = rng.choice([de.Settle(one, "repair"), de.Ambiguous(one), de.Note(one, "?")])
    elif kind < 0.48:
        decision = rng.choice([de.RenameLabel("repair", "mend"), de.MergeLabels("mend", "refund")])
    elif kind < 0.6:
        log.claim(client, others, 2, 2)
        return
    elif kind < 0.65:
        log.release(client)
        return
    log.append(client, decision)


@pytest.mark.parametrize("seed", range(6))
def test_the_choice_is_that_of_the_whole_walk(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    directory = make_session(tmp_path, POOL, config=people_config(overlap=rng.choice([0.5, 0.8])))
    put_up_ranking(directory, [{"id": i} for i in IDS])
    clients = [Client.new(name) for name in (*PEOPLE, "anna")]
    waited = 0
    with DecisionLog(directory) as log, AnnotationService(directory, "anna") as service:
        walk = Walk(service._queue, service.log)
        for step in range(50):
            _someone_decides(log, rng.choice(clients), rng)
            if rng.random() < 0.5:
                service.refresh()
            if rng.random() < 0.2 and (item := service.take()) is not None:
                (
                    service.skip
                    if rng.random() < 0.4
                    else lambda one: service.label(one, service.label_state.labels[0])
                )(item)
            if step == 20:
                with sqlite3.connect(directory / "session.db") as db:
                    gone = (CLIENT_SECONDS + 1, clients[1].name)
                    db.execute("UPDATE clients SET seen = seen - ? WHERE client = ?", gone)
                db.close()
            waited += walk.check()
    assert waited >= 3


def test_a_refill_does_not_walk_what_was_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = make_session(tmp_path, POOL, config=people_config(overlap=0.5))
    put_up_ranking(directory, [{"id": i} for i in IDS])
    with AnnotationService(directory, "ben") as ben:
        for _ in range(12):
            item = ben.take()
            assert item is not None
            ben.label(item, "refund")
    with AnnotationService(directory, "anna") as service:
        assert service.take() is not None
        walked: list[str] = []

        def label_statuses(_: LabelState) -> Iterator[tuple[str, LabelStatus]]:
            walked.append("standings")
            return iter(())

        def answered(*_: object) -> set[str]:
            walked.append("answered")
            return set()

        monkeypatch.setattr(LabelState, "label_statuses", label_statuses)
        monkeypatch.setattr(DecisionLog, "answered", answered)
        for _ in range(10):
            item = service.take()
            assert item is not None
            service.label(item, "refund")
        assert walked == []
