"""`tui-al check`: whether a session is sound, row by row, and whether all that it speaks of is
there."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_al.core.session import events as ev
from tui_al.errors import TuiAlError
from tui_al.store.engine_lock import is_live
from tui_al.store.file_hashes import differences
from tui_al.store.salvage import Salvaged, salvage
from tui_al.store.strangers import inside


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: `faults` are damage, `notes` are not."""

    salvaged: Salvaged
    faults: tuple[str, ...]
    notes: tuple[str, ...]


def check(directory: Path) -> Checked:
    """Look through the session in `directory`; it is not changed."""
    found = salvage(directory)
    faults = [*found.trouble, *map(str, (one for one in found.bad if not one.newer))]
    first = found.events[0].event if found.events else None
    if not isinstance(first, ev.SessionCreated) and (directory / "session.db").exists():
        faults.append("no event says what the session is")
    faults += [*_references(found), *_models(directory, found.events)]
    notes = [f"{one}; a newer tui-al wrote it" for one in found.bad if one.newer]
    if found.unverified:
        notes.append(
            f"{found.unverified:,} rows have no checksum, as an earlier version wrote them: they "
            "can be read, and no more is known"
        )
    if not is_live(directory):
        notes += [
            f"{name} is left over from a process that was killed" for name in _leftovers(directory)
        ]
    return Checked(found, tuple(faults), tuple(notes))


def _references(found: Salvaged) -> Iterator[str]:
    """Rows that are about texts which the session does not have; a text that is damaged is told of
    by itself."""
    if any(one.table == "examples" for one in found.bad) or not found.train:
        return
    known = {example.id for example in found.train}
    for record in found.decisions:
        for identity in record.decision.about:
            if identity not in known:
                yield (
                    f"row {record.seq:,} of decisions is about {identity!r:.40}, which is not "
                    "in the data"
                )
    for one in found.events:
        ids = one.event.ids if isinstance(one.event, ev.QuerySelected | ev.Labelled) else ()
        strange = [identity for identity in ids if identity not in known]
        if strange:
            yield f"row {one.seq:,} of events is about {strange[0]!r:.40}, which is not in the data"


def _models(directory: Path, events: list[ev.Recorded]) -> Iterator[str]:
    """Models that the log names last for a run and role, and that are not as they were saved."""
    last = {(r.event.seed, r.event.role): r for r in events if isinstance(r.event, ev.ModelSaved)}
    for one in last.values():
        assert isinstance(one.event, ev.ModelSaved)
        try:
            place = inside(directory, one.event.path)
        except TuiAlError as error:
            yield error.message
            continue
        if not place.is_dir():
            yield f"{one.event.path} is missing, the model of row {one.seq:,} of events"
        for what in differences(place, one.event.hashes) if place.is_dir() else ():
            yield f"{one.event.path}: {what}"


def _leftovers(directory: Path) -> list[str]:
    """What has a dot in front in the session's directories."""
    found = []
    for parent, directories, files in os.walk(directory):
        hidden = [name for name in (*directories, *files) if name.startswith(".")]
        found += [os.path.relpath(f"{parent}/{name}", directory) for name in hidden]
        directories[:] = [name for name in directories if not name.startswith(".")]
    return sorted(found)
