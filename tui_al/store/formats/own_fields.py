"""Fields of other programs that are called like ours but hold something else: they are told of and
not read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tui_al.store.formats.fields import Fields, annotator_of, status_of
from tui_al.store.formats.reading import ItemError, Parse, Parsed, Reading
from tui_al.store.formats.times import Times

_Reader = Callable[[Fields, str, str], object]


def without_foreign(head: Sequence[Fields], reading: Reading, parse: Parse, times: Times) -> Parse:
    """`parse`, not shown fields whose names are ours but whose content never is, as the status of a
    ticket."""
    foreign = set(_foreign(head, times))
    if not foreign:
        return parse
    for name in sorted(foreign):
        reading.notes.append(f"the field {name!r} holds something else than here and is not read")

    def of_ours(row: Mapping[str, Any], place: str) -> Sequence[Parsed | ItemError]:
        return parse({key: cell for key, cell in row.items() if key not in foreign}, place)

    return of_ours


def _foreign(head: Sequence[Fields], times: Times) -> Iterable[str]:
    readers: Mapping[str, _Reader] = {
        "status": status_of,
        "time": lambda row, name, place: times.of(row, (name,), place),
        "annotator": annotator_of,
    }
    for name, reader in readers.items():
        filled = [row for row in head if row.get(name) not in (None, "")]
        if filled and not any(_readable(row, name, reader) for row in filled):
            yield name


def _readable(row: Fields, name: str, reader: _Reader) -> bool:
    try:
        reader(row, name, "")
    except ItemError:
        return False
    return True
