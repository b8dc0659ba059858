"""What the set-up screen asks for, as plain text by field, and the experiment it stands for. Knows
no widgets.

The fields are the settings of an experiment (`tui_al.core.settings.schema`): "data.encoding",
"successor.epochs", and without a part in front those of the loop and of the experiment itself.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tui_al.core.data.examples import Task
from tui_al.core.query.strategies import strategy
from tui_al.core.settings.experiment import (
    PAPER_SEEDS,
    Beginning,
    DataConfig,
    ExperimentConfig,
    LearnerConfig,
    LoopConfig,
)
from tui_al.core.settings.model_catalog import default_settings
from tui_al.core.settings.options import learner
from tui_al.core.settings.presets import sample_experiment
from tui_al.core.settings.schema import ROLES as ROLES
from tui_al.core.settings.schema import Entry, entries
from tui_al.core.settings.values import from_text, shown
from tui_al.errors import ConfigError
from tui_al.store.home import checked_name

T = TypeVar("T")

Values = Mapping[str, str]

#: Seeds that are made up where only their number is given.
MOST_SEEDS = 100

#: What the form calls the oracles: gold answers simulate one.
ORACLES: Mapping[str, str] = {"simulated": "gold", "person": "person"}

#: A line on each.
ORACLE_CHOICES: Mapping[str, str] = {
    "simulated": "the data set's own labels answer: an experiment",
    "person": "you label, here in the terminal, while the models learn",
}

#: Fields that are always in sight, or have an answer of their own.
_ABOVE = {
    "source",
    "labels",
    "task",
    "model",
    "tuning",
    "strategy",
    "seed_size",
    "batch",
    "rounds",
    "oracle",
}

#: Amounts, which follow from who answers.
_AMOUNTS = ("seed_size", "batch", "rounds", "seeds", "seed_values")


#: Fields of the experiment itself, by what it calls them.
_OWN = {"seed_values": "seeds", **{key: key for key in entries(ExperimentConfig) if key != "seeds"}}


def _fields() -> dict[str, Entry]:
    """The fields of the form, in its order."""
    found = {f"data.{key}": entry for key, entry in entries(DataConfig).items()}
    for role in ROLES:
        found |= {f"{role}.{key}": entry for key, entry in entries(LearnerConfig).items()}
    beginning, whole = entries(Beginning), entries(ExperimentConfig)
    found |= {"preset": beginning["preset"], "name": beginning["session"]}
    found |= {"seed_values": whole["seeds"], **entries(LoopConfig)}
    found |= {key: whole[key] for key in whole if key != "seeds"}
    return {field: entry for field, entry in found.items() if entry.setting.title}


FIELDS: Mapping[str, Entry] = _fields()


def folded(part: str) -> list[str]:
    """The fields that the form has folded away: of "data", of a role, or of the loop and the rest
    (""), in order."""
    found = [field for field in FIELDS if field.rpartition(".")[0] == part]
    return [
        field for field in found if field.rpartition(".")[2] not in _ABOVE and field != "preset"
    ]


def title_of(field: str) -> str:
    """What a field is called in the form."""
    return FIELDS[field].setting.title if field in FIELDS else field


def choices_of(field: str) -> Mapping[str, str]:
    """What a field offers, with a line on each; nothing where it is typed."""
    if field == "oracle":
        return ORACLE_CHOICES
    entry = FIELDS.get(field)
    if entry is None or not entry.picked:
        return {}
    open_ = {entry.setting.unset: "by what the data holds"} if entry.optional else {}
    return {**open_, **entry.setting.choices}


def values_of(config: ExperimentConfig, preset: str = "default") -> dict[str, str]:
    """The form's fields for an experiment."""
    values = {"preset": preset, "name": "", "seeds": str(len(config.seeds))}
    for field, entry in FIELDS.items():
        part, _, key = field.rpartition(".")
        if field not in values:
            holder = config if key in _OWN else getattr(config, part or "loop")
            values[field] = shown(getattr(holder, _OWN.get(key, key)), entry)
    answers = next(name for name, oracle in ORACLES.items() if oracle == config.loop.oracle)
    return values | {"oracle": answers}


def learner_values(role: str, learner: LearnerConfig) -> dict[str, str]:
    """The fields of a learner's settings, without its model and tuning."""
    return {
        field: shown(getattr(learner, field.rpartition(".")[2]), FIELDS[field])
        for field in folded(role)
    }


def defaults_for(role: str, values: Values) -> dict[str, str]:
    """The settings that go with the model, tuning and preset in the form; the revision is the
    model's own.

    None of them where the tuning does not fit the model, which `read` tells.
    """
    try:
        made = default_settings(values[f"{role}.model"], values[f"{role}.tuning"], values["preset"])
    except ConfigError:
        return {}
    return learner_values(role, made)


def values_for(oracle: str, values: Values) -> dict[str, str]:
    """What changes with who answers: amounts, and of the models what was as it is by itself.

    Who labels by hand needs an answer soon, and has the defaults of `tui-al label`; a simulation
    those of the sample experiment."""
    other = next(one for one in ORACLES if one != oracle)
    before, after = (_usual(one, values) for one in (other, oracle))
    return {k: v for k, v in after.items() if k in _AMOUNTS or values[k] == before.get(k)}


