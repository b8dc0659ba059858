"""Decisions as rows of a session's database: written with a checksum each, read back with those
that cannot be used told apart."""

import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.session.damage import BadRow
from tui_al.store.event_log import error_text, is_number
from tui_al.store.row_checks import ROW_ERRORS, RawRow, RawRows, acknowledged, checksum, read_rows

DECISION_VALUES = ("uid", "time", "annotator", "kind", "body")

#: Where the body of a row says whose account it was; older programs pass over what they do not
#: know.
_ACCOUNT = "account"

#: Decisions that say which labels there are.
_LABEL_KINDS = tuple(
    one.kind
    for one in (de.AddLabel, de.RenameLabel, de.MergeLabels, de.DescribeLabel, de.Undo, de.Redo)
)

_TEXT = r'"([^"\\\x00-\x1f]*)"'

#: The body of a label of one example, with a class, as `insert_decision` writes it: by far the most
#: rows of a log, and read in half the time that JSON and the check of each field take.
_USUAL_LABEL = re.compile(
    rf'\{{"ids": \[{_TEXT}\], "answer": {_TEXT}, "seconds": ((?:0|[1-9]\d{{0,9}})\.\d{{1,9}}), '
    rf'"via": {_TEXT}, "suggestion": (?:null|{_TEXT}), "blind": (true|false), '
    rf'"ranking": (null|0|[1-9]\d{{0,17}})(?:, "{_ACCOUNT}": {_TEXT})?\}}',
    re.ASCII,
).fullmatch


@dataclass(frozen=True, slots=True)
class DecisionRows:
    """Decisions in order, the rows that are left out, and the number of the last row of either
    kind."""

    records: list[DecisionRecord]
    bad: tuple[BadRow, ...] = ()
    seq: int = 0


def insert_decision(
    db: sqlite3.Connection, seq: int, previous: int, record: DecisionRecord
) -> bool:
    """Put a decision on record under this number; whether it was not there. Call it in a
    transaction."""
    plain = de.to_plain(record.decision)
    if record.account:
        plain[_ACCOUNT] = record.account
    body = json.dumps(plain, ensure_ascii=False)
    texts = (record.uid, record.annotator, record.decision.kind, body)
    uid, annotator, kind, body = map(storable, texts)
    values = (uid, float(record.time), annotator, kind, body)
    done = db.execute(
        "INSERT OR IGNORE INTO decisions (seq, uid, time, annotator, kind, body, checksum, "
        "previous) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, *values, checksum((seq, *values, previous)), previous),
    )
    return done.rowcount == 1


def storable(text: str) -> str:
    """The text with a mark in place of halves of surrogate pairs, which a terminal or file can
    bring and SQLite cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text)
    return text


def read_decisions(db: sqlite3.Connection, directory: Path, after: int = 0) -> DecisionRows:
    """Decisions with a number above `after`."""
    known = acknowledged(directory, "decisions")
    found = read_rows(db, "decisions", DECISION_VALUES, after, known)
    records: list[DecisionRecord] = []
    bad = list(found.missing)
    for one in _decided(found):
        if isinstance(one, BadRow):
            bad.append(one)
        else:
            records.append(one)
    bad.sort(key=lambda one: one.seq)
    last = found.stored[-1][0] if found.stored else after
    return DecisionRows(records, tuple(bad), last)


def label_changes(db: sqlite3.Connection, after: int = 0) -> Iterator[DecisionRecord]:
    """The decisions with a number above `after` that matter for which labels there are, in order;
    what cannot be used is left out."""
    marks = ", ".join("?" * len(_LABEL_KINDS))
    found = read_rows(
        db, "decisions", DECISION_VALUES, after, 0, where=f"kind IN ({marks})", values=_LABEL_KINDS
    )
    return (one for one in _decided(found) if isinstance(one, DecisionRecord))


def _decided(found: RawRows) -> Iterator[DecisionRecord | BadRow]:
    """The decision of each row; of a log with hundreds of thousands, so nothing is made for a row
    but the decision itself."""
    for seq, uid, when, annotator, kind, body, _, said in found.stored:
        if seq in found.faults:
            yield BadRow("decisions", seq, found.faults[seq])
        else:
            yield _decision_of(seq, uid, when, annotator, kind, body, verified=said is not None)


def decision_of(row: RawRow) -> DecisionRecord | BadRow:
    """The decision of a row, or why it cannot be used. A time that is not a date stays as it is:
    the answer is sound."""
    if row.why:
        return BadRow("decisions", row.seq, row.why)
    return _decision_of(row.seq, *row.values, verified=row.verified)


def _decision_of(
    seq: int, uid: Any, when: Any, annotator: Any, kind: Any, body: Any, *, verified: bool
) -> DecisionRecord | BadRow:
    usual = _usual_label(seq, uid, when, annotator, kind, body)
    if usual is not None:
        return usual
    try:
        plain = json.loads(body)
        account = plain.pop(_ACCOUNT, "") if isinstance(plain, dict) else ""
        decision = de.from_plain(kind, plain)
    except ROW_ERRORS as error:
        return BadRow("decisions", seq, f"cannot be read: {error_text(error)}")
    if not (isinstance(uid, str) and isinstance(annotator, str) and isinstance(account, str)):
        return BadRow("decisions", seq, "has no name, annotator or account")
    if not isinstance(when, float) and not is_number(when):
        return BadRow("decisions", seq, f"has the time {when!r:.40}, which is none")
    if decision is None:
        why = f"is of the kind {kind!r:.40}, which this version does not know"
        return BadRow("decisions", seq, why, newer=verified)
    return DecisionRecord(
        seq, float(when), sys.intern(annotator), uid, decision, sys.intern(account)
    )


def _usual_label(
    seq: int, uid: Any, when: Any, annotator: Any, kind: Any, body: Any
) -> DecisionRecord | None:
    """The record of a usual label, the same that JSON and the check of each field make of its row;
    None for all other rows."""
    types = type(uid) is str and type(annotator) is str and type(when) is float
    if not types or kind != de.Label.kind or type(body) is not str:
        return None
    found = _USUAL_LABEL(body)
    if found is None:
        return None
    intern = sys.intern
    identity, answer, seconds, via, suggestion, blind, ranking, account = found.groups()
    label = de.Label(
        (identity,),
        intern(answer),
        float(seconds),
        intern(via),
        None if suggestion is None else intern(suggestion),
        blind == "true",
        None if ranking == "null" else int(ranking),
    )
    return DecisionRecord(seq, when, intern(annotator), uid, label, intern(account or ""))
