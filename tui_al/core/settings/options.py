"""The options of commands that set up experiments, and the experiment that they stand for; made
from the settings alone."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from typing import Any

from tui_al.core.settings.experiment import (
    PAPER_SEEDS,
    Beginning,
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.core.settings.model_catalog import BAG_OF_WORDS, default_settings
from tui_al.core.settings.schema import EXPERIMENTS, GROUPS, ROLES, Entry, entries
from tui_al.core.settings.values import check, from_text, shown
from tui_al.errors import ConfigError, errors_at

#: What a command sets: the classes whose fields are settings.
KINDS: tuple[type[Any], ...] = (
    DataConfig,
    LearnerConfig,
    LoopConfig,
    Beginning,
    ExperimentConfig,
)

#: What the options say, by section or role and by field.
Values = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Option:
    """A flag of a command."""

    flag: str
    entry: Entry
    sections: tuple[str, ...]  #: where it sets the field: roles for learners, else the section
    command: str
    role: str = ""  #: of learners: whose alone
    old: tuple[str, ...] = ()  #: what it was called before
    switch: bool = False  #: whether it takes no value
    hidden: bool = False  #: whether it is itself one of before

    @property
    def key(self) -> str:
        """Its name in Python."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def repeated(self) -> bool:
        """Whether it may be given more than once."""
        return self.entry.key == "seeds" and self.command != "label"

    @property
    def help(self) -> str:
        """A sentence or two, then an example and the default in brackets."""
        setting = self.entry.setting
        said = self.entry.help_for(self.role or self.command)
        if self.role and self.role not in setting.helps:
            said = f"The same, of the {self.role} model only."
        if self.entry.words and self.metavar != "|".join(self.entry.words) and not self.switch:
            listed = int not in self.entry.kinds and self.role != ROLES[1]
            said += f" {', '.join(self.entry.words)}." * listed
        again = self.role and setting.flag
        notes = [f"example: {setting.example}"] if setting.example and not again else []
        notes += [f"default: {self.default}"] if self.default else []
        return f"{said} [{'; '.join(notes)}]" if notes else said

    @property
    def default(self) -> str:
        """What counts where it is not given, in words; "" where that says nothing."""
        setting, entry = self.entry.setting, self.entry
        if self.role and setting.flag:
            return f"as {setting.flag}"
        given = setting.defaults.get(self.role) or setting.defaults.get(self.command)
        value = given if given is not None else (None if setting.unset else entry.default)
        if self.command in setting.defaults and given is None:
            return ""
        if self.switch and value is not None:
            return "" if value != setting.switch[0] else "on"  # type: ignore[index]  # it is a switch
        if entry.key == "seeds":
            return ""
        return setting.unset if value in (None, MISSING) else shown(value, entry)

    @property
    def metavar(self) -> str:
        """What stands behind the flag."""
        return self.entry.setting.metavar or "|".join(self.entry.words) or "VALUE"


def options_of(command: str) -> tuple[Option, ...]:
    """The options of a command, by group, in the order of the settings."""
    found = [option for kind in KINDS for option in _options(command, entries(kind))]
    return tuple(sorted(found, key=lambda one: GROUPS.index(one.entry.setting.group)))


def _options(command: str, settings: Mapping[str, Entry]) -> Iterator[Option]:
    for entry in settings.values():
        setting = entry.setting
        if command not in setting.commands:
            continue
        own = ROLES if entry.section == "learner" else (entry.section,)
        switch = setting.switch is not None
        flags = [(setting.flag, own, "")] if setting.flag else []
        if command in EXPERIMENTS:
            flags += [(flag, (role,), role) for role, flag in setting.roles.items()]
        for flag, sections, role in flags:
            old = tuple(before for before, today in setting.old.items() if today == flag)
            yield Option(flag, entry, sections, command, role, old, switch)
        if setting.old_value:
            yield Option(setting.old_value, entry, own, command, hidden=True)


def read_options(command: str, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What was given, as values by section or role; options of one model go before those of both.

    Raises:
        ConfigError: names the option, the value, and what is allowed.
    """
    values: dict[str, dict[str, Any]] = {section: {} for section in ("data", *ROLES, "loop", "")}
    for option in sorted(options_of(command), key=lambda one: bool(one.role)):
        value = given.get(option.key)
        if value is None or value in ([], ()):
            continue
        called = f"{option.flag} "
        if option.repeated:
            value = value if isinstance(value, str) else ", ".join(map(str, value))
        if isinstance(value, str):
            value = from_text(option.entry, value, called)
        else:
            value = check(option.entry, value, called)
        for section in option.sections:
            before = values[section].get(option.entry.key, value)
            if option.hidden and before != value:
                raise ConfigError(
                    f"{option.flag} and {option.entry.setting.flag} say different things.",
                    f"{option.flag} is the older name: leave it out.",
                )
            values[section][option.entry.key] = value
    return values


def experiment(command: str, source: str, given: Mapping[str, Any]) -> ExperimentConfig:
    """The experiment that a command's options describe; raises ConfigError for what cannot be."""
    from tui_al.core.query.strategies import strategy  # NumPy, which `--help` does without

    values = read_options(command, given)
    loop = _with_defaults(LoopConfig, command, values["loop"])
    loop.setdefault("seed_size", loop["batch"])
    strategy(loop["strategy"], "--strategy ")
    top = values[""]
    own = entries(ExperimentConfig)
    seeds = top.get("seeds") or own["seeds"].setting.defaults.get(command)
    return ExperimentConfig(
        data=DataConfig(source, **values["data"]),
        acquisition=learner(command, "acquisition", values),
        successor=learner(command, "successor", values),
        loop=LoopConfig(**loop),
        seeds=seeds or PAPER_SEEDS[: top.get("count", len(PAPER_SEEDS))],
        **{key: value for key, value in top.items() if key in own and key != "seeds"},
    )


def learner(
    command: str, role: str, values: Values, model: str = "", tuning: str = ""
) -> LearnerConfig:
    """A model with the settings given for its role, else its own; the preset is that of the
    options."""
    found = entries(LearnerConfig)
    given = {
        **{
            k: e.setting.defaults[command]
            for k, e in found.items()
            if command in e.setting.defaults
        },
        **values[role],
    }
    model = model or given.pop("model", found["model"].default_for(role))
    usual = "head" if model == BAG_OF_WORDS else found["tuning"].default_for(role)
    tuning = tuning or given.pop("tuning", usual)
    with errors_at("tuning", role):
        return default_settings(model, tuning, values[""].get("preset"), **given)


def _with_defaults(kind: type[Any], command: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, and the command's defaults for others."""
    defaults = {
        key: check(entry, entry.setting.defaults[command], f"{key} = ")
        for key, entry in entries(kind).items()
        if command in entry.setting.defaults
    }
    return {**defaults, **values}
