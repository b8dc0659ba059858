"""A sweep: many experiments from one TOML file, a grid of settings over a common base.

    title = "Banking77: which acquisition model?"
    seeds = 5                               # of the fixed seeds, or a list of numbers

    [data]                                  # sections and settings are those of ExperimentConfig
    source = "banking77"
    [learner]                               # settings of both models
    precision = "auto"
    [acquisition]
    model = "minilm"
    [successor]
    model = "minilm"
    tuning = "full"
    [loop]
    seed_size = "1%"
    batch = "1%"

    [grid]                                  # every combination of these is an arm of the sweep
    acquisition.tuning = ["adapter", "full"]
    loop.strategy = ["random", "lc"]

    [[exclude]]                             # but not these
    acquisition.tuning = "full"
    loop.strategy = "lc"

An arm is one session, a cell of the sweep one seed of an arm. Whole sections can vary as well: a list of tables, whose `name` is
what the arm is called by. What the file does not say is the model's own default (`tui_al.core.settings.model_catalog`).
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_al.core.close_names import did_you_mean
from tui_al.core.query.strategies import strategy
from tui_al.core.settings.experiment import (
    PAPER_SEEDS,
    Amount,
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.core.settings.model_catalog import default_settings
from tui_al.core.settings.sweep_values import check, flat, types_of
from tui_al.core.settings.toml_text import read_toml
from tui_al.errors import ConfigError

_SECTIONS: Mapping[str, type[Any]] = {
    "data": DataConfig,
    "learner": LearnerConfig,
    "acquisition": LearnerConfig,
    "successor": LearnerConfig,
    "loop": LoopConfig,
}
_LEARNERS = ("learner", "acquisition", "successor")
_KEPT = ("preset", "device", "save_models")
_TOP = ("title", "seeds", "grid", "exclude", *_KEPT, *_SECTIONS)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says over the file."""

    data_dir: str | None = None
    device: str | None = None
    seeds: int | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """One combination of a sweep: an experiment, its session, and what tells it from the others."""

    label: str
    varied: Mapping[str, str]  #: by key of the grid, as people say it
    session: str
    config: ExperimentConfig


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep as its file says it."""

    name: str
    title: str
    arms: tuple[Arm, ...]
    notes: tuple[str, ...] = ()


def read_sweep(text: str, name: str, overrides: Overrides = Overrides()) -> Sweep:
    """The sweep in a TOML text; every mistake is told here, before anything runs.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    try:
        plain = read_toml(text)
    except ValueError as error:
        raise ConfigError(f"{name}: this is no TOML: {error}.", "See https://toml.io.") from error
    _known(plain, _TOP, name)
    for section in _SECTIONS:
        if not isinstance(plain.get(section, {}), dict):
            raise ConfigError(f"{name}: {section} is no table.", f"Write [{section}] above it.")
    axes = _axes(plain.get("grid", {}), name)
    rules = [flat(rule) for rule in _tables(plain, "exclude", name)]
    used = [False] * len(rules)
    arms: dict[str, Arm] = {}
    same: list[str] = []
    for choice in itertools.product(*([(key, value) for value in axes[key]] for key in axes)):
        arm = _arm(plain, dict(choice), overrides, name)
        hits = [_excludes(rule, arm, dict(choice), name) for rule in rules]
        used = [was or hit for was, hit in zip(used, hits, strict=True)]
        if any(hits):
            continue
        if arm.session in arms:
            asks = strategy(arm.config.loop.strategy).needs != "nothing"
            same.append("" if asks else arm.config.loop.strategy)
        arms.setdefault(arm.session, arm)
    for rule, hit in zip(rules, used, strict=True):
        if not hit:
            raise ConfigError(
                f"{name}: exclude {_told(rule)} fits no combination.",
                "Give keys and values as the grid has them.",
            )
    if not arms:
        raise ConfigError(f"{name}: every combination is excluded.", "Leave one at least.")
    notes = [
        f"{name} asks no acquisition model: {same.count(name)} combinations are left out that differ from another in it only."
        for name in dict.fromkeys(filter(None, same))
    ]
    if twice := same.count(""):
        notes.append(f"{twice} combinations are left out that are the same experiment as another.")
    return Sweep(name, str(plain.get("title", name)), tuple(arms.values()), tuple(notes))


