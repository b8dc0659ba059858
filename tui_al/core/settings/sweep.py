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

An arm is one session, a cell of the sweep one seed of an arm. Whole sections can vary as well: a
list of tables, whose `name` is what the arm is called by. What the file does not say is the model's
own default (`tui_al.core.settings.model_catalog`)."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui_al.core.query.strategies import strategy
from tui_al.core.settings.experiment import (
    PAPER_SEEDS,
    Beginning,
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.core.settings.model_catalog import BAG_OF_WORDS, default_settings
from tui_al.core.settings.schema import entries
from tui_al.core.settings.sweep_tables import (
    SECTIONS,
    by_field,
    check_known,
    field_of,
    in_words,
    label_of,
    list_of_tables,
    read_axes,
    section_values,
    varied_section,
)
from tui_al.core.settings.toml_text import read_toml
from tui_al.core.settings.values import check, flat
from tui_al.errors import ConfigError, errors_at

_KEPT = ("preset", "device", "save_models")
_TOP = ("title", "seeds", "grid", "exclude", *_KEPT, *SECTIONS)


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
        raise ConfigError(f"{name}: this is not TOML: {error}.", "See https://toml.io.") from error
    check_known(plain, _TOP, name)
    for section in SECTIONS:
        if not isinstance(plain.get(section, {}), dict):
            raise ConfigError(f"{name}: {section} is not a table.", f"Write [{section}] above it.")
    axes = read_axes(plain.get("grid", {}), name)
    rules = [flat(rule) for rule in list_of_tables(plain, "exclude", name)]
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
                f"{name}: exclude {in_words(rule)} fits no combination.",
                "Give keys and values as the grid has them.",
            )
    if not arms:
        raise ConfigError(f"{name}: every combination is excluded.", "Leave one at least.")
    notes = [
        f"{_duplicates(same.count(name))} left out: {name} ignores the acquisition model."
        for name in dict.fromkeys(filter(None, same))
    ]
    if twice := same.count(""):
        notes.append(f"{_duplicates(twice)} left out: the same experiment as another.")
    return Sweep(name, str(plain.get("title", name)), tuple(arms.values()), tuple(notes))


def _duplicates(count: int) -> str:
    return f"{count} duplicate{'s' * (count > 1)}"


def _arm(
    plain: Mapping[str, Any], choice: Mapping[str, Any], overrides: Overrides, name: str
) -> Arm:
    """The experiment of one combination."""
    settings = {section: by_field(section, plain.get(section, {})) for section in SECTIONS}
    top = {key: plain[key] for key in _KEPT if key in plain}
    for key, value in choice.items():
        section, _, setting = key.partition(".")
        if setting:
            settings[section][field_of(key).partition(".")[2]] = value
        elif section in SECTIONS:
            table = varied_section(section, value, name)
            settings[section] |= by_field(section, {k: v for k, v in table.items() if k != "name"})
        else:
            top[key] = value
    if overrides.data_dir is not None:
        settings["data"]["data_dir"] = overrides.data_dir
    try:
        preset = _top(Beginning, "preset", top, name)
        config = ExperimentConfig(
            data=_data(settings["data"], name),
            acquisition=_learner("acquisition", settings, preset, name),
            successor=_learner("successor", settings, preset, name),
            loop=_loop(settings["loop"], name),
            seeds=_seeds(overrides.seeds or plain.get("seeds", len(PAPER_SEEDS)), name),
            device=overrides.device or _top(ExperimentConfig, "device", top, name),
            save_models=_top(ExperimentConfig, "save_models", {"save_models": False, **top}, name),
        )
        asks = strategy(config.loop.strategy).needs != "nothing"
    except ConfigError as error:
        where = in_words({key: label_of(value) for key, value in choice.items()})
        message = error.message.removeprefix(f"{name}: ")
        raise ConfigError(
            f"{name}{f', {where}' if where else ''}: {message}", error.hint
        ) from error
    varied = {
        key: label_of(value)
        for key, value in choice.items()
        if asks or not key.startswith("acquisition")
    }
    label = " · ".join(varied.values()) or config.data.source
    return Arm(label, varied, _session_name(label, config), config)


