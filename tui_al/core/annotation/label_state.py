"""What the annotators' decisions amount to: who says what about each example, which answer counts,
which labels there are.

A fold over the log of decisions, kept up to date decision by decision, since it runs at every key
press."""

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord, UserAnswer


class Status(StrEnum):
    """Where an example stands."""

    OPEN = "open"  #: nobody has answered it
    SKIPPED = "skipped"  #: put off; still to be asked
    LABELLED = "labelled"
    UNCLEAR = "unclear"  #: flagged by all who saw it
    CONFLICT = "conflict"  #: annotators differ and nobody has settled it
    AMBIGUOUS = "ambiguous"  #: settled: there is no one right answer


#: What needs no further answer. A conflict is settled on a screen of its own.
CLOSED = (Status.LABELLED, Status.UNCLEAR, Status.CONFLICT, Status.AMBIGUOUS)


@dataclass(frozen=True, slots=True)
class LabelStatus:
    """What counts for one example, and why: `answer` only where the status is LABELLED."""

    status: Status
    answer: UserAnswer | None = None
    last: DecisionRecord | None = None  #: the decision that it rests on


_OPEN = LabelStatus(Status.OPEN)

#: Decisions by which an annotator takes a stand on an example; the last one of each annotator
#: counts.
_STANDS = (de.Label, de.Flag, de.Skip)
_LABEL_CHANGES = (de.AddLabel, de.RenameLabel, de.MergeLabels, de.DescribeLabel)
_TURNS = (de.Undo, de.Redo)
_ANSWERS = (de.Label, de.Settle)
_VERDICTS = (de.Settle, de.Ambiguous)