def _arm(
    plain: Mapping[str, Any], choice: Mapping[str, Any], overrides: Overrides, name: str
) -> Arm:
    """The experiment of one combination."""
    settings = {section: dict(plain.get(section, {})) for section in _SECTIONS}
    top = {key: plain[key] for key in _KEPT if key in plain}
    for key, value in choice.items():
        section, _, setting = key.partition(".")
        if setting:
            settings[section][setting] = value
        elif section in _SECTIONS:
            settings[section] |= {
                k: v for k, v in _table(section, value, name).items() if k != "name"
            }
        else:
            top[key] = value
    if overrides.data_dir is not None:
        settings["data"]["data_dir"] = overrides.data_dir
    preset = check("preset", top.get("preset"), str | None, name)
    try:
        config = ExperimentConfig(
            data=_data(settings["data"], name),
            acquisition=_learner("acquisition", settings, preset, name),
            successor=_learner("successor", settings, preset, name),
            loop=_loop(settings["loop"], name),
            seeds=_seeds(overrides.seeds or plain.get("seeds", len(PAPER_SEEDS)), name),
            device=check("device", overrides.device or top.get("device", "auto"), str, name),
            save_models=check("save_models", top.get("save_models", False), bool, name),
        )
        asks = strategy(config.loop.strategy).needs != "nothing"
    except ConfigError as error:
        where = _told({key: _label(value) for key, value in choice.items()})
        message = error.message.removeprefix(f"{name}: ")
        raise ConfigError(
            f"{name}{f', {where}' if where else ''}: {message}", error.hint
        ) from error
    varied = {
        key: _label(value)
        for key, value in choice.items()
        if asks or not key.startswith("acquisition")
    }
    label = " · ".join(varied.values()) or config.data.source
    return Arm(label, varied, _session_name(label, config), config)


def _data(plain: Mapping[str, Any], name: str) -> DataConfig:
    values = _values("data", plain, name)
    if "source" not in values:
        raise ConfigError(f"{name}: [data] lacks source.", "Give a data set's name, or a path.")
    return DataConfig(**values)


def _loop(plain: Mapping[str, Any], name: str) -> LoopConfig:
    amounts = {
        key: Amount.parse(str(plain.get(key, "1%")), f"{name}: [loop] {key}")
        for key in ("seed_size", "batch")
    }
    others = {key: value for key, value in plain.items() if key not in amounts}
    values = _values("loop", others, name)
    if values.get("oracle", "gold") != "gold":
        raise ConfigError(
            f"{name}: [loop] oracle = {values['oracle']!r} is not for a sweep.",
            "A sweep simulates: leave it out; people label with `tui-al label`.",
        )
    return LoopConfig(**({"strategy": "lc"} | values | amounts))


def _learner(
    role: str, settings: Mapping[str, Mapping[str, Any]], preset: str | None, name: str
) -> LearnerConfig:
    for section in ("learner", role):
        _values(section, settings[section], name)
    values = _values(role, {**settings["learner"], **settings[role]}, name)
    model = values.setdefault("model", "minilm")
    tuning = values.setdefault("tuning", "adapter" if role == "acquisition" else "full")
    return replace(default_settings(model, tuning, preset), **values)


def _seeds(value: object, name: str) -> tuple[int, ...]:
    if isinstance(value, list) and all(type(seed) is int for seed in value):
        return tuple(value)
    if type(value) is not int or not 1 <= value <= len(PAPER_SEEDS):
        raise ConfigError(
            f"{name}: seeds = {value!r} is not allowed.",
            f"Give how many of the {len(PAPER_SEEDS)} fixed seeds, or a list as [7, 8].",
        )
    return PAPER_SEEDS[:value]


def _axes(grid: Mapping[str, Any], name: str) -> dict[str, list[Any]]:
    """The grid by dotted key; tables of tables are dotted keys as TOML reads them."""
    axes: dict[str, list[Any]] = {}
    for key, values in flat(check("grid", grid, dict, name)).items():
        section, _, setting = key.partition(".")
        if section not in _SECTIONS and key not in ("preset", "device"):
            raise ConfigError(
                f"{name}: [grid] has the unknown key {key!r}.",
                f"{did_you_mean(key, (*_SECTIONS, 'preset', 'device'))}Vary a section ({', '.join(_SECTIONS)}), one of its settings, as loop.strategy, or preset.",
            )
        if setting:
            _known({setting: None}, _settings_of(section), f"{name}: [grid] {section}")
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{name}: [grid] {key} = {values!r} is no list.", 'Write ["a", "b"].')
        axes[key] = values
    return axes


