"""Which plug-ins an experiment uses, as a session's manifest notes them, and how that is told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tui_al.core.plugins import Plugin, find_plugin
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS, MODELS
from tui_al.errors import PluginError

#: Under which key of a manifest they stand; there is none where no plug-in is used.
KEY = "plugins"


def used_plugins(
    config: ExperimentConfig, readers: Sequence[dict[str, str]] = ()
) -> dict[str, list[dict[str, str]]]:
    """What to add to a manifest: kind, name, package and version of each; `readers` are those that
    the data was read by."""
    asked = [
        ("strategy", config.loop.strategy),
        ("model", config.acquisition.model),
        ("model", config.successor.model),
    ]
    found = [plugin for kind, name in dict.fromkeys(asked) if (plugin := _find(kind, name))]
    facts = [*(one.facts() for one in found), *readers]
    return {KEY: facts} if facts else {}


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
        if kind in ("strategy", "model") and _find(kind, name) is None:
            package, version = one.get("package"), one.get("version")
            return PluginError(
                f"The {kind} {name} is of package {package} {version}, which is not installed "
                "here.",
                f"Install it first: pip install {package}=={version}. Without it a session can be "
                "read and exported, not run.",
            )
    return None


def _find(kind: str, name: str) -> Plugin | None:
    if kind == "strategy":
        # NumPy comes with them, which a screen's first frame does without.
        from tui_al.core.query.strategies import STRATEGIES

        return find_plugin("strategy", name, STRATEGIES)
    return None if "/" in name else find_plugin("model", name, (*MODELS, BAG_OF_WORDS))


def _entries(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Those that can be read: a manifest may come from anybody."""
    listed = manifest.get(KEY)
    if isinstance(listed, Sequence) and not isinstance(listed, str):
        yield from (one for one in listed if isinstance(one, Mapping))