def _data(plain: Mapping[str, Any], name: str) -> DataConfig:
    values = section_values("data", plain, name)
    if "source" not in values:
        raise ConfigError(f"{name}: [data] lacks source.", "Give a data set's name, or a path.")
    return DataConfig(**values)


def _top(kind: type[Any], key: str, top: Mapping[str, Any], name: str) -> Any:
    """A setting that stands above all sections."""
    entry = entries(kind)[key]
    return check(entry, top.get(key, entry.default), f"{name}: {key} = ")


def _loop(plain: Mapping[str, Any], name: str) -> LoopConfig:
    defaults = {
        key: entry.default_for("simulate")
        for key, entry in entries(LoopConfig).items()
        if entry.setting.defaults
    }
    values = section_values("loop", {**defaults, **plain}, name)
    if values.get("oracle", "gold") != "gold":
        raise ConfigError(
            f"{name}: [loop] oracle = {values['oracle']!r} is not for a sweep.",
            "A sweep simulates: leave it out; people label with `tui-al label`.",
        )
    return LoopConfig(**values)


def _learner(
    role: str, settings: Mapping[str, Mapping[str, Any]], preset: str, name: str
) -> LearnerConfig:
    for section in ("learner", role):
        section_values(section, settings[section], name)
    values = section_values(role, {**settings["learner"], **settings[role]}, name)
    found = entries(LearnerConfig)
    model = values.setdefault("model", found["model"].default_for(role))
    usual = "head" if model == BAG_OF_WORDS else found["tuning"].default_for(role)
    values.setdefault("tuning", usual)
    with errors_at("tuning", role):
        return replace(default_settings(values["model"], values["tuning"], preset), **values)


def _seeds(value: object, name: str) -> tuple[int, ...]:
    if isinstance(value, list) and all(type(seed) is int for seed in value):
        return tuple(value)
    if type(value) is not int or not 1 <= value <= len(PAPER_SEEDS):
        raise ConfigError(
            f"{name}: seeds = {value!r} is not allowed.",
            f"Give how many of the {len(PAPER_SEEDS)} fixed seeds, or a list as [7, 8].",
        )
    return PAPER_SEEDS[:value]


def _excludes(rule: Mapping[str, Any], arm: Arm, choice: Mapping[str, Any], name: str) -> bool:
    """Whether every key of the rule fits: what the grid calls its value, or any setting of the
    experiment."""
    settings = flat(arm.config.to_dict())
    varied = {field_of(key): value for key, value in choice.items()}
    for key, wanted in rule.items():
        field = field_of(key)
        if field in varied:
            found: object = label_of(varied[field])
        elif field in settings:
            found = settings[field]
        else:
            raise ConfigError(
                f"{name}: exclude has the unknown key {key!r}.",
                f"Use a key of the grid ({', '.join(choice) or 'which has none'}) or a setting, "
                "as loop.strategy.",
            )
        if str(found) not in [
            str(one) for one in (wanted if isinstance(wanted, list) else [wanted])
        ]:
            return False
    return True


def essence(config: ExperimentConfig) -> ExperimentConfig:
    """The same for experiments whose runs are the same, whatever their seeds: nor does a model
    count that is not asked."""
    same = replace(config, seeds=(0,), device="auto", save_models=False)
    if strategy(config.loop.strategy).needs == "nothing":
        same = replace(same, acquisition=config.successor)
    return same


def _session_name(label: str, config: ExperimentConfig) -> str:
    """Readable, and the same for the same experiment; the place of the data does not count."""
    same = replace(essence(config), data=replace(config.data, data_dir=None))
    readable = re.sub(r"[^\w.+-]+", "-", label, flags=re.ASCII).strip("-.+_")[:80]
    return f"{readable or 'arm'}-{same.fingerprint()}"


def cells(sweep: Sweep) -> Iterator[tuple[Arm, int]]:
    """Every cell: an arm and one of its seeds."""
    for arm in sweep.arms:
        for seed in arm.config.seeds:
            yield arm, seed


def arms_with_known_first(sweep: Sweep) -> frozenset[str]:
    """Sessions that take the points of their seed sets from an earlier arm: same data, successor
    and seed set."""
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
