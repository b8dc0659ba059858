"""What other packages bring: strategies, readers, exporters and models, found by their entry
points.

A package names what it brings in its `pyproject.toml`:

    [project.entry-points."tui_al.strategies"]
    margin = "my_package:margin"

Nothing is looked for before a name is asked for that is not built in, or all are listed; nothing is
imported before it is used. A plug-in that is broken costs itself and nothing else.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from tui_al.errors import PluginError

if TYPE_CHECKING:  # takes as long to import as all the rest of the command line
    from importlib.metadata import EntryPoint

Kind = Literal["strategy", "reader", "exporter", "model"]

T = TypeVar("T")

GROUPS: Mapping[Kind, str] = {
    "strategy": "tui_al.strategies",
    "reader": "tui_al.readers",
    "exporter": "tui_al.exporters",
    "model": "tui_al.models",
}


@dataclass(frozen=True, slots=True)
class Plugin:
    """Something that a package brings."""

    kind: Kind
    name: str
    package: str
    version: str
    entry: "EntryPoint"

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of package {self.package} {self.version}"

    def facts(self) -> dict[str, str]:
        """As it is noted in a session's manifest."""
        return {
            "kind": self.kind, "name": self.name, "package": self.package, "version": self.version,
        }  # fmt: skip

    def load(self) -> Any:
        """The object. Raises PluginError where importing it fails, for whatever reason."""
        try:
            return self.entry.load()
        except Exception as error:
            raise self.broken(f"it cannot be imported: {said(error)}") from error

    def broken(self, why: str) -> PluginError:
        """The error for a plug-in that cannot be used; `why` goes on after a colon."""
        return PluginError(
            f"The {self} cannot be used: {why}.",
            f"Tell whoever maintains {self.package}, or choose another {self.kind}.",
        )


def plugins(kind: Kind, built_in: Collection[str]) -> Mapping[str, Plugin]:
    """What packages bring of a kind, by name; without those in the way of another, see
    `clashes`."""
    return {one.name: one for one in _found(kind) if one.name not in built_in and not _twins(one)}


def clashes(kind: Kind, built_in: Collection[str]) -> list[PluginError]:
    """Why plug-ins of a kind are not used though they are there: their names are taken."""
    found = []
    for one in _found(kind):
        if one.name in built_in:
            found.append(one.broken(f"tui-al itself has a {kind} of this name"))
        elif twins := _twins(one):
            found.append(one.broken(f"package {twins[0].package} has a {kind} of this name too"))
    return found


def usable(
    kind: Kind, built_in: Collection[str], load: Callable[[Plugin], T]
) -> tuple[list[T], list[PluginError]]:
    """What packages bring of a kind, made by `load`, and why others that are there cannot be
    used."""
    sound, broken = [], clashes(kind, built_in)
    for one in plugins(kind, built_in).values():
        try:
            sound.append(load(one))
        except PluginError as error:
            broken.append(error)
    return sound, broken


def find_plugin(kind: Kind, name: str, built_in: Collection[str]) -> Plugin | None:
    """The plug-in of this name, None if there is none. Raises PluginError where several packages
    have one."""
    if found := plugins(kind, built_in).get(name):
        return found
    for one in _found(kind):
        if one.name == name and name not in built_in:
            raise one.broken(f"package {_twins(one)[0].package} has a {kind} of this name too")
    return None


def said(error: BaseException) -> str:
    """An error of a plug-in in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text:.300}" if text else type(error).__name__


def _twins(one: Plugin) -> list[Plugin]:
    return [other for other in _found(one.kind) if other.name == one.name and other is not one]


@cache
def _found(kind: Kind) -> tuple[Plugin, ...]:
    return tuple(_scan(kind))


def _scan(kind: Kind) -> Iterator[Plugin]:
    from importlib.metadata import entry_points

    for entry in entry_points(group=GROUPS[kind]):
        dist = entry.dist
        package = dist.name if dist else entry.value.partition(":")[0]
        yield Plugin(kind, entry.name, package, dist.version if dist else "unknown", entry)
