"""Which plug-ins an experiment uses, as a session's manifest notes them, and how that is told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tui_al.core.plugins import find_plugin
from tui_al.core.query.strategies import STRATEGIES
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.errors import PluginError

#: Under which key of a manifest they stand; there is none where no plug-in is used.
KEY = "plugins"


def used_plugins(config: ExperimentConfig) -> dict[str, list[dict[str, str]]]:
    """What to add to a manifest: kind, name, package and version of each."""
    found = find_plugin("strategy", config.loop.strategy, STRATEGIES)
    return {KEY: [found.facts()]} if found else {}


def noted(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The plug-ins in a manifest: "strategy margin" to "my-package 1.0"."""
    return {
        f"{one.get('kind')} {one.get('name')}": f"{one.get('package')} {one.get('version')}"
        for one in _entries(manifest)
    }


def missing(manifest: Mapping[str, Any]) -> PluginError | None:
    """The error for a session with a plug-in that is not installed here; None if all are."""
    for one in _entries(manifest):
        kind, name = one.get("kind"), str(one.get("name"))
        if kind == "strategy" and find_plugin("strategy", name, STRATEGIES) is None:
            package, version = one.get("package"), one.get("version")
            return PluginError(
                f"The {kind} {name} is of package {package} {version}, which is not installed here.",
                f"Install it first: pip install {package}=={version}. Without it a session can be read and exported, not run.",
            )
    return None


def _entries(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Those that can be read: a manifest may come from anybody."""
    listed = manifest.get(KEY)
    if isinstance(listed, Sequence) and not isinstance(listed, str):
        yield from (one for one in listed if isinstance(one, Mapping))
