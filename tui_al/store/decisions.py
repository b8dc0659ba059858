"""The annotators' part of a session: their decisions, who has which sample before them, and what
the engine publishes for them.

decisions   append-only log (`tui_al.core.annotation.decisions`); on disk when `append` returns
claims      which client has which example, so that two people do not get the same one unless that
    is asked for
boards      what the engine publishes: the ranking, disputed labels, predictions of the audit; the
    last two rounds of each
"""

import contextlib
import json
import socket
import sqlite3
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import Decision, DecisionRecord
from tui_al.core.session.damage import BadRow, damage_lines
from tui_al.errors import SampleTakenError
from tui_al.store.accounts import this_account
from tui_al.store.database import connect, readable
from tui_al.store.decision_rows import insert_decision, read_decisions
from tui_al.store.migrations import number_of
from tui_al.store.row_checks import (
    MISSING,
    ROW_ERRORS,
    acknowledge,
    acknowledged,
    add_columns,
    next_number,
)

#: Seconds without a sign of life after which a client's open claims are void.
CLIENT_SECONDS = 60.0

#: Rounds of a board that are kept: a reader may still be at the one before the last.
_KEPT = 2

_SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    time REAL NOT NULL,
    annotator TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    checksum INTEGER,
    previous INTEGER
);
CREATE TABLE IF NOT EXISTS claims (
    id TEXT NOT NULL,
    client TEXT NOT NULL,
    annotator TEXT NOT NULL,
    answered INTEGER NOT NULL,
    PRIMARY KEY (id, client)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clients (client TEXT PRIMARY KEY, annotator TEXT NOT NULL, seen REAL NOT NULL);
CREATE TABLE IF NOT EXISTS boards (
    name TEXT NOT NULL,
    round INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (name, round)
);
"""  # noqa: E501

#: What clients have before them now is looked up before each sample, among all that was ever
#: answered.
_INDEX = "CREATE INDEX IF NOT EXISTS open_claims ON claims (client) WHERE NOT answered"


@dataclass(frozen=True, slots=True)
class Client:
    """One app at which an annotator sits; `name` is unique in the world."""

    name: str
    annotator: str

    @classmethod
    def new(cls, annotator: str) -> Self:
        """A client of this process."""
        name = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}@{this_account()}"
        return cls(name, annotator)

    @property
    def account(self) -> str:
        """Whose process it is; "" of an older program's."""
        return self.name.partition("@")[2]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that an answer rests on: the example, and how many annotators may have it."""

    id: str
    annotators: int = 1


class DecisionLog:
    """An open log; any number of them at once, one a thread."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        #: Times that a client was found to have lost its claims, see `heartbeat`.
        self.expired_count = 0
        self._indexed = False
        self.bad: tuple[BadRow, ...] = ()  #: rows that `read` had to leave out
        self._path = directory / "session.db"
        self._db = connect(self._path)
        with readable(self._path):
            there = self._db.execute(
                "SELECT count(*) FROM sqlite_master WHERE name IN ('decisions', 'claims', "
                "'clients', 'boards')"
            ).fetchone()[0]
            if there < 4:  # the first time somebody labels in this session
                self._db.add_tables(_SCHEMA)

    def close(self) -> None:
        """Close the log."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(
        self, client: Client, *decisions: Decision, held: Claim | None = None
    ) -> list[DecisionRecord]:
        """Add decisions, all or none; they are on disk when this returns.

        Raises:
            SampleTakenError: `held` is not the client's any more, and others have the example or
            have answered it.
        """
        now = time.time()
        records = [
            DecisionRecord(0, now, client.annotator, uuid.uuid4().hex, decision, this_account())
            for decision in decisions
        ]
        return self.insert(records, client, held)

    def insert(
        self,
        records: Iterable[DecisionRecord],
        client: Client | None = None,
        held: Claim | None = None,
    ) -> list[DecisionRecord]:
        """Add decisions as they were recorded elsewhere, numbered anew; those that are here already
        are left out."""
        added = []
        with self._transaction():
            if client is not None and held is not None:
                self._check_claim(client, held)
            add_columns(self._db, "decisions")
            known = acknowledged(self.directory, "decisions")
            seq = next_number(self._db, "decisions", known)
            (there,) = self._db.execute("SELECT coalesce(max(seq), 0) FROM decisions").fetchone()
            previous = max(there, known)
            for record in records:
                if not insert_decision(self._db, seq, previous, record):
                    continue
                added.append(replace(record, seq=seq))
                self._keep_claims(record, client.name if client else f"import-{record.annotator}")
                previous, seq = seq, seq + 1
        if added:
            acknowledge(self.directory, "decisions", added[-1].seq)
        return added

    def read(self, after: int = 0) -> list[DecisionRecord]:
        """Decisions with a number above `after`, in order; rows that are damaged or of unknown
        kinds are left out, see `bad`."""
        with readable(self._path):
            found = read_decisions(self._db, self.directory, after)
            self.bad = tuple(dict.fromkeys((*self.bad, *found.bad)))
        return found.records

    def last(self) -> int:
        """Number of the last decision, 0 before the first."""
        with readable(self._path):
            (last,) = self._db.execute("SELECT coalesce(max(seq), 0) FROM decisions").fetchone()
        return int(last)

    @property
    def damage(self) -> tuple[str, ...]:
        """What people are told of the rows that `read` left out so far."""
        if not self.bad:
            return ()
        with readable(self._path):
            (rows,) = self._db.execute("SELECT count(*) FROM decisions").fetchone()
        missing = sum(row.why == MISSING for row in self.bad)
        return damage_lines(self.bad, rows + missing, self.directory.name)

    def claim(
        self, client: Client, candidates: Sequence[str], wanted: int, annotators: int = 1
    ) -> list[str]:
        """Take the first `wanted` of these examples that are free; they are this client's until
        answered, skipped or released.

        An example is free for an annotator who has not answered it, as long as fewer than
        `annotators` others have it or have answered it. Claims of clients that showed no sign of
        life for CLIENT_SECONDS do not count."""
        taken: list[str] = []
        with self._transaction():
            if not self._indexed:  # sessions of earlier versions have no index
                self._db.execute(_INDEX)
            self._sign_of_life(client)
            for identity in candidates:
                if len(taken) == wanted:
                    break
                others = self.others(client, identity)
                if self._answered(client, identity) or _is_taken(client, others, annotators):
                    continue
                self._db.execute(
                    "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, 0)",
                    (identity, client.name, client.annotator),
                )
                taken.append(identity)
        self._indexed = True
        return taken

    def others(self, client: Client, identity: str) -> dict[str, bool]:
        """Annotators at other clients who have this example now, or have answered it: whether they
        have."""
        rows = self._db.execute(
            "SELECT c.annotator, max(c.answered) FROM claims c LEFT JOIN clients USING (client)"
            " WHERE c.id = ? AND c.client != ? AND (c.answered OR clients.seen > ?) GROUP BY "
            "c.annotator",
            (identity, client.name, time.time() - CLIENT_SECONDS),
        )
        return {annotator: bool(answered) for annotator, answered in rows}

    def claimed(self, client: Client) -> dict[str, frozenset[str]]:
        """Examples that other clients have now, the annotators of each."""
        rows = self._db.execute(
            "SELECT id, annotator FROM claims WHERE NOT answered AND client IN"
            " (SELECT client FROM clients WHERE client != ? AND seen > ?)",
            (client.name, time.time() - CLIENT_SECONDS),
        )
        found: dict[str, set[str]] = {}
        for identity, annotator in rows:
            found.setdefault(identity, set()).add(annotator)
        return {identity: frozenset(names) for identity, names in found.items()}

    def answered(self, client: Client) -> set[str]:
        """Examples that others have answered at other clients: all claims are looked at."""
        rows = self._db.execute(
            "SELECT id FROM claims WHERE client != ? AND answered", (client.name,)
        )
        return {identity for (identity,) in rows}

    def release(self, client: Client, ids: Sequence[str] | None = None) -> None:
        """Give back claims that were not answered: these, or all."""
        with self._transaction():
            if ids is None:
                self._db.execute(
                    "DELETE FROM claims WHERE client = ? AND NOT answered", (client.name,)
                )
            for identity in ids or ():
                self._db.execute(
                    "DELETE FROM claims WHERE id = ? AND client = ? AND NOT answered",
                    (identity, client.name),
                )

    def heartbeat(self, client: Client) -> None:
        """Keep the client's claims; call it every quarter of CLIENT_SECONDS or so.

        If the last sign, of this kind or another, is longer ago than that, the claims are gone,
        which `expired_count` counts."""
        with self._transaction():
            self._sign_of_life(client)

    def present(self) -> list[tuple[str, str]]:
        """Clients that showed a sign of life lately, with their annotators."""
        return self._db.execute(
            "SELECT client, annotator FROM clients WHERE seen > ? ORDER BY client",
            (time.time() - CLIENT_SECONDS,),
        ).fetchall()

    def publish(self, board: str, round_: int, body: Any) -> None:
        """Put up a board for a round; JSON values."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO boards VALUES (?, ?, ?)",
                (board, round_, json.dumps(body, ensure_ascii=False)),
            )
            self._db.execute(
                "DELETE FROM boards WHERE name = ? AND round <= ?", (board, round_ - _KEPT)
            )

    def latest(self, board: str) -> int | None:
        """The newest round of a board, or None."""
        (newest,) = self._db.execute(
            "SELECT max(round) FROM boards WHERE name = ?", (board,)
        ).fetchone()
        return None if newest is None else int(newest)

    def board(self, name: str, round_: int | None = None) -> Any:
        """What a board says, of the newest round or of this one; None if there is none."""
        with readable(self._path):
            row = self._db.execute(
                "SELECT body FROM boards WHERE name = ? AND round = coalesce(?, (SELECT "
                "max(round) FROM boards WHERE name = ?))",
                (name, round_, name),
            ).fetchone()
            return None if row is None else json.loads(row[0])

    def _keep_claims(self, record: DecisionRecord, client: str) -> None:
        """What is answered is nobody else's to answer; what is skipped or undone is."""
        decision = record.decision
        if isinstance(decision, de.Undo | de.Redo):
            row = self._db.execute(
                "SELECT kind, body FROM decisions WHERE uid = ?", (decision.target,)
            ).fetchone()
            target = None
            with contextlib.suppress(*ROW_ERRORS):  # the target itself is told of where it is read
                target = de.from_plain(row[0], json.loads(row[1])) if row else None
            if isinstance(target, de.Label | de.Flag):
                answered = int(isinstance(decision, de.Redo))
                for identity in target.about:
                    self._db.execute(
                        "DELETE FROM claims WHERE id = ? AND annotator = ?",
                        (identity, record.annotator),
                    )
                    self._hold(identity, client, record.annotator, answered)
        elif isinstance(decision, de.Label | de.Flag):
            for identity in decision.about:
                self._hold(identity, client, record.annotator, 1)
        elif isinstance(decision, de.Skip):
            self._db.execute(
                "DELETE FROM claims WHERE id = ? AND annotator = ?",
                (decision.id, record.annotator),
            )

    def _hold(self, identity: str, client: str, annotator: str, answered: int) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)",
            (identity, client, annotator, answered),
        )

    def _sign_of_life(self, client: Client) -> None:
        now = time.time()
        row = self._db.execute(
            "SELECT seen FROM clients WHERE client = ?", (client.name,)
        ).fetchone()
        if row is not None and row[0] <= now - CLIENT_SECONDS:
            # Others may have them by now, and a new sign of life must not bring them back.
            self._db.execute("DELETE FROM claims WHERE client = ? AND NOT answered", (client.name,))
            self.expired_count += 1
        self._db.execute(
            "INSERT OR REPLACE INTO clients VALUES (?, ?, ?)",
            (client.name, client.annotator, now),
        )

    def _answered(self, client: Client, identity: str) -> bool:
        row = self._db.execute(
            "SELECT answered FROM claims WHERE id = ? AND client = ?", (identity, client.name)
        ).fetchone()
        return row is not None and bool(row[0])

    def _check_claim(self, client: Client, held: Claim) -> None:
        self._sign_of_life(client)
        others = self.others(client, held.id)
        if _is_taken(client, others, held.annotators):
            raise SampleTakenError(
                _whose(client, others), "Your answer is not saved, since a sample is asked once."
            )

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db, self.directory)


class _Transaction:
    """BEGIN IMMEDIATE: the right to write is taken at the start, so that what was read first still
    holds at the end."""

    def __init__(self, db: sqlite3.Connection, directory: Path) -> None:
        self._db, self._directory = db, directory

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            number_of(self._db, self._directory)  # refuses what a newer program has migrated
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:  # also when a full disk has refused the commit
                self._db.execute("ROLLBACK")


def _is_taken(client: Client, others: Mapping[str, bool], annotators: int) -> bool:
    """Whether so many others, or the same annotator at another client, have an example already."""
    return client.annotator in others or len(others) >= annotators


def _whose(client: Client, others: Mapping[str, bool]) -> str:
    """Who has an example, in a sentence."""
    name, answered = max(others.items(), key=lambda one: one[1])
    if name == client.annotator:
        done = "answered this sample" if answered else "been given this sample"
        return f"You have {done} at another terminal meanwhile."
    return (
        f"{name} has answered this sample meanwhile."
        if answered
        else f"{name} has this sample before them now."
    )
