"""From keyword arguments to an experiment: names, defaults and checks are those of `tui-al
simulate`."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tui_al.api.messages import python_messages
from tui_al.core.close_names import did_you_mean
from tui_al.core.settings.experiment import (
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.core.settings.options import Option, experiment, options_of
from tui_al.core.settings.schema import GROUPS, entries
from tui_al.core.settings.values import check, from_text
from tui_al.errors import ConfigError

_COMMAND = "simulate"
_DATA = GROUPS[0]

#: Settings of the command that are about where it writes, not about the experiment.
_OF_THE_COMMAND = ("session",)


@cache
def _options() -> Mapping[str, Option]:
    """The options by the names that the API takes."""
    return {one.key: one for one in options_of(_COMMAND) if one.key not in _OF_THE_COMMAND}


def data_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `given` that say how data is read. Raises ConfigError for a name that is none."""
    known = [name for name, one in _options().items() if one.entry.setting.group == _DATA]
    _check_names(given, known, "load_dataset")
    return dict(given)


def data_config(source: str, given: Mapping[str, Any]) -> DataConfig:
    """Where data is and how to read it."""
    return make_experiment(source, given).data


@python_messages()
def make_experiment(source: str, given: Mapping[str, Any]) -> ExperimentConfig:
    """The experiment with these settings, all others as the command has them; None is not given.

    Raises:
        ConfigError: a setting is unknown, of another type, or out of range.
    """
    options = _options()
    _check_names(given, list(options), "simulate")
    if "seed" in given and "seeds" in given:
        raise ConfigError(
            "Both seed and seeds are given.",
            "seeds counts runs with the fixed seeds, seed names them.",
        )
    checked = {name: _checked(options[name], value) for name, value in given.items()}
    return experiment(_COMMAND, source, checked)


def plain_settings(config: ExperimentConfig) -> dict[str, Any]:
    """All settings as plain values, by the names and in the tables of sweep files."""

    def named(kind: type[Any], plain: Mapping[str, Any]) -> dict[str, Any]:
        known = entries(kind)
        return {known[key].name if key in known else key: value for key, value in plain.items()}

    tables = {
        "data": DataConfig,
        "acquisition": LearnerConfig,
        "successor": LearnerConfig,
        "loop": LoopConfig,
    }
    return {
        key: named(tables[key], value) if key in tables else value
        for key, value in named(ExperimentConfig, config.to_dict()).items()
    }


def source_of(source: object, function: str) -> str:
    """Where data is, as a text. Raises ConfigError for anything but a text or a path, without
    repeating what may be a whole data set."""
    if isinstance(source, str | Path):
        return str(source)
    raise ConfigError(
        f"{function} takes a name, a path or a Hub id, not a {type(source).__name__}.",
        "Write rows that are in memory to a file first, as CSV, JSON lines or Parquet: "
        'DataFrame.to_csv("rows.csv", index=False).',
    )


def check_same_data(loaded: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise ConfigError where data would be read otherwise than it was loaded."""
    for name, option in _options().items():
        if name in given and option.entry.setting.group == _DATA:
            before = loaded.get(name, option.entry.default_for(_COMMAND))
            if given[name] != before:
                raise ConfigError(
                    f"{name} = {given[name]!r:.60}, but the data was loaded with {before!r:.60}.",
                    "Give it to load_dataset alone.",
                )


def _check_names(given: Mapping[str, Any], known: Sequence[str], function: str) -> None:
    for name in given:
        if name not in known:
            shown = [one for one in known if not _options()[one].hidden]
            today = _today(name)
            near = f"It is called {today}. " if today in shown else did_you_mean(name, shown)
            raise ConfigError(
                f"{function} has no setting {name!r}.",
                f"{near}Its settings are {', '.join(shown)}.",
            )


def _today(name: str) -> str:
    """What the command's option of before, or the field of a stored experiment, is called now; ""
    for neither."""
    flag = f"--{name.replace('_', '-')}"
    for key, option in _options().items():
        if flag in option.old or (name == option.entry.key and not option.role):
            return key
    return ""


def _checked(option: Option, value: Any) -> Any:
    """The value, told by its name in Python where it is wrong; lists of the command's repeated
    options are lists here."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Path):
        value = str(value)
    if value is None:
        return None
    called = f"{option.key} = "
    if option.entry.key == "strategy" and callable(value):
        raise ConfigError(
            f"strategy is a function ({getattr(value, '__name__', type(value).__name__)}), not a "
            "name.",
            "The engine is a process of its own, which finds strategies by their names: bring "
            'it in a package (see "A strategy of your own" on the page python-api).',
        )
    if option.repeated:
        values = [value] if isinstance(value, int | str) else value
        return [str(one) for one in check(option.entry, _whole_numbers(values), called)]
    if isinstance(value, str) and option.entry.setting.share:
        return from_text(option.entry, value, called)  # "5%"
    return check(option.entry, value, called)


def _whole_numbers(values: Any) -> Any:
    if not isinstance(values, Sequence | np.ndarray):
        return values
    return [int(one) if isinstance(one, np.integer) else one for one in values]