def _excludes(rule: Mapping[str, Any], arm: Arm, choice: Mapping[str, Any], name: str) -> bool:
    """Whether every key of the rule fits: what the grid calls its value, or any setting of the experiment."""
    settings = flat(arm.config.to_dict())
    for key, wanted in rule.items():
        if key in choice:
            found: object = _label(choice[key])
        elif key in settings:
            found = settings[key]
        else:
            raise ConfigError(
                f"{name}: exclude has the unknown key {key!r}.",
                f"Use a key of the grid ({', '.join(choice) or 'which has none'}) or a setting, as loop.strategy.",
            )
        if str(found) not in [
            str(one) for one in (wanted if isinstance(wanted, list) else [wanted])
        ]:
            return False
    return True


def essence(config: ExperimentConfig) -> ExperimentConfig:
    """The same for experiments whose runs are the same, whatever their seeds: nor does a model count that is not asked."""
    same = replace(config, seeds=(0,), device="auto", save_models=False)
    if strategy(config.loop.strategy).needs == "nothing":
        same = replace(same, acquisition=config.successor)
    return same


def _session_name(label: str, config: ExperimentConfig) -> str:
    """Readable, and the same for the same experiment; the place of the data does not count."""
    same = replace(essence(config), data=replace(config.data, data_dir=None))
    readable = re.sub(r"[^\w.+-]+", "-", label, flags=re.ASCII).strip("-.+_")[:80]
    return f"{readable or 'arm'}-{same.fingerprint()}"


def _label(value: Any) -> str:
    """A value of the grid as people say it."""
    if isinstance(value, dict):
        if "name" in value:
            return str(value["name"])
        return " ".join(str(one) for one in value.values())
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _table(section: str, value: Any, name: str) -> dict[str, Any]:
    """A varied section; data sets can be given by name alone."""
    if isinstance(value, dict):
        return value
    if section == "data" and isinstance(value, str):
        return {"source": value}
    raise ConfigError(
        f"{name}: [grid] {section} holds {value!r}, which is no table.",
        '{ name = "full", model = "minilm", tuning = "full" } is one.',
    )


def _tables(plain: Mapping[str, Any], key: str, name: str) -> Sequence[Mapping[str, Any]]:
    found = plain.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ConfigError(f"{name}: {key} is no list of tables.", f"Write [[{key}]] above each.")
    return found


def _values(section: str, plain: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The section's settings, each of the type that it must have."""
    _known(plain, _settings_of(section), f"{name}: [{section}]")
    types = _settings_of(section)
    return {
        key: check(f"[{section}] {key}", value, types[key], name) for key, value in plain.items()
    }


def _settings_of(section: str) -> dict[str, Any]:
    return types_of(_SECTIONS[section])


def _known(
    plain: Mapping[str, Any], allowed: Sequence[str] | Mapping[str, Any], where: str
) -> None:
    for key in plain:
        if key not in allowed:
            raise ConfigError(
                f"{where} has the unknown key {key!r}.",
                f"{did_you_mean(key, allowed)}It may have {', '.join(sorted(allowed))}.",
            )


def _told(rule: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in rule.items())


def cells(sweep: Sweep) -> Iterator[tuple[Arm, int]]:
    """Every cell: an arm and one of its seeds."""
    for arm in sweep.arms:
        for seed in arm.config.seeds:
            yield arm, seed


def arms_with_known_first(sweep: Sweep) -> frozenset[str]:
    """Sessions that take the points of their seed sets from an earlier arm: same data, successor and seed set."""
    seen: set[tuple[Any, ...]] = set()
    known = set()
    for arm in sweep.arms:
        config = arm.config
        loop = config.loop
        same = (config.data, config.successor, loop.seed_size, loop.budget_unit, loop.label_noise)
        if same in seen and config.successor.start == "cold":
            known.add(arm.session)
        seen.add(same)
    return frozenset(known)
