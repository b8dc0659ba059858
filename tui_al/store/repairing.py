"""`tui-al check --repair`: what can be read of a damaged session, as a new one; the old one is not
changed.

A run of a simulation is kept up to the last finished round before a row that is lost: an engine
goes on from there, and its numbers are those that an undamaged session would have. What people
decided cannot be made again: every row of it that is sound is kept.
"""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui_al.core.data.examples import Dataset, Task
from tui_al.core.session import events as ev
from tui_al.errors import SessionError, TuiAlError
from tui_al.store.accounts import this_account
from tui_al.store.atomic_dirs import temp_dir
from tui_al.store.decisions import DecisionLog
from tui_al.store.file_hashes import differences
from tui_al.store.home import session_directory
from tui_al.store.plain_copies import copy_directory
from tui_al.store.row_checks import RawRow
from tui_al.store.salvage import Salvaged, created_of, salvage
from tui_al.store.session import Session
from tui_al.store.sharing import make_directory
from tui_al.store.strangers import inside


@dataclass(slots=True)
class Repaired:
    """What the new session holds, and what of the old one it does not."""

    events: int = 0
    decisions: int = 0
    examples: int = 0
    models: int = 0
    lost: list[str] = field(default_factory=list)


def repair(directory: Path, home: Path, name: str) -> Repaired:
    """Write what can be read of the session in `directory` into the new session `name`, which
    appears whole or not at all.

    Raises:
        SessionError: nothing says any more what the session is, none of its texts is left, or the
        name is taken.
    """
    target = session_directory(home, name)
    if target.exists():
        raise SessionError(f"Session {name} exists already, in {target}.", "Choose a new name.")
    found = salvage(directory)
    created = created_of(found, directory)
    if not found.train:
        raise SessionError(
            f"None of the texts of session {directory.name} can be read, and labels are nothing "
            "without them.",
            "A backup, if there is one, is all that helps.",
        )
    result = Repaired(lost=_told(found))
    kept = _kept_events(found, created, result)
    dataset = _dataset(found, created)
    note = f"repaired from session {directory.name}: {len(result.lost):,} things were lost"
    created = replace(
        created, train=len(dataset.train), test=len(dataset.test), notes=(*created.notes, note)
    )
    make_directory(target.parent)
    with temp_dir(target.parent, name) as making:
        with Session.create(making, name, created, dataset) as session:
            place = session.directory
            events = _with_models(directory, place, kept, result)
            session.restore(events)
            lost = f"from session {directory.name}; lost: {len(result.lost):,}"
            session.append(ev.ActionTaken(this_account(), "repaired", lost))
            result.events = 1 + len(events)
        with DecisionLog(place) as log:
            result.decisions = len(log.insert(found.decisions))
        place.rename(target)
    result.examples = len(dataset.train) + len(dataset.test)
    return result


def _dataset(found: Salvaged, created: ev.SessionCreated) -> Dataset:
    source = created.config.get("data", {})
    named = source.get("source", "data") if isinstance(source, dict) else "data"
    return Dataset(
        str(named), Task(created.task), created.labels, tuple(found.train), tuple(found.test),
        created.notes, created.warnings,
    )  # fmt: skip


def _told(found: Salvaged) -> list[str]:
    """A line for each row that is lost, with what can still be read of it."""
    texts = {example.id: example.text for example in found.train}
    return [f"{one}{_content(found.raw.get((one.table, one.seq)), texts)}" for one in found.bad]


def _content(row: RawRow | None, texts: dict[str, str]) -> str:
    """What a bad row says, as far as it can be read; it may be wrong."""
    if row is None or not isinstance(row.values[-1], str):
        return ""
    body, kind = row.values[-1], row.values[-2]
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
        plain = json.loads(body)
        ids = plain.get("ids") or [plain.get("id")]
        if "answer" in plain and isinstance(ids[0], str):
            about = texts.get(ids[0], ids[0])
            return f"; it seems to say {plain['answer']!r:.60} of {about!r:.80}"
    return f"; it seems to be {kind!r:.30}, {body!r:.80}"


def _kept_events(
    found: Salvaged, created: ev.SessionCreated, result: Repaired
) -> list[ev.Recorded]:
    """The events that the new session begins with, without the first and without what an engine
    told of its progress."""
    events = [
        one
        for one in found.events[1:]
        if not isinstance(one.event, ev.SessionCreated | ev.Progress)
    ]
    if created.config.get("loop", {}).get("oracle") == "person":
        return events
    known = {example.id for example in found.train}
    lost = [one.seq for one in found.bad if one.table == "events" and not one.newer]
    lost += [
        one.seq
        for one in events
        if isinstance(one.event, ev.QuerySelected | ev.Labelled)
        and not known.issuperset(one.event.ids)
    ]
    if not lost:
        return events
    ends: dict[int | None, int] = {}
    for seed in dict.fromkeys(s for one in events if (s := _seed(one)) is not None):
        end = _last_sound(seed, events, sorted(lost))
        if end is not None:
            ends[seed] = end
            points = [
                one.event.round
                for one in events
                if _seed(one) == seed and isinstance(one.event, ev.RoundResult) and one.seq <= end
            ]
            upto = f"after round {points[-1]}" if points else "from its beginning"
            result.lost.append(
                f"seed {seed} is kept up to its last sound round, and an engine goes on {upto}"
            )
    ended = (ev.SessionFinished, ev.EngineFinished)
    return [
        one
        for one in events
        if not (_seed(one) in ends and one.seq > ends[_seed(one)])
        and not (ends and isinstance(one.event, ended))
    ]


def _seed(one: ev.Recorded) -> int | None:
    seed = getattr(one.event, "seed", None)
    return seed if isinstance(seed, int) else None


def _last_sound(seed: int, events: Sequence[ev.Recorded], lost: Sequence[int]) -> int | None:
    """The number of the last row of a run to keep; None where no row that is lost can have been one
    of it."""
    own = [one for one in events if _seed(one) == seed]
    whole = isinstance(own[-1].event, ev.RunFinished)
    begun, ended = own[0].seq, own[-1].seq
    inside_ = [row for row in lost if row > begun and (row < ended or not whole)]
    if not isinstance(own[0].event, ev.RunStarted):
        return begun - 1
    if not inside_:
        return None
    before = [
        one.seq for one in own if one.seq < inside_[0] and isinstance(one.event, ev.RoundResult)
    ]
    return before[-1] if before else begun


def _with_models(
    directory: Path, place: Path, events: list[ev.Recorded], result: Repaired
) -> list[ev.Recorded]:
    """The events without models that are not as they were saved; the others are copied."""
    last = {(r.event.seed, r.event.role): r for r in events if isinstance(r.event, ev.ModelSaved)}
    kept = set()
    for one in last.values():
        saved = one.event
        assert isinstance(saved, ev.ModelSaved)
        try:
            source = inside(directory, saved.path)
            wrong = differences(source, saved.hashes) if source.is_dir() else ["it is missing"]
            if not wrong:
                copy_directory(source, place / saved.path)
                kept.add(one.seq)
        except (TuiAlError, OSError) as error:
            wrong = [error.message if isinstance(error, TuiAlError) else str(error)]
        if wrong:
            result.lost.append(f"the model in {saved.path}: {wrong[0]}")
    result.models = len(kept)
    return [one for one in events if not isinstance(one.event, ev.ModelSaved) or one.seq in kept]
