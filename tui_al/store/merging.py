"""Sessions that were labelled apart, on the same texts, as one: every decision of everybody, in the
order of time, each once.

Decisions carry names that are unique in the world, so merging a merger with what went into it adds
nothing. The sessions that are merged are only read.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.annotation.label_state import LabelState, Status
from tui_al.core.data.examples import Dataset
from tui_al.core.session import events as ev
from tui_al.core.session.timestamps import is_plausible
from tui_al.errors import SessionError
from tui_al.store.accounts import this_account
from tui_al.store.atomic_dirs import temp_dir
from tui_al.store.decisions import DecisionLog
from tui_al.store.home import session_directory
from tui_al.store.session import Session
from tui_al.store.sharing import make_directory


@dataclass(frozen=True, slots=True)
class Merged:
    """What the new session holds."""

    decisions: int
    annotators: tuple[str, ...]
    labelled: int  #: examples
    conflicts: int  #: examples on which annotators differ
    #: For one session's renamings: what others still called by the old name.
    followed: tuple[de.RenameLabel, ...] = ()
    apart: tuple[str, ...] = ()  #: names of what may be one label, renamed to several


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    created: ev.SessionCreated
    dataset: Dataset
    records: list[DecisionRecord]
    started: float


def merge_sessions(home: Path, sessions: Sequence[Session], into: str) -> Merged:
    """Make the new session `into`; settings and texts are those of the first.

    Raises:
        SessionError: a simulation, another task, decisions about texts that the first does not
        have, or `into` is taken.
    """
    parts = [_part(session) for session in sessions]
    first = parts[0]
    for other in parts[1:]:
        _check_fits(first, other)
    target = session_directory(home, into)
    if target.exists():
        raise SessionError(
            f"Session {into} exists already, in {target}.",
            "Choose a new name; an earlier merger can be one of the sessions to merge.",
        )
    names = ", ".join(part.name for part in parts)
    created = replace(first.created, notes=(*first.created.notes, f"merged from {names}"))
    make_directory(target.parent)
    with temp_dir(target.parent, into) as making:
        with Session.create(making, into, created, first.dataset) as session:
            session.append(ev.ActionTaken(this_account(), "merged", f"from {names}"))
            directory = session.directory
            with DecisionLog(directory) as log:
                log.insert([*_labels_of_others(parts), *_in_order(parts)])
                records = log.read()
                label_state = LabelState(first.dataset.labels)
                label_state.apply(records)
                followed, apart = _names_apart(label_state, records)
                label_state.apply(log.insert(followed))
        directory.rename(target)
    return Merged(
        len(records) + len(followed),
        tuple(dict.fromkeys(record.annotator for record in records if record.decision.about)),
        label_state.count(Status.LABELLED),
        label_state.count(Status.CONFLICT),
        tuple(r.decision for r in followed if isinstance(r.decision, de.RenameLabel)),
        apart,
    )


def _part(session: Session) -> _Part:
    events = session.events()
    created = next((r for r in events if isinstance(r.event, ev.SessionCreated)), None)
    state = session.state()
    if created is None or state.config is None or state.config.loop.oracle != "person":
        raise SessionError(
            f"Session {session.name} is a simulated experiment: nobody decided anything in it.",
            "Sessions made with `tui-al label DATA` can be merged.",
        )
    assert isinstance(created.event, ev.SessionCreated)
    with DecisionLog(session.directory) as log:
        records = log.read()
    return _Part(session.name, created.event, session.dataset(), records, created.time)


def _check_fits(first: _Part, other: _Part) -> None:
    if other.dataset.task is not first.dataset.task:
        raise SessionError(
            f"Session {other.name} is about {other.dataset.task}, {first.name} about "
            f"{first.dataset.task}.",
            "Merge sessions of one task.",
        )
    known = {example.id: (example.text, example.tokens) for example in first.dataset.train}
    here = {example.id: (example.text, example.tokens) for example in other.dataset.train}
    decided = {identity for record in other.records for identity in record.decision.about}
    missing = [i for i in decided if i not in known or known[i] != here.get(i, known[i])]
    if missing:
        raise SessionError(
            f"Session {other.name} has decisions about {len(missing):,} texts that {first.name} "
            "does not have.",
            "Merge sessions of the same texts; or export its labels and `tui-al import "
            f"{first.name} FILE --add-examples`.",
        )


def _labels_of_others(parts: Sequence[_Part]) -> Iterator[DecisionRecord]:
    """Labels that another session began with, added under a name that is the same in every
    merger."""
    known = set(parts[0].dataset.labels)
    for part in parts[1:]:
        for name in part.dataset.labels:
            if name not in known:
                known.add(name)
                uid, added = f"merge-label-{name}", de.AddLabel(name)
                yield DecisionRecord(0, part.started, "merge", uid, added, this_account())


def _names_apart(
    label_state: LabelState, records: Sequence[DecisionRecord]
) -> tuple[list[DecisionRecord], tuple[str, ...]]:
    """Where one session renamed a label and another went on by the old name: renamings that bring
    the answers together.

    They are decisions of who renamed the label, the last ones in the log, so that they can be
    undone; one that was undone in an earlier merger is not made again. Also returned are names that
    stay, because what they stood for was renamed to several."""
    followed: list[DecisionRecord] = []
    apart: list[str] = []
    undone = {r.decision for r in records if label_state.undone(r)}
    for name, changes in label_state.strays().items():
        ways = {label_state.name_today(change) for change in changes} & set(label_state.declared)
        if len(ways) == 1:
            decision = de.RenameLabel(name, ways.pop())
            change = next(c for c in changes if label_state.name_today(c) == decision.new)
            if decision not in undone:
                last = records[-1]
                uid = f"merge-follow-{change.uid}-{name}-{last.uid}"
                followed.append(
                    DecisionRecord(0, last.time, change.annotator, uid, decision, this_account())
                )
        elif changes:
            apart += [name, *sorted(ways)]
    return followed, tuple(dict.fromkeys(apart))


def _in_order(parts: Sequence[_Part]) -> Iterator[DecisionRecord]:
    """By time, each session's own order kept even where its clock went back."""

    def stamped(
        place: int, records: Sequence[DecisionRecord]
    ) -> Iterator[tuple[float, int, int, DecisionRecord]]:
        latest = 0.0
        for record in records:
            latest = max(latest, record.time) if is_plausible(record.time) else latest
            yield latest, place, record.seq, record

    logs = [stamped(place, part.records) for place, part in enumerate(parts)]
    for *_, record in heapq.merge(*logs, key=lambda item: item[:3]):
        yield record