def _usual(oracle: str, values: Values) -> dict[str, str]:
    """The fields that follow from who answers."""
    sample = sample_experiment()
    found: dict[str, str] = {"seeds": "1", "seed_values": seed_values(1)}
    for role in ROLES:
        chosen = (values[f"{role}.model"], values[f"{role}.tuning"])
        its = getattr(sample, role)
        if not defaults_for(role, values):
            continue
        if oracle == "person":
            made = learner("label", role, {role: {}, "": {"preset": values["preset"]}}, *chosen)
            found |= learner_values(role, made)
        elif chosen == (its.model, its.tuning) and values["preset"] == "default":
            found |= learner_values(role, its)
        else:
            found |= defaults_for(role, values)
    if oracle == "person":
        batch = FIELDS["batch"].default_for("label")
        return found | {
            "batch": batch,
            "seed_size": batch,
            "rounds": shown(FIELDS["rounds"].default),
        }
    loop = sample.loop
    amounts = {"batch": loop.batch, "seed_size": loop.seed_size, "rounds": loop.rounds}
    return found | {key: shown(value) for key, value in amounts.items()}


def seed_values(count: int) -> str:
    """The first seeds of the fixed ones; beyond those, numbers that follow from them and are always
    the same."""
    more = random.Random(PAPER_SEEDS[0])
    seeds = list(PAPER_SEEDS[:count])
    while len(seeds) < count:
        seed = more.randrange(1, 2**24)
        if seed not in seeds:
            seeds.append(seed)
    return ", ".join(map(str, seeds))


def read_data(values: Values) -> tuple[DataConfig | None, dict[str, str]]:
    """The data part of the form, or what is wrong, by field."""
    reader = _Reader(values)
    return reader.section("data", DataConfig), reader.errors


def read(
    values: Values, task: Task | None = None
) -> tuple[ExperimentConfig | None, dict[str, str]]:
    """The experiment that the form stands for, and what is wrong with it by field; `task` is the
    data set's, once known."""
    reader = _Reader(values)
    data = reader.section("data", DataConfig)
    for role in ROLES:
        model = values[f"{role}.model"].strip()
        reader.check(f"{role}.tuning", lambda tuning: default_settings(model, tuning))  # noqa: B023
    acquisition, successor = (reader.section(role, LearnerConfig) for role in ROLES)
    reader.check("strategy", lambda name: _check_strategy(name, task))
    loop = reader.section("", LoopConfig, oracle=ORACLES[values["oracle"]])
    seeds = reader.check("seed_values", _seeds)
    reader.check("seeds", lambda text: _check_count(seeds, text))
    reader.check("name", lambda text: checked_name("session name", text) if text else "")
    if values["oracle"] == "person" and seeds and len(seeds) > 1:
        reader.errors["seeds"] = (
            "One run is enough where people label: with a second one they would be asked again."
        )
    own = {key: reader.field(key) for key in _OWN if key != "seed_values"}
    if reader.errors or not (data and acquisition and successor and loop and seeds):
        return None, reader.errors
    return ExperimentConfig(data, acquisition, successor, loop, seeds, **own), {}


class _Reader:
    """Reads field after field and keeps what is wrong."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.errors: dict[str, str] = {}

    def check(self, name: str, convert: Callable[[str], T]) -> T | None:
        """What the field's text is converted to, or its mistake kept."""
        try:
            return convert(self.values[name].strip())
        except ConfigError as error:
            self.errors.setdefault(name, str(error).replace("\n", " "))
            return None

    def field(self, name: str) -> Any:
        """The value of a field that is a setting; empty leaves open what may be."""
        return self.check(name, lambda text: _value(FIELDS[name], text))

    def section(self, part: str, kind: type[T], **more: Any) -> T | None:
        """A part of the experiment, where nothing in it is wrong."""
        names = {key: f"{part}.{key}" if part else key for key in entries(kind)}
        read = {key: self.field(name) for key, name in names.items() if name in FIELDS}
        if self.errors.keys() & names.values():
            return None
        try:
            return kind(**read, **more)
        except ConfigError as error:  # of several values together, which it names
            said = error.message
            named = [key for key in read if f"{key} =" in said or said.startswith(f"{key}:")]
            name = named[0] if named else next(iter(read))
            self.errors[names[name]] = str(error).replace("\n", " ")
            return None


def _value(entry: Entry, text: str) -> Any:
    if entry.optional and text in ("", entry.setting.unset):
        return None
    if not text:
        raise ConfigError(
            "Nothing is given.",
            f"As an example: {entry.setting.example}." * bool(entry.setting.example),
        )
    return from_text(entry, text, f"{entry.setting.title}: ")


def _seeds(text: str) -> tuple[int, ...]:
    seeds: tuple[int, ...] = from_text(FIELDS["seed_values"], text, "seeds: ")
    if not seeds:
        raise ConfigError("No seed is given.", "Give whole numbers with commas between them.")
    if len(set(seeds)) < len(seeds):
        raise ConfigError("A seed is given twice.", "Each seed is one run.")
    for seed in seeds:
        if not 0 <= seed < 2**63:
            raise ConfigError(
                f"{seed} is out of range.", "Seeds are whole numbers from 0 to 2^63 - 1."
            )
    return seeds


def _check_count(seeds: tuple[int, ...] | None, text: str) -> None:
    """How many seeds there are: as many as are listed, once the list follows the number."""
    (count, *more) = from_text(FIELDS["seed_values"], text, "seeds: ") or (0,)
    if more or (not 1 <= count <= MOST_SEEDS and count != len(seeds or ())):
        raise ConfigError(
            f"seeds: {text} is out of range.",
            f"It is 1 to {MOST_SEEDS}; more are listed one by one, under more (F3).",
        )


def _check_strategy(name: str, task: Task | None) -> None:
    chosen = strategy(name)
    if task is not None:
        chosen.check(task)
