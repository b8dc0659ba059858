"""From keyword arguments to an experiment: names, defaults, types and checks are those of `tui-al simulate`."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from tui_al.cli.app import simulate as command
from tui_al.cli.simulate import Options, experiment
from tui_al.core.close_names import did_you_mean
from tui_al.core.session.serialization import fits
from tui_al.core.settings.experiment import DataConfig, ExperimentConfig
from tui_al.errors import ConfigError

#: Options that are about where the command writes, not about the experiment.
_OF_THE_COMMAND = ("data", "session", "home", "shared", "as_json", "quiet")

#: Given as an amount: a number is one too.
_AMOUNTS = ("seed_size", "batch", "trunk_layers", "successor_trunk_layers")


@cache
def _options() -> Mapping[str, tuple[Any, Any, str]]:
    """By name of a setting: its type, its default, and the group that `--help` lists it in."""
    hints = get_type_hints(command, include_extras=True)
    found = {}
    for name, parameter in inspect.signature(command).parameters.items():
        if name not in _OF_THE_COMMAND:
            hint, *more = get_args(hints[name])
            panel = next((getattr(one, "rich_help_panel", None) for one in more), None)
            found[name] = (hint, parameter.default, str(panel))
    return found


def data_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `given` that say how data is read. Raises ConfigError for a name that is none."""
    known = [name for name, (_, _, panel) in _options().items() if panel == "Data"]
    _check_names(given, known, "load_dataset")
    return dict(given)


def data_config(source: str, given: Mapping[str, Any]) -> DataConfig:
    """Where data is and how to read it."""
    return make_experiment(source, given).data


def make_experiment(source: str, given: Mapping[str, Any]) -> ExperimentConfig:
    """The experiment with these settings, all others as the command has them.

    Raises:
        ConfigError: a setting is unknown, of another type, or out of range.
    """
    options = _options()
    _check_names(given, list(options), "simulate")
    values = {name: default for name, (_, default, _) in options.items()}
    labels = _labels(given.get("labels"))
    for name, value in given.items():
        if name != "labels":
            values[name] = _checked(name, value, options[name][0])
    if "seed" in given and "seeds" in given:
        raise ConfigError("Both seed and seeds are given.", "seeds counts runs with the fixed seeds, seed names them.")  # fmt: skip
    config = experiment(Options(data=source, session=None, home=None, shared=None, as_json=False, quiet=True, **values))  # fmt: skip
    return config if labels is None else replace(config, data=replace(config.data, labels=labels))


def _check_names(given: Mapping[str, Any], known: Sequence[str], function: str) -> None:
    for name in given:
        if name not in known:
            raise ConfigError(
                f"{function} has no setting {name!r}.",
                f"{did_you_mean(name, known)}Its settings are {', '.join(known)}.",
            )


def _checked(name: str, value: Any, hint: Any) -> Any:
    """The value as the command would have it; ConfigError for one of another type."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None and name not in _AMOUNTS and type(None) in get_args(hint):
        return None
    if name in _AMOUNTS and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if float(value).is_integer() else str(value)
    if name == "seed":
        numbers = [value] if isinstance(value, int) else value
        if not isinstance(numbers, Sequence) or not all(fits(one, int) for one in numbers):
            raise _wrong(name, value, "a whole number or a list of them")
        return list(numbers)
    if name == "data_dir":
        if not isinstance(value, str | Path):
            raise _wrong(name, value, "a path")
        return Path(value)
    if not fits(value, hint):
        kinds = [hint] if get_origin(hint) is None and not get_args(hint) else get_args(hint)
        words = " or ".join(_WORDS.get(one, str(one)) for one in kinds)
        raise _wrong(name, value, words)
    return value


_WORDS: Mapping[Any, str] = {
    str: "a text", int: "a whole number", float: "a number", bool: "True or False", type(None): "None",
}  # fmt: skip


def _wrong(name: str, value: object, wanted: str) -> ConfigError:
    return ConfigError(f"{name} = {value!r:.80} is not {wanted}.", f"Give {wanted}.")


def _labels(given: object) -> tuple[str, ...] | None:
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(one, str) for one in given):  # fmt: skip
        raise _wrong("labels", given, "a list of names")
    return tuple(given)
