"""Who did what with a session, and when: its events, the commands to its engines and its decisions,
as one list in order of time.

Nothing is kept for it: the session's logs are only ever added to, and each row of them names its
account."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.session import events as ev
from tui_al.core.session.timestamps import is_plausible, local_clock
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session

#: What an account's command asked the engine for.
_ASKED = {
    "stop": "asked the engine to stop", "pause": "paused the engine", "resume": "let the engine "
        "go on",
    "train": "asked for a training", "finish": "asked the engine to finish",
}  # fmt: skip

#: By kind of decision.
_DECIDED = {
    de.Label: "labelled", de.Skip: "skipped", de.Flag: "flagged as unclear", de.Note: "noted",
    de.Settle: "settled",
    de.Confirm: "confirmed", de.Ambiguous: "called ambiguous", de.Unfold: "split near-duplicates",
    de.AddLabel: "added a "
        "label",
    de.RenameLabel: "renamed a label", de.MergeLabels: "merged labels",
    de.DescribeLabel: "described a "
        "label", de.Undo: "undid",
    de.Redo: "redid",
}  # fmt: skip

#: Kinds of which there are many: told as a number a day.
_MANY = frozenset(
    _DECIDED[kind]
    for kind in (de.Label, de.Skip, de.Flag, de.Note, de.Settle, de.Confirm, de.Ambiguous,
        de.Unfold, de.Undo, de.Redo)
) | {"imported a label"}  # fmt: skip

#: Annotators that stand for no person.
_NOBODY = ("import", "merge")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was done; or several things of one kind, `count` of them from `time` to
    `until`."""

    time: float  #: seconds since the epoch; as it is stored, so perhaps no date
    account: str  #: "" where nobody noted it, as older programs did not
    action: str
    detail: str = ""
    annotator: str = ""  #: under whose name it was decided; "" for what is not a decision
    count: int = 1
    until: float = 0.0

    @property
    def as_another(self) -> bool:
        """Whether an account decided under a name that is not its own."""
        return bool(self.account and self.annotator) and self.annotator != self.account


@dataclass(frozen=True, slots=True)
class History:
    """All that was done, in order, and what is to be told of rows that are damaged."""

    entries: list[Entry]
    damage: tuple[str, ...] = ()


def history(directory: Path) -> History:
    """All that was done with the session in `directory`. Raises SessionError, MachineError as
    reading it does."""
    with Session(directory) as session:
        recorded, state = session.news()
        found = [*_of_events(recorded), *_of_commands(session)]
    damage = state.damage
    if state.config is not None and state.config.loop.oracle == "person":
        with DecisionLog(directory) as log:
            found += _of_decisions(log.read())
            damage += log.damage
    found.sort(key=lambda one: one.time if is_plausible(one.time) else 0.0)
    return History(found, damage)


def by_day(entries: Iterable[Entry]) -> list[Entry]:
    """The entries with decisions of one kind, account, annotator and day as one, at the time of the
    first."""
    found: dict[object, Entry] = {}
    for number, one in enumerate(entries):
        day = local_clock(one.time, "%Y-%m-%d")
        many = one.action in _MANY
        key = (one.account, one.annotator, one.action, day) if many else number
        first = found.get(key)
        if first is not None:
            found[key] = replace(first, count=first.count + 1, until=one.time)
        else:
            found[key] = replace(one, detail="") if many else one
    return list(found.values())


def under_other_names(entries: Iterable[Entry]) -> dict[str, dict[str, int]]:
    """How much each account decided under each annotator's name, for names that an account used
    which has another.

    A name that only one account uses is that account's, whatever it is.
    """
    counts: dict[str, dict[str, int]] = {}
    for one in entries:
        if one.account and one.annotator and one.annotator not in _NOBODY:
            by = counts.setdefault(one.annotator, {})
            by[one.account] = by.get(one.account, 0) + one.count
    return {name: by for name, by in counts.items() if len(by) > 1}


def _of_events(recorded: Sequence[ev.Recorded]) -> Iterator[Entry]:
    account = ""  # of the engine at work
    for one in recorded:
        event = one.event
        match event:
            case ev.SessionCreated():
                yield Entry(one.time, event.account, "made the session", _settings(event))
            case ev.EngineStarted():
                account = event.account
                what = "started the engine again" if event.resumed else "started the engine"
                detail = f"{event.device}, process {event.pid} on {event.host}"
                yield Entry(one.time, account, what, detail)
            case ev.EngineFinished():
                detail = f"{event.reason}: {event.error}" if event.error else event.reason
                yield Entry(one.time, account, "engine ended", detail)
            case ev.SeedsAdded():
                yield Entry(one.time, "", "added seeds", ", ".join(map(str, event.seeds)))
            case ev.ActionTaken():
                yield Entry(one.time, event.account, event.action, event.detail)
            case _:
                pass


def _settings(event: ev.SessionCreated) -> str:
    config, _ = ExperimentConfig.from_stored(event.config)
    models = ", ".join(
        f"{role} {learner.model} {learner.tuning}"
        for role, learner in (("acquisition", config.acquisition), ("successor", config.successor))
    )
    return (
        f"{event.task} of {config.data.source}, {event.train:,} texts; {models}; "
        f"{config.loop.strategy}"
    )


def _of_commands(session: Session) -> Iterator[Entry]:
    for sent in session.sent():
        action = _ASKED.get(sent.name, f"asked the engine to {sent.name}")
        yield Entry(sent.time, sent.account, action)


def _of_decisions(records: Sequence[DecisionRecord]) -> Iterator[Entry]:
    undone = {record.uid: record.decision for record in records}
    for record in records:
        decision = record.decision
        action = _DECIDED.get(type(decision), decision.kind)
        if isinstance(decision, de.Label) and decision.via == "import":
            action = "imported a label"
        detail = _about(decision)
        if isinstance(decision, de.Undo | de.Redo) and (target := undone.get(decision.target)):
            detail = f"{_DECIDED.get(type(target), target.kind)}: {_about(target)}"
        yield Entry(record.time, record.account, action, detail, record.annotator)


def _about(decision: de.Decision) -> str:
    match decision:
        case de.Label(ids=ids, answer=answer):
            said = answer if isinstance(answer, str) else f"{len(answer)} entities"
            return f"{ids[0]} → {said}"
        case de.AddLabel(name=name) | de.DescribeLabel(name=name):
            return name
        case de.RenameLabel(name=name, new=other) | de.MergeLabels(name=name, into=other):
            return f"{name} → {other}"
        case de.Undo(target=target) | de.Redo(target=target):
            return target
        case _:
            return decision.about[0] if decision.about else ""