class LabelState:
    """The state of a labelling session; `apply` takes further decisions in the order of the log."""

    def __init__(self, labels: Sequence[str] = ()) -> None:
        self.seq = 0
        self._base = tuple(labels)
        self._by_uid: dict[str, DecisionRecord] = {}
        # By example, in the order of the first decision about it; by itself where there is one, as
        # for most.
        self._about: dict[str, DecisionRecord | tuple[DecisionRecord, ...]] = {}
        self._own: dict[str, list[DecisionRecord]] = {}  # by annotator, without undo and redo
        self._redo: dict[str, list[str]] = {}  # by annotator
        self._undone: set[str] = set()
        self._label_log: list[DecisionRecord] = []
        self._names_since: dict[int, Mapping[str, str]] = {}  # see `_renamed`
        self._unfolds: list[DecisionRecord] = []
        self._standings: dict[
            str, LabelStatus
        ] = {}  # but of those with one label, see `_only_label`
        self._counts: Counter[str] = Counter()
        self._statuses: Counter[Status] = Counter()

    def apply(self, records: Iterable[DecisionRecord]) -> set[str]:
        """Take further decisions; the ids of the examples whose standing may have changed."""
        touched: set[str] = set()
        relabelled = False
        by_uid, undone = self._by_uid, self._undone
        for record in records:
            self.seq = record.seq
            if record.uid in by_uid:
                continue
            by_uid[record.uid] = record
            decision = record.decision
            if type(decision) is de.Label:  # by far the most
                ids = decision.ids
            else:
                changed = record
                if isinstance(decision, _TURNS):
                    target = by_uid.get(decision.target)
                    if target is None or isinstance(decision, de.Undo) == (target.uid in undone):
                        continue
                    changed = target
                ids = changed.decision.about
                relabelled = relabelled or isinstance(changed.decision, _LABEL_CHANGES)
            for identity in ids:
                if identity not in touched:
                    touched.add(identity)
                    if not relabelled and identity in self._about:
                        self._uncount(identity)
            self._take(record)
        if relabelled:  # today's names are others: all is counted anew
            self._counts.clear()
            self._statuses.clear()
            touched.update(self._about)
        self._count_all(touched)
        return touched

    def _take(self, record: DecisionRecord) -> None:
        """Put a record in its places; one that undoes or redoes does so."""
        decision = record.decision
        if type(decision) is de.Label:
            ids = decision.ids
        elif isinstance(decision, _TURNS):
            self._turn(record.annotator, decision)
            return
        else:
            ids = decision.about
            if isinstance(decision, _LABEL_CHANGES):
                self._label_log.append(record)
                self._names_since.clear()
            elif isinstance(decision, de.Unfold):
                self._unfolds.append(record)
        annotator, about = record.annotator, self._about
        if annotator not in self._own:
            self._own[annotator] = []
        self._own[annotator].append(record)
        self._redo.pop(annotator, None)
        for identity in ids:
            before = about.get(identity)
            if before is None:
                about[identity] = record
            else:
                about[identity] = (*_as_tuple(before), record)

    def _turn(self, annotator: str, decision: de.Undo | de.Redo) -> None:
        redo = self._redo.setdefault(annotator, [])
        if isinstance(decision, de.Undo):
            self._undone.add(decision.target)
            redo.append(decision.target)
        else:
            self._undone.discard(decision.target)
            if decision.target in redo:
                redo.remove(decision.target)
        self._names_since.clear()

    def undoable(self, annotator: str) -> DecisionRecord | None:
        """The annotator's last decision that holds, which an undo would take back."""
        return next(self.decisions_of(annotator), None)

    def redoable(self, annotator: str) -> DecisionRecord | None:
        """What a redo would bring back: the last undone decision, as long as nothing new was
        decided since."""
        stack = self._redo.get(annotator)
        return self._by_uid[stack[-1]] if stack else None

    def decisions_of(self, annotator: str) -> Iterator[DecisionRecord]:
        """What the annotator decided and still holds, the newest first."""
        return (
            one for one in reversed(self._own.get(annotator, ())) if one.uid not in self._undone
        )

    def label_status(self, identity: str) -> LabelStatus:
        """What counts for an example."""
        return self._standing_of(identity, self._about.get(identity)) or _OPEN

    def label_statuses(self) -> Iterator[tuple[str, LabelStatus]]:
        """Every example that anybody took a stand on, in the order of the first one."""
        return (
            (identity, label_status)
            for identity, about in self._about.items()
            if (label_status := self._standing_of(identity, about)) is not None
        )

    def answers(self) -> dict[str, UserAnswer]:
        """Every labelled example's answer, by id."""
        return {
            identity: label_status.answer
            for identity, label_status in self.label_statuses()
            if label_status.answer is not None
        }

    def votes(self, identity: str) -> dict[str, DecisionRecord]:
        """Each annotator's current label, flag or skip of an example, the first annotator first."""
        found: dict[str, DecisionRecord] = {}
        for record in self._holding(identity):
            if isinstance(record.decision, _STANDS):
                found[record.annotator] = record
        return found

    def place(self, identity: str) -> tuple[int, int]:
        """Where an example comes in `label_statuses`: by the first decision about it, and
        by its place among that one's."""
        first = _as_tuple(self._about[identity])[0]
        return first.seq, first.decision.about.index(identity)

    def concerned(self, record: DecisionRecord) -> tuple[str, ...]:
        """Ids of the examples that a decision concerns; of an undo or redo, those of the decision
        that it is of, if that is known."""
        if isinstance(record.decision, _TURNS):
            target = self._by_uid.get(record.decision.target)
            return () if target is None else target.decision.about
        return record.decision.about

    def note(self, identity: str) -> str:
        """The last remark on an example, "" without one."""
        notes = [
            r.decision.text for r in self._holding(identity) if isinstance(r.decision, de.Note)
        ]
        return notes[-1] if notes else ""

    def confirmed(self, identity: str) -> bool:
        """Whether somebody looked at the label again, found it right, and it has not been answered
        since."""
        last = [r for r in self._holding(identity) if not isinstance(r.decision, de.Note)]
        return bool(last) and isinstance(last[-1].decision, de.Confirm)

    def unfolded(self) -> set[str]:
        """Examples that are to be asked apart from their near-duplicates."""
        return {
            identity
            for record in self._unfolds
            if record.uid not in self._undone
            for identity in record.decision.about
        }

    def history(self, identity: str) -> list[DecisionRecord]:
        """All that holds about an example, oldest first."""
        return list(self._holding(identity))

    def given(self, record: DecisionRecord) -> UserAnswer | None:
        """The answer of a label or settlement in today's names; None for other decisions."""
        if isinstance(record.decision, _ANSWERS):
            return self._renamed(record.decision.answer, record.seq)
        return None

    def strays(self) -> dict[str, tuple[DecisionRecord, ...]]:
        """Names in use that are no labels: each with the renamings and mergers that hold of the
        label that it was.

        They come of logs that were written apart: one machine renames a label, another still
        answers by its old name, or renames it as well.
        """
        declared = set(self.declared)
        used = {
            name
            for record in self._by_uid.values()
            if record.uid not in self._undone
            for name in _names(self.given(record))
        }
        found: dict[str, tuple[DecisionRecord, ...]] = {}
        for name in sorted(used - declared):
            changes = [(r, *_old_and_new(r.decision)) for r in self._label_changes()]
            before = {name} | {old for _, old, new in changes if new == name}
            found[name] = tuple(r for r, old, _ in changes if old in before)
        return found

    def name_today(self, change: DecisionRecord) -> str:
        """What a label that this decision renamed or merged is called now."""
        name = self._renamed(_old_and_new(change.decision)[1], change.seq)
        assert isinstance(name, str)
        return name

    def called_now(self, name: str) -> str:
        """What a label that once had this name is called now, after all renamings and mergers; the
        same name if there were none."""
        now = self._renamed(name, 0)
        assert isinstance(now, str)
        return now

    def undone(self, record: DecisionRecord) -> bool:
        """Whether a decision was taken back."""
        return record.uid in self._undone

    def count(self, status: Status) -> int:
        """Examples of a status; OPEN ones are not counted."""
        return self._statuses[status]

    @property
    def counts(self) -> Mapping[str, int]:
        """Labelled examples by class, or entities by type; every label is there, with 0 if need
        be."""
        return {name: self._counts[name] for name in self.labels}

    @property
    def labels(self) -> tuple[str, ...]:
        """Names in the order they came; one that is in use stays even when its adding is undone."""
        names = self.declared
        used = (name for name, count in self._counts.items() if count and name not in names)
        return (*names, *sorted(used))

    @property
    def declared(self) -> tuple[str, ...]:
        """Those that the session began with or somebody added, in today's names, whether they are
        in use or not."""
        names = dict.fromkeys(self._base)
        for record in self._label_changes():
            match record.decision:
                case de.AddLabel(name):
                    names[name] = None
                case de.RenameLabel(name, new) if name in names:
                    names = dict.fromkeys(new if one == name else one for one in names)
                case de.MergeLabels(name, into) if name in names and name != into:
                    del names[name]
                    names[into] = None
        return tuple(names)

    @property
    def key_order(self) -> tuple[str, ...]:
        """The labels in the order in which keys are given to them.

        A label that goes away leaves its place to the last one, so that all the others keep theirs;
        a renamed one keeps its own."""
        order = list(dict.fromkeys(self._base))
        for record in self._label_changes():
            match record.decision:
                case de.AddLabel(name) if name not in order:
                    order.append(name)
                case de.RenameLabel(name, new) | de.MergeLabels(name, new) if (
                    name in order and name != new
                ):
                    place, last = order.index(name), order[-1]
                    if new not in order:
                        order[place] = new
                    else:
                        order[place] = last
                        order.pop()
        return (*order, *(name for name in self.labels if name not in order))

    @property
    def descriptions(self) -> Mapping[str, str]:
        """What each label is for, where somebody said so."""
        found: dict[str, str] = {}
        for record in self._label_changes():
            match record.decision:
                case de.AddLabel(name, text) | de.DescribeLabel(name, text):
                    found[name] = text or found.get(name, "")
                case de.RenameLabel(name, new) if name in found:
                    found.setdefault(new, found.pop(name))
        return {name: found[name] for name in self.labels if found.get(name)}

    @property
    def renamed(self) -> Mapping[str, str]:
        """Names that the session began with to today's, where they differ."""
        today = {name: self._renamed(name, 0) for name in self._base}
        return {old: new for old, new in today.items() if isinstance(new, str) and new != old}

    def _holding(self, identity: str) -> Iterator[DecisionRecord]:
        about = self._about.get(identity)
        if about is None:
            return iter(())
        return (r for r in _as_tuple(about) if r.uid not in self._undone)

    def _label_changes(self) -> Iterator[DecisionRecord]:
        return (r for r in self._label_log if r.uid not in self._undone)

    def _renamed(self, answer: UserAnswer, since: int) -> UserAnswer:
        """The answer in today's names: renamings and mergers after `since` applied in order."""
        if not self._label_log:
            return answer
        first = bisect_right(self._label_log, since, key=lambda record: record.seq)
        names = self._names_since.get(first)
        if names is None:
            names = self._names_since[first] = self._names_from(first)
        if not names:
            return answer
        if isinstance(answer, str):
            return names.get(answer, answer)
        return tuple((start, end, names.get(kind, kind)) for start, end, kind in answer)

    def _names_from(self, first: int) -> Mapping[str, str]:
        """What the renamings and mergers that hold make of each name, those before this place in
        their log left out."""
        names: dict[str, str] = {}
        for record in self._label_log[first:]:
            match record.decision:
                case de.RenameLabel(old, new) | de.MergeLabels(old, new) if (
                    record.uid not in self._undone
                ):
                    names = {name: new if now == old else now for name, now in names.items()}
                    names.setdefault(old, new)
        return names

    def _standing_of(
        self, identity: str, about: DecisionRecord | tuple[DecisionRecord, ...] | None
    ) -> LabelStatus | None:
        """An example's standing, given all decisions about it; None where nobody has taken a
        stand."""
        if about is None:
            return None
        if isinstance(about, DecisionRecord) and type(about.decision) is de.Label:
            return self._only_label(about)
        return self._standings.get(identity)

    def _only_label(self, only: DecisionRecord) -> LabelStatus | None:
        """The standing of an example that is labelled once and no more is said of: by far the most,
        so none is kept of them."""
        if only.uid in self._undone:
            return None
        return LabelStatus(Status.LABELLED, self.given(only), only)

    def _uncount(self, identity: str) -> None:
        """Take an example out of the counts, before what is decided about it changes."""
        before = self._standing_of(identity, self._about.get(identity))
        if before is not None:
            self._statuses[before.status] -= 1
            self._counts.subtract(_names(before.answer))

    def _count_all(self, ids: Iterable[str]) -> None:
        """Work out the standings of these anew and count them; they are out of the counts."""
        about_all, undone, plain = self._about, self._undone, not self._label_log
        labelled = 0
        for identity in ids:
            about = about_all[identity]
            if type(about) is DecisionRecord and type(decision := about.decision) is de.Label:
                if about.uid not in undone:
                    labelled += 1
                    answer = decision.answer
                    self._count(answer if plain else self._renamed(answer, about.seq))
                continue
            after = self._stand(_as_tuple(about))
            if after is None:
                self._standings.pop(identity, None)
                continue
            self._standings[identity] = after
            self._statuses[after.status] += 1
            if after.answer is not None:
                self._count(after.answer)
        if labelled:
            self._statuses[Status.LABELLED] += labelled

    def _count(self, answer: UserAnswer) -> None:
        if isinstance(answer, str):
            self._counts[answer] += 1
        else:
            self._counts.update(_names(answer))

    def _stand(self, about: Iterable[DecisionRecord]) -> LabelStatus | None:
        """What all decisions about an example amount to; None where nobody has taken a stand."""
        votes: dict[str, DecisionRecord] = {}  # as of `stands`
        verdict, undone = None, self._undone
        for record in about:
            if record.uid not in undone:
                decision = record.decision
                if isinstance(decision, _STANDS):
                    votes[record.annotator] = record
                elif isinstance(decision, _VERDICTS):
                    verdict = record
        labelled, flagged, skipped = [], None, None
        for record in votes.values():
            if type(record.decision) is de.Label:
                labelled.append(record)
            elif isinstance(record.decision, de.Flag):
                flagged = record
            else:
                skipped = record
        if verdict is not None:
            seq = verdict.seq
            stood = (r.seq for r in votes.values() if not isinstance(r.decision, de.Skip))
            if all(one < seq for one in stood):
                settled = isinstance(verdict.decision, de.Settle)
                status = Status.LABELLED if settled else Status.AMBIGUOUS
                return LabelStatus(status, self.given(verdict), verdict)
        if labelled:
            last = max(labelled, key=_by_seq) if len(labelled) > 1 else labelled[0]
            answer = self.given(last)
            if len(labelled) > 1 and any(_differ(self.given(r), answer) for r in labelled):
                return LabelStatus(Status.CONFLICT, None, last)
            return LabelStatus(Status.LABELLED, answer, last)
        if flagged is not None:
            return LabelStatus(Status.UNCLEAR, None, flagged)
        return None if skipped is None else LabelStatus(Status.SKIPPED, None, skipped)


_by_seq = attrgetter("seq")


def _as_tuple(about: DecisionRecord | tuple[DecisionRecord, ...]) -> tuple[DecisionRecord, ...]:
    return about if isinstance(about, tuple) else (about,)


def _old_and_new(decision: de.Decision) -> tuple[str, str]:
    """What a renaming or merger makes of which label; nothing of none for other decisions."""
    match decision:
        case de.RenameLabel(old, new) | de.MergeLabels(old, new):
            return old, new
    return "", ""


def _names(answer: UserAnswer | None) -> list[str]:
    """The labels that an answer adds to the counts."""
    if answer is None:
        return []
    return [answer] if isinstance(answer, str) else [kind for *_, kind in answer]


def _differ(one: UserAnswer | None, other: UserAnswer | None) -> bool:
    """Whether two answers are different ones; the order of entities does not matter."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return sorted(one) != sorted(other)
    return one != other


def wants_two(identity: str, overlap: float) -> bool:
    """Whether an example is among the share that two annotators label each: the same ones on every
    machine."""
    digest = hashlib.blake2b(identity.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32 < overlap
